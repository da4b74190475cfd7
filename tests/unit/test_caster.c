/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling a group the time: when, what, and how it is signed. */
#include "core/report/standing.h"
#include "core/source/caster.h"
#include "keyrings.h"

#define KEY 7

static const tstamp epoch = { UINT64_C(0xe98c5a1000000000) };
static struct standing standing;
static struct outbox out;

struct fixture {
	struct caster caster;
	struct source_config line;
	struct source_world world;
	struct rng rng;
	struct key_counts counts;
	double now_s;
};

static struct event tick_at(double s)
{
	struct event ev = { .kind = EVENT_TICK };

	ev.now = instant_add((instant){ INT64_C(5) << 32 },
			     span_from_seconds(s));
	ev.wall = tstamp_add(epoch, span_from_seconds(s));
	return ev;
}

static void begin(struct fixture *f)
{
	struct event ev = tick_at(0);

	*f = (struct fixture){
		.line = { .kind = SOURCE_KIND_BROADCAST,
			  .version = 4,
			  .minpoll = 6,
			  .maxpoll = 6,
			  .addr = netaddr_v4(0xe0000101, NTP_PORT) },
	};
	standing_init(&standing, -20, 15, ev.now);
	standing.synchronised = true;
	standing.leap = LEAP_NONE;
	standing.stratum = 3;
	standing.refid = 0x01020304;
	standing.reference = epoch;
	standing.at = ev.now;
	rng_init_number(&f->rng, check_rng());
	f->world = (struct source_world){ .rng = &f->rng,
					  .precision = -20,
					  .standing = &standing,
					  .key_counts = &f->counts };
	caster_init(&f->caster, &f->line, &f->rng, ev.now);
}

/* What it sent, or NULL. */
static const struct effect *tick(struct fixture *f, double s)
{
	struct event ev = tick_at(s);

	outbox_empty(&out);
	caster_tick(&f->caster, &ev, &f->world, &out);
	assert_in_range(out.count, 0, 1);
	return out.count > 0 ? &out.effects[0] : NULL;
}

static struct packet told(const struct effect *e)
{
	struct packet p;
	struct reader r;

	assert_non_null(e);
	r = reader_over(out.bytes + e->send.at, e->send.len);
	assert_int_equal(e->kind, EFFECT_SEND);
	assert_int_equal(packet_parse(&p, &r), PACKET_OK);
	return p;
}

static void it_tells_every_poll_and_not_before(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_non_null(tick(&f, 1)); /* within a second of the start */
	assert_null(tick(&f, 1));
	assert_null(tick(&f, 64.999));
	assert_non_null(tick(&f, 65));
	assert_null(tick(&f, 65.001));
	assert_int_equal(f.caster.sent, 2);
}

/* F9: nothing of who asked us, or whom we asked, is in it. */
static void it_says_what_a_server_says(void **state)
{
	struct fixture f;
	const struct effect *e;

	(void)state;
	begin(&f);
	e = tick(&f, 1);
	struct packet p = told(e);

	assert_int_equal(p.mode, MODE_BROADCAST);
	assert_int_equal(p.version, 4);
	assert_int_equal(p.leap, LEAP_NONE);
	assert_int_equal(p.stratum, 3);
	assert_int_equal(p.poll, 6);
	assert_int_equal(p.precision, -20);
	assert_int_equal(p.refid, 0x01020304);
	assert_true(tstamp_is_zero(p.origin));
	assert_true(tstamp_is_zero(p.receive));
	assert_int_equal(p.transmit.v, tick_at(1).wall.v);
	assert_int_equal(e->send.len, PACKET_LEN);
	assert_int_equal(e->send.way, SEND_SERVER);
	assert_int_equal(e->send.ttl, CASTER_TTL);
	assert_true(netaddr_equal(&e->send.to, &f.line.addr));
	f.line.ttl = 4;
	assert_int_equal(tick(&f, 100)->send.ttl, 4);
}

