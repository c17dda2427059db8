// SPDX-License-Identifier: GPL-3.0-or-later
// Mapped files that become shorter, or whose disk fails: touching a page that
// is not there any more raises SIGBUS.

#pragma once

namespace inquest {

// From now on such pages read as zeroes, and are counted.
void survive_lost_pages();

// How many pages were lost so far. Who keeps what he has read, or shows it,
// asks before and after.
unsigned lost_pages();

}  // namespace inquest
