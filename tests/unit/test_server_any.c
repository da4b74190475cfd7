/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any request, to a server of any configuration: never more octets out than in
 * (threat F3), and the short way of a plain one ends where the long way does.
 */
#include <string.h>

#include "check.h"
#include "core/serve/access.h"
#include "core/serve/request.h"
#include "keyrings.h"

#define REQUESTS 100000
#define ROOM 256
#define HOSTS 40

static const uint8_t seed[RNG_SEED] = { 5 };

static const char *const words[SERVER_VERDICTS] = {
#define VERDICT(id, plain_words) [SERVER_##id] = (plain_words),
#include "core/serve/serververdicts.def"
#undef VERDICT
};

static bool rarely(void)
{
	return check_below(8) == 0;
}

/* Everything that an answer hangs on. */
struct world {
	struct view view;
	struct server_shard shard;
	struct request req;
	uint8_t in[ROOM], out[2 * ROOM];
	uint64_t hits[8];
	tstamp now;
	struct writer w;
	struct restrict_config line;
	struct config config;
	uint64_t access[256], clients[1024], limits[256];
	struct interleave *held;
	netaddr answered;
	uint8_t receive[8]; /* of his answer: his next origin */
};

static void open_for_business(struct world *t)
{
	const struct mru_config rules = { .maxdepth = HOSTS / 2,
					  .maxage_s = 1u << 30 };
	const struct limit_config limit = { .average = 3, .minimum_s = 2 };

	memset(t, 0, sizeof(*t));
	t->now.v = UINT64_C(0xe98c5a1000000000);
	assert_true(mru_size(rules.maxdepth) <= sizeof(t->clients) * 8);
	t->shard.clients = mru_init(t->clients, &rules, seed);
	assert_true(ratelimit_size(8) <= sizeof(t->limits));
	t->shard.limit = ratelimit_init(t->limits, 8, &limit, seed);
	t->shard.hits = t->hits;
	t->shard.hit_count = ARRAY_LEN(t->hits);
	t->config.restricts = &t->line;
	assert_true(access_size(&t->config, 0) <= sizeof(t->access));
	t->held = calloc(1, interleave_size());
	assert_non_null(t->held);
	t->shard.held = interleave_init(t->held, seed);
}

static void close_down(struct world *t)
{
	free(t->held);
}

static void configure(struct world *t)
{
	static const uint32_t all[] = {
		RESTRICT_IGNORE,  RESTRICT_NOSERVE, RESTRICT_NOTRUST,
		RESTRICT_VERSION, RESTRICT_FLAKE,   RESTRICT_FUZZ,
		RESTRICT_NOQUERY, RESTRICT_LIMITED, RESTRICT_KOD,
		RESTRICT_NTPPORT, RESTRICT_MSSNTP,
	};

	t->line.kind = RESTRICT_DEFAULT;
	t->line.flags = 0;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		t->line.flags |= rarely() ? all[i] : 0;
	}
	if (rarely()) {
		t->line.flags = RESTRICT_LIMITED | RESTRICT_KOD;
	}
	t->view = (struct view){
		.leap = rarely() ? LEAP_UNSYNC : LEAP_NONE,
		.stratum = (uint8_t)check_below(16),
		.precision = (int8_t)-check_below(30),
		.refid = (uint32_t)check_rng(),
		.reference = { check_rng() },
		.made = { t->now.v - (check_rng() >> (8 + check_below(48))) },
		.root_delay = { (int64_t)(check_rng() >>
					  (1 + check_below(60))) },
		.root_disp = { (int64_t)(check_rng() >>
					 (1 + check_below(60))) },
		.drift_ppm = (double)check_below(1000) / 2,
		.access = access_build(t->access, &t->config, NULL, 0),
		.keys = keyring_trusting("1 MD5 sesame\n", "trustedkey 1\n"),
		.listens = check_below(2),
		.cohort = check_below(2),
	};
}

static void put_tail(struct world *t)
{
	t->req.len = PACKET_LEN + 4 * check_below(20);
	if (rarely()) { /* what Samba's clients send */
		memset(t->in + PACKET_LEN, 0, 20);
		t->in[PACKET_LEN] = 1;
		t->req.len = PACKET_LEN + 20;
	} else if (rarely()) {
		t->req.len = sign_with(t->view.keys, 1, t->in, PACKET_LEN,
				       KEYRING_WHOLE);
	}
}

