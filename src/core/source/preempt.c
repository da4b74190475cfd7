/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/preempt.h"

#include "core/source/flash.h"

unsigned preempt_score(const struct source *s)
{
	uint16_t flash = flash_of_source(s);
	enum tally t = reason_tally(s->reason);

	return (unsigned)!(flash & FLASH_STRATUM) +
	       !(flash & FLASH_UNREACHABLE) + !(flash & FLASH_LOOP) +
	       !(flash & FLASH_DIST) + (t >= TALLY_OUTLIER) +
	       (t != TALLY_BACKUP);
}

static bool may_go(const struct source *s)
{
	bool preemptable = s->config->preempt || s->pool != SOURCE_NO_POOL;

	return preemptable && s->idle_polls >= PREEMPT_POLLS;
}

struct source *preempt_choose(struct source *sources, size_t count, size_t most)
{
	struct source *worst = NULL;
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		struct source *s = &sources[i];

		used += s->used;
		if (s->used && may_go(s) &&
		    (!worst || preempt_score(s) < preempt_score(worst))) {
			worst = s;
		}
	}
	return used > most ? worst : NULL;
}
