/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * consensus.h - what all members of several banks say together.
 */
#ifndef CORE_CONSENSUS_H
#define CORE_CONSENSUS_H

#include "core/estimate/bank.h"

/* A bank and the probability that it is the one that is right. */
struct voice {
	const struct bank *bank;
	double odds; /* of all voices together: 1 */
};

struct consensus {
	struct belief belief;
	double walk;    /* (s/s)^2 per s: what the frequency's variance grows */
	double wander;  /* s/s per square root of s */
	double delay_s; /* the floors, both ways together */
	double jitter_s; /* how far packets spread above a floor */
};

struct consensus consensus_of(const struct voice *voices, unsigned count);
/* The same, `ahead_s` later. */
struct consensus consensus_ahead(const struct consensus *c, double ahead_s);

/*
 * How far off `belief`, which is theirs `ahead_s` from now, may be: as far as
 * any member thinks possible, five of its deviations where it has all the
 * weight and fewer where it has less. Where one packet can matter much, more:
 * waits are not Gaussian.
 */
double consensus_bound_s(const struct voice *voices, unsigned count,
			 const struct belief *belief, double ahead_s);

#endif
