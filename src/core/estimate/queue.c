/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/queue.h"

#include <math.h>

#include "base/special.h"

#define EARLY_PART 1e-5   /* packets that cannot be: broken stamps */
#define AGAIN 0.7         /* late after one that was, as a part */
#define MAGNITUDES 13.0   /* from a scale to a minute, in e-folds */
#define OUTLAW (-600)     /* log density: as good as none */
#define ONE_SIDED 0.1     /* shapes below have hardly any Gaussian part */
#define CLIP 6            /* scales; what is further out teaches no more */
#define CLIP_TWO_SIDED 3  /* standard deviations */
#define LATELY_GAIN 0.125 /* the last eight packets or so */
#define QUIET 0.4         /* the scale is at most the last few's over this */

double queue_spread(const struct queue_law *law)
{
	return sqrt((law->form != QUEUE_NONE) + law->shape * law->shape);
}

/* A density as factor * exp(exponent): neither is out of range. */
struct density {
	double factor, exponent;
	double slope, curve;
};

/* Exponential + Gaussian, by a Gaussian belief: closed form. */
static struct density density_of_wait(double scale, double m, double s)
{
	double u = m / s - s / scale;
	struct normal_tail t = normal_tail(u);
	struct density d = { .curve = -t.hazard * t.excess / (s * s) };

	if (u < 0) {
		/* As a Gaussian and its ratio: the terms of the other form
		 * are huge there, and cancel. */
		d.exponent = -m * m / (2 * s * s);
		d.factor = 1 / (ROOT_2PI * scale * t.hazard);
		d.slope = -m / (s * s) + t.excess / s;
	} else {
		d.exponent = s * s / (2 * scale * scale) - m / scale;
		d.factor = t.cdf / scale;
		d.slope = -1 / scale + t.hazard / s;
	}
	return d;
}

static struct density density_of_noise(double m, double s)
{
	return (struct density){
		.exponent = -m * m / (2 * s * s),
		.factor = 1 / (ROOT_2PI * s),
		.slope = -m / (s * s),
		.curve = -1 / (s * s),
	};
}

struct likelihood queue_likelihood(const struct queue *q,
				   const struct queue_law *law, double excess_s,
				   double var, double noise_s)
{
	double noise = fmax(noise_s, law->shape * q->scale_s);
	double s = sqrt(var + noise * noise);
	bool waits = law->form != QUEUE_NONE;
	struct density d = waits ? density_of_wait(q->scale_s, excess_s, s)
				 : density_of_noise(excess_s, s);
	double late = law->late_part + q->busy * (AGAIN - law->late_part);
	double part = excess_s < 0 && waits ? EARLY_PART : late;
	double far = q->scale_s + s + fabs(excess_s);
	double lawless = part / (far * MAGNITUDES);

	if (d.exponent < OUTLAW) {
		return (struct likelihood){ .log_density = log(lawless),
					    .outlying = 1 };
	}
	double lawful = (1 - late) * d.factor * exp(d.exponent);
	double r = lawful / (lawful + lawless);

	/* Moments of the mixture; the lawless part is flat: it moves none. */
	return (struct likelihood){
		.log_density = log(lawful + lawless),
		.slope = r * d.slope,
		.curve = r * d.curve + r * (1 - r) * d.slope * d.slope,
		.outlying = 1 - r,
	};
}

static double clip(double v, double least, double most)
{
	return fmax(least, fmin(v, most));
}

/* A running mean of waits, or root of one of squares, led on by one packet. */
static double led_on(double mean_s, double scale_s, double excess_s,
		     const struct queue_law *law, double gain)
{
	if (law->form != QUEUE_NONE && law->shape <= ONE_SIDED) {
		return mean_s +
		       gain * (clip(excess_s, 0, CLIP * scale_s) - mean_s);
	}
	double spread = queue_spread(law);
	double most = CLIP_TWO_SIDED * scale_s * spread;
	double centre = law->form == QUEUE_NONE ? 0 : scale_s;
	double d = clip(excess_s - centre, -most, most) / spread;

	return sqrt(mean_s * mean_s * (1 - gain) + gain * d * d);
}

/*
 * Upwards slowly: a burst is not a new law. Downwards at once: what the few
 * quiet packets between two bursts say is worth the most.
 */
void queue_learn(struct queue *q, const struct queue_law *law, double excess_s,
		 double outlying, double gain, double least_s)
{
	double heed = law->form == QUEUE_NARROW ? 1 - outlying : 1;

	q->busy = outlying;
	q->lately_s = led_on(q->lately_s, q->scale_s, excess_s, law,
			     fmax(gain * heed, LATELY_GAIN));
	q->scale_s = led_on(q->scale_s, q->scale_s, excess_s, law, gain * heed);
	q->scale_s = fmax(fmin(q->scale_s, q->lately_s / QUIET), least_s);
}
