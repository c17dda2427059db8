// SPDX-License-Identifier: GPL-3.0-or-later
// Pages in zram: the table, objects of zsmalloc, and what they unpack to.

#include "kernel/zram.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernel/module.h"
#include "kernel/zsmalloc.h"
#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t page_bytes = 64;  // of struct page
constexpr std::uint64_t pages_at = 0x10000;
constexpr unsigned flag_shift = 13;

std::string words(std::uint64_t at, std::vector<std::uint64_t> values) {
  std::string text = fmt::format("@{:#x} u64", at);
  for (std::uint64_t value : values)
    text += fmt::format(" {:#x}", value);
  return text + "\n";
}

// A zsmalloc pool at 0x2000 and a zram disk at 0x4000.
class ZramKernel : public test::TestKernel {
 public:
  explicit ZramKernel(const std::string& machine)
      : test::TestKernel(machine, {{"mem_map", 8}, {"max_pfn", 16}}) {
    const Type& word = types().c_type("unsigned long");
    const Type& number = types().c_type("int");
    const Type& any = types().pointer_to(types().void_type());
    using test::member;
    source->structure("page", page_bytes,
                      {member("index", word, 32), member("private", word, 40)});
    const Type& size_class = source->structure(
        "size_class", 12,
        {member("size", number, 0), member("objs_per_zspage", number, 4),
         member("pages_per_zspage", number, 8)});
    source->structure("zspage", 8,
                      {member("magic", number, 0), member("class", number, 4)});
    source->structure(
        "zs_pool", 16,
        {member("size_class",
                types().array_of(types().pointer_to(size_class), 2), 0)});
    const Type& entry = source->structure(
        "zram_table_entry", 16,
        {member("handle", word, 0), member("flags", word, 8)});
    const Type& name = types().array_of(types().c_type("char"), 16);
    source->structure("zram", 40,
                      {member("table", types().pointer_to(entry), 0),
                       member("mem_pool", any, 8), member("disksize", word, 16),
                       member("compressor", name, 24)});
    source->structure(
        "gendisk", 24,
        {member("disk_name", name, 0), member("private_data", any, 16)});
    source->enumeration("zram_pageflags", {{"ZRAM_LOCK", flag_shift},
                                           {"ZRAM_SAME", flag_shift + 1},
                                           {"ZRAM_WB", flag_shift + 2}});
  }

  const KernelLayout& layout() const override { return own_layout; }
  const Vmcoreinfo& vmcoreinfo() const override { return info; }
  const PhysicalMemory& physical() const override {
    return memory().physical();
  }
  Modules& modules() const override { return *none_; }

  Object disk() const { return object("gendisk", Address{base + 0x4080}); }
  std::string page(std::uint64_t index) const {
    auto found = zram_page(*this, disk(), index);
    return found ? std::string(as_text(*found)) : "?" + found.error().message();
  }

  KernelLayout own_layout;
  Vmcoreinfo info;

 private:
  std::unique_ptr<Modules> none_ = std::make_unique<Modules>(*this);
};

// 'a' 4091 times, then "bcdef", by lz4.
std::string packed() {
  std::string text = "0x1f 0x61 1 0";
  for (int i = 0; i < 15; ++i)
    text += " 0xff";
  return text + " 0xf6 0x50 0x62 0x63 0x64 0x65 0x66";
}
constexpr std::uint64_t packed_size = 26;

std::string frame(std::uint64_t number, std::uint64_t index,
                  std::uint64_t zspage) {
  return words(pages_at + number * page_bytes + 32, {index, base + zspage});
}

