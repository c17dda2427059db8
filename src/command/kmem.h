// SPDX-License-Identifier: GPL-3.0-or-later
// The modes of kmem: each answers with what else of |options| it takes.

#pragma once

#include <string>
#include <vector>

#include "command/command.h"
#include "command/options.h"
#include "kernel/page.h"
#include "kernel/slabs.h"

namespace inquest {

// No option, -P: kmem_address.cc.
Result<void> show_address(Session& session, const Options& options,
                          report::Sink& out);
// -f, -F: kmem_free.cc.
Result<void> show_free_pages(Session& session, const Options& options,
                             report::Sink& out);
// -g: kmem_flags.cc.
Result<void> show_page_flags(Session& session, const Options& options,
                             report::Sink& out);
// -h: kmem_huge.cc.
Result<void> show_huge_pages(Session& session, const Options& options,
                             report::Sink& out);
// -i, -i=shared: kmem_usage.cc.
Result<void> show_usage(Session& session, const Options& options,
                        report::Sink& out);
// -n: kmem_nodes.cc.
Result<void> show_nodes(Session& session, const Options& options,
                        report::Sink& out);
// -o: kmem_cpus.cc.
Result<void> show_cpu_offsets(Session& session, const Options& options,
                              report::Sink& out);
// -p, -m: kmem_pages.cc.
Result<void> show_pages(Session& session, const Options& options,
                        report::Sink& out);
// -v: kmem_vmalloc.cc.
Result<void> show_vmalloc(Session& session, const Options& options,
                          report::Sink& out);
// -V: kmem_counters.cc.
Result<void> show_counters(Session& session, const Options& options,
                           report::Sink& out);
// -z: kmem_zones.cc.
Result<void> show_zones(Session& session, const Options& options,
                        report::Sink& out);

// ---- What several modes share: kmem_words.cc ----

// The addresses that |options| has: hexadecimal, symbols, or sums in
// parentheses.
Result<std::vector<Address>> kmem_addresses(const Session& session,
                                            const Options& options);
// Kernel addresses are in the upper half; all others are taken for physical.
bool is_kernel_address(Address at);
// The frame that an address means: of the page itself where it is that of a
// struct page, a physical address or a kernel address. |not_found| otherwise,
// in crash's words.
Result<std::uint64_t> kmem_frame(const Kernel& kernel, const PageMap& pages,
                                 Address at);

// -s, -S and -r: kmem_slabs.cc.
Result<void> show_slabs(Session& session, const Options& options,
                        report::Sink& out);
// The cache, the slab, and the object that an address lies in, or all objects.
void show_slab_place(const SlabPlace& place, bool has_all_objects,
                     report::Sink& out);

}  // namespace inquest
