/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What both units of the sample see. */

struct hidden; /* defined in dwarf_sample_other.c only */

typedef unsigned long word_t;

enum color { RED, GREEN = 5, BLUE = -3 };

struct list {
  struct list *next, **prev;
};

struct shared {
  int id;
  struct list node;
};
