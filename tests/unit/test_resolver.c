/* SPDX-License-Identifier: BSD-2-Clause */
/* Names are looked up by helpers that can be killed (H6). */
#include "check.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "host/clock/sysclock.h"
#include "host/net/resolver.h"

static struct resolver_question question(uint16_t slot, const char *name)
{
	struct resolver_question q = { .source = { slot, 1 } };

	(void)snprintf(q.name, sizeof(q.name), "%s", name);
	return q;
}

/* Waits for one answer, as the loop does. */
static struct resolver_answer wait_answer(struct resolver *r)
{
	struct resolver_answer answer;
	instant wake;

	for (int i = 0; i < 200; i++) {
		struct pollfd fds[RESOLVER_HELPERS];
		instant now = sysclock_read().now;

		wake = instant_add(now, SPAN_S(60));
		if (resolver_take(r, now, &answer, &wake)) {
			return answer;
		}
		(void)poll(fds, resolver_poll(r, fds), 50);
	}
	fail_msg("no answer");
	return answer;
}

static void literals_come_back_from(bool direct)
{
	struct resolver r;
	bool seen[8] = { false };

	resolver_open(&r, direct);
	for (uint16_t i = 0; i < 8; i++) {
		struct resolver_question q = question(i, "192.0.2.7");

		assert_true(resolver_ask(&r, &q));
	}
	for (int i = 0; i < 8; i++) {
		struct resolver_answer a = wait_answer(&r);

		assert_false(seen[a.source.slot]);
		seen[a.source.slot] = true;
		assert_int_equal(a.count, 1);
		assert_int_equal(netaddr_v4_bits(&a.addrs[0]), 0xc0000207);
		assert_int_equal(a.addrs[0].port, NTP_PORT);
	}
	resolver_close(&r);
}

static void every_question_has_one_answer(void **state)
{
	(void)state;
	literals_come_back_from(false);
	literals_come_back_from(true);
}

static void a_name_that_is_none_fails(void **state)
{
	struct resolver r;
	struct resolver_question q = question(3, "");
	struct resolver_answer a;

	(void)state;
	resolver_open(&r, false);
	assert_true(resolver_ask(&r, &q));
	a = wait_answer(&r);
	assert_int_equal(a.source.slot, 3);
	assert_int_equal(a.count, 0);
	resolver_close(&r);
}

/* A helper that is stopped stands for one that hangs in the system. */
static void a_helper_that_hangs_is_killed_and_replaced(void **state)
{
	struct resolver r;
	struct resolver_question q = question(1, "192.0.2.1");
	struct resolver_answer a;
	instant later, wake = { INT64_MAX };
	pid_t first;

	(void)state;
	resolver_open(&r, false);
	assert_true(resolver_ask(&r, &q));
	(void)wait_answer(&r);
	first = r.helpers[0].pid;
	assert_true(first > 0);
	assert_int_equal(kill(first, SIGSTOP), 0);
	assert_true(resolver_ask(&r, &q));
	assert_false(resolver_take(&r, sysclock_read().now, &a, &wake));
	assert_int_equal(instant_diff(wake, r.helpers[0].limit).v, 0);

	later = instant_add(sysclock_read().now,
			    SPAN_S(RESOLVER_PATIENCE_S + 1));
	assert_true(resolver_take(&r, later, &a, &wake));
	assert_int_equal(a.source.slot, 1);
	assert_int_equal(a.count, 0);
	assert_int_equal(kill(first, 0), -1);

	assert_true(resolver_ask(&r, &q));
	assert_int_equal(wait_answer(&r).count, 1);
	assert_true(r.helpers[0].pid != first);
	resolver_close(&r);
}

/* Its question may have gone where there was no network yet. */
static void a_newer_question_takes_the_place_of_an_older(void **state)
{
	struct resolver r;
	struct resolver_question q = question(1, "192.0.2.1");
	struct resolver_question other = question(2, "192.0.2.2");
	struct resolver_question anew = question(1, "192.0.2.3");
	struct resolver_answer a;
	instant wake = { INT64_MAX };

	(void)state;
	resolver_open(&r, false);
	assert_true(resolver_ask(&r, &q));
	(void)wait_answer(&r);
	assert_int_equal(kill(r.helpers[0].pid, SIGSTOP), 0);
	assert_true(resolver_ask(&r, &q));
	assert_false(resolver_take(&r, sysclock_read().now, &a, &wake));
	assert_true(r.helpers[0].busy);
	assert_true(resolver_ask(&r, &other));
	assert_true(resolver_ask(&r, &anew));
	assert_true(resolver_ask(&r, &anew)); /* while it is queued */
	for (int i = 0; i < 2; i++) {
		a = wait_answer(&r);
		assert_int_equal(netaddr_v4_bits(&a.addrs[0]),
				 a.source.slot == 1 ? 0xc0000203 : 0xc0000202);
	}
	assert_int_equal(r.queued, 0);
	for (size_t i = 0; i < RESOLVER_HELPERS; i++) {
		assert_false(r.helpers[i].busy);
	}
	resolver_close(&r);
}

static void a_helper_that_dies_costs_one_answer(void **state)
{
	struct resolver r;
	struct resolver_question q = question(2, "192.0.2.1");
	struct resolver_answer a;
	instant wake = { INT64_MAX };

	(void)state;
	resolver_open(&r, false);
	assert_true(resolver_ask(&r, &q));
	(void)wait_answer(&r);
	assert_int_equal(kill(r.helpers[0].pid, SIGSTOP), 0);
	assert_true(resolver_ask(&r, &q));
	assert_false(resolver_take(&r, sysclock_read().now, &a, &wake));
	assert_int_equal(kill(r.helpers[0].pid, SIGSEGV), 0);
	assert_int_equal(kill(r.helpers[0].pid, SIGCONT), 0);
	assert_int_equal(wait_answer(&r).count, 0);
	assert_true(resolver_ask(&r, &q));
	assert_int_equal(wait_answer(&r).count, 1);
	resolver_close(&r);
}

/* H6: no capability at all, whatever the daemon has. */
static void a_helper_has_no_capability(void **state)
{
	struct resolver r;
	struct resolver_question q = question(2, "192.0.2.1");
	char path[64], line[256];
	int checked = 0;
	FILE *f;

	(void)state;
	resolver_open(&r, false);
	assert_true(resolver_ask(&r, &q));
	(void)wait_answer(&r);
	(void)snprintf(path, sizeof(path), "/proc/%ld/status",
		       (long)r.helpers[0].pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "CapEff:", 7) == 0 ||
		    strncmp(line, "CapPrm:", 7) == 0) {
			assert_string_equal(line + 8, "0000000000000000\n");
			checked++;
		} else if (strncmp(line, "NoNewPrivs:", 11) == 0) {
			assert_string_equal(line + 12, "1\n");
			checked++;
		}
	}
	assert_int_equal(checked, 3);
	assert_int_equal(fclose(f), 0);
	resolver_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_question_has_one_answer),
		cmocka_unit_test(a_name_that_is_none_fails),
		cmocka_unit_test(a_helper_that_hangs_is_killed_and_replaced),
		cmocka_unit_test(a_newer_question_takes_the_place_of_an_older),
		cmocka_unit_test(a_helper_that_dies_costs_one_answer),
		cmocka_unit_test(a_helper_has_no_capability),
	};

	return cmocka_run_group_tests_name("resolver", tests, check_seed, NULL);
}
