/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ntpq tells a person: the overview of what daemons say, the verdict on
 * it, and what hostile words make of both (SECURITY.md I8, I9).
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "client/health/overview.h"
#include "client/health/sourcestable.h"
#include "client/health/verdict.h"

#define SYNCED 0x0615
#define ALARM 0xc016
#define NOW_TEXT "clock=0xeead8300.00000000"

static struct overview o;
static char *printed;
static size_t printed_len;
static FILE *out;

static int begin(void **state)
{
	(void)state;
	out = open_memstream(&printed, &printed_len);
	overview_clear(&o, "here");
	return out ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	fclose(out);
	free(printed);
	return 0;
}

static struct vars vars_of(const char *text)
{
	return vars_over(text, strlen(text));
}

static struct overview_source *add(uint16_t status, const char *text)
{
	struct overview_source *s = &o.sources[o.count++];

	o.total++;
	overview_source(s, (uint16_t)o.count, status, vars_of(text), o.clock_s);
	return s;
}

static void system_is(uint16_t status, const char *text)
{
	overview_system(&o, status, vars_of(text));
}

static struct verdict judged(void)
{
	struct verdict v = verdict_of(&o);

	rewind(out);
	verdict_print(out, &o, &v);
	fputc('\0', out);
	fflush(out);
	return v;
}

static void synchronised(void)
{
	system_is(SYNCED, "version=\"ntpd 9\", leap=00, stratum=2, "
			  "rootdelay=10, rootdisp=5, refid=1.2.3.4, "
			  "clockbound=2.5, " NOW_TEXT);
	system_is(SYNCED, "ss_uptime=10000, syncedfor=7300");
}

static void four_good(void)
{
	synchronised();
	add(0x961a, "srcadr=1.2.3.4, srchost=\"ntp.example\", stratum=1, "
		    "reach=0xff, rec=0xeead82fc.00000000, offset=0.1, "
		    "delay=2, dispersion=1");
	for (int i = 0; i < 3; i++) {
		add(0x941a, "srcadr=1.2.3.5, stratum=2, reach=0xff, "
			    "rec=0xeead82fc.00000000, offset=0.1, delay=2, "
			    "dispersion=1");
	}
}

static void a_good_clock_is_called_so(void **state)
{
	struct verdict v;

	(void)state;
	four_good();
	v = judged();
	assert_int_equal(v.code, STANDING_SYNCHRONISED);
	assert_string_equal(printed,
			    "here: synchronised to ntp.example (stratum 1) "
			    "and 3 other sources; the clock is right within "
			    "2.500ms. It has been so for 2 h.\n");
	for (int t = 0; t < TROUBLES; t++) {
		assert_false(v.troubles[t]);
	}
}

static bool within(double most_s)
{
	return verdict_of(&o).code == STANDING_SYNCHRONISED &&
	       o.bound_s <= most_s;
}

/* Without a bound of the daemon's own: distance, and what is uncorrected. */
static void the_bound_of_a_foreign_daemon_is_its_root_distance(void **state)
{
	(void)state;
	system_is(SYNCED, "leap=00, stratum=3, rootdelay=10, rootdisp=5, "
			  "offset=-2");
	assert_true(fabs(o.bound_s - 0.012) < 1e-9);
	assert_true(within(0.0121));
	assert_false(within(0.0119));
}

static void an_unknown_bound_is_within_no_limit(void **state)
{
	(void)state;
	system_is(SYNCED, "leap=00, stratum=3");
	assert_false(within(1e9));
	assert_int_equal(judged().code, STANDING_SYNCHRONISED);
	assert_non_null(strstr(printed, "does not say"));
}

