/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One life of the daemon and the next: what is taken up, when it may be
 * believed, and that nothing else is (seed-checklist 58; SECURITY.md E1, J2).
 */
#include "base/siphash.h"
#include "core/snapshot.h"
#include "tiny.h"

#define LIVED_S 900
#define GAP_S 30

static struct tiny world;
static uint8_t bytes[SNAPSHOT_MOST], copy[SNAPSHOT_MOST];
static size_t len;

static struct tiny *fresh(void)
{
	tiny_config(&world);
	world.start.boot[0] = 7;
	world.machine.bent_known = world.machine.rate_known = true;
	return &world;
}

/* What the daemon leaves now; how many bytes. */
static size_t tiny_snapshot(struct tiny *t, uint8_t *data, size_t room)
{
	struct mark mark = { .boot = { t->start.boot[0] },
			     .now = tiny_instant(t->now_s),
			     .wall = tiny_wall(t),
			     .machine = tiny_machine(t) };

	return engine_snapshot(t->engine, &mark, data, room);
}

/* Its first life, which ends with a snapshot; the clock runs on for a while. */
static struct tiny *lived(double seconds)
{
	struct tiny *t = fresh();

	tiny_server(t, true);
	tiny_server(t, true);
	t->error_s = 0.03;
	t->own_freq = 20e-6;
	tiny_start(t);
	tiny_run(t, seconds);
	len = tiny_snapshot(t, bytes, sizeof(bytes));
	assert_true(len > 0);
	tiny_pass(t, seconds + GAP_S);
	memset(t->queue, 0, sizeof(t->queue));
	memset(t->notes, 0, sizeof(t->notes));
	memset(&t->view, 0, sizeof(t->view));
	t->steps = 0;
	tiny_end(t);
	return t;
}

static void live_again(struct tiny *t, const uint8_t *data, size_t size)
{
	t->start.snapshot = data;
	t->start.snapshot_len = size;
	tiny_start(t);
	tiny_run(t, t->now_s + 0.001);
}

static void it_goes_on_at_once_with_what_it_knew(void **state)
{
	(void)state;
	struct tiny *t = lived(LIVED_S);
	unsigned asked = t->servers[0].asked;

	live_again(t, bytes, len);
	assert_int_equal(t->notes[NOTE_RESUMED], 1);
	assert_int_equal(t->notes[NOTE_FREQ_SET], 1);
	assert_int_equal(t->notes[NOTE_NOT_SERVING], 0);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_int_equal(t->view.stratum, 3);
	tiny_check_bound(t);
	/* Nobody has answered for so long: 15 ppm, at least. */
	assert_true(span_to_seconds(t->view.root_disp) > 15e-6 * GAP_S);
	tiny_run(t, t->now_s + 20);
	assert_int_equal(t->servers[0].asked, asked + 1); /* no burst */
	tiny_check_bound(t);
	assert_true(fabs(t->error_s) < 1e-3);
	tiny_run(t, t->now_s + 3600);
	assert_true(fabs(t->error_s) < 1e-3);
	assert_int_equal(t->steps, 0);
	tiny_end(t);
}

/* Whoever restarts us all the time does not make us ask all the time. */
static void a_server_is_not_asked_again_within_eight_seconds(void **state)
{
	(void)state;
	struct tiny *t = lived(LIVED_S);

	for (unsigned i = 0; i < 30; i++) {
		live_again(t, bytes, len);
		assert_int_equal(t->view.leap, LEAP_NONE);
		tiny_run(t, t->now_s + 1);
		len = tiny_snapshot(t, bytes, sizeof(bytes));
		memset(t->queue, 0, sizeof(t->queue));
		tiny_end(t);
	}
	assert_true(t->servers[0].asked <= 8 + LIVED_S / 64 + 1 + 30 / 8 + 2);
}

static void another_configuration_takes_what_it_still_names(void **state)
{
	(void)state;
	struct tiny *t = lived(LIVED_S);

	t->sources[1].addr = netaddr_v4(0x0a0000ff, NTP_PORT);
	live_again(t, bytes, len);
	assert_int_equal(t->notes[NOTE_RESUMED], 1);
	assert_int_equal(t->notes[NOTE_SYS_PEER], 1);
	assert_int_equal(t->view.refid, 0x0a000001);
	tiny_end(t);
	t->sources[0].host = "other";
	memset(t->notes, 0, sizeof(t->notes));
	live_again(t, bytes, len);
	assert_int_equal(t->view.leap, LEAP_UNSYNC);
	assert_int_equal(t->notes[NOTE_SYS_PEER], 0);
	tiny_end(t);
}

