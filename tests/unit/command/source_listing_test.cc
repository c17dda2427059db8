// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/source_listing.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "render/render.h"
#include "temporary.h"
#include "unit/shell/fake_kernel.h"

namespace inquest {
namespace {

namespace fs = std::filesystem;

// Compiled in /build/linux/out from ../net/socket.c and net/tun.c.
class SourceKernel : public FakeKernel {
 public:
  explicit SourceKernel(SourceLine line) : line_(std::move(line)) {}
  Result<SourceLine> source_line(Address /*at*/) const override {
    return line_;
  }
  bool is_text(Address at) const override { return at.value != 0; }

 private:
  SourceLine line_;
};

class SourceListingTest : public testing::Test {
 protected:
  void write(const fs::path& name, const std::string& text) const {
    fs::create_directories((tree_ / name).parent_path());
    std::ofstream(tree_ / name) << text;
  }

  // What is said of |line|, and the error behind it.
  std::string listing(SourceLine line, std::optional<std::uint64_t> count = {},
                      Address at = Address{0xffffffff81000004}) const {
    SourceKernel kernel(std::move(line));
    Session session{.kernel = kernel, .settings = {}, .task = {}};
    session.settings.shell["source_path"] = tree_.string();
    std::ostringstream text;
    std::ostringstream errors;
    auto out = render::text(text, errors);
    auto done = show_source(session, at, count, *out);
    std::string all = text.str();
    return done ? all : all + "error: " + done.error().message();
  }

  // One for each test.
  fs::path tree_ =
      test::temporary_folder() +
      testing::UnitTest::GetInstance()->current_test_info()->name();
};

constexpr const char* text =
    "one\n}\nthree\nint f(void)\n{\n\tint six;\n\treturn six;\n}\nnine\n";

TEST_F(SourceListingTest, EndsWithTheFunction) {
  write("net/tun.c", text);
  EXPECT_EQ(listing({"/build/out/net/tun.c", 6, "/build/out"}),
            "FILE: net/tun.c\nLINE: 6\n\n"
            "  1\tone\n  2\t}\n  3\tthree\n  4\tint f(void)\n  5\t{\n"
            "* 6\t\tint six;\n  7\t\treturn six;\n  8\t}\n\n");
}

TEST_F(SourceListingTest, CountsTheLinesBehind) {
  write("net/tun.c", text);
  SourceLine line = {"/build/out/net/tun.c", 7, "/build/out"};
  EXPECT_EQ(listing(line, 1),
            "FILE: net/tun.c\nLINE: 7\n\n  2\t}\n  3\tthree\n  4\tint f(void)\n"
            "  5\t{\n  6\t\tint six;\n* 7\t\treturn six;\n  8\t}\n\n");
  std::string all = listing(line, ~std::uint64_t{0});
  EXPECT_TRUE(all.ends_with("  9\tnine\n\n")) << all;
}

TEST_F(SourceListingTest, LeavesOutFoldersThatTheTreeLacks) {
  write("net/tun.c", text);
  std::string all = listing({"/build/linux/net/tun.c", 9, "/build/out"});
  EXPECT_TRUE(all.starts_with("FILE: /build/linux/net/tun.c\nLINE: 9\n\n  4"))
      << all;
  EXPECT_TRUE(all.ends_with("* 9\tnine\n\n")) << all;
}

TEST_F(SourceListingTest, SaysWhatIsMissing) {
  EXPECT_EQ(listing({"/build/out/net/tun.c", 6, "/build/out"}),
            "FILE: net/tun.c\nLINE: 6\n\nerror: known+4: source code is not "
            "available: there is no " +
                (tree_ / "net/tun.c").string());
}

TEST_F(SourceListingTest, RefusesAnotherSource) {
  write("net/tun.c", "one\ntwo\n");
  EXPECT_EQ(listing({"/build/out/net/tun.c", 6, "/build/out"}),
            "FILE: net/tun.c\nLINE: 6\n\nerror: known+4: " +
                (tree_ / "net/tun.c").string() +
                " has 2 lines only: it is not the source that was compiled");
}

TEST_F(SourceListingTest, RefusesWhatIsNoCode) {
  EXPECT_EQ(listing({"a.c", 1, ""}, {}, Address{0}),
            "error: 0: not a kernel text address");
  EXPECT_EQ(listing({"a.c", 0, ""}),
            "FILE: a.c\nLINE: 0\n\nerror: known+4: the line is not known");
}

}  // namespace
}  // namespace inquest
