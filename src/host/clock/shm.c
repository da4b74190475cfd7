/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/clock/shm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#define OWN_UNITS 2 /* that only root and we may write to */
#define OWN_MODE 0600
#define OPEN_MODE 0666
#define OTHERS_WRITE 0022
#define RETRY \
	16 /* readings without anything, and the segment is looked for \
	    */
#define US_PER_S 1000000
#define NS_PER_US 1000
#define NS_PER_S 1000000000U
#define APART_MOST_S \
	((int64_t)1 << 31) /* of two stamps, that is a distance \
			    */

/* --- one segment --- */

/* The rest of a stamp; writers without nanoseconds leave what was there. */
static uint32_t exact_ns(int us, unsigned ns)
{
	unsigned whole = (unsigned)us * NS_PER_US;
	unsigned apart = ns > whole ? ns - whole : whole - ns;

	return ns < NS_PER_S && apart < NS_PER_US ? ns : whole;
}

static bool is_fraction(int us)
{
	return us >= 0 && us < US_PER_S;
}

struct copy {
	int mode, count_before, count_after, valid_after, leap, precision;
	int64_t clock_s, received_s;
	int clock_us, received_us;
	unsigned clock_ns, received_ns;
};

static struct copy copy_of(const struct shm_time *t)
{
	struct copy c = { .mode = atomic_load(&t->mode) };

	c.count_before = atomic_load(&t->count);
	c.clock_s = atomic_load(&t->clock_s);
	c.clock_us = atomic_load(&t->clock_us);
	c.clock_ns = atomic_load(&t->clock_ns);
	c.received_s = atomic_load(&t->received_s);
	c.received_us = atomic_load(&t->received_us);
	c.received_ns = atomic_load(&t->received_ns);
	c.leap = atomic_load(&t->leap);
	c.precision = atomic_load(&t->precision);
	/*
	 * In this order: both counts may be of one write that was going on, but
	 * then it has not made the sample valid by now.
	 */
	c.valid_after = atomic_load(&t->valid);
	c.count_after = atomic_load(&t->count);
	return c;
}

static enum reading judge(const struct copy *c)
{
	int64_t apart_s;

	if (c->mode < 0 || c->mode >= SHM_TIME_MODES) {
		return READING_GARBLED;
	}
	if (c->valid_after == 0 ||
	    (c->mode == 1 && c->count_before != c->count_after)) {
		return READING_CLASH;
	}
	if (!is_fraction(c->clock_us) || !is_fraction(c->received_us) ||
	    __builtin_sub_overflow(c->clock_s, c->received_s, &apart_s) ||
	    apart_s >= APART_MOST_S || apart_s <= -APART_MOST_S) {
		return READING_GARBLED;
	}
	return READING_GOOD;
}

void shm_read(struct shm_time *shared, struct event *ev)
{
	struct copy c;

	ev->refclock.reading = READING_NONE;
	if (!shared || atomic_load(&shared->valid) == 0) {
		return;
	}
	c = copy_of(shared);
	/* Half a sample of a writer that died is gone with it. */
	atomic_store(&shared->valid, 0);
	ev->refclock.reading = judge(&c);
	if (ev->refclock.reading != READING_GOOD) {
		return;
	}
	ev->refclock.reference =
		tstamp_from_unix(c.clock_s, exact_ns(c.clock_us, c.clock_ns));
	ev->refclock.received = tstamp_from_unix(
		c.received_s, exact_ns(c.received_us, c.received_ns));
	ev->refclock.leap = c.leap;
	ev->refclock.precision = c.precision;
}

/* May others write what we are to believe? */
static bool is_ours(int id, struct text *why)
{
	struct shmid_ds ds;

	if (shmctl(id, IPC_STAT, &ds) != 0) {
		return true; /* then shmat() will say what is wrong */
	}
	if (ds.shm_perm.uid != 0 && ds.shm_perm.uid != geteuid()) {
		text_str(why, "it belongs to user ");
		text_u64(why, ds.shm_perm.uid);
		return false;
	}
	if (ds.shm_perm.mode & OTHERS_WRITE) {
		text_str(why, "others may write to it");
		return false;
	}
	return true;
}

struct shm_time *shm_attach(key_t key, unsigned unit, struct text *why)
{
	int mode = unit < OWN_UNITS ? OWN_MODE : OPEN_MODE;
	int id = shmget(key, sizeof(struct shm_time), IPC_CREAT | mode);
	void *at;

	if (id < 0) {
		text_str(why, "shmget: ");
		text_str(why, strerror(errno));
		return NULL;
	}
	if (unit < OWN_UNITS && !is_ours(id, why)) {
		return NULL;
	}
	at = shmat(id, NULL, 0);
	if ((intptr_t)at == -1) {
		text_str(why, "shmat: ");
		text_str(why, strerror(errno));
		return NULL;
	}
	return at;
}

