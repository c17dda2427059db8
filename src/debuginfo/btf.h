// SPDX-License-Identifier: GPL-3.0-or-later
// BTF: the kernel's own compact type information, of vmlinux and, split over
// it, of modules.

#pragma once

#include <memory>

#include "base/bytes.h"
#include "types/type_source.h"

namespace inquest {

class Btf : public TypeSource {
 public:
  // |bytes| is a .BTF section and must outlive the result through |keeps|.
  // |base| is vmlinux's BTF for a module's split BTF, else null. Headers and
  // the type table are checked here; a bad type is an error when asked for.
  static Result<std::shared_ptr<Btf>> open(Bytes bytes, std::endian endian,
                                           unsigned pointer_size,
                                           std::shared_ptr<const Btf> base,
                                           std::shared_ptr<const void> keeps);
};

}  // namespace inquest
