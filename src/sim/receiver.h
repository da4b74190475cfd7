/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * receiver.h - a reference clock on a host: once every true second its driver
 * writes what it says, and what the host's clock showed, into memory that the
 * daemon reads when it likes (127.127.28.u). One on each host.
 */
#ifndef SIM_RECEIVER_H
#define SIM_RECEIVER_H

#include "base/rng.h"
#include "core/event.h"

struct node;

struct receiver {
	/* What it is; may change at any time. */
	double noise_s;  /* Gaussian, of each stamp */
	double offset_s; /* of what it says */
	bool silent;
	int leap, precision; /* as it tells */
	/* The memory. */
	bool valid;
	tstamp reference, received;
	struct rng rng;
};

/* Begins with the next second; before a daemon is started. */
void receiver_fit(struct node *n, double noise_s);
/* A second begins. */
void receiver_pulse(struct node *n);
/* What there is to be read, into ev->refclock; then it is gone. */
void receiver_read(struct node *n, struct event *ev);

#endif
