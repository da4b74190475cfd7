/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * broadcasts.h - a tiny world in which 10.0.0.1 tells the time unasked.
 */
#ifndef TESTS_UNIT_BROADCASTS_H
#define TESTS_UNIT_BROADCASTS_H

#include "core/engine/stages.h"
#include "keyrings.h"
#include "tinyreload.h"

#define KEY 7
#define SENDER 0x0a000001u

static struct tiny world;
static uint8_t bytes[PACKET_LEN + 4 + MAC_LEN_MAX];

static inline struct tiny *begin(bool listens, bool auth)
{
	struct tiny *t = &world;

	tiny_config(t);
	t->config.broadcast_client = listens;
	t->config.auth = auth;
	tiny_server(t, true);     /* 10.0.0.1 answers, if it is asked ... */
	t->config.sources = NULL; /* ... but no line names it */
	tiny_start(t);
	t->settings.keys = keyring_trusting("7 SHA1 a_secret\n8 SHA1 other\n",
					    "trustedkey 7 8\n");
	tiny_run(t, 20);
	return t;
}

static inline struct packet broadcast(const struct tiny *t)
{
	return (struct packet){
		.mode = MODE_BROADCAST,
		.version = 4,
		.stratum = 2,
		.poll = 6,
		.precision = -20,
		.refid = 0x55555555,
		.reference = tiny_true(t->now_s - 10),
		.transmit = tiny_true(t->now_s - TINY_WAY_S),
	};
}

static inline size_t make(const struct tiny *t, const struct packet *p,
			  uint32_t key)
{
	struct writer w = writer_over(bytes, sizeof(bytes));

	packet_write(p, &w);
	return key == 0 ? PACKET_LEN
			: sign_with(t->settings.keys, key, bytes, PACKET_LEN,
				    KEYRING_V4);
}

static inline void deliver(struct tiny *t, uint32_t from, size_t len)
{
	struct event ev = { .kind = EVENT_PEER };

	ev.packet.at = tiny_wall(t);
	ev.packet.origin = STAMP_KERNEL;
	ev.packet.local = netaddr_v4(0x0a0000ff, NTP_PORT);
	ev.packet.from = netaddr_v4(from, NTP_PORT);
	ev.packet.data = bytes;
	ev.packet.len = len;
	tiny_handle(t, &ev);
}

static inline const struct source *only(const struct tiny *t)
{
	const struct source *found = NULL;

	for (size_t i = 0; i < t->engine->source_slots; i++) {
		if (t->engine->sources[i].used) {
			assert_null(found);
			found = &t->engine->sources[i];
		}
	}
	return found;
}

#endif
