// SPDX-License-Identifier: GPL-3.0-or-later
// A kernel that never runs: vmlinux and memory at once. Its variables, laid
// out like those of Linux 6.6 on x86_64, are initialised to what a machine
// with one CPU and five tasks would hold at the moment of a crash. Linked at
// the address of a real kernel, its loadable sections are the memory of a
// dump (make_dump.py) and its debug information explains them.
//
// Only what commands look at is here, in Linux's names and types but in our
// own order and selection.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;
typedef int pid_t;
typedef _Bool bool;

#define PAGE 4096
#define STACK_SIZE 16384
#define IMAGE_MAP 0xffffffff80000000ul
#define MODULE_MAP 0xffffffffa0000000ul
#define LIST(node) {&(node), &(node)}

typedef struct {
  int counter;
} atomic_t;
typedef struct {
  s64 counter;
} atomic_long_t;
struct list_head {
  struct list_head *next, *prev;
};
struct hlist_node {
  struct hlist_node *next, **pprev;
};
struct hlist_head {
  struct hlist_node *first;
};

// ---- Text, see code.S ----

extern const char schedule_return[], switch_return[], kthread_return[];
extern const char worker_return[], fork_return[], syscall_return[];
extern const char write_return[], lock_return[];

// ---- Page tables: the image, a page of a module, the direct map ----

#define PHYS(symbol) ((unsigned long)(symbol)-IMAGE_MAP)
#define TABLE(symbol) (PHYS(symbol) + 0x67)
#define LARGE_PAGE 0x1e3
#define SMALL_PAGE 0x163
#define ALIGNED(size) __attribute__((aligned(size)))

u8 module_page[PAGE] ALIGNED(PAGE) = {
    // demo_open: push %rbp; mov %rsp,%rbp; xor %eax,%eax; pop %rbp; ret
    0x55, 0x48, 0x89, 0xe5, 0x31, 0xc0, 0x5d, 0xc3,
    // demo_close: xor %eax,%eax; ret
    0x31, 0xc0, 0xc3, 0x90, 0x90, 0x90, 0x90, 0x90};

unsigned long module_pte[512] ALIGNED(PAGE) = {
    [0] = PHYS(module_page) + SMALL_PAGE,
};
unsigned long level2_kernel_pgt[512] ALIGNED(PAGE) = {
    [8] = 0x1000000 + LARGE_PAGE,
    [9] = 0x1200000 + LARGE_PAGE,
    [256] = TABLE(module_pte),
};
unsigned long level3_kernel_pgt[512] ALIGNED(PAGE) = {
    [510] = TABLE(level2_kernel_pgt),
};
// The shell's memory, see its areas below: a page, and one that is in swap.
#define USER_PAGE 0x167
#define SWAPPED(type, offset) \
  ((unsigned long)(type) << 59 | ~(unsigned long)(offset) << 14 >> 5)
u8 user_page[PAGE] ALIGNED(PAGE) = "user memory";
unsigned long user_pte[512] ALIGNED(PAGE) = {
    [2] = PHYS(user_page) + USER_PAGE,
    [3] = SWAPPED(0, 7),
};
unsigned long user_pmd[512] ALIGNED(PAGE) = {
    [2] = TABLE(user_pte),
};
unsigned long user_pud[512] ALIGNED(PAGE) = {
    [0] = TABLE(user_pmd),
};
int l1tf_mitigation;
extern unsigned long level3_direct_pgt[512];
unsigned long init_top_pgt[512] ALIGNED(PAGE) = {
    [0] = TABLE(user_pud),
    [273] = TABLE(level3_direct_pgt),
    [511] = TABLE(level3_kernel_pgt),
};

unsigned long page_offset_base = 0xffff888000000000ul;
unsigned long vmalloc_base = 0xffffc90000000000ul;
unsigned long vmemmap_base = 0xffffea0000000000ul;
unsigned int __pgtable_l5_enabled;
unsigned long phys_base;

// ---- Pages: those of the image's first 2 MB ----

enum pageflags {
  PG_locked,
  PG_referenced,
  PG_uptodate,
  PG_dirty,
  PG_lru,
  PG_slab = 9
};
struct page {
  unsigned long flags;
  union {
    struct {
      unsigned long compound_head, pad;
    };
    struct list_head lru;
  };
  void *mapping;
  unsigned long index, private;
  union {
    atomic_t _mapcount;
    unsigned int page_type;
  };
  atomic_t _refcount;
  unsigned long memcg_data;
};
struct mem_section {
  unsigned long section_mem_map;
  void *usage;
};
#define FIRST_FRAME 0x1000

// ---- Slabs: one cache, a slab that CPU 0 takes from and one of the node's ----

#define SLAB_FRAME 0x11f0  // kernel.lds puts slab_memory there
#define OBJECT_SIZE 768
#define OBJECT(slab, number)                                       \
  (0xffff888000000000ul + (SLAB_FRAME + (slab)) * (u64)PAGE + \
   (number)*OBJECT_SIZE)

struct kmem_cache;
struct slab {
  unsigned long __page_flags;
  struct kmem_cache *slab_cache;
  union {
    struct list_head slab_list;
    struct {
      struct slab *next;
      int slabs;
    };
  };
  void *freelist;
  union {
    unsigned long counters;
    struct {
      unsigned inuse : 16;
      unsigned objects : 15;
      unsigned frozen : 1;
    };
  };
  unsigned int __page_type;
  atomic_t __page_refcount;
  unsigned long memcg_data;
};
struct kmem_cache_cpu {
  void **freelist;
  unsigned long tid;
  struct slab *slab, *partial;
};
struct kmem_cache_node {
  unsigned long nr_partial;
  struct list_head partial;
  atomic_long_t nr_slabs, total_objects;
  struct list_head full;
};
struct kmem_cache_order_objects {
  unsigned int x;
};
struct kobject {
  const char *name;
  struct list_head entry;
  struct kernfs_node *sd;
};
struct kset {
  struct list_head list;
  struct kobject kobj;
};
struct kmem_cache {
  struct kmem_cache_cpu *cpu_slab;
  unsigned int flags, size, object_size, offset;
  struct kmem_cache_order_objects oo;
  const char *name;
  struct list_head list;
  struct kobject kobj;
  struct kmem_cache_node *node[1];
};
extern struct kmem_cache files_cache;
extern struct kmem_cache_node files_cache_node;
extern struct page first_pages[512];
struct object {
  void *next;
  u8 rest[OBJECT_SIZE - sizeof(void *)];
};
struct slab_page {
  struct object objects[5];
  u8 rest[PAGE - 5 * OBJECT_SIZE];
};
__attribute__((section(".slabs"))) struct slab_page slab_memory[2] = {
    {{[1] = {(void *)OBJECT(0, 4)}}},
    {{[0] = {(void *)OBJECT(1, 2)}}},
};
struct list_head slab_caches = LIST(files_cache.list);
struct kmem_cache_cpu files_cache_cpu = {
    (void **)OBJECT(0, 1), 0,
    (struct slab *)&first_pages[SLAB_FRAME - FIRST_FRAME]};
struct kmem_cache_node files_cache_node = {
    1,
    LIST(((struct slab *)&first_pages[SLAB_FRAME + 1 - FIRST_FRAME])->slab_list),
    {3},
    {15},
    LIST(files_cache_node.full)};
struct kmem_cache files_cache = {
    .cpu_slab = &files_cache_cpu,
    .size = OBJECT_SIZE,
    .object_size = 704,
    .oo = {5},
    .name = "files_cache",
    .list = LIST(slab_caches),
    .node = {&files_cache_node},
};

// ---- The node with its zone, and a free block of two pages ----

enum zone_stat_item {
  NR_FREE_PAGES,
  NR_ZONE_LRU_BASE,
  NR_ZONE_INACTIVE_ANON = NR_ZONE_LRU_BASE,
  NR_MLOCK,
  NR_VM_ZONE_STAT_ITEMS
};
enum node_stat_item {
  NR_LRU_BASE,
  NR_INACTIVE_ANON = NR_LRU_BASE,
  NR_FILE_PAGES,
  NR_VM_NODE_STAT_ITEMS
};
enum vm_event_item { PGPGIN, PGFAULT, NR_VM_EVENT_ITEMS };
enum zone_stat_item *const zone_stat_item_type = 0;
enum node_stat_item *const node_stat_item_type = 0;
enum vm_event_item *const vm_event_item_type = 0;

