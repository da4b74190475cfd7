/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server.h"

#include "base/counter.h"
#include "base/siphash.h"
#include "core/access.h"
#include "core/plain.h"
#include "core/request.h"
#include "wire/mode6.h"
#include "wire/tail.h"

#define LEN_STEP 4           /* every datagram of NTP is made of words */
#define KISS_RATE 0x52415445 /* "RATE" */

/* What is to be said of a request's signature. */
struct proof {
	const struct keyring_key *key; /* NULL: it proves nothing */
	size_t mac_len;                /* of the answer's, too */
	bool failed;                   /* it was signed, and not by that */
	bool silent;                   /* and is not told so */
	bool samba; /* by whose key the answer is to be signed, if it may */
};

static const char *const words[SERVER_VERDICTS] = {
#define VERDICT(id, plain_words) [SERVER_##id] = (plain_words),
#include "core/serververdicts.def"
#undef VERDICT
};

const char *server_verdict_words(enum server_verdict verdict)
{
	INVARIANT(verdict < SERVER_VERDICTS);
	return words[verdict];
}

static enum server_verdict judge_control(const struct request *req,
					 uint32_t flags)
{
	struct reader r = reader_over(req->data, req->len);
	struct mode6 m;

	if (!mode6_parse(&m, &r)) {
		return SERVER_LENGTH;
	}
	if (m.version < REQUEST_OLDEST || m.version > REQUEST_NEWEST) {
		return SERVER_VERSION;
	}
	/* An answer, or a part of something: two daemons could loop (F1). */
	if (m.response || m.error || m.more) {
		return SERVER_MODE;
	}
	return flags & RESTRICT_NOQUERY ? SERVER_NOQUERY : SERVER_CONTROL;
}

/*
 * False: nothing that may stand behind a header (C5). With fields between, a
 * prefix digest proves nothing: anybody can extend it (C6).
 */
static bool examine_tail(const struct view *view, struct server_shard *shard,
			 const struct packet *q, const struct request *req,
			 struct reader *r, struct proof *proof)
{
	struct tail t = tail_parse(q->version, r);
	const struct keyring_key *key;

	*proof = (struct proof){ .failed = t.kind == TAIL_NAK,
				 .silent = t.kind == TAIL_NAK,
				 .samba = proof->samba && t.kind == TAIL_MAC &&
					  request_wants_samba(&t) };
	if (t.kind != TAIL_MAC) {
		return t.kind != TAIL_BAD;
	}
	if (proof->samba) {
		return true;
	}
	key = keyring_find(view->keys, t.key, KEY_TO_SERVE, &req->from,
			   &shard->keys);
	if (key && (t.fields == 0 || !mac_is_prefix(key->mac.type)) &&
	    keyring_verify(key, req->data, PACKET_LEN + t.fields_len, t.mac,
			   t.mac_len, &shard->keys)) {
		proof->key = key;
		proof->mac_len = t.mac_len;
	}
	proof->failed = !proof->key;
	return true;
}

/* What the restrict line says; ANSWERED when it lets the request pass. */
static enum server_verdict judge(const struct packet *q,
				 const struct request *req, uint32_t flags,
				 const struct proof *proof)
{
	if (flags & RESTRICT_NOSERVE) {
		return SERVER_NOSERVE;
	}
	if (proof->failed) {
		return proof->silent ? SERVER_BADAUTH : SERVER_NAKED;
	}
	if (flags & RESTRICT_NOTRUST && !proof->key) {
		return SERVER_NOTRUST;
	}
	if (flags & RESTRICT_VERSION && q->version != REQUEST_NEWEST) {
		return SERVER_OLDVERSION;
	}
	if (flags & RESTRICT_FLAKE && request_is_unlucky(q, req)) {
		return SERVER_FLAKED;
	}
	return SERVER_ANSWERED;
}

static enum server_verdict limit(struct server_shard *shard,
				 const struct request *req, tstamp now,
				 uint32_t flags)
{
	if (!(flags & RESTRICT_LIMITED) || !shard->limit) {
		return SERVER_ANSWERED;
	}
	struct ratelimit_aim aim = ratelimit_aim(shard->limit, &req->from);

	switch (ratelimit_take(shard->limit, &aim, now)) {
	case RATELIMIT_PASS:
		return SERVER_ANSWERED;
	case RATELIMIT_KISS:
		return flags & RESTRICT_KOD ? SERVER_KISSED : SERVER_LIMITED;
	case RATELIMIT_SILENCE:
		break;
	}
	return SERVER_LIMITED;
}

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

/* Of an association of ours, and so no request to be answered and forgotten. */
static bool is_peers(const struct view *view, const struct packet *q,
		     const netaddr *from)
{
	return (q->mode == MODE_ACTIVE || q->mode == MODE_PASSIVE) &&
	       view->peers && peerlist_has(view->peers, from);
}

/*
 * Sent to many. A call for servers is for those that know the time, and better
 * than the caller: by a stratum that leaves one between, unless of one cohort.
 */
static enum server_verdict judge_group(const struct view *view,
				       const struct packet *q,
				       const struct request *req,
				       uint32_t flags,
				       const struct proof *proof)
{
	unsigned theirs = q->stratum == 0 ? 16 : q->stratum;
	unsigned ours = view->stratum + (view->cohort ? 0u : 1u);

	if (q->mode != MODE_CLIENT || !req->called) {
		return SERVER_MODE;
	}
	if (view->leap == LEAP_UNSYNC || ours >= theirs) {
		return SERVER_DECLINED;
	}
	return judge(q, req, flags, proof);
}

