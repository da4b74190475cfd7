/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * carry.h - carries out what an engine wants done, in order.
 */
#ifndef SIM_CARRY_H
#define SIM_CARRY_H

#include "sim/daemon.h"

/* Everything in the daemon's outbox. */
void carry_out(struct node *n);

#endif
