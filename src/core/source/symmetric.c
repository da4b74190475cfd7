/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/symmetric.h"

#include <math.h>

#include "core/report/standing.h"
#include "core/serve/server.h"
#include "core/source/answer.h"
#include "core/source/source_inner.h"

#define TRIES 4       /* packets one way before the other */
#define LONG_S 1.0    /* a wait that tells of rates, and not only of the way */
#define PASSED_OVER 2 /* so often is no chance: a packet may be lost */

void symmetric_forget(struct symmetric *y)
{
	*y = (struct symmetric){ .on = y->on, .timed = y->timed };
}

bool symmetric_asks(const struct source *s, instant now)
{
	const struct symmetric *y = &s->symmetric;
	span poll = span_from_log2(polling_now(&s->polling));
	span silent = instant_diff(now, y->heard_at);
	bool led = y->led && s->xpeer.resting == 0 && s->polling.reach != 0 &&
		   s->polling.left == 0;

	return !(y->timed || led) || !y->heard ||
	       span_cmp(silent, span_add(poll, span_mean(poll, SPAN_ZERO))) > 0;
}

bool symmetric_tries_plain(const struct source *s)
{
	const struct symmetric *y = &s->symmetric;

	if (y->heard) {
		return false;
	}
	if (s->polling.reach != 0) {
		return y->plain;
	}
	return (s->requests / TRIES) % 2 == 1;
}

/* The time, with chance in the bits that our clock does not have. */
static tstamp blurred(tstamp at, const struct source_world *world)
{
	int bits = 32 + world->precision;
	uint64_t mask =
		bits > 0 ? (UINT64_C(1) << (bits < 32 ? bits : 32)) - 1 : 0;

	return (tstamp){ (at.v & ~mask) | (rng_u64(world->rng) & mask) };
}

/*
 * As a transmit stamp: always later than the one before, and never what a copy
 * of the packet could be taken for (A17).
 */
static tstamp unlike(const struct source *s, const struct packet *p, tstamp t)
{
	if (!tstamp_before(s->symmetric.sent, t) &&
	    !tstamp_is_zero(s->symmetric.sent)) {
		t.v = s->symmetric.sent.v + 1;
	}
	while (tstamp_is_zero(t) || t.v == p->receive.v || t.v == p->origin.v) {
		t.v++;
	}
	return t;
}

/* What one packet of ours is: a poll of its own, or an answer to a peer's. */
struct saying {
	enum mode mode;
	uint16_t exchange;
	bool expected; /* to be answered */
	struct carried carried;
};

/* The same packet as a server's, but from us to a peer; signed. */
static tstamp put(struct source *s, const struct saying *what,
		  const struct event *ev, const struct source_world *world,
		  struct outbox *out)
{
	struct xpeer_ours ours = { .exchange = what->exchange };
	const struct carried *c = &what->carried;
	struct effect e = { .kind = EFFECT_SEND, .source = s->id };
	struct view view =
		standing_view(world->standing, NULL, ev->now, ev->wall);
	struct packet p = server_header(&view, ev->wall);

	p.mode = what->mode;
	p.version = s->config->version;
	p.poll = polling_now(&s->polling);
	p.origin = c->transmit;
	p.receive = c->received;
	p.transmit = blurred(ev->wall, world);
	if (s->config->xleave) {
		ours.interleaved = xpeer_form(&s->xpeer, c, &p);
		ours.told = p.receive;
		xpeer_put(&s->xpeer, c, &ours, what->expected);
	} else {
		xpeer_forget(&s->xpeer);
	}
	p.transmit = unlike(s, &p, p.transmit);
	e.send.to = s->addr;
	e.send.exchange = what->exchange;
	e.send.way = SEND_SERVER;
	source_put(s, &p, &e, world, out);
	s->symmetric.sent = p.transmit;
	return p.transmit;
}

/* What leaves now is what the peer's next packet answers. */
static void expect(struct source *s, tstamp transmit, const struct event *ev)
{
	s->nonce = transmit.v;
	s->state = SOURCE_ASKED;
	s->asked_at = ev->now;
	s->asked_wall = ev->wall;
	s->symmetric.plain = false;
}

void symmetric_ask(struct source *s, const struct event *ev,
		   const struct source_world *world, struct outbox *out)
{
	const struct symmetric *y = &s->symmetric;
	bool answered = (s->polling.reach & 1) != 0;
	const struct saying poll = {
		MODE_ACTIVE,
		++s->exchange,
		true,
		y->restarted && !answered ? y->restart : y->measured,
	};

	expect(s, put(s, &poll, ev, world, out), ev);
}

/*
 * At once, so that its packet need not wait for our poll. It takes the place
 * of our own only when that has been answered, or is of long ago.
 */
static void answer(struct source *s, const struct carried *c,
		   const struct event *ev, const struct source_world *world,
		   struct outbox *out)
{
	struct saying reply = { MODE_PASSIVE,
				(uint16_t)(s->exchange - 1), /* nobody's */
				false, *c };
	span ago = instant_diff(ev->now, s->asked_at);

	if (source_is_waiting(s) && span_cmp(ago, SOURCE_WINDOW) < 0) {
		(void)put(s, &reply, ev, world, out);
		return;
	}
	source_abandon_request(s, out);
	reply.exchange = ++s->exchange;
	reply.expected = true;
	expect(s, put(s, &reply, ev, world, out), ev);
}

