/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server.c - how long one answer takes, in ns, and what remembering the client
 * adds to it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"
#include "core/serve/access.h"
#include "core/serve/server.h"
#include "stopwatch.h"

#define ANSWERS 4000000
#define ROUNDS 5

static const struct view plain = { .stratum = 2 };

/* `answers` requests, each from one of `clients` at random. */
static double answers_s(const struct view *view, struct server_shard *shard,
			uint32_t clients, unsigned answers)
{
	uint8_t in[PACKET_LEN] = { 0x23 }, out[PACKET_LEN];
	struct request req = { .data = in,
			       .len = sizeof(in),
			       .to = netaddr_v4(0xc0000202, 123) };
	tstamp now = { UINT64_C(0xe98c5a10b0010000) };
	uint32_t luck = 1;
	double start = now_s();

	for (unsigned i = 0; i < answers; i++) {
		struct writer w = writer_over(out, sizeof(out));

		luck = luck * 1664525 + 1013904223;
		req.from = netaddr_v4(0x0a000000 + (luck >> 8) % clients, 4711);
		req.received = now;
		now.v += 1 << 12;
		if (server_respond(view, shard, &req, now, &w) !=
		    SERVER_ANSWERED) {
			abort();
		}
	}
	return now_s() - start;
}

static double least_ns(const struct view *view, struct server_shard *shard,
		       uint32_t clients)
{
	double least = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		double ns = answers_s(view, shard, clients, ANSWERS) / ANSWERS *
			    1e9;

		least = ns < least ? ns : least;
	}
	return least;
}

static void compare(const struct view *view, uint32_t clients)
{
	static const uint8_t seed[RNG_SEED] = { 1 };
	const struct mru_config rules = { .maxdepth = clients,
					  .maxage_s = 1u << 30 };
	struct server_shard forgetful = { .clients = NULL };
	struct server_shard shard = { .clients = NULL };
	void *memory = calloc(1, mru_size(clients));

	if (!memory) {
		abort();
	}
	shard.clients = mru_init(memory, &rules, seed);
	double before = least_ns(view, &forgetful, clients);
	double after = least_ns(view, &shard, clients);

	printf("%8u clients: %5.1f ns an answer, %5.1f ns when remembered, "
	       "in %.1f MB\n",
	       clients, before, after, (double)mru_size(clients) / 1e6);
	free(memory);
}

int main(void)
{
	static uint64_t memory[256];
	static const struct restrict_config line = { .kind = RESTRICT_DEFAULT };
	struct config config = { .restricts = (struct restrict_config *)&line };
	struct view view = plain;

	if (access_size(&config, 0) > sizeof(memory)) {
		return 1;
	}
	view.access = access_build(memory, &config, NULL, 0);
	compare(&view, 1);
	compare(&view, 100);
	compare(&view, 10000);
	compare(&view, 100000);
	compare(&view, 1000000);
	return 0;
}