struct free_area {
  struct list_head free_list[2];
  unsigned long nr_free;
};
struct zone {
  unsigned long _watermark[4];
  unsigned long watermark_boost;
  unsigned long zone_start_pfn;
  atomic_long_t managed_pages;
  unsigned long spanned_pages;
  unsigned long present_pages;
  const char *name;
  struct free_area free_area[2];
  atomic_long_t vm_stat[NR_VM_ZONE_STAT_ITEMS];
};
struct pglist_data {
  struct zone node_zones[1];
  unsigned long node_start_pfn;
  unsigned long node_present_pages;
  unsigned long node_spanned_pages;
};
#define FREE_FRAME 0x1100
#define FREE_PAGE first_pages[FREE_FRAME - FIRST_FRAME]
#define FREE_AREA contig_page_data.node_zones[0].free_area
extern struct page first_pages[512];
struct pglist_data contig_page_data = {
    .node_zones = {{._watermark = {10, 12, 15},
                    .zone_start_pfn = FIRST_FRAME,
                    .managed_pages = {500},
                    .spanned_pages = 512,
                    .present_pages = 510,
                    .name = "DMA",
                    .free_area = {{{LIST(FREE_AREA[0].free_list[0]),
                                    LIST(FREE_AREA[0].free_list[1])},
                                   0},
                                  {{LIST(FREE_AREA[1].free_list[0]),
                                    LIST(FREE_PAGE.lru)},
                                   1}},
                    .vm_stat = {{2}, {7}, {0}}}},
    .node_start_pfn = FIRST_FRAME,
    .node_present_pages = 510,
    .node_spanned_pages = 512};
atomic_long_t vm_zone_stat[NR_VM_ZONE_STAT_ITEMS] = {{2}, {7}, {0}};
atomic_long_t vm_node_stat[NR_VM_NODE_STAT_ITEMS] = {{7}, {40}};
struct vm_event_state {
  unsigned long event[NR_VM_EVENT_ITEMS];
} vm_event_states = {{1000, 2500}};

// ---- Areas of vmalloc(), huge pages ----

struct vm_struct {
  void *addr;
  unsigned long size, flags;
  unsigned int nr_pages;
  unsigned long phys_addr;
  const void *caller;
};
struct vmap_area {
  unsigned long va_start, va_end;
  struct list_head list;
  union {
    unsigned long subtree_max_size;
    struct vm_struct *vm;
  };
};
struct vm_struct module_vm = {(void *)MODULE_MAP, 2 * PAGE,
                              2,                  1,
                              0,                  schedule_return};
extern struct vmap_area module_area;
struct list_head vmap_area_list = LIST(module_area.list);
struct vmap_area module_area = {MODULE_MAP,
                                MODULE_MAP + 2 * PAGE,
                                LIST(vmap_area_list),
                                {.vm = &module_vm}};

struct hstate {
  unsigned int order;
  unsigned long nr_huge_pages, free_huge_pages;
  unsigned long resv_huge_pages, surplus_huge_pages;
  char name[32];
} hstates[1] = {{9, 4, 3, 0, 0, "hugepages-2048kB"}};
int hugetlb_max_hstate = 1;

struct page first_pages[512] ALIGNED(PAGE) = {
    [FREE_FRAME - FIRST_FRAME] = {.lru = LIST(FREE_AREA[1].free_list[1]),
                                  .private = 1,
                                  .page_type = 0xffffff7f},
    [0] = {.flags = 1ul << PG_uptodate | 1ul << PG_lru, ._refcount = {1}},
    // As struct slab, see below.
    [SLAB_FRAME - FIRST_FRAME] =
        {.flags = 1ul << PG_slab,
         .compound_head = (unsigned long)&files_cache,
         .index = OBJECT(0, 3),
         .private = 4 | 5ul << 16 | 1ul << 31},
    [SLAB_FRAME + 1 - FIRST_FRAME] =
        {.flags = 1ul << PG_slab,
         .compound_head = (unsigned long)&files_cache,
         .pad = (unsigned long)&files_cache_node.partial,
         .mapping = &files_cache_node.partial,
         .index = OBJECT(1, 0),
         .private = 3 | 5ul << 16},
};
struct mem_section first_sections[PAGE / sizeof(struct mem_section)] = {
    {(unsigned long)first_pages - FIRST_FRAME * sizeof(struct page) + 3},
};
struct mem_section *section_roots[1] = {first_sections};
struct mem_section **mem_section = section_roots;
unsigned long max_pfn = FIRST_FRAME + 512;
enum pageflags *const pageflags_type = 0;

// ---- CPUs ----

struct cpumask {
  unsigned long bits[1];
};
struct cpumask __cpu_possible_mask = {{1}};
struct cpumask __cpu_present_mask = {{1}};
struct cpumask __cpu_online_mask = {{1}};
struct cpumask __cpu_active_mask = {{1}};
unsigned int nr_cpu_ids = 1;
unsigned long __per_cpu_offset[64];
atomic_t panic_cpu = {0};
int crashing_cpu = 0;
unsigned int cpu_khz = 2000000;

// ---- What the kernel says of itself ----

struct new_utsname {
  char sysname[65];
  char nodename[65];
  char release[65];
  char version[65];
  char machine[65];
  char domainname[65];
};
struct uts_namespace {
  struct new_utsname name;
};
struct uts_namespace init_uts_ns = {{
    "Linux",
    "mini",
    "6.6.0-mini",
    "#1 SMP Thu Jan 1 00:00:00 UTC 1970",
    "x86_64",
    "(none)",
}};
const char linux_banner[] =
    "Linux version 6.6.0-mini (inquest) #1 SMP Thu Jan 1 00:00:00 UTC 1970\n";
char *saved_command_line = "console=ttyS0 quiet";
unsigned long volatile jiffies_64 = 4294937296ul + 25000;
extern unsigned long volatile jiffies __attribute__((alias("jiffies_64")));
unsigned long tainted_mask;
unsigned long avenrun[3] = {2048, 1024, 512};
unsigned long _totalram_pages = 8192;

struct tk_read_base {
  u64 base;
};
struct timespec64 {
  s64 tv_sec;
  long tv_nsec;
};
struct timekeeper {
  struct tk_read_base tkr_mono;
  u64 xtime_sec;
  unsigned long ktime_sec;
  struct timespec64 wall_to_monotonic;
  s64 offs_boot;
};
struct {
  u32 seq;
  struct timekeeper timekeeper;
} tk_core = {0, {{0}, 1700000100, 100, {-1700000000, 0}, 0}};

// ---- The log ----

struct prb_data_blk_lpos {
  unsigned long begin, next;
};
struct prb_desc {
  atomic_long_t state_var;
  struct prb_data_blk_lpos text_blk_lpos;
};
struct dev_printk_info {
  char subsystem[16];
  char device[48];
};
struct printk_info {
  u64 seq;
  u64 ts_nsec;
  u16 text_len;
  u8 facility;
  u8 flags : 5;
  u8 level : 3;
  u32 caller_id;
  struct dev_printk_info dev_info;
};
struct prb_desc_ring {
  unsigned int count_bits;
  struct prb_desc *descs;
  struct printk_info *infos;
  atomic_long_t head_id, tail_id;
  atomic_long_t last_finalized_id;
};
struct prb_data_ring {
  unsigned int size_bits;
  char *data;
  atomic_long_t head_lpos, tail_lpos;
};
struct printk_ringbuffer {
  struct prb_desc_ring desc_ring;
  struct prb_data_ring text_data_ring;
  atomic_long_t fail;
};