// Object 2 of class 0 begins 8 bytes of data before the end of frame 0x20 and
// goes on in frame 0x23; frame 0x25 is an object of class 1.
std::string machine(std::uint64_t word, const std::string& compressor) {
  constexpr std::uint64_t handle = base + 0x3000, alone = base + 0x3008;
  constexpr std::uint64_t header = 0x20000 + 2 * 2040;
  constexpr std::uint64_t data_here = 8;
  std::string bytes = packed();
  std::size_t split = 0;
  for (std::uint64_t i = 0; i < data_here; ++i)
    split = bytes.find(' ', split) + 1;
  return words(8, {base + pages_at, 0x40}) +
         words(0x2000, {base + 0x2100, base + 0x2140}) +
         "@0x2100 u32 2040 4 2\n@0x2140 u32 4096 1 1\n"
         "@0x2200 u32 0x58 0\n@0x2240 u32 0x58 1\n" +
         frame(0x20, base + pages_at + 0x23 * page_bytes, 0x2200) +
         frame(0x23, 0, 0x2200) + frame(0x25, alone | 1, 0x2240) +
         words(0x3000, {word, std::uint64_t{0x25} << 24, 0}) +
         words(header, {handle | 1}) +
         fmt::format("@{:#x} u8 {}\n@0x23000 u8 {}\n", header + 8,
                     bytes.substr(0, split - 1), bytes.substr(split)) +
         "@0x25000 text \"incompressible\"\n" +
         words(0x4000, {base + 0x4100, base + 0x2000, 0x6000}) +
         fmt::format("@0x4018 text \"{}\\0\"\n", compressor) +
         "@0x4080 text \"zram0\\0\"\n" + words(0x4090, {base + 0x4000}) +
         words(0x4100, {0, 0,                                       //
                        0x6161616161616161, 1 << (flag_shift + 1),  //
                        handle, packed_size,                        //
                        alone, 4096,                                //
                        9, 1 << (flag_shift + 2),                   //
                        base + 0x3010, 30});
}

constexpr std::uint64_t frame_of_object = 0x20;
constexpr std::uint64_t with_tag = (frame_of_object << 23 | 2) << 1;
constexpr std::uint64_t without_tag = frame_of_object << 24 | 2;

TEST(Zram, KnowsItsDisks) {
  ZramKernel kernel(machine(with_tag, "lz4"));
  EXPECT_TRUE(is_zram(kernel.disk()));
  EXPECT_FALSE(is_zram(kernel.object("gendisk", Address{base + 0x4018})));
}

TEST(Zram, HasPagesOfOneWord) {
  ZramKernel kernel(machine(with_tag, "lz4"));
  EXPECT_EQ(kernel.page(0), std::string(4096, '\0'));
  EXPECT_EQ(kernel.page(1), std::string(4096, 'a'));
}

TEST(Zram, UnpacksObjectsOverPageBorders) {
  for (std::uint64_t word : {with_tag, without_tag}) {
    ZramKernel kernel(machine(word, "lz4"));
    EXPECT_EQ(kernel.page(2), std::string(4091, 'a') + "bcdef");
  }
}

TEST(Zram, HasPagesThatDidNotShrink) {
  ZramKernel kernel(machine(with_tag, "lz4"));
  EXPECT_TRUE(kernel.page(3).starts_with("incompressible")) << kernel.page(3);
}

TEST(Zram, SaysWhatItCannotDo) {
  ZramKernel kernel(machine(with_tag, "842"));
  EXPECT_EQ(kernel.page(2), "?compressed with 842, which is not supported");
  EXPECT_EQ(kernel.page(4), "?written on to zram's backing device");
  EXPECT_EQ(kernel.page(6), "?zram has no page 0x6");
}

TEST(Zram, RefusesHandlesThatAreNone) {
  ZramKernel kernel(machine(with_tag, "lz4"));
  EXPECT_NE(kernel.page(5).find("is no handle"), std::string::npos)
      << kernel.page(5);
  // Another object than the one whose handle this is.
  ZramKernel moved(machine(with_tag + 2, "lz4"));
  EXPECT_TRUE(moved.page(2).starts_with("?")) << moved.page(2).substr(0, 50);
}

TEST(Zram, RefusesDamagedData) {
  ZramKernel kernel(machine(with_tag, "lzo-rle"));
  EXPECT_EQ(kernel.page(2), "?lzo-rle data is damaged");
}

}  // namespace
}  // namespace inquest
