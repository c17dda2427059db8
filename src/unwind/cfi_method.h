// SPDX-License-Identifier: GPL-3.0-or-later
// Unwinding by .debug_frame and .eh_frame.

#pragma once

#include <functional>
#include <vector>

#include "debuginfo/cfi.h"
#include "unwind/unwind.h"

namespace inquest {

class CfiMethod : public UnwindMethod {
 public:
  // Frame information for the code at an address, and what is to be taken
  // from an address of the dump to get the file's. Null: there is none.
  struct Source {
    std::shared_ptr<const Cfi> cfi;
    std::uint64_t slide = 0;
  };
  using Sources = std::function<Source(Address pc)>;

  // |preserved|: the registers, by Arch::registers() index, that a function
  // hands back unchanged where its frame information does not mention them.
  CfiMethod(const Arch& arch, std::vector<unsigned> preserved, Sources sources)
      : arch_(arch),
        preserved_(std::move(preserved)),
        sources_(std::move(sources)) {}

  Result<Step> step(const Registers& registers, bool is_call,
                    const AddressSpace& stack) const override;

 private:
  Result<void> fill(Step& step, const Cfi& cfi, const CfiRow& row, Address cfa,
                    const CfiFrame& frame) const;
  Result<void> fill_return(Step& step, const Cfi& cfi, const CfiRow& row,
                           Address cfa, const CfiFrame& frame) const;
  bool is_preserved(unsigned index) const;
  CfiFrame frame_of(const Registers& registers,
                    const AddressSpace& stack) const;

  const Arch& arch_;
  std::vector<unsigned> preserved_;
  Sources sources_;
};

}  // namespace inquest
