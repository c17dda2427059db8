// SPDX-License-Identifier: GPL-3.0-or-later
// What is looked at before there is a kernel: VMCOREINFO and files.

#include <fstream>

#include <gtest/gtest.h>

#include "kernel/vmcoreinfo.h"
#include "kernel/vmlinux_search.h"
#include "temporary.h"
#include "unit/debuginfo/build_elf.h"

namespace inquest {
namespace {

namespace fs = std::filesystem;

TEST(Vmcoreinfo, FindsWhatKernelsWrite) {
  Vmcoreinfo info(
      "OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(_stext)=ffffffffbc000000\n"
      "NUMBER(phys_base)=-411041792\nNUMBER(VA)=0xff\nSIZE(page)=64\n"
      "OFFSET(list_head.prev)=8\nLENGTH(node_data)=1024\n"
      "KERNELOFFSET=3b000000\nno equals\n=none\n");
  EXPECT_EQ(info.find("OSRELEASE"), "6.1.0");
  EXPECT_EQ(info.find("KERNELOFFSET"), "3b000000");
  EXPECT_EQ(info.symbol("_stext"), 0xffffffffbc000000);
  EXPECT_EQ(info.number("phys_base"), -411041792);
  EXPECT_EQ(info.number("VA"), 255);
  EXPECT_EQ(info.size("page"), 64U);
  EXPECT_EQ(info.offset("list_head.prev"), 8U);
  EXPECT_EQ(info.length("node_data"), 1024U);
  EXPECT_EQ(info.find("no equals"), std::nullopt);
  EXPECT_EQ(info.find(""), std::nullopt);
  EXPECT_EQ(info.symbol("missing"), std::nullopt);
}

TEST(Vmcoreinfo, SkipsNonsense) {
  Vmcoreinfo info("SYMBOL(a)=xyz\nNUMBER(b)=\nSIZE(c)=-1\nNUMBER(d)=--1");
  EXPECT_EQ(info.symbol("a"), std::nullopt);
  EXPECT_EQ(info.number("b"), std::nullopt);
  EXPECT_EQ(info.size("c"), std::nullopt);
  EXPECT_EQ(info.number("d"), std::nullopt);
  EXPECT_TRUE(Vmcoreinfo("").empty());
}

// A file system with kernels of chosen build-ids.
class Search : public testing::Test {
 protected:
  Search()
      : root_(fs::path(inquest::test::temporary_folder()) / "vmlinux_search") {
    fs::remove_all(root_);
    query_.release = "6.1.0-9-amd64";
    query_.build_id = "0123456789abcdef0123456789abcdef01234567";
  }
  ~Search() override { fs::remove_all(root_); }

  void put(const fs::path& path, std::string_view id_byte) {
    test::Writer note;
    note.u32(4).u32(20).u32(3).text(std::string_view("GNU\0", 4));
    note.text(std::string(20, id_byte[0]));
    test::ElfBuilder elf;
    elf.add({.name = ".note.gnu.build-id",
             .type = SHT_NOTE,
             .flags = SHF_ALLOC,
             .bytes = note.bytes()});
    std::vector<std::byte> bytes = elf.build();
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }

  fs::path root_;
  VmlinuxQuery query_;
};

TEST_F(Search, TakesTheBuildIdThatFits) {
  put("usr/lib/debug/boot/vmlinux-6.1.0-9-amd64", "A");
  put("boot/vmlinux-6.1.0-9-amd64", "B");
  query_.build_id = std::string(40, '4');
  for (std::size_t i = 1; i < 40; i += 2)
    query_.build_id[i] = '2';  // 'B'
  auto found = find_vmlinux(query_, root_);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ((*found)->path(), root_ / "boot/vmlinux-6.1.0-9-amd64");
}

TEST_F(Search, LooksBesideTheDump) {
  put("dumps/some.debug", "B");
  query_.dumps = {root_ / "dumps/vmcore"};
  query_.build_id = std::string(40, '4');
  for (std::size_t i = 1; i < 40; i += 2)
    query_.build_id[i] = '2';
  EXPECT_TRUE(find_vmlinux(query_, root_));
}

TEST_F(Search, SaysWhatWasWrongAndWhatToInstall) {
  put("usr/lib/debug/boot/vmlinux-6.1.0-9-amd64", "A");
  auto found = find_vmlinux(query_, root_);
  ASSERT_FALSE(found);
  const std::string& message = found.error().message();
  EXPECT_NE(message.find("linux-image-6.1.0-9-amd64-dbg"), std::string::npos);
  EXPECT_NE(message.find(query_.build_id), std::string::npos);
  EXPECT_NE(message.find("4141414141"), std::string::npos);
}

TEST_F(Search, NeverLeavesItsFoldersForAName) {
  put("outside/vmlinux", "A");
  query_.release = "../../../outside";
  query_.build_id.clear();
  EXPECT_TRUE(vmlinux_places(query_, root_).empty());
}

TEST(VmlinuxAdvice, KnowsDistributions) {
  auto advice = [](std::string release, std::string version) {
    return vmlinux_advice({.release = std::move(release),
                           .version = std::move(version),
                           .build_id = "",
                           .dumps = {}});
  };
  EXPECT_NE(advice("5.14.0-427.el9.x86_64", "")
                .find("kernel-debuginfo-5.14.0-427.el9.x86_64"),
            std::string::npos);
  EXPECT_NE(advice("6.8.0-31-generic", "#31-Ubuntu SMP")
                .find("linux-image-6.8.0-31-generic-dbgsym"),
            std::string::npos);
  EXPECT_NE(
      advice("6.4.0-150600.21-default", "").find("kernel-default-debuginfo"),
      std::string::npos);
  EXPECT_FALSE(advice("", "").empty());
}

}  // namespace
}  // namespace inquest
