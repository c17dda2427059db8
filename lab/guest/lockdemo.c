// SPDX-License-Identifier: GPL-3.0-or-later
/* Kernel threads that hold locks of each kind and wait for them, two circles of
 * which each waits for the next included. /proc/lockdemo says who does what:
 *
 *   lock KIND ADDRESS NAME
 *   task PID NAME holds LOCK wants LOCK     (- for none; :r as a reader)
 *
 * The waiters of a lock come to it in the order of these lines. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/rtmutex.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/semaphore.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

enum kind { MUTEX, RWSEM, RTMUTEX, SEMAPHORE };
static const char *const kinds[] = { "mutex", "rwsem", "rtmutex", "semaphore" };

static DEFINE_MUTEX(demo_mutex);
static DEFINE_MUTEX(first_mutex);
static DEFINE_MUTEX(second_mutex);
static DEFINE_MUTEX(circle_mutex);
static DECLARE_RWSEM(read_rwsem);
static DECLARE_RWSEM(written_rwsem);
static DECLARE_RWSEM(circle_rwsem);
static DEFINE_RT_MUTEX(demo_rtmutex);
static DEFINE_RT_MUTEX(circle_rtmutex);
static struct semaphore demo_semaphore =
	__SEMAPHORE_INITIALIZER(demo_semaphore, 0);

struct demo_lock {
	enum kind kind;
	const char *name;
	void *lock;
};
#define LOCK(kind, variable) { kind, #variable, &variable }
enum { DEMO_MUTEX, FIRST_MUTEX, SECOND_MUTEX, CIRCLE_MUTEX, READ_RWSEM,
       WRITTEN_RWSEM, CIRCLE_RWSEM, DEMO_RTMUTEX, CIRCLE_RTMUTEX,
       DEMO_SEMAPHORE, HEAP_MUTEX, LOCKS };
static struct demo_lock locks[LOCKS] = {
	LOCK(MUTEX, demo_mutex), LOCK(MUTEX, first_mutex),
	LOCK(MUTEX, second_mutex), LOCK(MUTEX, circle_mutex),
	LOCK(RWSEM, read_rwsem), LOCK(RWSEM, written_rwsem),
	LOCK(RWSEM, circle_rwsem), LOCK(RTMUTEX, demo_rtmutex),
	LOCK(RTMUTEX, circle_rtmutex), LOCK(SEMAPHORE, demo_semaphore),
	{ MUTEX, "heap", NULL },
};

#define NONE (-1)
struct actor {
	const char *name;
	int holds, wants;
	bool reads, is_interruptible, is_realtime;
	struct task_struct *task;
	struct completion ready, go;
};
static struct actor actors[] = {
	{ "mutex-hold", DEMO_MUTEX, NONE },
	{ "mutex-wait-1", NONE, DEMO_MUTEX },
	{ "mutex-wait-2", NONE, DEMO_MUTEX, .is_interruptible = true },
	{ "mutex-wait-3", NONE, DEMO_MUTEX },
	{ "read-hold-1", READ_RWSEM, NONE, .reads = true },
	{ "read-hold-2", READ_RWSEM, NONE, .reads = true },
	{ "read-hold-3", READ_RWSEM, NONE, .reads = true },
	{ "rwsem-wait-w", NONE, READ_RWSEM },
	{ "rwsem-wait-r", NONE, READ_RWSEM, .reads = true },
	{ "write-hold", WRITTEN_RWSEM, NONE },
	{ "rwsem-wait-2", NONE, WRITTEN_RWSEM, .reads = true },
	{ "rt-hold", DEMO_RTMUTEX, NONE },
	{ "rt-wait-1", NONE, DEMO_RTMUTEX },
	{ "rt-wait-2", NONE, DEMO_RTMUTEX, .is_realtime = true },
	{ "sem-wait-1", NONE, DEMO_SEMAPHORE },
	{ "sem-wait-2", NONE, DEMO_SEMAPHORE },
	{ "heap-hold", HEAP_MUTEX, NONE },
	{ "heap-wait", NONE, HEAP_MUTEX },
	{ "dead-1", FIRST_MUTEX, SECOND_MUTEX },
	{ "dead-2", SECOND_MUTEX, FIRST_MUTEX },
	{ "circle-1", CIRCLE_MUTEX, CIRCLE_RWSEM },
	{ "circle-2", CIRCLE_RWSEM, CIRCLE_RTMUTEX },
	{ "circle-3", CIRCLE_RTMUTEX, CIRCLE_MUTEX },
};

static void take(const struct actor *actor, int number)
{
	void *lock = locks[number].lock;

	switch (locks[number].kind) {
	case MUTEX:
		if (!actor->is_interruptible)
			mutex_lock(lock);
		else if (mutex_lock_interruptible(lock))
			pr_err("lockdemo: a wait was interrupted\n");
		break;
	case RWSEM:
		if (actor->reads)
			down_read(lock);
		else
			down_write(lock);
		break;
	case RTMUTEX:
		rt_mutex_lock(lock);
		break;
	case SEMAPHORE:
		down(lock);
		break;
	}
}

static int act(void *data)
{
	struct actor *actor = data;

	if (actor->is_realtime)
		sched_set_fifo(current);
	if (actor->holds != NONE)
		take(actor, actor->holds);
	complete(&actor->ready);
	wait_for_completion(&actor->go);
	if (actor->wants != NONE)
		take(actor, actor->wants);
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		schedule();
	}
	return 0;
}

static void say_lock(struct seq_file *file, const struct actor *actor,
		     const char *verb, int number)
{
	seq_printf(file, " %s %s%s", verb,
		   number == NONE ? "-" : locks[number].name,
		   number != NONE && actor->reads ? ":r" : "");
}

static int say(struct seq_file *file, void *unused)
{
	int i;

	for (i = 0; i < LOCKS; i++)
		seq_printf(file, "lock %s %px %s\n", kinds[locks[i].kind],
			   locks[i].lock, locks[i].name);
	for (i = 0; i < ARRAY_SIZE(actors); i++) {
		seq_printf(file, "task %d %s", actors[i].task->pid,
			   actors[i].name);
		say_lock(file, &actors[i], "holds", actors[i].holds);
		say_lock(file, &actors[i], "wants", actors[i].wants);
		seq_putc(file, '\n');
	}
	return 0;
}

static int __init lockdemo_start(void)
{
	struct mutex *heap = kzalloc(sizeof(*heap), GFP_KERNEL);
	int i;

	if (!heap)
		return -ENOMEM;
	mutex_init(heap);
	locks[HEAP_MUTEX].lock = heap;
	for (i = 0; i < ARRAY_SIZE(actors); i++) {
		init_completion(&actors[i].ready);
		init_completion(&actors[i].go);
		actors[i].task = kthread_run(act, &actors[i], "%s",
					     actors[i].name);
		if (IS_ERR(actors[i].task))
			return PTR_ERR(actors[i].task);
		wait_for_completion(&actors[i].ready);
	}
	for (i = 0; i < ARRAY_SIZE(actors); i++) {
		complete(&actors[i].go);
		msleep(150);
	}
	return proc_create_single("lockdemo", 0444, NULL, say) ? 0 : -ENOMEM;
}

module_init(lockdemo_start);
MODULE_DESCRIPTION("tasks that wait for each other's locks");
MODULE_LICENSE("GPL");
