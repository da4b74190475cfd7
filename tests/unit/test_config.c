/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntp.conf as people and distributions write it: what is kept, what it means
 * and what the normal form says. Wrong lines are in test_complaints.c.
 */
#include "configs.h"

/* Seed-checklist items 9, 11 to 14, 16 to 19, 22 and 23; section 7.5. */
static void the_seed_loads_without_one_complaint(void **state)
{
	(void)state;
	size_t len;
	const char *text = file_text("/seed/seed.ntp.conf", &len);
	struct reading *r = reading_of(text, len, NULL);

	assert_null(r->result.complaints);
	assert_string_equal(r->normal,
			    file_text("/seed/seed.normal.conf", &len));
	reading_end(r);
}

static void the_seed_means_what_it_says(void **state)
{
	(void)state;
	size_t len;
	const char *text = file_text("/seed/seed.ntp.conf", &len);
	struct reading *r = reading_of(text, len, NULL);
	const struct restrict_config *all = r->config.restricts;
	const struct source_config *local = r->config.sources;

	assert_int_equal(all->kind, RESTRICT_DEFAULT);
	assert_int_equal(all->family, FAMILY_ANY);
	assert_int_equal(all->flags, RESTRICT_NOMODIFY | RESTRICT_NOTRAP |
					     RESTRICT_NOPEER |
					     RESTRICT_NOQUERY);
	assert_int_equal(all->next->next->next->prefix, 96 + 24);
	while (local->kind != SOURCE_KIND_REFCLOCK) {
		assert_true(local->iburst);
		assert_int_equal(local->minpoll, 6);
		assert_int_equal(local->maxpoll, 10);
		local = local->next;
	}
	assert_int_equal(local->refclock_type, 1);
	assert_int_equal(local->fudge.stratum, 10);
	assert_int_equal(local->place.line, 31);
	reading_end(r);
}

/* Seed-checklist item 18: a comment is a comment; item 15: flags anywhere. */
static void localhost_may_be_tightened(void **state)
{
	(void)state;
	reads_as("#restrict 192.168.1.0 mask 255.255.255.0 notrap\n"
		 "restrict 127.0.0.1 noquery\n",
		 "restrict 127.0.0.1 ippeerlimit -1 noquery\n");
}

/* What is said of these files is their fault: nothing waits to take effect. */
static void check_remark(const struct complaint *c)
{
	static const char *const known[] = {
		"'kod' does nothing without 'limited'",
		"'requestkey' is obsolete and ignored",
		"Ignoring invalid trustedkey 0, min 1 max 65535.",
	};
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		found |= strcmp(c->text, known[i]) == 0;
	}
	if (!found) {
		fail_msg("line %u: %s", c->place.line, c->text);
	}
}

static void what_distributions_ship_takes_effect(void **state)
{
	(void)state;
	static const char *const names[] = {
		"debian11", "ubuntu",       "debian12-ntpsec", "rhel6",
		"rhel7",    "sles",         "freebsd",         "pfsense",
		"esxi",     "vmware-guest", "solaris-client",  "solaris-server",
		"juju",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char name[64];
		struct text t = text_over(name, sizeof(name));
		size_t len;

		text_str(&t, "/seed/distro/");
		text_str(&t, names[i]);
		text_str(&t, ".conf");
		const char *text = file_text(name, &len);
		struct reading *r = reading_of(text, len, NULL);

		print_message("# %s\n", name);
		for (const struct complaint *c = r->result.complaints; c;
		     c = c->next) {
			check_remark(c);
		}
		assert_int_equal(r->result.warnings + r->result.fatals, 0);
		assert_true(len > 40 && strlen(r->normal) > 20);
		reading_end(r);
	}
}

static void sources_keep_their_words(void **state)
{
	(void)state;
	reads_as("server a.example iburst burst prefer noselect true\n"
		 "pool -4 b.example minpoll 4 maxpoll 5 preempt\n"
		 "peer 192.0.2.1 version 3 key 7 xleave\n"
		 "server iburst iburst\n" /* a host may be called so */
		 "server -6 2001:DB8::1 # redundant\n"
		 "server fe80::1%eth0\n",
		 "server a.example iburst burst prefer noselect true\n"
		 "pool -4 b.example preempt minpoll 4 maxpoll 5\n"
		 "peer 192.0.2.1 xleave version 3 key 7\n"
		 "server iburst iburst\n"
		 "server 2001:db8::1\n"
		 "server fe80::1%eth0\n");
}

