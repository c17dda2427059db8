// SPDX-License-Identifier: GPL-3.0-or-later
// Memory areas, the names of their files, swap areas.

#include "kernel/vma.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernel/path.h"
#include "kernel/swap.h"
#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using test::words;

constexpr std::uint64_t base = test::TestKernel::base;

// A kernel with the types of areas and files; swap_info lies at 0.
class AreaKernel : public test::TestKernel {
 public:
  explicit AreaKernel(const std::string& machine)
      : test::TestKernel(machine, {{"swap_info", 0}}) {
    const Type& word = types().c_type("unsigned long");
    const Type& any = types().pointer_to(types().void_type());
    const Type& text = types().pointer_to(types().c_type("char"));
    const Type& qstr =
        source->structure("qstr", 8, {test::member("name", text, 0)});
    dentry.kind = TypeKind::structure;
    dentry.byte_size = 16;
    const Type& dentry_at = types().pointer_to(dentry);
    members = {test::member("d_parent", dentry_at, 0),
               test::member("d_name", qstr, 8)};
    const Type& vfsmount = source->structure(
        "vfsmount", 8, {test::member("mnt_root", dentry_at, 0)});
    source->structure("mount", 24,
                      {test::member("mnt_parent", any, 0),
                       test::member("mnt_mountpoint", dentry_at, 8),
                       test::member("mnt", vfsmount, 16)});
    const Type& path =
        source->structure("path", 16,
                          {test::member("mnt", types().pointer_to(vfsmount), 0),
                           test::member("dentry", dentry_at, 8)});
    file = &source->structure("file", 16, {test::member("f_path", path, 0)});
    source->structure(
        "vm_area_struct", 48,
        {test::member("vm_start", word, 0), test::member("vm_end", word, 8),
         test::member("vm_next", any, 16), test::member("vm_flags", word, 24),
         test::member("vm_pgoff", word, 32),
         test::member("vm_file", types().pointer_to(*file), 40)});
    source->structure(
        "mm_struct", 16,
        {test::member("mmap", any, 0), test::member("total_vm", word, 8)});
    source->structure(
        "swap_info_struct", 16,
        {test::member("flags", word, 0),
         test::member("swap_file", types().pointer_to(*file), 8)});
  }

  Object mm() const { return object("mm_struct", Address{base + 0x100}); }
  Object file_at(std::uint64_t at) const {
    return {memory(), *file, Address{base + at}};
  }

  std::vector<Member> members;
  Type dentry{[this](const Type&, TypeBody& body) { body.members = members; }};
  const Type* file = nullptr;
};

// Two areas in a list, the second of a file that is not there.
std::string two_areas(std::uint64_t end) {
  return words(0x100, {base + 0x200}) +
         words(0x200, {0x1000, 0x3000, base + 0x240, 0x75, 2, 0}) +
         words(0x240, {0x5000, 0x6000, end, 0x73, 0, base + 0x900000});
}

std::vector<std::uint64_t> starts(const AreaKernel& kernel) {
  std::vector<std::uint64_t> found;
  for (const Object& vma : vmas(kernel, kernel.mm())) {
    bool is_fault = vma.fault() != nullptr;
    found.push_back(is_fault ? 0 : vma["vm_start"].to_unsigned().value_or(1));
    if (found.size() > 100) break;
  }
  return found;
}

TEST(Areas, AreInAListInOldKernels) {
  AreaKernel kernel(two_areas(0));
  EXPECT_EQ(starts(kernel), (std::vector<std::uint64_t>{0x1000, 0x5000}));
  auto found = vma_at(kernel, kernel.mm(), Address{0x2fff});
  ASSERT_TRUE(found && *found);
  Vma vma = vma_record(kernel, **found);
  EXPECT_EQ(vma.start.value_or({}).value, 0x1000U);
  EXPECT_EQ(vma.end.value_or({}).value, 0x3000U);
  EXPECT_EQ(vma.flags.value_or(0), 0x75U);
  EXPECT_EQ(vma.page_offset.value_or(0), 2U);
  EXPECT_EQ(vma.file.value_or("?"), "");
  for (std::uint64_t at : {0xfffU, 0x3000U, 0x6000U}) {
    auto none = vma_at(kernel, kernel.mm(), Address{at});
    EXPECT_TRUE(none && !*none) << at;
  }
}

TEST(Areas, KeepWhatCanBeRead) {
  AreaKernel kernel(two_areas(0));
  auto found = vma_at(kernel, kernel.mm(), Address{0x5000});
  ASSERT_TRUE(found && *found);
  Vma vma = vma_record(kernel, **found);
  EXPECT_EQ(vma.flags.value_or(0), 0x73U);
  EXPECT_FALSE(vma.file);
}

