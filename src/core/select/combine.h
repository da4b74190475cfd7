/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * combine.h - the estimates of several sources -> one.
 *
 * Each estimate is off by its noise, which its deviation tells, and by
 * something of its own that no filter sees: an asymmetric route, a server
 * that is wrong itself. How large that is shows in how far the sources
 * disagree beyond their noise, and it is taken to be in proportion to how
 * long the way is. Where sources agree within their noise (a LAN) the most
 * exact weighs most; where they disagree (the internet) all weigh about the
 * same, and the combined deviation says so.
 */
#ifndef CORE_COMBINE_H
#define CORE_COMBINE_H

#include "core/select/selection.h"

/*
 * The combined offset and frequency of those whose reason is
 * REASON_CANDIDATE, and their deviations; sets each one's weight. The other
 * fields are the weighted means; `spread_s` is the part of the offset's
 * deviation that is not noise. At least one must take part.
 */
struct estimate combine_run(struct candidate *candidates, size_t count,
			    double *spread_s);

#endif
