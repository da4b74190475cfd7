/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/control/remote.h"

#include "client/names.h"

static const struct {
	unsigned type;
	const char *name;
} clocks[] = {
#define REFCLOCK(type, name) { type, name },
#include "client/control/refclocks.def"
#undef REFCLOCK
};

static void clock_name(const netaddr *a, struct text *out)
{
	const char *name = clocks[0].name;

	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		if (clocks[i].type == a->ip[14]) {
			name = clocks[i].name;
		}
	}
	text_str(out, name);
	text_char(out, '(');
	text_u64(out, a->ip[15]);
	text_char(out, ')');
}

void remote_name(const netaddr *a, bool numeric, struct text *out)
{
	if (numeric || netaddr_is_nonsense(a)) {
		netaddr_print(a, out);
	} else if (netaddr_is_refclock(a)) {
		clock_name(a, out);
	} else {
		names_show(a, out);
	}
}
