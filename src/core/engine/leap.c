/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leap seconds: what is due at the end of this day, who says so, and the
 * second itself, which our clock and all that is true leap over together.
 *
 * The kernel leaps when its own clock shows the end of the day; where it may
 * not, we step it then; where nothing may step, it is a second off from then
 * on, which every estimator is told, and slewed.
 */
#include <math.h>

#include "base/date.h"
#include "core/engine/stages.h"

#define DAY_S 86400
#define PIVOT INT64_C(1767225600)          /* without a table: until 2094 */
#define HALF_YEAR_S (INT64_C(180) * DAY_S) /* between two that are voted */
#define KERNEL_S 2 /* the kernel counts TAI on by itself, at the leap */
#define JUMP_SLACK_S 0.1

/* From the leap on, by a clock that has not leapt: */
#define LOOK_S 0.02       /* a kernel does it in its next tick: has it? */
#define KERNEL_MOST_S 1.5 /* then we do */
#define OTHERS_MOST_S 5   /* whoever else keeps the clock; nobody later */

#define FIRM_S 10   /* so near its end nothing changes any more */
#define EARLY_S 600 /* so long before ... */
#define LATE_S 600  /* ... and after it others may be a second off */

static const struct leap_table *table(const struct engine *e)
{
	return e->leaps.count > 0 ? &e->leaps : NULL;
}

static int64_t unix_now(const struct engine *e)
{
	const struct leap_table *t = table(e);

	return t ? leap_unix(t, e->wall) : tstamp_to_unix(e->wall, PIVOT);
}

/* Our clock jumps by so much. */
static double size_s(enum leap leap)
{
	return leap == LEAP_INSERT ? -1 : 1;
}

/* How long ago it was, by a clock that has not leapt; what is due. */
static double past_s(const struct engine *e)
{
	double s = span_to_seconds(tstamp_diff(e->wall, e->leap.midnight));

	return e->leap.due == LEAP_DELETE ? s + 1 : s;
}

static bool may_step(const struct engine *e)
{
	const struct discipline *d = &e->discipline;
	double least_s =
		e->leap.due == LEAP_INSERT ? d->step_back_s : d->step_fwd_s;

	return e->may_set && !e->yielded && least_s > 0 && least_s < 1;
}

enum leap engine_armed(const struct engine *e)
{
	return e->config->kernel && may_step(e) ? e->leap.due : LEAP_NONE;
}

/* Only at the end of June and December, and not twice in a half year. */
static bool may_be_voted(const struct engine *e, int64_t now)
{
	struct date end = date_from_unix(now + DAY_S);
	bool past = e->leap.past != LEAP_NONE;

	return end.day == 1 && (end.month == 1 || end.month == 7) &&
	       !(past && now - e->leap.past_at < HALF_YEAR_S);
}

/* Rather a missed leap second than a false one: the table knows better. */
static void note_veto(struct engine *e, bool vetoed, struct outbox *out)
{
	if (vetoed && !e->said_veto) {
		engine_note(e, NOTE_LEAP_VETOED, 0, "", out);
	}
	e->said_veto = vetoed;
}

/* Of the table that is configured: that of the time zones comes as it comes. */
static void note_stale(struct engine *e, bool stale, struct outbox *out)
{
	if (stale && !e->said_stale) {
		engine_note(e, NOTE_LEAP_STALE, 0, "", out);
	}
	e->said_stale = stale;
}

enum leap engine_leap(struct engine *e, enum leap voted, struct outbox *out)
{
	const struct leap_table *t = table(e);
	int64_t now = unix_now(e), midnight = (now / DAY_S + 1) * DAY_S;
	bool known = t && !leap_has_expired(t, now);
	enum leap due = known                  ? leap_due(t, now)
			: may_be_voted(e, now) ? voted
					       : LEAP_NONE;

	note_stale(e, t && !known && e->config->leapfile, out);
	if (e->leap.due != LEAP_NONE && past_s(e) > -FIRM_S) {
		return e->leap.due;
	}
	/* What they announced before it they may announce for a while. */
	note_veto(e,
		  known && voted != LEAP_NONE && voted != due &&
			  !(voted == e->leap.past &&
			    now - e->leap.past_at < DAY_S),
		  out);
	if ((e->leap.past != LEAP_NONE && midnight == e->leap.past_at) ||
	    e->leap.smeared) {
		/* The second that there is twice, or that nobody gets. */
		due = LEAP_NONE;
	}
	e->leap.due = due;
	e->leap.midnight = tstamp_from_unix(midnight, 0);
	return due;
}

