// SPDX-License-Identifier: GPL-3.0-or-later
// Small logs of both kinds that are made of records.

#pragma once

#include "unit/kernel/test_kernel.h"

namespace inquest::test {

inline void add_ring_types(TestKernel& kernel) {
  FakeSource& source = *kernel.source;
  Types& types = kernel.types();
  const Type& u64 = types.c_type("unsigned long");
  const Type& u32 = types.c_type("unsigned int");
  const Type& u16 = types.c_type("unsigned short");
  const Type& u8 = types.c_type("unsigned char");
  const Type& text = types.pointer_to(types.c_type("char"));
  Type& counter =
      source.structure("atomic_long_t", 8, {member("counter", u64, 0)});
  Type& block =
      source.structure("prb_data_blk_lpos", 16,
                       {member("begin", u64, 0), member("next", u64, 8)});
  Type& descriptor = source.structure(
      "prb_desc", 24,
      {member("state_var", counter, 0), member("text_blk_lpos", block, 8)});
  Type& info = source.structure(
      "printk_info", 32,
      {member("seq", u64, 0), member("ts_nsec", u64, 8),
       member("text_len", u16, 16), member("facility", u8, 18),
       member("flags", u8, 19, 0, 5), member("level", u8, 19, 5, 3),
       member("caller_id", u32, 20)});
  Type& descriptors = source.structure(
      "prb_desc_ring", 40,
      {member("count_bits", u32, 0),
       member("descs", types.pointer_to(descriptor), 8),
       member("infos", types.pointer_to(info), 16),
       member("head_id", counter, 24), member("tail_id", counter, 32)});
  Type& data =
      source.structure("prb_data_ring", 16,
                       {member("size_bits", u32, 0), member("data", text, 8)});
  source.structure("printk_ringbuffer", 56,
                   {member("desc_ring", descriptors, 0),
                    member("text_data_ring", data, 40)});
}

struct Ring {
  unsigned count_bits = 2, size_bits = 6;
  std::uint64_t tail = 3, head = 5;
  std::string more;  // further machine text

  // Ids 3, 4, 5 in slots 3, 0, 1: the last wraps to the start of the text.
  std::string machine() const {
    std::uint64_t base = TestKernel::base;
    constexpr std::uint64_t finalized = std::uint64_t{2} << 62;
    constexpr std::uint64_t committed = std::uint64_t{1} << 62;
    std::string text = fmt::format("@0x1000 u64 {:#x}\n", base + 0x1100);
    text += fmt::format("@0x1100 u64 {} {:#x} {:#x} {} {} {} {:#x}\n",
                        count_bits, base + 0x2000, base + 0x3000, head, tail,
                        size_bits, base + 0x4000);
    text += fmt::format("@0x2048 u64 {:#x} 0 16\n", finalized | 3);
    text += fmt::format("@0x2000 u64 {:#x} 16 40\n", finalized | 4);
    text += fmt::format("@0x2018 u64 {:#x} 40 80\n", committed | 5);
    text += "@0x3060 u64 0 1500000000\n@0x3070 u16 5 0xc000\n@0x3074 u32 7\n";
    text += "@0x3000 u64 1 2500000000\n@0x3010 u16 6 0xa003\n";
    text += "@0x3014 u32 0x80000002\n";
    text += "@0x3020 u64 2 3500000000\n@0x3030 u16 3 0\n";
    text += "@0x4000 u64 5\n@0x4008 text \"end\"\n";
    text += "@0x4018 text \"second\"\n";
    return text + more;
  }
};

inline void add_record_type(TestKernel& kernel) {
  Types& types = kernel.types();
  const Type& u16 = types.c_type("unsigned short");
  const Type& u8 = types.c_type("unsigned char");
  kernel.source->structure(
      "printk_log", 16,
      {member("ts_nsec", types.c_type("unsigned long"), 0),
       member("len", u16, 8), member("text_len", u16, 10),
       member("dict_len", u16, 12), member("facility", u8, 14),
       member("flags", u8, 15, 0, 5), member("level", u8, 15, 5, 3)});
}

inline const std::map<std::string, std::uint64_t> buffer_symbols = {
    {"log_buf", 0x1000},
    {"log_buf_len", 0x1008},
    {"log_first_idx", 0x100c},
    {"log_next_idx", 0x1010}};

// The first record at 64, a mark to go back to the start, one more at 0.
inline std::string buffer(std::string_view more = "") {
  return fmt::format(
             "@0x1000 u64 {:#x}\n@0x1008 u32 256 64 32\n"
             "@0x2040 u64 1000\n@0x2048 u16 40 5 9 0x4000\n"
             "@0x2050 text \"first\"\n@0x2055 text \"A=1\\0BB=22\"\n"
             "@0x2000 u64 2000\n@0x2008 u16 32 5 0 0\n"
             "@0x2010 text \"again\"\n",
             TestKernel::base + 0x2000) +
         std::string(more);
}

}  // namespace inquest::test