#define FIRST_ID 8ul
#define FINALIZED (2ul << 62)
#define BLOCK 128
struct log_block {
  unsigned long id;
  char text[BLOCK - 8];
};
struct log_block log_text[8] = {
    {FIRST_ID + 0, "Linux version 6.6.0-mini"},
    {FIRST_ID + 1, "Memory: 32768K available"},
    {FIRST_ID + 2, "demo: module loaded"},
    {FIRST_ID + 3, "sysrq: Trigger a crash\nand some more"},
    {FIRST_ID + 4, "Kernel panic - not syncing: sysrq triggered crash"},
};
#define DESCRIPTOR(n) \
  [n] = {{(s64)(FINALIZED | (FIRST_ID + (n)))}, {(n)*BLOCK, ((n) + 1) * BLOCK}}
struct prb_desc log_descriptors[8] = {
    DESCRIPTOR(0), DESCRIPTOR(1), DESCRIPTOR(2), DESCRIPTOR(3), DESCRIPTOR(4),
};
#define INFO(n, when, size, severity) \
  [n] = {.seq = (n), .ts_nsec = (when), .text_len = (size), \
         .level = (severity), .caller_id = 1}
struct printk_info log_infos[8] = {
    INFO(0, 0, 24, 5),
    INFO(1, 1000000, 24, 6),
    INFO(2, 1500000000, 19, 6),
    INFO(3, 99000000000, 36, 6),
    INFO(4, 99000123000, 49, 0),
};
struct printk_ringbuffer printk_rb_static = {
    .desc_ring = {3, log_descriptors, log_infos, {FIRST_ID + 4}, {FIRST_ID}},
    .text_data_ring = {10, (char *)log_text, {5 * BLOCK}, {0}},
};
struct printk_ringbuffer *prb = &printk_rb_static;

// ---- Tasks ----

struct thread_info {
  unsigned long flags;
  u32 status;
  u32 cpu;
};
struct thread_struct {
  unsigned long sp;
};
struct inactive_task_frame {
  unsigned long r15, r14, r13, r12, bx, bp, ret_addr;
};
struct sched_info {
  unsigned long pcount;
  u64 run_delay, last_arrival, last_queued;
};
struct maple_tree {
  u32 ma_lock;
  unsigned int ma_flags;
  void *ma_root;
};
enum {
  MM_FILEPAGES,
  MM_ANONPAGES,
  MM_SWAPENTS,
  MM_SHMEMPAGES,
};
struct mm_rss_stat {
  struct {
    long counter;
  } count[4];
};
struct mm_struct {
  unsigned long total_vm;
  struct mm_rss_stat rss_stat;
  unsigned long *pgd;
  unsigned long arg_start, arg_end, env_start, env_end;
  struct maple_tree mm_mt;
};
struct wait_queue_head {
  u32 lock;
  struct list_head head;
};
typedef struct wait_queue_head wait_queue_head_t;
struct rb_node {
  unsigned long __rb_parent_color;
  struct rb_node *rb_right, *rb_left;
};
struct rb_root {
  struct rb_node *rb_node;
};
struct rb_root_cached {
  struct rb_root rb_root;
  struct rb_node *rb_leftmost;
};
struct cfs_rq;
struct sched_entity {
  struct rb_node run_node;
  unsigned int on_rq;
  struct cfs_rq *cfs_rq, *my_q;
  u64 exec_start;
};
struct sched_rt_entity {
  struct list_head run_list;
};
struct sched_dl_entity {
  struct rb_node rb_node;
  unsigned int dl_server : 1;
};
typedef struct {
  unsigned long sig[1];
} sigset_t;
struct sigpending {
  struct list_head list;
  sigset_t signal;
};
struct sigqueue {
  struct list_head list;
  int flags;
  struct {
    int si_signo, si_errno, si_code;
  } info;
};
struct signal_struct {
  int nr_threads;
  struct list_head thread_head;
  struct sigpending shared_pending;
  wait_queue_head_t wait_chldexit;
};
struct sigaction {
  void *sa_handler;
  unsigned long sa_flags;
  void *sa_restorer;
  sigset_t sa_mask;
};
struct k_sigaction {
  struct sigaction sa;
};
struct sighand_struct {
  struct k_sigaction action[64];
};
struct fs_struct;
struct files_struct;
union thread_union {
  unsigned long stack[STACK_SIZE / sizeof(unsigned long)];
};
struct task_struct {
  struct thread_info thread_info;
  unsigned int __state;
  void *stack;
  unsigned int flags;
  int on_cpu;
  int prio, static_prio, normal_prio;
  unsigned int rt_priority;
  unsigned int policy;
  struct sched_info sched_info;
  struct list_head tasks;
  struct mm_struct *mm, *active_mm;
  int exit_state, exit_code;
  pid_t pid, tgid;
  struct task_struct *real_parent, *parent;
  struct list_head children, sibling;
  struct task_struct *group_leader;
  struct hlist_node pid_links[4];
  struct list_head thread_node;
  u64 utime, stime, start_time, start_boottime;
  char comm[16];
  struct fs_struct *fs;
  struct files_struct *files;
  struct nsproxy *nsproxy;
  struct signal_struct *signal;
  struct sighand_struct *sighand;
  sigset_t blocked;
  struct sigpending pending;
  struct thread_struct thread;
  int on_rq;
  struct sched_entity se;
  struct sched_rt_entity rt;
  struct sched_dl_entity dl;
  struct css_set *cgroups;
  struct list_head cg_list;
  struct rt_mutex_waiter *pi_blocked_on;
};

const char *const task_state_array[] = {
    "R (running)",  "S (sleeping)", "D (disk sleep)",
    "T (stopped)",  "t (tracing stop)", "X (dead)",
    "Z (zombie)",   "P (parked)",   "I (idle)",
};

#define PF_KTHREAD 0x00200000
#define TASK_INTERRUPTIBLE 1
#define TASK_UNINTERRUPTIBLE 2
#define WORDS (STACK_SIZE / 8)

extern struct task_struct init_task, shell_task, worker_task, waiter_task;
extern struct task_struct init_process;

// What the switch away left on a stack: see code.S for the frames' sizes.
#define SLEEPING_STACK(caller_return)                                   \
  {.stack = {                                                           \
       [WORDS - 40] = 15, [WORDS - 39] = 14, [WORDS - 38] = 13,         \
       [WORDS - 37] = 12, [WORDS - 36] = 3,  [WORDS - 35] = 5,          \
       [WORDS - 34] = (unsigned long)switch_return,                     \
       [WORDS - 30] = (unsigned long)schedule_return, /* 3 words kept */ \
       [WORDS - 28] = (unsigned long)(caller_return), /* 1 word */      \
       [WORDS - 27] = (unsigned long)kthread_return,                    \
       [WORDS - 25] = (unsigned long)fork_return, /* 1 word */          \
   }}
#define SLEEPING_SP(name) ((unsigned long)&(name).stack[WORDS - 40])
// The same of one that waits for |mutex|: its struct mutex_waiter is on it.
#define LOCKING_STACK(mutex, task)                                       \
  {.stack = {                                                            \
       [WORDS - 39] = (unsigned long)switch_return,                      \
       [WORDS - 35] = (unsigned long)schedule_return, /* 3 words kept */ \
       [WORDS - 33] = (unsigned long)lock_return,     /* 1 word */       \
       [WORDS - 32] = (unsigned long)&(mutex).wait_list,                 \
       [WORDS - 31] = (unsigned long)&(mutex).wait_list,                 \
       [WORDS - 30] = (unsigned long)&(task),                            \
       [WORDS - 28] = (unsigned long)worker_return,                      \
       [WORDS - 27] = (unsigned long)kthread_return,                     \
       [WORDS - 25] = (unsigned long)fork_return, /* 1 word */           \
   }}
#define LOCKING_SP(name) ((unsigned long)&(name).stack[WORDS - 45])
#define STACK_WAITER(name) ((struct list_head *)&(name).stack[WORDS - 32])

// ---- Locks: who is called init waits for a mutex of the kworker, and it for
// one of his; the waiter waits for an rtmutex ----

