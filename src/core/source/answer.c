/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/answer.h"

#include "core/serve/access.h"
#include "core/serve/refid.h"
#include "wire/tail.h"

#define STAMP_SLACK SPAN_MS(5) /* between two readings of our clocks */
#define OLDEST SPAN_S(4)       /* more than any answer waits with us */
#define ROOT_LIMIT SPAN_S(16)
#define RATES 3 /* deviations of a rate: more than it is off by */

/* The modes in which it may speak to us (A14). */
static bool is_answering(const struct event *ev, enum mode mode)
{
	return ev->kind == EVENT_PEER
		       ? mode == MODE_ACTIVE || mode == MODE_PASSIVE
		       : mode == MODE_SERVER;
}

/* Framing: what any datagram must look like before we compare secrets. */
enum source_verdict answer_form(const struct source *s, const struct event *ev,
				const struct source_world *world,
				struct packet *p)
{
	struct reader r = reader_over(ev->packet.data, ev->packet.len);
	struct tail t;

	if (packet_parse(p, &r) != PACKET_OK) {
		return SOURCE_SHORT;
	}
	if (!is_answering(ev, p->mode)) {
		return SOURCE_MODE;
	}
	if (p->version != s->config->version) {
		return SOURCE_VERSION;
	}
	t = tail_parse(p->version, &r);
	if (t.kind == TAIL_BAD || t.fields > 0 ||
	    (t.kind != TAIL_NONE && s->config->key == 0)) {
		return SOURCE_LENGTH;
	}
	if (world->access &&
	    (access_flags(world->access, &s->addr) & RESTRICT_IGNORE)) {
		return SOURCE_RESTRICTED;
	}
	return SOURCE_SAMPLE;
}

const struct keyring_key *answer_key(const struct source *s,
				     const struct source_world *world)
{
	return keyring_find(world->keys, s->config->key, KEY_FOR_SOURCE,
			    &s->addr, world->key_counts);
}

/* Is it signed by the one key that its line names (C1, C2)? */
enum source_verdict answer_auth(const struct source *s, const struct event *ev,
				const struct source_world *world)
{
	const uint8_t *data = ev->packet.data;
	struct reader r = reader_over(data, ev->packet.len);
	const struct keyring_key *key;
	struct packet p;
	struct tail t;

	if (s->config->key == 0) {
		return SOURCE_SAMPLE;
	}
	if (packet_parse(&p, &r) != PACKET_OK) {
		return SOURCE_SHORT;
	}
	t = tail_parse(p.version, &r);
	if (t.kind != TAIL_MAC || t.fields > 0) {
		return t.kind == TAIL_NAK ? SOURCE_NAK : SOURCE_UNSIGNED;
	}
	if (t.key != s->config->key) {
		return SOURCE_OTHER_KEY;
	}
	key = answer_key(s, world);
	if (!key || !keyring_verify(key, data, PACKET_LEN, t.mac, t.mac_len,
				    world->key_counts)) {
		return SOURCE_BAD_MAC;
	}
	return SOURCE_SAMPLE;
}

/* False: what stands behind the header is wrong. Else the key, or 0: none. */
static bool is_signed(const struct event *ev, unsigned version,
		      const struct source_world *world, uint32_t *key)
{
	const uint8_t *data = ev->packet.data;
	struct reader r =
		reader_over(data + PACKET_LEN, ev->packet.len - PACKET_LEN);
	struct tail t = tail_parse(version, &r);
	const struct keyring_key *k;

	*key = 0;
	if (t.kind == TAIL_NONE && t.fields == 0) {
		return true;
	}
	if (t.kind != TAIL_MAC || t.fields > 0) {
		return false;
	}
	*key = t.key;
	k = keyring_find(world->keys, t.key, KEY_FOR_SOURCE, &ev->packet.from,
			 world->key_counts);
	return k && keyring_verify(k, data, PACKET_LEN, t.mac, t.mac_len,
				   world->key_counts);
}

bool answer_broadcast(const struct source *s, const struct event *ev,
		      const struct source_world *world, struct packet *p,
		      uint32_t *key)
{
	struct reader r = reader_over(ev->packet.data, ev->packet.len);
	uint32_t flags = world->access
				 ? access_flags(world->access, &ev->packet.from)
				 : 0;

	bool may_be_unsigned = !world->must_sign && !(flags & RESTRICT_NOPEER);

	*key = 0;
	if (packet_parse(p, &r) != PACKET_OK || p->mode != MODE_BROADCAST ||
	    p->version < 1 || p->version > 4 || flags & RESTRICT_IGNORE ||
	    (s && s->config->version != p->version)) {
		return false;
	}
	if (!is_signed(ev, p->version, world, key)) {
		return false;
	}
	/* Of a server that is known, its key alone will do (C1). */
	return (*key != 0 || may_be_unsigned) && (!s || s->config->key == *key);
}

bool answer_call(const struct source_config *group, const struct event *ev,
		 const struct source_world *world, struct packet *p)
{
	struct reader r = reader_over(ev->packet.data, ev->packet.len);
	uint32_t flags = world->access
				 ? access_flags(world->access, &ev->packet.from)
				 : 0;

	uint32_t key;

	return packet_parse(p, &r) == PACKET_OK && !(flags & RESTRICT_IGNORE) &&
	       is_signed(ev, p->version, world, &key) && key == group->key;
}

