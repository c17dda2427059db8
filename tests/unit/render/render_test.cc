// SPDX-License-Identifier: GPL-3.0-or-later
#include "render/render.h"

#include <algorithm>
#include <limits>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace inquest::render {
namespace {

using report::Record;

void send(report::Sink& sink, const Record& record, const std::string& text) {
  sink.row([&] { return record; }, [&] { return text; });
}

nlohmann::json json_of(const Record& record) {
  std::ostringstream out;
  send(*json_lines(out), record, "");
  EXPECT_TRUE(out.str().ends_with("\n"));
  EXPECT_EQ(std::ranges::count(out.str(), '\n'), 1);
  return nlohmann::json::parse(out.str());
}

TEST(Json, EveryKindOfValue) {
  auto json =
      json_of(Record()
                  .with("none", report::Value())
                  .with("flag", true)
                  .with("negative", std::int64_t{-3})
                  .with("large", std::numeric_limits<std::uint64_t>::max())
                  .with("real", 0.5)
                  .with("infinite", std::numeric_limits<double>::infinity())
                  .with("address", Address{0xffffffff81000000})
                  .with("text", "a \"quote\" \\ \n\t")
                  .with("error", Error(ErrorKind::fault, "gone"))
                  .with("list", report::List{1, "two"})
                  .with("empty", report::List())
                  .with("nested", Record().with("x", 1)));
  EXPECT_TRUE(json["none"].is_null());
  EXPECT_EQ(json["flag"], true);
  EXPECT_EQ(json["negative"], -3);
  EXPECT_EQ(json["large"], std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(json["real"], 0.5);
  EXPECT_TRUE(json["infinite"].is_null());
  EXPECT_EQ(json["address"], "0xffffffff81000000");
  EXPECT_EQ(json["text"], "a \"quote\" \\ \n\t");
  EXPECT_EQ(json["error"]["error"], "gone");
  EXPECT_EQ(json["list"], nlohmann::json::parse("[1, \"two\"]"));
  EXPECT_TRUE(json["empty"].empty());
  EXPECT_EQ(json["nested"]["x"], 1);
}

TEST(Json, TextOfTheDumpCannotBreakOut) {
  for (int byte = 0; byte < 256; ++byte) {
    std::string text = {'a', static_cast<char>(byte), 'b'};
    EXPECT_NO_THROW(json_of(Record().with(text, text))) << byte;
  }
}

TEST(Json, RemarksAreObjectsAndLayoutIsNot) {
  std::ostringstream out;
  auto sink = json_lines(out);
  sink->layout("HEADING\n");
  sink->note("3 pages");
  EXPECT_FALSE(sink->has_problem());
  sink->problem(Error(ErrorKind::fault, "no page"));
  EXPECT_TRUE(sink->has_problem());
  EXPECT_EQ(out.str(), "{\"note\":\"3 pages\"}\n{\"error\":\"no page\"}\n");
}

TEST(Text, RowsLayoutAndProblemsKeepTheirPlaces) {
  std::ostringstream out;
  std::ostringstream errors;
  auto sink = text(out, errors);
  sink->layout("HEADING\n");
  send(*sink, Record(), "row\n");
  sink->note("remark");
  EXPECT_FALSE(sink->has_problem());
  sink->problem(Error(ErrorKind::fault, "no page"));
  sink->problem(Error(ErrorKind::usage, ""));
  EXPECT_TRUE(sink->has_problem());
  EXPECT_EQ(out.str(), "HEADING\nrow\n");
  EXPECT_EQ(errors.str(), "remark\nno page\n");
}

TEST(Text, TerminalsGetNoControlCharacters) {
  std::ostringstream out;
  std::ostringstream errors;
  send(*text(out, errors, Reader::terminal), Record(), "\33[2J\n");
  EXPECT_EQ(out.str(), "\\x1b[2J\n");
  out.str("");
  send(*text(out, errors, Reader::file), Record(), "\33[2J\n");
  EXPECT_EQ(out.str(), "\33[2J\n");
}

}  // namespace
}  // namespace inquest::render
