/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/server.h"

#include "base/counter.h"
#include "base/siphash.h"
#include "core/serve/access.h"
#include "core/serve/judge.h"
#include "core/serve/plain.h"
#include "core/serve/request.h"

#define KISS_RATE 0x52415445 /* "RATE" */

/*
 * Only for those who ask: peers and broadcasts have the true time. They get no
 * leap second announced, for them there is none.
 */
static void apply_smear(const struct smear *s, tstamp now, struct packet *a)
{
	if (s->length_s == 0 || a->mode != MODE_SERVER ||
	    a->leap == LEAP_UNSYNC) {
		return;
	}
	span offset = smear_offset(s, now);

	a->leap = LEAP_NONE;
	if (offset.v == 0) {
		return;
	}
	a->refid = smear_refid(offset);
	a->transmit = tstamp_add(a->transmit, offset);
	a->receive = tstamp_add(a->receive, smear_offset(s, a->receive));
	a->reference = tstamp_add(a->reference, smear_offset(s, a->reference));
}

struct packet server_header(const struct view *view, tstamp now)
{
	bool known = view->leap != LEAP_UNSYNC;

	return (struct packet){
		.leap = view->leap,
		.stratum = known ? view->stratum : 0,
		.precision = view->precision,
		.root_delay = view->root_delay,
		.root_disp = plain_disp(view, now),
		.refid = view->refid,
		.reference = view->reference,
		.transmit = now,
	};
}

/*
 * restrict serverresponse fuzz: when our clock was corrected is told to the
 * second only (F16). What it is moved by is the same however often one asks.
 */
static void hide_reference(const struct view *view, struct packet *a)
{
	uint64_t luck =
		siphash(&view->secret, &a->reference, sizeof(a->reference));

	if (!tstamp_is_zero(a->reference)) {
		a->reference.v -= luck & UINT32_MAX;
	}
}

static struct packet answer(const struct view *view, const struct packet *q,
			    const struct request *req, tstamp now)
{
	struct packet a = server_header(view, now);

	a.mode = request_mode(q, &req->from);
	a.version = q->version;
	a.poll = q->poll;
	a.origin = q->transmit;
	a.receive = req->received;
	apply_smear(&view->smear, now, &a);
	return a;
}

/* It tells no time: its stamps are the client's own (RFC 5905, 7.4). */
static struct packet kiss(const struct view *view, const struct packet *q,
			  const struct request *req)
{
	return (struct packet){
		.leap = LEAP_UNSYNC,
		.mode = request_mode(q, &req->from),
		.version = q->version,
		.poll = q->poll,
		.precision = view->precision,
		.refid = KISS_RATE,
		.reference = q->transmit,
		.origin = q->transmit,
		.receive = q->transmit,
		.transmit = q->transmit,
	};
}

/* Never more octets out than in (F3). False: it could not be signed. */
static bool put_answer(const struct packet *a, const struct proof *proof,
		       struct server_shard *shard, struct writer *w)
{
	const uint8_t *start = w->at;

	packet_write(a, w);
	if (proof->failed) {
		write_u32(w, 0); /* a crypto-NAK: no key's number */
	} else if (proof->key && !keyring_sign(proof->key, start, w,
					       proof->mac_len, &shard->keys)) {
		return false;
	}
	INVARIANT(!w->failed);
	return true;
}

static void expect_access(const struct access *access,
			  const struct server_shard *shard,
			  struct request *requests, size_t count)
{
	const netaddr *from[ACCESS_BATCH];
	struct access_match found[ACCESS_BATCH];

	for (size_t i = 0; i < count; i++) {
		from[i] = &requests[i].from;
	}
	access_match_all(access, from, found, count);
	for (size_t i = 0; i < count; i++) {
		requests[i].access = found[i];
		requests[i].looked_up = true;
		if (found[i].counter < shard->hit_count) {
			__builtin_prefetch(&shard->hits[found[i].counter], 1);
		}
	}
}

void server_expect(const struct view *view, const struct server_shard *shard,
		   struct request *requests, size_t count)
{
	const struct mru *clients = shard->clients;

	for (size_t i = 0; view && view->access && i < count;
	     i += ACCESS_BATCH) {
		expect_access(view->access, shard, requests + i,
			      count - i < ACCESS_BATCH ? count - i
						       : ACCESS_BATCH);
	}
	if (!clients) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		requests[i].client = mru_aim(clients, &requests[i].from);
		mru_aim_at_line(clients, &requests[i].client);
		requests[i].expected = true;
	}
	for (size_t i = 0; i < count; i++) {
		mru_aim_at_client(clients, &requests[i].client);
	}
	for (size_t i = 0; i < count; i++) {
		mru_aim_at_neighbours(clients, &requests[i].client);
	}
}

