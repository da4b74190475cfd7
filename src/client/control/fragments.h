/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fragments.h - puts the fragments of one control answer together.
 *
 * Knows bytes only: no socket and no clock, so that a fuzzer can drive it.
 */
#ifndef CLIENT_FRAGMENTS_H
#define CLIENT_FRAGMENTS_H

#include "client/control/ctl.h"

enum fragments_verdict {
	FRAGMENTS_FOREIGN,   /* no answer to this question: pass over it */
	FRAGMENTS_MORE,      /* took it; others are missing */
	FRAGMENTS_DONE,      /* the answer is complete */
	FRAGMENTS_ERROR,     /* the daemon refuses: answer->error */
	FRAGMENTS_MALFORMED, /* ours by its numbers, impossible in its form */
};

struct fragments {
	struct mode6 asked;
	unsigned count;
	unsigned repeats;
	size_t total; /* of the whole, when the last one has come, else 0 */
	bool last_seen;
	struct {
		uint16_t offset, count;
	} parts[CTL_FRAGMENTS];
};

void fragments_init(struct fragments *f, const struct mode6 *asked);

enum fragments_verdict fragments_add(struct fragments *f, const uint8_t *data,
				     size_t len, struct ctl_answer *answer);

#endif