static void ask(struct world *t)
{
	static const uint8_t modes[] = { 3, 3, 3, 1, 2, 4, 5, 6, 7, 0 };

	for (size_t i = 0; i < ROOM; i++) {
		t->in[i] = (uint8_t)check_rng();
	}
	t->in[0] = (uint8_t)(check_below(4) << 6 |
			     (rarely() ? check_below(8) : 4) << 3 |
			     modes[check_below(ARRAY_LEN(modes))]);
	t->req = (struct request){
		.data = t->in,
		.len = rarely() ? check_below(PACKET_LEN + 4) : PACKET_LEN,
		.from = netaddr_v4(0x0a000000 + (uint32_t)check_below(HOSTS),
				   (uint16_t)(rarely() ? 123 : 4711)),
		.to = netaddr_v4(0xc0000202, 123),
		.group = rarely(),
		.called = check_below(2),
		.heard = check_below(2),
		.by_loopback = rarely(),
		.truncated = check_below(100) == 0,
		.received = t->now,
	};
	if (rarely()) {
		t->req.from.ip[check_below(16)] = (uint8_t)check_rng();
	}
	if (check_below(
		    2)) { /* who was answered goes on in the interleaved mode */
		t->req.from = t->answered;
		memcpy(t->in + 24, t->receive, sizeof(t->receive));
	}
	if (rarely()) {
		put_tail(t);
	}
	t->now.v += UINT64_C(1) << (16 + check_below(12));
}

static enum server_verdict respond(struct world *t)
{
	t->w = writer_over(t->out, sizeof(t->out));
	memset(t->out, 0xaa, sizeof(t->out));
	if (check_below(2)) {
		server_expect(&t->view, &t->shard, &t->req, 1);
	}
	enum server_verdict verdict =
		server_respond(&t->view, &t->shard, &t->req, t->now, &t->w);
	const struct interleave_due due = interleave_due(t->shard.held);

	if (verdict == SERVER_ANSWERED) {
		t->answered = t->req.from;
		memcpy(t->receive, t->out + 32, sizeof(t->receive));
	}
	if (due.place != 0) {
		interleave_sent(t->shard.held, &due,
				(tstamp){ t->now.v + (1u << 16) });
	}
	return verdict;
}

/* F3: whatever becomes of it. */
static void never_more_out_than_in(void **state)
{
	(void)state;
	static struct world t;
	uint64_t count[SERVER_VERDICTS] = { 0 };

	open_for_business(&t);
	for (unsigned i = 0; i < REQUESTS; i++) {
		if (i % 10 == 0) {
			configure(&t);
			if (rarely()) { /* the last second before an insertion
					 */
				t.view.smear =
					(struct smear){ 7200, LEAP_INSERT,
							t.now };
			}
		}
		ask(&t);
		enum server_verdict verdict = respond(&t);
		size_t len = (size_t)(t.w.at - t.out);

		assert_in_range(len, 0, t.req.len);
		assert_int_equal(len != 0, verdict == SERVER_ANSWERED ||
						   verdict == SERVER_KISSED ||
						   verdict == SERVER_NAKED);
		count[verdict]++;
	}
	for (unsigned v = 0; v < SERVER_VERDICTS; v++) {
		/* These need more haste: see test_server.c. */
		bool limits = v == SERVER_KISSED || v == SERVER_LIMITED ||
			      v == SERVER_BADAUTH;

		if (count[v] == 0 && !limits) {
			fail_msg("none %s", words[v]);
		}
	}
	close_down(&t);
}

/* A smear that is not due changes nothing, but is not plain. */
static void the_short_way_ends_where_the_long_way_does(void **state)
{
	(void)state;
	static struct world a, b;
	uint64_t plain = 0;

	open_for_business(&a);
	open_for_business(&b);
	for (unsigned i = 0; i < REQUESTS; i++) {
		if (i % 10 == 0) {
			configure(&a);
		}
		ask(&a);
		memcpy(b.in, a.in, sizeof(b.in));
		b.view = a.view;
		b.req = a.req;
		b.req.data = b.in;
		b.now = a.now;
		b.view.smear.length_s = 7200;
		enum server_verdict verdict = respond(&a);

		assert_int_equal(respond(&b), verdict);
		assert_int_equal(b.w.at - b.out, a.w.at - a.out);
		assert_memory_equal(a.out, b.out, sizeof(a.out));
		plain += verdict == SERVER_ANSWERED &&
			 !(a.line.flags & RESTRICT_LIMITED);
	}
	assert_true(plain > REQUESTS / 20);
	assert_memory_equal(a.shard.versions, b.shard.versions,
			    sizeof(a.shard.versions));
	assert_memory_equal(a.shard.firsts, b.shard.firsts,
			    sizeof(a.shard.firsts));
	assert_memory_equal(a.hits, b.hits, sizeof(a.hits));
	assert_true(a.shard.interleaved > REQUESTS / 100);
	assert_int_equal(a.shard.interleaved, b.shard.interleaved);
	assert_memory_equal(a.held, b.held, interleave_size());
	for (mru_place i = mru_newest(a.shard.clients); i != 0;
	     i = mru_older(a.shard.clients, i)) {
		const struct mru_client x = mru_client(a.shard.clients, i);
		const struct mru_client y = mru_client(b.shard.clients, i);

		assert_memory_equal(&x.addr.ip, &y.addr.ip, 16);
		assert_int_equal(x.last.v, y.last.v);
		assert_int_equal(x.count, y.count);
		assert_int_equal(x.fate, y.fate);
	}
	close_down(&a);
	close_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_more_out_than_in),
		cmocka_unit_test(the_short_way_ends_where_the_long_way_does),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
