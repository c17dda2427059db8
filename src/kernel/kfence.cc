// SPDX-License-Identifier: GPL-3.0-or-later
//
// The pool (0ce20dd84089, 5.12) begins with two pages that nobody may touch,
// then each object's page is followed by one more of these. What is known of an
// object is in kfence_metadata, an array; since 6.6 (cabdf74e6b31) a pointer to
// one.

#include "kernel/kfence.h"

#include <fmt/format.h>

namespace inquest {
namespace {

constexpr std::uint64_t most_objects = 65535;

std::string state_name(const Kernel& kernel, std::int64_t state) {
  constexpr std::pair<std::string_view, std::string_view> names[] = {
      {"KFENCE_OBJECT_UNUSED", "unused"},
      {"KFENCE_OBJECT_ALLOCATED", "allocated"},
      {"KFENCE_OBJECT_RCU_FREEING", "being freed"},
      {"KFENCE_OBJECT_FREED", "freed"}};
  for (auto [enumerator, name] : names) {
    auto value = kernel.enumerator(enumerator);
    if (value && *value == state) return std::string(name);
  }
  return fmt::format("in state {}", state);
}

Result<Address> metadata(const Kernel& kernel) {
  Address at = TRY(kernel.symbol("kfence_metadata"));
  const Symbol* symbol = kernel.symbols().find("kfence_metadata");
  unsigned word = kernel.arch().pointer_size();
  if (symbol == nullptr || symbol->size > word) return at;
  return Address{TRY(kernel.memory().load(at, word))};
}

Result<KfenceObject> object_at(const Kernel& kernel, Address at) {
  const Error none(ErrorKind::not_found, "no object of KFENCE", at.value);
  std::uint64_t page = kernel.page_size();
  Object pool = kernel.variable("__kfence_pool", "char *");
  Address start = TRY(pool.to_address());
  std::uint64_t pair = (at - start) / (2 * page);
  if (start.value == 0 || at < start || pair == 0 || pair > most_objects) {
    return none;
  }
  const Type* type = TRY(kernel.structure("kfence_metadata"));
  Address all = TRY(metadata(kernel));
  Object found(kernel.memory(), *type, all + (pair - 1) * type->size());
  Address object{TRY(found["addr"].to_unsigned())};
  // Behind the pool's end there is no such thing.
  if (object.value / page != at.value / page) return none;
  Object cache = found["cache"];
  bool has_cache = TRY(cache.to_address()).value != 0;
  return KfenceObject{
      .at = object,
      .size = TRY(found["size"].to_unsigned()),
      .cache = has_cache ? cache["name"].to_string()
                         : Result<std::string>(std::string("(none)")),
      .state = state_name(kernel, TRY(found["state"].to_signed()))};
}

}  // namespace

std::optional<KfenceObject> kfence_object(const Kernel& kernel, Address at) {
  if (!kernel.has_symbol("__kfence_pool")) return std::nullopt;
  auto found = object_at(kernel, at);
  if (!found) return std::nullopt;
  return std::move(found).value();
}

}  // namespace inquest