static void one_address_is_one_source(void **state)
{
	(void)state;
	reads_as("server 192.0.2.1\nserver 192.0.2.1 iburst\n"
		 "server n.example\nserver n.example\npool n.example\n"
		 "server ::1\nserver 0:0::0:1 iburst\n",
		 "server 192.0.2.1\nserver n.example\npool n.example\n"
		 "server ::1\n");
}

static void a_lone_poll_bound_moves_the_other(void **state)
{
	(void)state;
	reads_as("server a minpoll 12\nserver b maxpoll 4\n",
		 "server a minpoll 12 maxpoll 12\n"
		 "server b minpoll 4 maxpoll 4\n");
}

static void fudge_may_come_first_and_adds_up(void **state)
{
	(void)state;
	reads_as(
		"fudge 127.127.1.0 stratum 3 time1 0.25\n"
		"server 127.127.1.0 mode 1\n"
		"fudge 127.127.1.0 stratum 5 refid LCL flag2 1 minjitter 0.5\n",
		"server 127.127.1.0 mode 1\n"
		"fudge 127.127.1.0 time1 0.25 stratum 5 refid LCL flag2 1 "
		"minjitter 0.5\n");
}

static void a_refclock_line_is_server_and_fudge(void **state)
{
	(void)state;
	reads_as("refclock local unit 2 stratum 10 prefer\n",
		 "server 127.127.1.2 prefer\n"
		 "fudge 127.127.1.2 stratum 10\n");
	reads_as("refclock shm refid GPS path /dev/x\n",
		 "server 127.127.28.0 path /dev/x\n"
		 "fudge 127.127.28.0 refid GPS\n");
}

static void restrict_lines_name_nets_and_names(void **state)
{
	(void)state;
	reads_as("restrict 10.1.2.3/8 ignore\n"
		 "restrict 10.1.2.3 mask 255.255.0.0 kod limited\n"
		 "restrict 2001:db8::1/32 noserve\n"
		 "restrict ::ffff:192.0.2.0/24\n"
		 "restrict ntp.example ippeerlimit 4 nopeer\n"
		 "restrict \"default\" noquery\n"
		 "restrict -4 default ntpport serverresponse fuzz\n"
		 "restrict source notrust\n",
		 "restrict 10.0.0.0 mask 255.0.0.0 ippeerlimit -1 ignore\n"
		 "restrict 10.1.0.0 mask 255.255.0.0 ippeerlimit -1 limited "
		 "kod\n"
		 "restrict 2001:db8:: mask ffff:ffff:: ippeerlimit -1 "
		 "noserve\n"
		 "restrict 192.0.2.0 mask 255.255.255.0 ippeerlimit -1\n"
		 "restrict \"ntp.example\" ippeerlimit 4 nopeer\n"
		 "restrict \"default\" ippeerlimit -1 noquery\n"
		 "restrict -4 default ippeerlimit -1 ntpport serverresponse "
		 "fuzz\n"
		 "restrict source ippeerlimit -1 notrust\n");
}

static void interfaces_are_ruled_in_order(void **state)
{
	(void)state;
	reads_as("interface ignore wildcard\nnic listen eth*\n"
		 "interface drop 10.1.2.3/24\nnic listen ::1\n"
		 "nic listen all\ninterface ignore \"all\"\n",
		 "interface ignore wildcard\ninterface listen eth*\n"
		 "interface drop 10.1.2.0/24\ninterface listen ::1\n"
		 "interface listen all\ninterface ignore \"all\"\n");
}

static void interfaces_may_answer_in_the_kernel(void **state)
{
	(void)state;
	reads_as("interface xdp eth0\nnic xdp eth1.7 generic\n"
		 "interface xdp eth2 native\ninterface listen all\n"
		 "interface xdp eth0 native\ninterface xdp eth2 auto\n",
		 "interface listen all\ninterface xdp eth0 native\n"
		 "interface xdp eth1.7 generic\ninterface xdp eth2 auto\n");
	complains("interface xdp eth0 fast\n",
		  "t.conf:1:19: unknown word 'fast'", "");
	complains("interface xdp\n",
		  "t.conf:1:13: the name of an interface is missing", "");
	complains("interface xdp a/b\n",
		  "t.conf:1:14: the name of an interface is missing", "");
}