static void not_synchronised(void **state)
{
	static const struct {
		uint16_t status;
		const char *text;
	} cases[] = {
		{ ALARM, "leap=11, stratum=16" },
		{ SYNCED, "leap=3, stratum=2" },
		{ ALARM, "leap=0, stratum=2" },
		{ SYNCED, "leap=0, stratum=16" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		overview_clear(&o, "here");
		system_is(cases[i].status, cases[i].text);
		assert_int_equal(judged().code, STANDING_UNSYNCHRONISED);
		assert_false(within(1e9));
	}
}

static void each_trouble_is_found(void **state)
{
	static const char *const silent = "srcadr=1.2.3.4, reach=0x0";
	static const char *const alive = "srcadr=1.2.3.5, reach=0x7";

	(void)state;
	system_is(ALARM, "leap=3, stratum=16");
	assert_true(judged().troubles[TROUBLE_NO_SOURCES]);

	add(0x8011, silent);
	assert_true(judged().troubles[TROUBLE_ALL_SILENT]);
	assert_true(judged().troubles[TROUBLE_ONE_SOURCE]);
	o.uptime_s = 3;
	assert_true(judged().troubles[TROUBLE_NOT_YET]);
	assert_false(judged().troubles[TROUBLE_ALL_SILENT]);
	o.uptime_s = 3000;

	add(0x901a, alive);
	assert_true(judged().troubles[TROUBLE_NONE_USABLE]);
	assert_true(judged().troubles[TROUBLE_SOME_SILENT]);
	o.sources[1].tally = TALLY_FALSETICK;
	assert_true(judged().troubles[TROUBLE_NO_MAJORITY]);
	assert_false(judged().troubles[TROUBLE_NONE_USABLE]);

	overview_clear(&o, "here");
	four_good();
	o.sources[3].tally = TALLY_FALSETICK;
	assert_true(judged().troubles[TROUBLE_FALSETICKER]);
	o.bound_s = 0.2;
	assert_true(judged().troubles[TROUBLE_BOUND]);
	o.leap = 1;
	assert_true(judged().troubles[TROUBLE_LEAP]);
}

static void a_source_is_described(void **state)
{
	struct overview_source *s;

	(void)state;
	synchronised();
	s = add(0xf41a, "srcadr=1.2.3.4, stratum=2, reach=0x55, hpoll=6, "
			"ppoll=4, rec=0xeead82f0.00000000, offset=-0.25, "
			"delay=2, dispersion=1, rootdelay=4, rootdisp=3");
	overview_source_more(s, vars_of("reason=\"so\", sent=9, received=8, "
					"badauth=1"));
	assert_string_equal(s->name, "1.2.3.4");
	assert_string_equal(overview_state(s), "combined");
	assert_string_equal(overview_reason(s), "so");
	assert_int_equal(overview_answered(s), 4);
	assert_true(s->keyed && s->authentic);
	assert_true(fabs(s->error_s - 0.007) < 1e-9);
	assert_true(fabs(s->last_s - 16) < 1e-6);
	assert_true(s->poll_s == 16);
	s = add(0x8011, "srcadr=127.127.28.2, reach=0x0");
	assert_string_equal(s->name, "SHM(2)");
	assert_string_equal(overview_state(s), "silent");
	assert_string_equal(overview_reason(s), "it has not answered yet");
}

/* A daemon that gives no reason gives tests: the first that fails is one. */
static void reasons_of_foreign_daemons_come_from_their_tests(void **state)
{
	(void)state;
	synchronised();
	assert_string_equal(
		overview_reason(add(0x9011, "srcadr=1.2.3.4, reach=0x1, "
					    "flash=0x400")),
		reason_words(REASON_DISTANCE));
	assert_string_equal(overview_reason(add(0x911a, "srcadr=1.2.3.4, "
							"reach=0xff")),
			    reason_words(REASON_FALSETICKER));
}

/* SECURITY.md I9: no escape codes, and lines end where we end them. */
static void hostile_words_are_escaped(void **state)
{
	struct overview_source *s;

	(void)state;
	synchronised();
	s = add(0x961a, "srcadr=\"\033[2J\", srchost=\"a\033]0;b\007\nc\", "
			"stratum=1e300, offset=1e308, delay=-1e308, "
			"reach=0xfffffffffffffff, rec=0xeead82f0.00000000");
	overview_source_more(s, vars_of("reason=\"\r\033[31m\""));
	(void)judged();
	sourcestable_print(out, &o, 0, false);
	fflush(out);
	for (size_t i = 0; i < printed_len; i++) {
		assert_true(printed[i] == '\n' || printed[i] == '\0' ||
			    (printed[i] >= 0x20 && printed[i] < 0x7f));
	}
	assert_non_null(memmem(printed, printed_len, "\\x1b", 4));
}

static void the_table_is_cut_at_the_width(void **state)
{
	(void)state;
	four_good();
	sourcestable_print(out, &o, 40, false);
	fflush(out);
	for (char *line = strtok(printed, "\n"); line;
	     line = strtok(NULL, "\n")) {
		assert_true(strlen(line) <= 40);
	}
}

static void the_end_of_the_leap_table_is_a_date(void **state)
{
	(void)state;
	system_is(SYNCED, "expire=202612280000");
	assert_true(o.leap_expire_s == 1798416000);
	system_is(SYNCED, "expire=200003010130");
	assert_true(o.leap_expire_s == 951874200);
	system_is(SYNCED, "expire=999999999999");
	assert_true(o.leap_expire_s == 951874200);
}

static void durations_are_short(void **state)
{
	static const struct {
		double s;
		const char *words;
	} cases[] = {
		{ 0, "0 s" },    { 119, "119 s" }, { 120, "2 min" },
		{ 7200, "2 h" }, { 1e6, "11 d" },  { -1, "-" },
		{ NAN, "-" },    { 1e30, "-" },    { INFINITY, "-" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char shown[32];
		struct text t = text_over(shown, sizeof(shown));

		verdict_duration(cases[i].s, &t);
		assert_string_equal(shown, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(a_good_clock_is_called_so),
		T(the_bound_of_a_foreign_daemon_is_its_root_distance),
		T(an_unknown_bound_is_within_no_limit),
		T(not_synchronised),
		T(each_trouble_is_found),
		T(a_source_is_described),
		T(reasons_of_foreign_daemons_come_from_their_tests),
		T(hostile_words_are_escaped),
		T(the_table_is_cut_at_the_width),
		T(the_end_of_the_leap_table_is_a_date),
		T(durations_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
