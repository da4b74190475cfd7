/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shm.h - reference clocks that other programs keep in shared memory, as gpsd
 * does (driver 28): System V segments that a writer fills and we read.
 *
 * A segment is made when it is not there, and one that we cannot have is
 * tried again later: writer and reader may start in any order.
 */
#ifndef HOST_SHM_H
#define HOST_SHM_H

#include <stdatomic.h>
#include <sys/types.h>
#include <time.h>

#include "config/config.h"
#include "core/effect.h"
#include "host/system/journal.h"

#define SHM_TYPE 28                 /* of 127.127.t.u */
#define SHM_KEY ((key_t)0x4e545030) /* "NTP0": of unit 0 */
#define SHM_TIME_MODES 2

/* Whole seconds as this system's programs have them: their time_t. */
#if SHM_TIME_BYTES == 4
typedef int32_t shm_seconds;
#else
typedef int64_t shm_seconds;
#endif

/*
 * What writer and reader agree on: the layout is the one of the classic
 * driver, gpsd and chrony. In mode 0 `valid` alone says that there is
 * something; in mode 1 the writer also counts before and after it writes. Who
 * has read sets `valid` to 0. Without atomics a compiler might read it in
 * another order than the writer wrote it.
 */
struct shm_time {
	atomic_int mode;
	atomic_int count;
	_Atomic shm_seconds clock_s; /* what the clock said ... */
	atomic_int clock_us;
	_Atomic shm_seconds received_s; /* ... when ours showed this */
	atomic_int received_us;
	atomic_int leap, precision; /* log2 s */
	atomic_int samples;         /* of the writer's, not used */
	atomic_int valid;
	atomic_uint clock_ns, received_ns; /* or 0, of writers without */
	atomic_int reserved[8];
};

_Static_assert(sizeof(struct shm_time) == (sizeof(shm_seconds) == 8 ? 96 : 80),
	       "the layout is shared with other programs");

/* Takes what is new out of a segment, into ev->refclock. */
void shm_read(struct shm_time *shared, struct event *ev);

/*
 * The segment of `unit` at `key`; NULL, and why not. Other users can write to
 * units 2 and up; the first two must belong to us or to root.
 */
struct shm_time *shm_attach(key_t key, unsigned unit, struct text *why);
void shm_detach(struct shm_time *shared);
/* Who has the key now; negative: nobody. Needs no permission. */
int shm_holder(key_t key);

struct shm_clock {
	source_id source;
	uint8_t unit;
	bool asked;              /* the engine waits for a reading */
	bool failed;             /* it could not be attached: said once */
	unsigned idle;           /* readings in a row without anything */
	struct shm_time *shared; /* NULL: not attached */
	int holder;              /* of the key, when it was attached */
};

struct shm_clocks {
	struct shm_clock *items;
	size_t count;
	struct journal *journal;
};

/* Attaches those of the configuration: before privileges are dropped. */
void shm_clocks_open(struct shm_clocks *c, const struct config *config,
		     struct journal *journal);
/* Other settings: what is attached stays so if it is still wanted. */
void shm_clocks_take(struct shm_clocks *c, const struct config *config);
void shm_clocks_close(struct shm_clocks *c);
/* EFFECT_READ: shm_clocks_due() has the answer. */
void shm_clocks_ask(struct shm_clocks *c, const struct effect *e);
/* True: `ev` is one. */
MUST_USE bool shm_clocks_due(struct shm_clocks *c, struct event *ev);

#endif
