// SPDX-License-Identifier: GPL-3.0-or-later
// Work that can be cut into parts, on all processors.

#pragma once

#include <cstddef>
#include <functional>

namespace inquest {

// Calls |work| with [0, count) from as many threads, itself included, and
// returns when all are done. Where the host has no more threads, fewer are
// called; 0 always is. What |work| throws is thrown here, the first of it.
void on_threads(std::size_t count,
                const std::function<void(std::size_t)>& work);

// Calls |work| with [first, last) for parts of [0, count) of at most |part|,
// each once, in any order and from several threads, itself included; returns
// when all are done. An interrupt leaves parts out, and so does what is thrown.
void in_parallel(std::size_t count, std::size_t part,
                 const std::function<void(std::size_t, std::size_t)>& work);

}  // namespace inquest
