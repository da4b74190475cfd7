/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup.h - a name whose addresses are wanted: when to ask for them again.
 *
 * A failure is tried again in seconds (2 s, doubling to 64 s): the network
 * may come up after us. An answer that never comes is a failure too. Of two
 * questions under one source's id the last counts.
 */
#ifndef CORE_LOOKUP_H
#define CORE_LOOKUP_H

#include "core/effect.h"

enum lookup_state {
	LOOKUP_NONE,   /* a literal, or nothing wanted now */
	LOOKUP_WANTED, /* at `due` */
	LOOKUP_ASKED,  /* given up at `due` */
};

struct lookup {
	const char *name;
	enum family family;
	enum lookup_state state;
	uint8_t failures; /* in a row */
	instant due;
};

/* Wants the name's addresses at `due`; sooner wins when already wanted. */
void lookup_want(struct lookup *l, instant due);
/*
 * There is news of the network: wants them at once, by a new question where one
 * is under way, which may wait for an answer that was lost; and if that fails,
 * soon again.
 */
void lookup_renew(struct lookup *l, instant now);
/* EFFECT_RESOLVE when it is time to. */
void lookup_tick(struct lookup *l, source_id id, instant now,
		 struct outbox *out);
/* The answer came: `useful` when it had an address. Seconds to the next try,
 * 0: none. */
unsigned lookup_answered(struct lookup *l, bool useful, instant now);
instant lookup_deadline(const struct lookup *l);

#endif
