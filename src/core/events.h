/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * events.h - the last event of an association or of the system, and how many
 * there were, as the status words of control messages have them (RFC 9327).
 */
#ifndef CORE_EVENTS_H
#define CORE_EVENTS_H

#include "base/compiler.h"

#define EVENTS_MOST 15 /* the counter stops here */

struct events {
	uint8_t last, count;
};

static inline void events_add(struct events *e, uint8_t event)
{
	e->last = event;
	if (e->count < EVENTS_MOST) {
		e->count++;
	}
}

/* The low octet of a status word. */
static inline uint16_t events_bits(const struct events *e)
{
	return (uint16_t)(e->count << 4 | e->last);
}

#endif
