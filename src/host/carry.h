/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * carry.h - carries the effects of one event out.
 */
#ifndef HOST_CARRY_H
#define HOST_CARRY_H

#include "host/loop.h"

void carry_out(struct loop *l);
/* Writes the state file as of now. */
void carry_snapshot(struct loop *l);

#endif
