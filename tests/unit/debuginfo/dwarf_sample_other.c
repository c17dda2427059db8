/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another unit: the same header's types again, and another struct entry. */
#include "dwarf_sample.h"

struct entry {
  unsigned long key;
};

struct hidden {
  struct entry first;
  int secret;
};

struct hidden sample_hidden;
struct shared sample_shared = {7, {0, 0}};
static struct flags_of_other {
  short small;
} static_flags;

enum color sample_color = BLUE;

int other_function(void) {
  return static_flags.small + sample_hidden.secret;
}