/* Everything that can be said of a request before the limits count it. */
static enum server_verdict examine(const struct view *view,
				   struct server_shard *shard, struct packet *q,
				   const struct request *req, uint32_t flags,
				   struct proof *proof)
{
	struct reader r = reader_over(req->data, req->len);

	if (flags & RESTRICT_IGNORE) {
		return SERVER_IGNORED;
	}
	if ((req->data[0] & 7) == MODE6_MODE && !req->group) {
		return judge_control(req, flags);
	}
	if (req->len % LEN_STEP != 0 || packet_parse(q, &r) != PACKET_OK) {
		return SERVER_LENGTH;
	}
	if (q->version < REQUEST_OLDEST || q->version > REQUEST_NEWEST) {
		return SERVER_VERSION;
	}
	if (req->group && q->mode == MODE_BROADCAST) {
		return req->heard && view->listens ? SERVER_PEER : SERVER_MODE;
	}
	if (req->group) {
		return examine_tail(view, shard, q, req, &r, proof)
			       ? judge_group(view, q, req, flags, proof)
			       : SERVER_LENGTH;
	}
	if (is_peers(view, q, &req->from)) {
		return SERVER_PEER;
	}
	if (request_mode(q, &req->from) == MODE_RESERVED) {
		return SERVER_MODE;
	}
	return examine_tail(view, shard, q, req, &r, proof)
		       ? judge(q, req, flags, proof)
		       : SERVER_LENGTH;
}

/* A crypto-NAK is sent as rarely as any limited host is answered (B8). */
static enum server_verdict limit_nak(struct server_shard *shard,
				     const struct request *req, tstamp now)
{
	return shard->limit && limit(shard, req, now, RESTRICT_LIMITED) ==
				       SERVER_ANSWERED
		       ? SERVER_NAKED
		       : SERVER_BADAUTH;
}

/* Whether it is signed costs more to find out than it costs to send (D5). */
static enum server_verdict limit_broadcast(struct server_shard *shard,
					   const struct request *req,
					   tstamp now)
{
	return limit(shard, req, now, RESTRICT_LIMITED) == SERVER_ANSWERED
		       ? SERVER_PEER
		       : SERVER_LIMITED;
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
		mru_aim(clients, &requests[i].from, &requests[i].client);
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

static struct access_match look_up(const struct view *view,
				   struct server_shard *shard,
				   const struct request *req)
{
	struct access_match found = { .general = true };

	if (req->looked_up) {
		found = req->access;
	} else if (view->access) {
		found = access_match(view->access, &req->from);
	}
	if (found.counter < shard->hit_count) {
		counter_up(&shard->hits[found.counter]);
	}
	return found;
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
	struct packet q, a;
	enum server_verdict verdict;
	struct proof proof = { .samba = flags & RESTRICT_MSSNTP };

	verdict = examine(view, shard, &q, req, flags, &proof);
	if (verdict == SERVER_ANSWERED && smear_is_blind(&view->smear, now)) {
		verdict = SERVER_LEAPING;
	}
	if (verdict == SERVER_ANSWERED) {
		verdict = limit(shard, req, now, flags);
	} else if (verdict == SERVER_NAKED) {
		verdict = limit_nak(shard, req, now);
	} else if (verdict == SERVER_PEER && req->group) {
		verdict = limit_broadcast(shard, req, now);
	}
	if (verdict != SERVER_IGNORED) {
		remember(shard, req, request_fate(verdict), now);
	}
	if (verdict == SERVER_ANSWERED && proof.samba) {
		if (req->group) {
			return SERVER_MODE; /* it asks one server */
		}
		counter_up(&shard->versions[q.version]);
		return SERVER_SIGN;
	}
	if (verdict != SERVER_ANSWERED && verdict != SERVER_KISSED &&
	    verdict != SERVER_NAKED) {
		return verdict;
	}
	a = verdict == SERVER_KISSED ? kiss(view, &q, req)
				     : answer(view, &q, req, now);
	if (flags & RESTRICT_FUZZ && verdict != SERVER_KISSED) {
		hide_reference(view, &a);
	}
	if (verdict == SERVER_ANSWERED && shard->held &&
	    interleave_answer(shard->held, &q, &req->from, view->jumps, now,
			      &a)) {
		counter_up(&shard->interleaved);
	}
	uint8_t *start = w->at;

	if (!put_answer(&a, &proof, shard, w)) {
		w->at = start;
		return SERVER_BADAUTH;
	}
	counter_up(&shard->versions[q.version]);
	if (q.version == 1) {
		counter_up(&shard->firsts[q.mode]);
	}
	return verdict;
}

enum server_verdict server_respond(const struct view *view,
				   struct server_shard *shard,
				   const struct request *req, tstamp now,
				   struct writer *w)
{
	uint32_t flags;

	if (req->truncated || req->len == 0) {
		return SERVER_LENGTH;
	}
	if (!request_is_possible(req)) {
		return SERVER_SOURCE;
	}
	flags = look_up(view, shard, req).flags;
	if (!plain_is(view, shard, req, flags)) {
		return respond(view, shard, req, flags, now, w);
	}
	remember(shard, req, MRU_SERVED, now);
	plain_answer(view, req, now, w);
	counter_up(&shard->versions[req->data[0] >> 3 & 7]);
	return SERVER_ANSWERED;
}
