/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tape.h - records what happens to one daemon of a world, as
 * host/files/recorder.h does on a machine: the first one that starts, over all
 * its lives.
 */
#ifndef SIM_TAPE_H
#define SIM_TAPE_H

#include <stdio.h>

#include "core/engine.h"

struct tape {
	FILE *file;     /* ours no more than to write into */
	const void *of; /* the node; NULL: none yet */
	uint8_t *buffer;
	bool failed;
};

void tape_begin(struct tape *t, FILE *file);
/* False: not all could be written. */
MUST_USE bool tape_end(struct tape *t);

void tape_start(struct tape *t, const struct settings *settings,
		const struct engine_start *start);
void tape_event(struct tape *t, const struct event *ev);
void tape_effects(struct tape *t, const struct outbox *out, instant deadline);

#endif
