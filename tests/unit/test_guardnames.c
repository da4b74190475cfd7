/* SPDX-License-Identifier: BSD-2-Clause */
/* Names on restrict lines: asked for while they are wanted, and never lost. */
#include <string.h>

#include "check.h"
#include "host/net/guardnames.h"
#include "scratch.h"

static struct journal journal;
static struct guardnames names;
static struct resolver resolver;
static const char *log_path;
static struct restrict_config lines[3];
static struct config config;

static instant at(double s)
{
	return instant_add((instant){ INT64_C(1) << 40 }, span_from_seconds(s));
}

static int begin(void **state)
{
	static const struct restrict_config name = { .kind = RESTRICT_NAME,
						     .prefix = 128 };

	(void)state;
	if (scratch_make() != 0) {
		return -1;
	}
	log_path = scratch_file("log");
	lines[0] = lines[1] = lines[2] = name;
	lines[0].host = "a.example";
	lines[1].host = "b.example";
	lines[2].host = "a.example"; /* on two lines */
	lines[0].next = &lines[1];
	lines[1].next = &lines[2];
	config.restricts = lines;
	guardnames_init(&names, &journal);
	resolver_open(&resolver, false);
	return journal_into(&journal, log_path) ? 0 : -1;
}

static int end(void **state)
{
	guardnames_free(&names);
	resolver_close(&resolver);
	journal_close(&journal);
	return scratch_remove(state);
}

/* How many questions wait for a helper now. */
static size_t asked(double s, instant *wake)
{
	resolver.queued = 0; /* all before are on their way */
	*wake = INSTANT_NEVER;
	guardnames_tick(&names, &resolver, at(s), wake);
	return resolver.queued;
}

static bool answer(uint16_t number, size_t count, double s)
{
	struct resolver_answer a = {
		.source = { .slot = GUARDNAMES_SLOT, .generation = number },
		.count = (uint32_t)count,
		.addrs = { netaddr_v4(0xc0000207, 123) },
	};
	bool news;

	assert_true(guardnames_take(&names, &a, at(s), &news));
	return news;
}

static void each_name_is_asked_for_once(void **state)
{
	instant wake;

	(void)state;
	guardnames_want(&names, &config, at(0));
	assert_int_equal(asked(0, &wake), 2);
	assert_int_equal(asked(1, &wake), 0);
	assert_null(guardnames_find(&names, "a.example"));
	assert_true(answer(0, 1, 1));
	assert_int_equal(guardnames_find(&names, "a.example")->port, 0);
	/* A second answer is no news, nor are those that nobody asked. */
	assert_false(answer(0, 1, 1));
	assert_false(answer(7, 1, 1));
	assert_int_equal(asked(100, &wake), 0);
	assert_null(guardnames_find(&names, "b.example"));
	assert_null(guardnames_find(&names, "c.example"));
}

static void answers_to_sources_are_not_ours(void **state)
{
	struct resolver_answer a = { .source = { .slot = 3 }, .count = 1 };
	bool news;

	(void)state;
	guardnames_want(&names, &config, at(0));
	assert_false(guardnames_take(&names, &a, at(0), &news));
	assert_false(news);
}

static void a_failure_is_said_once_and_tried_ever_more_rarely(void **state)
{
	double s = 0;
	instant wake;

	(void)state;
	lines[0].next = NULL;
	guardnames_want(&names, &config, at(s));
	for (unsigned wait_s = 2; wait_s < 2000; wait_s *= 2) {
		double most_s = wait_s < 512 ? wait_s : 512;

		assert_int_equal(asked(s, &wake), 1);
		assert_false(answer(0, 0, s));
		assert_int_equal(asked(s + most_s - 0.1, &wake), 0);
		assert_int_equal(wake.v, at(s + most_s).v);
		s += most_s;
	}
	assert_int_equal(lines_with(log_path, "guards nothing"), 1);
	assert_int_equal(asked(s, &wake), 1);
	assert_true(answer(0, 1, s));
}

static void what_no_line_wants_any_more_is_not_asked_for(void **state)
{
	struct config none = { .restricts = NULL };
	instant wake;

	(void)state;
	guardnames_want(&names, &config, at(0));
	guardnames_want(&names, &none, at(0));
	assert_int_equal(asked(0, &wake), 0);
	assert_int_equal(wake.v, INSTANT_NEVER.v);
	assert_false(answer(1, 1, 1));
}

/* What the start found is known to every reload. */
static void what_was_found_at_the_start_is_kept(void **state)
{
	instant wake;

	(void)state;
	lines[0].kind = RESTRICT_ADDRESS;
	lines[0].addr = netaddr_v4(0xc0000209, 0);
	lines[0].next = &lines[1];
	lines[1].kind = RESTRICT_ADDRESS;
	lines[1].host = "192.0.2.5"; /* nobody's name */
	lines[1].next = NULL;
	guardnames_want(&names, &config, at(0));
	assert_int_equal(names.count, 1);
	assert_non_null(guardnames_find(&names, "a.example"));
	assert_int_equal(asked(0, &wake), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
		TEST(each_name_is_asked_for_once),
		TEST(answers_to_sources_are_not_ours),
		TEST(a_failure_is_said_once_and_tried_ever_more_rarely),
		TEST(what_no_line_wants_any_more_is_not_asked_for),
		TEST(what_was_found_at_the_start_is_kept),
#undef TEST
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
