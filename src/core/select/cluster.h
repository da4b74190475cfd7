/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cluster.h - which truechimers are worth listening to.
 *
 * All of them may be right, but some are farther off than what scatters the
 * others explains: outliers, cast out one by one while more than `tos
 * minclock` are left. Some are so much farther away in the network than
 * another that they can only blur it: they stay as backup. Beyond `tos
 * maxclock` the rest is in excess.
 */
#ifndef CORE_CLUSTER_H
#define CORE_CLUSTER_H

#include "core/select/selection.h"

/*
 * How good a source is at a glance, smaller is better: its root distance as of
 * when it answered, and `tos mindist` for each stratum. So the stratum decides
 * on a LAN, but buys nothing against a shorter way (E15).
 */
double cluster_score(const struct tos_config *tos, const struct candidate *c);

/* Of those whose reason is REASON_CANDIDATE the one in the middle. */
const struct candidate *cluster_middle(const struct candidate *candidates,
				       size_t count);

/* Those whose reason is REASON_CANDIDATE keep it or get another. */
void cluster_run(const struct tos_config *tos, struct candidate *candidates,
		 size_t count);

#endif
