// SPDX-License-Identifier: GPL-3.0-or-later
// Writes what the running kernel says of itself to a block device, as a tar
// stream: /proc, parts of /sys, every process with its threads, and which
// physical page is behind each of its addresses. One process does it all
// within a second or two, so that little changes while it looks. It leaves
// itself out.
//
// usage: record DEVICE EXTRA_FOLDER
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int output;
static char *buffer;
static size_t capacity;

static void write_all(const void *data, size_t size) {
  const char *bytes = data;
  while (size > 0) {
    ssize_t written = write(output, bytes, size);
    if (written <= 0) {
      perror("record");
      exit(1);
    }
    bytes += written;
    size -= written;
  }
}

static void add(const char *name, const void *data, size_t size) {
  static const char zeros[512];
  char header[512] = {0};
  while (*name == '/')
    name++;
  if (strlen(name) > 99) {
    fprintf(stderr, "record: name too long: %s\n", name);
    return;
  }
  strcpy(header, name);
  strcpy(header + 100, "0000644");
  strcpy(header + 108, "0000000");
  strcpy(header + 116, "0000000");
  snprintf(header + 124, 12, "%011lo", (unsigned long)size);
  strcpy(header + 136, "00000000000");
  memset(header + 148, ' ', 8);
  header[156] = '0';
  memcpy(header + 257, "ustar\00000", 8);
  unsigned sum = 0;
  for (int i = 0; i < 512; i++)
    sum += (unsigned char)header[i];
  snprintf(header + 148, 8, "%06o", sum);
  write_all(header, 512);
  write_all(data, size);
  write_all(zeros, (512 - size % 512) % 512);
}

// The bytes of a file into buffer; -1 when it cannot be opened. What can be
// read before an error counts.
static ssize_t slurp(const char *path) {
  int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  size_t size = 0;
  if (file < 0)
    return -1;
  for (;;) {
    if (capacity - size < 1 << 16)
      buffer = realloc(buffer, capacity = capacity * 2 + (1 << 17));
    ssize_t got = read(file, buffer + size, capacity - size);
    if (got <= 0)
      break;
    size += got;
  }
  close(file);
  return size;
}

static void copy_as(const char *path, const char *name) {
  ssize_t size = slurp(path);
  if (size >= 0)
    add(name, buffer, size);
}

static void copy(const char *path) { copy_as(path, path); }

// All regular files below a folder, DEPTH levels down; links are not followed.
static void copy_tree(const char *path, int depth) {
  DIR *folder = opendir(path);
  struct dirent *entry;
  if (!folder)
    return;
  while ((entry = readdir(folder))) {
    char name[512];
    struct stat status;
    if (entry->d_name[0] == '.')
      continue;
    snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
    if (lstat(name, &status) != 0)
      continue;
    if (S_ISDIR(status.st_mode) && depth > 1)
      copy_tree(name, depth - 1);
    else if (S_ISREG(status.st_mode) && (status.st_mode & 0444))
      copy(name);
  }
  closedir(folder);
}

// The links in a folder, one "name -> target" a line.
static void list_links(const char *path, const char *name) {
  char *text = NULL;
  size_t size = 0;
  DIR *folder = opendir(path);
  struct dirent *entry;
  FILE *file = open_memstream(&text, &size);
  while (folder && (entry = readdir(folder))) {
    char target[512];
    ssize_t length =
        readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);
    if (length >= 0)
      fprintf(file, "%s -> %.*s\n", entry->d_name, (int)length, target);
  }
  if (folder)
    closedir(folder);
  fclose(file);
  add(name, text, size);
  free(text);
}

