/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interleaved mode as a server (RFC 9769): who gets the true transmit
 * stamp of the answer before, and that nobody else does, whatever is sent (D3,
 * D4, F3, F6, F8).
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/serve/fastmap.h"
#include "core/serve/server.h"

#define SENT_NS 20000 /* after the transmit stamp of the basic mode */

struct fixture {
	struct view view;
	struct server_shard shard;
	void *memory;
	tstamp now;
};

struct client {
	netaddr addr;
	tstamp origin; /* of its next request */
	struct packet q, a;
	struct interleave_due due;
};

static struct fixture *begin(void)
{
	static const uint8_t seed[RNG_SEED] = { 1 };
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->memory = calloc(1, interleave_size());
	assert_non_null(f->memory);
	f->view = (struct view){ .stratum = 2, .precision = -25 };
	f->shard.held = interleave_init(f->memory, seed);
	f->now = (tstamp){ UINT64_C(0xe98c5a10b0010000) };
	return f;
}

static void end(struct fixture *f)
{
	free(f->memory);
	free(f);
}

static struct client host(uint32_t ip)
{
	return (struct client){ .addr = netaddr_v4(ip, 4711) };
}

/* One request as it is in `q`; the host tells nothing yet. */
static void ask(struct fixture *f, struct client *c)
{
	uint8_t in[PACKET_LEN], out[PACKET_LEN];
	struct writer q = writer_over(in, sizeof(in));
	struct writer w = writer_over(out, sizeof(out));
	struct request req = { .data = in,
			       .len = sizeof(in),
			       .from = c->addr,
			       .to = netaddr_v4(0xc0000201, NTP_PORT),
			       .received = f->now };
	tstamp later = tstamp_add(f->now, span_from_ns(5000));

	packet_write(&c->q, &q);
	assert_int_equal(server_respond(&f->view, &f->shard, &req, later, &w),
			 SERVER_ANSWERED);
	assert_int_equal(w.at - out, PACKET_LEN); /* F3 */
	c->due = interleave_due(f->shard.held);
	struct reader r = reader_over(out, sizeof(out));

	assert_int_equal(packet_parse(&c->a, &r), PACKET_OK);
}

/* As a client of this mode does, so many seconds after the last. */
static void exchange(struct fixture *f, struct client *c, int64_t wait_s)
{
	f->now = tstamp_add(f->now, SPAN_S(wait_s));
	f->now.v += check_rng() >> 48;
	c->q = (struct packet){ .version = 4,
				.mode = MODE_CLIENT,
				.origin = c->origin,
				.receive = { check_rng() },
				.transmit = { check_rng() } };
	ask(f, c);
	c->origin = c->a.receive;
}

static tstamp left(const struct fixture *f)
{
	return tstamp_add(f->now, span_from_ns(SENT_NS));
}

static void send_it(struct fixture *f, const struct client *c)
{
	assert_int_not_equal(c->due.place, 0);
	interleave_sent(f->shard.held, &c->due, left(f));
}

static bool is_basic(const struct client *c)
{
	return tstamp_equal(c->a.origin, c->q.transmit);
}

static bool is_interleaved(const struct client *c)
{
	return tstamp_equal(c->a.origin, c->q.receive);
}

static int64_t apart_ns(tstamp a, tstamp b)
{
	return llabs(span_to_ns(tstamp_diff(a, b)));
}

/* The third answer is the first that can tell: see interleave.h. */
static struct client follow(struct fixture *f, uint32_t ip)
{
	struct client c = host(ip);

	exchange(f, &c, 0);
	assert_true(is_basic(&c));
	assert_int_equal(c.due.place, 0);
	exchange(f, &c, 0);
	assert_true(is_basic(&c));
	send_it(f, &c);
	return c;
}

static void the_next_answer_has_the_true_stamp(void **state)
{
	(void)state;
	struct fixture *f = begin();
	struct client c = follow(f, 0xc6336401);

	for (unsigned i = 0; i < 20; i++) {
		tstamp sent = left(f), before = c.a.receive;

		exchange(f, &c, 64);
		assert_true(is_interleaved(&c));
		assert_in_range(apart_ns(c.a.transmit, sent), 0, 1);
		assert_false(tstamp_before(c.a.transmit, before));
		assert_in_range(apart_ns(c.a.receive, f->now), 0, 4);
		c.addr.port++; /* a client may change it: RFC 9109 */
		send_it(f, &c);
	}
	assert_int_equal(f->shard.interleaved, 20);
	end(f);
}

