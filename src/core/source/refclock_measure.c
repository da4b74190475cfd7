/* SPDX-License-Identifier: BSD-2-Clause */
/* Reference clocks that measure: readings, polls, and what they offer. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "core/source/refclock.h"

#define READ_S 1      /* between two readings */
#define AGE_MOST_S 5  /* of a stamp */
#define FUTURE_S 0.01 /* a reading and the event are not one moment */
#define DIFFERENCE_S (4 * 3600.0) /* of fudge time2, when it is not said */
#define TIMECODE_WIDTH 3

/* What a clock says of itself is held to within these. */
#define PRECISION_LEAST (-30) /* log2 s: about a nanosecond */
#define PRECISION_MOST 4
#define NOISE_MOST_S 1e-6 /* of a stamp; more shows by itself */

#define SETTLED 16 /* samples until there is something to expect */
#define SPIKE_SDS 32.0
#define SPIKES_MOST 3 /* more in a row are no spikes */

/* How verdicts are counted; indexed by enum refclock_verdict. */
static const struct {
	enum refclock_column column;
	enum clock_event event;
} table[REFCLOCK_VERDICTS] = {
#define VERDICT(id, column, fault, words) { COLUMN_##column, CLOCK_##fault },
#include "core/source/refclockverdicts.def"
#undef VERDICT
};

enum clock_event refclock_verdict_event(enum refclock_verdict v)
{
	return table[v].event;
}

void refclock_begin(struct refclock *r, double freq_sd, double slew, instant at)
{
	struct estimator_prior prior = { .freq_sd = freq_sd, .no_path = true };

	estimator_init(&r->estimator, &prior);
	estimator_adjust(&r->estimator, at, 0, slew);
	r->spikes = 0;
}

/* There is no path: what goes there comes back. */
static struct sample observe(instant at, span offset, double noise_s)
{
	return (struct sample){
		.at = at,
		.forward = offset,
		.backward = span_sub(SPAN_ZERO, offset),
		.noise_s = noise_s,
	};
}

/* --- polls --- */

static void tell(struct refclock *r, enum clock_event event)
{
	r->state = (uint8_t)event;
	if (event != CLOCK_NOMINAL) {
		r->last = r->state;
	}
}

static void print_column(struct text *text, uint64_t n)
{
	uint64_t limit = 10;

	for (unsigned i = 1; i < TIMECODE_WIDTH; i++, limit *= 10) {
		if (n < limit) {
			text_char(text, ' ');
		}
	}
	text_u64(text, n);
}

/* "%3u %3u %3u %3u %3u": readings, and how many were what. */
static void print_timecode(struct refclock *r)
{
	struct text text = text_over(r->timecode, sizeof(r->timecode));
	uint64_t readings = 0;

	for (size_t i = 0; i < COLUMNS; i++) {
		readings += r->columns[i];
	}
	print_column(&text, readings);
	for (size_t i = 0; i < COLUMNS; i++) {
		text_char(&text, ' ');
		print_column(&text, r->columns[i]);
	}
}

static void end_poll(struct refclock *r, instant now, struct outbox *out)
{
	bool was = r->reach != 0;
	bool good = r->columns[COLUMN_GOOD] > 0;

	r->poll_at = instant_add(now, SPAN_S(INT64_C(1) << refclock_poll(r)));
	r->polls++;
	if (!r->early) {
		r->reach = (uint8_t)(r->reach << 1 | good);
	}
	r->early = false;
	if (!good) {
		r->unanswered++;
		tell(r, CLOCK_NO_REPLY);
	}
	print_timecode(r);
	for (size_t i = 0; i < COLUMNS; i++) {
		r->columns[i] = 0;
	}
	if (was && r->reach == 0) {
		refclock_note(r, NOTE_UNREACHABLE, out);
	}
}

bool refclock_ask(struct refclock *r, instant now, struct outbox *out)
{
	struct effect read = { .kind = EFFECT_READ, .source = r->id };
	bool over = instant_diff(now, r->poll_at).v >= 0;

	if (instant_diff(now, r->due).v < 0 || !outbox_has_room(out, 0)) {
		return false;
	}
	if (!r->announced) {
		r->announced = true;
		refclock_note(r, NOTE_MOBILIZE, out);
	}
	if (over) {
		end_poll(r, now, out);
	}
	r->due = instant_add(now, SPAN_S(READ_S));
	read.read.type = r->config->refclock_type;
	read.read.unit = r->config->refclock_unit;
	outbox_add(out, &read);
	return over;
}

/* --- readings --- */

/* Is it far from all that was to be expected? */
static bool is_far(const struct refclock *r, instant at, double offset_s)
{
	struct estimate e;

	if (!estimator_estimate(&r->estimator, at, &e) || e.samples < SETTLED) {
		return false;
	}
	return fabs(offset_s - e.offset_s) >
	       SPIKE_SDS * (e.offset_sd + e.jitter_s + NOISE_MOST_S);
}

static int8_t reasonable(int precision)
{
	if (precision < PRECISION_LEAST) {
		return PRECISION_LEAST;
	}
	return (int8_t)(precision > PRECISION_MOST ? PRECISION_MOST
						   : precision);
}

