/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each check of ntpq's doctor: what it says of a healthy clock, and of each
 * disease that it knows.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "client/health/doctor.h"

#define SET(field, words) ((void)snprintf(field, sizeof(field), "%s", words))

#define SYNCED 0x0615
#define STEPPED 0x061c
#define ALARM 0xc016

static struct overview o;
static struct site site;
static struct patient p;
static struct finding findings[CHECKS];

static struct vars vars_of(const char *text)
{
	return vars_over(text, strlen(text));
}

static struct overview_source *add(const char *addr, unsigned tally)
{
	struct overview_source *s = &o.sources[o.count++];
	char text[256];

	snprintf(text, sizeof(text),
		 "srcadr=%s, stratum=1, reach=0xff, "
		 "rec=0xeead82fc.00000000, offset=0.1, delay=2, dispersion=1",
		 addr);
	o.total++;
	overview_source(s, (uint16_t)o.count, (uint16_t)(0x9010 | tally << 8),
			vars_of(text), o.clock_s);
	return s;
}

/* All is well, here. */
static int healthy(void **state)
{
	(void)state;
	overview_clear(&o, "localhost");
	overview_system(&o, SYNCED,
			vars_of("version=\"ntpd 9\", leap=0, stratum=2, "
				"rootdelay=10, rootdisp=5, frequency=-12.5, "
				"clk_wander=0.01, clockbound=2, "
				"expire=203612280000, "
				"clock=0xeead8300.00000000"));
	overview_system(&o, SYNCED, vars_of("ss_uptime=10000"));
	add("10.0.1.1", TALLY_SYSPEER);
	add("10.0.2.1", TALLY_CANDIDATE);
	add("10.0.3.1", TALLY_CANDIDATE);
	add("10.0.4.1", TALLY_OUTLIER);
	site_clear(&site);
	site.here = site.may_set = site.kernel_known = site.kernel_synced =
		site.config_known = site.port_held = true;
	site.pid = site.holder_pid = 7;
	site.drift = SITE_DRIFT_GOOD;
	p = (struct patient){ .overview = &o, .site = &site };
	return 0;
}

static enum grade grade_of(enum check c)
{
	doctor_examine(&p, findings);
	assert_true(findings[c].detail[0] != '\0');
	return findings[c].grade;
}

static void assert_said(enum check c, enum grade grade, const char *words)
{
	assert_int_equal(grade_of(c), grade);
	if (!strstr(findings[c].detail, words)) {
		fail_msg("'%s' does not say '%s'", findings[c].detail, words);
	}
}

static void nothing_ails_a_healthy_clock(void **state)
{
	(void)state;
	doctor_examine(&p, findings);
	for (enum check c = 0; c < CHECKS; c++) {
		if (findings[c].grade != GRADE_OK &&
		    findings[c].grade != GRADE_UNKNOWN) {
			fail_msg("%s: %s", doctor_words(c)->name,
				 findings[c].detail);
		}
	}
	assert_int_equal(doctor_code(findings), 0);
}

static void no_daemon(void **state)
{
	(void)state;
	overview_clear(&o, "localhost");
	p.result = CTL_SYSTEM;
	site.pid = site.holder_pid = 0;
	site.port_held = false;
	assert_said(CHECK_DAEMON, GRADE_FAIL, "none runs");
	assert_said(CHECK_PORT, GRADE_OK, "free");
	assert_int_equal(doctor_code(findings), 2);
	/* What only it could tell is not known, and so no fault. */
	assert_int_equal(grade_of(CHECK_SYNC), GRADE_UNKNOWN);
	assert_int_equal(grade_of(CHECK_REACH), GRADE_UNKNOWN);

	site.here = false;
	assert_said(CHECK_DAEMON, GRADE_FAIL, "nobody listens");
	p.result = CTL_SILENCE;
	assert_said(CHECK_DAEMON, GRADE_FAIL, "nothing comes back");
}

static void a_daemon_that_cannot_be_asked(void **state)
{
	(void)state;
	overview_clear(&o, "localhost");
	p.result = CTL_SYSTEM;
	assert_said(CHECK_DAEMON, GRADE_OK, "pid 7");
	assert_said(CHECK_CONTROL, GRADE_FAIL, "does not listen");
	p.result = CTL_SILENCE;
	assert_said(CHECK_CONTROL, GRADE_FAIL, "no answer");
	p.result = CTL_REFUSED;
	assert_said(CHECK_DAEMON, GRADE_OK, "refuses");
	assert_said(CHECK_CONTROL, GRADE_FAIL, "noquery");
	p.result = CTL_MALFORMED;
	assert_said(CHECK_CONTROL, GRADE_FAIL, "damaged");
	p.result = CTL_OK;
	p.by_socket = true;
	assert_said(CHECK_CONTROL, GRADE_OK, "control socket");
}

static void configuration(void **state)
{
	(void)state;
	site.complaints = 2;
	SET(site.complaint, "7:0: unknown word 'x'");
	assert_said(CHECK_CONFIG, GRADE_WARN, "2 complaints, the first: 7:0");
	site.config_missing = true;
	assert_said(CHECK_CONFIG, GRADE_FAIL, "cannot be read");
}

