/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/workers.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/counter.h"
#include "host/system/privs.h"

#define STACK 262144 /* octets; its buffers are not on it */
#define FIRST_ROOM 16
#define BATCHES 8 /* of one socket, before the others have their turn */
#define NAME 16

/* One socket of a worker. */
struct seat {
	struct serve_socket socket;
	struct socket_counts counts;
	unsigned number; /* serversock.number */
	bool used;
};

struct worker {
	struct workers *all;
	size_t reader; /* of the view; 0 is the first */
	pthread_t thread;
	int wake;           /* the seats are others, or it is the end */
	struct seat *seats; /* changed while it is held outside */
	size_t room;
	struct pollfd *offered; /* memory for `waiting`, when that is to grow */
	struct pollfd *waiting; /* its own: wake, and then the seats */
	size_t waiting_count;
	struct io_counts io;
	struct serving *serving;
	struct handover *handover;
};

struct workers {
	struct viewbox box;
	_Atomic bool ended;
	unsigned count, holds;
	int handed;           /* ours */
	unsigned taken, next; /* see workers_next() */
	struct worker each[WORKERS_MOST];
};

/* --- in a worker --- */

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

/* Another may have the seat by now: then nothing is there to be read. */
static void serve_ready(struct worker *w, size_t at)
{
	size_t count = UDP_BATCH;

	for (int i = 0; i < BATCHES && count == UDP_BATCH; i++) {
		const struct view *view =
			viewbox_enter(&w->all->box, w->reader);
		const struct seat *s = &w->seats[at];

		count = at < w->room && s->used
				? serve_batch(w->serving, &s->socket, view)
				: 0;
		for (size_t j = 0; j < count; j++) {
			hand_over(w, s, j);
		}
		viewbox_leave(&w->all->box, w->reader);
	}
}

/* The seats as they are now. */
static void look_again(struct worker *w)
{
	uint64_t value;
	ssize_t n = read(w->wake, &value, sizeof(value));

	(void)n;
	(void)viewbox_enter(&w->all->box, w->reader);
	if (w->offered) {
		free(w->waiting);
		w->waiting = w->offered;
		w->offered = NULL;
	}
	w->waiting[0] = (struct pollfd){ .fd = w->wake, .events = POLLIN };
	for (size_t i = 0; i < w->room; i++) {
		w->waiting[i + 1] = (struct pollfd){
			.fd = w->seats[i].used ? w->seats[i].socket.fd : -1,
			.events = POLLIN
		};
	}
	w->waiting_count = w->room + 1;
	viewbox_leave(&w->all->box, w->reader);
}

/*
 * poll() and not epoll: whose socket is in an epoll set has a sleeper for good,
 * and each answer that has left wakes it, at 140 ns.
 */
static void *run(void *arg)
{
	struct worker *w = arg;

	privs_drop_all();
	look_again(w);
	while (!atomic_load(&w->all->ended)) {
		int n = poll(w->waiting, w->waiting_count, -1);

		counter_up(&w->io.wakeups);
		if (n <= 0) {
			continue;
		}
		for (size_t i = 1; i < w->waiting_count; i++) {
			if (w->waiting[i].revents) {
				serve_ready(w, i - 1);
			}
		}
		if (w->waiting[0].revents) {
			look_again(w);
		}
		counter_up(&w->io.good_wakeups);
	}
	return NULL;
}

/* --- from the start to the end --- */

/* Tells it to look again. */
static void wake(const struct worker *w)
{
	const uint64_t one = 1;
	ssize_t n = write(w->wake, &one, sizeof(one));

	(void)n; /* full: then it is readable already */
}

/* Room for twice the seats. */
static bool grow(struct worker *w)
{
	size_t room = w->room ? w->room * 2 : FIRST_ROOM;
	struct pollfd *offered = malloc((room + 1) * sizeof(*offered));
	struct seat *seats = realloc(w->seats, room * sizeof(*seats));

	if (seats) {
		w->seats = seats;
		for (size_t i = 0; i < w->room; i++) {
			seats[i].socket.counts = &seats[i].counts;
		}
	}
	if (!seats || !offered) {
		free(offered);
		return false;
	}
	memset(seats + w->room, 0, (room - w->room) * sizeof(*seats));
	w->room = room;
	free(w->offered);
	w->offered = offered;
	return true;
}

