/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * caster.h - tells a broadcast address or a multicast group the time, unasked
 * (RFC 5905, section 3, mode 5): every 2^minpoll s, while we know it. With
 * `xleave` each packet tells when the one before it really left (RFC 9769,
 * section 4), in the place of the origin, which is zero otherwise.
 */
#ifndef CORE_CASTER_H
#define CORE_CASTER_H

#include "core/events.h"
#include "core/source/source.h"

#define CASTER_TTL 127 /* unless the line says another */

struct caster {
	source_id id;
	uint16_t number; /* of the association, in control messages */
	const struct source_config *config;
	instant due;
	uint64_t sent;
	uint16_t exchange; /* of the last packet */
	tstamp left;       /* when it did; zero: not known */
	span ahead;        /* of the time that it told before our own */
	struct events events;
};

void caster_init(struct caster *c, const struct source_config *config,
		 struct rng *rng, instant now);
/* When its packet really left. */
void caster_sent(struct caster *c, const struct event *ev);
/* Our clock has jumped: that is void. */
void caster_forget(struct caster *c);
/* Sends when it is time to. */
void caster_tick(struct caster *c, const struct event *ev,
		 const struct source_world *world, struct outbox *out);

#endif
