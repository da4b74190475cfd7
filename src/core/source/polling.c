/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/polling.h"

#include <math.h>

#include "wire/packet.h"

#define OPENING_IBURST 8
#define OPENING_PLAIN 4
#define BURST 8
#define STRETCHED 3  /* so many last gaps of a burst: 4, 8 and 16 s */
#define UNANSWERED 4 /* a burst that nobody answers ends here */
#define EAGER 4      /* tries 8, 16, 32 and 64 s apart after a start */
#define RETRIES 16   /* quick ones, for who stays unsynchronised */
#define HOLD 8
#define DECAY 4
#define CALM 4
#define SHORTER 2 /* deviations of one exchange: then the poll is too long */
#define HURRY 8   /* polls until it may be hurried again */
#define SILENT 10 /* polls without an answer; then ask less and less */

static int8_t within(int v, int8_t low, int8_t high)
{
	if (v < low) {
		return low;
	}
	if (v > high) {
		return high;
	}
	return (int8_t)v;
}

static void take_words(struct polling *p, const struct source_config *config)
{
	p->min = within(config->minpoll, 1, POLL_MAX);
	p->max = within(config->maxpoll, 1, POLL_MAX);
	p->iburst = config->iburst;
	p->bursts = config->burst;
	if (p->max < p->min) {
		p->max = p->min;
	}
}

void polling_init(struct polling *p, const struct source_config *config)
{
	*p = (struct polling){ .theirs = INT8_MAX };
	take_words(p, config);
	p->poll = p->min;
}

void polling_retune(struct polling *p, const struct source_config *config)
{
	span before = span_from_log2(polling_now(p)), after;

	take_words(p, config);
	p->poll = within(p->poll, p->min, p->max);
	after = span_from_log2(polling_now(p));
	/* Sooner at once; later from the next poll on. */
	if (p->asked > 0 && p->left == 0 && span_cmp(after, before) < 0) {
		p->due = instant_earlier(p->due, instant_add(p->last, after));
	}
}

void polling_attend(struct polling *p, int8_t log2)
{
	p->min = p->max = p->poll = within(log2, 1, POLL_MAX);
	p->left = 0;
	p->raised = 0;
	p->eager = EAGER;
	p->opening = false;
	p->bursts = false;
}

void polling_agree(struct polling *p, int8_t theirs)
{
	p->theirs = within(theirs, p->min, p->max);
}

/* Up to a 32nd longer: so that clients that start as one spread out. */
static span jittered(span d, struct rng *rng)
{
	return (span){ d.v + (int64_t)rng_below(rng, (uint64_t)d.v / 32 + 1) };
}

double polling_headway_s(const struct polling *p, instant now)
{
	instant soonest = instant_add(p->last, SPAN_S(POLLING_GAP_S));

	if (p->asked == 0 && p->last.v == 0) {
		return 0;
	}
	/* Who told us to keep away is kept away from. */
	if (p->raised > 0 || polling_is_denied(p)) {
		soonest = p->due;
	}
	return fmax(span_to_seconds(instant_diff(soonest, now)), 0);
}

int8_t polling_now(const struct polling *p)
{
	if (polling_is_denied(p)) {
		return within(POLLING_DENIED, p->max, INT8_MAX);
	}
	return within((p->poll < p->theirs ? p->poll : p->theirs) + p->raised,
		      p->min, p->max);
}

/*
 * Within a burst: quick at first, for the offset; at a start the last three
 * ever farther apart, because a frequency is learnt from a long base, and the
 * next poll may be a minute away.
 */
static span burst_gap(const struct polling *p)
{
	int64_t gap_s = POLLING_GAP_S;

	for (unsigned left = p->left; p->stretches && left <= STRETCHED;
	     left++) {
		gap_s *= 2;
	}
	return SPAN_S(gap_s);
}

/*
 * Who does not know the time yet soon will; and if a packet to or from him is
 * lost that is no reason to wait any longer.
 */
static span retry_gap(const struct polling *p)
{
	unsigned more = p->unsynchronised <= RETRIES
				? 0
				: (unsigned)p->unsynchronised - RETRIES;
	span d = span_from_log2(polling_now(p));
	span early = SPAN_S(POLLING_RETRY_S << (more < 8 ? more : 8));

	/* Who told us to keep away is not asked the sooner (B2). */
	return p->raised == 0 && span_cmp(early, d) < 0 ? early : d;
}

static void wait_for_next(struct polling *p, struct rng *rng)
{
	span d = jittered(span_from_log2(polling_now(p)), rng);

	if (p->left > 0) {
		d = jittered(burst_gap(p), rng);
	} else if (p->unsynchronised > 0) {
		d = retry_gap(p);
	} else if (p->reach == 0 && p->eager < EAGER) {
		span early = jittered(SPAN_S(POLLING_RETRY_S << p->eager), rng);

		if (span_cmp(early, d) < 0) {
			d = early;
		}
	}
	p->due = instant_add(p->last, d);
}

void polling_restart(struct polling *p, struct rng *rng, instant now)
{
	instant soonest = instant_add(p->last, SPAN_S(POLLING_GAP_S));

	p->opening = true;
	p->left = 0;
	p->eager = 0;
	p->calm = 0;
	p->poll = p->min;
	p->due = instant_add(
		now, (span){ (int64_t)rng_below(rng, UINT64_C(1) << 29) });
	if (p->asked > 0 && instant_diff(p->due, soonest).v < 0) {
		p->due = soonest;
	}
}

