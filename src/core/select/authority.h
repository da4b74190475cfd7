/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * authority.h - sources that sign bind those that do not (`tos authselect`).
 *
 * Under `prefer` every source votes, as in intersection.h, but the result must
 * hold every survivor among those that sign. Where it does not, they alone
 * decide: any number of strangers can make us lose a vote, not the time.
 * Clocks of this machine are neither bound nor do they bind.
 */
#ifndef CORE_AUTHORITY_H
#define CORE_AUTHORITY_H

#include "core/select/intersection.h"

/* True when `tos authselect require` keeps this candidate out. */
bool authority_forbids(const struct tos_config *tos, const struct candidate *c);

/*
 * As intersection_find(). Who is cast out because of those that sign has
 * REASON_UNSIGNED.
 */
struct intersection authority_find(const struct tos_config *tos,
				   struct candidate *candidates, size_t count);

#endif
