/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ready.h - waits for descriptors, and turns what they bring into events.
 */
#ifndef HOST_READY_H
#define HOST_READY_H

#include "host/loop.h"

/* Sleeps until something is readable, a signal comes or it is `wake`. */
void ready_wait(struct loop *l, instant wake);
void ready_free(struct ready *r);

#endif
