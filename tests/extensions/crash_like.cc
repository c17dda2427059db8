// SPDX-License-Identifier: GPL-3.0-or-later
// What an extension made for crash looks like from outside.
extern "C" void register_extension(void* table);

namespace {
__attribute__((constructor)) void start() {
  register_extension(nullptr);
}
}  // namespace
