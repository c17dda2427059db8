// SPDX-License-Identifier: GPL-3.0-or-later
// kallsyms as the build of a kernel writes it.

#pragma once

#include "debuginfo/kallsyms.h"
#include "unit/debuginfo/build_elf.h"

namespace inquest::test {

// Tables as the kernel's build makes them: tokens 0 and 1 stand for words,
// all others for themselves.
class KallsymsBuilder {
 public:
  explicit KallsymsBuilder(std::endian endian = std::endian::little)
      : endian_(endian), places_(endian), index_(endian) {
    for (unsigned i = 0; i < 256; ++i) {
      index_.u16(table_.size());
      std::string token(1, static_cast<char>(i));
      if (i == 0) token = "init_";
      if (i == 1) token = "Tsys";
      table_.text(token).number(0, 1);
    }
  }

  void name(std::string_view tokens) {
    if (tokens.size() < 0x80) {
      names_.number(tokens.size(), 1);
    } else {
      names_.number(0x80 | (tokens.size() & 0x7f), 1);
      names_.number(tokens.size() >> 7, 1);
    }
    names_.text(tokens);
    ++count_;
  }
  void place(std::uint64_t value, std::size_t size = 4) {
    places_.number(value, size);
  }

  KallsymsTables tables(KallsymsForm form) const {
    return {.endian = endian_,
            .pointer_size = 8,
            .form = form,
            .count = count_,
            .relative_base = 0xffffffff81000000,
            .places = places_.bytes(),
            .names = names_.bytes(),
            .token_table = table_.bytes(),
            .token_index = index_.bytes()};
  }

 private:
  std::endian endian_;
  std::uint64_t count_ = 0;
  Writer places_, names_, table_, index_;
};

}  // namespace inquest::test
