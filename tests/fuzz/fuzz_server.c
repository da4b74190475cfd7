/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever arrives, under whatever restrict flags: one verdict, an answer for
 * two of them only, and never more out than in (F3). The first 8 octets are
 * the flags and the client; the rest is the datagram.
 */
#include <string.h>

#include "core/serve/access.h"
#include "core/serve/server.h"
#include "fuzz/fuzz.h"

#define HEAD 8
#define POISON 0xaa

static struct ratelimit *limits(void)
{
	static uint64_t memory[4096];
	static const uint8_t seed[RNG_SEED] = { 1 };
	static const struct limit_config limit = { .average = 3,
						   .minimum_s = 2 };

	INVARIANT(ratelimit_size(16) <= sizeof(memory));
	return ratelimit_init(memory, 16, &limit, seed);
}

/* A list for four: made anew for each input, and full soon. */
static struct mru *clients(void)
{
	static uint64_t memory[2048];
	static const uint8_t seed[RNG_SEED] = { 2 };
	static const struct mru_config rules = { .maxdepth = 4 };

	INVARIANT(mru_size(mru_room(&rules)) <= sizeof(memory));
	memset(memory, 0, sizeof(memory));
	return mru_init(memory, &rules, seed);
}

/* Kept from input to input, as a server keeps it. */
static struct interleave *held(void)
{
	static uint64_t memory[160 * 1024];
	static const uint8_t seed[RNG_SEED] = { 3 };

	INVARIANT(interleave_size() <= sizeof(memory));
	return interleave_init(memory, seed);
}

/* Who was not ignored is listed, as he asked; who was is not (F8). */
static void check_listed(const struct mru *m, const struct request *req,
			 enum server_verdict verdict, uint64_t noted)
{
	struct mru_counts n = mru_counts(m, req->received);
	bool listed = n.added + n.exists > noted;
	mru_place at = mru_find(m, &req->from);

	INVARIANT(n.depth <= 4 && n.unlisted == 0);
	INVARIANT(verdict != SERVER_IGNORED || !listed);
	INVARIANT((verdict != SERVER_ANSWERED && verdict != SERVER_KISSED &&
		   verdict != SERVER_LIMITED && verdict != SERVER_CONTROL) ||
		  listed);
	if (listed) {
		struct mru_client c = mru_client(m, at);

		INVARIANT(at != 0 && at == mru_newest(m));
		INVARIANT(netaddr_equal(&c.addr, &req->from));
		INVARIANT(netaddr_same_host(&c.local, &req->to));
		INVARIANT(c.version == (req->data[0] >> 3 & 7) &&
			  c.mode == (req->data[0] & 7));
	}
}

static uint64_t noted(const struct server_shard *shard)
{
	struct mru_counts n = mru_counts(shard->clients, (tstamp){ 0 });

	return n.added + n.exists;
}

static void check(const struct view *view, struct server_shard *shard,
		  const struct request *req)
{
	uint8_t reply[2 * PACKET_LEN];
	struct writer w = writer_over(reply, sizeof(reply));
	tstamp now = tstamp_add(req->received, (span){ 1 << 20 });

	memset(reply, POISON, sizeof(reply));
	uint64_t before = noted(shard);
	enum server_verdict verdict = server_respond(view, shard, req, now, &w);
	size_t len = (size_t)(w.at - reply);
	struct interleave_due due = interleave_due(shard->held);

	if (due.place != 0) {
		INVARIANT(verdict == SERVER_ANSWERED);
		interleave_sent(shard->held, &due, now);
	}
	INVARIANT(verdict < SERVER_VERDICTS);
	INVARIANT((verdict == SERVER_ANSWERED || verdict == SERVER_KISSED ||
		   verdict == SERVER_NAKED) == (len != 0));
	check_listed(shard->clients, req, verdict, before);
	INVARIANT(len <= req->len);
	INVARIANT(len == 0 || len == PACKET_LEN || verdict == SERVER_NAKED);
	INVARIANT(reply[verdict == SERVER_NAKED ? len : PACKET_LEN] == POISON);
	if (len != 0) { /* what we say is never answered by one of us */
		struct request echo = *req;
		uint8_t room[2 * PACKET_LEN];
		struct writer again = writer_over(room, sizeof(room));

		echo.data = reply;
		echo.len = len;
		INVARIANT(server_respond(view, shard, &echo, now, &again) !=
			  SERVER_ANSWERED);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t memory[256];
	struct reader r = reader_over(data, size);
	struct restrict_config line = { .kind = RESTRICT_DEFAULT };
	struct config config = { .restricts = &line };
	struct server_shard shard = { .limit = limits(),
				      .clients = clients(),
				      .held = held() };
	struct view view = { .stratum = 2,
			     .root_disp = SPAN_S(1),
			     .drift_ppm = 15 };
	struct request req = { .by_loopback = true };

	if (size < HEAD) {
		return 0;
	}
	line.flags = read_u32(&r) & (RESTRICT_NTPPORT * 2u - 1);
	view.leap = (enum leap)(data[4] & 3);
	req.truncated = data[4] & 4;
	req.from = netaddr_v4(0x7f000000u | (read_u32(&r) & 0xff),
			      data[5] ? (uint16_t)(data[6] << 8) : 123);
	req.to = netaddr_v4(0x7f000001, 123);
	req.data = r.at;
	req.len = reader_left(&r);
	INVARIANT(access_size(&config, 0) <= sizeof(memory));
	view.access = access_build(memory, &config, NULL, 0);
	for (unsigned i = 0; i < 12; i++) { /* often enough to be limited */
		check(&view, &shard, &req);
	}
	return 0;
}
