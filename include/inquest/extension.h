/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an extension of inquest and inquest know of each other.
 *
 * An extension is a shared object that adds commands to a session: "extend
 * file.so" loads it. docs/extending.md explains how to write one.
 *
 * The interface is C: tables of function pointers and plain structures, and no
 * type of a C++ library. An extension is built by someone else, at another
 * time, maybe by another compiler or in another language, and a std::string, a
 * vtable or an exception means the same on both sides only where all of these
 * are equal. A table of pointers has one layout everywhere, and grows:
 *
 *  - What is added later goes to the end of a structure. Each side writes the
 *    size that it knows into the structures it hands over (|size|), and looks
 *    at nothing beyond the other's. INQUEST_HAS() asks for a late function.
 *    Structures without a |size| stand in arrays or are filled in by the other
 *    side; they stay as they are.
 *  - INQUEST_EXTENSION_VERSION rises only when something that exists changes
 *    its meaning. An extension of another version is refused, not tried.
 *
 * All text is UTF-8 and ends with NUL. What inquest returns as const char *
 * or through a structure belongs to inquest and stays until the extension's
 * command returns. What an extension hands over is copied, except for its
 * InquestExtension, which must stay as long as it is loaded.
 *
 * Everything is called on one thread, and only while a command runs. C++
 * exceptions must not leave a callback.
 */
#ifndef INQUEST_EXTENSION_H
#define INQUEST_EXTENSION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define INQUEST_EXTENSION_VERSION 1u

/* What a function returns: 0, or why not. */
enum {
  INQUEST_OK = 0,
  INQUEST_FAILED = -1, /* InquestHost::error says why */
  INQUEST_USAGE = -2   /* of a command: its arguments make no sense */
};

enum InquestMemory {
  INQUEST_KERNEL = 0,   /* kernel virtual addresses */
  INQUEST_PHYSICAL = 1, /* physical addresses */
  INQUEST_USER = 2,     /* user virtual ones of the current task */
  INQUEST_MEMORY_LAST = 0x7fffffff /* no memory; any int is a valid value */
};

typedef struct InquestSession InquestSession;

typedef struct InquestPlace {
  const char *symbol;
  uint64_t offset;    /* from the symbol's start */
  const char *module; /* "" for the kernel itself */
} InquestPlace;

typedef struct InquestMember {
  uint64_t offset; /* in bytes, from the start of the outermost type */
  uint64_t size;   /* in bytes */
  uint32_t bit_offset, bit_size; /* of a bit-field behind |offset|, else 0 */
} InquestMember;

typedef struct InquestValue {
  int is_scalar;      /* an integer, enumerator, pointer, ... */
  uint64_t number;    /* its value; a negative one sign-extended */
  int has_address;    /* it lies in memory */
  uint64_t address;   /* where */
  const char *type;   /* "struct list_head", "unsigned int [4]" */
  const char *text;   /* as the command p shows it */
} InquestValue;

typedef struct InquestTask {
  uint64_t address; /* of its task_struct */
  int64_t pid, tgid;  /* -1: cannot be read */
  int32_t cpu;        /* -1: cannot be read */
  const char *state;  /* "RU", "IN", "UN", ...; "??": cannot be read */
  const char *comm;   /* "": cannot be read */
  int is_active;      /* it is what its CPU was running */
  int is_kernel_thread;
} InquestTask;

enum InquestKind {
  INQUEST_UNSIGNED = 0, /* number */
  INQUEST_SIGNED = 1,   /* number, as int64_t */
  INQUEST_ADDRESS = 2,  /* number, shown in hexadecimal */
  INQUEST_TEXT = 3,     /* text */
  INQUEST_MISSING = 4   /* text: why there is no value */
};

typedef struct InquestField {
  const char *name;
  uint32_t kind; /* enum InquestKind */
  uint64_t number;
  const char *text;
} InquestField;

/*
 * What inquest does for an extension. Those that return int return INQUEST_OK
 * or INQUEST_FAILED, and leave |out| alone when they fail.
 */
