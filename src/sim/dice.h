/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dice.h - luck with a shape: draws from the laws that clocks and networks
 * follow.
 */
#ifndef SIM_DICE_H
#define SIM_DICE_H

#include "base/rng.h"

enum law {
	LAW_CONSTANT,    /* always `scale` */
	LAW_EXPONENTIAL, /* mean `scale` */
	LAW_GAMMA,       /* mean `scale`, `shape` above 0 */
	LAW_LOGNORMAL, /* median `scale`, `shape` is the deviation of the log */
	LAW_PARETO,    /* Lomax: least 0, mean `scale`, `shape` above 1 */
	LAW_GAUSSIAN,  /* three deviations `scale` up, cut off at 0 */
	/* Exponential of mean `scale`, half of it `shape` times that later. */
	LAW_TWO_HUMPS,
};

struct jitter {
	enum law law;
	double scale, shape;
};

/* Standard normal. */
double dice_gaussian(struct rng *r);
/* Uniform in [low, high). */
double dice_between(struct rng *r, double low, double high);
/* Between `low` and `high`, both above 0, every decade alike. */
double dice_log_between(struct rng *r, double low, double high);
bool dice_chance(struct rng *r, double probability);
/* Never negative. */
double dice_jitter(struct rng *r, const struct jitter *j);

#endif
