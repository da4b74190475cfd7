/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/upstream.h"

#include <stdlib.h>
#include <string.h>

#include "sim/dice.h"
#include "sim/world.h"
#include "wire/packet.h"

#define HOLD_S 20e-6 /* from the arrival to the answer's stamp */

double upstream_lie_s(const struct upstream *u, moment now)
{
	const struct manner *m = &u->manner;
	double ramped_s = 0;

	if (m->ramp != 0 && moment_before(m->since, now)) {
		ramped_s =
			m->ramp * span_to_seconds(moment_diff(now, m->since));
	}
	return m->lie_s + ramped_s + m->random_s;
}

bool upstream_honest(const struct upstream *u, moment now)
{
	const struct manner *m = &u->manner;

	return upstream_lie_s(u, now) == 0 && !m->alarm && !m->silent &&
	       !m->garbage && !m->kiss && m->stratum < 15;
}

static uint32_t refid_of(const char *code)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 4; i++) {
		v = v << 8 | (uint8_t)*code;
		code += *code != '\0';
	}
	return v;
}

static double draw_lie_s(struct node *n)
{
	const struct manner *m = &n->upstream.manner;
	double lie_s = upstream_lie_s(&n->upstream, n->world->now);

	if (m->random_s > 0) {
		lie_s += dice_between(&n->world->rng, -2 * m->random_s, 0);
	}
	return lie_s;
}

static struct packet answer_to(struct node *n, const struct packet *q,
			       tstamp stamp)
{
	const struct manner *m = &n->upstream.manner;
	span lie = span_from_seconds(draw_lie_s(n));
	tstamp now = vclock_read(&n->clock, n->world->now);

	return (struct packet){
		.leap = m->alarm ? LEAP_UNSYNC : m->leap,
		.mode = MODE_SERVER,
		.version = q->version,
		.stratum = m->stratum ? m->stratum : 1,
		.poll = q->poll,
		.precision = -23,
		.root_delay = span_from_seconds(m->root_delay_s),
		.root_disp = span_from_seconds(m->root_disp_s),
		.refid = refid_of("GPS"),
		.reference = tstamp_add(now, SPAN_S(-16)),
		.origin = q->transmit,
		.receive = tstamp_add(stamp, lie),
		.transmit = tstamp_add(
			tstamp_add(now, span_from_seconds(HOLD_S)), lie),
	};
}

static void kiss(struct packet *p, const char *code, tstamp asked)
{
	p->leap = LEAP_UNSYNC;
	p->stratum = 0;
	p->refid = refid_of(code);
	p->reference = p->receive = p->transmit = asked;
}

/* Random bytes, an answer cut short, or one in the wrong mode. */
static void spoil(struct datagram *g, struct rng *r)
{
	switch (rng_below(r, 3)) {
	case 0:
		g->len = (uint16_t)rng_below(r, 200);
		for (unsigned i = 0; i < g->len; i++) {
			g->data[i] = (uint8_t)rng_u64(r);
		}
		break;
	case 1:
		g->len = (uint16_t)rng_below(r, PACKET_LEN);
		break;
	default:
		g->data[0] = (uint8_t)((g->data[0] & 0xf8) | MODE_ACTIVE);
		break;
	}
}

void upstream_forget(struct upstream *u)
{
	free(u->held);
	u->held = NULL;
}

static struct interleave *held_by(struct node *n)
{
	uint8_t seed[RNG_SEED];
	void *memory;

	if (!n->upstream.held) {
		memory = calloc(1, interleave_size());
		INVARIANT(memory != NULL);
		for (size_t i = 0; i < sizeof(seed); i++) {
			seed[i] = (uint8_t)rng_u64(&n->world->rng);
		}
		n->upstream.held = interleave_init(memory, seed);
	}
	return n->upstream.held;
}

/* As a server of ours does it, by the very code; `leaves`: its answer. */
static void interleave(struct node *n, const struct datagram *request,
		       const struct packet *q, moment leaves, struct packet *p)
{
	struct interleave *held = held_by(n);
	moment said = moment_add(n->world->now, span_from_seconds(HOLD_S));
	tstamp now = vclock_read(&n->clock, said);

	n->upstream.interleaved +=
		interleave_answer(held, q, &request->from, 0, now, p);
	struct interleave_due due = interleave_due(held);

	if (due.place != 0) {
		interleave_sent(held, &due, vclock_read(&n->clock, leaves));
	}
}

void upstream_answer(struct node *n, const struct datagram *request,
		     tstamp stamp)
{
	struct upstream *u = &n->upstream;
	struct world *w = n->world;
	struct reader r = reader_over(request->data, request->len);
	struct datagram g = { .from = request->to, .to = request->from };
	struct packet q;

	if (packet_parse(&q, &r) != PACKET_OK || q.mode != MODE_CLIENT) {
		return;
	}
	u->requests++;
	if (u->manner.silent) {
		return;
	}
	moment leaves = moment_add(w->now, span_from_seconds(HOLD_S));
	struct packet p = answer_to(n, &q, stamp);

	leaves = moment_add(leaves, node_late(n));
	if (u->manner.follows) {
		interleave(n, request, &q, leaves, &p);
	}
	if (u->manner.kiss) {
		kiss(&p, u->manner.kiss, q.transmit);
	}
	struct writer out = writer_over(g.data, sizeof(g.data));
	packet_write(&p, &out);
	g.len = PACKET_LEN;
	if (u->manner.garbage) {
		spoil(&g, &w->rng);
	}
	world_send(w, n->index, leaves, &g);
	if (u->manner.replays) {
		world_send(w, n->index, moment_add(leaves, SPAN_MS(1)), &g);
		if (u->last.len > 0) {
			u->last.to = g.to; /* the client's port is a new one */
			world_send(w, n->index, leaves, &u->last);
		}
	}
	u->last = g;
}
