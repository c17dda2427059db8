// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/cfi.h"

#include <dwarf.h>
#include <gtest/gtest.h>

#include "unit/debuginfo/dwarf_samples.h"

namespace inquest::test {
namespace {

using Code = std::vector<int>;

// Builds a section: one CIE and FDEs, little-endian, 64-bit addresses.
class Frames {
 public:
  explicit Frames(const Code& start, const char* augmentation = "") {
    std::vector<std::byte> body;
    add(body, 0xffffffff, 4);
    add(body, 3, 1);
    for (const char* at = augmentation; *at; ++at)
      add(body, *at, 1);
    add(body, 0, 1);
    add(body, 1, 1);     // code alignment
    add(body, 0x78, 1);  // data alignment: -8
    add(body, 16, 1);    // return column
    append(body, start);
    entry(body);
  }

  Frames& function(std::uint64_t first, std::uint64_t size, const Code& code) {
    std::vector<std::byte> body;
    add(body, 0, 4);
    add(body, first, 8);
    add(body, size, 8);
    append(body, code);
    entry(body);
    return *this;
  }
  std::shared_ptr<const Cfi> open() const {
    return Cfi::from_section({.bytes = bytes_});
  }

 private:
  static void add(std::vector<std::byte>& to, std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i)
      to.push_back(std::byte(value >> 8 * i));
  }
  static void append(std::vector<std::byte>& to, const Code& code) {
    for (int one : code)
      to.push_back(std::byte(one));
  }
  void entry(const std::vector<std::byte>& body) {
    add(bytes_, body.size(), 4);
    bytes_.insert(bytes_.end(), body.begin(), body.end());
  }

