/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `flash`: every verdict of a packet has its bit of classic's, and what is
 * wrong with a source itself stays until it is mended.
 */
#include "core/engine/state.h"
#include "core/source/flash.h"
#include "tiny.h"

static struct tiny world;

static const struct {
	enum source_verdict verdict;
	unsigned bits;
} verdicts[] = {
	{ SOURCE_SAMPLE, 0 },       { SOURCE_DUPLICATE, 0x01 },
	{ SOURCE_OLD, 0x01 },       { SOURCE_UNASKED, 0x02 },
	{ SOURCE_ORIGIN, 0x02 },    { SOURCE_REFLECTED, 0x02 },
	{ SOURCE_NO_TIME, 0x04 },   { SOURCE_KISS_DENY, 0x08 },
	{ SOURCE_KISS_RATE, 0x08 }, { SOURCE_RESTRICTED, 0x08 },
	{ SOURCE_UNSIGNED, 0x10 },  { SOURCE_BAD_MAC, 0x10 },
	{ SOURCE_NAK, 0x10 },       { SOURCE_UNSYNCHRONISED, 0x20 },
	{ SOURCE_SHORT, 0x40 },     { SOURCE_ROOT, 0x40 },
	{ SOURCE_BACKWARDS, 0x40 },
};

/* As decode.html of classic has it: the seven tests of a packet. */
static void a_verdict_has_its_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		assert_int_equal(flash_of_verdict(verdicts[i].verdict),
				 verdicts[i].bits);
	}
	for (enum source_verdict v = 0; v < SOURCE_VERDICTS; v++) {
		assert_in_range(flash_of_verdict(v), 0, 0x7f);
	}
}

static const struct source *only(const struct tiny *t)
{
	for (size_t i = 0; i < t->engine->source_slots; i++) {
		if (t->engine->sources[i].used) {
			return &t->engine->sources[i];
		}
	}
	fail_msg("no source");
	return NULL;
}

static unsigned flash_with(enum tiny_manner manner, double seconds)
{
	struct tiny *t = &world;
	unsigned flash;

	tiny_config(t);
	tiny_server(t, true)->manner = manner;
	tiny_start(t);
	tiny_run(t, seconds);
	flash = flash_of_source(only(t));
	tiny_end(t);
	return flash;
}

static void a_source_tells_what_is_wrong_with_it(void **state)
{
	(void)state;
	assert_int_equal(flash_with(TINY_GOOD, 30), 0);
	/* peer_stratum peer_dist peer_unreach: as after the start. */
	assert_int_equal(flash_with(TINY_SILENT, 30), 0x1600);
	assert_int_equal(flash_with(TINY_UNSYNCHRONISED, 30) & 0x220, 0x220);
	assert_int_equal(flash_with(TINY_DENY, 30) & 0x8, 0x8);
}

/* Good once, then silent: its packets were good, it is not. */
static void silence_shows(void **state)
{
	(void)state;
	struct tiny *t = &world;

	tiny_config(t);
	tiny_server(t, true);
	tiny_start(t);
	tiny_run(t, 30);
	t->servers[0].manner = TINY_SILENT;
	tiny_run(t, 3000);
	assert_int_equal(flash_of_source(only(t)) & 0x107f, 0x1000);
	tiny_end(t);
}

/* Two seconds between requests, and nothing that is due sooner. */
static void headway_is_the_time_until_we_may_ask_again(void **state)
{
	(void)state;
	struct tiny *t = &world;

	tiny_config(t);
	tiny_server(t, true);
	tiny_start(t);
	double most = 0;

	for (unsigned i = 1; i <= 300; i++) {
		const struct source *s = only(t);
		double headway_s =
			polling_headway_s(&s->polling, t->engine->now);

		assert_true(headway_s >= 0 && headway_s <= POLLING_GAP_S);
		most = fmax(most, headway_s);
		tiny_run(t, 0.1 * i);
	}
	assert_true(most > 1.5);
	assert_true(polling_headway_s(
			    &only(t)->polling,
			    instant_add(t->engine->now, SPAN_S(10))) == 0);
	tiny_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_verdict_has_its_bit),
		cmocka_unit_test(a_source_tells_what_is_wrong_with_it),
		cmocka_unit_test(silence_shows),
		cmocka_unit_test(headway_is_the_time_until_we_may_ask_again),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
