/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine.h - the whole daemon, less its operating system.
 */
#ifndef CORE_ENGINE_H
#define CORE_ENGINE_H

#include "base/rng.h"
#include "config/config.h"
#include "core/effect.h"
#include "core/leap.h"

struct engine;

/* What the engine cannot know by itself, at its first moment. */
struct engine_start {
	uint8_t seed[RNG_SEED];  /* feeds every random choice */
	instant now;             /* one moment ... */
	tstamp wall;             /* ... on both clocks */
	int8_t precision;        /* log2 s, of reading the clock */
	bool freq_known;         /* from the drift file */
	double freq_ppm;         /* that, or what the kernel has now */
	double freq_age_s;       /* of the drift file: how long ago it held */
	struct leap_table leaps; /* empty: none */
	const char *version; /* "ntpd truechimer-..."; outlives the engine */
	const char *processor, *system;
};

/* How much memory an engine with this configuration takes; all of it. */
size_t engine_size(const struct config *config);

/* The configuration must outlive the engine. Wants a first EVENT_TICK at once.
 */
struct engine *engine_init(void *memory, const struct config *config,
			   const struct engine_start *start);

/*
 * Takes one event, fills the (emptied) outbox and says by when it wants
 * EVENT_TICK if nothing else happens first.
 */
instant engine_handle(struct engine *e, const struct event *ev,
		      struct outbox *out);

#endif
