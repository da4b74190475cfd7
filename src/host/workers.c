/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/workers.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/counter.h"
#include "host/privs.h"

#define STACK 262144 /* octets; its buffers are not on it */
#define READY 16     /* sockets of one wake-up */
#define BATCHES 8    /* of one socket, before the others have their turn */
#define WAKE UINT64_MAX
#define NAME 16

/* One socket of a worker. */
struct seat {
	struct serve_socket socket;
	struct socket_counts counts;
	unsigned number; /* serversock.number */
	uint32_t serial; /* so that a late event finds no other's */
	bool used;
};

struct worker {
	struct workers *all;
	size_t reader; /* of the view; 0 is the first */
	pthread_t thread;
	int epoll;
	struct seat *seats; /* changed while it is held outside */
	size_t room;
	uint32_t serial;
	struct io_counts io;
	struct serving *serving;
	struct handover *handover;
};

struct workers {
	struct viewbox box;
	_Atomic bool ended;
	unsigned count, holds;
	int wake;             /* ends their sleep, for good */
	int handed;           /* ours */
	unsigned taken, next; /* see workers_next() */
	struct worker each[WORKERS_MOST];
};

/* --- in a worker --- */

/* What is gone since it was said to be ready is NULL. */
static struct seat *seat_of(const struct worker *w, uint64_t event)
{
	uint32_t at = (uint32_t)event, serial = (uint32_t)(event >> 32);
	struct seat *s = at < w->room ? &w->seats[at] : NULL;

	return s && s->used && s->serial == serial ? s : NULL;
}

static void hand_over(struct worker *w, const struct seat *s, size_t i)
{
	enum server_verdict verdict = w->serving->verdicts[i];
	const uint64_t one = 1;

	if (!serve_is_for_loop(verdict)) {
		return;
	}
	if (!handover_put(w->handover, s->number, verdict,
			  &w->serving->batch.in[i])) {
		counter_up(&w->io.dropped);
		return;
	}
	ssize_t n = write(w->all->handed, &one, sizeof(one));

	(void)n; /* full: then it is readable already */
}

static void serve_ready(struct worker *w, uint64_t event)
{
	size_t count = UDP_BATCH;

	for (int i = 0; i < BATCHES && count == UDP_BATCH; i++) {
		const struct view *view =
			viewbox_enter(&w->all->box, w->reader);
		const struct seat *s = seat_of(w, event);

		count = s ? serve_batch(w->serving, &s->socket, view) : 0;
		for (size_t j = 0; j < count; j++) {
			hand_over(w, s, j);
		}
		viewbox_leave(&w->all->box, w->reader);
	}
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct epoll_event ready[READY];

	privs_drop_all();
	while (!atomic_load(&w->all->ended)) {
		int n = epoll_wait(w->epoll, ready, READY, -1);

		counter_up(&w->io.wakeups);
		for (int i = 0; i < n; i++) {
			if (ready[i].data.u64 != WAKE) {
				serve_ready(w, ready[i].data.u64);
			}
		}
		if (n > 0) {
			counter_up(&w->io.good_wakeups);
		}
	}
	return NULL;
}

/* --- how many --- */

static bool is_loopback_rule(const struct nic_config *n)
{
	return (n->match == NIC_ADDR && netaddr_is_loopback(&n->addr)) ||
	       (n->match == NIC_NAME && n->name && strcmp(n->name, "lo") == 0);
}

/* Rules that open no more than loopback. */
static bool listens_here_only(const struct listen_rules *r)
{
	for (const struct nic_config *n = r->rules; n; n = n->next) {
		if (n->action == NIC_LISTEN && n->match != NIC_WILDCARD &&
		    !is_loopback_rule(n)) {
			return false;
		}
	}
	return r->rules != NULL;
}

static bool is_for_others(const struct restrict_config *r)
{
	return r->kind != RESTRICT_SOURCE &&
	       !(r->kind == RESTRICT_ADDRESS && netaddr_is_loopback(&r->addr));
}

/* Everybody is refused, and no line lets anybody else in. */
static bool serves_here_only(const struct config *c)
{
	bool v4 = false, v6 = false;

	for (const struct restrict_config *r = c->restricts; r; r = r->next) {
		if (!is_for_others(r)) {
			continue;
		}
		if (!(r->flags & (RESTRICT_IGNORE | RESTRICT_NOSERVE))) {
			return false;
		}
		if (r->kind == RESTRICT_DEFAULT) {
			v4 |= r->family != FAMILY_V6;
			v6 |= r->family != FAMILY_V4;
		}
	}
	return v4 && v6;
}

