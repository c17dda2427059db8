// SPDX-License-Identifier: GPL-3.0-or-later
// Free memory as kmem -f and kmem ADDRESS show it.

#pragma once

#include "kernel/free_pages.h"
#include "report/report.h"

namespace inquest {

// Shows the zone, the list and the block where |place| is. |wanted| is what was
// asked for, which is in the |frame|.
void show_free_place(const FreePages& free, const FreePlace& place,
                     Address wanted, std::uint64_t frame, report::Sink& out);

}  // namespace inquest
