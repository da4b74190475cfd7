/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What takes the place of the program in the kernel in a build without clang or
 * libbpf: all of its functions, nothing that answers, and plain words for it.
 */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "host/serve/fastprog.h"

static void it_says_why(void **state)
{
	char why[FASTPROG_WHY] = "";

	(void)state;
	assert_null(fastprog_load(NTP_PORT, true, why));
	assert_non_null(strstr(why, "built without clang or libbpf"));
	fastprog_free(NULL);
}

static void never_called(void *context, const struct fast_sample *s)
{
	(void)context;
	(void)s;
	fail();
}

static void all_else_does_nothing(void **state)
{
	const struct fast_view v = { .until_ns = 0 };
	uint64_t hits[2] = { 7, 7 };
	struct fast_counters c;

	(void)state;
	fastprog_publish(NULL, &v);
	fastprog_silence(NULL);
	assert_int_equal(fastprog_nets(NULL, NULL, 0), -EOPNOTSUPP);
	assert_int_equal(fastprog_addresses(NULL, NULL, 0), -EOPNOTSUPP);
	assert_int_equal(fastprog_attach(NULL, 1, FASTPROG_NATIVE),
			 -EOPNOTSUPP);
	memset(&c, 0xff, sizeof(c));
	fastprog_count(NULL, &c);
	assert_int_equal(c.verdicts[FAST_ANSWERED], 0);
	assert_int_equal(c.lost, 0);
	fastprog_hits(NULL, hits, ARRAY_LEN(hits));
	assert_int_equal(hits[0] + hits[1], 14);
	assert_int_equal(fastprog_samples_fd(NULL), -1);
	fastprog_samples(NULL, never_called, NULL);
	assert_int_equal(fastprog_fd(NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_why),
		cmocka_unit_test(all_else_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
