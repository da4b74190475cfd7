/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer with a key and a server that is heard, both of whose packets may be of
 * the interleaved mode: what they say is made of bytes, as often as not of what
 * we said ourselves. What is not signed leaves no trace (D2); we never tell of
 * another packet than the last, nor where the peer could mistake it (D3,
 * RFC 9769, section 3); what is measured is of the past.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/report/standing.h"
#include "core/serve/keyring.h"
#include "core/source/listener.h"
#include "core/source/source_inner.h"
#include "core/source/symmetric.h"
#include "fuzz/fuzz.h"

#define KEY 7
#define BUMP 4 /* 2^-32 s: how much later than it is a stamp may be made */

/* A packet of ours, and when it left. */
struct said {
	struct packet packet;
	uint16_t exchange;
	bool left_known;
	tstamp left;
};

struct run {
	struct source_config line;
	struct source source;
	struct source_world world;
	struct rng rng;
	struct standing standing;
	struct outbox out;
	struct reader in;
	instant now;
	tstamp wall;
	struct said last, before;
	unsigned since, until; /* its last answer: packets of ours */
	struct packet theirs;  /* its last packet that we took */
};

static struct run run;
static const struct keyring *ring;
static struct key_counts counts;

static void read_keys(void)
{
	static uint8_t file_memory[16384], ring_memory[16384];
	static const char text[] = "7 SHA1 a_secret\n8 SHA1 another\n";
	static struct key_range all = { .first = 1, .last = 65535 };
	static struct config config = { .trusted_keys = &all };
	struct arena file_arena = arena_over(file_memory, sizeof(file_memory));
	struct arena ring_arena = arena_over(ring_memory, sizeof(ring_memory));
	struct keysfile file =
		keysfile_parse(&file_arena, "keys", text, sizeof(text) - 1);

	ring = keyring_build(&ring_arena, &file, &config);
	INVARIANT(ring != NULL);
}

static void begin(struct run *r)
{
	netaddr addr = netaddr_v4(0x0a000001, NTP_PORT);

	r->now = (instant){ INT64_C(100) << 32 };
	r->wall = (tstamp){ UINT64_C(0xe98c5a1000000000) };
	r->line = (struct source_config){ .kind = SOURCE_KIND_PEER,
					  .host = "a",
					  .addr = addr,
					  .version = 4,
					  .minpoll = 4,
					  .maxpoll = 7,
					  .key = KEY };
	rng_init_number(&r->rng, read_u8(&r->in));
	standing_init(&r->standing, -20, 15, r->now);
	r->world = (struct source_world){ .rng = &r->rng,
					  .precision = -20,
					  .standing = &r->standing,
					  .keys = ring,
					  .key_counts = &counts };
	source_init(&r->source, &r->line, 1e-4, r->now);
	source_move(&r->source, &addr, &r->world, r->now);
}

static struct event event_of(struct run *r, enum event_kind kind)
{
	outbox_empty(&r->out);
	return (struct event){ .kind = kind, .now = r->now, .wall = r->wall };
}

/* Of this mode: our last packet is told of, and could be no other. */
static void check_told(const struct run *r, const struct packet *p)
{
	uint64_t late = p->transmit.v - r->last.left.v;
	uint64_t bumped = p->transmit.v - r->last.packet.transmit.v;

	INVARIANT(r->line.xleave && r->since == 0 && r->until == 1);
	INVARIANT(r->last.left_known);
	INVARIANT(late <= BUMP || bumped <= BUMP);
}

static void check_send(struct run *r, const struct effect *e)
{
	const uint8_t *bytes = r->out.bytes + e->send.at;
	struct reader in = reader_over(bytes, e->send.len);
	const struct keyring_key *key =
		keyring_find(ring, KEY, KEY_FOR_SOURCE, &r->line.addr, &counts);
	struct said said = { .exchange = e->send.exchange };

	INVARIANT(e->send.len == PACKET_LEN + 24);
	INVARIANT(keyring_verify(key, bytes, PACKET_LEN, bytes + PACKET_LEN + 4,
				 20, &counts));
	INVARIANT(packet_parse(&said.packet, &in) == PACKET_OK);
	if (e->send.way == SEND_FRESH) {
		return;
	}
	const struct packet *p = &said.packet;
	bool basic = tstamp_equal(p->origin, r->theirs.transmit) ||
		     tstamp_is_zero(p->origin) || r->source.symmetric.restarted;

	INVARIANT(!tstamp_equal(p->transmit, p->receive));
	INVARIANT(!tstamp_equal(p->transmit, r->last.packet.transmit));
	if (!basic && tstamp_equal(p->origin, r->theirs.receive)) {
		check_told(r, p);
	}
	r->since++;
	r->before = r->last;
	r->last = said;
}