/* Is `offset`, before fudge time1, more than time2 allows? */
static bool differs(const struct refclock *r, span offset)
{
	const struct fudge_config *f = &r->config->fudge;
	double most_s = f->time2_s > 0 ? f->time2_s : DIFFERENCE_S;

	return !f->flag[0] && fabs(span_to_seconds(offset)) > most_s;
}

/* Whether the stamps of a reading can be used at all. */
static enum refclock_verdict check(const struct refclock *r,
				   const struct event *ev)
{
	double age_s =
		span_to_seconds(tstamp_diff(ev->wall, ev->refclock.received));

	switch (ev->refclock.reading) {
	case READING_NONE:
		return REFCLOCK_NOTHING;
	case READING_CLASH:
		return REFCLOCK_CLASH;
	case READING_GARBLED:
		return REFCLOCK_GARBLED;
	case READING_GOOD:
		break;
	}
	if (ev->refclock.leap < LEAP_NONE || ev->refclock.leap > LEAP_UNSYNC) {
		return REFCLOCK_GARBLED;
	}
	if (r->jumped) {
		return REFCLOCK_JUMPED;
	}
	if (age_s > AGE_MOST_S) {
		return REFCLOCK_STALE;
	}
	if (age_s < -FUTURE_S) {
		return REFCLOCK_FUTURE;
	}
	return ev->refclock.leap == LEAP_UNSYNC ? REFCLOCK_LOST
						: REFCLOCK_SAMPLE;
}

static enum refclock_verdict judge(struct refclock *r, const struct event *ev,
				   struct sample *sample)
{
	enum refclock_verdict v = check(r, ev);

	if (v != REFCLOCK_SAMPLE) {
		return v;
	}
	span offset =
		tstamp_diff(ev->refclock.reference, ev->refclock.received);
	span time1 = span_from_seconds(r->config->fudge.time1_s);
	instant at = instant_add(ev->now,
				 tstamp_diff(ev->refclock.received, ev->wall));

	if (differs(r, offset)) {
		return REFCLOCK_DIFFERENCE;
	}
	offset = tstamp_diff(tstamp_add(ev->refclock.reference, time1),
			     ev->refclock.received);
	if (!is_far(r, at, span_to_seconds(offset))) {
		r->spikes = 0;
	} else if (r->spikes++ < SPIKES_MOST) {
		return REFCLOCK_SPIKE;
	}
	r->precision = reasonable(ev->refclock.precision);
	*sample = observe(at, offset,
			  refclock_noise_s(r, fmin(ldexp(1, r->precision),
						   NOISE_MOST_S)));
	return REFCLOCK_SAMPLE;
}

static void accept(struct refclock *r, const struct event *ev,
		   const struct sample *sample, struct outbox *out)
{
	r->heard = true;
	r->heard_at = sample->at;
	r->leap = (enum leap)ev->refclock.leap;
	r->reference = ev->refclock.reference;
	memmove(r->history + 1, r->history,
		sizeof(r->history) - sizeof(r->history[0]));
	r->history[0] =
		(struct refclock_past){ sample->at, sample_offset(sample) };
	if (r->reach == 0) {
		r->reach = 1;
		r->early = true;
		refclock_note(r, NOTE_REACHABLE, out);
	}
}

enum refclock_verdict refclock_receive(struct refclock *r,
				       const struct event *ev,
				       struct outbox *out,
				       struct sample *sample)
{
	enum refclock_verdict v = judge(r, ev, sample);

	r->jumped = false;
	r->verdicts[v]++;
	r->columns[table[v].column]++;
	if (v != REFCLOCK_NOTHING) {
		tell(r, table[v].event);
		r->lost = v == REFCLOCK_LOST;
	}
	if (v == REFCLOCK_SAMPLE) {
		accept(r, ev, sample, out);
	}
	return v;
}

void refclock_learn(struct refclock *r, const struct sample *sample)
{
	estimator_add(&r->estimator, sample);
}

void refclock_abandon(struct refclock *r)
{
	r->jumped = true;
}

/* --- selection --- */

static enum reason unfitness(const struct refclock *r)
{
	if (r->lost) {
		return REASON_UNSYNCHRONISED;
	}
	if (!r->heard) {
		return REASON_NO_ANSWER;
	}
	if (r->reach == 0) {
		return REASON_UNREACHABLE;
	}
	return r->config->noselect ? REASON_NOSELECT : REASON_OK;
}

void refclock_estimate(const struct refclock *r, double phi, instant now,
		       struct candidate *c)
{
	*c = (struct candidate){
		.attached = true,
		.unfit = unfitness(r),
		.stratum = r->stratum,
		.refid = r->refid,
		.prefer = r->config->prefer,
		.always_true = r->config->always_true,
	};
	if (!estimator_estimate(&r->estimator, now, &c->estimate) &&
	    c->unfit == REASON_OK) {
		c->unfit = REASON_NO_ANSWER;
	}
	if (r->heard) {
		double age_s = span_to_seconds(instant_diff(now, r->heard_at));

		c->estimate.delay_s = 0;
		c->root_disp_s = refclock_noise_s(r, ldexp(1, r->precision)) +
				 phi * age_s;
		c->waiting_s = phi * fmin(age_s, 2 * READ_S);
	}
}
