/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.h - how far above its floor one packet arrives: the law of a queue.
 *
 * An exponential wait of mean `scale_s`, plus Gaussian noise of the stamps:
 * the exponentially modified Gaussian. A small part of all packets obeys no
 * such law: they are late by anything, or (rarely) impossibly early. Such a
 * packet says nothing, and does so smoothly: the further out, the less.
 */
#ifndef CORE_QUEUE_H
#define CORE_QUEUE_H

#include "base/compiler.h"

struct queue {
	double scale_s; /* mean wait, learnt */
};

/* A likelihood as seen from a Gaussian belief about the floor. */
struct likelihood {
	double log_density;
	double slope, curve; /* its derivatives by the observed value */
	double outlying; /* probability that the packet obeyed no law, 0..1 */
};

/*
 * Of a packet `excess_s` above the believed floor, whose variance is `var`;
 * `noise_s` is the standard deviation of the Gaussian part.
 */
struct likelihood queue_likelihood(const struct queue *q, double excess_s,
				   double var, double noise_s);

/*
 * Learns the scale from one packet that was `excess_s` above the floor.
 * `shape` is noise over scale; `gain` the weight of this packet.
 */
void queue_learn(struct queue *q, double excess_s, double shape, double gain,
		 double least_s);

#endif
