/* SPDX-License-Identifier: BSD-2-Clause */
/* What the process used: it only grows, and by what it is spent on. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "host/system/resources.h"

#define MIB (UINT64_C(1) << 20)
#define TOUCHED (64 * MIB)

static void time_is_counted(void **state)
{
	struct usage before = resources_used(), now = before;

	(void)state;
	while (now.user_s + now.system_s <
	       before.user_s + before.system_s + 0.05) {
		now = resources_used();
	}
	assert_true(now.user_s >= before.user_s);
	assert_true(now.system_s >= before.system_s);
}

static void memory_and_faults_are_counted(void **state)
{
	struct usage before = resources_used(), now;
	char *memory = malloc(TOUCHED);

	(void)state;
	assert_non_null(memory);
	memset(memory, 1, TOUCHED);
	now = resources_used();
	assert_true(memory[TOUCHED - 1] == 1);
	free(memory);
	assert_true(now.most_kib >= TOUCHED / 1024);
	assert_true(now.counts[USAGE_MINOR_FAULTS] >
		    before.counts[USAGE_MINOR_FAULTS]);
	for (size_t i = 0; i < USAGE_COUNTS; i++) {
		assert_true(now.counts[i] >= before.counts[i]);
	}
	/* The most is of all time. */
	assert_true(resources_used().most_kib >= now.most_kib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_is_counted),
		cmocka_unit_test(memory_and_faults_are_counted),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