/* F12: who does not know the time tells none, and looks again soon. */
static void without_the_time_it_is_silent(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	standing.synchronised = false;
	assert_null(tick(&f, 1));
	standing.synchronised = true;
	assert_null(tick(&f, 4.999));
	assert_non_null(tick(&f, 5));
	standing.root_disp_s = STANDING_LIMIT_S + 1;
	assert_null(tick(&f, 70));
	assert_int_equal(f.caster.sent, 1);
}

static void it_signs_with_the_key_of_its_line(void **state)
{
	struct fixture f;
	const struct keyring_key *key;
	const struct effect *e;

	(void)state;
	begin(&f);
	f.line.key = KEY;
	f.world.keys = keyring_trusting("7 SHA1 a_secret\n", "trustedkey 7\n");
	e = tick(&f, 1);
	assert_non_null(e);
	assert_int_equal(e->send.len, PACKET_LEN + 24);
	key = keyring_find(f.world.keys, KEY, KEY_FOR_SOURCE, &f.line.addr,
			   &f.counts);
	assert_true(keyring_verify(key, out.bytes + e->send.at, PACKET_LEN,
				   out.bytes + e->send.at + PACKET_LEN + 4, 20,
				   &f.counts));
}

/* C1: never unsigned, when it is to be signed. */
static void without_its_key_it_is_silent(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.line.key = KEY;
	assert_null(tick(&f, 1));
	f.world.keys = keyring_trusting("8 SHA1 a_secret\n", "trustedkey 8\n");
	assert_null(tick(&f, 65));
	assert_int_equal(f.caster.sent, 0);
}

static void a_full_outbox_puts_it_off(void **state)
{
	struct fixture f;
	struct event ev = tick_at(1);

	(void)state;
	begin(&f);
	outbox_empty(&out);
	out.count = OUTBOX_EFFECTS - OUTBOX_RESERVE;
	caster_tick(&f.caster, &ev, &f.world, &out);
	assert_int_equal(out.count, OUTBOX_EFFECTS - OUTBOX_RESERVE);
	assert_int_equal(f.caster.sent, 0);
	assert_non_null(tick(&f, 1.1));
}

static void left(struct fixture *f, const struct effect *e, double s)
{
	struct event ev = tick_at(s);

	ev.kind = EVENT_SENT;
	ev.sent.exchange = e->send.exchange;
	ev.sent.at = ev.wall;
	ev.sent.origin = STAMP_KERNEL;
	caster_sent(&f->caster, &ev);
}

/* RFC 9769, section 4: when the one before left, where it is known. */
static void it_says_when_the_one_before_left(void **state)
{
	struct fixture f;
	struct effect first;

	(void)state;
	begin(&f);
	f.line.xleave = true;
	first = *tick(&f, 1);
	assert_true(tstamp_is_zero(told(&first).origin));
	left(&f, &first, 1.002);
	struct effect second = *tick(&f, 65);

	assert_int_equal(told(&second).origin.v, tick_at(1.002).wall.v);
	assert_int_equal(told(&second).transmit.v, tick_at(65).wall.v);
	left(&f, &first, 65.5); /* what is of another is of none */
	assert_true(tstamp_is_zero(told(tick(&f, 129)).origin));
	struct effect third = *tick(&f, 193);

	left(&f, &third, 193.001);
	caster_forget(&f.caster); /* our clock has jumped */
	left(&f, &third, 193.001);
	assert_true(tstamp_is_zero(told(tick(&f, 257)).origin));
	f.line.xleave = false;
	left(&f, &out.effects[0], 257.001);
	assert_true(tstamp_is_zero(told(tick(&f, 321)).origin));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_tells_every_poll_and_not_before),
		cmocka_unit_test(it_says_what_a_server_says),
		cmocka_unit_test(without_the_time_it_is_silent),
		cmocka_unit_test(it_signs_with_the_key_of_its_line),
		cmocka_unit_test(without_its_key_it_is_silent),
		cmocka_unit_test(a_full_outbox_puts_it_off),
		cmocka_unit_test(it_says_when_the_one_before_left),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
