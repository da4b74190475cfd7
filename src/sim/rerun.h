/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rerun.h - an engine begun as a record says, for replay and resteer.
 */
#ifndef SIM_RERUN_H
#define SIM_RERUN_H

#include <stdio.h>

#include "core/record.h"

#define RERUN_WORDS 160

struct rerun {
	void *arena, *memory;
	struct config config;
	struct record_start began;
	struct engine *engine;
	struct outbox *outbox;
};

/* False: said why. Ends what `r` ran before. */
MUST_USE bool rerun_begin(struct rerun *r, const struct record_view *item,
			  FILE *out);
void rerun_end(struct rerun *r);

/* "2026-11-24 07:12:13 UTC, 12.345 s after the start" */
void rerun_when(const struct rerun *r, const struct event *ev,
		char words[RERUN_WORDS]);

#endif
