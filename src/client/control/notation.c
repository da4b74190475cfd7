/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/control/notation.h"

#include "client/control/remote.h"
#include "client/stamp.h"

bool notation_leap(const struct vars_item *item, struct text *out)
{
	uint64_t v;

	if (!vars_u64(item, &v) || v > 3) {
		return false;
	}
	text_char(out, v & 2 ? '1' : '0');
	text_char(out, v & 1 ? '1' : '0');
	return true;
}

bool notation_stamp(const struct vars_item *item, struct text *out)
{
	tstamp t;

	if (!vars_tstamp(item, &t)) {
		return false;
	}
	if (tstamp_is_zero(t)) {
		text_str(out, "(no time)");
	} else {
		stamp_print(t, out);
	}
	return true;
}

bool notation_host(const struct vars_item *item, bool numeric, struct text *out)
{
	netaddr a;

	if (numeric || !vars_netaddr(item, &a)) {
		return false;
	}
	remote_name(&a, numeric, out);
	return true;
}
