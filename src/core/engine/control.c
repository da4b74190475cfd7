/* SPDX-License-Identifier: BSD-2-Clause */
/* Control requests: who asks, what he may, and what he gets. */
#include <string.h>

#include "core/control/pieces.h"
#include "core/control/query.h"
#include "core/engine/stages.h"

#define HOUR_S 3600

/*
 * What one address of the network may ask: the 2000 associations of a large
 * daemon at once, and 64 a second for ever. Whoever proves who he is may more.
 */
static const struct ratelimit_rules budget_rules = {
	.cost = { INT64_C(1) << 26 },
	.depth = 4096,
};

void engine_count_hour(struct engine *e, const struct event *ev)
{
	struct report_counts counts = { 0 };

	if (ev->tick.shard_count == 0 ||
	    engine_age_s(e, e->counted_at) < HOUR_S) {
		return;
	}
	for (size_t i = 0; i < ev->tick.shard_count; i++) {
		report_add_shard(&counts, &ev->tick.shards[i]);
	}
	counts.since_s = (uint64_t)engine_age_s(e, e->began);
	e->hour = counts;
	e->counted_at = e->now;
}

/* With the first request: who is never asked needs no luck for it. */
static void start_limits(struct engine *e)
{
	uint8_t seed[RNG_SEED];

	if (e->limits) {
		return;
	}
	INVARIANT(ratelimit_size(ENGINE_CALLERS) <= sizeof(e->budget));
	for (size_t i = 0; i < sizeof(seed); i++) {
		seed[i] = (uint8_t)rng_u64(&e->rng);
	}
	e->limits =
		ratelimit_with(e->budget, ENGINE_CALLERS, &budget_rules, seed);
}

/* One control request on its way through. */
struct hearing {
	const struct event *ev;
	struct control_request q;
	struct caller caller;
	uint32_t count, used; /* of the outbox, before the answer */
};

/* By the control key: then the answer is signed with it too. */
static bool is_signed(struct engine *e, struct hearing *h)
{
	const struct event *ev = h->ev;
	struct keyring_request request = { .octets = ev->control.data,
					   .len = ev->control.len,
					   .count = h->q.header.count,
					   .from = &ev->control.from };

	h->q.signer.counts = &e->key_counts;
	h->q.signer.key = keyring_control(e->settings->keys, &request,
					  &e->key_counts, &h->q.signer.word);
	return h->q.signer.key != NULL;
}

static bool has_nonce(struct engine *e, const struct hearing *h)
{
	struct query q = query_over(h->q.data, h->q.header.count);
	struct query_item item;

	while (query_next(&q, &item)) {
		if (text_equal("nonce", item.name, item.name_len)) {
			return item.value &&
			       nonce_is_good(&e->nonces, &e->rng,
					     &h->ev->control.from, e->now,
					     item.value, item.value_len);
		}
	}
	return false;
}

/* Silence: a list for nobody, or more than his share. */
static bool is_ignored(struct engine *e, const struct hearing *h)
{
	const struct caller *c = &h->caller;

	if (h->q.need == CONTROL_NEEDS_CLIENTS) {
		return !has_nonce(e, h);
	}
	if (c->local || c->authentic) {
		return false;
	}
	struct ratelimit_aim aim =
		ratelimit_aim(e->limits, &h->ev->control.from);

	return ratelimit_take(e->limits, &aim, e->wall) != RATELIMIT_PASS;
}

static void list(struct engine *e, const struct hearing *h, enum list_kind kind,
		 const struct system_report *s, struct outbox *out)
{
	struct effect list = { .kind = EFFECT_LIST };

	list.list.kind = kind;
	list.list.header = control_header(&h->q, s);
	list.list.key = h->q.signer.key ? h->q.signer.key->id : 0;
	list.list.word = (uint8_t)h->q.signer.word;
	nonce_make(&e->nonces, &e->rng, &h->ev->control.from, e->now,
		   list.list.nonce);
	outbox_list(out, &list, h->q.data, h->q.header.count);
}

