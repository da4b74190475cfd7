/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/nameahead.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "client/interrupt.h"
#include "client/moment.h"
#include "client/names.h"

#define WORKERS 16
#define SLOTS 4096         /* a power of two */
#define GLANCE_NS 50000000 /* how soon Ctrl-C is noticed */

/*
 * Threads cannot be called back from a look-up: those that take too long live
 * on until the process ends, so all that they touch is static.
 */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t finished;
	unsigned workers; /* that run now */
	span waited;      /* by this command */
	uint64_t batch;   /* which one; late workers of another give up */
	size_t next, count;
	netaddr list[NAMEAHEAD_BATCH];
	struct slot {
		bool taken;
		bool named;
		netaddr addr;
		char name[NAMES_TEXT];
	} slots[SLOTS];
	size_t taken;
} ahead = { .lock = PTHREAD_MUTEX_INITIALIZER,
	    .finished = PTHREAD_COND_INITIALIZER };

/* The slot of this host, or the free one for it; NULL: the table is full. */
static struct slot *slot_of(const netaddr *a)
{
	uint64_t hash = a->scope;

	for (size_t i = 0; i < sizeof(a->ip); i++) {
		hash = (hash ^ a->ip[i]) * 0x100000001b3u;
	}
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *s = &ahead.slots[(hash + i) & (SLOTS - 1)];

		if (!s->taken || netaddr_same_host(&s->addr, a)) {
			return s;
		}
	}
	return NULL;
}

static void remember(const netaddr *a, const char *name)
{
	struct slot *s = slot_of(a);

	if (!s) {
		return;
	}
	ahead.taken += s->taken ? 0 : 1;
	s->taken = true;
	s->addr = *a;
	s->named = name[0] != '\0';
	memcpy(s->name, name, sizeof(s->name));
}

/* The next address of this batch that nobody knows; false: none is left. */
static bool take_next(uint64_t batch, netaddr *a)
{
	while (batch == ahead.batch && ahead.next < ahead.count) {
		*a = ahead.list[ahead.next++];
		struct slot *s = slot_of(a);

		if (s && !s->taken) {
			return true;
		}
	}
	return false;
}

static void *work(void *arg)
{
	uint64_t batch;
	netaddr a;

	(void)arg;
	pthread_mutex_lock(&ahead.lock);
	batch = ahead.batch;
	while (take_next(batch, &a)) {
		char name[NAMES_TEXT] = "";
		struct text t = text_over(name, sizeof(name));

		pthread_mutex_unlock(&ahead.lock);
		(void)names_ask(&a, &t);
		pthread_mutex_lock(&ahead.lock);
		remember(&a, name);
	}
	ahead.workers--;
	pthread_cond_signal(&ahead.finished);
	pthread_mutex_unlock(&ahead.lock);
	return NULL;
}

static void start_workers(size_t wanted)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	while (ahead.workers < WORKERS && wanted > 0 &&
	       pthread_create(&thread, &attr, work, NULL) == 0) {
		ahead.workers++;
		wanted--;
	}
	pthread_attr_destroy(&attr);
}

static void wait_a_little(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += GLANCE_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&ahead.finished, &ahead.lock, &until);
}

void nameahead_begin(void)
{
	pthread_mutex_lock(&ahead.lock);
	ahead.waited = SPAN_ZERO;
	if (ahead.taken > SLOTS / 2) {
		memset(ahead.slots, 0, sizeof(ahead.slots));
		ahead.taken = 0;
	}
	pthread_mutex_unlock(&ahead.lock);
}

/* Is there an address of this batch whose look-up has not come back? */
static bool open_ones(void)
{
	for (size_t i = 0; i < ahead.count; i++) {
		const struct slot *s = slot_of(&ahead.list[i]);

		if (s && !s->taken) {
			return true;
		}
	}
	return false;
}

static bool patient(instant begun)
{
	span here = instant_diff(moment_steady(), begun);

	return span_cmp(span_add(ahead.waited, here), NAMEAHEAD_PATIENCE) < 0;
}

void nameahead_fetch(const netaddr *list, size_t count)
{
	instant begun = moment_steady();

	INVARIANT(count <= NAMEAHEAD_BATCH);
	pthread_mutex_lock(&ahead.lock);
	memcpy(ahead.list, list, count * sizeof(*list));
	ahead.count = count;
	ahead.next = 0;
	ahead.batch++;
	if (open_ones() && patient(begun)) {
		start_workers(count);
	}
	while (open_ones() && ahead.workers > 0 && patient(begun) &&
	       !interrupt_seen()) {
		wait_a_little();
	}
	ahead.batch++; /* nobody goes on with what is left */
	ahead.waited =
		span_add(ahead.waited, instant_diff(moment_steady(), begun));
	pthread_mutex_unlock(&ahead.lock);
}

enum nameahead_state nameahead_find(const netaddr *a, struct text *out)
{
	enum nameahead_state state = NAMEAHEAD_UNKNOWN;

	pthread_mutex_lock(&ahead.lock);
	const struct slot *s = slot_of(a);

	if (s && s->taken) {
		state = s->named ? NAMEAHEAD_NAMED : NAMEAHEAD_NAMELESS;
		text_str(out, s->named ? s->name : "");
	} else if (span_cmp(ahead.waited, NAMEAHEAD_PATIENCE) >= 0) {
		state = NAMEAHEAD_NAMELESS;
	}
	pthread_mutex_unlock(&ahead.lock);
	return state;
}
