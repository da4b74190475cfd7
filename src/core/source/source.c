/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/source.h"

#include <math.h>
#include <string.h>

#include "core/report/report.h"
#include "core/serve/refid.h"
#include "core/source/answer.h"
#include "core/source/listener.h"
#include "core/source/source_inner.h"
#include "core/source/symmetric.h"
#include "core/steer/smear.h"

#define HOLD SPAN_MS(50) /* how long an answer waits for EVENT_SENT */

static const char *const words[SOURCE_VERDICTS] = {
#define VERDICT(id, plain_words) [SOURCE_##id] = (plain_words),
#include "core/source/sourceverdicts.def"
#undef VERDICT
};

const char *source_verdict_words(enum source_verdict v)
{
	INVARIANT(v < SOURCE_VERDICTS);
	return words[v];
}

bool source_verdict_is_answer(enum source_verdict v)
{
	return v == SOURCE_SAMPLE ||
	       (v >= SOURCE_KISS_RATE && v < SOURCE_VERDICTS);
}

bool source_is_symmetric(const struct source_config *config)
{
	return config->kind == SOURCE_KIND_PEER && config->key != 0;
}

void source_init(struct source *s, const struct source_config *config,
		 double freq_sd, instant now)
{
	*s = (struct source){
		.used = true,
		.id = s->id,
		.number = s->number,
		.pool = SOURCE_NO_POOL,
		.config = config,
		.freq_sd = freq_sd,
		.kiss = REFID_INIT,
		.reason = REASON_NO_NAME,
		.since = now,
		.turned = now,
	};
	s->symmetric.on = source_is_symmetric(config);
	polling_init(&s->polling, config);
	if (netaddr_is_none(&config->addr)) {
		s->lookup.name = config->host;
		s->lookup.family = config->family;
		lookup_want(&s->lookup, now);
	}
}

void source_begin(struct source *s, const struct source_world *world,
		  instant at)
{
	struct estimator_prior prior = { .freq_sd = s->freq_sd };

	estimator_init(&s->estimator, &prior);
	estimator_adjust(&s->estimator, at, 0, world->slew);
	s->doubt = (struct doubt){ .started = false };
	s->proofs.count = 0;
}

static void forget(struct source *s, const struct source_world *world,
		   instant now)
{
	source_begin(s, world, now);
	memset(s->history, 0, sizeof(s->history));
}

void source_move(struct source *s, const netaddr *addr,
		 const struct source_world *world, instant now)
{
	s->addr = *addr;
	s->state = SOURCE_IDLE;
	s->past_nonce = 0;
	s->heard = false;
	s->smears = false;
	s->looped = false;
	s->kiss = REFID_INIT;
	s->reason = REASON_NO_ANSWER;
	s->bad_polls = s->idle_polls = 0;
	s->authentic = s->bad_auth = s->mistrusted = s->no_key = false;
	s->since = s->turned = now;
	s->last = SOURCE_SAMPLE;
	memset(&s->peer, 0, sizeof(s->peer));
	symmetric_forget(&s->symmetric);
	s->xleave = (struct xleave){ .known = false };
	s->xpeer = (struct xpeer){ .follows = false };
	polling_init(&s->polling, s->config);
	polling_restart(&s->polling, world->rng, now);
	forget(s, world, now);
}

void source_restart(struct source *s, double freq_sd,
		    const struct source_world *world, instant now)
{
	s->freq_sd = freq_sd;
	forget(s, world, now);
	polling_restart(&s->polling, world->rng, now);
}

/* The request is over; what comes now with its nonce is told apart. */
void source_finish(struct source *s, bool answered, struct outbox *out)
{
	s->past_nonce = s->nonce;
	s->past_answered = answered;
	if (answered) {
		s->authentic = s->config->key != 0;
		s->bad_auth = s->mistrusted = false;
	}
	s->nonce = 0;
	xleave_finish(&s->xleave);
	s->state = SOURCE_IDLE;
	outbox_close(out, s->id);
}

void source_abandon_request(struct source *s, struct outbox *out)
{
	if (source_is_waiting(s)) {
		source_finish(s, false, out);
	}
}

void source_abandon(struct source *s, struct outbox *out)
{
	source_abandon_request(s, out);
	symmetric_forget(&s->symmetric);
	xleave_forget(&s->xleave);
	xpeer_forget(&s->xpeer);
	listener_forget(&s->listener);
}

