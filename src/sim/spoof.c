/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/spoof.h"

#include <stdlib.h>
#include <string.h>

#include "sim/dice.h"
#include "sim/world.h"

#define LONGEST_S 0.5 /* from the request to the last forgery */

enum forgery {
	FORGE_RANDOM,    /* a random origin */
	FORGE_ZERO,      /* origin zero: "0rigin" (A2) */
	FORGE_PAST,      /* answers the request before (A4) */
	FORGE_KISS,      /* DENY with a random origin (B1) */
	FORGE_REFLECTED, /* the request itself (A17) */
	FORGE_MODE,      /* any first byte, origin zero (A14) */
	FORGERIES
};

static void deliver(struct world *w, moment at, const struct datagram *g)
{
	const struct node *victim = world_node(w, &g->to);
	struct datagram *copy = malloc(sizeof(*copy));

	INVARIANT(copy != NULL && victim != NULL);
	*copy = *g;
	w->spoof.forged++;
	queue_put(&w->queue, &(struct future){
				     .at = at,
				     .kind = HAPPEN_ARRIVAL,
				     .node = victim->index,
				     .gram = copy,
			     });
}

static tstamp past_nonce(const struct spoof *s)
{
	struct reader r = reader_over(s->past.data, s->past.len);
	struct packet p;

	return packet_parse(&p, &r) == PACKET_OK ? p.transmit : (tstamp){ 0 };
}

static void forge(struct world *w, enum forgery kind, moment at,
		  const struct datagram *request)
{
	struct spoof *s = &w->spoof;
	struct datagram g = { .from = request->to, .to = request->from };
	struct writer out = writer_over(g.data, sizeof(g.data));
	tstamp lie = tstamp_add(world_date(w, at), span_from_seconds(s->lie_s));
	struct packet p = {
		.mode = MODE_SERVER,
		.version = 4,
		.stratum = kind == FORGE_KISS ? 0 : 1,
		.leap = kind == FORGE_KISS ? LEAP_UNSYNC : LEAP_INSERT,
		.poll = 17,
		.precision = -20,
		.refid = UINT32_C(0x44454e59),
		.reference = lie,
		.origin = { rng_nonce(&w->rng) },
		.receive = lie,
		.transmit = lie,
	};

	if (kind == FORGE_ZERO || kind == FORGE_MODE) {
		p.origin.v = 0;
	} else if (kind == FORGE_PAST) {
		p.origin = past_nonce(s);
	}
	packet_write(&p, &out);
	g.len = PACKET_LEN;
	if (kind == FORGE_MODE) {
		g.data[0] = (uint8_t)rng_u64(&w->rng);
	}
	deliver(w, at, &g);
}

void spoof_notice(struct world *w, unsigned from, moment at,
		  const struct datagram *gram)
{
	struct spoof *s = &w->spoof;

	if (s->listens && gram->from.port == NTP_PORT &&
	    gram->to.port == NTP_PORT) {
		s->heard[netaddr_v4_bits(&gram->from) >
			 netaddr_v4_bits(&gram->to)] = *gram;
	}
	if (!s->on || from != s->victim || gram->to.port != NTP_PORT) {
		return;
	}
	for (unsigned kind = 0; kind < FORGERIES; kind++) {
		double after_s = dice_between(&w->rng, 1e-5, LONGEST_S);
		moment then = moment_add(at, span_from_seconds(after_s));

		if (kind == FORGE_REFLECTED) {
			struct datagram back = *gram;

			back.from = gram->to;
			back.to = gram->from;
			deliver(w, then, &back);
		} else {
			forge(w, (enum forgery)kind, then, gram);
		}
	}
	s->past = *gram;
}

enum peer_forgery {
	PEER_UNSIGNED,
	PEER_BADLY_SIGNED,
	PEER_REPLAYED,
	PEER_REFLECTED,
	PEER_ORIGIN, /* answers what was sent last, and is not signed */
	PEER_NAMED,  /* the same in the interleaved mode */
	PEER_FORGERIES
};

void spoof_peer(struct world *w, const netaddr *from, const netaddr *to)
{
	struct spoof *s = &w->spoof;
	bool down = netaddr_v4_bits(from) > netaddr_v4_bits(to);
	const struct datagram *theirs = &s->heard[down],
			      *back = &s->heard[!down];
	enum peer_forgery kind =
		(enum peer_forgery)rng_below(&w->rng, PEER_FORGERIES);
	struct datagram g = kind == PEER_REFLECTED ? *back : *theirs;
	tstamp lie =
		tstamp_add(world_date(w, w->now), span_from_seconds(s->lie_s));
	struct writer stamps = writer_over(g.data + 32, 16);

	if (g.len == 0) {
		return;
	}
	if (kind != PEER_REPLAYED && kind != PEER_REFLECTED) {
		write_u64(&stamps, lie.v);
		write_u64(&stamps, lie.v);
	}
	if (kind == PEER_ORIGIN) {
		memcpy(g.data + 24, back->data + 40, 8);
	}
	if (kind == PEER_NAMED) {
		memcpy(g.data + 24, back->data + 32, 8);
	}
	if (kind == PEER_UNSIGNED || kind == PEER_ORIGIN ||
	    kind == PEER_NAMED) {
		g.len = PACKET_LEN;
	}
	g.from = *from;
	g.to = *to;
	deliver(w, w->now, &g);
}
