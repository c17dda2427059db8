/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compiled into a shared library per DWARF version; the tests look at its
 * debug info. Lines that the tests count on carry a mark. */
#include "dwarf_sample.h"

struct entry {
  char name[16];
  int matrix[2][3];
};

struct flags {
  unsigned int low : 3;
  unsigned int middle : 7;
  signed int high : 22;
  unsigned long long wide : 40;
};

union number {
  long whole;
  double real;
};

struct kitchen {
  const volatile char* text;
  enum color color;
  struct {
    int x;
    union {
      int y;
      float f;
    };
  };
  struct hidden* hidden;
  int (*handler)(struct kitchen*, word_t, ...);
  _Bool is_open;
  word_t words[4];
  struct list tail[];
};

enum { FIRST_ANONYMOUS = 41, SECOND_ANONYMOUS };

/* Both linkages, with and without a header that declares them. */
struct entry sample_entry = {"entry", {{1, 2, 3}, {4, 5, 6}}};
static struct flags static_flags;
struct kitchen* kitchens[7];
extern struct shared sample_shared;
union number sample_number;
int zero_length[0];
volatile int sink;

static inline __attribute__((always_inline)) int twice(int value) {
  sink = value;           /* MARK: inlined */
  return sink + sink;
}

int sample_function(struct kitchen* kitchen, word_t count) {
  sink = FIRST_ANONYMOUS; /* MARK: body */
  static_flags.low = kitchen->is_open;
  int result = twice((int)count); /* MARK: call */
  return result + sample_shared.id;
}

int sample_variadic(const char* format, ...) {
  sink = format[0];
  return static_flags.high + SECOND_ANONYMOUS;
}
