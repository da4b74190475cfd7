/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refclock.h - a reference clock as a source: LOCAL, 127.127.1.u, which says
 * that our own clock is right when nobody else is there to ask.
 *
 * It takes samples only while no other source leads, so that its reach
 * register runs empty while others do (seed-checklist 40).
 */
#ifndef CORE_REFCLOCK_H
#define CORE_REFCLOCK_H

#include "core/effect.h"
#include "core/events.h"
#include "core/selection.h"

#define REFCLOCK_LOCAL 1 /* the driver's number */
#define REFCLOCK_LOCAL_STRATUM 5
#define REFCLOCK_LOCAL_DISP_S 0.01 /* what it is taken to be good for */

#define REFCLOCK_NAME 24

struct refclock {
	source_id id;
	char name[REFCLOCK_NAME]; /* LOCAL(0): what operators call it */
	uint16_t number;
	const struct source_config *config;
	uint8_t stratum;
	uint32_t refid;
	uint8_t reach;
	bool heard, announced;
	instant due, heard_at;
	uint64_t polls;
	enum reason reason;
	double distance_s;
	struct events events;
};

void refclock_init(struct refclock *r, const struct source_config *config,
		   instant now);
/* `leads`: it or nobody is the system peer. True: it took a sample. */
bool refclock_tick(struct refclock *r, bool leads, instant now);
/* Takes a sample at the next tick. */
void refclock_hurry(struct refclock *r, instant now);
/* `waits`: others are to have their chance first. */
void refclock_candidate(const struct refclock *r, bool waits, instant now,
			struct candidate *c);
/* The identity that we pass on: 127.127.t.u. */
uint32_t refclock_address(const struct refclock *r);
int8_t refclock_poll(const struct refclock *r);
uint16_t refclock_status(const struct refclock *r);

#endif
