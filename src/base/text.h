// SPDX-License-Identifier: GPL-3.0-or-later
// Small operations on text.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace inquest {

// The words of |text|, separated by blanks and tabs.
std::vector<std::string_view> words(std::string_view text);
std::vector<std::string_view> lines(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
// The length of the well-formed UTF-8 sequence at the start of |text|, which
// is not empty; 0 where there is none, or one of the control characters beyond
// ASCII.
std::size_t utf8_length(std::string_view text);
// Makes text of the dump safe for a terminal: control characters other than
// newline and tab, and bytes that are not UTF-8, become \xNN.
std::string printable(std::string_view text);

}  // namespace inquest