static void change(struct engine *e, const struct hearing *h,
		   const struct system_report *s, struct outbox *out)
{
	static const char prohibited[] =
		"runtime configuration prohibited by restrict ... nomodify";

	if (h->caller.forbidden) {
		control_answer_text(&h->q, s, prohibited,
				    sizeof(prohibited) - 1, out);
	} else {
		engine_wish(e, h->ev, &h->q, out);
	}
}

static void answer(struct engine *e, const struct hearing *h,
		   struct outbox *out)
{
	const struct control_request *q = &h->q;
	struct control_subject subject = { .list = e->listed };
	struct system_report system;
	struct peer_report peer;
	struct clock_report device;
	char nonce[NONCE_TEXT];

	engine_report_system(e, h->ev, &system);
	switch (q->need) {
	case CONTROL_DROP:
		return;
	case CONTROL_NEEDS_NOTHING:
		break;
	case CONTROL_NEEDS_LIST:
		subject.listed = engine_list(e);
		break;
	case CONTROL_NEEDS_PEER:
		if (engine_report_peer(e, q->header.assoc, &peer)) {
			subject.peer = &peer;
		}
		break;
	case CONTROL_NEEDS_CLOCK:
		if (engine_report_device(e, q->header.assoc, &device)) {
			subject.clock = &device;
		}
		break;
	case CONTROL_NEEDS_NONCE:
		nonce_make(&e->nonces, &e->rng, &h->ev->control.from, e->now,
			   nonce);
		subject.nonce = nonce;
		break;
	case CONTROL_NEEDS_CLIENTS:
		list(e, h, LIST_CLIENTS, &system, out);
		return;
	case CONTROL_NEEDS_SOCKETS:
		list(e, h, LIST_SOCKETS, &system, out);
		return;
	case CONTROL_NEEDS_RESTRICTIONS:
		list(e, h, LIST_RESTRICTIONS, &system, out);
		return;
	case CONTROL_NEEDS_CHANGE:
		change(e, h, &system, out);
		return;
	}
	control_answer(q, &system, &subject, out);
}

/* No more octets than he sent, or an error, which is never longer (F4). */
static void shorten(struct hearing *h, struct outbox *out)
{
	struct pieces refusal = { .out = out,
				  .header = pieces_header(&h->q.header) };
	size_t octets = 0;

	for (uint32_t i = h->count; i < out->count; i++) {
		octets += out->effects[i].answer.len;
	}
	if (octets > h->ev->control.len) {
		out->count = h->count;
		out->used = h->used;
		pieces_error(&refusal, MODE6_ERR_PERMISSION);
	}
}

/*
 * Whoever signs has seen them: they are counted anew. Not so on the unix
 * socket: root's look at it is no poll of the monitoring's.
 */
static void clear_events(struct engine *e, const struct control_request *q)
{
	struct events *events = &e->standing.events;

	if (q->need == CONTROL_NEEDS_PEER) {
		events = engine_events(e, q->header.assoc);
	} else if (q->need != CONTROL_NEEDS_LIST &&
		   q->need != CONTROL_NEEDS_NOTHING) {
		return;
	}
	if (events) {
		events->count = 0;
	}
}

void engine_control(struct engine *e, const struct event *ev,
		    struct outbox *out)
{
	struct hearing h = { .ev = ev, .count = out->count, .used = out->used };
	const struct caller_origin origin = {
		.from = ev->control.from,
		.owner = ev->control.may_modify,
		.attached = ev->control.attached,
	};

	if (control_parse(&h.q, ev->control.data, ev->control.len) ==
	    CONTROL_DROP) {
		return;
	}
	start_limits(e);
	h.caller = caller_of(&origin, e->access, is_signed(e, &h));
	if (is_ignored(e, &h)) {
		return;
	}
	control_permit(&h.q, &h.caller);
	answer(e, &h, out);
	if (!h.caller.known) {
		shorten(&h, out);
	}
	if (h.q.signer.key && !h.q.refused) {
		clear_events(e, &h.q);
	}
}