static void receive_stamps_are_odd_and_all_different(void **state)
{
	(void)state;
	struct fixture *f = begin();
	struct client c[INTERLEAVE_SERIALS];

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		c[i] = host(0xc6336401);
		c[i].q = (struct packet){ .version = 4, .mode = MODE_CLIENT };
		ask(f, &c[i]);
		assert_int_equal(c[i].a.receive.v & 1, 1);
		assert_int_not_equal(c[i].a.receive.v & 15, FAST_MARK);
		assert_int_equal(c[i].a.transmit.v & 1, 0);
		assert_in_range(apart_ns(c[i].a.receive, f->now), 0, 4);
		for (size_t j = 0; j < i; j++) {
			assert_false(
				tstamp_equal(c[i].a.receive, c[j].a.receive));
		}
	}
	end(f);
}

/* RFC 9769, section 2: such a client could not tell which mode it is. */
static void equal_stamps_are_no_such_request(void **state)
{
	(void)state;
	struct fixture *f = begin();
	struct client c = follow(f, 0xc6336401);

	c.q.origin = c.origin;
	c.q.receive = c.q.transmit;
	ask(f, &c);
	assert_true(is_basic(&c));
	assert_int_equal(c.due.place, 0);
	assert_false(tstamp_equal(c.a.transmit, left(f)));
	/* And has used nothing up. */
	exchange(f, &c, 1);
	end(f);
}

/* Whoever heard of somebody's stamp has nothing of it, and takes nothing. */
static void a_stamp_is_its_clients_own(void **state)
{
	(void)state;
	struct fixture *f = begin();
	struct client c = follow(f, 0xc6336401), thief = host(0xc6336402);
	tstamp sent = left(f);

	thief.origin = c.origin;
	exchange(f, &thief, 1);
	assert_true(is_basic(&thief));
	exchange(f, &c, 63);
	assert_true(is_interleaved(&c));
	assert_in_range(apart_ns(c.a.transmit, sent), 0, 1);
	end(f);
}

static void a_stamp_is_told_once(void **state)
{
	(void)state;
	struct fixture *f = begin();
	struct client c = follow(f, 0xc6336401);
	tstamp stamp = c.origin;

	exchange(f, &c, 64);
	assert_true(is_interleaved(&c));
	/* The answer was lost: the client knows no other stamp. */
	c.origin = stamp;
	exchange(f, &c, 64);
	assert_true(is_basic(&c));
	send_it(f, &c);
	exchange(f, &c, 64);
	assert_true(is_interleaved(&c));
	end(f);
}

/* It could not be sent, or nobody knows when: that is no stamp. */
static void what_is_not_told_is_not_held(void **state)
{
	(void)state;
	struct fixture *f = begin();
	struct client c = follow(f, 0xc6336401);

	exchange(f, &c, 64);
	assert_true(is_interleaved(&c));
	exchange(f, &c, 64);
	assert_true(is_basic(&c));
	/* Nor is what cannot be. */
	interleave_sent(f->shard.held, &c.due, tstamp_add(f->now, SPAN_MS(-1)));
	exchange(f, &c, 64);
	assert_true(is_basic(&c));
	interleave_sent(f->shard.held, &c.due, tstamp_add(f->now, SPAN_S(2)));
	exchange(f, &c, 64);
	assert_true(is_basic(&c));
	end(f);
}

static void what_a_clock_showed_before_it_jumped_is_void(void **state)
{
	(void)state;
	struct fixture *f = begin();
	struct client c = follow(f, 0xc6336401);

	f->view.jumps++;
	exchange(f, &c, 64);
	assert_true(is_basic(&c));
	send_it(f, &c);
	/* Set back, by whomever: an origin of the future is none of ours. */
	f->now = tstamp_add(f->now, SPAN_S(-3600));
	exchange(f, &c, 0);
	assert_true(is_basic(&c));
	end(f);
}

/* A client has our transmit stamp as its origin, or zero, or anything. */
static void the_basic_mode_costs_no_place(void **state)
{
	(void)state;
	struct fixture *f = begin();
	struct client c = host(0xc6336401);

	for (unsigned i = 0; i < 100; i++) {
		exchange(f, &c, 64);
		assert_true(is_basic(&c));
		assert_int_equal(c.due.place, 0);
		c.origin = c.a.transmit;
	}
	end(f);
}

static void smeared_stamps_are_smeared(void **state)
{
	(void)state;
	struct fixture *f = begin();
	struct client c = host(0xc6336401);

	f->view.smear =
		(struct smear){ .leap = LEAP_INSERT,
				.length_s = 7200,
				.end = tstamp_add(f->now, SPAN_S(3600)) };
	exchange(f, &c, 0);
	exchange(f, &c, 64);
	tstamp served =
		tstamp_add(left(f), smear_offset(&f->view.smear, left(f)));

	assert_true(apart_ns(served, left(f)) > 100000000);
	send_it(f, &c);
	exchange(f, &c, 64);
	assert_true(is_interleaved(&c));
	assert_in_range(apart_ns(c.a.transmit, served), 0, 20);
	end(f);
}