/* J2: cut anywhere, or changed anywhere, it is not what was written. */
static void a_file_that_is_not_whole_is_no_file(void **state)
{
	(void)state;
	struct tiny *t = lived(LIVED_S);
	struct snapshot s;
	struct pack body;

	assert_int_equal(snapshot_open(bytes, len, &s, &body), SNAPSHOT_GOOD);
	for (size_t n = 0; n < len; n++) {
		assert_int_equal(snapshot_open(bytes, n, &s, &body),
				 SNAPSHOT_BROKEN);
		assert_false(s.spent);
	}
	for (size_t i = 0; i < len; i++) {
		uint8_t bit = (uint8_t)(1u << check_rng() % 8);

		bytes[i] ^= bit;
		assert_int_equal(snapshot_open(bytes, len, &s, &body),
				 SNAPSHOT_BROKEN);
		if (i % 512 == 0) {
			memset(t->notes, 0, sizeof(t->notes));
			live_again(t, bytes, len);
			assert_int_equal(t->notes[NOTE_NOT_RESUMED], 1);
			assert_int_equal(t->view.leap, LEAP_UNSYNC);
			memset(t->queue, 0, sizeof(t->queue));
			tiny_end(t);
		}
		bytes[i] ^= bit;
	}
}

static void sign(uint8_t *data, size_t size)
{
	static const struct siphash_key key = { 3, 5 };
	uint64_t check = siphash(&key, data, size - 8);
	struct writer w = writer_over(data + size - 8, 8);

	write_u64(&w, check);
}

/* Nor does a check that is right make any number a good one. */
static void no_number_in_it_does_any_harm(void **state)
{
	(void)state;
	static const uint64_t bad[] = {
		0,
		1,
		UINT64_MAX,
		UINT64_C(0x7ff0000000000000), /* infinite */
		UINT64_C(0x7ff8000000000001), /* no number */
		UINT64_C(0x426d1a94a2000000), /* 1e12 */
		UINT64_C(0x8000000000000000),
	};
	struct tiny *t = lived(LIVED_S);
	size_t least = sizeof(SNAPSHOT_MAGIC) - 1 + 8 + BOOT_ID;

	for (size_t n = 0; n < 400; n++) {
		/* All before the estimators, then anywhere. */
		size_t at = n < 100 ? least + 8 * n
				    : least + check_below(len - least - 16);
		double now_s = t->now_s;
		struct writer w = writer_over(copy + at, 8);

		memcpy(copy, bytes, len);
		write_u64(&w, bad[check_rng() % ARRAY_LEN(bad)]);
		sign(copy, len);
		memset(t->notes, 0, sizeof(t->notes));
		memset(&t->view, 0, sizeof(t->view));
		live_again(t, copy, len);
		assert_true(t->notes[NOTE_RESUMED] == 1 ||
			    t->view.leap == LEAP_UNSYNC);
		tiny_run(t, now_s + 30);
		memset(t->queue, 0, sizeof(t->queue));
		tiny_end(t);
		t->now_s = now_s;
		t->exited = false;
	}
}

static struct snapshot any(void)
{
	return (struct snapshot){
		.mark = { .boot = { 1 },
			  .now = { SPAN_S(1000).v },
			  .wall = { UINT64_C(0xe98c5a1000000000) },
			  .machine = { .bent_known = true } },
		.ours = true,
		.whole = true,
	};
}

static struct mark after(const struct snapshot *s, double seconds)
{
	struct mark m = s->mark;

	m.now = instant_add(m.now, span_from_seconds(seconds));
	m.wall = tstamp_add(m.wall, span_from_seconds(seconds));
	return m;
}

static void what_cannot_be_true_is_told_apart(void **state)
{
	(void)state;
	struct snapshot s = any();
	struct mark m = after(&s, 60);

	assert_int_equal(snapshot_judge(&s, &m, true), SNAPSHOT_GOOD);
	assert_int_equal(snapshot_judge(&s, &m, false), SNAPSHOT_OTHER_KEEPER);
	m.boot[15] = 1;
	assert_int_equal(snapshot_judge(&s, &m, true), SNAPSHOT_OTHER_BOOT);
	m = after(&s, 60);
	m.wall = tstamp_add(m.wall, SPAN_MS(6));
	assert_int_equal(snapshot_judge(&s, &m, true), SNAPSHOT_CLOCK_SET);
	m = after(&s, 60);
	m.machine.asleep = SPAN_S(1);
	assert_int_equal(snapshot_judge(&s, &m, true), SNAPSHOT_SLEPT);
	m = after(&s, 60);
	m.machine.bent = SPAN_S(6); /* 10 %: a tick may be that bent */
	assert_int_equal(snapshot_judge(&s, &m, true), SNAPSHOT_GOOD);
	m.machine.bent = SPAN_S(7);
	assert_int_equal(snapshot_judge(&s, &m, true), SNAPSHOT_CLOCKS_PART);
	m.machine.bent_known = false;
	assert_int_equal(snapshot_judge(&s, &m, true), SNAPSHOT_CLOCKS_PART);
	m = after(&s, -1);
	assert_int_equal(snapshot_judge(&s, &m, true), SNAPSHOT_CLOCKS_PART);
	m = after(&s, SNAPSHOT_AGE_S + 1);
	assert_int_equal(snapshot_judge(&s, &m, true), SNAPSHOT_OLD);
	s.whole = false;
	m = after(&s, 60);
	assert_int_equal(snapshot_judge(&s, &m, true), SNAPSHOT_EMPTY);
	/* Who does not know its boot believes nothing. */
	memset(s.mark.boot, 0, BOOT_ID);
	memset(m.boot, 0, BOOT_ID);
	assert_int_equal(snapshot_judge(&s, &m, true), SNAPSHOT_OTHER_BOOT);
}

