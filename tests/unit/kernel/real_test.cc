// SPDX-License-Identifier: GPL-3.0-or-later
// A real dump, where it and its vmlinux are at hand.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "debuginfo/elf_file.h"
#include "dumps/test_dump.h"
#include "kernel/clock.h"
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "kernel/module.h"
#include "kernel/system.h"

namespace inquest {
namespace {

class RealKernel : public testing::Test {
 protected:
  void SetUp() override {
    auto shared = test::shared_folder(INQUEST_SOURCE_DIR);
    if (!shared) GTEST_SKIP() << "no shared dumps";
    folder_ = *shared / "dumps/x86_64-6.1-tun";
    KernelOptions options;
    options.dumps = {folder_ / "vmcore.zlib"};
    auto opened = Kernel::open(options);
    if (!opened) GTEST_SKIP() << opened.error().message();
    kernel_ = std::move(opened).value();
  }

  std::filesystem::path folder_;
  std::unique_ptr<Kernel> kernel_;
};

TEST_F(RealKernel, IsWhereVmcoreinfoSays) {
  EXPECT_EQ(kernel_->kaslr_offset(), 0x3b000000U);
  EXPECT_EQ(kernel_->memory().paging()->levels, 5U);
  auto banner = kernel_->memory().c_string(*kernel_->symbol("linux_banner"));
  ASSERT_TRUE(banner);
  EXPECT_TRUE(banner->starts_with("Linux version 6.1.0-56-cloud-amd64 "));
  EXPECT_EQ(kernel_->online_cpus(), (std::vector<unsigned>{0, 1, 2, 3}));
  Object task = kernel_->variable("init_task", "struct task_struct");
  EXPECT_EQ(task["comm"].to_string().value_or("?"), "swapper/0");
  Object curr = kernel_->per_cpu("runqueues", "struct rq", 0)["curr"];
  EXPECT_EQ(curr["comm"].to_string().value_or("?"), "ethtool");
  EXPECT_FALSE(kernel_->per_cpu("runqueues", "struct rq", 100000).fault() ==
               nullptr);
}

TEST_F(RealKernel, HasItsModules) {
  const Modules& modules = kernel_->modules();
  EXPECT_EQ(modules.incomplete(), nullptr);
  EXPECT_EQ(modules.list().size(), 21U);
  const Module* tun = modules.find("tun");
  ASSERT_NE(tun, nullptr);
  EXPECT_EQ(tun->base.value, 0xffffffffc04b2000U);
  EXPECT_EQ(tun->size, 61440U);
  EXPECT_EQ(taint_letters(*kernel_, *tun->taints), "OE");
  Address crashed{0xffffffffc04b289a};
  EXPECT_EQ(modules.at(crashed), tun);
  EXPECT_TRUE(kernel_->is_text(crashed));
  auto place = kernel_->place(crashed);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->symbol, "tun_get_drvinfo");
  EXPECT_EQ(place->offset, 0x3aU);
  EXPECT_EQ(place->module, "tun");
  auto sections = modules.sections(*tun);
  ASSERT_TRUE(sections);
  EXPECT_EQ(sections->at(".text").value, 0xffffffffc04b2000U);
}

TEST_F(RealKernel, LoadsAModulesFileByBuildId) {
  Modules& modules = kernel_->modules();
  const Module* tun = modules.find("tun");
  ASSERT_NE(tun, nullptr);
  auto file = ElfFile::open(folder_ / "tun.ko");
  ASSERT_TRUE(file);
  EXPECT_EQ(modules.build_id(*tun), (*file)->build_id());
  const Module* fuse = modules.find("fuse");
  auto wrong = modules.load(*fuse, folder_ / "tun.ko");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message().find((*file)->build_id()),
            std::string::npos);
  ASSERT_TRUE(modules.load(*tun, folder_ / "tun.ko"));
  EXPECT_TRUE(kernel_->structure("tun_struct"));
  auto line = kernel_->source_line(*kernel_->symbol("tun_get_drvinfo"));
  ASSERT_TRUE(line) << line.error().message();
  EXPECT_TRUE(line->file.ends_with("tun.c")) << line->file;
  modules.unload(*tun);
  EXPECT_FALSE(kernel_->structure("tun_struct"));
}

TEST_F(RealKernel, KnowsTimeAndLastWords) {
  EXPECT_EQ(wall_clock(*kernel_).value_or(0), 1795359116);
  EXPECT_EQ(uptime(*kernel_).value_or(0), 73);
  EXPECT_EQ(panic_message(*kernel_), "Oops: 0000 [#1] PREEMPT SMP NOPTI");
  EXPECT_EQ(taint_mask(*kernel_).value_or(0), 0x3000U);
  auto uts = uts_name(*kernel_);
  ASSERT_TRUE(uts);
  EXPECT_EQ(uts->machine, "x86_64");
  std::size_t records = 0;
  for (const auto& record : log_records(*kernel_)) {
    EXPECT_TRUE(record);
    ++records;
  }
  EXPECT_EQ(records, 441U);
}

TEST_F(RealKernel, RefusesAnotherKernelsVmlinux) {
  KernelOptions options = kernel_->options();
  options.vmlinux = folder_ / "tun.ko";  // an ELF file with a build-id
  auto opened = Kernel::open(options);
  ASSERT_FALSE(opened);
  EXPECT_NE(
      opened.error().message().find("3b43fad5034874490492495d552c0af6a5fab235"),
      std::string::npos);
}

TEST(Texts, OfSizesAndDurations) {
  EXPECT_EQ(size_text(std::uint64_t{1048427} << 10), "1 GB");
  EXPECT_EQ(size_text(std::uint64_t{512} << 20), "512 MB");
  EXPECT_EQ(size_text((std::uint64_t{16} << 30) - (100 << 20)), "15.9 GB");
  EXPECT_EQ(duration_text(73), "00:01:13");
  EXPECT_EQ(duration_text(3 * 86400 + 3661), "3 days, 01:01:01");
}

}  // namespace
}  // namespace inquest