enum source_verdict answer_match(const struct source *s, const struct event *ev,
				 uint64_t origin)
{
	/* One difference of two words: takes the same time for any origin. */
	bool past = (origin ^ s->past_nonce) == 0 && s->past_nonce != 0;

	if (past) {
		return s->past_answered ? SOURCE_DUPLICATE : SOURCE_LATE;
	}
	if (!source_is_waiting(s)) {
		return SOURCE_UNASKED;
	}
	if (origin == 0 || (origin ^ s->nonce) != 0) {
		return SOURCE_ORIGIN;
	}
	if (s->state == SOURCE_ANSWERED) {
		return SOURCE_DUPLICATE;
	}
	if (!source_is_peering(s) &&
	    span_cmp(instant_diff(ev->now, s->asked_at), SOURCE_WINDOW) >= 0) {
		return SOURCE_LATE;
	}
	return SOURCE_SAMPLE;
}

static enum source_verdict check_kiss(const struct packet *p)
{
	if (p->stratum == 0) {
		switch (p->refid) {
		case REFID_RATE:
			return SOURCE_KISS_RATE;
		case REFID_DENY:
			return SOURCE_KISS_DENY;
		case REFID_RSTR:
			return SOURCE_KISS_RSTR;
		case REFID_INIT:
		case REFID_STEP:
		case 0:
			return SOURCE_UNSYNCHRONISED;
		default:
			return SOURCE_KISS_OTHER;
		}
	}
	return p->leap == LEAP_UNSYNC || p->stratum >= STRATUM_UNKNOWN
		       ? SOURCE_UNSYNCHRONISED
		       : SOURCE_SAMPLE;
}

/* A loopback address names nobody: many hosts' servers are told apart by it. */
static bool is_ourselves(const struct packet *p, const netaddr *local,
			 const struct source_world *world)
{
	if (p->stratum < 2) {
		return false;
	}
	if (!netaddr_is_none(local) && !netaddr_is_loopback(local) &&
	    refid_of_address(local) == p->refid) {
		return true;
	}
	return refid_is_among(p->refid, world->own, world->own_count);
}

#define NOISE_MOST (-10) /* log2 s: a millisecond */

/*
 * Servers fill the bits below their precision with noise, so that a quick one
 * may seem to answer before it was asked; but by no more than a millisecond.
 */
static span answer_noise(const struct packet *p)
{
	return p->precision < NOISE_MOST ? answer_precision(p->precision)
					 : answer_precision(NOISE_MOST);
}

/* Impossible headers (A15). */
static enum source_verdict check_sanity(const struct packet *p)
{
	/* A broadcast answers nobody: it was not asked at any time. */
	bool answers = p->mode != MODE_BROADCAST;

	if (tstamp_is_zero(p->transmit) ||
	    (answers && tstamp_is_zero(p->receive))) {
		return SOURCE_NO_TIME;
	}
	if (answers && tstamp_before(tstamp_add(p->transmit, answer_noise(p)),
				     p->receive)) {
		return SOURCE_BACKWARDS;
	}
	if (p->precision < -32 || p->precision > 1) {
		return SOURCE_PRECISION;
	}
	if (span_cmp(p->root_delay, ROOT_LIMIT) >= 0 ||
	    span_cmp(p->root_disp, ROOT_LIMIT) >= 0) {
		return SOURCE_ROOT;
	}
	/* Some servers never tell it. RFC 5905 section 8, packet(). */
	if (!tstamp_is_zero(p->reference) &&
	    tstamp_before(tstamp_add(p->transmit, answer_noise(p)),
			  p->reference)) {
		return SOURCE_REFERENCE;
	}
	return SOURCE_SAMPLE;
}

/* 2^log2 s; log2 in -32 .. 1. */
span answer_precision(int8_t log2)
{
	return (span){ (int64_t)1 << (log2 < -32 ? 0
				      : log2 > 1 ? 33
						 : log2 + 32) };
}

/* The checks that need all four times. */
enum source_verdict answer_times(const struct source *s, const struct reply *r,
				 const struct event *ev,
				 const struct source_world *world)
{
	span away = tstamp_diff(r->at, s->sent);
	span theirs = tstamp_diff(r->packet.transmit, r->packet.receive);
	span passed = instant_diff(ev->now, s->asked_at);
	span age = tstamp_diff(ev->wall, r->at);
	span least = span_sub(SPAN_ZERO, answer_precision(r->packet.precision));

	if (span_cmp(away, span_add(passed, STAMP_SLACK)) > 0 ||
	    span_cmp(age, span_sub(SPAN_ZERO, STAMP_SLACK)) < 0 ||
	    span_cmp(age, OLDEST) > 0) {
		return SOURCE_STAMPS;
	}
	least = span_sub(least, answer_precision(world->precision));
	if (source_is_peering(s)) { /* the clocks ran on while it was held */
		least = span_sub(least,
				 span_from_seconds(RATES * s->freq_sd *
						   span_to_seconds(theirs)));
	}
	if (span_cmp(span_sub(away, theirs), least) < 0) {
		return SOURCE_DELAY;
	}
	return SOURCE_SAMPLE;
}

enum source_verdict answer_meaning(const struct packet *p, const netaddr *local,
				   const struct source_world *world)
{
	enum source_verdict v = check_kiss(p);

	if (v == SOURCE_SAMPLE && is_ourselves(p, local, world)) {
		v = SOURCE_LOOP;
	}
	return v == SOURCE_SAMPLE ? check_sanity(p) : v;
}
