// SPDX-License-Identifier: GPL-3.0-or-later
// Records that nobody fetched, whole and damaged.

#include "kernel/audit.h"

#include <gtest/gtest.h>

#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using test::member;
using test::words;

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t queue_at = 0x100;

class AuditKernel : public test::TestKernel {
 public:
  explicit AuditKernel(const std::string& machine,
                       std::string_view queue = "audit_queue")
      : test::TestKernel(machine, {{std::string(queue), queue_at}}) {
    const Type& any = types().pointer_to(types().void_type());
    source->structure("sk_buff_head", 16, {member("next", any, 0)});
    source->structure("sk_buff", 24,
                      {member("next", any, 0), member("data", any, 8),
                       member("len", types().c_type("unsigned int"), 16)});
  }

  // "type text", or "?" for what is missing.
  std::vector<std::string> records() const {
    auto found = audit_records(*this);
    EXPECT_TRUE(found) << found.error().message();
    std::vector<std::string> texts;
    if (!found) return texts;
    for (const auto& record : *found) {
      texts.push_back(record ? fmt::format("{} {}", record->type, record->text)
                             : "?");
    }
    return texts;
  }
};
using Texts = std::vector<std::string>;

std::string buffer(std::uint64_t at, std::uint64_t next, std::uint64_t data,
                   std::uint64_t length) {
  return words(at, {base + next, base + data, length});
}

// A header that says |length|, and "audit: a".
std::string message(std::uint64_t at, std::uint64_t length) {
  return words(at, {std::uint64_t{1700} << 32 | length, 0, 0x61203a7469647561,
                    0x6262626262626262});
}

TEST(Audit, ReadsAsMuchAsTheBufferHas) {
  // The header's length is without the header.
  AuditKernel kernel(words(queue_at, {base + 0x200}) +
                     buffer(0x200, 0x240, 0x400, 24) +
                     buffer(0x240, queue_at, 0x400, 20) + message(0x400, 8));
  EXPECT_EQ(kernel.records(), (Texts{"1700 audit: a", "1700 audi"}));
}

TEST(Audit, HasTheQueuesOfAllKernels) {
  for (std::string_view name : {"audit_hold_queue", "audit_skb_queue"}) {
    AuditKernel kernel(words(queue_at, {base + 0x200}) +
                           buffer(0x200, queue_at, 0x400, 24) +
                           message(0x400, 8),
                       name);
    EXPECT_EQ(kernel.records(), (Texts{"1700 audit: a"})) << name;
  }
}

TEST(Audit, KeepsWhatIsAroundABadRecord) {
  AuditKernel kernel(words(queue_at, {base + 0x200}) +
                     buffer(0x200, 0x240, 0x900000, 24) +
                     buffer(0x240, queue_at, 0x400, 24) + message(0x400, 8));
  EXPECT_EQ(kernel.records(), (Texts{"?", "1700 audit: a"}));
}

TEST(Audit, EndsWhereTheQueueLoops) {
  AuditKernel kernel(words(queue_at, {base + 0x200}) +
                     buffer(0x200, 0x200, 0x400, 24) + message(0x400, 8));
  EXPECT_EQ(kernel.records(), (Texts{"1700 audit: a", "?"}));
}

TEST(Audit, BelievesNoLength) {
  AuditKernel kernel(words(queue_at, {base + 0x200}) +
                     buffer(0x200, queue_at, 0x400, 0) + message(0x400, 8));
  EXPECT_EQ(kernel.records(), (Texts{"1700 "}));
}

TEST(Audit, IsNotEverywhere) {
  test::TestKernel kernel(words(0, {0}), {});
  auto records = audit_records(kernel);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().kind(), ErrorKind::not_found);
  auto buffers = safe_buffers(kernel);
  ASSERT_FALSE(buffers);
  EXPECT_EQ(buffers.error().kind(), ErrorKind::unsupported);
}

// ---- What printk kept per CPU ----

// Of two CPUs, the second a page above the first.
class SafeKernel : public test::TestKernel {
 public:
  explicit SafeKernel(const std::string& machine)
      : test::TestKernel(machine, {{"safe_print_seq", 0x100}}) {
    const Type& word = types().c_type("int");
    const Type& atomic =
        source->structure("atomic_t", 4, {member("counter", word, 0)});
    source->structure(
        "printk_safe_seq_buf", 24,
        {member("len", atomic, 0), member("message_lost", atomic, 4),
         member("buffer", types().array_of(types().c_type("char"), 16), 8)});
  }
  std::vector<unsigned> possible_cpus() const override { return {0, 1}; }
  Result<Address> per_cpu_address(Address at, unsigned cpu) const override {
    return at + 0x1000 * cpu;
  }
};

TEST(SafeBuffers, AreThoseOfAllCpus) {
  SafeKernel kernel(
      words(0x100, {std::uint64_t{2} << 32 | 9, 0x2179726f6c6c6568, 0x21}) +
      words(0x1100, {0, 0, 0}));
  auto found = safe_buffers(kernel);
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_EQ(found->size(), 2U);
  ASSERT_TRUE(found->front());
  const SafeBuffer& first = *found->front();
  EXPECT_EQ(first.name, "safe_print_seq");
  EXPECT_EQ(first.text, "hellory!!");
  EXPECT_EQ(first.length, 9U);
  EXPECT_EQ(first.lost, 2U);
  ASSERT_TRUE(found->back());
  EXPECT_EQ(found->back()->cpu, 1U);
  EXPECT_EQ(found->back()->text, "");
}

TEST(SafeBuffers, HaveRoomForNoMore) {
  SafeKernel kernel(words(0x100, {1000000, 0x6161616161616161,
                                  0x6161616161616161, 0x6262626262626262}));
  auto found = safe_buffers(kernel);
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_TRUE(found->front());
  EXPECT_EQ(found->front()->length, 1000000U);
  EXPECT_EQ(found->front()->text, std::string(16, 'a'));
  EXPECT_FALSE(found->back());  // not in the dump
}

}  // namespace
}  // namespace inquest
