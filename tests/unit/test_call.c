/* SPDX-License-Identifier: BSD-2-Clause */
/* A call for servers: ever farther, and whose answer counts (A1). */
#include <string.h>

#include "base/rng.h"
#include "check.h"
#include "core/source/call.h"
#include "core/source/source.h"

static struct outbox out;
static const source_id id = { 3, 4 };

struct fixture {
	struct call call;
	struct config config;
	struct source_config group;
	struct source_world world;
	struct rng rng;
	bool wants;
};

static instant at(double s)
{
	return instant_add((instant){ INT64_C(1) << 40 }, span_from_seconds(s));
}

static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	config_defaults(&f->config);
	f->group = (struct source_config){
		.kind = SOURCE_KIND_MANYCAST,
		.version = 4,
		.minpoll = 6,
		.addr = netaddr_v4(0xe0000101, NTP_PORT),
	};
	rng_init_number(&f->rng, check_rng());
	f->world.rng = &f->rng;
	f->call = (struct call){ .on = true, .due = at(0) };
	f->wants = true;
}

static struct calling of(const struct fixture *f)
{
	return (struct calling){ id, &f->config, &f->group, &f->world,
				 f->wants };
}

/* The call that it sends at this moment, or NULL. */
static const struct effect *tick(struct fixture *f, double s)
{
	struct calling o = of(f);

	outbox_empty(&out);
	call_tick(&f->call, &o, at(s), &out);
	for (uint32_t i = 0; i < out.count; i++) {
		if (out.effects[i].kind == EFFECT_SEND) {
			return &out.effects[i];
		}
	}
	return NULL;
}

static struct packet answer_to(const struct fixture *f)
{
	return (struct packet){ .mode = MODE_SERVER,
				.version = 4,
				.stratum = 2,
				.origin = { f->call.nonce } };
}

static bool is_answered(const struct fixture *f, const struct packet *p,
			double s)
{
	struct calling o = of(f);

	return call_is_answered(&f->call, &o, p, at(s));
}

static void it_calls_ever_farther(void **state)
{
	static const uint8_t usual[] = { 31,  63,  95,  127, 159,
					 191, 223, 255, 255 };
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
		const struct effect *e = tick(&f, 64.0 * (double)i);

		assert_non_null(e);
		assert_int_equal(e->send.ttl, usual[i]);
		assert_int_equal(e->send.way, SEND_GROUP);
		assert_null(tick(&f, 64.0 * (double)i + 63.9));
	}
}

static void or_as_far_as_it_is_told(void **state)
{
	static const uint8_t want[] = { 1, 7, 200, 200 }; /* 0 is no hop */
	struct fixture f;

	(void)state;
	begin(&f);
	f.config.ttl_count = 3;
	memcpy(f.config.ttls, ((uint8_t[]){ 0, 7, 200 }), 3);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(tick(&f, 64.0 * (double)i)->send.ttl, want[i]);
	}
	f.group.ttl = 9;
	assert_int_equal(tick(&f, 64.0 * 4)->send.ttl, 9);
}

/* A7, A8: it is a client's request, and tells nothing but chance. */
static void it_is_a_request_like_any_other(void **state)
{
	struct fixture f;
	const struct effect *e;
	struct packet p, q;

	(void)state;
	begin(&f);
	e = tick(&f, 0);
	struct reader r = reader_over(out.bytes + e->send.at, e->send.len);

	assert_int_equal(packet_parse(&p, &r), PACKET_OK);
	assert_int_equal(p.mode, MODE_CLIENT);
	assert_int_equal(p.transmit.v, f.call.nonce);
	assert_int_equal(p.stratum, 0);
	assert_int_equal(p.refid, 0);
	assert_true(tstamp_is_zero(p.origin) && tstamp_is_zero(p.receive) &&
		    tstamp_is_zero(p.reference));
	e = tick(&f, 64);
	r = reader_over(out.bytes + e->send.at, e->send.len);
	assert_int_equal(packet_parse(&q, &r), PACKET_OK);
	assert_true(p.transmit.v != q.transmit.v && q.transmit.v != 0);
}

