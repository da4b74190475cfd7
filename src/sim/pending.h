/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pending.h - the recorded replies that a build which lives once more will
 * get, by when.
 */
#ifndef SIM_PENDING_H
#define SIM_PENDING_H

#include "sim/past.h"

#define PENDING 1024 /* a few for each source */

struct pending {
	instant at;
	size_t order; /* events of one moment: as they were recorded */
	size_t event; /* which it is; PAST_NONE: a name is unknown */
	span shift;   /* it comes so much later than recorded */
	const struct past_ask *ask; /* NULL: it is about a name */
	source_id source;
	uint16_t exchange;
	uint64_t nonce; /* of the one that asks now */
};

struct pendings {
	struct pending items[PENDING];
	size_t count;
};

/* One too many is lost on the way. */
void pending_add(struct pendings *p, const struct pending *what);
/* NULL: none. */
const struct pending *pending_first(const struct pendings *p);
struct pending pending_take(struct pendings *p);
/* The socket is closed: what is on its way to it will not be read. */
void pending_close(struct pendings *p, const struct past *past,
		   source_id source);

#endif