/* The order of the file does not matter across groups. */
static void disable_wins_over_enable(void **state)
{
	(void)state;
	struct reading *r = reading_of_text(
		"disable monitor\nenable monitor\nenable ntp\ndisable ntp\n");

	assert_false(r->config.monitor);
	assert_false(r->config.ntp);
	assert_true(r->config.kernel);
	assert_string_equal(r->normal, "disable monitor ntp\n");
	reading_end(r);
}

static void numbers_go_where_they_belong(void **state)
{
	(void)state;
	reads_as("tos minclock 4 maxclock 11 minsane 3 orphan 12\n"
		 "tos maxdist 1.5e1 maxdisp 8 orphanwait 300\n"
		 "tinker panic 0 step 0.5 dispersion 15\n"
		 "tinker freq -12.5\n"
		 "discard average 5 minimum 1\nlimit average 2 burst 5\n"
		 "mru maxmem 2048 mindepth 0x10\nmru maxdepth -1\n"
		 "rlimit memlock 32 filenum 99\n"
		 "nonvolatile 1e-6\ncontrolkey 8\nbroadcastdelay 0.004\n",
		 "broadcastdelay 0.004\n"
		 "nonvolatile 0.000001\ncontrolkey 8\n"
		 "tos minclock 4 maxclock 11 minsane 3 maxdist 15 "
		 "orphan 12 maxdisp 8 orphanwait 300\n"
		 "tinker panic 0 stepback 0.5 stepfwd 0.5 freq -12.5\n"
		 "rlimit memlock 32 filenum 99\n"
		 "mru maxdepth -1 mindepth 16\n"
		 "discard average 5 minimum 1\nlimit average 2 burst 5\n");
}

static void paths_may_be_quoted_and_empty(void **state)
{
	(void)state;
	reads_as("driftfile \"/a b\" 0.1\nlogfile /x#y\npidfile \"\"\n"
		 "leapfile /l ignorehash\nstatsdir /s/\nkeys /k\n",
		 "driftfile \"/a b\"\nleapfile \"/l\" ignorehash\n"
		 "logfile \"/x\"\nstatsdir \"/s/\"\nkeys \"/k\"\n");
	reads_as("driftfile /a\ndriftfile\n", "");
	reads_as("statefile \"\"\n", "statefile \"\"\n");
	reads_as("statefile /run/s\n", "statefile \"/run/s\"\n");
}

static void logconfig_adds_and_takes_away(void **state)
{
	(void)state;
	struct reading *r = reading_of_text("");

	assert_int_equal(r->config.logconfig, LOG_EVERYTHING);
	reading_end(r);
	r = reading_of_text("logconfig =syncall +clockall\n");
	assert_int_equal(
		r->config.logconfig,
		0xf * (LOG_BIT(LOGCLASS_SYNC, 0) | LOG_BIT(LOGCLASS_CLOCK, 0)));
	reading_end(r);
	reads_as("logconfig =all\n", "");
	reads_as("logconfig = sysinfo + peerevents -all +allstatus\n",
		 "logconfig =all -all +sysstatus +syncstatus +peerstatus "
		 "+clockstatus\n");
	reads_as("logconfig sys\n", "logconfig =all -all +sysall\n");
	reads_as("logconfig -all\n", "logconfig =all -all\n");
	r = reading_of_text("logconfig =sysall +\n");
	assert_int_equal(reading_complaints(r), 1);
	assert_non_null(strstr(r->result.complaints->text,
			       "'logconfig' needs a key behind its '+'"));
	reading_end(r);
}

/* novolley is for groups too; the line that says it also listens. */
static void broadcasts_may_be_given_up_again(void **state)
{
	(void)state;
	reads_as("broadcastclient novolley\ndisable bclient\n",
		 "broadcastclient novolley\ndisable bclient\n");
}

