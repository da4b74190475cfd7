/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sourcebench.h - one source on the bench: asks, is answered, is looked at.
 */
#ifndef TESTS_SOURCEBENCH_H
#define TESTS_SOURCEBENCH_H

#include <math.h>
#include <string.h>

#include "check.h"
#include "core/source/source.h"

#define RATE UINT32_C(0x52415445)
#define DENY UINT32_C(0x44454e59)
#define RSTR UINT32_C(0x52535452)

struct bench {
	struct source_config config;
	struct source source;
	struct source_world world;
	struct rng rng;
	struct outbox out;
	struct sample sample;
	double now_s;
	uint8_t request[PACKET_LEN + 24];
	size_t request_len;
	struct packet asked;
	uint32_t own[1];
};

static struct bench bench;
static const tstamp epoch = { UINT64_C(0xe98c5a1000000000) };

static inline tstamp wall(double s)
{
	return tstamp_add(epoch, span_from_seconds(s));
}

static inline struct event event(struct bench *b, enum event_kind kind)
{
	struct event ev = { .kind = kind };

	ev.now = instant_add((instant){ INT64_C(5) << 32 },
			     span_from_seconds(b->now_s));
	ev.wall = wall(b->now_s);
	outbox_empty(&b->out);
	return ev;
}

static inline struct bench *fresh(void)
{
	struct bench *b = &bench;
	netaddr addr = netaddr_v4(0xc0000201, 123);

	memset(b, 0, sizeof(*b));
	rng_init_number(&b->rng, check_rng());
	b->config = (struct source_config){ .version = 4,
					    .minpoll = 6,
					    .maxpoll = 10,
					    .host = "192.0.2.1",
					    .addr = addr };
	b->own[0] = 0x0a141e28;
	b->world = (struct source_world){
		.rng = &b->rng, .own = b->own, .own_count = 1, .precision = -20
	};
	struct event ev = event(b, EVENT_TICK);

	source_init(&b->source, &b->config, 1e-4, ev.now);
	source_move(&b->source, &addr, &b->world, ev.now);
	return b;
}

static inline enum source_verdict tick(struct bench *b)
{
	struct event ev = event(b, EVENT_TICK);

	return source_tick(&b->source, &ev, &b->world, &b->out, &b->sample);
}

/* Lets it ask; what it asked is in `request` and `asked`. */
static inline void ask(struct bench *b)
{
	const struct effect *e = &b->out.effects[0];

	b->now_s += span_to_seconds(instant_diff(b->source.polling.due,
						 event(b, EVENT_TICK).now)) +
		    1e-9;
	(void)tick(b);
	for (uint32_t i = 0; i < b->out.count; i++) {
		if (b->out.effects[i].kind == EFFECT_SEND) {
			e = &b->out.effects[i];
		}
	}
	assert_int_equal(e->kind, EFFECT_SEND);
	assert_in_range(e->send.len, PACKET_LEN, sizeof(b->request));
	b->request_len = e->send.len;
	memcpy(b->request, b->out.bytes + e->send.at, e->send.len);
	struct reader r = reader_over(b->request, PACKET_LEN);

	assert_int_equal(packet_parse(&b->asked, &r), PACKET_OK);
}

static inline enum source_verdict sent(struct bench *b)
{
	struct event ev = event(b, EVENT_SENT);

	ev.sent.exchange = b->source.exchange;
	ev.sent.at = ev.wall;
	ev.sent.origin = STAMP_KERNEL;
	return source_sent(&b->source, &ev, &b->world, &b->out, &b->sample);
}

/* A good answer to what was asked; each way took 10 ms. */
static inline struct packet good(const struct bench *b)
{
	return (struct packet){
		.mode = MODE_SERVER,
		.version = 4,
		.stratum = 2,
		.poll = 6,
		.precision = -20,
		.root_delay = span_from_seconds(0.01),
		.root_disp = span_from_seconds(0.02),
		.refid = 0x01020304,
		.origin = b->asked.transmit,
		.reference = wall(b->now_s - 100),
		.receive = wall(b->now_s + 0.010),
		.transmit = wall(b->now_s + 0.0101),
	};
}

static inline enum source_verdict receive_bytes(struct bench *b,
						const uint8_t *data, size_t len)
{
	struct event ev = event(b, EVENT_PACKET);

	ev.packet.at = ev.wall;
	ev.packet.origin = STAMP_KERNEL;
	ev.packet.local = netaddr_v4(0xc00002fe, 50000);
	ev.packet.data = data;
	ev.packet.len = len;
	return source_receive(&b->source, &ev, &b->world, &b->out, &b->sample);
}

/* It arrives 20 ms after the request left. */
static inline enum source_verdict receive(struct bench *b,
					  const struct packet *p)
{
	uint8_t bytes[PACKET_LEN];
	struct writer w = writer_over(bytes, sizeof(bytes));

	packet_write(p, &w);
	b->now_s += 0.0201;
	return receive_bytes(b, bytes, sizeof(bytes));
}

/* Sends it and demands that it is without any effect. */
static inline void refuse(struct bench *b, const struct packet *p,
			  enum source_verdict verdict)
{
	struct source before = b->source;

	assert_int_equal(receive(b, p), verdict);
	b->now_s -= 0.0201;
	assert_memory_equal(&before, &b->source, sizeof(before));
	assert_int_equal(b->out.count, 0);
}

#endif