struct qspinlock {
  atomic_t val;
};
typedef struct raw_spinlock {
  struct qspinlock raw_lock;
} raw_spinlock_t;
struct mutex {
  atomic_long_t owner;
  raw_spinlock_t wait_lock;
  struct list_head wait_list;
};
struct mutex_waiter {
  struct list_head list;
  struct task_struct *task;
  void *ww_ctx;
};
struct rw_semaphore {
  atomic_long_t count, owner;
  raw_spinlock_t wait_lock;
  struct list_head wait_list;
};
enum rwsem_waiter_type { RWSEM_WAITING_FOR_WRITE, RWSEM_WAITING_FOR_READ };
struct rwsem_waiter {
  struct list_head list;
  struct task_struct *task;
  enum rwsem_waiter_type type;
};
struct semaphore {
  raw_spinlock_t lock;
  unsigned int count;
  struct list_head wait_list;
};
struct semaphore_waiter {
  struct list_head list;
  struct task_struct *task;
  bool up;
};
struct rt_mutex_base {
  raw_spinlock_t wait_lock;
  struct rb_root_cached waiters;
  struct task_struct *owner;
};
struct rt_mutex {
  struct rt_mutex_base rtmutex;
};
struct rt_waiter_node {
  struct rb_node entry;
  int prio;
  u64 deadline;
};
struct rt_mutex_waiter {
  struct rt_waiter_node tree, pi_tree;
  struct task_struct *task;
  struct rt_mutex_base *lock;
};
extern struct mutex sample_mutex, other_mutex;
extern struct rt_mutex sample_rtmutex;
struct rt_mutex_waiter rtmutex_waiter = {
    {{0}, 98}, {{0}, 98}, &waiter_task, &sample_rtmutex.rtmutex};
#define OWNED(task, flags) {(s64)((char *)&(task) + (flags))}
struct rt_mutex sample_rtmutex = {
    {{{{0}}},
     {{&rtmutex_waiter.tree.entry}, &rtmutex_waiter.tree.entry},
     (struct task_struct *)((char *)&shell_task + 1)}};
struct rw_semaphore sample_rwsem = {
    {2 << 8}, OWNED(shell_task, 1), {{{0}}}, LIST(sample_rwsem.wait_list)};
struct semaphore sample_semaphore = {
    {{{0}}}, 3, LIST(sample_semaphore.wait_list)};
struct mutex_waiter *const mutex_waiter_type = 0;
struct rwsem_waiter *const rwsem_waiter_type = 0;
struct semaphore_waiter *const semaphore_waiter_type = 0;

union thread_union init_stack ALIGNED(STACK_SIZE);
union thread_union init_process_stack ALIGNED(STACK_SIZE) =
    LOCKING_STACK(sample_mutex, init_process);
union thread_union worker_stack ALIGNED(STACK_SIZE) =
    LOCKING_STACK(other_mutex, worker_task);
union thread_union waiter_stack ALIGNED(STACK_SIZE) =
    SLEEPING_STACK(worker_return);
#define CONTENDED_MUTEX(owner, waiter_stack)          \
  {OWNED(owner, 1), {{{0x101}}},                       \
   {STACK_WAITER(waiter_stack), STACK_WAITER(waiter_stack)}}
struct mutex sample_mutex = CONTENDED_MUTEX(worker_task, init_process_stack);
struct mutex other_mutex = CONTENDED_MUTEX(init_process, worker_stack);
// The task that crashed: sysrq_crash runs with one word of its own.
union thread_union shell_stack ALIGNED(STACK_SIZE) = {
    .stack = {
        [WORDS - 27] = (unsigned long)write_return,
        [WORDS - 24] = (unsigned long)syscall_return,
    }};
extern const char crash_ip[];
const char *const crash_pc = crash_ip;
unsigned long *const crash_sp = &shell_stack.stack[WORDS - 28];

struct mm_struct init_process_mm = {.total_vm = 1000, .pgd = init_top_pgt};

// ---- The shell's memory: its program, and two pages without a file ----

struct qstr {
  u32 hash, len;
  const char *name;
};
struct address_space {
  unsigned long nrpages;
};
struct file_system_type {
  const char *name;
};
struct bdi_writeback {
  struct list_head bdi_node;
  struct list_head b_dirty, b_io, b_more_io;
};
struct backing_dev_info {
  struct list_head wb_list;
};
struct super_block {
  struct list_head s_mounts;
  struct file_system_type *s_type;
  struct backing_dev_info *s_bdi;
  struct list_head s_inodes;
};
struct inode {
  unsigned short i_mode;
  struct super_block *i_sb;
  struct address_space *i_mapping;
  unsigned long i_ino;
  struct address_space i_data;
  struct list_head i_io_list;
  struct list_head i_sb_list;
};
struct dentry {
  struct dentry *d_parent;
  struct qstr d_name;
  struct inode *d_inode;
  struct super_block *d_sb;
};
struct vfsmount {
  struct dentry *mnt_root;
  struct super_block *mnt_sb;
  int mnt_flags;
};
struct mount {
  struct mount *mnt_parent;
  struct dentry *mnt_mountpoint;
  struct vfsmount mnt;
  struct list_head mnt_instance;
  const char *mnt_devname;
  struct list_head mnt_list;
};
struct mnt_namespace {
  struct mount *root;
  struct list_head list;
};
struct nsproxy {
  struct mnt_namespace *mnt_ns;
  struct net *net_ns;
};
struct path {
  struct vfsmount *mnt;
  struct dentry *dentry;
};
struct file {
  struct path f_path;
  struct inode *f_inode;
};
struct fs_struct {
  struct path root, pwd;
};
struct fdtable {
  unsigned int max_fds;
  struct file **fd;
  unsigned long *open_fds;
};
struct files_struct {
  struct fdtable *fdt;
};
struct vm_area_struct {
  unsigned long vm_start, vm_end;
  struct mm_struct *vm_mm;
  unsigned long vm_flags;
  unsigned long vm_pgoff;
  struct file *vm_file;
};
struct maple_metadata {
  u8 end, gap;
};
struct maple_range_64 {
  void *parent;
  unsigned long pivot[15];
  union {
    void *slot[16];
    struct {
      void *pad[15];
      struct maple_metadata meta;
    };
  };
};
struct maple_arange_64 {
  void *parent;
  unsigned long pivot[9];
  void *slot[10];
  unsigned long gap[10];
  struct maple_metadata meta;
};
struct maple_node {
  union {
    struct {
      void *parent;
      void *slot[31];
    };
    struct maple_range_64 mr64;
    struct maple_arange_64 ma64;
  };
};
struct swap_info_struct {
  unsigned long flags;
  struct file *swap_file;
  unsigned int pages, inuse_pages;
  short prio;
};

// The shell's inode is dirty.
extern struct mount root_mount, run_mount, list_cursor;
extern struct inode sh_inode;
extern struct backing_dev_info root_bdi;
struct bdi_writeback root_writeback = {
    {&root_bdi.wb_list, &root_bdi.wb_list},
    {&sh_inode.i_io_list, &sh_inode.i_io_list},
    LIST(root_writeback.b_io),
    LIST(root_writeback.b_more_io)};
struct backing_dev_info root_bdi = {
    {&root_writeback.bdi_node, &root_writeback.bdi_node}};
struct file_system_type ext4_type = {"ext4"}, tmpfs_type = {"tmpfs"};
struct super_block root_super = {
    {&root_mount.mnt_instance, &root_mount.mnt_instance},
    &ext4_type,
    &root_bdi};
struct backing_dev_info no_bdi = {LIST(no_bdi.wb_list)};
struct super_block run_super = {
    {&run_mount.mnt_instance, &run_mount.mnt_instance}, &tmpfs_type, &no_bdi};
struct address_space sh_mapping = {2};
struct inode root_inode = {0040755, &root_super, 0, 2};
struct inode sh_inode = {0100755,
                         &root_super,
                         &sh_mapping,
                         12,
                         .i_io_list = {&root_writeback.b_dirty,
                                       &root_writeback.b_dirty}};
struct dentry root_dentry = {
    &root_dentry, {0, 1, "/"}, &root_inode, &root_super};
