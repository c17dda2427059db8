// SPDX-License-Identifier: GPL-3.0-or-later
// kallsyms: the symbol table that a kernel carries in its own read-only data,
// and so in every dump. Decodes the bytes; where they lie is for others to
// find.
//
// Names are compressed: each is a run of bytes, each byte a token that stands
// for one or several characters, and the first character is nm's letter.
// Three tables say where the symbols are, depending on the kernel:
//   absolute         kallsyms_addresses, one word each (until 64e166099b69,
//                    v6.12, where base-relative ones are off)
//   base_relative    kallsyms_offsets, unsigned distances from
//                    kallsyms_relative_base (2213e9a66bb8, v4.6)
//   per_cpu_absolute kallsyms_offsets of the same: those not below 0 are
//                    addresses (per-CPU symbols of x86_64), those below are
//                    distances from the base (until v6.15)

#pragma once

#include "base/bytes.h"
#include "debuginfo/symbols.h"

namespace inquest {

enum class KallsymsForm { absolute, base_relative, per_cpu_absolute };

struct KallsymsTables {
  std::endian endian = std::endian::little;
  unsigned pointer_size = 8;
  KallsymsForm form = KallsymsForm::per_cpu_absolute;
  std::uint64_t count = 0;          // kallsyms_num_syms
  std::uint64_t relative_base = 0;  // kallsyms_relative_base
  Bytes places;                     // kallsyms_offsets or _addresses
  Bytes names;                      // kallsyms_names; may be too long
  Bytes token_table, token_index;
};

// |corrupt| names what does not fit. Each symbol reaches to the next.
Result<SymbolTable> kallsyms(const KallsymsTables& tables);

// The symbols of vmlinux in |text|, which is /proc/kallsyms: lines of address,
// letter and name, and those of modules or generated code with an owner in
// brackets behind. Lines that make no sense are skipped. |unsupported| when all
// addresses are hidden, |corrupt| when there are no symbols.
Result<SymbolTable> kallsyms_listing(std::string text);

}  // namespace inquest
