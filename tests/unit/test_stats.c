/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of statistics files, against lines that classic daemons wrote. */
#include "check.h"

#include <math.h>
#include <string.h>

#include "core/events.h"
#include "core/report/stats.h"
#include "core/serve/refid.h"

#define MJD_1970 40587

static char line[512];
static struct text out;

static int empty(void **state)
{
	(void)state;
	out = text_over(line, sizeof(line));
	return 0;
}

/* The moment of a line: its first two columns. */
static tstamp moment(int64_t mjd, unsigned second, unsigned ms)
{
	return tstamp_from_unix((mjd - MJD_1970) * 86400 + second,
				ms * 1000000 + 500000);
}

/* From NTP seconds, as rawstats has them. */
static tstamp ntp(uint32_t s, uint32_t ns)
{
	return tstamp_add((tstamp){ (uint64_t)s << 32 },
			  span_from_ns((int64_t)ns));
}

static netaddr address(const char *s)
{
	netaddr a;

	assert_true(netaddr_parse(&a, s, strlen(s)));
	return a;
}

static void loopstats_are_as_captured(void **state)
{
	const struct stats_loop l = { .offset_s = -0.001880609,
				      .freq_ppm = 12.345,
				      .jitter_s = 30e-9,
				      .poll = 3 };

	(void)state;
	stats_print_loop(moment(61366, 54137, 434), &l, &out);
	assert_string_equal(line, "61366 54137.434 -0.001880609 12.345 "
				  "0.000000030 0.000000 3\n");
}

static void peerstats_are_as_captured(void **state)
{
	const struct stats_peer p = { .addr = address("10.99.0.11"),
				      .status = 0x9014,
				      .offset_s = 0.001014331,
				      .delay_s = 0.000036880,
				      .disp_s = 7.937500492,
				      .jitter_s = 30e-9 };

	(void)state;
	stats_print_peer(moment(61366, 54132, 434), &p, &out);
	assert_string_equal(line, "61366 54132.434 10.99.0.11 9014 0.001014331 "
				  "0.000036880 7.937500492 0.000000030\n");
}

static struct packet captured(void)
{
	return (struct packet){
		.mode = MODE_SERVER,
		.version = 4,
		.stratum = 3,
		.poll = 3,
		.precision = -20,
		.root_delay = span_from_seconds(0.009995),
		.root_disp = span_from_seconds(0.009995),
		.refid = 0x0a63000b,
		.receive = ntp(4004348531u, 432074070),
		.transmit = ntp(4004348531u, 432135820),
	};
}

static void rawstats_are_as_captured(void **state)
{
	struct packet p = captured();
	const struct stats_exchange x = {
		.from = address("10.99.0.12"),
		.to = address("10.99.0.2"),
		.sent = ntp(4004348531u, 433600331),
		.returned = ntp(4004348531u, 434169339),
		.packet = &p,
	};

	(void)state;
	stats_print_exchange(moment(61366, 54131, 434), &x, &out);
	assert_string_equal(line,
			    "61366 54131.434 10.99.0.12 10.99.0.2 "
			    "4004348531.433600331 4004348531.432074070 "
			    "4004348531.432135820 4004348531.434169339 "
			    "0 4 4 3 3 -20 0.009995 0.009995 10.99.0.11\n");
}

/* L2: whatever a kiss has for a refid, the line has 17 columns. */
static void a_strangers_refid_is_one_column(void **state)
{
	static const struct {
		uint32_t refid;
		const char *shown;
	} cases[] = {
		{ REFID_RATE, " .RATE.\n" }, { 0x47505300, " .GPS.\n" },
		{ 0x6120620a, " .a.b..\n" }, { 0, " ..\n" },
		{ 0x00000a41, " ....A.\n" }, { 0x20202020, " ......\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct packet p = { .leap = LEAP_UNSYNC,
				    .refid = cases[i].refid };
		const struct stats_exchange x = {
			.from = address("2001:db8::1"), .packet = &p
		};
		size_t blanks = 0;

		out = text_over(line, sizeof(line));
		stats_print_exchange(moment(61366, 0, 0), &x, &out);
		for (const char *c = line; *c; c++) {
			blanks += *c == ' ';
		}
		assert_int_equal(blanks, 16);
		assert_non_null(strstr(line, " 2001:db8::1 - 0.000000000 "));
		assert_string_equal(strrchr(line, ' '), cases[i].shown);
	}
}

