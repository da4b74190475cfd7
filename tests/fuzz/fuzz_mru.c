/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text as a question for the list of clients, of two lists that any
 * requests have made: an answer whose pieces fit together, and never more of
 * them than the outbox holds. The first octet says how many octets are
 * requests, of two octets each; the rest is the question.
 */
#include <string.h>

#include "core/control/lists.h"
#include "core/control/pieces.h"
#include "fuzz/fuzz.h"

#define ROOM 32
#define LIST_WORDS 2048

static struct mru *list_of(uint64_t memory[LIST_WORDS], const uint8_t *data,
			   size_t requests)
{
	static const uint8_t seed[RNG_SEED] = { 5 };
	static const struct mru_config rules = {
		.maxdepth = ROOM, .mindepth = 4, .maxage_s = 64, .minage_s = 2
	};
	tstamp now = { UINT64_C(0xe98c5a1000000000) };

	INVARIANT(mru_size(ROOM) <= LIST_WORDS * sizeof(*memory));
	memset(memory, 0, LIST_WORDS * sizeof(*memory));
	struct mru *m = mru_init(memory, &rules, seed);

	for (size_t i = 0; i < requests; i++) {
		const uint8_t *r = data + 2 * i;
		netaddr from = netaddr_v4(0x0a000000u + r[0], 123);

		if (r[0] & 0x40) {
			from = (netaddr){ .ip = { 0xfe, 0x80 }, .port = 9 };
			from.ip[15] = r[0];
			from.scope = r[1];
		}

		now.v += (uint64_t)r[1] << 30;
		if (r[1] == UINT8_MAX) { /* set back by two minutes */
			now.v -= UINT64_C(120) << 32;
		}
		mru_note(m, &from, &from, r[1], (enum mru_fate)(r[0] % 3), now);
	}
	return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct outbox out;
	static uint64_t memory[2][LIST_WORDS];
	struct effect e = { .kind = EFFECT_LIST };
	const struct mode6 request = { .version = 2, .opcode = 10 };
	struct server_shard shards[2] = { 0 };
	size_t requests, half, offset = 0;

	if (size < 1 || size > 4096) {
		return 0;
	}
	requests = data[0] < (size - 1) / 2 ? data[0] : (size - 1) / 2;
	half = requests / 2;
	struct listables have = {
		.now = { UINT64_C(0xe98c5a5000000000) },
		.shards = shards,
		.shard_count = ARRAY_LEN(shards),
	};

	shards[0].clients = list_of(memory[0], data + 1, half);
	shards[1].clients =
		list_of(memory[1], data + 1 + 2 * half, requests - half);
	e.list.kind = LIST_CLIENTS;
	e.list.header = pieces_header(&request);
	outbox_empty(&out);
	outbox_list(&out, &e, data + 1 + 2 * requests, size - 1 - 2 * requests);
	e = out.effects[0];
	lists_answer(&e, &have, &out);
	INVARIANT(out.lost == 0 && out.count > 1);
	INVARIANT(out.count - 1 <= PIECES_MOST);
	for (uint32_t i = 1; i < out.count; i++) {
		struct reader r =
			reader_over(out.bytes + out.effects[i].answer.at,
				    out.effects[i].answer.len);
		struct mode6 m;

		INVARIANT(mode6_parse(&m, &r) && m.response);
		INVARIANT(m.offset == offset && m.count <= reader_left(&r));
		INVARIANT(m.more == (i + 1 < out.count));
		offset += m.count;
	}
	return 0;
}