TEST(Areas, AreNoLongerThanAllOfThemTogether) {
  auto range = [](std::uint64_t start, std::uint64_t end) {
    AreaKernel kernel(words(0x100, {base + 0x200, 2}) +
                      words(0x200, {start, end, 0, 0x75, 0, 0}));
    Object area = kernel.object("vm_area_struct", Address{base + 0x200});
    return vma_range(kernel, kernel.mm(), vma_record(kernel, area));
  };
  auto good = range(0x1000, 0x3000);
  ASSERT_TRUE(good) << good.error().message();
  EXPECT_EQ(good->end.value, 0x3000U);
  // An exec may move its stack by 16 GB.
  EXPECT_TRUE(range(0x1000, 0x400003000));
  EXPECT_FALSE(range(0x1000, 0x400004000));
  EXPECT_FALSE(range(0x3000, 0x1000));
  EXPECT_FALSE(range(0x1008, 0x2008));
  EXPECT_FALSE(range(0, ~std::uint64_t{0}));
}

TEST(Areas, OfAListThatLoopsEnd) {
  AreaKernel kernel(two_areas(base + 0x200));
  auto found = starts(kernel);
  EXPECT_LT(found.size(), 20U);
  EXPECT_EQ(found.back(), 0U);
  EXPECT_FALSE(vma_at(kernel, kernel.mm(), Address{0x9000}));
}

// ---- Names ----

std::string dentry(std::uint64_t at, std::uint64_t parent,
                   const std::string& name) {
  return words(at, {base + parent, base + at + 0x10}) +
         fmt::format("@{:#x} text \"{}\\0\"\n", at + 0x10, name);
}

std::string mount(std::uint64_t at, std::uint64_t parent, std::uint64_t point,
                  std::uint64_t root) {
  return words(at, {base + parent, base + point, base + root});
}

// A file whose mount is at |mount| (0: none).
std::string file(std::uint64_t at, std::uint64_t mount, std::uint64_t dentry) {
  std::uint64_t vfsmount = mount == 0 ? 0 : base + mount + 16;
  return words(at, {vfsmount, base + dentry});
}

// The root's file system with /mnt, and another one mounted there.
std::string two_mounts() {
  return dentry(0x1000, 0x1000, "/") + dentry(0x1040, 0x1000, "mnt") +
         dentry(0x1080, 0x1080, "/") + dentry(0x10c0, 0x1080, "dir") +
         dentry(0x1100, 0x10c0, "file") +
         mount(0x1400, 0x1400, 0x1000, 0x1000) +
         mount(0x1440, 0x1400, 0x1040, 0x1080);
}

std::string name(const std::string& machine, std::uint64_t file_at) {
  AreaKernel kernel(machine);
  auto found = file_name(kernel, kernel.file_at(file_at));
  return found ? *found : "?" + found.error().message();
}

TEST(FileNames, GoThroughMounts) {
  EXPECT_EQ(name(two_mounts() + file(0x1800, 0x1440, 0x1100), 0x1800),
            "/mnt/dir/file");
  EXPECT_EQ(name(two_mounts() + file(0x1800, 0x1440, 0x1080), 0x1800), "/mnt");
  EXPECT_EQ(name(two_mounts() + file(0x1800, 0x1400, 0x1000), 0x1800), "/");
}

TEST(FileNames, WithoutAMountStartAtTheFileSystem) {
  EXPECT_EQ(name(two_mounts() + file(0x1800, 0, 0x1100), 0x1800), "/dir/file");
}

TEST(FileNames, OutsideOfDirectoriesAreAlone) {
  EXPECT_EQ(name(two_mounts() + dentry(0x1140, 0x1140, "SYSV00001234") +
                     file(0x1800, 0x1440, 0x1140),
                 0x1800),
            "SYSV00001234");
}

TEST(FileNames, EndWhereDirectoriesLoop) {
  EXPECT_TRUE(name(dentry(0x1000, 0x1040, "a") + dentry(0x1040, 0x1000, "b") +
                       file(0x1800, 0, 0x1000),
                   0x1800)
                  .starts_with("?"));
  EXPECT_TRUE(name(dentry(0x1000, 0x1000, "/") +
                       mount(0x1400, 0x1440, 0x1000, 0x1000) +
                       mount(0x1440, 0x1400, 0x1000, 0x1000) +
                       file(0x1800, 0x1400, 0x1000),
                   0x1800)
                  .starts_with("?"));
}

TEST(SwapAreas, AreNamedByNumber) {
  AreaKernel kernel(words(0, {base + 0x2000, base + 0x2010}) +
                    words(0x2000, {3, base + 0x1800}) + words(0x2010, {0, 0}) +
                    two_mounts() + file(0x1800, 0x1440, 0x1100));
  EXPECT_EQ(most_swap_areas(kernel).value_or(0), 1U);  // of the symbol's size
  auto area = swap_area(kernel, 0);
  ASSERT_TRUE(area) << area.error().message();
  EXPECT_EQ(swap_file_name(kernel, *area).value_or("?"), "/mnt/dir/file");
  EXPECT_FALSE(swap_area(kernel, 1));
}

}  // namespace
}  // namespace inquest