static void stamps_round_into_the_next_second_and_era(void **state)
{
	struct packet p = { .receive = { UINT64_MAX },
			    .transmit = { 0x00000001ffffffff } };
	const struct stats_exchange x = { .from = address("10.0.0.1"),
					  .packet = &p };

	(void)state;
	stats_print_exchange(moment(61366, 0, 0), &x, &out);
	assert_non_null(strstr(line, " 0.000000000 0.000000000 2.000000000 "));
}

static void sysstats_are_as_captured(void **state)
{
	const uint64_t counts[STATS_TRAFFIC] = { 125, 110, 125 };

	(void)state;
	stats_print_traffic(moment(55197, 3600, 10), 3600, counts, &out);
	assert_string_equal(line, "55197 3600.010 3600 125 110 125 0 0 0 0 0 "
				  "0 0\n");
}

static void protostats_are_as_captured(void **state)
{
	const struct note n = { .id = NOTE_SYS_PEER,
				.addr = address("192.168.123.1"),
				.number = 0x901a };

	(void)state;
	stats_print_event(moment(55197, 345, 10), &n, &out);
	assert_string_equal(line, "55197 345.010 192.168.123.1 901a 8a "
				  "sys_peer\n");
}

/* Event lines go to protostats, what is said to people does not. */
static void events_are_told_from_other_notes(void **state)
{
	static const struct {
		enum note_id id;
		uint8_t event;
	} events[] = {
		{ NOTE_FREQ_NOT_SET, SYSTEM_FREQ_NOT_SET },
		{ NOTE_RESTART, SYSTEM_RESTART },
		{ NOTE_LEAP_DISARMED, SYSTEM_LEAP_DISARMED },
		{ NOTE_STEPPED, SYSTEM_CLOCK_STEP },
		{ NOTE_TAI, SYSTEM_TAI },
		{ NOTE_LEAP_STALE, SYSTEM_LEAP_STALE },
		{ NOTE_MOBILIZE, PEER_MOBILIZE },
		{ NOTE_PREEMPTED, PEER_DEMOBILIZE },
		{ NOTE_ACCESS_DENIED, PEER_ACCESS_DENIED },
		{ NOTE_SYS_PEER, PEER_SYS_PEER },
		{ NOTE_NO_KEY, PEER_BAD_AUTH },
	};
	static const enum note_id others[] = { NOTE_SERVING, NOTE_RESOLVED,
					       NOTE_POOL_SOLICIT,
					       NOTE_FOREIGN_STEP };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		assert_int_equal(note_event(events[i].id), events[i].event);
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		assert_int_equal(note_event(others[i]), 0);
	}
}

static void clockstats_are_as_captured(void **state)
{
	netaddr clock = address("127.127.28.0");

	(void)state;
	stats_print_clock(moment(54364, 84927, 157), &clock,
			  " 66  65   1   0   0", &out);
	assert_string_equal(line, "54364 84927.157 127.127.28.0  66  65   1   "
				  "0   0\n");
	out = text_over(line, sizeof(line));
	stats_print_clock(moment(54364, 0, 1), &clock, "a\nb\x80", &out);
	assert_string_equal(line, "54364 0.001 127.127.28.0 a\\x0ab\\x80\n");
}

static void assert_time(tstamp at, const char *expected)
{
	static const uint64_t none[STATS_TRAFFIC];

	out = text_over(line, sizeof(line));
	stats_print_traffic(at, 0, none, &out);
	assert_memory_equal(line, expected, strlen(expected));
}

