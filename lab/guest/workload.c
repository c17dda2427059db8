// SPDX-License-Identifier: GPL-3.0-or-later
// What the crashed kernel was busy with: one process for each thing a command
// of inquest shows, each named after it. Whatever a test wants to find in the
// dump and /proc cannot tell is written to ./workload, one
// "process pid key value" a line.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int notes;
static const char *role_name = "workload";

static void note(const char *key, unsigned long value) {
  char line[128];
  int length = snprintf(line, sizeof line, "%s %d %s %lx\n", role_name,
                        getpid(), key, value);
  if (write(notes, line, length) != length)
    perror("workload");
}

static void rest(void) {
  for (;;)
    pause();
}

static void must(long result, const char *what) {
  if (result < 0)
    perror(what);
}

static void ignore(int signal) { (void)signal; }

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void *worker(void *number) {
  char name[16];
  snprintf(name, sizeof name, "worker-%ld", (long)number);
  prctl(PR_SET_NAME, name);
  rest();
  return NULL;
}

static void *futex_waiter(void *unused) {
  prctl(PR_SET_NAME, "futex-wait");
  pthread_mutex_lock(&held);
  return unused;
}

static void *spinner(void *unused) {
  prctl(PR_SET_NAME, "spinner");
  for (volatile unsigned long count = 0;; count++)
    ;
  return unused;
}

static void tcp_server(void) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons(8080)};
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  must(bind(listener, (void *)&address, sizeof address), "bind");
  must(listen(listener, 8), "listen");
  if (fork() == 0) {
    prctl(PR_SET_NAME, "tcp-client");
    int client = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(connect(client, (void *)&address, sizeof address), "connect");
    must(write(client, "hello, unread data", 18), "write");
    rest();
  }
  must(accept(listener, NULL, NULL), "accept");
  rest();
}

static void udp6(void) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                 .sin6_port = htons(5353)};
  int socket6 = socket(AF_INET6, SOCK_DGRAM, 0);
  must(bind(socket6, (void *)&address, sizeof address), "bind");
  must(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6), "raw socket");
  rest();
}

static void unixsock(void) {
  struct sockaddr_un address = {AF_UNIX, "/tmp/test.sock"};
  int pair[2], listener = socket(AF_UNIX, SOCK_STREAM, 0);
  must(bind(listener, (void *)&address, sizeof address), "bind");
  must(listen(listener, 4), "listen");
  must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), "socketpair");
  rest();
}

static void fds(void) {
  struct epoll_event event = {.events = EPOLLIN};
  struct itimerspec later = {.it_value = {1000, 0}};
  sigset_t signals;
  int pipe_ends[2], epoll = epoll_create1(0), counter = eventfd(3, 0);
  epoll_ctl(epoll, EPOLL_CTL_ADD, counter, &event);
  timerfd_settime(timerfd_create(CLOCK_MONOTONIC, 0), 0, &later, NULL);
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  must(signalfd(-1, &signals, 0), "signalfd");
  inotify_add_watch(inotify_init(), "/tmp", IN_CREATE);
  must(pipe(pipe_ends), "pipe");
  must(write(pipe_ends[1], "in the pipe", 11), "write");
  must(open("/tmp/afile", O_CREAT | O_RDWR, 0644), "open");
  must(memfd_create("memfd-demo", 0), "memfd");
  must(open("/tmp/deleted", O_CREAT | O_RDWR, 0600), "open");
  unlink("/tmp/deleted");
  int locked = open("/tmp/locked", O_CREAT | O_RDWR, 0644);
  struct flock range = {.l_type = F_WRLCK, .l_start = 16, .l_len = 32};
  must(fcntl(locked, F_SETLK, &range), "fcntl");
  must(flock(open("/tmp/flocked", O_CREAT | O_RDWR, 0644), LOCK_EX), "flock");
  rest();
}

static void sysvipc(void) {
  struct {
    long type;
    char text[32];
  } message = {1, "message one"};
  struct sembuf down = {0, -1, 0};
  char *shared = shmat(shmget(0x1234, 65536, IPC_CREAT | 0600), NULL, 0);
  int semaphores = semget(0x2345, 3, IPC_CREAT | 0640);
  int queue = msgget(0x3456, IPC_CREAT | 0644);
  strcpy(shared, "shared");
  note("shared-memory", (unsigned long)shared);
  must(msgsnd(queue, &message, sizeof message.text, 0), "msgsnd");
  semop(semaphores, &down, 1);
  rest();
}