static void too_few_sources(void **state)
{
	(void)state;
	o.count = o.total = 2;
	assert_said(CHECK_SOURCES, GRADE_WARN, "2 sources");
	o.count = o.total = 1;
	assert_said(CHECK_SOURCES, GRADE_WARN, "1 source");
	o.count = o.total = 0;
	assert_said(CHECK_SOURCES, GRADE_FAIL, "0 sources");
	add("127.127.28.0", TALLY_SYSPEER);
	assert_said(CHECK_SOURCES, GRADE_OK, "reference clock");
}

static void names(void **state)
{
	(void)state;
	assert_int_equal(grade_of(CHECK_DNS), GRADE_UNKNOWN);
	site.names = 2;
	assert_int_equal(grade_of(CHECK_DNS), GRADE_OK);
	site.names_failed = 1;
	SET(site.name_failed, "no.such");
	assert_said(CHECK_DNS, GRADE_WARN, "no.such");
	site.names_failed = 2;
	assert_int_equal(grade_of(CHECK_DNS), GRADE_FAIL);
}

static void silence(void)
{
	for (size_t i = 0; i < o.count; i++) {
		o.sources[i].reach = o.sources[i].tally = 0;
		o.sources[i].sent = 8;
		o.sources[i].received = 0;
	}
}

/* What comes back, if not the time, tells a firewall from a wrong address. */
static void nobody_answers(void **state)
{
	(void)state;
	o.sources[3].reach = 0;
	assert_said(CHECK_REACH, GRADE_WARN, "3 of 4 answer");
	silence();
	assert_said(CHECK_REACH, GRADE_FAIL, "32 requests sent, no answer");
	site.probed = 4;
	assert_said(CHECK_REACH, GRADE_FAIL, "firewall that drops");
	site.probe_no_route = 1;
	assert_said(CHECK_REACH, GRADE_FAIL, "no way to them");
	site.probe_refused = 1;
	assert_said(CHECK_REACH, GRADE_FAIL, "closed (ICMP)");
	site.probe_answered = 1;
	assert_said(CHECK_REACH, GRADE_FAIL, "on this machine");
	o.uptime_s = 5;
	assert_said(CHECK_REACH, GRADE_WARN, "just started");
}

static void none_usable(void **state)
{
	(void)state;
	for (size_t i = 0; i < o.count; i++) {
		o.sources[i].tally = TALLY_REJECT;
	}
	overview_source_more(&o.sources[0], vars_of("reason=\"too far\""));
	assert_said(CHECK_USABLE, GRADE_FAIL, "10.0.1.1: too far");
	o.uptime_s = 5;
	assert_int_equal(grade_of(CHECK_USABLE), GRADE_OK);
}

static void disagreement(void **state)
{
	(void)state;
	o.sources[3].tally = TALLY_FALSETICK;
	o.sources[3].offset_s = -2;
	assert_said(CHECK_AGREE, GRADE_WARN, "10.0.4.1 (-2.000s)");
	o.count = o.total = 2;
	o.sources[0].tally = o.sources[1].tally = TALLY_FALSETICK;
	assert_said(CHECK_AGREE, GRADE_FAIL, "no majority");
}

static void one_operator(void **state)
{
	static const char *const same[][2] = {
		{ "a.example.org", "b.example.org" },
		{ "10.0.1.1", "10.0.1.2" },
	};

	(void)state;
	o.count = o.total = 2;
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		SET(o.sources[0].name, same[i][0]);
		SET(o.sources[1].name, same[i][1]);
		SET(o.sources[1].address, i == 1 ? "10.0.1.2" : "10.0.2.1");
		assert_said(CHECK_OPERATORS, GRADE_WARN, same[i][0]);
	}
	SET(o.sources[1].address, "10.0.2.1");
	SET(o.sources[0].name, "0.pool.ntp.org");
	SET(o.sources[1].name, "1.pool.ntp.org");
	assert_int_equal(grade_of(CHECK_OPERATORS), GRADE_OK);
}

static void authentication(void **state)
{
	(void)state;
	assert_int_equal(grade_of(CHECK_AUTH), GRADE_UNKNOWN);
	o.sources[1].keyed = o.sources[1].authentic = true;
	assert_said(CHECK_AUTH, GRADE_OK, "1 source");
	o.sources[1].authentic = false;
	o.sources[1].bad_auth = 3;
	assert_said(CHECK_AUTH, GRADE_FAIL, "10.0.2.1");
}

static void not_synchronised(void **state)
{
	(void)state;
	o.status = ALARM;
	assert_said(CHECK_SYNC, GRADE_FAIL, "no");
	assert_int_equal(grade_of(CHECK_DISTANCE), GRADE_UNKNOWN);
	o.uptime_s = 5;
	assert_said(CHECK_SYNC, GRADE_WARN, "just started");
}