/* A1, A2: our own origin, in time, from who serves the time. */
static void only_an_answer_counts(void **state)
{
	struct fixture f;
	struct packet p;

	(void)state;
	begin(&f);
	p = answer_to(&f); /* an origin of zero, and nothing was asked */
	assert_false(is_answered(&f, &p, 0));
	assert_non_null(tick(&f, 0));
	assert_false(is_answered(&f, &p, 0.1));
	p = answer_to(&f);
	assert_true(is_answered(&f, &p, 0.1));
	assert_true(is_answered(&f, &p, 2.99)); /* and by more than one */
	assert_false(is_answered(&f, &p, 3));
	for (int bit = 0; bit < 64; bit++) {
		p.origin.v = f.call.nonce ^ UINT64_C(1) << bit;
		assert_false(is_answered(&f, &p, 0.1));
	}
	for (unsigned first = 0; first < 256; first++) {
		p = answer_to(&f);
		p.leap = (enum leap)(first >> 6);
		p.version = first >> 3 & 7;
		p.mode = (enum mode)(first & 7);
		assert_int_equal(is_answered(&f, &p, 0.1),
				 p.leap != LEAP_UNSYNC && p.version == 4 &&
					 p.mode == MODE_SERVER);
	}
	/* An answer to the call before this one is late. */
	p = answer_to(&f);
	assert_non_null(tick(&f, 64));
	assert_false(is_answered(&f, &p, 64.1));
}

static void and_from_the_strata_that_are_wanted(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.config.tos.floor = 3;
	f.config.tos.ceiling = 5;
	assert_non_null(tick(&f, 0));
	struct packet p = answer_to(&f);

	for (unsigned stratum = 0; stratum < 256; stratum++) {
		p.stratum = (uint8_t)stratum;
		assert_int_equal(is_answered(&f, &p, 0.1),
				 stratum >= 3 && stratum <= 5);
	}
	f.config.tos.floor = 0;
	p.stratum = 0; /* a kiss is no server */
	assert_false(is_answered(&f, &p, 0.1));
}

static void its_socket_closes_when_nobody_counts_more(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_non_null(tick(&f, 0));
	assert_int_equal(instant_diff(call_deadline(&f.call), at(3)).v, 0);
	assert_null(tick(&f, 2.9));
	assert_int_equal(out.count, 0);
	assert_null(tick(&f, 3));
	assert_int_equal(out.count, 1);
	assert_int_equal(out.effects[0].kind, EFFECT_CLOSE);
	assert_int_equal(out.effects[0].source.slot, id.slot);
	assert_int_equal(instant_diff(call_deadline(&f.call), at(64)).v, 0);
	assert_null(tick(&f, 4));
	assert_int_equal(out.count, 0);
}

static void with_enough_servers_it_calls_seldom_and_near(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.config.tos.beacon_s = 3600;
	assert_int_equal(tick(&f, 0)->send.ttl, 31);
	f.wants = false;
	assert_int_equal(tick(&f, 64)->send.ttl, 63);
	assert_null(tick(&f, 64 + 3599));
	assert_int_equal(tick(&f, 64 + 3600)->send.ttl, 31);
}

static void what_is_void_is_called_again(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_non_null(tick(&f, 0));
	struct packet p = answer_to(&f);

	outbox_empty(&out);
	call_abandon(&f.call, id, at(1), &out);
	assert_int_equal(out.count, 1);
	assert_int_equal(out.effects[0].kind, EFFECT_CLOSE);
	assert_false(is_answered(&f, &p, 1));
	call_abandon(&f.call, id, at(1), &out); /* nothing is outstanding */
	assert_int_equal(out.count, 1);
	assert_non_null(tick(&f, 1));
}

static void a_name_is_never_called(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.call.on = false;
	assert_null(tick(&f, 0));
	assert_int_equal(call_deadline(&f.call).v, INSTANT_NEVER.v);
}

static void a_full_outbox_puts_it_off(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	struct calling o = of(&f);

	outbox_empty(&out);
	out.count = OUTBOX_EFFECTS - OUTBOX_RESERVE;
	call_tick(&f.call, &o, at(0), &out);
	assert_int_equal(out.count, OUTBOX_EFFECTS - OUTBOX_RESERVE);
	assert_int_equal(f.call.nonce, 0);
	assert_non_null(tick(&f, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_calls_ever_farther),
		cmocka_unit_test(or_as_far_as_it_is_told),
		cmocka_unit_test(it_is_a_request_like_any_other),
		cmocka_unit_test(only_an_answer_counts),
		cmocka_unit_test(and_from_the_strata_that_are_wanted),
		cmocka_unit_test(its_socket_closes_when_nobody_counts_more),
		cmocka_unit_test(with_enough_servers_it_calls_seldom_and_near),
		cmocka_unit_test(what_is_void_is_called_again),
		cmocka_unit_test(a_name_is_never_called),
		cmocka_unit_test(a_full_outbox_puts_it_off),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
