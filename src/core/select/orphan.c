/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/select/orphan.h"

enum reason orphan_judge(const struct tos_config *tos,
			 const struct candidate *c)
{
	if (tos->orphan >= ORPHAN_OFF || c->stratum < tos->orphan) {
		return REASON_CANDIDATE;
	}
	if (c->stratum > tos->orphan) {
		return REASON_ORPHAN_CHILD;
	}
	return c->last_resort ? REASON_CANDIDATE : REASON_ORPHAN;
}

bool orphan_elect(struct candidate *candidates, size_t count)
{
	size_t parent = count;

	for (size_t i = 0; i < count; i++) {
		const struct candidate *c = &candidates[i];

		/* On each way we may have another address: any may win. */
		if (c->reason == REASON_ORPHAN &&
		    (c->ours == 0 || c->identity < c->ours) &&
		    (parent == count ||
		     c->identity < candidates[parent].identity)) {
			parent = i;
		}
	}
	if (parent == count) {
		return false;
	}
	candidates[parent].reason = REASON_CANDIDATE;
	candidates[parent].share = 1;
	return true;
}