/* One of our own, sent back: it is signed with the key that both have (A17). */
static bool is_reflected(const struct source *s, const struct packet *p)
{
	const struct symmetric *y = &s->symmetric;

	return p->transmit.v == y->sent.v || p->transmit.v == s->nonce ||
	       p->transmit.v == s->past_nonce ||
	       (p->origin.v != 0 && (p->origin.v == y->measured.transmit.v ||
				     p->origin.v == y->measured.receive.v ||
				     p->origin.v == y->restart.transmit.v));
}

/* It answers our last packet: does it do so at once, or when its poll comes? */
static void learn_habit(struct source *s, const struct packet *p,
			const struct event *ev)
{
	span took = instant_diff(ev->now, s->asked_at);

	if (span_cmp(took, SOURCE_WINDOW) >= 0) {
		s->symmetric.timed = true;
	} else if (p->mode == MODE_PASSIVE) {
		s->symmetric.timed = false;
	}
}

/*
 * Classic's ntpd takes our answer to its packet, and a poll of ours behind it
 * for a copy: its next packet, long after that poll, still answers the answer.
 */
static void learn_deafness(struct source *s, const struct packet *p,
			   const struct event *ev)
{
	struct symmetric *y = &s->symmetric;
	span ago = instant_diff(ev->now, s->asked_at);

	if (p->mode != MODE_ACTIVE || s->past_nonce == 0 ||
	    p->origin.v != s->past_nonce || span_cmp(ago, SOURCE_WINDOW) < 0) {
		return;
	}
	y->passed_over++;
	if (y->passed_over >= PASSED_OVER) {
		y->passed_over = 0;
		y->timed = true;
	}
}

static void note_stamps(struct source *s, const struct packet *p,
			const struct carried *c, instant now)
{
	struct symmetric *y = &s->symmetric;

	y->heard = true;
	y->heard_at = now;
	y->led = s->config->xleave && p->mode == MODE_ACTIVE;
	y->newest = p->transmit;
	y->restarted = !c->answers;
	*(c->answers ? &y->measured : &y->restart) = *c;
}

/* It answers our last packet: so much is certain, whatever it says. */
static void note_answer(struct source *s, const struct packet *p,
			const struct event *ev, bool told)
{
	s->symmetric.passed_over = 0;
	learn_habit(s, p, ev);
	if (s->config->xleave) {
		xpeer_answered(&s->xpeer, told);
		s->xleave.answers += told;
	}
}

/*
 * Is it to be measured when the next one tells when it left? Not if it has been
 * already, nor if it was no time at all: a clock may be slewed far before it is
 * known to be right.
 */
static bool is_open(enum source_verdict v, bool told)
{
	return v == SOURCE_AWAITED ||
	       (told && (v == SOURCE_SAMPLE || v == SOURCE_HELD ||
			 v == SOURCE_COMPLETED || v == SOURCE_DELAY));
}

enum source_verdict symmetric_receive(struct source *s, const struct event *ev,
				      const struct source_world *world,
				      struct outbox *out, struct sample *sample)
{
	struct symmetric *y = &s->symmetric;
	struct packet p;
	enum source_verdict v = answer_form(s, ev, world, &p);

	if (v == SOURCE_SAMPLE) {
		v = answer_auth(s, ev, world);
	}
	if (v != SOURCE_SAMPLE) {
		return v;
	}
	if (is_reflected(s, &p)) {
		return SOURCE_REFLECTED;
	}
	bool told = source_is_peering(s) && source_is_interleaved(s, &p);
	uint64_t origin = told ? s->nonce : p.origin.v;
	struct carried c = {
		.transmit = p.transmit,
		.receive = p.receive,
		.received = ev->packet.at,
		.origin = ev->packet.origin,
		.answers = answer_match(s, ev, origin) == SOURCE_SAMPLE,
	};

	/* What answers our last packet cannot be old, whatever its clock did.
	 */
	if (!c.answers && y->heard && !tstamp_before(y->newest, p.transmit)) {
		return SOURCE_OLD;
	}
	v = SOURCE_REQUEST;
	if (c.answers) {
		note_answer(s, &p, ev, told);
		c.answered = s->xpeer.ours;
		v = source_take_answer(s, ev, &p, world, out, sample);
		c.open = is_open(v, told);
	} else {
		learn_deafness(s, &p, ev);
	}
	note_stamps(s, &p, &c, ev->now);
	s->authentic = true;
	s->bad_auth = false;
	polling_agree(&s->polling, p.poll);
	if (p.mode == MODE_ACTIVE && outbox_has_room(out, PACKET_LEN)) {
		answer(s, &c, ev, world, out);
	}
	return v;
}

void symmetric_settle(const struct source *s, span held, struct sample *x)
{
	double held_s = span_to_seconds(held);
	struct estimate e = { .freq_sd = s->freq_sd };

	if (fabs(held_s) < LONG_S) {
		return;
	}
	if (!estimator_estimate(&s->estimator, x->at, &e)) {
		e.freq = 0;
		e.freq_sd = s->freq_sd;
	}
	span moved = span_from_seconds(e.freq * held_s / 2);

	x->forward = span_add(x->forward, moved);
	x->backward = span_add(x->backward, moved);
	double unsure_s = e.freq_sd * held_s / 2;

	x->noise_s = sqrt(x->noise_s * x->noise_s + unsure_s * unsure_s);
}
