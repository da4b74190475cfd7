/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time that nobody asks for: what we tell groups, and the servers that we hear
 * telling them.
 */
#include "core/engine/stages.h"
#include "core/serve/refid.h"
#include "core/source/answer.h"
#include "core/source/listener.h"

#define BROADCAST_CLIENT 6 /* hmode of who listens, as classic has it */
#define POLL_LEAST 3       /* log2 s: nobody tells groups more often */

static const struct caster *find_caster(const struct caster *all, size_t count,
					const struct source_config *config)
{
	for (size_t i = 0; i < count; i++) {
		if (netaddr_same_host(&all[i].config->addr, &config->addr)) {
			return &all[i];
		}
	}
	return NULL;
}

void engine_place_casters(struct engine *e, const struct caster *was,
			  size_t count)
{
	struct caster *c = e->casters;

	for (const struct source_config *s = e->config->sources; s;
	     s = s->next) {
		const struct caster *old;
		source_id id;

		if (s->kind != SOURCE_KIND_BROADCAST) {
			continue;
		}
		id = c->id;
		old = find_caster(was, count, s);
		if (old) {
			*c = *old;
			c->id = id;
			c->config = s;
		} else {
			c->number = engine_number(e);
			caster_init(c, s, &e->rng, e->now);
		}
		c++;
	}
}

void engine_cast(struct engine *e, const struct event *ev)
{
	for (size_t i = 0; i < e->caster_slots; i++) {
		if (e->casters[i].id.slot == ev->source.slot) {
			caster_sent(&e->casters[i], ev);
		}
	}
}

void engine_tick_casters(struct engine *e, const struct event *ev,
			 struct outbox *out)
{
	struct source_world world = engine_world(e);

	for (size_t i = 0; i < e->caster_slots; i++) {
		caster_tick(&e->casters[i], ev, &world, out);
	}
}

void engine_report_caster(const struct engine *e, const struct caster *c,
			  struct peer_report *r)
{
	bool group = netaddr_is_multicast(&c->config->addr);

	*r = (struct peer_report){
		.assoc = c->number,
		.addr = c->config->addr,
		.stratum = STRATUM_UNKNOWN,
		.leap = LEAP_UNSYNC,
		.precision = e->start.precision,
		.refid = group ? REFID_MCST : REFID_BCST,
		.configured = true,
		.solicits = true,
		.authenable = c->config->key != 0,
		.key = c->config->key,
		.ttl = c->config->ttl ? c->config->ttl : CASTER_TTL,
		.tally = TALLY_REJECT,
		.reason = "whom we tell the time, unasked",
		.events = c->events,
		.our_mode = MODE_BROADCAST,
		.our_poll = c->config->minpoll,
		.their_poll = c->config->minpoll,
		.count_sent = c->sent,
		.disp_s = DISP_UNKNOWN_S,
		.cookies = REPORT_NOT_NTS,
	};
}

/* --- those that we hear --- */

bool engine_listens(const struct config *config)
{
	bool listens = config->broadcast_client;

	for (const struct group_config *g = config->groups; g; g = g->next) {
		listens |= !g->finds;
	}
	return listens;
}

static struct source *listener_at(struct engine *e, const netaddr *addr)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (s->used && s->listener.on &&
		    netaddr_same_host(&s->addr, addr)) {
			return s;
		}
	}
	return NULL;
}

/* May this packet make its sender a source of ours (D1, D5)? */
static bool is_welcome(const struct engine *e, const struct packet *p,
		       const netaddr *from)
{
	return p->leap != LEAP_UNSYNC && p->stratum > 0 &&
	       p->stratum < STRATUM_UNKNOWN && p->poll >= POLL_LEAST &&
	       p->poll <= POLL_MAX && from->port != 0 &&
	       !tstamp_is_zero(p->transmit) && !engine_asks(e, from) &&
	       engine_members(e) < e->config->tos.maxclock;
}

