/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/call.h"

#include "base/rng.h"
#include "core/source/source_inner.h"

#define WINDOW SPAN_S(3) /* how long a call may be answered */
#define USUAL 8          /* steps of the time to live ... */
#define USUAL_STEP 32    /* ... each as much farther */

static uint8_t steps(const struct config *config)
{
	return config->ttl_count > 0 ? config->ttl_count : USUAL;
}

static uint8_t ttl_of(const struct config *config, uint8_t step)
{
	uint8_t ttl = config->ttl_count > 0
			      ? config->ttls[step]
			      : (uint8_t)(USUAL_STEP * (step + 1) - 1);

	return ttl > 0 ? ttl : 1;
}

static void call(struct call *c, const struct calling *of, struct outbox *out)
{
	struct effect e = { .kind = EFFECT_SEND, .source = of->id };
	uint8_t bytes[SIGNED_MAX];
	size_t len;
	struct packet p;
	uint8_t last = (uint8_t)(steps(of->config) - 1);

	c->nonce = rng_nonce(of->world->rng);
	p = source_request(of->group, of->group->minpoll, c->nonce);
	e.send.to = of->group->addr;
	e.send.exchange = ++c->exchange;
	e.send.way = SEND_GROUP;
	e.send.ttl = of->group->ttl ? of->group->ttl
				    : ttl_of(of->config,
					     c->reach < last ? c->reach : last);
	len = source_sign(of->group, &of->group->addr, &p, of->world, bytes);
	if (len > 0) {
		outbox_send(out, &e, bytes, len);
	}
	c->reach = c->reach < last ? c->reach + 1 : last;
}

static instant end_of(const struct call *c)
{
	return instant_add(c->asked_at, WINDOW);
}

void call_tick(struct call *c, const struct calling *of, instant now,
	       struct outbox *out)
{
	span wait = span_from_log2(of->group->minpoll);

	if (!c->on || !outbox_has_room(out, PACKET_LEN)) {
		return;
	}
	if (c->nonce != 0 && instant_diff(now, end_of(c)).v >= 0) {
		c->nonce = 0;
		outbox_close(out, of->id);
	}
	if (instant_diff(now, c->due).v < 0) {
		return;
	}
	c->asked_at = now;
	call(c, of, out);
	if (!of->wants) {
		c->reach = 0;
		wait = SPAN_S(of->config->tos.beacon_s);
	}
	c->due = instant_add(now, wait);
}

void call_abandon(struct call *c, source_id id, instant now, struct outbox *out)
{
	if (c->nonce != 0 && outbox_has_room(out, 0)) {
		outbox_close(out, id);
		c->nonce = 0;
		c->due = now;
	}
}

instant call_deadline(const struct call *c)
{
	if (!c->on) {
		return INSTANT_NEVER;
	}
	return c->nonce != 0 ? instant_earlier(c->due, end_of(c)) : c->due;
}

bool call_is_answered(const struct call *c, const struct calling *of,
		      const struct packet *p, instant now)
{
	const struct tos_config *tos = &of->config->tos;

	return c->nonce != 0 && (p->origin.v ^ c->nonce) == 0 &&
	       instant_diff(now, end_of(c)).v < 0 && p->mode == MODE_SERVER &&
	       p->version == of->group->version && p->leap != LEAP_UNSYNC &&
	       p->stratum >= 1 && p->stratum >= tos->floor &&
	       p->stratum < STRATUM_UNKNOWN && p->stratum <= tos->ceiling;
}