  std::vector<std::byte> bytes_;
};

const Code call_start = {DW_CFA_def_cfa, 7, 8, DW_CFA_offset | 16, 1};

CfiFrame frame_at(std::uint64_t sp) {
  return {.reg = [sp](unsigned dwarf) -> std::optional<std::uint64_t> {
            if (dwarf == 7) return sp;
            if (dwarf == 3) return 33;
            return {};
          },
          .memory = [](Address at, unsigned size) -> Result<std::uint64_t> {
            EXPECT_EQ(size, 8U);
            return at.value * 10;
          }};
}

TEST(Cfi, RowsFollowTheProgram) {
  Frames frames(call_start);
  frames.function(
      0x1000, 0x20,
      {DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 16, DW_CFA_offset | 6, 2,
       DW_CFA_advance_loc | 3, DW_CFA_def_cfa_register, 6});
  auto cfi = frames.open();
  auto row = cfi->row_at({0x1000});
  ASSERT_TRUE(row) << row.error().message();
  EXPECT_EQ(row->cfa.from, 7U);
  EXPECT_EQ(row->cfa.offset, 8);
  EXPECT_EQ(row->return_column, 16U);
  EXPECT_EQ(row->rule(16).offset, -8);
  EXPECT_EQ(row->rule(6).kind, CfiRuleKind::unspecified);
  row = cfi->row_at({0x1001});
  EXPECT_EQ(row->cfa.offset, 16);
  EXPECT_EQ(row->rule(6).offset, -16);
  EXPECT_EQ(cfi->row_at({0x1003})->cfa.from, 7U);
  EXPECT_EQ(cfi->row_at({0x1004})->cfa.from, 6U);
}

TEST(Cfi, OnlyTheFunctionsOfTheSectionAreKnown) {
  Frames frames(call_start);
  frames.function(0x3000, 0x10, {}).function(0x1000, 0x10, {});
  auto cfi = frames.open();
  EXPECT_TRUE(cfi->row_at({0x1000}));
  EXPECT_TRUE(cfi->row_at({0x300f}));
  for (std::uint64_t at : {0xfffU, 0x1010U, 0x2fffU, 0x3010U}) {
    auto row = cfi->row_at({at});
    ASSERT_FALSE(row);
    EXPECT_EQ(row.error().kind(), ErrorKind::not_found);
  }
}

TEST(Cfi, StatesAreRememberedAndRulesRestored) {
  Frames frames(call_start);
  frames.function(0x1000, 0x20,
                  {DW_CFA_offset | 3, 4, DW_CFA_remember_state,
                   DW_CFA_restore | 3, DW_CFA_def_cfa_offset, 64,
                   DW_CFA_advance_loc1, 8, DW_CFA_restore_state});
  auto cfi = frames.open();
  EXPECT_EQ(cfi->row_at({0x1000})->cfa.offset, 64);
  EXPECT_EQ(cfi->row_at({0x1000})->rule(3).kind, CfiRuleKind::unspecified);
  EXPECT_EQ(cfi->row_at({0x1008})->cfa.offset, 8);
  EXPECT_EQ(cfi->row_at({0x1008})->rule(3).offset, -32);
}

TEST(Cfi, RulesAreApplied) {
  Frames frames(call_start);
  frames.function(0x1000, 0x20,
                  {DW_CFA_undefined,
                   1,
                   DW_CFA_same_value,
                   3,
                   DW_CFA_register,
                   2,
                   3,
                   DW_CFA_val_offset,
                   7,
                   0,
                   DW_CFA_val_expression,
                   4,
                   2,
                   DW_OP_plus_uconst,
                   5,
                   DW_CFA_expression,
                   5,
                   2,
                   DW_OP_plus_uconst,
                   6});
  auto cfi = frames.open();
  auto row = cfi->row_at({0x1000});
  ASSERT_TRUE(row) << row.error().message();
  CfiFrame frame = frame_at(100);
  auto cfa = cfi->cfa(*row, frame);
  ASSERT_TRUE(cfa);
  EXPECT_EQ(cfa->value, 108U);
  auto value = [&](unsigned dwarf) {
    return cfi->caller_register(*row, dwarf, *cfa, frame).value();
  };
  EXPECT_EQ(value(16).value, 1000U);
  EXPECT_EQ(value(16).saved_at, Address{100});
  EXPECT_EQ(value(1).value, std::nullopt);
  EXPECT_EQ(value(3).value, 33U);
  EXPECT_EQ(value(2).value, 33U);
  EXPECT_EQ(value(7).value, 108U);
  EXPECT_EQ(value(4).value, 113U);
  EXPECT_EQ(value(5).value, 1140U);
  EXPECT_EQ(value(5).saved_at, Address{114});
}

TEST(Cfi, NonsenseIsRefused) {
  for (const Code& code :
       {Code{DW_CFA_restore_state}, Code{0x3f}, Code{DW_CFA_advance_loc4, 1}}) {
    Frames frames(call_start);
    frames.function(0x1000, 0x20, code);
    auto row = frames.open()->row_at({0x1000});
    ASSERT_FALSE(row);
    EXPECT_EQ(row.error().kind(), ErrorKind::corrupt);
  }
  EXPECT_FALSE(Cfi::from_section({})->row_at({0x1000}));
}

TEST(Cfi, SampleStartsWithTheReturnAddressOnTop) {
  auto file = dwarf_sample("v5");
  if (file->machine() != 62) GTEST_SKIP() << "compiled for another machine";
  auto cfi = Cfi::open(file);
  ASSERT_TRUE(cfi) << cfi.error().message();
  auto row = (*cfi)->row_at({symbol_value(*file, "sample_function").value()});
  ASSERT_TRUE(row) << row.error().message();
  EXPECT_EQ(row->cfa.from, 7U);
  EXPECT_EQ(row->cfa.offset, 8);
  EXPECT_EQ(row->rule(row->return_column).offset, -8);
}

Result<std::uint64_t> evaluate(const Code& code) {
  std::vector<std::byte> bytes;
  for (int one : code)
    bytes.push_back(std::byte(one));
  return evaluate_dwarf(bytes, {}, frame_at(100), std::endian::little, 8);
}

TEST(DwarfExpression, Calculates) {
  auto value = [](const Code& code) { return evaluate(code).value_or(~0ULL); };
  EXPECT_EQ(value({DW_OP_breg7, 8}), 108U);
  EXPECT_EQ(value({DW_OP_breg0 + 7, 0x78}), 92U);
  EXPECT_EQ(value({DW_OP_lit5, DW_OP_deref}), 50U);
  EXPECT_EQ(value({DW_OP_lit7, DW_OP_lit3, DW_OP_minus}), 4U);
  EXPECT_EQ(value({DW_OP_const1s, 0xfe, DW_OP_lit2, DW_OP_div}), ~0ULL);
  EXPECT_EQ(value({DW_OP_lit1, DW_OP_lit2, DW_OP_lit3, DW_OP_rot}), 2U);
  EXPECT_EQ(value({DW_OP_lit0, DW_OP_bra, 1, 0, DW_OP_lit9}), 9U);
  EXPECT_EQ(value({DW_OP_lit4, DW_OP_lit1, DW_OP_bra, 1, 0, DW_OP_lit9}), 4U);
  EXPECT_EQ(value({DW_OP_lit1, DW_OP_lit31, DW_OP_shl}), 1ULL << 31);
}

TEST(DwarfExpression, RefusesNonsense) {
  EXPECT_FALSE(evaluate({}));
  EXPECT_FALSE(evaluate({DW_OP_plus}));
  EXPECT_FALSE(evaluate({DW_OP_const8u, 1, 2}));
  EXPECT_FALSE(evaluate({DW_OP_skip, 0xfd, 0xff}));
  EXPECT_FALSE(evaluate({DW_OP_breg3 + 1, 0}));
  EXPECT_EQ(evaluate({0xe0}).error().kind(), ErrorKind::unsupported);
  EXPECT_EQ(evaluate({DW_OP_lit1, DW_OP_lit0, DW_OP_div}).value_or(9), 0U);
}

}  // namespace
}  // namespace inquest::test