static void adopt(struct engine *e, const struct packet *p, uint32_t key,
		  const netaddr *from)
{
	struct source_world world = engine_world(e);
	struct source *s = engine_free_slot(e);
	span delay = span_from_seconds(2 * e->config->broadcast_delay_s);
	struct source_config config = {
		.kind = SOURCE_KIND_SERVER,
		.host = "",
		.addr = *from,
		.version = p->version,
		.minpoll = p->poll,
		.maxpoll = p->poll,
		.key = key,
	};

	if (!s) {
		return;
	}
	config.addr.port = NTP_PORT;
	source_init(s, &config, e->freq_sd, e->now);
	s->listener.config = config;
	s->config = &s->listener.config;
	source_move(s, &config.addr, &world, e->now);
	s->listener.given = e->config->no_volley;
	s->listener.newest_at = e->now;
	listener_begin(s, p,
		       e->config->no_volley ? delay
					    : span_sub(SPAN_ZERO, SPAN_S(1)));
	e->access_stale = true;
}

void engine_hear(struct engine *e, const struct event *ev, struct outbox *out)
{
	struct source_world world = engine_world(e);
	struct source *s = listener_at(e, &ev->packet.from);
	struct packet p;
	struct sample sample;
	uint32_t key;

	if (!engine_listens(e->config) ||
	    !answer_broadcast(s, ev, &world, &p, &key)) {
		return;
	}
	if (s) {
		engine_judged(e, s,
			      listener_receive(s, &p, ev, &world, out, &sample),
			      &sample, out);
	} else if (is_welcome(e, &p, &ev->packet.from)) {
		adopt(e, &p, key, &ev->packet.from);
	}
}

void engine_tick_listeners(struct engine *e, struct outbox *out)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (s->used && listener_is_gone(s) && outbox_has_room(out, 0)) {
			source_abandon(s, out);
			source_note(s, NOTE_DEMOBILIZE, out);
			s->used = false;
			e->access_stale = true;
		}
	}
}

enum mode engine_mode(const struct source *s)
{
	if (s->listener.listens) {
		return (enum mode)BROADCAST_CLIENT;
	}
	return source_is_peering(s) ? MODE_ACTIVE : MODE_CLIENT;
}

/* --- servers that answer a call --- */

static struct calling calling_of(struct engine *e, const struct pool *p,
				 const struct source_world *world)
{
	size_t n = engine_members(e);
	const struct tos_config *tos = &e->config->tos;

	return (struct calling){
		.id = p->id,
		.config = e->config,
		.group = p->config,
		.world = world,
		.wants = n < tos->minclock && n < tos->maxclock,
	};
}

void engine_tick_calls(struct engine *e, struct outbox *out)
{
	struct source_world world = engine_world(e);

	for (size_t i = 0; i < e->pool_slots; i++) {
		struct pool *p = &e->pools[i];
		struct calling of = calling_of(e, p, &world);

		call_tick(&p->call, &of, e->now, out);
	}
}

instant engine_calls_deadline(const struct engine *e)
{
	instant at = INSTANT_NEVER;

	for (size_t i = 0; i < e->pool_slots; i++) {
		at = instant_earlier(at, call_deadline(&e->pools[i].call));
	}
	return at;
}

void engine_answer_call(struct engine *e, const struct event *ev,
			struct outbox *out)
{
	struct pool *p = engine_pool(e, ev->source);
	struct source_world world = engine_world(e);
	struct packet packet;
	netaddr from = ev->packet.from;

	if (!p || !answer_call(p->config, ev, &world, &packet)) {
		return;
	}
	struct calling of = calling_of(e, p, &world);

	if (call_is_answered(&p->call, &of, &packet, e->now) &&
	    from.port == NTP_PORT && engine_may_add(e, p, &from)) {
		(void)engine_add_member(e, p, &from, out);
	}
}
