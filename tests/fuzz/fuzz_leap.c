/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text as a table of leap seconds: what is refused changes nothing, what
 * is taken is in order and leaps one second at a time. The first octet says
 * whether the hash counts.
 */
#include <string.h>

#include "core/steer/leap.h"
#include "fuzz/fuzz.h"

static void check_table(const struct leap_table *t)
{
	INVARIANT(t->count > 0 && t->count <= LEAP_ENTRIES);
	for (size_t i = 1; i < t->count; i++) {
		const struct leap_entry *e = &t->entries[i];
		int16_t tai;

		INVARIANT(e->at > e[-1].at);
		INVARIANT(e->tai - e[-1].tai == 1 || e->tai - e[-1].tai == -1);
		INVARIANT(leap_due(t, e->at - 1) ==
			  (e->tai > e[-1].tai ? LEAP_INSERT : LEAP_DELETE));
		INVARIANT(leap_tai(t, e->at, &tai) && tai == e->tai);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct leap_table t, before;

	if (size == 0) {
		return 0;
	}
	memset(&before, 0xa5, sizeof(before));
	t = before;

	struct leap_parsed p =
		leap_parse(&t, (const char *)data + 1, size - 1, data[0] & 1);

	if (leap_is_good(p.verdict)) {
		check_table(&t);
	} else {
		INVARIANT(memcmp(&t, &before, sizeof(t)) == 0);
	}
	return 0;
}
