/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/judge.h"

#include "core/serve/request.h"
#include "wire/mode6.h"
#include "wire/tail.h"

#define LEN_STEP 4 /* every datagram of NTP is made of words */

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
	unsigned theirs = q->stratum == 0 ? STRATUM_UNKNOWN : q->stratum;
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

enum server_verdict judge_request(const struct view *view,
				  struct server_shard *shard,
				  const struct request *req, uint32_t flags,
				  tstamp now, struct asked *asked)
{
	enum server_verdict verdict;

	asked->proof = (struct proof){ .samba = flags & RESTRICT_MSSNTP };
	verdict = examine(view, shard, &asked->q, req, flags, &asked->proof);
	if (verdict == SERVER_ANSWERED && smear_is_blind(&view->smear, now)) {
		return SERVER_LEAPING;
	}
	if (verdict == SERVER_ANSWERED) {
		return limit(shard, req, now, flags);
	}
	if (verdict == SERVER_NAKED) {
		return limit_nak(shard, req, now);
	}
	return verdict == SERVER_PEER && req->group
		       ? limit_broadcast(shard, req, now)
		       : verdict;
}
