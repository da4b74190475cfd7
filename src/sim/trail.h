/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trail.h - a running hash over all that daemons did, and when.
 *
 * Two runs of one seed leave the same trail, or something in them depends on
 * more than the seed. FNV-1a: it finds accidents, it resists nobody.
 */
#ifndef SIM_TRAIL_H
#define SIM_TRAIL_H

#include "core/effect.h"
#include "sim/moment.h"

struct trail {
	uint64_t hash;
	uint64_t effects;
};

struct trail trail_new(void);
void trail_number(struct trail *t, uint64_t v);
void trail_effect(struct trail *t, const struct outbox *out,
		  const struct effect *e);

#endif