/* Cut off, not rounded: no second 86400, and the file's date agrees. */
static void a_day_ends_at_midnight(void **state)
{
	tstamp midnight = tstamp_from_unix(INT64_C(1785542400), 0);

	(void)state; /* 1 August 2026 */
	assert_time(midnight, "61253 0.000 ");
	assert_time((tstamp){ midnight.v - 1 }, "61252 86399.999 ");
	assert_int_equal(stats_date((tstamp){ midnight.v - 1 }), 1785542399);
	assert_int_equal(stats_date(midnight), 1785542400);
}

static void the_era_ends_within_a_day(void **state)
{
	(void)state; /* 7 February 2036, 06:28:16 */
	assert_time((tstamp){ UINT64_MAX }, "64730 23295.999 ");
	assert_time((tstamp){ 0 }, "64730 23296.000 ");
	assert_int_equal(stats_date((tstamp){ 0 }), 2085978496);
	/* A clock without a battery begins in 1970. */
	assert_time(tstamp_from_unix(5, 0), "40587 5.000 ");
	assert_time(tstamp_from_unix(-1, 250000000), "40586 86399.250 ");
}

static void columns_stay_numbers_for_a_clock_that_is_decades_off(void **state)
{
	struct stats_loop l = { .offset_s = -1785542400.25, .jitter_s = 9e6 };

	(void)state;
	stats_print_loop(moment(61366, 0, 0), &l, &out);
	assert_string_equal(line, "61366 0.000 -1785542400.250000000 0.000 "
				  "9000000.000000000 0.000000 0\n");
}

/* Against libc, which this layer does not have. */
static void random_lines_are_as_printf_has_them(void **state)
{
	char expected[512];

	(void)state;
	FORALL(5000) {
		double v[4];
		uint32_t second = (uint32_t)(check_rng() % 86400);
		uint32_t ms = (uint32_t)(check_rng() % 1000);
		int mjd = 40587 + (int)(check_rng() % 40000);

		for (size_t i = 0; i < ARRAY_LEN(v); i++) {
			int size = (int)(check_rng() % 12);

			v[i] = (double)(int64_t)check_rng() * pow(10, -size) *
			       0.9e-12;
			if (fabs(v[i]) < 1e-9) {
				v[i] = 0; /* -0.000000000 has no sign here */
			}
		}
		const struct stats_peer p = {
			.addr = netaddr_v4((uint32_t)check_rng() | 1, 123),
			.status = (uint16_t)check_rng(),
			.offset_s = v[0],
			.delay_s = v[1],
			.disp_s = v[2],
			.jitter_s = v[3],
		};
		const uint8_t *ip = p.addr.ip + 12;

		out = text_over(line, sizeof(line));
		stats_print_peer(moment(mjd, second, ms), &p, &out);
		(void)snprintf(expected, sizeof(expected),
			       "%d %.3f %u.%u.%u.%u %x %.9f %.9f %.9f %.9f\n",
			       mjd, second + ms / 1e3, ip[0], ip[1], ip[2],
			       ip[3], p.status, v[0], v[1], v[2], v[3]);
		assert_string_equal(line, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(loopstats_are_as_captured, empty),
		cmocka_unit_test_setup(peerstats_are_as_captured, empty),
		cmocka_unit_test_setup(rawstats_are_as_captured, empty),
		cmocka_unit_test_setup(a_strangers_refid_is_one_column, empty),
		cmocka_unit_test_setup(
			stamps_round_into_the_next_second_and_era, empty),
		cmocka_unit_test_setup(sysstats_are_as_captured, empty),
		cmocka_unit_test_setup(protostats_are_as_captured, empty),
		cmocka_unit_test(events_are_told_from_other_notes),
		cmocka_unit_test_setup(clockstats_are_as_captured, empty),
		cmocka_unit_test(a_day_ends_at_midnight),
		cmocka_unit_test(the_era_ends_within_a_day),
		cmocka_unit_test_setup(
			columns_stay_numbers_for_a_clock_that_is_decades_off,
			empty),
		cmocka_unit_test(random_lines_are_as_printf_has_them),
	};

	return cmocka_run_group_tests_name("stats", tests, check_seed, NULL);
}
