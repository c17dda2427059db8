// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/packet.h"

#include <random>

#include <gtest/gtest.h>

namespace inquest {
namespace {

using Kind = Incoming::Kind;

TEST(Packet, FramesAreFoundHoweverTheyAreCut) {
  std::string stream = "+" + framed("g") + framed("m1000,8") + "\x03-";
  for (std::size_t step : {std::size_t{1}, std::size_t{3}, stream.size()}) {
    PacketReader reader;
    for (std::size_t at = 0; at < stream.size(); at += step)
      reader.feed(std::string_view(stream).substr(at, step));
    EXPECT_EQ(reader.next()->kind, Kind::acknowledged);
    EXPECT_EQ(reader.next()->payload, "g");
    EXPECT_EQ(reader.next()->payload, "m1000,8");
    EXPECT_EQ(reader.next()->kind, Kind::interrupt);
    EXPECT_EQ(reader.next()->kind, Kind::repeat);
    EXPECT_FALSE(reader.next());
  }
}

TEST(Packet, AWrongSumIsNoticed) {
  PacketReader reader;
  for (const char* frame : {"$g#00", "$g#6g", "$#01", "$g#zz"}) {
    reader.feed(frame);
    EXPECT_EQ(reader.next()->kind, Kind::damaged) << frame;
  }
  reader.feed("$g#67$#00");
  EXPECT_EQ(reader.next()->kind, Kind::packet);
  EXPECT_EQ(reader.next()->kind, Kind::packet);
}

TEST(Packet, AFrameThatIsCutOffIsForgotten) {
  PacketReader reader;
  reader.feed("noise$m10" + framed("g"));
  EXPECT_EQ(reader.next()->payload, "g");
  EXPECT_FALSE(reader.next());
}

TEST(Packet, AFrameThatIsTooLongIsDamaged) {
  PacketReader reader;
  std::string payload(longest_packet, 'a');
  reader.feed(framed(payload));
  EXPECT_EQ(reader.next()->payload, payload);
  reader.feed(framed(payload + 'a'));
  EXPECT_EQ(reader.next()->kind, Kind::damaged);
  reader.feed(framed("g"));
  EXPECT_EQ(reader.next()->payload, "g");
}

TEST(Packet, AnyBytesCanBeRead) {
  std::mt19937 random(1);
  PacketReader reader;
  std::string noise(100000, ' ');
  for (char& c : noise)
    c = "$#+-\x03}*0af\xff"[random() % 11];
  reader.feed(noise);
  std::size_t count = 0;
  while (reader.next())
    ++count;
  EXPECT_GT(count, 100U);
}

TEST(Packet, BytesThatMeanSomethingAreEscaped) {
  EXPECT_EQ(escaped("a#b$c}d*"),
            "a}\x03"
            "b}\x04"
            "c}]d}\n");
  EXPECT_EQ(fitting("ab#c", 3), 2U);
  EXPECT_EQ(fitting("ab#c", 4), 3U);
  EXPECT_EQ(fitting("ab#c", 9), 4U);
}

TEST(Packet, HexadecimalGoesBothWays) {
  EXPECT_EQ(to_hex(std::string_view("\x01\xfe\n", 3)), "01fe0a");
  EXPECT_EQ(from_hex("01Fe0a"), std::string("\x01\xfe\n"));
  EXPECT_EQ(from_hex(""), "");
  EXPECT_FALSE(from_hex("123"));
  EXPECT_FALSE(from_hex("1g"));
}

}  // namespace
}  // namespace inquest
