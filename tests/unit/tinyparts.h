/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tinyparts.h - what a tiny world (tiny.h) is made of, and its configuration.
 */
#ifndef TESTS_TINYPARTS_H
#define TESTS_TINYPARTS_H

#include <string.h>

#include "check.h"
#include "core/engine.h"
#include "core/steer/discipline.h"
#include "plain.h"

#define TINY_SERVERS 8
#define TINY_QUEUE 64
#define TINY_WAY_S 0.005 /* one way */

enum tiny_manner {
	TINY_SILENT,
	TINY_GOOD,
	TINY_UNSYNCHRONISED,
	TINY_RATE,
	TINY_DENY,
};

struct tiny_server {
	netaddr addr;
	enum tiny_manner manner;
	double lie_s; /* its clock less the truth */
	uint8_t stratum;
	enum leap leap;
	uint32_t refid;
	unsigned asked;
	double asked_at_s; /* last */
	double least_gap_s;
};

struct tiny_thing {
	double at_s;
	enum event_kind kind;
	source_id source;
	uint16_t exchange;
	tstamp stamp;
	netaddr addr;
	uint8_t bytes[PACKET_LEN];
	bool used;
};

struct tiny {
	struct config config;
	struct settings settings;
	struct source_config sources[TINY_SERVERS];
	struct engine *engine;
	struct outbox out;
	double now_s;    /* true time since the start; `instant` too */
	double error_s;  /* of the clock, now */
	double own_freq; /* of the crystal, s/s */
	double freq;     /* steered, s/s */
	double deadline_s;
	/* What it knows of its clock, less what was steered; and that. */
	struct machine machine;
	double bent_s;
	double slept_s; /* while `now_s` stood still */
	struct tiny_server servers[TINY_SERVERS];
	size_t server_count;
	struct tiny_thing queue[TINY_QUEUE];
	netaddr names[8]; /* what any name resolves to */
	size_t name_count;
	bool stamp_late;    /* EVENT_SENT comes after the answer */
	bool no_stamp;      /* or never */
	double clock_lie_s; /* of the reference clock */
	bool clock_silent;
	unsigned reads;
	struct view view;
	struct effect status;    /* what the kernel was told last */
	struct leap_table leaps; /* at the start */
	unsigned notes[NOTES], steps, slews, steers, saves, statuses, sends;
	unsigned snapshots, answers, resolves, stats[STATS_KINDS]; /* lines */
	char stats_line[STATS_KINDS][512]; /* the last ones */
	enum wish wish;
	struct text wish_words;
	char wish_text[OUTBOX_WISH];
	uint8_t answer[512];
	size_t answer_len;
	double step_s, slew_s, saved_ppm;
	bool exited;
	int code;
	void *memory;
	struct engine_start start; /* what a test wants it to begin with */
};

/* The true date at 0 s; a test may choose another before it begins. */
static tstamp tiny_epoch = { UINT64_C(0xe98c5a1000000000) };

static inline tstamp tiny_true(double s)
{
	return tstamp_add(tiny_epoch, span_from_seconds(s));
}

static inline tstamp tiny_wall(const struct tiny *t)
{
	return tiny_true(t->now_s + t->slept_s + t->error_s);
}

static inline instant tiny_instant(double s)
{
	return instant_add((instant){ INT64_C(1000) << 32 },
			   span_from_seconds(s));
}

static inline double tiny_seconds(instant i)
{
	return span_to_seconds(
		instant_diff(i, (instant){ INT64_C(1000) << 32 }));
}

static inline void tiny_config(struct tiny *t)
{
	memset(t, 0, sizeof(*t));
	t->config = plain_config();
	t->config.monitor = true;
}

static inline struct source_config *tiny_source(struct tiny *t,
						enum source_kind kind)
{
	struct source_config *c = t->sources;

	while (c->version != 0) {
		c++;
	}
	*c = (struct source_config){ .kind = kind,
				     .version = 4,
				     .minpoll = 6,
				     .maxpoll = 10,
				     .fudge = { .stratum = 255 } };
	if (c == t->sources) {
		t->config.sources = c;
	} else {
		c[-1].next = c;
	}
	return c;
}

/* A server that answers, and its line of the configuration. */
static inline struct tiny_server *tiny_server(struct tiny *t, bool iburst)
{
	struct source_config *c = tiny_source(t, SOURCE_KIND_SERVER);
	struct tiny_server *s = &t->servers[t->server_count];

	*s = (struct tiny_server){
		.addr = netaddr_v4(0x0a000001u + (uint32_t)t->server_count,
				   123),
		.manner = TINY_GOOD,
		.stratum = 2,
		.refid = 0x55555555,
		.asked_at_s = -1e9,
		.least_gap_s = 1e9,
	};
	t->server_count++;
	c->host = "literal";
	c->addr = s->addr;
	c->iburst = iburst;
	return s;
}

static inline void tiny_local(struct tiny *t)
{
	struct source_config *c = tiny_source(t, SOURCE_KIND_REFCLOCK);

	c->refclock_type = 1;
	c->addr = netaddr_v4(0x7f7f0100, 123);
	c->fudge.given = true;
	c->fudge.stratum = 10;
}

/* A reference clock that measures: it has something at every reading. */
static inline struct source_config *tiny_clock(struct tiny *t)
{
	struct source_config *c = tiny_source(t, SOURCE_KIND_REFCLOCK);

	c->refclock_type = 28;
	c->addr = netaddr_v4(0x7f7f1c00, 123);
	c->minpoll = 4;
	return c;
}

#endif
