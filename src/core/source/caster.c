/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/caster.h"

#include "core/report/standing.h"
#include "core/serve/server.h"
#include "core/source/source_inner.h"

#define AGAIN_S 4 /* while we do not know the time */

void caster_init(struct caster *c, const struct source_config *config,
		 struct rng *rng, instant now)
{
	span soon = { (int64_t)rng_below(rng, UINT64_C(1) << 32) };

	*c = (struct caster){
		.id = c->id,
		.number = c->number,
		.config = config,
		.due = instant_add(now, soon),
	};
	events_add(&c->events, PEER_MOBILIZE);
}

void caster_sent(struct caster *c, const struct event *ev)
{
	if (ev->sent.exchange == c->exchange) {
		c->left = tstamp_add(ev->sent.at, c->ahead);
	}
}

void caster_forget(struct caster *c)
{
	c->exchange++;
	c->left = (tstamp){ 0 };
}

static void put(struct caster *c, const struct view *view,
		const struct event *ev, const struct source_world *world,
		struct outbox *out)
{
	struct effect e = { .kind = EFFECT_SEND, .source = c->id };
	struct packet p = server_header(view, ev->wall);
	uint8_t bytes[SIGNED_MAX];
	size_t len;

	p.mode = MODE_BROADCAST;
	p.version = c->config->version;
	p.poll = c->config->minpoll;
	if (c->config->xleave) {
		p.origin = c->left;
	}
	caster_forget(c);
	c->ahead = tstamp_diff(p.transmit, ev->wall);
	e.send.exchange = c->exchange;
	e.send.to = c->config->addr;
	e.send.way = SEND_SERVER;
	e.send.ttl = c->config->ttl ? c->config->ttl : CASTER_TTL;
	len = source_sign(c->config, &c->config->addr, &p, world, bytes);
	if (len > 0) {
		outbox_send(out, &e, bytes, len);
		c->sent++;
	}
}

void caster_tick(struct caster *c, const struct event *ev,
		 const struct source_world *world, struct outbox *out)
{
	struct view view;

	if (instant_diff(ev->now, c->due).v < 0 ||
	    !outbox_has_room(out, PACKET_LEN)) {
		return;
	}
	view = standing_view(world->standing, NULL, ev->now, ev->wall);
	if (view.leap == LEAP_UNSYNC) {
		c->due = instant_add(ev->now, SPAN_S(AGAIN_S));
		return;
	}
	put(c, &view, ev, world, out);
	c->due = instant_add(ev->now, span_from_log2(c->config->minpoll));
}