void source_failed(struct source *s, uint16_t exchange, struct outbox *out)
{
	if (source_is_waiting(s) && s->exchange == exchange &&
	    s->state != SOURCE_ANSWERED) {
		source_finish(s, false, out);
	}
}

static void ask_server(struct source *s, const struct event *ev,
		       const struct source_world *world, struct outbox *out)
{
	struct effect e = { .kind = EFFECT_SEND, .source = s->id };
	struct packet p;

	s->nonce = rng_nonce(world->rng);
	p = source_request(s->config, polling_now(&s->polling), s->nonce);
	if (s->config->xleave) {
		xleave_ask(&s->xleave, p.poll, ev->now, world->rng, &p);
	}
	s->exchange++;
	s->state = SOURCE_ASKED;
	s->asked_at = ev->now;
	s->asked_wall = ev->wall;
	e.send.to = s->addr;
	e.send.exchange = s->exchange;
	source_put(s, &p, &e, world, out);
}

static void ask(struct source *s, const struct event *ev,
		const struct source_world *world, struct outbox *out)
{
	source_note_mistrust(s, out);
	if (source_lacks_key(s, world, out)) {
		/* its time passes */
	} else if (s->listener.listens) {
		source_abandon_request(s, out);
	} else if (!s->symmetric.on || symmetric_tries_plain(s)) {
		source_abandon_request(s, out);
		s->symmetric.plain = s->symmetric.on;
		ask_server(s, ev, world, out);
	} else if (symmetric_asks(s, ev->now)) {
		source_abandon_request(s, out);
		symmetric_ask(s, ev, world, out);
	}
	if (polling_asked(&s->polling, world->rng, ev->now)) {
		source_turn(s, NOTE_UNREACHABLE, ev->now, out);
	}
	if (s->polling.reach == 0 && s->polling.unreach > 8) {
		lookup_want(&s->lookup, ev->now);
	}
	bool bad =
		s->reason == REASON_FALSETICKER || s->reason == REASON_OUTVOTED;
	s->bad_polls = bad ? s->bad_polls + 1 : 0;
	if (reason_tally(s->reason) >= TALLY_CANDIDATE) {
		s->idle_polls = 0;
	} else {
		s->idle_polls += s->polling.asked == 1; /* it has begun */
	}
}

/* A peer's answer may be its own next poll. */
static bool expires(const struct source *s)
{
	return source_is_waiting(s) && s->state != SOURCE_ANSWERED &&
	       !source_is_peering(s);
}

/* No word of when the request left: when we let it go must do. */
static void use_daemons_stamp(struct source *s)
{
	s->sent = s->asked_wall;
	s->sent_origin = STAMP_DAEMON;
}

enum source_verdict source_tick(struct source *s, const struct event *ev,
				const struct source_world *world,
				struct outbox *out, struct sample *sample)
{
	enum source_verdict v = SOURCE_NOTHING;

	lookup_tick(&s->lookup, s->id, ev->now, out);
	if (instant_diff(ev->now, source_deadline(s)).v < 0 ||
	    s->state == SOURCE_NAMELESS || !outbox_has_room(out, PACKET_LEN)) {
		return SOURCE_NOTHING;
	}
	if (s->state == SOURCE_ANSWERED &&
	    span_cmp(instant_diff(ev->now, s->answered_at), HOLD) >= 0) {
		use_daemons_stamp(s);
		v = source_complete(s, ev, world, out, sample);
	} else if (expires(s) && span_cmp(instant_diff(ev->now, s->asked_at),
					  SOURCE_WINDOW) >= 0) {
		source_finish(s, false, out);
	}
	if (instant_diff(ev->now, s->polling.due).v >= 0) {
		ask(s, ev, world, out);
	}
	return v;
}

enum source_verdict source_sent(struct source *s, const struct event *ev,
				const struct source_world *world,
				struct outbox *out, struct sample *sample)
{
	xpeer_sent(&s->xpeer, ev);
	if (ev->sent.exchange != s->exchange) {
		return SOURCE_NOTHING;
	}
	switch (s->state) {
	case SOURCE_ASKED:
		s->sent = ev->sent.at;
		s->sent_origin = ev->sent.origin;
		s->state = SOURCE_WAITING;
		return SOURCE_NOTHING;
	case SOURCE_ANSWERED:
		s->sent = ev->sent.at;
		s->sent_origin = ev->sent.origin;
		return source_complete(s, ev, world, out, sample);
	case SOURCE_NAMELESS:
	case SOURCE_IDLE:
	case SOURCE_WAITING: /* the first word counts */
		break;
	}
	return SOURCE_NOTHING;
}

