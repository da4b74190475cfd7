/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot.h - what a daemon leaves to its next life: the frame of a state
 * file, and when it may be believed (docs/restart.md).
 *
 *   magic version length(4) head body check(8)
 *
 * The monotonic clock runs on while there is no daemon, so within one boot
 * what was learnt of the clock stays true; the clock that nobody steers tells
 * what the kernel did meanwhile. The check is against accidents: who may write
 * the file may set the clock too.
 */
#ifndef CORE_SNAPSHOT_H
#define CORE_SNAPSHOT_H

#include "base/pack.h"
#include "core/event.h"

#define SNAPSHOT_MAGIC "Truechimer state\n"
#define SNAPSHOT_VERSION 1
#define SNAPSHOT_MOST ((size_t)1 << 20) /* bytes; who does not fit is left */
#define SNAPSHOT_AGE_S (6 * 3600)       /* an older one is of no use */
#define BOOT_ID 16

/* One moment, on all clocks of the machine, in one of its boots. */
struct mark {
	uint8_t boot[BOOT_ID]; /* all zero: nobody knows */
	instant now;
	tstamp wall;
	struct machine machine;
};

struct snapshot {
	struct mark mark; /* when it was taken */
	bool ours;        /* we kept the clock */
	bool spent;       /* what -g forgives was forgiven in this boot (E1) */
	bool whole;       /* there is a body */
};

enum snapshot_verdict {
#define VERDICT(id, words) SNAPSHOT_##id,
#include "core/snapshotverdicts.def"
#undef VERDICT
	SNAPSHOT_VERDICTS
};

const char *snapshot_words(enum snapshot_verdict v);

/* Begins one at the writer, and ends it; nothing holds when that failed. */
struct pack snapshot_begin(struct writer *w, const struct snapshot *s);
void snapshot_end(struct writer *w, uint8_t *start);

/*
 * Not BROKEN or NEWER: `s` is as it was written, and `body` is the walk over
 * the rest. What it says of the clock is for snapshot_judge() to tell.
 */
MUST_USE enum snapshot_verdict snapshot_open(const uint8_t *data, size_t len,
					     struct snapshot *s,
					     struct pack *body);
/* Is it of this boot? Then `spent` counts, whatever becomes of the rest. */
bool snapshot_is_of_boot(const struct snapshot *s, const struct mark *now);
/* May the body be believed now, by who keeps the clock (`ours`) or not? */
MUST_USE enum snapshot_verdict
snapshot_judge(const struct snapshot *s, const struct mark *now, bool ours);

#endif