static void distance(void **state)
{
	(void)state;
	o.bound_s = 0.2;
	assert_said(CHECK_DISTANCE, GRADE_WARN, "200.0ms");
	o.root_distance_s = 2;
	assert_int_equal(grade_of(CHECK_DISTANCE), GRADE_FAIL);
}

static void frequency(void **state)
{
	(void)state;
	o.freq_ppm = -250;
	assert_said(CHECK_FREQ, GRADE_WARN, "-250.000 ppm");
	o.freq_ppm = 500;
	assert_int_equal(grade_of(CHECK_FREQ), GRADE_FAIL);
	o.wander_ppm = 3;
	assert_said(CHECK_WANDER, GRADE_WARN, "3.000 ppm");
	o.uptime_s = 100;
	assert_int_equal(grade_of(CHECK_WANDER), GRADE_UNKNOWN);
}

static void the_machine(void **state)
{
	(void)state;
	SET(site.rival, "chronyd (pid 9) keeps this clock");
	assert_said(CHECK_RIVALS, GRADE_FAIL, "chronyd (pid 9)");
	site.may_set = false;
	SET(site.container, "lxc");
	assert_said(CHECK_RIGHTS, GRADE_WARN, "container: lxc");
	site.container[0] = '\0';
	site.virtual_machine = true;
	assert_said(CHECK_RIGHTS, GRADE_WARN, "virtual machine");
	site.kernel_synced = false;
	assert_int_equal(grade_of(CHECK_KERNEL), GRADE_WARN);
	site.holder_pid = 99;
	SET(site.holder, "other (pid 99)");
	assert_said(CHECK_PORT, GRADE_FAIL, "other (pid 99)");
	site.drift = SITE_DRIFT_NO_FOLDER;
	assert_said(CHECK_FILES, GRADE_FAIL, "missing");
	site.drift = SITE_DRIFT_READONLY;
	assert_said(CHECK_FILES, GRADE_FAIL, "not writable");
	site.drift = SITE_DRIFT_NONE;
	assert_int_equal(grade_of(CHECK_FILES), GRADE_WARN);
}

static void of_another_machine_only_its_daemon_is_known(void **state)
{
	(void)state;
	site_clear(&site);
	doctor_examine(&p, findings);
	for (enum check c = CHECK_RIVALS; c < CHECKS; c++) {
		if (c != CHECK_STEP && c != CHECK_LEAP) {
			assert_int_equal(findings[c].grade, GRADE_UNKNOWN);
		}
	}
	assert_int_equal(findings[CHECK_CONFIG].grade, GRADE_UNKNOWN);
	assert_int_equal(doctor_code(findings), 0);
}

static void a_step(void **state)
{
	(void)state;
	o.status = STEPPED;
	assert_int_equal(grade_of(CHECK_STEP), GRADE_WARN);
}

static void leap_tables(void **state)
{
	(void)state;
	o.leap_expire_s = o.clock_s + 86400 * 10;
	assert_said(CHECK_LEAP, GRADE_WARN, "valid for 10 days");
	o.leap_expire_s = o.clock_s - 86400 * 10;
	assert_said(CHECK_LEAP, GRADE_WARN, "ended 10 days ago");
	o.leap_expire_s = NAN;
	assert_int_equal(grade_of(CHECK_LEAP), GRADE_UNKNOWN);
	site.leap_known = true;
	assert_said(CHECK_LEAP, GRADE_WARN, "no table");
	site.leap_expire_s = 1e300;
	assert_int_equal(grade_of(CHECK_LEAP), GRADE_UNKNOWN);
}

static void it_is_printed_with_meaning_and_remedy(void **state)
{
	char *printed;
	size_t len;
	FILE *out = open_memstream(&printed, &len);

	(void)state;
	site.kernel_synced = false;
	doctor_examine(&p, findings);
	doctor_print(out, findings, false, false);
	fclose(out);
	assert_non_null(strstr(printed, "\nWARN  kernel's view: not "
					"synchronised\n      means: "));
	assert_non_null(strstr(printed, "\n      do:    "));
	assert_null(strstr(printed, "-     "));
	assert_int_equal(doctor_code(findings), 1);
	free(printed);
}

static void this_machine_has_many_names(void **state)
{
	(void)state;
	assert_true(site_is_here("localhost") && site_is_here("127.0.0.1") &&
		    site_is_here("::1") && site_is_here("/run/ctl"));
	assert_false(site_is_here("10.0.0.1") || site_is_here("") ||
		     site_is_here("ntp.example"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup(name, healthy)
		T(nothing_ails_a_healthy_clock),
		T(no_daemon),
		T(a_daemon_that_cannot_be_asked),
		T(configuration),
		T(too_few_sources),
		T(names),
		T(nobody_answers),
		T(none_usable),
		T(disagreement),
		T(one_operator),
		T(authentication),
		T(not_synchronised),
		T(distance),
		T(frequency),
		T(the_machine),
		T(of_another_machine_only_its_daemon_is_known),
		T(a_step),
		T(leap_tables),
		T(it_is_printed_with_meaning_and_remedy),
		T(this_machine_has_many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