/* SECURITY.md E1 */
static void what_g_forgives_is_forgiven_once_in_a_boot(void **state)
{
	(void)state;
	for (unsigned boot = 7; boot <= 8; boot++) {
		struct tiny *t = lived(LIVED_S);

		t->start.boot[0] = (uint8_t)boot;
		t->config.orders.panic_once = true;
		t->error_s += 2000; /* by hand, so that nothing is taken up */
		live_again(t, bytes, len);
		assert_int_equal(t->view.leap, LEAP_UNSYNC);
		tiny_run(t, t->now_s + 30);
		assert_int_equal(t->exited, boot == 7);
		assert_int_equal(t->steps, boot == 8);
		assert_int_equal(t->notes[NOTE_PANIC_SPENT], boot == 7);
		/* It is remembered further. */
		len = tiny_snapshot(t, bytes, sizeof(bytes));
		t->exited = false;
		tiny_end(t);
		live_again(t, bytes, len);
		t->exited = false;
		tiny_end(t);
	}
}

/* `ntpd -gq` at boot, then `ntpd -g`: both do their work. */
static void a_one_shot_run_leaves_word_that_g_is_used_up(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct snapshot s;
	struct pack body;

	tiny_server(t, true);
	t->config.orders.panic_once = t->config.orders.quit = true;
	t->error_s = 2000;
	tiny_start(t);
	tiny_run(t, 20);
	assert_true(t->exited);
	assert_int_equal(t->code, 0);
	assert_int_equal(t->snapshots, 1);
	len = tiny_snapshot(t, bytes, sizeof(bytes));
	assert_int_equal(snapshot_open(bytes, len, &s, &body), SNAPSHOT_GOOD);
	assert_true(s.spent);
	assert_false(s.whole);
	tiny_end(t);
	t->exited = false;
	t->config.orders.quit = false;
	t->error_s = 0.01;
	memset(t->queue, 0, sizeof(t->queue));
	live_again(t, bytes, len);
	assert_int_equal(t->notes[NOTE_NOT_RESUMED], 0);
	tiny_run(t, t->now_s + 10);
	assert_int_equal(t->view.leap, LEAP_NONE);
	tiny_end(t);
}

static void who_does_not_fit_is_left_out(void **state)
{
	(void)state;
	struct tiny *t = lived(LIVED_S);
	size_t all;

	tiny_start(t);
	tiny_run(t, t->now_s + 600);
	all = tiny_snapshot(t, bytes, sizeof(bytes));
	len = tiny_snapshot(t, bytes, all - 1);
	assert_true(len > 0 && len < all);
	assert_int_equal(tiny_snapshot(t, bytes, 64), 0);
	(void)tiny_snapshot(t, bytes, all - 1);
	memset(t->queue, 0, sizeof(t->queue));
	memset(t->notes, 0, sizeof(t->notes));
	tiny_end(t);
	live_again(t, bytes, len);
	assert_int_equal(t->notes[NOTE_RESUMED], 1);
	assert_int_equal(t->view.leap, LEAP_NONE);
	tiny_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_on_at_once_with_what_it_knew),
		cmocka_unit_test(
			a_server_is_not_asked_again_within_eight_seconds),
		cmocka_unit_test(
			another_configuration_takes_what_it_still_names),
		cmocka_unit_test(a_file_that_is_not_whole_is_no_file),
		cmocka_unit_test(no_number_in_it_does_any_harm),
		cmocka_unit_test(what_cannot_be_true_is_told_apart),
		cmocka_unit_test(what_g_forgives_is_forgiven_once_in_a_boot),
		cmocka_unit_test(a_one_shot_run_leaves_word_that_g_is_used_up),
		cmocka_unit_test(who_does_not_fit_is_left_out),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
