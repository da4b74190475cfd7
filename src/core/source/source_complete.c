/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What comes of an answer, when it has passed the checks of form: one
 * measurement, and what a source remembers of it.
 */
#include <math.h>
#include <string.h>

#include "core/source/answer.h"
#include "core/source/source.h"
#include "core/source/source_inner.h"
#include "core/source/symmetric.h"
#include "core/steer/smear.h"

#define SMEARED_S 3600    /* when no refid tells so any more */
#define LEAP_SLACK_S 0.25 /* nobody is so wrong and yet used */
#define NOISES 5          /* more than stamps are ever off */

double source_stamp_noise_s(enum stamp_origin origin)
{
	switch (origin) {
	case STAMP_CARD:
		return 1e-8;
	case STAMP_KERNEL:
		return 2e-7;
	case STAMP_DAEMON:
		break;
	}
	return 1e-5;
}

/* It changes with the offset: else it may be the hash of an address. */
static void notice_smear(struct source *s, uint32_t refid, instant at)
{
	double age_s = span_to_seconds(instant_diff(at, s->smeared_at));

	if (s->heard && refid != s->peer.refid && smear_is_refid(refid) &&
	    smear_is_refid(s->peer.refid)) {
		s->smears = true;
		s->smeared_at = at;
	} else if (s->smears && age_s > SMEARED_S) {
		s->smears = false;
	}
}

static void remember(struct source *s, const struct reply *r,
		     const struct sample *sample)
{
	notice_smear(s, r->packet.refid, sample->at);
	s->heard = true;
	s->looped = false;
	s->peer = r->packet;
	s->returned = r->at;
	s->heard_at = sample->at;
	s->kiss = 0;
	memmove(s->history + 1, s->history,
		sizeof(s->history) - sizeof(s->history[0]));
	s->history[0] = (struct measurement){
		.at = sample->at,
		.offset = sample_offset(sample),
		.delay = sample_delay(sample),
	};
}

void source_take_broadcast(struct source *s, const struct packet *p,
			   const struct event *ev,
			   const struct source_world *world, struct outbox *out,
			   const struct sample *sample)
{
	const struct reply r = { .packet = *p,
				 .at = ev->packet.at,
				 .origin = ev->packet.origin };

	s->local = ev->packet.local;
	if (sample) {
		remember(s, &r, sample);
	}
	if (polling_good(&s->polling, world->rng)) {
		source_turn(s, NOTE_REACHABLE, ev->now, out);
	}
}

/*
 * Stamps of a clock that was slewed between them, as one that ran at the rate
 * of the midpoint would have made them.
 */
static void steady(struct sample *x, const struct correction *c, double base)
{
	span half = span_mean(x->takes, SPAN_ZERO);
	instant left = instant_add(x->at, span_sub(SPAN_ZERO, half));
	instant back = instant_add(x->at, half);
	span before =
		span_from_seconds(correction_slewed_s(c, left, x->at, base));
	span after =
		span_from_seconds(correction_slewed_s(c, x->at, back, base));

	x->forward = span_sub(x->forward, before);
	x->backward = span_sub(x->backward, after);
}

bool source_is_leaping(const struct sample *sample)
{
	double off_s = fabs(span_to_seconds(sample_offset(sample)));

	return fabs(off_s - 1) < LEAP_SLACK_S;
}

/* What the operator knows of an uneven way to this server. */
static void add_bias(struct sample *sample, double bias_s)
{
	span bias = span_from_seconds(bias_s);

	sample->forward = span_add(sample->forward, bias);
	sample->backward = span_sub(sample->backward, bias);
}

/*
 * Interleaved, an answer does not say when it leaves itself: at once, for all
 * that follows from it before that is told.
 */
static struct reply at_once(const struct reply *r)
{
	struct reply now = *r;

	if (r->interleaved) {
		now.packet.transmit = r->packet.receive;
	}
	return now;
}

/* Completed by an interleaved answer, it is possible only now. */
static enum source_verdict check_delay(const struct reply *r,
				       const struct sample *sample,
				       const struct source_world *world)
{
	span least = span_add(answer_precision(r->packet.precision),
			      answer_precision(world->precision));

	/* What the clocks may have done meanwhile is in the noise. */
	least = span_add(least, span_from_seconds(NOISES * sample->noise_s));
	return r->interleaved && span_cmp(sample_delay(sample),
					  span_sub(SPAN_ZERO, least)) < 0
		       ? SOURCE_DELAY
		       : SOURCE_SAMPLE;
}

static enum source_verdict pair(struct source *s, const struct reply *r,
				const struct exchange *x,
				const struct source_world *world,
				struct sample *sample)
{
	if (!xleave_take(&s->xleave, r->interleaved, r->packet.transmit, x,
			 sample)) {
		return SOURCE_COMPLETED;
	}
	return check_delay(r, sample, world);
}

static void note_sending(struct source *s)
{
	s->xleave.sending = SPAN_ZERO;
	if (s->config->xleave && s->sent_origin != STAMP_DAEMON) {
		s->xleave.sending = tstamp_diff(s->sent, s->asked_wall);
	}
}

/* All four times are known: the last checks, and only then any effect. */
enum source_verdict source_complete(struct source *s, const struct event *ev,
				    const struct source_world *world,
				    struct outbox *out, struct sample *sample)
{
	const struct reply r = at_once(&s->held);
	struct exchange x = { .sent = s->sent,
			      .received = r.packet.receive,
			      .answered = r.packet.transmit,
			      .returned = r.at };
	enum source_verdict v = answer_times(s, &r, ev, world);
	enum stamp_origin worst =
		r.origin < s->sent_origin ? r.origin : s->sent_origin;
	bool peering = source_is_peering(s), completes = true;

	source_finish(s, true, out);
	if (v != SOURCE_SAMPLE) {
		return v;
	}
	if (peering && r.interleaved) {
		completes = xpeer_complete(&s->xpeer, &s->held.packet,
					   s->sent_origin, &x, &worst);
	}
	*sample = exchange_sample(&x, ev->now, ev->wall);
	add_bias(sample, s->config->bias_s);
	sample->noise_s = source_stamp_noise_s(worst);
	steady(sample, &s->estimator.correction, world->base);
	note_sending(s);
	if (peering) {
		symmetric_settle(s, tstamp_diff(x.answered, x.received),
				 sample);
		v = !r.interleaved && xpeer_waits(&s->xpeer) ? SOURCE_AWAITED
		    : completes ? check_delay(&r, sample, world)
				: SOURCE_COMPLETED;
	} else if (s->config->xleave) {
		v = pair(s, &s->held, &x, world, sample);
	}
	if (v == SOURCE_DELAY) {
		return v;
	}
	if (polling_good(&s->polling, world->rng)) {
		source_turn(s, NOTE_REACHABLE, ev->now, out);
	}
	if (v != SOURCE_SAMPLE) {
		return v;
	}
	if (world->leaping && source_is_leaping(sample)) {
		return SOURCE_LEAP;
	}
	remember(s, &s->held, sample);
	return SOURCE_SAMPLE;
}
