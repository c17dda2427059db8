// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>
#include <vector>

#include "shell/start.h"

int main(int count, char** words) {
  std::vector<std::string> arguments(words + (count > 0 ? 1 : 0),
                                     words + count);
  return inquest::run_inquest(count > 0 ? words[0] : "inquest",
                              std::move(arguments));
}
