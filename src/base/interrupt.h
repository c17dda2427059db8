// SPDX-License-Identifier: GPL-3.0-or-later
// Ctrl-C: the one piece of state that a signal handler and every long loop
// share.

#pragma once

namespace inquest {

// Whether the user asked the current command to stop. Cheap; long walks and
// scans call it every few thousand steps.
bool interrupted();
// Called by the signal handler.
void interrupt();
// Called before each command.
void clear_interrupt();

}  // namespace inquest
