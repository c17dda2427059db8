// SPDX-License-Identifier: GPL-3.0-or-later
// The dump formats, one file each.

#pragma once

#include "dump/data_source.h"
#include "dump/dump.h"

namespace inquest {

extern const DumpFormat elf_format;
extern const DumpFormat kdump_format;

// Raw RAM has no content to be recognised by. Parts that overlap are an error.
Result<std::unique_ptr<Dump>> open_raw(std::span<const RawPart> parts);

}  // namespace inquest