typedef struct InquestHost {
  uint32_t version; /* INQUEST_EXTENSION_VERSION */
  uint32_t size;    /* sizeof(InquestHost) as inquest knows it */

  /* Why the last call failed. */
  const char *(*error)(InquestSession *session);
  /* Whether the user pressed Ctrl-C: long loops ask, and end. */
  int (*interrupted)(InquestSession *session);

  /* ---- Memory. Bytes as they lie there, in the dump's byte order. ---- */
  int (*read)(InquestSession *session, enum InquestMemory memory,
              uint64_t address, void *out, size_t size);

  /* ---- Symbols, of the kernel and of modules ---- */
  int (*symbol)(InquestSession *session, const char *name, uint64_t *out);
  int (*place)(InquestSession *session, uint64_t address, InquestPlace *out);

  /* ---- Types. |type| as in a cast: "struct list_head", "pid_t". ---- */
  int (*type_size)(InquestSession *session, const char *type, uint64_t *out);
  /* |path| may name nested members and elements: "se.avg", "bits[1]". */
  int (*member)(InquestSession *session, const char *type, const char *path,
                InquestMember *out);
  int (*enumerator)(InquestSession *session, const char *name, int64_t *out);

  /* ---- Values ---- */
  /* A C expression as p takes it: "init_task.comm", "jiffies + 1",
     "((struct task_struct *)0xffff888003a50000)->mm->pgd". */
  int (*evaluate)(InquestSession *session, const char *expression,
                  InquestValue *out);
  /* The |path| ("": all) of the |type| at |address|. Member access looks
     through pointers: "mm.pgd". */
  int (*value)(InquestSession *session, const char *type, uint64_t address,
               const char *path, InquestValue *out);
  /* The instance of a per-CPU variable for |cpu|. */
  int (*per_cpu)(InquestSession *session, const char *symbol, uint32_t cpu,
                 uint64_t *out);

  /* ---- Tasks ---- */
  /* Calls |visit| for every task, idle ones first, then by pid, until it
     returns something else than 0, which is no failure. |task| and its texts
     are there during the visit. When some tasks cannot be reached,
     INQUEST_FAILED after those that can. */
  int (*each_task)(InquestSession *session,
                   int (*visit)(void *context, const InquestTask *task),
                   void *context);

  /* ---- Other commands ---- */
  /* Runs a line such as "bt 1" and hands over what it says. On failure the
     text is there too; error() is what it complained about. */
  int (*run)(InquestSession *session, const char *line, const char **out);

  /* ---- The answer ---- */
  /* One row: |text| with its line end for people, the fields for JSON. Without
     |text| (NULL) the fields are written in one line. */
  void (*row)(InquestSession *session, const char *text,
              const InquestField *fields, size_t count);
  /* Headings and blank lines: text without data, left out of JSON. */
  void (*layout)(InquestSession *session, const char *text);
  /* Something could not be answered: an error line, and exit status 1. */
  void (*problem)(InquestSession *session, const char *message);
  /* A remark that is no failure. */
  void (*note)(InquestSession *session, const char *text);
  /* Makes |message| what error() says: "return host->fail(session, ...)" ends
     a command with it. Returns INQUEST_FAILED. */
  int (*fail)(InquestSession *session, const char *message);
} InquestHost;

/* Whether this inquest's table has |function|. */
#define INQUEST_HAS(host, function) \
  ((host)->size >= offsetof(InquestHost, function) + sizeof((host)->function))

typedef struct InquestOption {
  const char *option;  /* "-c cpu" */
  const char *meaning; /* "only this CPU" */
} InquestOption;

typedef struct InquestCommand {
  uint32_t size;           /* sizeof(InquestCommand) */
  const char *name;        /* letters, digits, '_' and '-' */
  const char *summary;     /* one line, lower case, no full stop */
  const char *synopsis;    /* "[-c cpu] symbol ...", without the name */
  const char *description; /* lines of at most 78 columns */
  const InquestOption *options; /* ends with one whose |option| is NULL */
  /* Runs it; words[0] is the first argument. INQUEST_USAGE shows the synopsis,
     INQUEST_FAILED shows what error() says. */
  int (*run)(const InquestHost *host, InquestSession *session, int count,
             const char *const *words);
} InquestCommand;

typedef struct InquestExtension {
  uint32_t version; /* INQUEST_EXTENSION_VERSION */
  uint32_t size;    /* sizeof(InquestExtension) */
  const InquestCommand *const *commands; /* ends with NULL */
  void (*unload)(void); /* called before it is unloaded; may be NULL */
} InquestExtension;

/* The one function that an extension must have. It returns a description that
   stays as it is, or NULL: not today. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const InquestExtension *inquest_extension(void);

#ifdef __cplusplus
}
#endif

#endif