struct dentry bin_dentry = {&root_dentry, {0, 3, "bin"}, 0, &root_super};
struct dentry sh_dentry = {&bin_dentry, {0, 2, "sh"}, &sh_inode, &root_super};
struct dentry swap_dentry = {&root_dentry, {0, 4, "swap"}};
struct dentry run_dentry = {&root_dentry, {0, 3, "run"}, 0, &root_super};
struct dentry run_root = {&run_root, {0, 1, "/"}, 0, &run_super};
// Somebody reads /proc/mounts: his place in the list is a mark.
struct mnt_namespace mounts_of_init = {
    &root_mount, {&root_mount.mnt_list, &run_mount.mnt_list}};
extern struct net init_net;
struct nsproxy init_nsproxy = {&mounts_of_init, &init_net};
struct mount root_mount = {
    &root_mount,
    &root_dentry,
    {&root_dentry, &root_super},
    {&root_super.s_mounts, &root_super.s_mounts},
    "/dev/vda1",
    {&list_cursor.mnt_list, &mounts_of_init.list}};
struct mount list_cursor = {
    .mnt = {.mnt_flags = 0x10000000},
    .mnt_list = {&run_mount.mnt_list, &root_mount.mnt_list}};
struct mount run_mount = {
    &root_mount,
    &run_dentry,
    {&run_root, &run_super},
    {&run_super.s_mounts, &run_super.s_mounts},
    "run",
    {&mounts_of_init.list, &list_cursor.mnt_list}};
struct file sh_file = {{&root_mount.mnt, &sh_dentry}};
struct inode swap_inode = {0100600};
struct file swap_file = {{&root_mount.mnt, &swap_dentry}, &swap_inode};
struct swap_info_struct first_swap_area = {3, &swap_file, 1022, 256, -2};
struct swap_info_struct *swap_info[23] = {&first_swap_area};

extern struct mm_struct shell_mm;
struct vm_area_struct program_area = {0x400000, 0x402000, &shell_mm,
                                      0x75,     1,        &sh_file};
struct vm_area_struct data_area = {0x402000, 0x404000, &shell_mm, 0x100073};
struct maple_node shell_areas ALIGNED(256) = {
    .mr64 = {.pivot = {0x3fffff, 0x401fff, 0x403fff, ~0ul},
             .slot = {0, &program_area, &data_area}}};
struct mm_struct shell_mm = {
    .total_vm = 500,
    .rss_stat = {{{10}, {20}, {1}, {3}}},
    .pgd = init_top_pgt,
    .mm_mt = {.ma_root = (char *)&shell_areas + 0x0e}};

// The shell has its program and its root open; descriptor 2 has no file yet.
struct file root_file = {{&root_mount.mnt, &root_dentry}};
struct file *shell_descriptors[64] = {&sh_file, &root_file};
unsigned long shell_open[1] = {7};
struct fdtable shell_table = {64, shell_descriptors, shell_open};
struct files_struct shell_files = {&shell_table};
struct fs_struct shell_fs = {{&root_mount.mnt, &root_dentry},
                             {&root_mount.mnt, &bin_dentry}};

// It catches SIGINT, and a SIGTERM waits that is blocked.
struct sighand_struct shell_handlers = {
    {[1] = {{(void *)0x401000, 0x14000000, 0, {{0x200}}}},
     [2] = {{(void *)1, 0, 0, {{0}}}}}};
struct sigqueue shell_signal;

#define SIGNAL(name, task)                        \
  struct signal_struct name = {                   \
      1,                                          \
      {&(task).thread_node, &(task).thread_node}, \
      {LIST(name.shared_pending.list)},           \
      {0, LIST((name).wait_chldexit.head)}}
SIGNAL(init_signals, init_task);
SIGNAL(init_process_signals, init_process);
struct signal_struct shell_signals = {
    1,
    {&shell_task.thread_node, &shell_task.thread_node},
    {{&shell_signal.list, &shell_signal.list}, {{0x4000}}},
    {0, LIST(shell_signals.wait_chldexit.head)}};
struct sigqueue shell_signal = {
    {&shell_signals.shared_pending.list, &shell_signals.shared_pending.list},
    0,
    {15}};
SIGNAL(worker_signals, worker_task);
SIGNAL(waiter_signals, waiter_task);

#define COMMON(number, task, signals, name)                                 \
  .pid = (number), .tgid = (number), .comm = (name),                        \
  .group_leader = &(task), .signal = &(signals),                            \
  .thread_node = {&(signals).thread_head, &(signals).thread_head},          \
  .pending = {LIST((task).pending.list)},                                   \
  .prio = 120, .static_prio = 120, .normal_prio = 120

// ---- Run queues: the shell runs; a real-time task, a kernel thread and a
// group with a task in it wait ----

struct kernfs_node {
  struct kernfs_node *parent;
  const char *name;
  struct rb_node rb;
  union {
    struct {
      struct rb_root children;
    } dir;
    struct {
      struct kernfs_node *target_kn;
    } symlink;
  };
  void *priv;
  u16 flags;
};
// In /sys/kernel/slab "like_files" leads to the folder of files_cache.
struct kernfs_node files_cache_folder = {
    .name = "files_cache", .priv = &files_cache.kobj, .flags = 1};
struct kernfs_node slab_link = {
    .name = "like_files", .symlink = {&files_cache_folder}, .flags = 4};
struct kernfs_node slab_folder = {.dir = {{&slab_link.rb}}, .flags = 1};
struct kset slab_kobjects = {LIST(slab_kobjects.list),
                             {.name = "slab", .sd = &slab_folder}};
struct kset *slab_kset = &slab_kobjects;
struct cgroup_subsys_state {
  struct cgroup *cgroup;
  struct list_head sibling, children;
  unsigned int flags;
  struct cgroup_subsys_state *parent;
};
struct cgroup {
  struct cgroup_subsys_state self;
  struct kernfs_node *kn;
  u16 subtree_control;
  struct cgroup_subsys_state *subsys[2];
  struct cgroup_root *root;
  struct list_head cset_links;
};
struct css_set {
  struct cgroup_subsys_state *subsys[2];
  int nr_tasks;
  struct list_head tasks, mg_tasks, cgrp_links;
};
extern struct css_set root_set, slice_set;
struct task_group {
  struct cgroup_subsys_state css;
  struct cfs_rq **cfs_rq;
  struct list_head siblings, children;
};
struct cfs_rq {
  unsigned int nr_running;
  struct rb_root_cached tasks_timeline;
  struct sched_entity *curr;
  struct task_group *tg;
  int throttled;
};
struct rt_prio_array {
  struct list_head queue[3];
};
struct rt_rq {
  struct rt_prio_array active;
};
struct dl_rq {
  struct rb_root_cached root;
};
struct rq {
  unsigned int nr_running;
  u64 clock;
  struct task_struct *curr, *idle, *stop;
  struct cfs_rq cfs;
  struct rt_rq rt;
  struct dl_rq dl;
  u64 clock_task;
};
extern struct rq runqueues;

extern struct files_struct waiter_files;
struct task_struct init_task = {
    COMMON(0, init_task, init_signals, "swapper/0"),
    .stack = &init_stack,
    .flags = PF_KTHREAD,
    .tasks = {&init_process.tasks, &waiter_task.tasks},
    .parent = &init_task,
    .real_parent = &init_task,
    .children = {&init_process.sibling, &worker_task.sibling},
    .sibling = LIST(init_task.sibling),
};
struct pid;
struct upid {
  int nr;
  struct pid_namespace *ns;
};
struct pid {
  atomic_t count;
  unsigned int level;
  struct hlist_head tasks[4];
  struct upid numbers[1];
};
extern struct pid_namespace init_pid_ns;
#define PID(name, number, task)                            \
  struct pid name = {{1},                                  \
                     0,                                    \
                     {{&(task).pid_links[0]}, {&(task).pid_links[1]}}, \
                     {{(number), &init_pid_ns}}}
