// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/session.h"

#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/remote/fake_target.h"

namespace inquest {
namespace {

class RemoteSessionTest : public testing::Test {
 protected:
  // The payloads of all answers to |packet|, with no acknowledgements.
  std::vector<std::string> answers(std::string_view packet) {
    PacketReader reader;
    reader.feed(session_.answer(framed(packet)));
    std::vector<std::string> payloads;
    while (auto incoming = reader.next()) {
      if (incoming->kind == Incoming::Kind::packet)
        payloads.push_back(incoming->payload);
    }
    return payloads;
  }
  std::string answer(std::string_view packet) {
    auto all = answers(packet);
    EXPECT_EQ(all.size(), 1U) << packet;
    return all.empty() ? "nothing" : all.back();
  }
  // A document that qXfer delivers in parts of |length|.
  std::string document(std::string_view name, unsigned length) {
    std::string all;
    while (true) {
      std::string part =
          answer(fmt::format("qXfer:{}:{:x},{:x}", name, all.size(), length));
      if (part.empty() || (part[0] != 'm' && part[0] != 'l')) return part;
      for (std::size_t i = 1; i < part.size(); ++i)
        all += part[i] == '}' ? static_cast<char>(part[++i] ^ 0x20) : part[i];
      if (part[0] == 'l') return all;
    }
  }

