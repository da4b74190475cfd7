/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limits.h - the memory of what is known about those who ask: how often they
 * may, who they were, which lines of access they met.
 */
#ifndef HOST_LIMITS_H
#define HOST_LIMITS_H

#include "host/loop.h"

/* False: out of memory. */
MUST_USE bool limits_start(struct loop *l);
void limits_end(struct loop *l);

/* What other settings will need; false: out of memory, all is as it was. */
MUST_USE bool limits_prepare(struct loop *l, const struct config *next,
			     uint64_t **hits);
/* They hold now; takes `hits`. */
void limits_take(struct loop *l, const struct config *now, uint64_t *hits);

#endif
