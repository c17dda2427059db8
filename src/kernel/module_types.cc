// SPDX-License-Identifier: GPL-3.0-or-later
//
// The kernel keeps a copy of each module's BTF, in the list btf_modules, since
// 5.11 (36e68442d1af).

#include "debuginfo/btf.h"
#include "kernel/list.h"
#include "kernel/module_state.h"

namespace inquest {
namespace {

constexpr std::uint64_t most_bytes = std::uint64_t{64} << 20;

Result<std::shared_ptr<TypeSource>> btf_of(const Kernel& kernel,
                                           const Object& record) {
  Object btf = record["btf"];
  std::uint64_t size = TRY(btf["data_size"].to_unsigned());
  Address at = TRY(btf["data"].to_address());
  if (size > most_bytes) {
    return Error(ErrorKind::corrupt, "a module's BTF is too large", at.value);
  }
  auto bytes = std::make_shared<const std::vector<std::byte>>(
      TRY(kernel.memory().bytes(at, size)));
  std::shared_ptr<TypeSource> types =
      TRY(Btf::open(*bytes, kernel.arch().endian(),
                    kernel.arch().pointer_size(), kernel.btf(), bytes));
  return types;
}

Result<std::shared_ptr<TypeSource>> btf_in_memory(const Kernel& kernel,
                                                  Address module) {
  Object head = kernel.variable("btf_modules", "struct list_head");
  for (const Object& record :
       list_entries(head, kernel.structure("btf_module"), "list")) {
    if (record.fault() != nullptr) return *record.fault();
    if (TRY(record["module"].to_address()) == module) {
      return btf_of(kernel, record);
    }
  }
  return Error(ErrorKind::not_found, "the kernel has no BTF of the module");
}

}  // namespace

TypeSource* Modules::types(const Module& module) const {
  State::Detail& detail = state_->detail(module);
  if (detail.file && detail.file->types) return detail.file->types.get();
  std::call_once(detail.btf_once, [&] {
    auto found = btf_in_memory(state_->kernel, module.address);
    if (found) detail.btf = std::move(found).value();
  });
  return detail.btf.get();
}

}  // namespace inquest
