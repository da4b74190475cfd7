/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peerbench.h - one symmetric peer on the bench, with keys that both sides
 * have: polls, is answered, is looked at.
 */
#ifndef TESTS_PEERBENCH_H
#define TESTS_PEERBENCH_H

#include "core/report/standing.h"
#include "core/serve/keyring.h"
#include "core/source/symmetric.h"
#include "sourcebench.h"
#include "wire/tail.h"

#define KEY 7
#define OTHER_KEY 8

static struct standing standing;
static const struct keyring *ring;
static struct key_counts counts;
static const char keys[] = "7 SHA1 secret\n8 SHA1 other\n";
static uint8_t file_memory[16384], ring_memory[16384];

static inline void read_keys(void)
{
	static struct key_range all = { .first = 1, .last = 65535 };
	struct arena file_arena = arena_over(file_memory, sizeof(file_memory));
	struct arena ring_arena = arena_over(ring_memory, sizeof(ring_memory));
	struct config config = { .trusted_keys = &all };
	struct keysfile file =
		keysfile_parse(&file_arena, "keys", keys, strlen(keys));

	assert_int_equal(file.errors, 0);
	ring = keyring_build(&ring_arena, &file, &config);
	assert_non_null(ring);
}

static inline const struct keyring_key *key_of(const struct bench *b,
					       uint32_t id)
{
	return keyring_find(ring, id, KEY_FOR_SOURCE, &b->config.addr, &counts);
}

static inline struct bench *peer(void)
{
	struct bench *b = fresh();
	netaddr addr = b->config.addr;

	read_keys();
	b->config.kind = SOURCE_KIND_PEER;
	b->config.key = KEY;
	b->world.keys = ring;
	b->world.key_counts = &counts;
	b->world.standing = &standing;
	struct event ev = event(b, EVENT_TICK);

	standing_init(&standing, -20, 15, ev.now);
	source_init(&b->source, &b->config, 1e-4, ev.now);
	source_move(&b->source, &addr, &b->world, ev.now);
	assert_true(b->source.symmetric.on);
	return b;
}

static inline const struct effect *last_send(const struct bench *b)
{
	for (uint32_t i = b->out.count; i > 0; i--) {
		if (b->out.effects[i - 1].kind == EFFECT_SEND) {
			return &b->out.effects[i - 1];
		}
	}
	return NULL;
}

/* What it sent last, which must be signed with its key. */
static inline struct packet sent_packet(const struct bench *b)
{
	const struct effect *e = last_send(b);
	struct packet p;

	assert_non_null(e);
	const uint8_t *bytes = b->out.bytes + e->send.at;
	struct reader r = reader_over(bytes, e->send.len);

	assert_int_equal(e->send.way, SEND_SERVER);
	assert_int_equal(e->send.len, PACKET_LEN + 24);
	assert_true(keyring_verify(key_of(b, KEY), bytes, PACKET_LEN,
				   bytes + PACKET_LEN + 4, 20, &counts));
	assert_int_equal(packet_parse(&p, &r), PACKET_OK);
	return p;
}

/* Its poll is in the outbox. */
static inline void wants(struct bench *b)
{
	b->now_s += span_to_seconds(instant_diff(b->source.polling.due,
						 event(b, EVENT_TICK).now)) +
		    1e-9;
	(void)tick(b);
}

/* What it polled with, which has left. */
static inline struct packet polls(struct bench *b)
{
	wants(b);
	struct packet p = sent_packet(b);

	(void)sent(b);
	return p;
}

static inline struct packet from_peer(const struct bench *b, enum mode mode,
				      tstamp origin)
{
	struct packet p = good(b);

	p.mode = mode;
	p.origin = origin;
	return p;
}

static inline enum source_verdict arrive(struct bench *b,
					 const struct packet *p, uint32_t key)
{
	uint8_t bytes[PACKET_LEN + TAIL_MAC_MAX];
	struct writer w = writer_over(bytes, sizeof(bytes));

	packet_write(p, &w);
	assert_true(key == 0 || keyring_sign(key_of(b, key), bytes, &w,
					     KEYRING_V4, &counts));
	b->now_s += 0.0201;
	struct event ev = event(b, EVENT_PEER);

	ev.packet.at = ev.wall;
	ev.packet.origin = STAMP_KERNEL;
	ev.packet.local = netaddr_v4(0xc00002fe, NTP_PORT);
	ev.packet.from = b->source.addr;
	ev.packet.data = bytes;
	ev.packet.len = (size_t)(w.at - bytes);
	return symmetric_receive(&b->source, &ev, &b->world, &b->out,
				 &b->sample);
}

static inline void leaves_no_trace(struct bench *b, const struct packet *p,
				   uint32_t key, enum source_verdict verdict)
{
	struct source before = b->source;

	assert_int_equal(arrive(b, p, key), verdict);
	b->now_s -= 0.0201;
	assert_memory_equal(&before, &b->source, sizeof(before));
	assert_int_equal(b->out.count, 0);
}

#endif