unsigned workers_wanted(const struct config *c, const struct listen_rules *r)
{
	cpu_set_t cpus;
	int count = c->server_threads;

	if (count < 0) {
		if (listens_here_only(r) || serves_here_only(c)) {
			return 0;
		}
		CPU_ZERO(&cpus);
		count = sched_getaffinity(0, sizeof(cpus), &cpus) == 0
				? CPU_COUNT(&cpus)
				: 1;
	}
	return count > WORKERS_MOST ? WORKERS_MOST : (unsigned)count;
}

/* --- from the start to the end --- */

static bool watch(const struct worker *w, int fd, uint64_t event)
{
	struct epoll_event want = { .events = EPOLLIN };

	want.data.u64 = event;
	return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &want) == 0;
}

static void release(struct worker *w)
{
	free(w->seats);
	if (w->serving) {
		serve_end(w->serving);
	}
	free(w->serving);
	free(w->handover);
	if (w->epoll >= 0) {
		close(w->epoll);
	}
}

/* Not in real time, whatever we are: they could keep us from the processor. */
static int create(struct worker *w)
{
	const struct sched_param param = { 0 };
	pthread_attr_t how;
	sigset_t all, was;
	char name[NAME];
	int error;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &was);
	(void)pthread_attr_init(&how);
	(void)pthread_attr_setstacksize(&how, STACK);
	(void)pthread_attr_setinheritsched(&how, PTHREAD_EXPLICIT_SCHED);
	(void)pthread_attr_setschedpolicy(&how, SCHED_OTHER);
	(void)pthread_attr_setschedparam(&how, &param);
	error = pthread_create(&w->thread, &how, run, w);
	(void)pthread_attr_destroy(&how);
	(void)pthread_sigmask(SIG_SETMASK, &was, NULL);
	if (error == 0) {
		(void)snprintf(name, sizeof(name), "ntpd:serve/%zu", w->reader);
		(void)pthread_setname_np(w->thread, name);
	}
	return error;
}

static bool start_one(struct workers *all, struct server_shard *shard)
{
	struct worker *w = &all->each[all->count];

	*w = (struct worker){ .all = all,
			      .reader = all->count,
			      .epoll = epoll_create1(EPOLL_CLOEXEC),
			      .serving = calloc(1, sizeof(*w->serving)),
			      .handover = aligned_alloc(VIEWBOX_LINE,
							sizeof(*w->handover)) };
	if (w->epoll >= 0 && w->serving && w->handover &&
	    watch(w, all->wake, WAKE)) {
		memset(w->handover, 0, sizeof(*w->handover));
		serve_init(w->serving, UDP_BATCH);
		w->serving->shard = shard;
		w->serving->io = &w->io;
		if (create(w) == 0) {
			all->count++;
			return true;
		}
	}
	release(w);
	return false;
}

struct workers *workers_start(unsigned count, struct server_shard *shards)
{
	struct workers *all = aligned_alloc(VIEWBOX_LINE, sizeof(*all));

	INVARIANT(count > 0 && count <= WORKERS_MOST);
	if (!all) {
		return NULL;
	}
	memset(all, 0, sizeof(*all));
	viewbox_init(&all->box);
	atomic_init(&all->ended, false);
	all->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	all->handed = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	while (all->wake >= 0 && all->handed >= 0 && all->count < count &&
	       start_one(all, &shards[all->count])) {
	}
	if (all->count == 0) {
		workers_end(all);
		return NULL;
	}
	return all;
}

unsigned workers_count(const struct workers *w)
{
	return w->count;
}

void workers_end(struct workers *w)
{
	const uint64_t one = 1;

	if (!w) {
		return;
	}
	atomic_store(&w->ended, true);
	ssize_t n = write(w->wake, &one, sizeof(one));

	(void)n; /* never read: it cannot be full */
	while (w->holds > 0) {
		workers_release(w);
	}
	for (unsigned i = 0; i < w->count; i++) {
		(void)pthread_join(w->each[i].thread, NULL);
		release(&w->each[i]);
	}
	if (w->wake >= 0) {
		close(w->wake);
	}
	if (w->handed >= 0) {
		close(w->handed);
	}
	free(w);
}

/* --- sockets --- */

/* A free one, or NULL. */
static struct seat *free_seat(struct worker *w)
{
	size_t at = 0, room = w->room ? w->room * 2 : READY;