static void filegen_outranks_statistics(void **state)
{
	(void)state;
	reads_as("filegen rawstats disable\nstatistics rawstats loopstats\n"
		 "filegen peerstats file p type week nolink\n",
		 "statistics loopstats\n"
		 "filegen peerstats file \"p\" type week nolink enable\n"
		 "filegen rawstats type day link disable\n");
}

static void both_spellings_of_setvar(void **state)
{
	(void)state;
	reads_as("setvar a = b default\nsetvar c=d\nsetvar e=\"f g\" default\n"
		 "setvar a=\"x\"\nsetvar g = h=i\n",
		 "setvar a = \"x\"\nsetvar c = \"d\"\n"
		 "setvar e = \"f g\" default\nsetvar g = \"h=i\"\n");
}

static void trusted_keys_add_up(void **state)
{
	(void)state;
	reads_as("trustedkey 4 8 (10 ... 20)\ntrustedkey (30...31) 0 9\n",
		 "trustedkey 4 8 (10 ... 20) (30 ... 31) 9\n");
}

static void a_second_port_is_read(void **state)
{
	(void)state;
	reads_as("extra port 1124\n", "extra port 1124\n");
	reads_as("extra port 1124\nextra port 0\n", "");
}

static void words_without_effect_are_told_once(void **state)
{
	(void)state;
	struct reading *r = reading_of_text(
		"nts cert 1124\nnts 2\n"
		"crypto pw \"a b\"\nserver a nts\nserver b nts\n"
		"simulate {\n beep_delay = 3600;\n}\nphone 1 2\n");
	const struct complaint *c = r->result.complaints;

	assert_int_equal(reading_complaints(r), 5);
	assert_int_equal(r->result.warnings + r->result.fatals, 0);
	assert_string_equal(c->text, "'nts' is accepted but not in effect yet");
	assert_int_equal(c->place.line, 1);
	assert_string_equal(c->next->text, "'crypto' is obsolete and ignored");
	assert_int_equal(c->next->next->place.column, 9);
	assert_string_equal(r->normal, "server a nts\nserver b nts\n"
				       "nts cert 1124\nnts 2\n"
				       "crypto pw \"a b\"\nphone 1 2\n");
	reading_end(r);
}

static void a_subtype_is_for_drivers_that_know_several_kinds(void **state)
{
	(void)state;
	struct reading *r = reading_of_text("server a subtype 5\n"
					    "refclock shm unit 2 subtype 5\n"
					    "server 127.127.8.0 subtype 5\n");
	const struct complaint *c = r->result.complaints;

	assert_int_equal(r->result.warnings + r->result.fatals, 0);
	assert_int_equal(reading_complaints(r), 3);
	assert_string_equal(c->text, "'subtype' is for reference clocks: it "
				     "has no effect");
	assert_int_equal(c->place.column, 9);
	assert_string_equal(c->next->text,
			    "'subtype' has no effect: this driver knows "
			    "clocks of one kind only");
	/* Of the third it may be the driver's, when there is that. */
	assert_string_equal(c->next->next->text,
			    "'generic' is accepted but not in effect yet");
	assert_string_equal(r->normal, "server a subtype 5\n"
				       "server 127.127.28.2 subtype 5\n"
				       "server 127.127.8.0 subtype 5\n");
	reading_end(r);
}

/* statsdir, statistics and filegen are in effect, but not for every kind. */
static void kinds_of_statistics_without_effect_are_told(void **state)
{
	(void)state;
	struct reading *r = reading_of_text(
		"statsdir /s/\nstatistics loopstats peerstats rawstats\n"
		"statistics clockstats sysstats usestats ntsstats\n"
		"filegen cryptostats type day\nfilegen loopstats type age\n");
	const struct complaint *c = r->result.complaints;

	assert_int_equal(reading_complaints(r), 2);
	assert_string_equal(c->text,
			    "'ntsstats' is accepted but not in effect yet");
	assert_string_equal(c->next->text,
			    "'cryptostats' is obsolete and ignored");
	reading_end(r);
}

static void the_end_ends(void **state)
{
	(void)state;
	reads_as("driftfile /a\nend\nwhatever this is\n", "driftfile \"/a\"\n");
}

