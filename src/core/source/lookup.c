/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/lookup.h"

#include <string.h>

#define ANSWER_WITHIN SPAN_S(60)
#define DOUBLINGS 5
#define LONGEST_S (2u << DOUBLINGS)

void lookup_want(struct lookup *l, instant due)
{
	if (!l->name || l->state == LOOKUP_ASKED) {
		return;
	}
	if (l->state == LOOKUP_NONE || instant_diff(due, l->due).v < 0) {
		l->due = due;
	}
	l->state = LOOKUP_WANTED;
}

void lookup_renew(struct lookup *l, instant now)
{
	if (l->name) {
		l->failures = 0;
		l->state = LOOKUP_WANTED;
		l->due = now;
	}
}

static unsigned lookup_failed(struct lookup *l, instant now)
{
	unsigned wait_s =
		l->failures < DOUBLINGS ? 2u << l->failures : LONGEST_S;

	if (l->failures < UINT8_MAX) {
		l->failures++;
	}
	l->state = LOOKUP_WANTED;
	l->due = instant_add(now, SPAN_S(wait_s));
	return wait_s;
}

void lookup_tick(struct lookup *l, source_id id, instant now,
		 struct outbox *out)
{
	if (l->state == LOOKUP_NONE || instant_diff(now, l->due).v < 0) {
		return;
	}
	if (l->state == LOOKUP_ASKED) {
		(void)lookup_failed(l, now);
		return;
	}
	if (outbox_has_room(out, strlen(l->name))) {
		outbox_resolve(out, id, l->name, l->family);
		l->state = LOOKUP_ASKED;
		l->due = instant_add(now, ANSWER_WITHIN);
	}
}

unsigned lookup_answered(struct lookup *l, bool useful, instant now)
{
	if (l->state != LOOKUP_ASKED) {
		return 0;
	}
	if (!useful) {
		return lookup_failed(l, now);
	}
	l->failures = 0;
	l->state = LOOKUP_NONE;
	return 0;
}

instant lookup_deadline(const struct lookup *l)
{
	return l->state == LOOKUP_NONE ? INSTANT_NEVER : l->due;
}
