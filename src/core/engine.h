/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine.h - the whole daemon, less its operating system.
 */
#ifndef CORE_ENGINE_H
#define CORE_ENGINE_H

#include "base/rng.h"
#include "core/effect.h"
#include "core/settings.h"
#include "core/snapshot.h"

struct engine;

/* What the engine cannot know by itself, at its first moment. */
struct engine_start {
	uint8_t seed[RNG_SEED]; /* feeds every random choice */
	instant now;            /* one moment ... */
	tstamp wall;            /* ... on both clocks */
	int8_t precision;       /* log2 s, of reading the clock */
	bool freq_known;        /* from the drift file */
	double freq_ppm;        /* that, or what the kernel has now */
	double freq_age_s;      /* of the drift file: how long ago it held */
	int64_t built;          /* this program, s since 1970; 0: unknown */
	/* In which boot, and what else the machine knew of its clock then. */
	uint8_t boot[BOOT_ID];
	struct machine machine;
	/* What another life left, none: 0 bytes; for engine_init() alone. */
	const uint8_t *snapshot;
	size_t snapshot_len;
	const char *version; /* "ntpd truechimer-..."; outlives the engine */
	const char *processor, *system;
};

/* How many associations settings may name. */
#define ENGINE_MOST 32768

/* Do they name no more than that? All others are to be refused. */
bool engine_fits(const struct settings *settings);

/* How much memory an engine with these settings takes; all of it. */
size_t engine_size(const struct settings *settings);

/* Wants a first EVENT_TICK at once. */
struct engine *engine_init(void *memory, const struct settings *settings,
			   const struct engine_start *start);

/*
 * The memory that must come with EVENT_SETTINGS if these are the next, for as
 * long as they hold: what is known of each association lives in it. That which
 * came with the last ones is free when the event is over and the view that it
 * made has replaced the last.
 */
size_t engine_room(const struct engine *e, const struct settings *next);

/* The line that made this association; NULL: none did. */
const struct source_config *engine_line_of(const struct engine *e,
					   uint16_t assoc);
/* How many associations use this address of ours, for ifstats. */
size_t engine_peers_at(const struct engine *e, const netaddr *local);

/*
 * Takes one event, fills the (emptied) outbox and says by when it wants
 * EVENT_TICK if nothing else happens first.
 */
instant engine_handle(struct engine *e, const struct event *ev,
		      struct outbox *out);

/*
 * Writes what the next life of the daemon may go on with, as of `mark`, which
 * is now; how many bytes, 0 when not even the least has room. Sources that
 * have none are left out.
 */
size_t engine_snapshot(struct engine *e, const struct mark *mark,
		       uint8_t *bytes, size_t room);

#endif
