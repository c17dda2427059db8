// SPDX-License-Identifier: GPL-3.0-or-later
// An extension from another time.
#include <inquest/extension.h>

namespace {
const InquestExtension extension = {INQUEST_EXTENSION_VERSION + 1,
                                    sizeof(InquestExtension), nullptr, nullptr};
}  // namespace

const InquestExtension* inquest_extension(void) {
  return &extension;
}