	while (at < w->room && w->seats[at].used) {
		at++;
	}
	if (at == w->room) {
		struct seat *more = realloc(w->seats, room * sizeof(*more));

		if (!more) {
			return NULL;
		}
		memset(more + at, 0, (room - at) * sizeof(*more));
		w->seats = more;
		w->room = room;
		for (size_t i = 0; i < at; i++) {
			more[i].socket.counts = &more[i].counts;
		}
	}
	return &w->seats[at];
}

static void add_seat(struct worker *w, const struct serversock *s, int fd)
{
	struct seat *seat = free_seat(w);

	if (!seat) {
		return;
	}
	*seat = (struct seat){ .number = s->number, .serial = w->serial++ };
	seat->socket = (struct serve_socket){ .fd = fd,
					      .addr = s->addr,
					      .counts = &seat->counts };
	seat->used = watch(w, fd,
			   (uint64_t)seat->serial << 32 |
				   (uint64_t)(seat - w->seats));
}

void workers_add(struct workers *w, const struct serversock *s,
		 unsigned threads)
{
	INVARIANT(threads <= w->count);
	workers_hold(w);
	for (size_t i = 0; i < (size_t)threads * SPREAD_SOCKETS; i++) {
		add_seat(&w->each[i / SPREAD_SOCKETS], s, s->shared[i]);
	}
	workers_release(w);
}

void workers_remove(struct workers *w, unsigned number)
{
	workers_hold(w);
	for (unsigned i = 0; i < w->count; i++) {
		struct worker *one = &w->each[i];

		for (size_t j = 0; j < one->room; j++) {
			struct seat *s = &one->seats[j];

			if (s->used && s->number == number) {
				(void)epoll_ctl(one->epoll, EPOLL_CTL_DEL,
						s->socket.fd, NULL);
				s->used = false;
			}
		}
	}
	workers_release(w);
}

/* --- the view --- */

bool workers_publish(struct workers *w, const struct view *view)
{
	return viewbox_publish(&w->box, view);
}

void workers_hold(struct workers *w)
{
	if (w->holds++ == 0) {
		viewbox_hold(&w->box);
	}
}

void workers_release(struct workers *w)
{
	INVARIANT(w->holds > 0);
	if (--w->holds == 0) {
		viewbox_release(&w->box);
	}
}

/* --- what they have for the engine --- */

int workers_handed_fd(const struct workers *w)
{
	return w->handed;
}

/*
 * One of each in turn. As many as one has room for, then other things have
 * theirs: the rest keeps the descriptor readable.
 */
const struct handed *workers_next(struct workers *w)
{
	const uint64_t one = 1;
	uint64_t value;

	if (w->taken == 0) {
		ssize_t n = read(w->handed, &value, sizeof(value));

		(void)n; /* none: nothing came since */
	}
	for (unsigned i = 0; i < w->count; i++) {
		unsigned at = (w->next + i) % w->count;
		const struct handed *item = handover_next(w->each[at].handover);

		if (item && w->taken == HANDOVER_ROOM) {
			ssize_t n = write(w->handed, &one, sizeof(one));

			(void)n;
			break;
		}
		if (item) {
			w->next = at;
			return item;
		}
	}
	w->taken = 0;
	return NULL;
}

void workers_done(struct workers *w)
{
	handover_done(w->each[w->next].handover);
	w->next = (w->next + 1) % w->count;
	w->taken++;
}

/* --- what they count --- */

void workers_io(const struct workers *w, struct io_counts *sum)
{
	for (unsigned i = 0; i < w->count; i++) {
		const struct io_counts *n = &w->each[i].io;

		sum->received += counter_read(&n->received);
		sum->sent += counter_read(&n->sent);
		sum->send_failed += counter_read(&n->send_failed);
		sum->dropped += counter_read(&n->dropped);
		sum->wakeups += counter_read(&n->wakeups);
		sum->good_wakeups += counter_read(&n->good_wakeups);
	}
}

void workers_socket_counts(const struct workers *w, unsigned number,
			   struct socket_counts *sum)
{
	for (unsigned i = 0; i < w->count; i++) {
		const struct worker *one = &w->each[i];

		for (size_t j = 0; j < one->room; j++) {
			const struct seat *s = &one->seats[j];

			if (s->used && s->number == number) {
				sum->received +=
					counter_read(&s->counts.received);
				sum->sent += counter_read(&s->counts.sent);
				sum->send_failed +=
					counter_read(&s->counts.send_failed);
				sum->dropped +=
					counter_read(&s->counts.dropped);
			}
		}
	}
}
