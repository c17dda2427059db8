// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/invocation.h"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "temporary.h"

namespace inquest {
namespace {

using Task = Invocation::Task;

// A file that starts like a kdump-compressed dump, or an ELF executable.
std::string file(const std::string& name, std::string contents) {
  std::string path = inquest::test::temporary_folder() + name;
  contents.resize(4096);
  std::ofstream(path, std::ios::binary) << contents;
  return path;
}

std::string dump_file() {
  return file("iq_dump", "KDUMP   ");
}

std::string elf_file() {
  std::string header("\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\x3e\0", 20);
  return file("iq_vmlinux", header);
}

TEST(Invocation, FilesAreToldApartByContent) {
  std::string map = file("iq_map", "ffffffff81000000 T _text\n");
  for (const auto& order : {std::vector{elf_file(), dump_file(), map},
                            std::vector{map, dump_file(), elf_file()}}) {
    auto found = parse_invocation(order);
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->kernel.vmlinux, elf_file());
    ASSERT_EQ(found->kernel.dumps.size(), 1U);
    EXPECT_EQ(found->kernel.dumps[0], dump_file());
  }
}

TEST(Invocation, OptionsMayStandAnywhere) {
  auto found = parse_invocation({"-s", dump_file(), "-i", "commands", "--hex",
                                 "--kaslr=200m", "-m", "phys_base=0x1000"});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_TRUE(found->is_silent);
  EXPECT_EQ(found->scripts, std::vector<std::string>{"commands"});
  EXPECT_EQ(found->variables.at(0),
            (std::pair<std::string, std::string>("radix", "16")));
  EXPECT_EQ(found->kernel.kaslr_offset, 200U << 20);
  EXPECT_EQ(found->kernel.machine.at("phys_base"), 0x1000U);
}

TEST(Invocation, EveryOptionOfCrashIsKnown) {
  for (std::string word : {"-S",
                           "-f",
                           "-g",
                           "-L",
                           "-x",
                           "--active",
                           "--no_kallsyms",
                           "--no_modules",
                           "--no_ikconfig",
                           "--no_data_debug",
                           "--no_kmem_cache",
                           "--kmem_cache_delay",
                           "--no_elf_notes",
                           "--no_panic",
                           "--no_strip",
                           "--no_crashrc",
                           "--no_scroll",
                           "--readnow",
                           "--smp",
                           "--hex",
                           "--dec",
                           "--minimal",
                           "--zero_excluded",
                           "--less",
                           "--more",
                           "--CRASHPAGER"}) {
    auto found = parse_invocation({word, dump_file()});
    EXPECT_TRUE(found) << word;
  }
  for (std::string word : {"-p", "--cpus", "--hash", "--max-malloc-bufs", "-d",
                           "-c", "--mod", "--src"}) {
    auto found = parse_invocation({word, "1", dump_file()});
    EXPECT_TRUE(found) << word;
  }
  for (std::string word : {"-k", "--hyper"}) {
    auto found = parse_invocation({word, dump_file()});
    ASSERT_FALSE(found) << word;
    EXPECT_EQ(found.error().kind(), ErrorKind::unsupported);
  }
}

TEST(Invocation, MistakesAreNamed) {
  auto mistake = [](std::vector<std::string> words) {
    auto found = parse_invocation(std::move(words));
    return found ? "" : found.error().message();
  };
  EXPECT_EQ(mistake({"--nonsense", dump_file()}), "unknown option --nonsense");
  EXPECT_EQ(mistake({"-Q", dump_file()}), "unknown option -Q");
  EXPECT_EQ(mistake({dump_file(), "-i"}), "-i needs an argument");
  EXPECT_EQ(mistake({dump_file(), "-d", "many"}), "-d: \"many\" is no number");
  EXPECT_NE(mistake({"-t"}).find("no dump given"), std::string::npos);
  EXPECT_NE(mistake({"/dev/mem", dump_file()}).find("or the running system"),
            std::string::npos);
  EXPECT_NE(mistake({"/dev/mem", "/proc/kcore"}).find("one memory device"),
            std::string::npos);
  EXPECT_NE(mistake({"-o", "x", dump_file()}).find("raw RAM"),
            std::string::npos);
  EXPECT_NE(mistake({"/no/such/dump"}).find("No such file"), std::string::npos);
  EXPECT_NE(mistake({file("iq_text", "hello, world")}).find("neither a dump"),
            std::string::npos);
  EXPECT_NE(mistake({elf_file(), elf_file(), dump_file()}).find("one vmlinux"),
            std::string::npos);
}

TEST(Invocation, QuestionsThatNeedNoSession) {
  EXPECT_EQ(parse_invocation({"-v"})->task, Task::version);
  EXPECT_EQ(parse_invocation({"--help"})->task, Task::help);
  EXPECT_EQ(parse_invocation({"-h", "bt"})->topic, "bt");
  auto release = parse_invocation({"--osrelease", "vmcore"});
  EXPECT_EQ(release->task, Task::osrelease);
  EXPECT_EQ(release->kernel.dumps.at(0), "vmcore");
}

TEST(Invocation, ADumpIsServedToGdb) {
  auto found = parse_invocation({"--gdbserver", "0", dump_file()});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->task, Task::gdbserver);
  EXPECT_EQ(found->endpoint, "0");
  EXPECT_FALSE(parse_invocation({"--gdbserver", "x", dump_file()}));
}

TEST(Invocation, WithoutADumpItIsTheRunningSystem) {
  EXPECT_EQ(parse_invocation({})->kernel.live, "/proc/kcore");
  auto found = parse_invocation({elf_file(), "--allow-write"});
  EXPECT_EQ(found->kernel.live, "/proc/kcore");
  EXPECT_TRUE(found->kernel.may_write);
  EXPECT_EQ(parse_invocation({"/dev/mem"})->kernel.live, "/dev/mem");
  auto named = parse_invocation({"--memory_device", "/dev/other"});
  EXPECT_EQ(named->kernel.live, "/dev/other");
  auto dump = parse_invocation({dump_file()});
  EXPECT_FALSE(dump->kernel.live);
  EXPECT_FALSE(dump->kernel.may_write);
}

TEST(Invocation, RawRamIsNamedWithItsAddress) {
  auto found = parse_invocation({"a@0,b@1000", "-o", "saved"});
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_EQ(found->kernel.dumps.size(), 2U);
  EXPECT_EQ(found->kernel.dumps[1], "b@1000");
  EXPECT_EQ(found->save_as, "saved");
  EXPECT_FALSE(found->kernel.live);
}

}  // namespace
}  // namespace inquest