/* An answer to our request that brings no time. */
static void disappoint(struct source *s, enum source_verdict v,
		       const struct packet *p, const struct source_world *world,
		       struct outbox *out)
{
	if (v == SOURCE_KISS_RATE) {
		s->kiss = p->refid;
		polling_rate(&s->polling, world->rng);
		source_note(s, NOTE_RATE_EXCEEDED, out);
	} else if (v == SOURCE_KISS_DENY || v == SOURCE_KISS_RSTR) {
		s->kiss = p->refid;
		/* Whoever signs it means it (B4). */
		bool barred =
			s->config->key != 0 && polling_barred(&s->polling);

		if (barred || polling_denied(&s->polling, world->rng)) {
			source_note(s, NOTE_ACCESS_DENIED, out);
		}
	} else if (v == SOURCE_UNSYNCHRONISED || v == SOURCE_KISS_OTHER) {
		s->kiss = p->stratum == 0 && p->refid != 0 ? p->refid
							   : REFID_INIT;
		polling_unsynchronised(&s->polling);
	}
	s->looped = v == SOURCE_LOOP;
	/* A peer that follows us is well: we may come to follow it. */
	if (s->looped && s->config->kind == SOURCE_KIND_PEER &&
	    polling_good(&s->polling, world->rng)) {
		source_note(s, NOTE_REACHABLE, out);
	}
}

bool source_is_interleaved(const struct source *s, const struct packet *p)
{
	if (!s->config->xleave) {
		return false;
	}
	return source_is_peering(s) ? xpeer_is(&s->xpeer, p)
				    : xleave_is(&s->xleave, p);
}

enum source_verdict source_take_answer(struct source *s, const struct event *ev,
				       const struct packet *p,
				       const struct source_world *world,
				       struct outbox *out,
				       struct sample *sample)
{
	bool interleaved = source_is_interleaved(s, p);
	struct packet then = !interleaved ? *p
			     : source_is_peering(s)
				     ? xpeer_earlier(&s->xpeer, p)
				     : xleave_earlier(&s->xleave, p);
	enum source_verdict v = answer_meaning(&then, &ev->packet.local, world);

	s->local = ev->packet.local;
	s->held = (struct reply){ .packet = *p,
				  .at = ev->packet.at,
				  .origin = ev->packet.origin,
				  .interleaved = interleaved };
	if (v != SOURCE_SAMPLE) {
		if (s->state == SOURCE_ASKED) {
			use_daemons_stamp(s);
		}
		source_finish(s, true, out);
		disappoint(s, v, p, world, out);
		return v;
	}
	/* The server's port has no stamps to wait for. */
	if (s->state == SOURCE_ASKED && source_is_peering(s)) {
		use_daemons_stamp(s);
	}
	if (s->state == SOURCE_ASKED) {
		s->state = SOURCE_ANSWERED;
		s->answered_at = ev->now;
		return SOURCE_HELD;
	}
	return source_complete(s, ev, world, out, sample);
}

/* Of the answer to what was asked; of an interleaved one it stands elsewhere.
 */
static uint64_t origin_of(const struct source *s, const struct packet *p)
{
	return xleave_is(&s->xleave, p)    ? s->nonce
	       : xleave_was(&s->xleave, p) ? s->past_nonce
					   : p->origin.v;
}

enum source_verdict source_receive(struct source *s, const struct event *ev,
				   const struct source_world *world,
				   struct outbox *out, struct sample *sample)
{
	struct packet p;
	enum source_verdict v = answer_form(s, ev, world, &p);

	if (v == SOURCE_SAMPLE) {
		v = answer_match(s, ev, origin_of(s, &p));
	}
	if (v == SOURCE_SAMPLE) {
		v = answer_auth(s, ev, world);
		s->mistrusted |= v != SOURCE_SAMPLE; /* still open (A5) */
	}
	return v == SOURCE_SAMPLE
		       ? source_take_answer(s, ev, &p, world, out, sample)
		       : v;
}

instant source_deadline(const struct source *s)
{
	instant at =
		s->state == SOURCE_NAMELESS ? INSTANT_NEVER : s->polling.due;

	at = instant_earlier(at, lookup_deadline(&s->lookup));
	if (s->state == SOURCE_ANSWERED) {
		at = instant_earlier(at, instant_add(s->answered_at, HOLD));
	} else if (expires(s)) {
		at = instant_earlier(at,
				     instant_add(s->asked_at, SOURCE_WINDOW));
	}
	return at;
}