PID(init_process_pid, 1, init_process);
PID(worker_pid, 2, worker_task);
PID(shell_pid, 10, shell_task);
PID(waiter_pid, 11, waiter_task);
#define LINKS(pid) \
  .pid_links = {{0, &(pid).tasks[0].first}, {0, &(pid).tasks[1].first}}

struct task_struct init_process = {
    COMMON(1, init_process, init_process_signals, "init"),
    LINKS(init_process_pid),
    .stack = &init_process_stack,
    .__state = TASK_INTERRUPTIBLE,
    .mm = &init_process_mm,
    .active_mm = &init_process_mm,
    .nsproxy = &init_nsproxy,
    .tasks = {&worker_task.tasks, &init_task.tasks},
    .parent = &init_task,
    .real_parent = &init_task,
    .children = {&shell_task.sibling, &waiter_task.sibling},
    .sibling = {&worker_task.sibling, &init_task.children},
    .sched_info = {.last_arrival = 50000000000},
    .cgroups = &slice_set,
    .cg_list = LIST(slice_set.tasks),
    .se = {.exec_start = 50001000000},
    .thread = {LOCKING_SP(init_process_stack)},
};
struct task_struct worker_task = {
    COMMON(2, worker_task, worker_signals, "kworker/0:1"),
    LINKS(worker_pid),
    .stack = &worker_stack,
    .__state = TASK_INTERRUPTIBLE,
    .flags = PF_KTHREAD,
    .tasks = {&shell_task.tasks, &init_process.tasks},
    .parent = &init_task,
    .real_parent = &init_task,
    .children = LIST(worker_task.children),
    .sibling = {&init_task.children, &init_process.sibling},
    .on_rq = 1,
    .sched_info = {.last_arrival = 98000000000},
    .cgroups = &root_set,
    .cg_list = {&shell_task.cg_list, &root_set.tasks},
    .se = {.exec_start = 98001000000},
    .thread = {LOCKING_SP(worker_stack)},
};
struct task_struct shell_task = {
    COMMON(10, shell_task, shell_signals, "sh"),
    LINKS(shell_pid),
    .stack = &shell_stack,
    .on_cpu = 1,
    .fs = &shell_fs,
    .files = &shell_files,
    .sighand = &shell_handlers,
    .blocked = {{0x4000}},
    .mm = &shell_mm,
    .active_mm = &shell_mm,
    .tasks = {&waiter_task.tasks, &worker_task.tasks},
    .parent = &init_process,
    .real_parent = &init_process,
    .children = LIST(shell_task.children),
    .sibling = {&waiter_task.sibling, &init_process.children},
    .on_rq = 1,
    .sched_info = {.last_arrival = 99000000000},
    .cgroups = &root_set,
    .cg_list = {&waiter_task.cg_list, &worker_task.cg_list},
};
struct task_struct waiter_task = {
    COMMON(11, waiter_task, waiter_signals, "waiter"),
    LINKS(waiter_pid),
    .files = &waiter_files,
    .stack = &waiter_stack,
    .__state = TASK_UNINTERRUPTIBLE,
    .mm = &shell_mm,
    .active_mm = &shell_mm,
    .tasks = {&init_task.tasks, &shell_task.tasks},
    .parent = &init_process,
    .real_parent = &init_process,
    .children = LIST(waiter_task.children),
    .sibling = {&init_process.children, &shell_task.sibling},
    .on_rq = 1,
    .rt = {{&runqueues.rt.active.queue[1], &runqueues.rt.active.queue[1]}},
    .sched_info = {.last_arrival = 97000000000},
    .cgroups = &root_set,
    .cg_list = {&root_set.tasks, &shell_task.cg_list},
    .se = {.exec_start = 97001000000},
    .pi_blocked_on = &rtmutex_waiter,
    .thread = {SLEEPING_SP(waiter_stack)},
};

extern struct task_group root_task_group, slice_group, idle_group;
#define LEAF(node) {{&(node)}, &(node)}
struct cfs_rq slice_queue = {
    1, LEAF(init_process.se.run_node), 0, &slice_group, 0};
struct cfs_rq idle_queue = {0, {{0}, 0}, 0, &idle_group, 1};
struct cfs_rq *root_queues[1] = {&runqueues.cfs};
struct cfs_rq *slice_queues[1] = {&slice_queue};
struct cfs_rq *idle_queues[1] = {&idle_queue};
struct kernfs_node root_directory = {0, ""};
struct kernfs_node slice_directory = {&root_directory, "demo.slice"};
struct kernfs_node idle_directory = {&root_directory, "idle.slice"};
enum { CSS_ONLINE = 2 };
struct cgroup_subsys {
  const char *name, *legacy_name;
  struct cgroup_root *root;
  bool implicit_on_dfl : 1;
};
struct cgroup_root {
  unsigned int subsys_mask;
  int hierarchy_id;
  struct list_head root_list;
  struct cgroup cgrp;
  char name[16];
};
struct cgrp_cset_link {
  struct cgroup *cgrp;
  struct css_set *cset;
  struct list_head cset_link, cgrp_link;
};
struct page_counter {
  atomic_long_t usage;
  unsigned long watermark, min, low, high, max;
};
struct mem_cgroup {
  struct cgroup_subsys_state css;
  struct page_counter memory, swap;
};
struct pids_cgroup {
  struct cgroup_subsys_state css;
  atomic_long_t counter, limit;
  s64 watermark;
};
extern struct cgroup slice_cgroup, idle_cgroup;
extern struct cgrp_cset_link root_link, slice_link;
struct list_head cgroup_roots;
struct cgroup_root cgrp_dfl_root = {
    3, 0, {&cgroup_roots, &cgroup_roots},
    {{&cgrp_dfl_root.cgrp, LIST(cgrp_dfl_root.cgrp.self.sibling),
      {&slice_cgroup.self.sibling, &idle_cgroup.self.sibling}, CSS_ONLINE, 0},
     &root_directory, 3, {0}, &cgrp_dfl_root,
     {&root_link.cset_link, &root_link.cset_link}}, ""};
struct list_head cgroup_roots = {&cgrp_dfl_root.root_list,
                                 &cgrp_dfl_root.root_list};
struct cgroup_subsys memory_subsystem = {"memory", "memory", &cgrp_dfl_root, 0};
struct cgroup_subsys pids_subsystem = {"pids", "pids", &cgrp_dfl_root, 0};
struct cgroup_subsys *cgroup_subsys[2] = {&memory_subsystem, &pids_subsystem};
#define NO_PAGES (~0ul >> 1) / PAGE
struct mem_cgroup slice_memory = {
    {&slice_cgroup}, {{300}, 310, 0, 16, NO_PAGES, 1024},
    {{0}, 0, 0, 0, NO_PAGES, NO_PAGES}};
struct pids_cgroup slice_pids = {{&slice_cgroup}, {1}, {4194305}, 4};
struct cgroup slice_cgroup = {
    {&slice_cgroup,
     {&idle_cgroup.self.sibling, &cgrp_dfl_root.cgrp.self.children},
     LIST(slice_cgroup.self.children), CSS_ONLINE, &cgrp_dfl_root.cgrp.self},
    &slice_directory, 0, {&slice_memory.css, &slice_pids.css}, &cgrp_dfl_root,
    {&slice_link.cset_link, &slice_link.cset_link}};
struct cgroup idle_cgroup = {
    {&idle_cgroup,
     {&cgrp_dfl_root.cgrp.self.children, &slice_cgroup.self.sibling},
     LIST(idle_cgroup.self.children), 0, &cgrp_dfl_root.cgrp.self},
    &idle_directory, 0, {0}, &cgrp_dfl_root, LIST(idle_cgroup.cset_links)};
#define LINK(group, set)                                  \
  {&(group), &(set), {&(group).cset_links, &(group).cset_links}, \
   {&(set).cgrp_links, &(set).cgrp_links}}
struct cgrp_cset_link root_link = LINK(cgrp_dfl_root.cgrp, root_set);
struct cgrp_cset_link slice_link = LINK(slice_cgroup, slice_set);
struct css_set root_set = {
    {0}, 3, {&worker_task.cg_list, &waiter_task.cg_list},
    LIST(root_set.mg_tasks), {&root_link.cgrp_link, &root_link.cgrp_link}};
