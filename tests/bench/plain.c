/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plain.c - a thousand plain requests, the same in every run, for valgrind to
 * count the instructions of an answer: see instructions.py. Each of a thousand
 * clients has asked before; the restrict lines are like those of Debian's
 * file; nobody is limited; stamps are held for whoever asks in the interleaved
 * mode, and nobody does.
 *
 * Usage: bench_plain one|batch
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/serve/access.h"
#include "core/serve/server.h"

#define CLIENTS 1000
#define BATCH 25

_Noreturn void invariant_failed(const char *cond, const char *file, int line)
{
	(void)fprintf(stderr, "%s:%d: %s\n", file, line, cond);
	abort();
}

static uint8_t in[BATCH][PACKET_LEN], out[BATCH][PACKET_LEN];
static tstamp now = { UINT64_C(0xe98c5a10b0010000) };

static struct request request_of(uint32_t client, uint8_t bytes[PACKET_LEN])
{
	memset(bytes, 0, PACKET_LEN);
	bytes[0] = 0x23;
	for (unsigned i = 40; i < PACKET_LEN; i++) {
		bytes[i] = (uint8_t)(client * i);
	}
	return (struct request){
		.data = bytes,
		.len = PACKET_LEN,
		.from = netaddr_v4(0x0a000000 + client * 40503, 4711),
		.to = netaddr_v4(0xc0000202, 123),
		.received = now,
	};
}

static const struct access *restrict_lines(void)
{
	enum {
		USUAL = RESTRICT_KOD | RESTRICT_NOTRAP | RESTRICT_NOMODIFY |
			RESTRICT_NOPEER | RESTRICT_NOQUERY | RESTRICT_LIMITED
	};
	struct restrict_config lines[] = {
		{ .kind = RESTRICT_DEFAULT, .family = FAMILY_V4 },
		{ .kind = RESTRICT_DEFAULT, .family = FAMILY_V6 },
		{ .kind = RESTRICT_ADDRESS,
		  .addr = netaddr_v4(0x7f000001, 0),
		  .prefix = 128 },
		{ .kind = RESTRICT_ADDRESS,
		  .addr = { .ip = { [15] = 1 } },
		  .prefix = 128 },
		{ .kind = RESTRICT_SOURCE },
	};
	netaddr hosts[4];
	struct config config = { .restricts = lines };

	lines[0].flags = lines[1].flags = lines[4].flags = USUAL;
	for (size_t i = 0; i + 1 < ARRAY_LEN(lines); i++) {
		lines[i].next = &lines[i + 1];
	}
	for (uint32_t i = 0; i < ARRAY_LEN(hosts); i++) {
		hosts[i] = netaddr_v4(0xc6336400 + i, 123);
	}
	void *memory = malloc(access_size(&config, ARRAY_LEN(hosts)));

	if (!memory) {
		abort();
	}
	return access_build(memory, &config, hosts, ARRAY_LEN(hosts));
}

static void answer(const struct view *view, struct server_shard *shard,
		   const struct request *req, uint8_t bytes[PACKET_LEN])
{
	struct writer w = writer_over(bytes, PACKET_LEN);

	now.v += 1 << 12;
	if (server_respond(view, shard, req, now, &w) != SERVER_ANSWERED ||
	    w.at != bytes + PACKET_LEN) {
		abort();
	}
}

static void answer_all(const struct view *view, struct server_shard *shard,
		       bool expect)
{
	struct request batch[BATCH];

	for (uint32_t i = 0; i < CLIENTS; i += BATCH) {
		for (uint32_t k = 0; k < BATCH; k++) {
			batch[k] = request_of(i + k, in[k]);
		}
		if (expect) {
			server_expect(view, shard, batch, BATCH);
		}
		for (uint32_t k = 0; k < BATCH; k++) {
			answer(view, shard, &batch[k], out[k]);
		}
	}
}

int main(int argc, char **argv)
{
	static const uint8_t seed[RNG_SEED] = { 1 };
	static uint64_t hits[64];
	const struct mru_config rules = { .maxdepth = 2 * CLIENTS,
					  .maxage_s = 1u << 30 };
	const struct view view = {
		.stratum = 2,
		.precision = -23,
		.refid = 0xc0000263,
		.reference = { UINT64_C(0xe98c5a0012345678) },
		.made = { UINT64_C(0xe98c5a0112345678) },
		.root_delay = { INT64_C(0x10000000) },
		.root_disp = { INT64_C(0x08000000) },
		.drift_ppm = 15,
		.access = restrict_lines(),
	};
	struct server_shard shard = { .hits = hits,
				      .hit_count = ARRAY_LEN(hits) };
	void *memory = calloc(1, mru_size(rules.maxdepth));

	void *held = calloc(1, interleave_size());

	if (argc != 2 || !memory || !held) {
		return 2;
	}
	shard.clients = mru_init(memory, &rules, seed);
	shard.held = interleave_init(held, seed);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		struct request req = request_of(i, in[0]);

		mru_note(shard.clients, &req.from, &req.to, 0x23, MRU_SERVED,
			 now);
	}
	answer_all(&view, &shard, strcmp(argv[1], "batch") == 0);
	return shard.versions[4] == CLIENTS ? 0 : 1;
}
