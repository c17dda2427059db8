// SPDX-License-Identifier: GPL-3.0-or-later
// A shared object that is no extension. Its constructor must not run.
#include <cstdlib>

namespace {
__attribute__((constructor)) void start() {
  std::abort();
}
}  // namespace
