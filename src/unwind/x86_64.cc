// SPDX-License-Identifier: GPL-3.0-or-later
#include "unwind/x86_64.h"

#include <utility>

namespace inquest::x86_64 {
namespace {

Result<void> read_words(const AddressSpace& memory, Address at,
                        std::span<std::uint64_t> out) {
  std::array<std::byte, sizeof(PtRegs)> raw{};
  std::span<std::byte> bytes = std::span(raw).first(out.size_bytes());
  TRY(memory.read(at, bytes));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = load_unsigned(bytes.subspan(i * 8, 8), std::endian::little);
  }
  return {};
}

}  // namespace

Result<PtRegs> pt_regs(const AddressSpace& memory, Address at) {
  PtRegs words{};
  TRY(read_words(memory, at, words));
  return words;
}

Result<PtRegs> hardware_regs(const AddressSpace& memory, Address at) {
  PtRegs words{};
  TRY(read_words(memory, at, std::span(words).subspan(rip_word)));
  return words;
}

Registers to_registers(const PtRegs& words) {
  static constexpr std::array<std::pair<Register, Word>, 17> places = {{
      {rax, rax_word},
      {rdx, rdx_word},
      {rcx, rcx_word},
      {rbx, rbx_word},
      {rsi, rsi_word},
      {rdi, rdi_word},
      {rbp, rbp_word},
      {rsp, rsp_word},
      {r8, r8_word},
      {r9, r9_word},
      {r10, r10_word},
      {r11, r11_word},
      {r12, r12_word},
      {r13, r13_word},
      {r14, r14_word},
      {r15, r15_word},
      {rip, rip_word},
  }};
  Registers registers;
  for (auto [index, word] : places)
    registers.set(index, words[word]);
  return registers;
}

}  // namespace inquest::x86_64
