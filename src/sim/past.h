/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * past.h - one run of a record, laid open: who was asked when and what came of
 * it, and what the clock was made to do.
 *
 * The recorded monotonic clock is the axis of all that follows. It was steered
 * too: `gain` is by how much it and the wall clock ran ahead of the oscillator
 * alone.
 */
#ifndef SIM_PAST_H
#define SIM_PAST_H

#include "sim/rerun.h"
#include "sim/track.h"

#define PAST_NONE SIZE_MAX

/* What a build did, counted. */
struct tally {
	uint64_t asked, steps, steers, notes[NOTES];
	double freq;       /* s/s, of the last STEER */
	bool synchronised; /* its views once said so ... */
	instant since;     /* ... first at */
};
void tally_add(struct tally *t, const struct effect *e, instant at);

struct past_event {
	struct record_view item;
	enum event_kind kind;
	instant at;  /* never before the one before */
	instant now; /* as it was read: it may be a hair before */
	tstamp wall;
	unsigned segment; /* goes up when others set the clock */
	span stepped;     /* by us, by all effects before this event */
	size_t next;      /* of the same question; PAST_NONE */
	/* Its effects on the clock. */
	bool steered;
	double freq; /* if so */
	span step;
};

/* A question to a server or a reference clock, and what became of it. */
struct past_ask {
	size_t event, first, last; /* its replies are chained from `first` */
	uint64_t nonce;
	unsigned host;
	bool used;
};

struct past_host {
	netaddr addr;
	size_t *asks;
	size_t count, room;
};

struct past_name {
	size_t event, answer;
	const uint8_t *name;
	size_t len;
	enum family family;
	bool used;
};

struct past {
	struct past_event *events;
	struct past_ask *asks;
	struct past_host *hosts;
	struct past_name *names;
	size_t event_count, ask_count, host_count, name_count;
	size_t event_room, ask_room, host_room, name_room;
	struct track gain;  /* s: of what STEER did */
	struct track moved; /* s: STEP, and what others did */
	struct track freq;  /* s/s */
	struct tally tally;
};

/*
 * Reads on to the next start, or to where the record ends or breaks. The start
 * is read already; the bytes must stay. False: said why, and nothing is usable.
 */
MUST_USE bool past_load(struct past *p, const struct record_start *start,
			struct reader *r, FILE *out);
void past_end(struct past *p);

/* 127.127.t.u: whom EFFECT_READ asks. */
netaddr past_clock(const struct effect *e);
/* Does an event of this kind bring the time? */
bool past_is_answer(enum event_kind kind);
/* The one who was asked there; NULL: nobody. */
const struct past_host *past_host(const struct past *p, const netaddr *addr);
instant past_asked_at(const struct past *p, const struct past_ask *ask);
/*
 * The exchange with this host that is nearest to `at`, if it is near and not
 * used yet; NULL otherwise.
 */
struct past_ask *past_nearest(const struct past *p, const struct past_host *h,
			      instant at);
/* The last event at or before; 0 before the first. */
size_t past_event_at(const struct past *p, instant at);

#endif