// "address pfn N" or "address swap TYPE OFFSET" for the first pages of each
// mapping that are there at all; see the kernel's admin-guide/mm/pagemap.rst.
static void record_pagemap(const char *from, const char *to) {
  char path[400], name[400], line[512], *text = NULL;
  size_t size = 0;
  snprintf(path, sizeof path, "%s/maps", from);
  FILE *maps = fopen(path, "re");
  snprintf(path, sizeof path, "%s/pagemap", from);
  int pagemap = open(path, O_RDONLY | O_CLOEXEC);
  FILE *file = open_memstream(&text, &size);
  while (maps && pagemap >= 0 && fgets(line, sizeof line, maps)) {
    unsigned long start, end;
    int found = 0;
    if (sscanf(line, "%lx-%lx", &start, &end) != 2)
      continue;
    for (unsigned long at = start; at < end && found < 8; at += 4096) {
      uint64_t entry;
      if (pread(pagemap, &entry, 8, at / 4096 * 8) != 8 || at > start + (1 << 24))
        break;
      uint64_t value = entry & ((1ULL << 55) - 1);
      if (entry >> 63 && value)
        fprintf(file, "%lx pfn %lx\n", at, (unsigned long)value);
      else if (entry >> 62 & 1)
        fprintf(file, "%lx swap %lx %lx\n", at, (unsigned long)(value & 31),
                (unsigned long)(value >> 5));
      else
        continue;
      found++;
    }
  }
  fclose(file);
  if (maps)
    fclose(maps);
  if (pagemap >= 0)
    close(pagemap);
  snprintf(name, sizeof name, "%s/pagemap", to);
  if (size)
    add(name, text, size);
  free(text);
}

static void record_files(const char *from, const char *to,
                         const char *const *files) {
  for (; *files; files++) {
    char path[128], name[128];
    snprintf(path, sizeof path, "%s/%s", from, *files);
    snprintf(name, sizeof name, "%s/%s", to, *files);
    copy_as(path, name);
  }
}

// proc/pids/PID/FILE; task/TID is the stat line of a thread, threads/TID/ the
// rest of it.
// What the kernel tells of descriptors. Named like them.
static void record_fdinfo(const char *from, const char *to) {
  DIR *folder = opendir(from);
  struct dirent *entry;
  while (folder && (entry = readdir(folder))) {
    char path[PATH_MAX], name[PATH_MAX];
    if (entry->d_name[0] == '.')
      continue;
    snprintf(path, sizeof path, "%s/%s", from, entry->d_name);
    snprintf(name, sizeof name, "%s/%s", to, entry->d_name);
    copy_as(path, name);
  }
  if (folder)
    closedir(folder);
}

static void record_process(const char *pid) {
  static const char *const files[] = {
      "stat",   "status",        "statm",        "comm",      "cmdline",
      "environ", "maps",         "smaps",        "limits",    "cgroup",
      "stack",  "wchan",         "mountinfo",    "sched",     "schedstat",
      "io",     "syscall",       "personality",  "timers",    "oom_score_adj",
      "auxv",   "timerslack_ns", "numa_maps",    "loginuid",  "uid_map",
      NULL};
  static const char *const thread_files[] = {"status", "stack",   "wchan",
                                             "sched",  "syscall", "comm",
                                             NULL};
  char from[300], to[300], path[600], name[600];
  snprintf(from, sizeof from, "/proc/%s", pid);
  snprintf(to, sizeof to, "proc/pids/%s", pid);
  record_files(from, to, files);
  record_pagemap(from, to);
  snprintf(path, sizeof path, "%s/fd", from);
  snprintf(name, sizeof name, "%s/fd", to);
  list_links(path, name);
  snprintf(path, sizeof path, "%s/ns", from);
  snprintf(name, sizeof name, "%s/ns", to);
  list_links(path, name);
  snprintf(path, sizeof path, "%s/fdinfo", from);
  snprintf(name, sizeof name, "%s/fdinfo", to);
  record_fdinfo(path, name);
  snprintf(name, sizeof name, "%s/links", to);
  list_links(from, name);

  snprintf(path, sizeof path, "%s/task", from);
  DIR *folder = opendir(path);
  struct dirent *entry;
  while (folder && (entry = readdir(folder))) {
    if (entry->d_name[0] == '.')
      continue;
    snprintf(path, sizeof path, "%s/task/%s/stat", from, entry->d_name);
    snprintf(name, sizeof name, "%s/task/%s", to, entry->d_name);
    copy_as(path, name);
    snprintf(path, sizeof path, "%s/task/%s", from, entry->d_name);
    snprintf(name, sizeof name, "%s/threads/%s", to, entry->d_name);
    record_files(path, name, thread_files);
  }
  if (folder)
    closedir(folder);
}