struct css_set slice_set = {
    {&slice_memory.css, &slice_pids.css}, 1,
    {&init_process.cg_list, &init_process.cg_list}, LIST(slice_set.mg_tasks),
    {&slice_link.cgrp_link, &slice_link.cgrp_link}};
struct task_group root_task_group = {
    {0},
    root_queues,
    LIST(root_task_group.siblings),
    {&slice_group.siblings, &idle_group.siblings}};
struct task_group slice_group = {
    {&slice_cgroup},
    slice_queues,
    {&idle_group.siblings, &root_task_group.children},
    LIST(slice_group.children)};
struct task_group idle_group = {
    {&idle_cgroup},
    idle_queues,
    {&root_task_group.children, &slice_group.siblings},
    LIST(idle_group.children)};
struct sched_entity slice_entity = {
    {0, &worker_task.se.run_node, 0}, 1, &runqueues.cfs, &slice_queue};
struct rq runqueues = {
    .nr_running = 4,
    .clock = 99000200000,
    .clock_task = 99000200000,
    .curr = &shell_task,
    .idle = &init_task,
    .cfs = {3, LEAF(slice_entity.run_node), &shell_task.se, &root_task_group, 0},
    .rt = {{{LIST(runqueues.rt.active.queue[0]),
             LIST(waiter_task.rt.run_list),
             LIST(runqueues.rt.active.queue[2])}}},
};
int nr_threads = 4;

// ---- Pids ----

struct xa_node {
  unsigned char shift, offset, count, nr_values;
  struct xa_node *parent;
  void *array;
  void *slots[64];
};
struct xarray {
  u32 xa_lock;
  u32 xa_flags;
  void *xa_head;
};
struct idr {
  struct xarray idr_rt;
  unsigned int idr_base, idr_next;
};
struct pid_namespace {
  struct idr idr;
  unsigned int pid_allocated;
  unsigned int level;
};
struct xa_node pid_node = {
    .count = 4,
    .array = &init_pid_ns.idr.idr_rt,
    .slots = {[1] = &init_process_pid,
              [2] = &worker_pid,
              [10] = &shell_pid,
              [11] = &waiter_pid},
};
struct pid_namespace init_pid_ns = {
    .idr = {{0, 0, (char *)&pid_node + 2}, 0, 12},
    .pid_allocated = 4,
};

// ---- Who waits ----

struct wait_queue_entry {
  unsigned int flags;
  void *private;
  void *func;
  struct list_head entry;
};
extern const char autoremove_wake_function[], process_timeout[];
extern const char hrtimer_wakeup[], run_timer_softirq[], net_rx_action[];
extern wait_queue_head_t log_wait;
struct wait_queue_entry log_waiter = {
    1, &waiter_task, (void *)autoremove_wake_function, LIST(log_wait.head)};
wait_queue_head_t log_wait = {0, LIST(log_waiter.entry)};
wait_queue_head_t kauditd_wait = {0, LIST(kauditd_wait.head)};

// ---- Interrupts ----

struct irq_chip {
  const char *name;
};
struct irq_common_data {
  struct cpumask affinity[1];
};
struct irq_data {
  unsigned int irq;
  struct irq_chip *chip;
};
struct irqaction {
  void *handler;
  struct irqaction *next;
  const char *name;
};
struct irq_desc {
  struct irq_common_data irq_common_data;
  struct irq_data irq_data;
  unsigned int *kstat_irqs;
  struct irqaction *action;
  const char *name;
};
struct irq_chip ioapic_chip = {"IO-APIC"};
struct irqaction timer_action = {0, 0, "timer"};
struct irqaction modem_action = {0, 0, "modem"};
struct irqaction serial_action = {0, &modem_action, "ttyS0"};
unsigned int timer_count = 148, serial_count = 8, spare_count;
struct irq_desc timer_irq = {
    {{{1}}}, {0, &ioapic_chip}, &timer_count, &timer_action, "edge"};
struct irq_desc serial_irq = {
    {{{1}}}, {2, &ioapic_chip}, &serial_count, &serial_action, "edge"};
struct irq_desc spare_irq = {{{{1}}}, {3, &ioapic_chip}, &spare_count, 0, 0};
struct maple_node irq_node ALIGNED(256) = {
    .mr64 = {.pivot = {0, 1, 2, 3, ~0ul},
             .slot = {&timer_irq, 0, &serial_irq, &spare_irq}}};
struct maple_tree sparse_irqs = {0, 0, (char *)&irq_node + 0x0e};
unsigned int nr_irqs = 6;
enum { HI_SOFTIRQ, TIMER_SOFTIRQ, NET_RX_SOFTIRQ, NR_SOFTIRQS } softirq_kinds;
struct softirq_action {
  const void *action;
};
struct softirq_action softirq_vec[NR_SOFTIRQS] = {
    [TIMER_SOFTIRQ] = {run_timer_softirq},
    [NET_RX_SOFTIRQ] = {net_rx_action},
};

// ---- Timers ----

struct timer_list {
  struct hlist_node entry;
  unsigned long expires;
  const void *function;
  u32 flags;
};
struct timer_base {
  u32 lock;
  struct timer_list *running_timer;
  unsigned long clk;
  struct hlist_head vectors[8];
};
#define NOW (4294937296ul + 25000)
extern struct timer_base timer_bases[2];
struct timer_list second_timer = {{0, 0}, NOW + 500, process_timeout, 0};
struct timer_list first_timer = {
    {&second_timer.entry, 0}, NOW - 1, process_timeout, 0};
struct timer_base timer_bases[2] = {{.vectors = {[3] = {&first_timer.entry}}}};

typedef s64 ktime_t;
struct timerqueue_node {
  struct rb_node node;
  ktime_t expires;
};
struct timerqueue_head {
  struct rb_root_cached rb_root;
};
struct hrtimer {
  struct timerqueue_node node;
  ktime_t _softexpires;
  const void *function;
};
struct hrtimer_clock_base {
  unsigned int index;
  int clockid;
  struct timerqueue_head active;
  ktime_t offset;
};
struct hrtimer_cpu_base {
  unsigned int cpu;
  struct hrtimer_clock_base clock_base[2];
};
struct clocksource {
  u32 mult, shift;
};
struct clocksource clocksource_jiffies = {10000000u << 8, 8};
struct hrtimer sleep_timer = {
    {{0, 0, 0}, 250100050000}, 250100000000, hrtimer_wakeup};
struct hrtimer_cpu_base hrtimer_bases = {
    0,
    {{0, 1, {LEAF(sleep_timer.node.node)}, 0}, {1, 0, {{{0}, 0}}, 1700000000}},
};

// ---- A module ----

struct elf64_sym {
  u32 st_name;
  u8 st_info, st_other;
  u16 st_shndx;
  u64 st_value, st_size;
};
struct mod_kallsyms {
  struct elf64_sym *symtab;
  unsigned int num_symtab;
  char *strtab;
  char *typetab;
};
enum mod_mem_type {
  MOD_TEXT,
  MOD_DATA,
  MOD_RODATA,
  MOD_RO_AFTER_INIT,
  MOD_INIT_TEXT,
  MOD_INIT_DATA,
  MOD_INIT_RODATA,
  MOD_MEM_NUM_TYPES,
};
struct module_memory {
  void *base;
  unsigned int size;
};
enum module_state {
  MODULE_STATE_LIVE,
  MODULE_STATE_COMING,
  MODULE_STATE_GOING,
  MODULE_STATE_UNFORMED,
};
struct module {
  enum module_state state;
  struct list_head list;
  char name[56];
  struct module_memory mem[MOD_MEM_NUM_TYPES];
  unsigned long taints;
  struct mod_kallsyms *kallsyms;
  void *percpu;
  unsigned int percpu_size;
};
extern struct module demo_module;
struct elf64_sym demo_symbols[3] = {
    {0},
    {1, 2, 0, 1, MODULE_MAP, 8},
    {11, 2, 0, 1, MODULE_MAP + 8, 3},
};
char demo_names[] = "\0demo_open\0demo_close";
char demo_letters[] = "?tt";
struct mod_kallsyms demo_kallsyms = {demo_symbols, 3, demo_names, demo_letters};
struct list_head modules = {&demo_module.list, &demo_module.list};
struct module demo_module = {
    .state = MODULE_STATE_LIVE,
    .list = LIST(modules),
    .name = "demo",
    .mem = {[MOD_TEXT] = {(void *)MODULE_MAP, PAGE}},
    .taints = 1ul << 12,
    .kallsyms = &demo_kallsyms,
};

