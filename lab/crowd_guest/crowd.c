// SPDX-License-Identifier: GPL-3.0-or-later
// usage: crowd TASKS FILES
//
// Makes that many files, a thousand to a folder, and starts that many tasks, a
// quarter of them processes, which have up to seven threads. They sleep in
// different ways and never end. Makes /run/ready when all are there.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void fail(const char *what) {
  printf("=== FAILED: %s: %s\n", what, strerror(errno));
  fflush(stdout);
  for (;;)
    pause();
}

static void rest(long way) {
  struct timespec long_time = {1000000, 0};
  char byte;
  int ends[2];
  switch (way % 5) {
    case 0:
      for (;;)
        pause();
    case 1:
      for (;;)
        nanosleep(&long_time, NULL);
    case 2:
      pthread_mutex_lock(&held);
      break;
    case 3:
      if (pipe(ends) == 0)
        (void)!read(ends[0], &byte, 1);
      break;
    default:
      poll(&(struct pollfd){.fd = eventfd(0, 0), .events = POLLIN}, 1, -1);
  }
  for (;;)
    pause();
}

static void *thread(void *number) {
  char name[16];
  snprintf(name, sizeof name, "thread-%ld", (long)number);
  prctl(PR_SET_NAME, name);
  rest((long)number);
  return NULL;
}

static void process(long number, long threads) {
  char name[16];
  pthread_attr_t attributes;
  pthread_t made;
  snprintf(name, sizeof name, "crowd-%ld", number);
  prctl(PR_SET_NAME, name);
  pthread_mutex_lock(&held);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 16384);
  pthread_attr_setguardsize(&attributes, 0);
  for (long i = 1; i <= threads; i++)
    if (pthread_create(&made, &attributes, thread, (void *)(number + i)) != 0)
      fail("pthread_create");
  // Says that the threads are there.
  if (write(3, "", 1) != 1)
    fail("write");
  close(3);
  close(4);
  rest(number);
}

static void make_files(long files) {
  char name[64];
  int file;
  for (long i = 0; i < files; i++) {
    snprintf(name, sizeof name, "/run/many-%ld", i / 1000);
    if (i % 1000 == 0 && mkdir(name, 0755) != 0)
      fail("mkdir");
    snprintf(name, sizeof name, "/run/many-%ld/%ld", i / 1000, i);
    file = open(name, O_CREAT | O_WRONLY, 0644);
    if (file < 0 || close(file) != 0)
      fail(name);
    if (i % 50000 == 49999) {
      printf("=== %ld files so far\n", i + 1);
      fflush(stdout);
    }
  }
}

int main(int count, char **words) {
  long tasks = count > 1 ? atol(words[1]) : 100000;
  struct rlimit many = {1 << 20, 1 << 20};
  int ends[2];
  char byte;
  make_files(count > 2 ? atol(words[2]) : 0);
  setrlimit(RLIMIT_NPROC, &many);
  if (pipe(ends) != 0 || dup2(ends[1], 9) < 0 || dup2(ends[0], 4) < 0 ||
      dup2(9, 3) < 0)
    fail("pipe");
  close(9);
  for (long made = 0, number = 0; made < tasks; number++) {
    long threads = number % 7;
    switch (fork()) {
      case -1: fail("fork"); break;
      case 0: process(number, threads); break;
      default: break;
    }
    if (read(4, &byte, 1) != 1)
      fail("read");
    made += 1 + threads;
    if (number % 1000 == 999)
      printf("=== %ld tasks so far\n", made);
    fflush(stdout);
  }
  close(open("/run/ready", O_CREAT | O_WRONLY, 0644));
  for (;;)
    pause();
}
