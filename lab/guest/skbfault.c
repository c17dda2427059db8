// SPDX-License-Identifier: GPL-3.0-or-later
/* A socket is released while the first buffer on its receive queue has already
 * been unlinked by somebody else: next and prev are NULL, the queue still
 * points to it. Emptying the queue then stores through the NULL pointer, from
 * a work item, as a race between two users of a socket would. */
#include <linux/module.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include <net/sock.h>

static struct socket *victim;

static void skbfault_release(struct work_struct *work)
{
	static const char payload[] = "payload of a queued packet";
	struct sk_buff *buffer;
	int count;

	for (count = 0; count < 3; count++) {
		buffer = alloc_skb(256, GFP_KERNEL);
		if (!buffer)
			return;
		skb_put_data(buffer, payload, sizeof(payload));
		skb_queue_tail(&victim->sk->sk_receive_queue, buffer);
	}
	buffer = skb_peek(&victim->sk->sk_receive_queue);
	buffer->next = NULL;
	buffer->prev = NULL;
	sock_release(victim);
}

static DECLARE_WORK(release, skbfault_release);

static int __init skbfault_start(void)
{
	int error = sock_create_kern(&init_net, PF_INET, SOCK_DGRAM,
				     IPPROTO_UDP, &victim);

	if (!error)
		schedule_work(&release);
	return error;
}

module_init(skbfault_start);
MODULE_DESCRIPTION("releases a socket with a broken receive queue");
MODULE_LICENSE("GPL");