  FakeTarget target_;
  RemoteSession session_ = RemoteSession(target_);
};

TEST_F(RemoteSessionTest, FramesAreAcknowledgedUntilGdbWantsNone) {
  EXPECT_EQ(session_.answer("+$qC#b4"), "+" + framed("QC1f"));
  EXPECT_EQ(session_.answer("-"), framed("QC1f"));
  EXPECT_EQ(session_.answer("$qC#00"), "-");
  EXPECT_EQ(session_.answer(framed("QStartNoAckMode")), "+" + framed("OK"));
  EXPECT_EQ(session_.answer("$qC#b4"), framed("QC1f"));
  EXPECT_EQ(session_.answer("$qC#00"), framed("E01"));
  EXPECT_EQ(session_.answer("\x03"), "");
}

TEST_F(RemoteSessionTest, WhatIsUnknownIsNotSupported) {
  for (const char* packet : {"", "!", "qFoo", "vFoo", "qCRC:0,1", "gg", "R00",
                             "\xff\xff", "QNonStop:1", "vMustReplyEmpty"}) {
    EXPECT_EQ(answer(packet), "") << packet;
  }
  EXPECT_TRUE(answer("qSupported:xmlRegisters=i386")
                  .starts_with("PacketSize=20000;QStartNoAckMode+;"));
}

TEST_F(RemoteSessionTest, ThreadsAreListedBothWays) {
  EXPECT_EQ(answer("qfThreadInfo"), "m1f,20");
  EXPECT_EQ(answer("qsThreadInfo"), "l");
  std::string xml = document("threads:read:", 7);
  EXPECT_EQ(xml,
            "<?xml version=\"1.0\"?>\n<threads>\n"
            "<thread id=\"1f\" name=\"init\" core=\"1\">RU</thread>\n"
            "<thread id=\"20\" name=\"a&#60;b&#62;&#34;\\x1b\">IN &#38; out"
            "</thread>\n</threads>\n");
  EXPECT_EQ(document("threads:read:", 0x1000), xml);
  EXPECT_EQ(from_hex(answer("qThreadExtraInfo,20")), "a<b>\"\\x1b IN & out");
  EXPECT_EQ(answer("qThreadExtraInfo,99"), "E01");
  EXPECT_EQ(answer("T1f"), "OK");
  EXPECT_EQ(answer("T0000000000000000000099"), "E01");
}

TEST_F(RemoteSessionTest, TheFirstThreadIsSelectedUntilGdbSelects) {
  EXPECT_EQ(answer("?"), "T05thread:1f;");
  EXPECT_EQ(answer("Hg20"), "OK");
  EXPECT_EQ(answer("?"), "T05thread:20;");
  EXPECT_EQ(answer("Hc1f"), "OK");
  EXPECT_EQ(answer("qC"), "QC20");
  EXPECT_EQ(answer("Hg99"), "E01");
  EXPECT_EQ(answer("H"), "E01");
  EXPECT_EQ(answer("Hg0"), "OK");
  EXPECT_EQ(answer("qC"), "QC1f");
}

TEST_F(RemoteSessionTest, RegistersAreInGdbsOrderAndUnknownOnesSaySo) {
  std::string all = answer("g");
  ASSERT_EQ(all.size(), 552U);
  EXPECT_EQ(all.substr(0, 16), std::string(16, 'x'));
  EXPECT_EQ(all.substr(16 * 16, 16), "1f77665544332211");
  EXPECT_EQ(answer("p10"), "1f77665544332211");
  EXPECT_EQ(answer("p7"),
            "8010000080"
            "88ffff");
  EXPECT_EQ(answer("p11"), "xxxxxxxx");
  EXPECT_EQ(answer("p18"), std::string(20, 'x'));
  EXPECT_EQ(answer("p28"), "E01");
  EXPECT_EQ(answer("pffffffffffffffff"), "E01");
  EXPECT_EQ(answer("pz"), "E01");
}

TEST_F(RemoteSessionTest, MemoryEndsWhereItIsNotThere) {
  EXPECT_EQ(answer("mffff888000001001,4"), "01020304");
  EXPECT_EQ(answer("mffff888000001ffe,8"), "7d7d");
  EXPECT_EQ(answer("mffff888000002000,8"), "E0e");
  EXPECT_EQ(answer("m0,ffffffffffffffff"), "E0e");
  EXPECT_EQ(answer("mffff888000001000,ffffffffffffffff").size(), 0x2000U);
  for (const char* bad : {"m", "m1", "m1,", "m,1", "m-1,1", "m1,1,1", "m1,0"})
    EXPECT_EQ(answer(bad), "E01") << bad;
}

TEST_F(RemoteSessionTest, BinaryMemoryIsEscaped) {
  EXPECT_EQ(answer("xffff888000001001,2"), "b\x01\x02");
  EXPECT_EQ(answer("xffff888000001ffe,8"), "b}]}]");
  EXPECT_EQ(answer("x0,0"), "b");
  EXPECT_EQ(answer("x0,1"), "E0e");
}

TEST_F(RemoteSessionTest, DocumentsHaveBounds) {
  EXPECT_EQ(document("features:read:target.xml", 0x40),
            target_description(target_.arch()));
  EXPECT_EQ(answer("qXfer:features:read:other.xml:0,10"), "E00");
  EXPECT_EQ(answer("qXfer:features:read:target.xml:ffffffff,10"), "E01");
  EXPECT_EQ(answer("qXfer:features:read:target.xml:0"), "E01");
  EXPECT_EQ(answer("qXfer:features:read:"), "E01");
  EXPECT_EQ(answer("qXfer:features:read:target.xml:0,ffffffffffffffff")[0],
            'l');
}

TEST_F(RemoteSessionTest, NothingRunsOrChanges) {
  for (const char* packet : {"c", "s", "C05", "vCont;c", "vCont;s:1f;c"}) {
    auto said = answers(packet);
    ASSERT_EQ(said.size(), 2U) << packet;
    EXPECT_EQ(from_hex(said[0].substr(1)), "A dump does not run.\n");
    EXPECT_EQ(said[1], "T02thread:1f;");
  }
  for (const char* packet :
       {"Gffff", "P0=0", "M0,1:00", "X0,0:", "Z0,0,1", "z0,0,1"}) {
    EXPECT_TRUE(answer(packet).starts_with("E.a dump ")) << packet;
  }
}

TEST_F(RemoteSessionTest, TheRestOfAConversation) {
  EXPECT_EQ(answer("qOffsets"), "TextSeg=ffffffff91000000");
  EXPECT_EQ(answer("qAttached:1"), "1");
  EXPECT_EQ(answer("qSymbol::"), "OK");
  EXPECT_EQ(answer("vCont?"), "vCont;c;C;s;S");
  EXPECT_EQ(answers("qRcmd," + to_hex(std::string_view("x y"))),
            (std::vector<std::string>{
                "O" + to_hex(std::string_view("asked: x y\n")), "OK"}));
  EXPECT_EQ(answer("qRcmd,1"), "E01");
  EXPECT_FALSE(session_.is_over());
  EXPECT_EQ(answer("D"), "OK");
  EXPECT_TRUE(session_.is_over());
}

TEST_F(RemoteSessionTest, ADumpWithoutTasksHasNothingToShow) {
  target_.forget_threads();
  EXPECT_EQ(answer("?"), "W00");
  for (const char* packet : {"g", "p0", "m0,1", "x0,1", "Hg0"})
    EXPECT_EQ(answer(packet), "E01") << packet;
  EXPECT_EQ(answer("qfThreadInfo"), "l");
  EXPECT_EQ(answer("qC"), "");
}

// Frames of every command with anything behind it.
TEST_F(RemoteSessionTest, NonsenseIsAnswered) {
  std::mt19937 random(7);
  constexpr std::string_view commands[] = {"qSupported",
                                           "qXfer:features:read:",
                                           "qXfer:threads:read:",
                                           "qThreadExtraInfo,",
                                           "qRcmd,",
                                           "H",
                                           "T",
                                           "p",
                                           "m",
                                           "x",
                                           "vCont;"};
  constexpr std::string_view parts[] = {
      "0", "1f", "ffffffffffffffff",  ",", ":", "target.xml", "-1", ";", "\xff",
      "g", "0x", "123456789abcdef01", ""};
  for (int i = 0; i < 20000; ++i) {
    std::string packet(commands[random() % std::size(commands)]);
    for (unsigned n = random() % 6; n > 0; --n)
      packet += parts[random() % std::size(parts)];
    EXPECT_FALSE(answers(packet).empty()) << packet;
  }
}

}  // namespace
}  // namespace inquest