// Name and address of each section of each module; what else sysfs says.
static void record_modules(void) {
  static const char *const files[] = {"coresize", "initsize", "refcnt",
                                      "taint",    "srcversion", NULL};
  DIR *folder = opendir("/sys/module");
  struct dirent *entry;
  while (folder && (entry = readdir(folder))) {
    char path[300], name[300];
    if (entry->d_name[0] == '.')
      continue;
    snprintf(path, sizeof path, "/sys/module/%s", entry->d_name);
    snprintf(name, sizeof name, "sys/module/%s", entry->d_name);
    record_files(path, name, files);
    char sections[320];
    snprintf(sections, sizeof sections, "%s/sections", path);
    DIR *inner = opendir(sections);
    if (!inner)
      continue;
    struct dirent *section;
    while ((section = readdir(inner))) {
      char at[600];
      snprintf(at, sizeof at, "%s/%s", sections, section->d_name);
      if (strcmp(section->d_name, ".") && strcmp(section->d_name, ".."))
        copy(at);
    }
    closedir(inner);
  }
  if (folder)
    closedir(folder);
}

// Which BTF there is; the bytes are in the dump.
static void record_btf(void) {
  char *text = NULL;
  size_t size = 0;
  DIR *folder = opendir("/sys/kernel/btf");
  struct dirent *entry;
  FILE *file = open_memstream(&text, &size);
  while (folder && (entry = readdir(folder))) {
    struct stat status;
    if (entry->d_name[0] != '.' &&
        fstatat(dirfd(folder), entry->d_name, &status, 0) == 0)
      fprintf(file, "%s %ld\n", entry->d_name, (long)status.st_size);
  }
  if (folder)
    closedir(folder);
  fclose(file);
  add("sys/btf", text, size);
  free(text);
}

static void record_slabs(void) {
  static const char *const files[] = {
      "object_size",   "slab_size", "order",     "objs_per_slab", "objects",
      "total_objects", "slabs",     "cpu_slabs", "partial",       NULL};
  DIR *folder = opendir("/sys/kernel/slab");
  struct dirent *entry;
  while (folder && (entry = readdir(folder))) {
    char path[300];
    if (entry->d_name[0] == '.' || entry->d_type == DT_LNK)
      continue;
    snprintf(path, sizeof path, "/sys/kernel/slab/%s", entry->d_name);
    record_files(path, path, files);
  }
  if (folder)
    closedir(folder);
}

int main(int count, char **arguments) {
  static const char *const proc[] = {
      "version",     "cmdline",      "uptime",      "loadavg",  "meminfo",
      "vmstat",      "zoneinfo",     "buddyinfo",   "pagetypeinfo",
      "slabinfo",    "modules",      "mounts",      "filesystems",
      "devices",     "partitions",   "diskstats",   "swaps",    "interrupts",
      "softirqs",    "iomem",        "ioports",     "kallsyms", "timer_list",
      "locks",       "vmallocinfo",  "cpuinfo",     "stat",     "consoles",
      "crypto",      "cgroups",      "misc",        "keys",     "key-users",
      "schedstat",   "execdomains",  "dma",         "fb",       "mtrr",
      "tty/drivers", "sys/kernel/tainted",          "sys/kernel/pid_max",
      "sys/kernel/hostname",         "sys/kernel/random/boot_id",
      "sys/fs/file-nr",              "sys/vm/swappiness",
      NULL};
  if (count != 3)
    return 2;
  output = open(arguments[1], O_WRONLY | O_CLOEXEC);
  if (output < 0 || chdir(arguments[2]) != 0) {
    perror("record");
    return 1;
  }

  DIR *folder = opendir("/proc");
  struct dirent *entry;
  while ((entry = readdir(folder)))
    if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' &&
        atoi(entry->d_name) != getpid())
      record_process(entry->d_name);
  closedir(folder);

  record_files("/proc", "proc", proc);
  copy_tree("/proc/sysvipc", 1);
  copy_tree("/proc/net", 2);
  copy_tree("/proc/fs", 3);
  record_modules();
  record_btf();
  record_slabs();
  copy_tree("/sys/kernel/irq", 2);
  copy_as("/sys/kernel/vmcoreinfo", "sys/vmcoreinfo");
  copy("/sys/kernel/kexec_crash_size");
  copy("/sys/devices/system/cpu/online");
  copy("/proc/kpageflags");
  copy("/proc/kpagecount");
  copy_tree(".", 2);

  static const char end[1024];
  write_all(end, sizeof end);
  fsync(output);
  posix_fadvise(output, 0, 0, POSIX_FADV_DONTNEED);
  return 0;
}
