/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * preempt.h - which association goes when there are more than `tos maxclock`:
 * of those whose line says `preempt`, and of members of pools, the worst that
 * has not been among the survivors for ten polls.
 */
#ifndef CORE_PREEMPT_H
#define CORE_PREEMPT_H

#include "core/source/source.h"

#define PREEMPT_POLLS 10 /* of no use for so many polls in a row */

/* How much it is cherished: 0 to 6 tests passed. */
unsigned preempt_score(const struct source *s);
/* Of `count` slots; NULL: nobody has to go, or may. */
struct source *preempt_choose(struct source *sources, size_t count,
			      size_t most);

#endif