/* He stands in the list of those who asked. */
static inline void remember(struct server_shard *shard,
			    const struct request *req, enum mru_fate fate,
			    tstamp now)
{
	if (!shard->clients) {
		return;
	}
	if (req->expected) {
		mru_note_aimed(shard->clients, &req->client, &req->to,
			       req->data[0], fate, now);
	} else {
		mru_note(shard->clients, &req->from, &req->to, req->data[0],
			 fate, now);
	}
}

void server_put_unsigned(const struct view *view, const struct request *req,
			 tstamp now, struct writer *w)
{
	struct reader r = reader_over(req->data, req->len);
	struct packet q, a;

	if (packet_parse(&q, &r) != PACKET_OK) {
		return;
	}
	a = answer(view, &q, req, now);
	if (view->access &&
	    access_flags(view->access, &req->from) & RESTRICT_FUZZ) {
		hide_reference(view, &a);
	}
	packet_write(&a, w);
}

/* Kept apart, so that its many cases cost the plain one nothing. */
KEPT_APART static enum server_verdict
respond(const struct view *view, struct server_shard *shard,
	const struct request *req, uint32_t flags, tstamp now, struct writer *w)
{
	struct asked asked;
	const struct packet *q = &asked.q;
	enum server_verdict verdict =
		judge_request(view, shard, req, flags, now, &asked);
	struct packet a;

	if (verdict != SERVER_IGNORED) {
		remember(shard, req, request_fate(verdict), now);
	}
	if (verdict == SERVER_ANSWERED && asked.proof.samba) {
		if (req->group) {
			return SERVER_MODE; /* it asks one server */
		}
		counter_up(&shard->versions[q->version]);
		return SERVER_SIGN;
	}
	if (verdict != SERVER_ANSWERED && verdict != SERVER_KISSED &&
	    verdict != SERVER_NAKED) {
		return verdict;
	}
	a = verdict == SERVER_KISSED ? kiss(view, q, req)
				     : answer(view, q, req, now);
	if (flags & RESTRICT_FUZZ && verdict != SERVER_KISSED) {
		hide_reference(view, &a);
	}
	if (verdict == SERVER_ANSWERED && shard->held &&
	    interleave_answer(shard->held, q, &req->from, view->jumps, now,
			      &a)) {
		counter_up(&shard->interleaved);
	}
	uint8_t *start = w->at;

	if (!put_answer(&a, &asked.proof, shard, w)) {
		w->at = start;
		return SERVER_BADAUTH;
	}
	counter_up(&shard->versions[q->version]);
	if (q->version == 1) {
		counter_up(&shard->firsts[q->mode]);
	}
	return verdict;
}

/* Likewise apart from the look-up: it has the registers for itself. */
KEPT_APART static enum server_verdict respond_by(const struct view *view,
						 struct server_shard *shard,
						 const struct request *req,
						 uint32_t flags, tstamp now,
						 struct writer *w)
{
	unsigned first = req->data[0];

	if (!plain_is(view, shard, req, flags)) {
		return respond(view, shard, req, flags, now, w);
	}
	plain_answer(view, shard, req, now, w);
	counter_up(&shard->versions[first >> 3 & 7]);
	remember(shard, req, MRU_SERVED, now);
	return SERVER_ANSWERED;
}

static inline void count_hit(struct server_shard *shard, uint32_t counter)
{
	if (counter < shard->hit_count) {
		counter_up(&shard->hits[counter]);
	}
}

/* Not all lines are found at a glance. */
KEPT_APART static enum server_verdict search(const struct view *view,
					     struct server_shard *shard,
					     const struct request *req,
					     tstamp now, struct writer *w)
{
	const struct access_match line = access_match(view->access, &req->from);

	count_hit(shard, line.counter);
	return respond_by(view, shard, req, line.flags, now, w);
}

enum server_verdict server_respond(const struct view *view,
				   struct server_shard *shard,
				   const struct request *req, tstamp now,
				   struct writer *w)
{
	struct access_match line;

	if (req->truncated || req->len == 0) {
		return SERVER_LENGTH;
	}
	if (!request_is_possible(req)) {
		return SERVER_SOURCE;
	}
	if (!plain_look_up(view, req, &line)) {
		return search(view, shard, req, now, w);
	}
	count_hit(shard, line.counter);
	return respond_by(view, shard, req, line.flags, now, w);
}
