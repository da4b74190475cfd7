/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resteer.h - what this build would have done on a recorded night.
 *
 * Another algorithm steers the clock otherwise, so the recorded local stamps
 * are wrong for it: what was steered and stepped is taken out of them, and what
 * this build does is put in. Servers' stamps are the servers' truth.
 *
 * This build may ask at other moments than the recorded one. A question that
 * was asked at the very moment gets what came back; another one gets the
 * exchange with this server that was nearest, if it was nearer than half way to
 * the next, moved along the reference (reference.h) with its delays as they
 * were. Each exchange is used once. For what remains there is no answer.
 */
#ifndef SIM_RESTEER_H
#define SIM_RESTEER_H

#include "sim/past.h"
#include "sim/reference.h"

/* How this build fared. */
struct resteered {
	struct track gain;  /* s: of its monotonic clock over the recorded */
	struct track moved; /* s: STEP */
	struct track freq;  /* s/s */
	struct tally tally;
	uint64_t as_recorded, displaced, unanswered, unrecorded;
	double displaced_squares; /* s^2 */
	bool exited;
};

/* The best guess at the truth less the unsteered clock. */
void resteer_reference(const struct past *p, const struct rerun *run,
		       struct reference *ref);

/* The engine of `r` has just begun. */
void resteer_live(struct rerun *r, struct past *p, const struct reference *ref,
		  struct resteered *out);
void resteered_end(struct resteered *s);

/* All of it, for all runs of a record; false: one could not be used. */
MUST_USE bool resteer_run(const uint8_t *data, size_t len, FILE *out);

#endif