/* Nobody is to be asked across it, and what was told before it holds. */
static void leapt(struct engine *e, struct outbox *out)
{
	e->leap.past = e->leap.due;
	e->leap.past_at = tstamp_to_unix(e->leap.midnight, unix_now(e));
	e->leap.due = e->said_leap = e->standing.leap = LEAP_NONE;
	engine_abandon(e, out);
	e->view_due = true;
	engine_note(e, NOTE_LEAP_EVENT, 0, "", out);
}

static void jumped(struct engine *e, struct outbox *out)
{
	span jump = span_from_seconds(size_s(e->leap.due));

	e->standing.reference = tstamp_add(e->standing.reference, jump);
	e->leap.moved = true;
	e->leap.over = e->now;
	leapt(e, out);
}

bool engine_has_leapt(struct engine *e, double jump_s, struct outbox *out)
{
	if (e->leap.due == LEAP_NONE) {
		return false;
	}
	double ago_s = past_s(e) - jump_s;

	if (fabs(jump_s - size_s(e->leap.due)) > JUMP_SLACK_S ||
	    ago_s < -JUMP_SLACK_S || ago_s > OTHERS_MOST_S + 1) {
		return false;
	}
	jumped(e, out);
	return true;
}

/* How long whoever is to do it has for that. */
static double wait_s(const struct engine *e)
{
	if (engine_armed(e) != LEAP_NONE) {
		return KERNEL_MOST_S;
	}
	return e->may_set && !e->yielded ? 0 : OTHERS_MOST_S;
}

static const char *word(enum leap leap)
{
	return leap == LEAP_INSERT ? "Positive" : "Negative";
}

static void step_over(struct engine *e, struct outbox *out)
{
	double by_s = size_s(e->leap.due);
	struct effect jump = { .kind = EFFECT_STEP };

	jump.step = span_from_seconds(by_s);
	outbox_add(out, &jump);
	e->wall = tstamp_add(e->wall, jump.step);
	engine_note(e, NOTE_LEAP_STEPPED, by_s, word(e->leap.due), out);
	jumped(e, out);
}

/* The truth leaps, our clock does not: as if it had been set the other way. */
static void fall_behind(struct engine *e, struct outbox *out)
{
	double off_s = -size_s(e->leap.due);

	engine_shift(e, off_s, 0);
	standing_widen(&e->standing, off_s);
	e->fresh = true;
	e->leap.moved = false;
	engine_note(e, NOTE_LEAP_SLEWED, 0, word(e->leap.due), out);
	leapt(e, out);
}

void engine_tick_leap(struct engine *e, struct outbox *out)
{
	if (!e->has_peer && e->upstream) {
		e->standing.leap = engine_leap(e, e->leap.due, out);
	}
	if (e->leap.due == LEAP_NONE || past_s(e) < wait_s(e)) {
		return;
	}
	if (may_step(e) && past_s(e) < OTHERS_MOST_S) {
		step_over(e, out);
	} else {
		fall_behind(e, out);
	}
}

instant engine_leap_deadline(const struct engine *e)
{
	double ago_s, at_s;

	if (e->leap.due == LEAP_NONE) {
		return INSTANT_NEVER;
	}
	ago_s = past_s(e);
	at_s = wait_s(e);
	if (ago_s < LOOK_S) {
		at_s = fmin(at_s, LOOK_S);
	}
	return instant_add(e->now, span_from_seconds(at_s - ago_s));
}

struct smear engine_smear(const struct engine *e)
{
	span less = e->leap.due == LEAP_DELETE ? SPAN_S(-1) : SPAN_ZERO;

	return (struct smear){
		.length_s = e->config->leapsmear_s,
		.leap = e->leap.due,
		.end = tstamp_add(e->leap.midnight, less),
	};
}

bool engine_is_leaping(const struct engine *e)
{
	if (e->leap.due != LEAP_NONE) {
		return past_s(e) > -EARLY_S;
	}
	return e->leap.moved && engine_age_s(e, e->leap.over) < LATE_S;
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
	struct smear smear = engine_smear(e);
	int16_t tai;

	r->smear_s = smear.length_s;
	r->smear_offset_s = span_to_seconds(smear_offset(&smear, e->wall));
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

/* What it says of today is heard when the clock is looked at next. */
void engine_take_leaps(struct engine *e, const struct leap_table *leaps,
		       struct outbox *out)
{
	e->leaps = *leaps;
	engine_note_leaps(e, out);
	engine_decide(e, false, out);
	e->view_due = true;
}
