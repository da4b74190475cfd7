/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/dice.h"

#include <math.h>

#define TWO_PI 6.283185307179586

/* Uniform in (0, 1]: a logarithm may be taken of it. */
static double above_zero(struct rng *r)
{
	return 1 - rng_unit(r);
}

double dice_gaussian(struct rng *r)
{
	double radius = sqrt(-2 * log(above_zero(r)));

	return radius * cos(TWO_PI * rng_unit(r));
}

double dice_between(struct rng *r, double low, double high)
{
	return low + (high - low) * rng_unit(r);
}

double dice_log_between(struct rng *r, double low, double high)
{
	return low * pow(high / low, rng_unit(r));
}

bool dice_chance(struct rng *r, double probability)
{
	return rng_unit(r) < probability;
}

/* Marsaglia and Tsang (2000); below shape 1 by their boost. */
static double gamma_draw(struct rng *r, double shape)
{
	double boost = 1;

	if (shape < 1) {
		boost = pow(above_zero(r), 1 / shape);
		shape += 1;
	}
	double d = shape - 1.0 / 3;
	double c = 1 / sqrt(9 * d);

	for (;;) {
		double x = dice_gaussian(r);
		double v = 1 + c * x;

		v = v * v * v;
		if (v > 0 &&
		    log(above_zero(r)) < x * x / 2 + d - d * v + d * log(v)) {
			return boost * d * v;
		}
	}
}

double dice_jitter(struct rng *r, const struct jitter *j)
{
	switch (j->law) {
	case LAW_CONSTANT:
		return j->scale;
	case LAW_EXPONENTIAL:
		return -j->scale * log(above_zero(r));
	case LAW_GAMMA:
		return j->scale / j->shape * gamma_draw(r, j->shape);
	case LAW_LOGNORMAL:
		return j->scale * exp(j->shape * dice_gaussian(r));
	case LAW_PARETO:
		return j->scale * (j->shape - 1) *
		       (pow(above_zero(r), -1 / j->shape) - 1);
	case LAW_GAUSSIAN:
		return fmax(0, j->scale * (3 + dice_gaussian(r)));
	case LAW_TWO_HUMPS:
		return j->scale * ((dice_chance(r, 0.5) ? j->shape : 0) -
				   log(above_zero(r)));
	}
	return 0;
}
