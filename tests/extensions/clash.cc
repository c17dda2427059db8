// SPDX-License-Identifier: GPL-3.0-or-later
// An extension with a command that there is already.
#include <inquest/extension.h>

namespace {
int run(const InquestHost* /*host*/, InquestSession* /*session*/, int /*count*/,
        const char* const* /*words*/) {
  return INQUEST_OK;
}
const InquestCommand bt = {
    sizeof(InquestCommand), "bt", "", "", "", nullptr, run};
const InquestCommand* const commands[] = {&bt, nullptr};
const InquestExtension extension = {
    INQUEST_EXTENSION_VERSION, sizeof(InquestExtension), commands, nullptr};
}  // namespace

const InquestExtension* inquest_extension(void) {
  return &extension;
}
