// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/report.h"

#include <algorithm>

namespace inquest::report {

Value::Value(Record value)
    : data(std::make_shared<const Record>(std::move(value))) {}

Value::Value(std::vector<Record> value) {
  List list;
  for (Record& record : value)
    list.emplace_back(std::move(record));
  data = std::move(list);
}

Record&& Record::with(std::string_view name, Value value) && {
  add(name, std::move(value));
  return std::move(*this);
}

void Record::add(std::string_view name, Value value) {
  values_.emplace_back(name, std::move(value));
}

const Value* Record::find(std::string_view name) const {
  auto found = std::ranges::find(values_, name,
                                 [](const auto& entry) { return entry.first; });
  return found == values_.end() ? nullptr : &found->second;
}

std::string cell_text(const Error& error) {
  return error.kind() == ErrorKind::fault ? "(page not in dump)"
                                          : "(" + error.message() + ")";
}

}  // namespace inquest::report
