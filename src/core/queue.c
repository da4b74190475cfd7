/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/queue.h"

#include <math.h>

#include "base/special.h"

#define LATE_PART 0.02   /* packets late by anything */
#define EARLY_PART 1e-5  /* packets that cannot be: broken stamps */
#define OUTLAW (-600)    /* log density: as good as none */
#define ONE_SIDED 0.1    /* shapes below have hardly any Gaussian part */
#define CLIP 6           /* scales; what is further out teaches no more */
#define CLIP_TWO_SIDED 3 /* standard deviations */

/* Exponential + Gaussian, by a Gaussian belief: closed form. */
static struct likelihood lawful(double scale, double m, double s)
{
	double u = m / s - s / scale;
	struct normal_tail t = normal_tail(u);
	struct likelihood l = { .curve = -t.hazard * t.excess / (s * s) };

	if (u < 0) {
		/* As a Gaussian and its ratio: the terms of the other form
		 * are huge there, and cancel. */
		l.log_density = -m * m / (2 * s * s) - HALF_LOG_2PI -
				log(scale * t.hazard);
		l.slope = -m / (s * s) + t.excess / s;
	} else {
		l.log_density = s * s / (2 * scale * scale) - m / scale +
				log(t.cdf / scale);
		l.slope = -1 / scale + t.hazard / s;
	}
	return l;
}

struct likelihood queue_likelihood(const struct queue *q, double excess_s,
				   double var, double noise_s)
{
	double s = sqrt(var + noise_s * noise_s);
	struct likelihood l = lawful(q->scale_s, excess_s, s);
	/* Falls as 1 / distance^2, whose scale is that of the law itself. */
	double width = q->scale_s + s;
	double far = width + fabs(excess_s);
	double part = excess_s < 0 ? EARLY_PART : LATE_PART;
	double lawless = part * width / (far * far);

	if (l.log_density < OUTLAW) {
		return (struct likelihood){ .log_density = log(lawless),
					    .outlying = 1 };
	}
	double odds = lawless * exp(-l.log_density);
	double r = 1 / (1 + odds);

	l.log_density += log1p(odds);
	l.outlying = 1 - r;
	/* Moments of the mixture; the lawless part is flat: it moves none. */
	l.curve = r * l.curve + r * (1 - r) * l.slope * l.slope;
	l.slope *= r;
	return l;
}

static double clip(double v, double least, double most)
{
	return fmax(least, fmin(v, most));
}

void queue_learn(struct queue *q, double excess_s, double shape, double gain,
		 double least_s)
{
	double scale = q->scale_s;

	if (shape <= ONE_SIDED) {
		scale += gain * (clip(excess_s, 0, CLIP * scale) - scale);
	} else {
		double k = 1 + shape * shape; /* variance is k scale^2 */
		double most = CLIP_TWO_SIDED * scale * sqrt(k);
		double d = clip(excess_s - scale, -most, most);

		scale = sqrt(scale * scale * (1 - gain) + gain * d * d / k);
	}
	q->scale_s = fmax(scale, least_s);
}