static void mapper(void) {
  enum { mebibyte = 1 << 20 };
  char *plain = mmap(NULL, 64 * mebibyte, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(plain, 0x5a, 24 * mebibyte);
  strcpy(plain + 4096, "needle-in-haystack");
  note("needle", (unsigned long)plain + 4096);

  int file = open("/tmp/mapped", O_CREAT | O_RDWR, 0644);
  must(ftruncate(file, mebibyte), "ftruncate");
  char *mapped = mmap(NULL, mebibyte, PROT_READ | PROT_WRITE, MAP_SHARED,
                      file, 0);
  memset(mapped, 'Q', mebibyte);
  note("file-of-Q", (unsigned long)mapped);

  char *region = mmap(NULL, 4 * mebibyte, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *huge = (char *)(((unsigned long)region + 2 * mebibyte - 1) &
                        ~(2ul * mebibyte - 1));
  madvise(huge, 2 * mebibyte, MADV_HUGEPAGE);
  strcpy(huge, "a huge page, if there was one");
  note("huge", (unsigned long)huge);

  char *swapped = mmap(NULL, mebibyte, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(swapped, 's', mebibyte);
  madvise(swapped, mebibyte, MADV_PAGEOUT);
  note("swapped", (unsigned long)swapped);
  rest();
}

static void zombie_parent(void) {
  if (fork() == 0)
    _exit(3);
  rest();
}

static void stopped(void) {
  raise(SIGSTOP);
  rest();
}

static void tracer(void) {
  if (fork() == 0) {
    prctl(PR_SET_NAME, "traced");
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    rest();
  }
  rest();
}

// The parent of a vfork sleeps uninterruptibly until the child lets go.
static void vfork_parent(void) {
  if (vfork() == 0)
    rest();
}

static void burner(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, spinner, NULL);
  rest();
}

static void sleeper(void) {
  for (;;)
    sleep(100000);
}

static void itimer(void) {
  struct sigevent by_signal = {.sigev_notify = SIGEV_SIGNAL,
                               .sigev_signo = SIGUSR1};
  struct itimerspec times = {{5, 0}, {500, 0}};
  timer_t timer;
  timer_create(CLOCK_REALTIME, &by_signal, &timer);
  timer_settime(timer, 0, &times, NULL);
  sigqueue(getpid(), SIGTERM, (union sigval){.sival_int = 7});
  rest();
}

static void realtime(void) {
  struct sched_param parameter = {.sched_priority = 7};
  must(sched_setscheduler(0, SCHED_FIFO, &parameter), "SCHED_FIFO");
  rest();
}

static void nice_guy(void) {
  must(setpriority(PRIO_PROCESS, 0, 11), "setpriority");
  rest();
}

// A container in small: its own PIDs, mounts, host name and network.
static void contained(void) {
  must(unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET |
               CLONE_NEWIPC),
       "unshare");
  if (fork() == 0) {
    prctl(PR_SET_NAME, "contained-1");
    must(sethostname("inside", 6), "sethostname");
    mkdir("/tmp/inside", 0755);
    must(mount("inside", "/tmp/inside", "tmpfs", 0, "size=1m"), "mount");
    rest();
  }
  rest();
}

static int bpf(int command, union bpf_attr *attributes) {
  long result = syscall(SYS_bpf, command, attributes, sizeof *attributes);
  must(result, "bpf");
  return (int)result;
}

static int load_program(const char *name, int type, int attach_type,
                        const struct bpf_insn *code, size_t size) {
  union bpf_attr load = {.prog_type = type,
                         .expected_attach_type = attach_type,
                         .insns = (unsigned long)code,
                         .insn_cnt = size / sizeof *code,
                         .license = (unsigned long)"GPL"};
  strcpy(load.prog_name, name);
  return bpf(BPF_PROG_LOAD, &load);
}

// A map with one element, a filter that looks it up attached to a socket, and
// programs behind a link to a name space and to a trace point.
static void bpf_user(void) {
  union bpf_attr create = {.map_type = BPF_MAP_TYPE_HASH, .key_size = 4,
                           .value_size = 8, .max_entries = 16};
  strcpy(create.map_name, "demo_counts");
  int key = 5, map = bpf(BPF_MAP_CREATE, &create);
  long value = 0x77;
  union bpf_attr element = {.map_fd = map, .key = (unsigned long)&key,
                            .value = (unsigned long)&value};
  bpf(BPF_MAP_UPDATE_ELEM, &element);

  const struct bpf_insn filter[] = {
      {BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0},
      {BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 5},
      {BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0},
      {BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4},
      {BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, map},
      {0, 0, 0, 0, 0},
      {BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2, 0},
      {BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 1},
      {BPF_STX | BPF_ATOMIC | BPF_DW, 0, 1, 0, BPF_ADD},
      {BPF_LDX | BPF_MEM | BPF_W, 0, 6, 0, 0},
      {BPF_ALU | BPF_AND | BPF_K, 0, 0, 0, 0xffff},
      {BPF_JMP32 | BPF_JGT | BPF_K, 0, 0, 1, 64},
      {BPF_ALU | BPF_END | BPF_TO_BE, 0, 0, 0, 16},
      {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
  };
  const struct bpf_insn pass[] = {
      {BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1},
      {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
  };
  int program = load_program("demo_filter", BPF_PROG_TYPE_SOCKET_FILTER, 0,
                             filter, sizeof filter);
  int filtered = socket(AF_INET, SOCK_DGRAM, 0);
  must(setsockopt(filtered, SOL_SOCKET, SO_ATTACH_BPF, &program,
                  sizeof program), "SO_ATTACH_BPF");

  union bpf_attr link = {.link_create = {
      .prog_fd = load_program("demo_lookup", BPF_PROG_TYPE_SK_LOOKUP,
                              BPF_SK_LOOKUP, pass, sizeof pass),
      .target_fd = open("/proc/self/ns/net", O_RDONLY),
      .attach_type = BPF_SK_LOOKUP}};
  bpf(BPF_LINK_CREATE, &link);
  union bpf_attr trace = {.raw_tracepoint = {
      .name = (unsigned long)"sched_process_exit",
      .prog_fd = load_program("demo_trace", BPF_PROG_TYPE_RAW_TRACEPOINT, 0,
                              pass, sizeof pass)}};
  bpf(BPF_RAW_TRACEPOINT_OPEN, &trace);
  rest();
}

static const struct {
  const char *name;
  void (*live)(void);
} roles[] = {
    {"tcp-server", tcp_server},
    {"udp6", udp6},
    {"unixsock", unixsock},
    {"fds", fds},
    {"sysvipc", sysvipc},
    {"mapper", mapper},
    {"zombie-parent", zombie_parent},
    {"stopped", stopped},
    {"tracer", tracer},
    {"vfork-D", vfork_parent},
    {"burner", burner},
    {"sleeper", sleeper},
    {"itimer", itimer},
    {"realtime", realtime},
    {"nice-guy", nice_guy},
    {"contained", contained},
    {"bpf-user", bpf_user},
};

// ---- Pages that are elsewhere ----

enum { page_words = 512, patterns = 8, pattern_pages = 256 };

static unsigned long random_word(unsigned long seed) {
  seed = (seed + 1) * 0x9e3779b97f4a7c15;
  seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9;
  return seed ^ seed >> 27;
}

// Word |i| of page |number|, from one value throughout to what no compression
// makes smaller.
static unsigned long pattern_word(unsigned long number, unsigned long i) {
  unsigned long random = random_word(number * page_words + i);
  switch (number % patterns) {
    case 0: return 0;
    case 1: return number;
    case 2: return number << 32 | i;
    case 3: return random;
    case 4: return i < page_words / 2 ? random : 0;
    case 5: return i % 7 ? 0 : random;
    case 6: return i < page_words * 3 / 4 ? random : number;
    default: return number * i;
  }
}

static void fill(unsigned long *words, unsigned long pages) {
  for (unsigned long i = 0; i < pages * page_words; i++)
    words[i] = pattern_word(i / page_words, i % page_words);
}

// Pages with patterns: swapped out to |device|, anonymous and shared, and those
// of a file that are in the page cache and have not been touched since they
// were mapped.
static void swapped_out(const char *name, const char *device, int priority) {
  enum { size = pattern_pages * page_words * 8, file_size = size / 8 };
  char path[64];
  role_name = name;
  prctl(PR_SET_NAME, name);
  unsigned long *own = mmap(NULL, size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unsigned long *shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  madvise(own, size, MADV_NOHUGEPAGE);
  fill(own, pattern_pages);
  fill(shared, pattern_pages);
  snprintf(path, sizeof path, "/mnt/ext/pattern-%s", name);
  int file = open(path, O_CREAT | O_RDWR, 0644);
  must(write(file, own, file_size), "write");
  unsigned long *cached =
      mmap(NULL, file_size, PROT_READ, MAP_SHARED, file, 0);
  must(swapon(device, SWAP_FLAG_PREFER | priority), "swapon");
  must(madvise(own, size, MADV_PAGEOUT), "MADV_PAGEOUT");
  must(madvise(shared, size, MADV_PAGEOUT), "MADV_PAGEOUT");
  note("pattern-own", (unsigned long)own);
  note("pattern-shared", (unsigned long)shared);
  note("pattern-cached", (unsigned long)cached);
  rest();
}

int main(int count, char **arguments) {
  sigset_t blocked;
  pthread_t thread;
  notes = open("workload", O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  if (count == 4)
    swapped_out(arguments[1], arguments[2], atoi(arguments[3]));
  signal(SIGUSR1, ignore);
  signal(SIGHUP, SIG_IGN);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  for (long number = 0; number < 4; number++)
    pthread_create(&thread, NULL, worker, (void *)number);
  pthread_mutex_lock(&held);
  pthread_create(&thread, NULL, futex_waiter, NULL);
  for (size_t number = 0; number < sizeof roles / sizeof *roles; number++)
    if (fork() == 0) {
      role_name = roles[number].name;
      prctl(PR_SET_NAME, role_name);
      roles[number].live();
      _exit(0);
    }
  rest();
}
