// SPDX-License-Identifier: GPL-3.0-or-later
#include "unwind/unwind.h"

namespace inquest {

Result<Step> Unwinder::step(const Registers& registers, bool is_call,
                            const AddressSpace& stack) const {
  std::string reasons;
  for (const auto& method : methods_) {
    Result<Step> found = method->step(registers, is_call, stack);
    if (found || found.error().kind() != ErrorKind::not_found) return found;
    if (!reasons.empty()) reasons += "; ";
    reasons += found.error().message();
  }
  if (reasons.empty()) reasons = "no way to unwind";
  return Error(ErrorKind::not_found, reasons);
}

}  // namespace inquest
