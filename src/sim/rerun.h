/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rerun.h - an engine begun as a record says, for replay and resteer.
 */
#ifndef SIM_RERUN_H
#define SIM_RERUN_H

#include <stdio.h>

#include "core/record/record.h"

#define RERUN_WORDS 160

/* Settings as they were made of a record. */
struct rerun_settings {
	void *arena, *room;
	struct config config;
	struct settings settings;
};

struct rerun {
	void *memory;
	struct rerun_settings held[2]; /* the last ones, and those before */
	size_t now;                    /* which of them holds */
	struct record_start began;
	struct engine *engine;
	struct outbox *outbox;
};

/* False: said why. Ends what `r` ran before. */
MUST_USE bool rerun_begin(struct rerun *r, const struct record_view *item,
			  FILE *out);
void rerun_end(struct rerun *r);
/*
 * Makes of what was read of EVENT_SETTINGS what the engine takes; other events
 * stay as they are. False: said why.
 */
MUST_USE bool rerun_event(struct rerun *r, struct record_event *ev, FILE *out);

/* "2026-11-24 07:12:13 UTC, 12.345 s after the start" */
void rerun_when(const struct rerun *r, const struct event *ev,
		char words[RERUN_WORDS]);

#endif