void shm_detach(struct shm_time *shared)
{
	if (shared) {
		(void)shmdt(shared);
	}
}

int shm_holder(key_t key)
{
	return shmget(key, 0, 0);
}

/* --- those of the configuration --- */

static key_t key_of(unsigned unit)
{
	return (key_t)(SHM_KEY + (key_t)unit);
}

/* What is attached stays so until there is something better. */
static void attach(struct shm_clocks *c, struct shm_clock *clock)
{
	char reason[JOURNAL_LINE];
	struct text why = text_over(reason, sizeof(reason));
	struct shm_time *found =
		shm_attach(key_of(clock->unit), clock->unit, &why);

	if (found) {
		shm_detach(clock->shared);
		clock->shared = found;
		clock->holder = shm_holder(key_of(clock->unit));
		if (clock->failed) {
			journal_say(c->journal, NOTE_NOTICE,
				    "SHM(%u): attached", clock->unit);
		}
		clock->failed = false;
	} else if (!clock->failed) {
		clock->failed = true;
		journal_say(c->journal, NOTE_ERROR,
			    "SHM(%u): no shared memory: %s: trying again",
			    clock->unit, reason);
	}
}

static bool is_shm(const struct source_config *s)
{
	return s->kind == SOURCE_KIND_REFCLOCK && s->refclock_type == SHM_TYPE;
}

static struct shm_clock *find_clock(const struct shm_clocks *c, unsigned unit)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->items[i].unit == unit) {
			return &c->items[i];
		}
	}
	return NULL;
}

/* From one list to the other, or as a new one. */
static void move_clock(struct shm_clocks *c, struct shm_clocks *from,
		       unsigned unit)
{
	struct shm_clock *clock = &c->items[c->count++];
	struct shm_clock *known = find_clock(from, unit);

	if (known) {
		*clock = *known;
		known->shared = NULL;
	} else {
		clock->unit = (uint8_t)unit;
		attach(c, clock);
	}
}

void shm_clocks_take(struct shm_clocks *c, const struct config *config)
{
	struct shm_clocks was = *c;
	size_t count = 0;

	*c = (struct shm_clocks){ .journal = was.journal };
	for (const struct source_config *s = config->sources; s; s = s->next) {
		count += is_shm(s);
	}
	c->items = count > 0 ? calloc(count, sizeof(*c->items)) : NULL;
	if (count > 0 && !c->items) {
		journal_say(c->journal, NOTE_ERROR, "no memory for SHM clocks");
		*c = was;
		return;
	}
	for (const struct source_config *s = config->sources; s; s = s->next) {
		if (is_shm(s)) {
			move_clock(c, &was, s->refclock_unit);
		}
	}
	shm_clocks_close(&was);
}

void shm_clocks_open(struct shm_clocks *c, const struct config *config,
		     struct journal *journal)
{
	*c = (struct shm_clocks){ .journal = journal };
	shm_clocks_take(c, config);
}

void shm_clocks_close(struct shm_clocks *c)
{
	for (size_t i = 0; i < c->count; i++) {
		shm_detach(c->items[i].shared);
	}
	free(c->items);
	*c = (struct shm_clocks){ .count = 0 };
}

void shm_clocks_ask(struct shm_clocks *c, const struct effect *e)
{
	for (size_t i = 0; i < c->count; i++) {
		struct shm_clock *clock = &c->items[i];

		if (e->read.type == SHM_TYPE && e->read.unit == clock->unit) {
			clock->source = e->source;
			clock->asked = true;
		}
	}
}

/*
 * A segment may have been removed, and made anew by its writer. One that is
 * still the same is kept: we may have given up the right to attach it.
 */
static void look_again(struct shm_clocks *c, struct shm_clock *clock)
{
	clock->idle = 0;
	if (!clock->shared ||
	    shm_holder(key_of(clock->unit)) != clock->holder) {
		attach(c, clock);
	}
}

bool shm_clocks_due(struct shm_clocks *c, struct event *ev)
{
	for (size_t i = 0; i < c->count; i++) {
		struct shm_clock *clock = &c->items[i];

		if (!clock->asked) {
			continue;
		}
		clock->asked = false;
		if (clock->idle >= RETRY) {
			look_again(c, clock);
		}
		*ev = (struct event){ .kind = EVENT_REFCLOCK,
				      .source = clock->source };
		shm_read(clock->shared, ev);
		clock->idle = ev->refclock.reading == READING_NONE
				      ? clock->idle + 1
				      : 0;
		return true;
	}
	return false;
}