// ---- System V IPC: one of each ----

typedef struct {
  u32 val;
} kuid_t;
struct kern_ipc_perm {
  bool deleted;
  int id, key;
  kuid_t uid;
  u16 mode;
};
struct shmid_kernel {
  struct kern_ipc_perm shm_perm;
  struct file *shm_file;
  unsigned long shm_nattch, shm_segsz;
};
struct sem_array {
  struct kern_ipc_perm sem_perm;
  int sem_nsems;
};
struct msg_queue {
  struct kern_ipc_perm q_perm;
  unsigned long q_cbytes, q_qnum;
};
struct shmem_inode_info {
  unsigned long alloced, swapped;
  struct inode vfs_inode;
};
struct ipc_ids {
  int in_use;
  struct idr ipcs_idr;
};
struct ipc_namespace {
  struct ipc_ids ids[3];
};

struct shmem_inode_info shared_inode = {
    2, 1, {.i_mode = 0100600, .i_data = {1}}};
struct file shared_file = {.f_inode = &shared_inode.vfs_inode};
struct sem_array first_semaphores = {{0, 0, 0x2345, {0}, 0640}, 3};
struct msg_queue first_queue = {{0, 0, 0x3456, {1000}, 0644}, 32, 1};
struct shmid_kernel first_shared = {
    {0, 0, 0x1234, {0}, 01600}, &shared_file, 1, 12000};
// One entry needs no node.
#define ONLY(object) {1, {{0, 0, &(object)}, 0, 1}}
struct ipc_namespace init_ipc_ns = {
    {ONLY(first_semaphores), ONLY(first_queue), ONLY(first_shared)}};

// ---- The machine ----

unsigned long tick_nsec = 4000000;
enum e820_type { E820_TYPE_RAM = 1, E820_TYPE_RESERVED = 2 };
struct e820_entry {
  u64 addr, size;
  enum e820_type type;
} __attribute__((packed));
struct e820_table {
  u32 nr_entries;
  struct e820_entry entries[4];
};
struct e820_table e820_table_init = {
    3,
    {{0, 0x9fc00, E820_TYPE_RAM},
     {0x9fc00, 0x400, E820_TYPE_RESERVED},
     {0x100000, 0x1f00000, E820_TYPE_RAM}}};
struct e820_table *e820_table = &e820_table_init;
struct cpuinfo_x86 {
  u8 x86, x86_vendor, x86_model;
  char x86_model_id[16];
};
struct cpuinfo_x86 cpu_info = {6, 2, 15, "Mini CPU"};

// ---- Tags of a device: 3 and 65 are taken, 5 was freed ----

struct sbq_wait_state {
  struct wait_queue_head wait;
};
struct sbitmap_word {
  unsigned long word ALIGNED(64);
  unsigned long cleared ALIGNED(64);
};
struct sbitmap {
  unsigned int depth, shift, map_nr;
  bool round_robin;
  struct sbitmap_word *map;
  unsigned int *alloc_hint;
};
struct sbitmap_queue {
  struct sbitmap sb;
  unsigned int wake_batch;
  atomic_t wake_index;
  struct sbq_wait_state *ws;
  atomic_t ws_active;
  unsigned int min_shallow_depth;
};
#define IDLE(n) [n] = {{0, LIST(tag_waits[n].wait.head)}}
extern struct sbq_wait_state tag_waits[8];
struct sbq_wait_state tag_waits[8] = {IDLE(0), IDLE(1), IDLE(2), IDLE(3),
                                      IDLE(4), IDLE(5), IDLE(6), IDLE(7)};
struct sbitmap_word tag_words[2] = {{0x28, 0x20}, {0x2, 0}};
unsigned int tag_hint = 66;
struct sbitmap_queue sample_tags = {
    {100, 6, 2, 0, tag_words, &tag_hint}, 8, {0}, tag_waits, {0}, ~0u};
struct demo_request {
  int tag;
  char state;
};
struct demo_request sample_requests[100] = {[3] = {3, 'r'}, [65] = {65, 'w'}};
struct demo_request *sample_pointers[100] = {[3] = &sample_requests[3],
                                           [65] = &sample_requests[65]};

// ---- BPF: a program that looks into a map, and its link ----

enum bpf_map_type { BPF_MAP_TYPE_HASH = 1 };
enum bpf_prog_type { BPF_PROG_TYPE_SOCKET_FILTER = 1 };
enum bpf_link_type { BPF_LINK_TYPE_XDP = 6 };
struct user_struct {
  kuid_t uid;
};
struct bpf_map {
  enum bpf_map_type map_type;
  u32 key_size, value_size, max_entries, map_flags, id;
  char name[16];
};
struct bpf_insn {
  u8 code, dst_reg : 4, src_reg : 4;
  short off;
  int imm;
};
struct bpf_prog_aux {
  u32 used_map_cnt, id, func_cnt;
  struct bpf_map **used_maps;
  struct user_struct *user;
  u64 load_time;
  char name[16];
};
struct bpf_prog {
  u16 pages, jited : 1, gpl_compatible : 1;
  enum bpf_prog_type type;
  u32 len, jited_len;
  u8 tag[8];
  void *bpf_func;
  struct bpf_prog_aux *aux;
  struct bpf_insn insnsi[];
};
struct bpf_link {
  u32 id;
  enum bpf_link_type type;
  struct bpf_prog *prog;
};
struct net_device {
  char name[16];
  int ifindex;
  unsigned int mtu, flags;
  u16 type;
  u8 addr_len;
  const u8 *dev_addr;
  struct in_device *ip_ptr;
  struct inet6_dev *ip6_ptr;
  struct list_head dev_list;
};
struct bpf_xdp_link {
  struct bpf_link link;
  struct net_device *dev;
};
struct user_struct root_user = {{0}};
struct bpf_map sample_map = {BPF_MAP_TYPE_HASH, 4, 8, 16, 0, 1, "sample_map"};
struct bpf_map *sample_used_maps[1] = {&sample_map};
struct bpf_prog_aux sample_program_aux = {
    1, 1, 0, sample_used_maps, &root_user, 50000000000, "demo_filter"};
struct bpf_prog sample_program = {
    1, 0, 1, BPF_PROG_TYPE_SOCKET_FILTER, 4, 0,
    {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0}, 0, &sample_program_aux,
    {{0xbf, 6, 1, 0, 0}, {0x61, 0, 6, 4, 0}, {0x55, 0, 0, 1, 7}, {0x95}}};
extern struct net_device sample_device;
struct bpf_xdp_link sample_link = {{1, BPF_LINK_TYPE_XDP, &sample_program},
                                 &sample_device};
// Numbers start at 1.
#define FIRST_NODE(name, object) \
  struct xa_node name = {.count = 1, .slots = {[1] = &(object)}}
FIRST_NODE(program_node, sample_program);
FIRST_NODE(map_node, sample_map);
FIRST_NODE(link_node, sample_link);
struct idr prog_idr = {{0, 0, (char *)&program_node + 2}, 0, 2};
struct idr map_idr = {{0, 0, (char *)&map_node + 2}, 0, 2};
struct idr link_idr = {{0, 0, (char *)&link_node + 2}, 0, 2};

#include "devices.h"

// The tools of the build know types only if a variable uses them.
struct inactive_task_frame *const inactive_frame_type = 0;
enum mod_mem_type *const mod_mem_type = 0;

// The direct map: the first 1 GiB. Last, since stories know addresses.
unsigned long level3_direct_pgt[512] ALIGNED(PAGE) = {[0] = LARGE_PAGE};
