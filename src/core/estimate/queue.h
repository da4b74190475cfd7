/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.h - how far above its floor one packet arrives: the law of a queue.
 *
 * An exponential wait of mean `scale_s`, plus Gaussian noise of the stamps:
 * the exponentially modified Gaussian. A part of all packets obeys no such
 * law: they are late by anything, all magnitudes alike, or (rarely) impossibly
 * early. Such a packet says nothing, and does so smoothly: the further out,
 * the less. Congestion lasts: after one late packet another is no surprise.
 */
#ifndef CORE_QUEUE_H
#define CORE_QUEUE_H

#include "base/compiler.h"

enum queue_form {
	QUEUE_WAIT,   /* every packet that obeys the law teaches its scale */
	QUEUE_NARROW, /* the same, but most of a crowd of late ones do not */
	QUEUE_NONE,   /* there is no wait, only noise: a reference clock */
};

/* What a queue is taken for. */
struct queue_law {
	enum queue_form form;
	double shape;     /* the Gaussian part, in scales */
	double late_part; /* of all packets that are late by anything */
};

struct queue {
	double scale_s;  /* mean wait, or for QUEUE_NONE the noise; learnt */
	double lately_s; /* the same of the last few packets alone */
	double busy;     /* probability that the last packet was lawless */
};

/* A likelihood as seen from a Gaussian belief about the floor. */
struct likelihood {
	double log_density;
	double slope, curve; /* its derivatives by the observed value */
	double outlying; /* probability that the packet obeyed no law, 0..1 */
};

/* How far packets spread, beside the scale. */
double queue_spread(const struct queue_law *law);

/*
 * Of a packet `excess_s` above the believed floor, whose variance is `var`;
 * `noise_s` is the least standard deviation of its stamps.
 */
struct likelihood queue_likelihood(const struct queue *q,
				   const struct queue_law *law, double excess_s,
				   double var, double noise_s);

/*
 * Learns from one packet that was `excess_s` above the floor; `outlying` as
 * its likelihood said, `gain` its weight. The scale stays above `least_s`.
 */
void queue_learn(struct queue *q, const struct queue_law *law, double excess_s,
		 double outlying, double gain, double least_s);

#endif
