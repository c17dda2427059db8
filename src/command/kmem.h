// SPDX-License-Identifier: GPL-3.0-or-later
// The modes of kmem: each answers with what else of |options| it takes.

#pragma once

#include "command/command.h"
#include "command/options.h"
#include "kernel/slabs.h"

namespace inquest {

// -o: kmem_cpus.cc.
Result<void> show_cpu_offsets(Session& session, const Options& options,
                              report::Sink& out);

// -s, -S and -r: kmem_slabs.cc.
Result<void> show_slabs(Session& session, const Options& options,
                        report::Sink& out);
// The cache, the slab, and the object that an address lies in, or all objects.
void show_slab_place(const SlabPlace& place, bool has_all_objects,
                     report::Sink& out);

}  // namespace inquest
