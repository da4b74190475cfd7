/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/date.h"
#include "core/engine_state.h"

#define KERNEL_S 2 /* the kernel counts TAI on by itself, at the leap */

static const struct leap_table *table(const struct engine *e)
{
	return e->start.leaps.count > 0 ? &e->start.leaps : NULL;
}

/* Rather a missed leap second than a false one: the table knows better. */
static void note_veto(struct engine *e, bool vetoed, struct outbox *out)
{
	if (vetoed && !e->said_veto) {
		engine_note(e, NOTE_LEAP_VETOED, 0, "", out);
	}
	e->said_veto = vetoed;
}

enum leap engine_leap(struct engine *e, enum leap voted, struct outbox *out)
{
	const struct leap_table *t = table(e);
	enum leap due;

	if (!t || leap_has_expired(t, leap_unix(t, e->wall))) {
		note_veto(e, false, out);
		return voted;
	}
	due = leap_due(t, leap_unix(t, e->wall));
	note_veto(e, voted != LEAP_NONE && voted != due, out);
	return due;
}

void engine_tell_tai(const struct engine *e, struct effect *status)
{
	const struct leap_table *t = table(e);
	int16_t soon;

	if (!t || !status->status.synchronised) {
		return;
	}
	int64_t now = leap_unix(t, e->wall);

	/* Around a leap second only the kernel knows on which side it is. */
	status->status.tai_known = leap_tai(t, now, &status->status.tai) &&
				   leap_tai(t, now + KERNEL_S, &soon) &&
				   soon == status->status.tai;
}

void engine_report_leaps(const struct engine *e, struct system_report *r)
{
	const struct leap_table *t = table(e);
	int16_t tai;

	if (!t) {
		return;
	}
	r->tai_known = leap_tai(t, leap_unix(t, e->wall), &tai);
	r->tai = r->tai_known ? tai : 0;
	r->leap_at = leap_last(t);
	r->leap_expire = t->expires;
}

/* "37 leap 201701010000 expires 202407190000", as scripts know it. */
void engine_note_leaps(struct engine *e, struct outbox *out)
{
	const struct leap_table *t = table(e);
	char buffer[NOTE_WORD];
	struct text text = text_over(buffer, sizeof(buffer));

	if (!t) {
		return;
	}
	text_i64(&text, t->entries[t->count - 1].tai);
	text_str(&text, " leap ");
	date_print(leap_last(t), &text);
	text_str(&text, leap_has_expired(t, leap_unix(t, e->wall))
				? " expired "
				: " expires ");
	date_print(t->expires, &text);
	engine_note(e, NOTE_TAI, 0, buffer, out);
}