static void check_out(struct run *r)
{
	INVARIANT(r->out.lost == 0);
	for (uint32_t i = 0; i < r->out.count; i++) {
		if (r->out.effects[i].kind == EFFECT_SEND) {
			check_send(r, &r->out.effects[i]);
		}
	}
}

static void take(struct run *r, enum source_verdict v, const struct sample *x)
{
	INVARIANT(v == SOURCE_NOTHING || v < SOURCE_VERDICTS);
	if (v == SOURCE_SAMPLE) {
		INVARIANT(isfinite(x->noise_s) && x->noise_s > 0);
		INVARIANT(span_cmp(instant_diff(x->at, r->now), SPAN_S(1)) < 0);
		(void)source_learn(&r->source, x, &r->world, r->now);
	}
	check_out(r);
}

static void tick(struct run *r)
{
	struct event ev = event_of(r, EVENT_TICK);
	struct sample x;

	take(r, source_tick(&r->source, &ev, &r->world, &r->out, &x), &x);
}

static void sent(struct run *r)
{
	struct event ev = event_of(r, EVENT_SENT);
	struct sample x;

	ev.sent.exchange = (uint16_t)(r->last.exchange - (read_u8(&r->in) < 8));
	ev.sent.at =
		tstamp_add(r->wall, (span){ (int64_t)read_u8(&r->in) << 14 });
	ev.sent.origin = STAMP_KERNEL;
	if (ev.sent.exchange == r->last.exchange && !r->last.left_known) {
		r->last.left_known = true;
		r->last.left = ev.sent.at;
	}
	take(r, source_sent(&r->source, &ev, &r->world, &r->out, &x), &x);
}

/* All that it is, octet by octet. */
struct trace {
	uint8_t octets[sizeof(struct source)];
};

static struct trace trace_of(const struct run *r)
{
	struct trace t;

	memcpy(t.octets, &r->source, sizeof(t.octets));
	return t;
}

static bool left_none(const struct run *r, const struct trace *was)
{
	struct trace is = trace_of(r);

	return memcmp(was->octets, is.octets, sizeof(is.octets)) == 0;
}

/* Some stamp: of ours, of its own, near the truth, or any. */
static tstamp stamp(struct run *r)
{
	const tstamp all[] = { r->last.packet.transmit,
			       r->last.packet.receive,
			       r->last.left,
			       r->before.packet.transmit,
			       r->before.packet.receive,
			       r->theirs.transmit,
			       r->theirs.receive,
			       { 0 } };
	uint8_t how = read_u8(&r->in);

	if (how < ARRAY_LEN(all)) {
		return all[how];
	}
	if (how == 255) {
		return (tstamp){ (uint64_t)read_u32(&r->in) << 32 |
				 read_u32(&r->in) };
	}
	return tstamp_add(r->wall, (span){ ((int64_t)how - 128) * (1 << 22) });
}

static struct packet saying(struct run *r)
{
	uint8_t flags = read_u8(&r->in);
	struct packet p = { .mode = flags & 1 ? MODE_ACTIVE : MODE_PASSIVE,
			    .version = 4,
			    .stratum = flags & 2 ? 16 : 2,
			    .poll = (int8_t)(flags >> 4),
			    .precision = -20,
			    .refid = 0x01020304 };

	p.origin = flags & 4 ? r->last.packet.receive : stamp(r);
	if (flags & 8) {
		p.origin = r->last.packet.transmit;
	}
	p.receive = stamp(r);
	p.transmit = stamp(r);
	return p;
}

