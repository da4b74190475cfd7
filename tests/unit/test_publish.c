/* SPDX-License-Identifier: BSD-2-Clause */
/* When those who serve are told of a view, and kept from serving. */
#include "host/publish.h"

#include <string.h>

#include "check.h"
#include "host/serve/workers.h"

/* Workers as publish.c sees them; the real ones are threads. */
static struct {
	unsigned refusals; /* so often there is no room yet */
	unsigned holds, published;
	bool was_held; /* at the last publication */
	const uint64_t *hits;
	struct view view;
} them;

static struct loop loop;
static struct config config;

bool workers_publish(struct workers *w, const struct view *view)
{
	(void)w;
	if (them.refusals > 0) {
		them.refusals--;
		return false;
	}
	them.view = *view;
	them.published++;
	them.was_held = them.holds > 0;
	them.hits = loop.limits.shards[1].hits;
	return true;
}

void workers_hold(struct workers *w)
{
	(void)w;
	them.holds++;
}

void workers_release(struct workers *w)
{
	(void)w;
	assert_true(them.holds > 0);
	them.holds--;
}

static int start(void **state)
{
	(void)state;
	memset(&them, 0, sizeof(them));
	memset(&loop, 0, sizeof(loop));
	loop.setup.config = &config;
	loop.workers = (struct workers *)&them;
	return limits_start(&loop.limits, &config, 1, false) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	limits_end(&loop.limits);
	limits_forget(&loop.coming);
	return 0;
}

static struct view view_of(uint8_t stratum)
{
	return (struct view){ .stratum = stratum };
}

static void expect_settings(void)
{
	struct limits_memory more;

	assert_true(limits_prepare(&loop.limits, &config, &more));
	publish_expect(&loop, &more);
	assert_null(more.hits);
}

static void what_finds_no_room_is_told_later(void **state)
{
	const struct view first = view_of(3), second = view_of(4);

	(void)state;
	them.refusals = 2;
	publish_view(&loop, &first);
	assert_true(loop.unpublished);
	publish_view(&loop, &second);
	assert_true(loop.unpublished);
	assert_int_equal(them.published, 0);
	publish_again(&loop);
	assert_false(loop.unpublished);
	assert_int_equal(them.published, 1);
	assert_int_equal(them.view.stratum, 4); /* the newest */
	assert_false(them.was_held);
}

static void memory_changes_with_the_view_while_nobody_serves(void **state)
{
	const struct view view = view_of(3);
	const uint64_t *before = loop.limits.shards[1].hits;

	(void)state;
	expect_settings();
	assert_ptr_equal(loop.limits.shards[1].hits, before);
	publish_view(&loop, &view);
	assert_true(them.was_held);
	assert_ptr_not_equal(them.hits, before);
	assert_null(loop.coming.hits);
	assert_int_equal(them.holds, 0);
	publish_part(&loop); /* there is a view of them: nothing to do */
	assert_int_equal(them.holds, 0);
	assert_true(loop.view_known);
}

static void without_a_view_of_the_settings_nobody_serves(void **state)
{
	const struct view view = view_of(3), next = view_of(4);

	(void)state;
	publish_view(&loop, &view);
	expect_settings();
	publish_part(&loop);
	assert_int_equal(them.holds, 1);
	assert_true(loop.withheld);
	assert_false(loop.view_known); /* nor does the loop itself */
	expect_settings();             /* and once more */
	publish_part(&loop);
	assert_int_equal(them.holds, 1);
	assert_int_equal(them.published, 1);
	publish_view(&loop, &next);
	assert_int_equal(them.holds, 0);
	assert_true(them.was_held);
	assert_int_equal(them.view.stratum, 4);
	assert_true(loop.view_known);
	assert_false(loop.withheld);
}

static void who_has_no_workers_has_nobody_to_tell(void **state)
{
	const struct view view = view_of(3);

	(void)state;
	loop.workers = NULL;
	them.refusals = 1;
	publish_view(&loop, &view);
	assert_false(loop.unpublished);
	expect_settings();
	publish_part(&loop);
	assert_false(loop.view_known);
	publish_view(&loop, &view);
	assert_true(loop.view_known);
	assert_int_equal(them.holds + them.published, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_finds_no_room_is_told_later, start, stop),
		cmocka_unit_test_setup_teardown(
			memory_changes_with_the_view_while_nobody_serves, start,
			stop),
		cmocka_unit_test_setup_teardown(
			without_a_view_of_the_settings_nobody_serves, start,
			stop),
		cmocka_unit_test_setup_teardown(
			who_has_no_workers_has_nobody_to_tell, start, stop),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
