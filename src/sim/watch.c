/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a daemon treats the servers it asks: the polite and the kiss oracle.
 *
 * Every server has a bucket of requests that may be sent at once: one more
 * comes in per shortest poll, a few where there is a reason for a burst.
 */
#include "sim/oracle.h"

#include "sim/daemon.h"
#include "sim/world.h"
#include "wire/packet.h"

#define GAP_S 1.9       /* between any two requests, bursts too */
#define OPENING 16.0    /* a start: a burst unheard, tries, a burst heard */
#define BURST 8.0       /* someone comes back after a silence, and the like */
#define MOST 24.0       /* however many reasons come together */
#define RETRY_S 8.0     /* while a server says that it does not know the time */
#define SILENT_POLLS 8  /* without an answer: the server is unreachable */
#define DENIED_S 4096.0 /* from the fourth refusal on */
#define DENIALS 4
#define SLACK 0.97 /* clocks run differently, and polls are jittered */

static struct peer_watch *peer_of(struct node *n, const netaddr *addr)
{
	const struct node *peer = world_node(n->world, addr);

	return peer ? &n->watch.peers[peer->index] : NULL;
}

static double since_s(const struct node *n, moment then)
{
	return span_to_seconds(moment_diff(n->world->now, then));
}

struct limits {
	double shortest_s, longest_s; /* poll intervals */
};

/* Of all sources together: the most that any of them allows. */
static struct limits limits_of(const struct node *n)
{
	struct limits l = { 1 << 17, 1 << 17 };

	for (const struct source_config *s = n->daemon->config.sources; s;
	     s = s->next) {
		double min_s = (double)(1 << s->minpoll);
		double max_s = (double)(1 << s->maxpoll);

		l.shortest_s = min_s < l.shortest_s ? min_s : l.shortest_s;
		l.longest_s = max_s < l.longest_s ? max_s : l.longest_s;
	}
	return l;
}

static void credit(struct peer_watch *p, double tokens)
{
	p->tokens += tokens;
	if (p->tokens > MOST) {
		p->tokens = MOST;
	}
}

void oracle_may_burst(struct node *n)
{
	for (unsigned i = 0; i < VNET_NODES; i++) {
		credit(&n->watch.peers[i], BURST);
	}
}

/* How long it has to wait after its last request, as things stand. */
static double least_gap_s(const struct peer_watch *p, const struct limits *l)
{
	double raised_s = 2 * l->shortest_s;

	if (p->denials >= DENIALS) {
		return DENIED_S * SLACK;
	}
	if (p->slow_down) {
		return (raised_s < l->longest_s ? raised_s : l->longest_s) *
		       SLACK;
	}
	return GAP_S;
}

static void check_gap(struct node *n, const struct datagram *g,
		      const struct peer_watch *p, const struct limits *l)
{
	double gap_s = since_s(n, p->last_sent);
	double least_s = least_gap_s(p, l);
	bool kissed = p->denials >= DENIALS || p->slow_down;

	if (gap_s < least_s) {
		oracle_break(n->world, kissed ? ORACLE_KISS : ORACLE_POLITE, n,
			     "asked node %u after %.3f s, not %.3f s",
			     world_node(n->world, &g->to)->index, gap_s,
			     least_s);
	}
}

static void refill(const struct node *n, struct peer_watch *p,
		   const struct limits *l)
{
	double interval_s = l->shortest_s * SLACK;

	if (p->alarmed && interval_s > RETRY_S * SLACK) {
		interval_s = RETRY_S * SLACK;
	}
	credit(p, since_s(n, p->filled) / interval_s);
	p->filled = n->world->now;
}

void oracle_request(struct node *n, const struct datagram *g)
{
	struct peer_watch *p = peer_of(n, &g->to);
	struct reader r = reader_over(g->data, g->len);
	struct limits limits = limits_of(n);
	struct packet q;

	if (!p || packet_parse(&q, &r) != PACKET_OK) {
		return;
	}
	if (!p->asked) {
		p->asked = true;
		p->last_answer = p->filled = n->world->now;
		p->tokens = OPENING;
	} else {
		check_gap(n, g, p, &limits);
	}
	refill(n, p, &limits);
	p->tokens -= 1;
	if (p->tokens < -0.5) {
		oracle_break(n->world, ORACLE_POLITE, n,
			     "asked node %u more often than polls allow",
			     world_node(n->world, &g->to)->index);
		p->tokens = 0;
	}
	p->sent++;
	p->last_sent = n->world->now;
	p->nonce = q.transmit;
	p->slow_down = false;
}

/* Stratum 0: a kiss, or INIT, STEP and the like of who has no time yet. */
static void kissed(struct peer_watch *p, uint32_t code)
{
	if (code == UINT32_C(0x52415445)) { /* RATE */
		p->slow_down = true;
	} else if (code == UINT32_C(0x44454e59)) { /* DENY */
		p->denials++;
	} else {
		p->alarmed = true;
	}
}

void oracle_answer(struct node *n, const struct datagram *g)
{
	const struct node *peer = world_node(n->world, &g->from);
	struct peer_watch *p = peer_of(n, &g->from);
	struct reader r = reader_over(g->data, g->len);
	struct packet a;

	if (!p || packet_parse(&a, &r) != PACKET_OK || a.mode != MODE_SERVER ||
	    a.origin.v != p->nonce.v || p->nonce.v == 0) {
		return;
	}
	p->nonce.v = 0; /* whatever else comes is a copy */
	p->answered++;
	p->alarmed = a.stratum > 0 && a.leap == LEAP_UNSYNC;
	if (a.stratum == 0 && a.leap == LEAP_UNSYNC) {
		kissed(p, a.refid);
		return;
	}
	p->denials = 0;
	p->lies = upstream_lie_s(&peer->upstream, n->world->now) != 0
			  ? p->lies + 1
			  : 0;
	if (since_s(n, p->last_answer) >
	    SILENT_POLLS * limits_of(n).shortest_s * SLACK) {
		credit(p, BURST);
	}
	p->last_answer = n->world->now;
}