/* Files "1" to "9", each of which includes the next. */
static const char *load_next(void *context, const char *path, size_t *len)
{
	static char texts[9][64]; /* the outer ones are still being read */
	struct text t;

	(void)context;
	if (path[0] < '1' || path[0] > '9' || path[1]) {
		return NULL;
	}
	char *text = texts[path[0] - '1'];

	t = text_over(text, sizeof(texts[0]));
	text_str(&t, "server s");
	text_str(&t, path);
	text_str(&t, "\nincludefile ");
	text_char(&t, (char)(path[0] + 1));
	text_str(&t, "\n");
	*len = t.len;
	return text;
}

static void files_include_files_five_deep(void **state)
{
	(void)state;
	const struct config_loader loader = { .load = load_next };
	const char *text = "includefile 1\nserver last\nincludefile x\n";
	struct reading *r = reading_of(text, strlen(text), &loader);
	const struct complaint *c = r->result.complaints;

	assert_string_equal(r->normal,
			    "server s1\nserver s2\nserver s3\nserver s4\n"
			    "server s5\nserver last\n");
	assert_int_equal(r->result.warnings, 2);
	assert_string_equal(c->place.file, "5");
	assert_int_equal(c->place.line, 2);
	assert_string_equal(c->next->place.file, "t.conf");
	assert_int_equal(c->next->place.line, 3);
	assert_string_equal(c->next->text, "getconfig: Couldn't open 'x'");
	reading_end(r);
}

static void a_second_file_adds_to_the_first(void **state)
{
	(void)state;
	struct reading *r = reading_of_text("disable ntp\nserver a\n"
					    "restrict ::1\nnic listen lo\n");
	const char *more = "enable ntp\nserver a\nserver b\nrestrict ::2\n"
			   "fudge 127.127.1.0 stratum 1\nsetvar x = y\n";
	struct text out = text_over(r->normal, sizeof(r->normal));
	struct config_result second = config_parse(&r->config, &r->arena, "2",
						   more, strlen(more), NULL);

	config_print(&r->config, &out);
	assert_int_equal(second.warnings, 1); /* no such clock to fudge */
	assert_string_equal(r->normal,
			    "disable ntp\nserver a\nserver b\n"
			    "restrict ::1 ippeerlimit -1\n"
			    "restrict ::2 ippeerlimit -1\n"
			    "interface listen lo\nsetvar x = \"y\"\n");
	reading_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_seed_loads_without_one_complaint),
		cmocka_unit_test(the_seed_means_what_it_says),
		cmocka_unit_test(localhost_may_be_tightened),
		cmocka_unit_test(what_distributions_ship_takes_effect),
		cmocka_unit_test(sources_keep_their_words),
		cmocka_unit_test(one_address_is_one_source),
		cmocka_unit_test(a_lone_poll_bound_moves_the_other),
		cmocka_unit_test(fudge_may_come_first_and_adds_up),
		cmocka_unit_test(a_refclock_line_is_server_and_fudge),
		cmocka_unit_test(restrict_lines_name_nets_and_names),
		cmocka_unit_test(interfaces_are_ruled_in_order),
		cmocka_unit_test(interfaces_may_answer_in_the_kernel),
		cmocka_unit_test(disable_wins_over_enable),
		cmocka_unit_test(numbers_go_where_they_belong),
		cmocka_unit_test(paths_may_be_quoted_and_empty),
		cmocka_unit_test(logconfig_adds_and_takes_away),
		cmocka_unit_test(broadcasts_may_be_given_up_again),
		cmocka_unit_test(filegen_outranks_statistics),
		cmocka_unit_test(both_spellings_of_setvar),
		cmocka_unit_test(trusted_keys_add_up),
		cmocka_unit_test(a_second_port_is_read),
		cmocka_unit_test(words_without_effect_are_told_once),
		cmocka_unit_test(
			a_subtype_is_for_drivers_that_know_several_kinds),
		cmocka_unit_test(kinds_of_statistics_without_effect_are_told),
		cmocka_unit_test(the_end_ends),
		cmocka_unit_test(files_include_files_five_deep),
		cmocka_unit_test(a_second_file_adds_to_the_first),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
