// SPDX-License-Identifier: GPL-3.0-or-later
// The modes of kmem: each answers with what else of |options| it takes.

#pragma once

#include "command/command.h"
#include "command/options.h"

namespace inquest {

// -o: kmem_cpus.cc.
Result<void> show_cpu_offsets(Session& session, const Options& options,
                              report::Sink& out);

}  // namespace inquest