static void release(struct worker *w)
{
	free(w->seats);
	serve_end(w->serving);
	free(w->handover);
	free(w->offered);
	free(w->waiting);
	if (w->wake >= 0) {
		close(w->wake);
	}
}

/*
 * Not in real time, if we are: they could keep us from the processor. Where we
 * are not, a filter of system calls may well forbid to say so.
 */
static void run_as_others(pthread_attr_t *how)
{
	const struct sched_param param = { 0 };

	if (sched_getscheduler(0) != SCHED_OTHER) {
		(void)pthread_attr_setinheritsched(how, PTHREAD_EXPLICIT_SCHED);
		(void)pthread_attr_setschedpolicy(how, SCHED_OTHER);
		(void)pthread_attr_setschedparam(how, &param);
	}
}

static int create(struct worker *w)
{
	pthread_attr_t how;
	sigset_t all, was;
	char name[NAME];
	int error;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &was);
	(void)pthread_attr_init(&how);
	(void)pthread_attr_setstacksize(&how, STACK);
	run_as_others(&how);
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
			      .wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
			      .serving = serve_begin(UDP_BATCH),
			      .handover = aligned_alloc(CACHE_LINE,
							sizeof(*w->handover)) };
	if (w->wake >= 0 && w->serving && w->handover && grow(w)) {
		memset(w->handover, 0, sizeof(*w->handover));
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
	struct workers *all = aligned_alloc(CACHE_LINE, sizeof(*all));

	INVARIANT(count > 0 && count <= WORKERS_MOST);
	if (!all) {
		return NULL;
	}
	memset(all, 0, sizeof(*all));
	viewbox_init(&all->box);
	atomic_init(&all->ended, false);
	all->handed = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	while (all->handed >= 0 && all->count < count &&
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

/* Who waits to be let in may have a view of what is no more: not to serve. */
static void empty_seats(struct workers *w)
{
	workers_hold(w);
	for (unsigned i = 0; i < w->count; i++) {
		for (size_t j = 0; j < w->each[i].room; j++) {
			w->each[i].seats[j].used = false;
		}
	}
	workers_release(w);
}

void workers_end(struct workers *w)
{
	if (!w) {
		return;
	}
	empty_seats(w);
	atomic_store(&w->ended, true);
	while (w->holds > 0) {
		workers_release(w);
	}
	for (unsigned i = 0; i < w->count; i++) {
		wake(&w->each[i]);
		(void)pthread_join(w->each[i].thread, NULL);
		release(&w->each[i]);
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
	size_t at = 0;

	while (at < w->room && w->seats[at].used) {
		at++;
	}
	return at < w->room || grow(w) ? &w->seats[at] : NULL;
}

static bool add_seat(struct worker *w, const struct serversock *s, int fd)
{
	struct seat *seat = free_seat(w);

	if (!seat) {
		return false;
	}
	*seat = (struct seat){ .number = s->number };
	seat->socket = (struct serve_socket){ .fd = fd,
					      .addr = s->addr,
					      .counts = &seat->counts };
	seat->used = true;
	wake(w);
	return true;
}

bool workers_add(struct workers *w, const struct serversock *s,
		 unsigned threads)
{
	size_t count = (size_t)threads * SPREAD_SOCKETS, added = 0;

	INVARIANT(threads <= w->count);
	workers_hold(w);
	while (added < count && add_seat(&w->each[added / SPREAD_SOCKETS], s,
					 s->shared[added])) {
		added++;
	}
	if (added < count) {
		workers_remove(w, s->number);
	}
	workers_release(w);
	return added == count;
}

void workers_remove(struct workers *w, unsigned number)
{
	workers_hold(w);
	for (unsigned i = 0; i < w->count; i++) {
		struct worker *one = &w->each[i];

		for (size_t j = 0; j < one->room; j++) {
			struct seat *s = &one->seats[j];

			if (s->used && s->number == number) {
				s->used = false;
				wake(one);
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