#define FAITHFUL 10000

/* Those who use the mode, each in an order of its own; how many got it. */
static unsigned round_of(struct fixture *f, struct client *all)
{
	unsigned got = 0;

	for (size_t i = 0; i < FAITHFUL; i++) {
		exchange(f, &all[i], 0);
		got += is_interleaved(&all[i]);
		if (all[i].due.place != 0) {
			send_it(f, &all[i]);
		}
	}
	f->now = tstamp_add(f->now, SPAN_S(64));
	return got;
}

static struct client *crowd(struct fixture *f)
{
	struct client *all = calloc(FAITHFUL, sizeof(*all));

	assert_non_null(all);
	for (size_t i = 0; i < FAITHFUL; i++) {
		all[i] = host(0x0b000000 + (uint32_t)i * 77);
	}
	(void)round_of(f, all);
	(void)round_of(f, all);
	(void)round_of(f, all);
	return all;
}

/* All but those few whose line is full of others. */
#define NEARLY_ALL (FAITHFUL - FAITHFUL / 100)

/* It does not vanish on a busy server (F8). */
static void a_million_basic_clients_push_nobody_out(void **state)
{
	(void)state;
	struct fixture *f = begin();
	struct client *all = crowd(f);

	for (uint32_t i = 0; i < 1000000; i++) {
		struct client c = host(0x2d000000 + i);

		exchange(f, &c, 0);
		assert_int_equal(c.due.place, 0);
	}
	assert_in_range(round_of(f, all), NEARLY_ALL, FAITHFUL);
	free(all);
	end(f);
}

/* F6, F8: requests in anybody's name, made to look like this mode's. */
static void forged_requests_push_nobody_out(void **state)
{
	(void)state;
	struct fixture *f = begin();
	struct client *all = crowd(f);

	for (unsigned i = 0; i < 1000000; i++) {
		struct client c = host((uint32_t)check_rng() >> 8 | 0x2d000000);

		c.origin.v = (f->now.v - (check_rng() >> 32)) | 1;
		exchange(f, &c, 0);
		assert_true(is_basic(&c));
	}
	assert_in_range(round_of(f, all), NEARLY_ALL, FAITHFUL);
	free(all);
	end(f);
}

/* F8: a whole /64 that does everything right has 64 places. */
static void a_network_pushes_few_out(void **state)
{
	(void)state;
	struct fixture *f = begin();
	struct client *all = crowd(f);
	unsigned got = 0;

	for (unsigned i = 0; i < 1000; i++) {
		struct client c = host(0);

		memcpy(c.addr.ip, "\x20\x01\x0d\xb8\0\0\0\1", 8);
		memcpy(c.addr.ip + 8, &i, sizeof(i));
		for (unsigned j = 0; j < 50; j++) {
			exchange(f, &c, 0);
			got += is_interleaved(&c);
			if (c.due.place != 0) {
				send_it(f, &c);
			}
		}
	}
	assert_in_range(got, 40000, 50000);
	assert_in_range(round_of(f, all), NEARLY_ALL - 64, FAITHFUL);
	free(all);
	end(f);
}

/* Any bytes at all: one answer, no longer, and never of another's stamp. */
static void any_request_is_safe(void **state)
{
	(void)state;
	struct fixture *f = begin();
	struct client c = follow(f, 0xc6336401);

	FORALL(20000) {
		struct client any = host((uint32_t)check_rng() | 0x01000000);

		any.addr.ip[12] = 45;
		any.q = (struct packet){ .version = 4, .mode = MODE_CLIENT };
		any.q.origin.v = check_rng() & 1 ? c.origin.v : check_rng();
		any.q.receive.v = check_rng();
		any.q.transmit.v = check_rng();
		ask(f, &any);
		assert_true(is_basic(&any));
		f->now.v += check_rng() >> 34;
	}
	end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_answer_has_the_true_stamp),
		cmocka_unit_test(receive_stamps_are_odd_and_all_different),
		cmocka_unit_test(equal_stamps_are_no_such_request),
		cmocka_unit_test(a_stamp_is_its_clients_own),
		cmocka_unit_test(a_stamp_is_told_once),
		cmocka_unit_test(what_is_not_told_is_not_held),
		cmocka_unit_test(what_a_clock_showed_before_it_jumped_is_void),
		cmocka_unit_test(the_basic_mode_costs_no_place),
		cmocka_unit_test(smeared_stamps_are_smeared),
		cmocka_unit_test(a_million_basic_clients_push_nobody_out),
		cmocka_unit_test(forged_requests_push_nobody_out),
		cmocka_unit_test(a_network_pushes_few_out),
		cmocka_unit_test(any_request_is_safe),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