void polling_resume(struct polling *p, const struct polling *was, bool settled,
		    struct rng *rng, instant now)
{
	span least = SPAN_S(settled ? POLLING_RETRY_S : POLLING_GAP_S);
	instant soonest = instant_add(was->last, least);

	polling_restart(p, rng, now);
	p->poll = within(was->poll, p->min, p->max);
	p->raised = within(was->raised, 0, (int8_t)(p->max - p->poll));
	p->hold = was->hold;
	p->reach = was->reach;
	p->unreach = was->unreach;
	p->last = was->last;
	p->opening = !settled;
	p->eager = settled ? EAGER : 0;
	if (instant_diff(p->due, soonest).v < 0) {
		p->due = soonest;
	}
}

static void open_poll(struct polling *p)
{
	p->left = 1;
	p->asked = 0;
	p->stretches = false;
	if (p->raised == 0 && !polling_is_denied(p)) {
		if (p->opening) {
			p->left = p->iburst ? OPENING_IBURST : OPENING_PLAIN;
			p->stretches = p->iburst;
		} else if (p->bursts && p->reach != 0) {
			p->left = BURST;
		}
	}
	p->opening = false;
	p->reach = (uint8_t)(p->reach << 1);
	if (p->unreach < UINT16_MAX) {
		p->unreach++;
	}
	if (p->hurried > 0) {
		p->hurried--;
	}
	if (p->hold > 0) {
		p->hold--;
	}
	if (p->unreach > SILENT && p->poll < p->max) {
		p->poll++;
	}
}

bool polling_asked(struct polling *p, struct rng *rng, instant now)
{
	bool reached = p->reach != 0;

	if (p->left == 0) {
		open_poll(p);
	}
	p->left--;
	if (p->asked < UINT8_MAX) {
		p->asked++;
	}
	if (p->unsynchronised > 0 && p->unsynchronised < RETRIES + 8) {
		p->unsynchronised++;
	}
	if (p->asked >= UNANSWERED && (p->reach & 1) == 0) {
		p->left = 0;
	}
	p->last = now;
	wait_for_next(p, rng);
	if (p->left == 0 && p->reach == 0 && p->eager < EAGER) {
		p->eager++;
	}
	return reached && p->reach == 0;
}

bool polling_good(struct polling *p, struct rng *rng)
{
	bool back = p->reach == 0;

	p->reach |= 1;
	if (p->unreach > SILENT) {
		p->poll = p->min;
	}
	p->unreach = 0;
	p->denied = 0;
	p->unsynchronised = 0;
	p->eager = EAGER;
	if (p->hold == 0 && p->raised > 0 && ++p->replies >= DECAY) {
		p->replies = 0;
		p->raised--;
	}
	if (back && p->left == 0 && p->raised == 0) {
		p->left = (p->iburst ? OPENING_IBURST : OPENING_PLAIN) - 1;
	}
	wait_for_next(p, rng);
	return back;
}

void polling_unsynchronised(struct polling *p)
{
	p->left = 0;
	p->denied = 0;
	if (p->unsynchronised == 0) {
		p->unsynchronised = 1;
	}
	p->due = instant_add(p->last, retry_gap(p));
}

void polling_rate(struct polling *p, struct rng *rng)
{
	p->left = 0;
	p->opening = false;
	p->unsynchronised = 0;
	p->eager = EAGER;
	p->hold = HOLD;
	p->replies = 0;
	if (p->poll + p->raised < p->max) {
		p->raised++;
	}
	wait_for_next(p, rng);
}

bool polling_denied(struct polling *p, struct rng *rng)
{
	p->left = 0;
	p->opening = false;
	p->eager = EAGER;
	if (p->denied < UINT8_MAX) {
		p->denied++;
	}
	wait_for_next(p, rng);
	return p->denied == POLLING_DENIALS;
}

bool polling_barred(struct polling *p)
{
	bool news = p->denied < POLLING_DENIALS;

	p->left = 0;
	p->opening = false;
	p->eager = EAGER;
	p->denied = POLLING_DENIALS;
	p->due = instant_add(p->last, SPAN_S(POLLING_BARRED_S));
	return news;
}

bool polling_is_denied(const struct polling *p)
{
	return p->denied >= POLLING_DENIALS;
}

void polling_adapt(struct polling *p, const struct outlook *o, struct rng *rng)
{
	int8_t before = p->poll;

	if (o->surprise) {
		p->poll = p->min;
		p->calm = 0;
	} else if (o->sd_s > SHORTER * o->noise_s) {
		p->poll = within(p->poll - 1, p->min, p->max);
		p->calm = 0;
	} else if (p->left == 0 && o->sd_longer_s < o->noise_s) {
		if (++p->calm >= CALM) {
			p->poll = within(p->poll + 1, p->min, p->max);
			p->calm = 0;
		}
	} else if (p->calm > 0 && p->left == 0) {
		p->calm--;
	}
	if (p->poll != before) {
		wait_for_next(p, rng);
	}
}

void polling_hurry(struct polling *p, struct rng *rng)
{
	instant soon =
		instant_add(p->last, jittered(span_from_log2(p->min), rng));

	if (p->reach == 0 || p->left > 0 || p->raised > 0 || p->hurried > 0 ||
	    polling_is_denied(p)) {
		return;
	}
	if (instant_diff(soon, p->due).v < 0) {
		p->due = soon;
		p->hurried = HURRY;
	}
}