static void hear(struct run *r)
{
	uint8_t bytes[PACKET_LEN + TAIL_MAC_MAX], how = read_u8(&r->in);
	struct writer w = writer_over(bytes, sizeof(bytes));
	struct packet p = saying(r);
	uint32_t id = how < 200 ? KEY : how < 220 ? KEY + 1 : 0;
	struct trace was = trace_of(r);
	struct sample x;

	packet_write(&p, &w);
	if (id != 0) {
		INVARIANT(keyring_sign(keyring_find(ring, id, KEY_FOR_SOURCE,
						    &r->line.addr, &counts),
				       bytes, &w, KEYRING_V4, &counts));
	}
	bytes[40] ^= how > 190 && how < 200;
	struct event ev = event_of(r, EVENT_PEER);

	ev.packet.at = tstamp_add(
		r->wall, (span){ -(int64_t)read_u8(&r->in) * (1 << 14) });
	ev.packet.origin = STAMP_KERNEL;
	ev.packet.local = netaddr_v4(0x0a0000fe, NTP_PORT);
	ev.packet.from = r->line.addr;
	ev.packet.data = bytes;
	ev.packet.len = (size_t)(w.at - bytes);
	enum source_verdict v =
		symmetric_receive(&r->source, &ev, &r->world, &r->out, &x);

	if (id != KEY || (how > 190 && how < 200)) {
		INVARIANT(r->out.count == 0);
		INVARIANT(left_none(r, &was));
		return;
	}
	if (v != SOURCE_REFLECTED && v != SOURCE_OLD) {
		r->theirs = p;
	}
	if (v == SOURCE_HELD || source_verdict_is_answer(v)) {
		r->until = r->since;
		r->since = 0;
	}
	take(r, v, &x);
}

static void step(struct run *r)
{
	uint8_t how = read_u8(&r->in);
	span ahead = instant_diff(source_deadline(&r->source), r->now);

	switch (how % 8) {
	case 0:
	case 1:
		if (ahead.v > 0) {
			r->now = instant_add(r->now, ahead);
			r->wall = tstamp_add(r->wall, ahead);
		}
		tick(r);
		break;
	case 2:
		ahead = (span){ (int64_t)read_u8(&r->in) << 26 };
		r->now = instant_add(r->now, ahead);
		r->wall = tstamp_add(r->wall, ahead);
		break;
	case 3:
	case 4:
		sent(r);
		break;
	case 5:
		if (how > 240) { /* our clock was stepped, or a word went */
			outbox_empty(&r->out);
			source_abandon(&r->source, &r->out);
			r->line.xleave = how & 8;
			r->since = r->until = 0;
			break;
		}
		hear(r);
		break;
	default:
		hear(r);
		break;
	}
}

/* --- a server that is heard --- */

static void listen_to(struct run *r)
{
	struct packet p = saying(r);
	struct event ev = event_of(r, EVENT_PEER);
	struct trace was = trace_of(r);
	struct sample x;

	p.mode = MODE_BROADCAST;
	ev.packet.at = r->wall;
	ev.packet.origin = STAMP_KERNEL;
	ev.packet.local = netaddr_v4(0x0a0000ff, NTP_PORT);
	enum source_verdict v =
		listener_receive(&r->source, &p, &ev, &r->world, &r->out, &x);

	if (v == SOURCE_OLD) {
		INVARIANT(left_none(r, &was));
	}
	if (v == SOURCE_SAMPLE || v == SOURCE_COMPLETED) {
		r->theirs = p;
		r->last.packet.receive = tstamp_add(p.transmit, SPAN_MS(1));
	}
	take(r, v, &x);
	listener_advance(&r->source, r->now);
}

static void begin_listening(struct run *r)
{
	struct packet first = { .poll = 6, .transmit = r->wall };

	r->line.kind = SOURCE_KIND_SERVER;
	source_init(&r->source, &r->line, 1e-4, r->now);
	source_move(&r->source, &r->line.addr, &r->world, r->now);
	r->source.listener.given = true;
	listener_begin(&r->source, &first, SPAN_MS(2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run *r = &run;
	uint8_t flags;

	if (!ring) {
		read_keys();
	}
	memset(r, 0, sizeof(*r));
	r->in = reader_over(data, size);
	flags = read_u8(&r->in);
	begin(r);
	r->line.xleave = flags & 1;
	if (flags & 2) {
		begin_listening(r);
	}
	for (int i = 0; i < 2000 && reader_left(&r->in) > 0; i++) {
		if (flags & 2) {
			span d = { (int64_t)read_u8(&r->in) << 30 };

			r->now = instant_add(r->now, d);
			r->wall = tstamp_add(r->wall, d);
			listen_to(r);
		} else {
			step(r);
		}
	}
	return 0;
}
