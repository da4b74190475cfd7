/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ntp.conf says wrongly: each mistake gets its place, its reason and a
 * hint, and costs what classic lets it cost, but for lines that guard access,
 * which guard it all the same.
 */
#include "configs.h"

static void unknown_words_come_with_a_hint(void **state)
{
	(void)state;
	complains("Server 1.2.3.4\n",
		  "t.conf:1:0: unknown word 'Server': did you mean 'server'?",
		  "");
	complains("drfitfile /x\n",
		  "t.conf:1:0: unknown word 'drfitfile': did you mean "
		  "'driftfile'?",
		  "");
	complains("\n\n  nomodify\n",
		  "t.conf:3:2: unknown word 'nomodify': it belongs to a line "
		  "of 'restrict'",
		  "");
	complains("slewalways yes\n", "t.conf:1:0: unknown word 'slewalways'",
		  "");
}

static void the_part_before_a_bad_word_holds(void **state)
{
	(void)state;
	complains("server 1.2.3.4 iburst bogus prefer\n",
		  "t.conf:1:22: unknown word 'bogus'",
		  "server 1.2.3.4 iburst\n");
	complains("server 1.2.3.4 \"iburst\"\n",
		  "t.conf:1:15: unknown word 'iburst': without the quotes it "
		  "would be a keyword",
		  "server 1.2.3.4\n");
	complains("tos minclock 4 maxclok 9 minsane 2\n",
		  "t.conf:1:15: unknown word 'maxclok': did you mean "
		  "'maxclock'?",
		  "tos minclock 4\n");
}

static void a_word_without_its_value_costs_the_line(void **state)
{
	(void)state;
	complains("server x iburst minpoll\n",
		  "t.conf:1:23: 'minpoll' needs a number behind it", "");
	complains("tos maxclock 9 orphan 5.5\n",
		  "t.conf:1:22: 'orphan' needs a whole number, not '5.5'", "");
	complains("logfile # none\n",
		  "t.conf:1:8: 'logfile' needs a word behind it", "");
}

static void polls_are_clamped(void **state)
{
	(void)state;
	complains("server x minpoll 2\n",
		  "t.conf:1:17: 'minpoll' is out of its range [3..17]: '2' "
		  "was changed to the nearest value",
		  "server x minpoll 3\n");
	complains("server x maxpoll 30\n",
		  "t.conf:1:17: 'maxpoll' is out of its range [3..17]: '30' "
		  "was changed to the nearest value",
		  "server x maxpoll 17\n");
	complains("server x minpoll 8 maxpoll 7\n",
		  "t.conf:1:0: maxpoll is less than minpoll: raised to it",
		  "server x minpoll 8 maxpoll 8\n");
}

static void numbers_beyond_their_range(void **state)
{
	(void)state;
	complains("server 127.127.1.0\nfudge 127.127.1.0 stratum 17\n",
		  "t.conf:2:26: 'stratum' is out of its range [0..16]: '17' "
		  "was ignored",
		  "server 127.127.1.0\n");
	complains("server 127.127.1.0\nfudge 127.127.1.0 flag1 2\n",
		  "t.conf:2:24: 'flag1' is neither 0 nor 1: taken as 1",
		  "server 127.127.1.0\nfudge 127.127.1.0 flag1 1\n");
	complains("tos ceiling 20\n",
		  "t.conf:1:12: 'ceiling' is out of its range [1..15]: '20' "
		  "was changed to the nearest value",
		  "");
	complains("mru mindepth -1\n",
		  "t.conf:1:13: 'mindepth' is out of its range "
		  "[0..16777216]: '-1' was ignored",
		  "");
}

/* Without its key a source would be one that nobody vouches for. */
static void a_source_with_an_impossible_key_is_no_source(void **state)
{
	(void)state;
	struct reading *r = reading_of_text("server x key 70000\n");

	assert_null(r->config.sources);
	assert_int_equal(r->result.warnings, 1);
	reading_end(r);
}

static void addresses_that_cannot_be(void **state)
{
	(void)state;
	complains("server 224.0.1.1\n",
		  "t.conf:1:7: attempt to configure invalid address "
		  "'224.0.1.1': no host has it",
		  "");
	complains("server 10.0.0.256\n",
		  "t.conf:1:7: '10.0.0.256' is neither an address nor a name",
		  "");
	complains("server -6 10.0.0.1\n",
		  "t.conf:1:10: '10.0.0.1' is of the other family than the "
		  "line asks for",
		  "");
	complains("server 10.0.0.1 mode 3\n",
		  "t.conf:1:16: 'mode' does not apply for network peers: line "
		  "skipped",
		  "");
	complains("server 127.127.99.0\n",
		  "t.conf:1:7: '127.127.99.0' is a clock of a type without "
		  "driver: line skipped",
		  "");
	complains("fudge 10.0.0.1 stratum 3\n",
		  "t.conf:1:6: inappropriate address '10.0.0.1' for the fudge "
		  "command, line ignored",
		  "");
	complains("\nfudge 127.127.1.0 stratum 3\n",
		  "t.conf:2:6: no server line names this clock: fudge line "
		  "ignored",
		  "");
}

static void tos_must_agree_with_itself(void **state)
{
	(void)state;
	complains("\ntos minsane 3 maxclock 2\n",
		  "t.conf:2:0: tos error: must have minsane (3) < minclock (3) "
		  "<= maxclock (2) - daemon will not operate properly!",
		  "tos maxclock 2 minsane 3\n");
	complains("tos minclock 2 minsane 2\n",
		  "t.conf:1:0: tos error: must have minsane (2) < minclock (2) "
		  "<= maxclock (10) - daemon will not operate properly!",
		  "tos minclock 2 minsane 2\n");
	complains("tos minclock 11\n",
		  "t.conf:1:0: tos error: must have minsane (1) < minclock "
		  "(11) <= maxclock (10) - daemon will not operate properly!",
		  "tos minclock 11\n");
}

static void words_too_many(void **state)
{
	(void)state;
	complains("logfile /a b\n",
		  "t.conf:1:11: 'b' is more than 'logfile' takes; ignored "
		  "from there",
		  "logfile \"/a\"\n");
	complains("interface listen lo eth0\n",
		  "t.conf:1:20: 'eth0' is more than 'interface' takes; "
		  "ignored from there",
		  "interface listen lo\n");
}

/* The reason a line is broken is told once, bytes of it escaped. */
static void words_that_cannot_be(void **state)
{
	(void)state;
	char line[1100] = "server ";
	struct reading *r;

	memset(line + 7, 'a', 1024);
	r = reading_of(line, 7 + 1024, NULL);
	assert_int_equal(r->result.warnings, 1);
	assert_int_equal(r->result.complaints->place.column, 7);
	assert_null(r->config.sources);
	reading_end(r);
	r = reading_of("logfile \"a\0b\"\n", 14, NULL);
	assert_int_equal(r->result.warnings, 1);
	assert_null(r->config.logfile);
	reading_end(r);
	complains("logfile /x \"\x1b[2J\"\n",
		  "t.conf:1:11: '\\x1b[2J' is more than 'logfile' takes; "
		  "ignored from there",
		  "logfile \"/x\"\n");
}

/* What a broken line was to forbid is forbidden, or more; ntpd starts. */
static void a_broken_restrict_line_leaves_no_door_open(void **state)
{
	(void)state;
#define SHUT "nomodify notrap nopeer noquery"
	complains("restrict default nomodfy\n",
		  "t.conf:1:17: unknown word 'nomodfy': did you mean "
		  "'nomodify'?",
		  "restrict default ippeerlimit -1 " SHUT "\n");
	complains("restrict default limted kod\n",
		  "t.conf:1:17: unknown word 'limted': did you mean "
		  "'limited'?",
		  "restrict default ippeerlimit -1 " SHUT " limited kod\n");
	complains("restrict 10.0.0.0/8 unthinkable ignore\n",
		  "t.conf:1:20: unknown word 'unthinkable'",
		  "restrict 10.0.0.0 mask 255.0.0.0 ippeerlimit -1 ignore " SHUT
		  "\n");
	complains("restrict default ippeerlimit x noserve\n",
		  "t.conf:1:29: 'ippeerlimit' needs a whole number, not 'x'",
		  "restrict default ippeerlimit -1 noserve " SHUT "\n");
	complains("restrict default \"noquery\"\n",
		  "t.conf:1:17: unknown word 'noquery': without the quotes "
		  "it would be a keyword",
		  "restrict default ippeerlimit -1 " SHUT "\n");
	complains("restrict default serverresponse\n",
		  "t.conf:1:31: 'serverresponse' needs 'fuzz' behind it",
		  "restrict default ippeerlimit -1 " SHUT
		  " serverresponse fuzz\n");
#undef SHUT
}

static void words_nearly_of_restrict_are_taken_as_such(void **state)
{
	(void)state;
	static const char ignored[] =
		"restrict default ippeerlimit -1 ignore\n";

	complains("Restrict default ignore\n",
		  "t.conf:1:0: unknown word 'Restrict': did you mean "
		  "'restrict'?",
		  ignored);
	complains("restric default ignore\n",
		  "t.conf:1:0: unknown word 'restric': did you mean "
		  "'restrict'?",
		  ignored);
	complains("restrict defualt ignore\n",
		  "t.conf:1:9: unknown word 'defualt': taken as 'default'",
		  ignored);
	complains("restrict sorce ignore\n",
		  "t.conf:1:9: unknown word 'sorce': taken as 'source'",
		  "restrict source ippeerlimit -1 ignore\n");
	complains("restrict -4 nopeer default ignore\n",
		  "t.conf:1:12: 'nopeer' should stand behind the address: "
		  "taken all the same",
		  "restrict -4 default ippeerlimit -1 ignore nopeer\n");
	reads_as("restrict \"defualt\" ignore\n",
		 "restrict \"defualt\" ippeerlimit -1 ignore\n");
}

/* Whatever stands behind an address of this host: ntpq goes on to work. */
static void this_hosts_own_lines_stay_open(void **state)
{
	(void)state;
	complains("restrict 127.0.0.1 10.0.0.2\n",
		  "t.conf:1:19: unknown word '10.0.0.2'",
		  "restrict 127.0.0.1 ippeerlimit -1\n");
	complains("restrict ::1 nomodfy\n",
		  "t.conf:1:13: unknown word 'nomodfy': did you mean "
		  "'nomodify'?",
		  "restrict ::1 ippeerlimit -1 nomodify\n");
}

/* As in classic: whom they are about, nobody knows. */
static void lines_about_nobody_are_skipped(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"restrict",
		"restrict noquery",
		"restrict 10.0.0.300 ignore",
		"restrict 10.0.0.0/33 ignore",
		"restrict ::/129",
		"restrict 10.0.0.0 mask 255.0.255.0",
		"restrict 10.0.0.0 mask 10.bad",
		"restrict 10.0.0.0 mask ffff::",
		"restrict 10.0.0.0 mask",
		"restrict ::1 mask 255.0.0.0",
		"restrict -4 ::1",
		"keys",
		"trustedkey",
		"trustedkey x",
		"trustedkey 70000",
		"trustedkey (1 ... 70000)",
		"trustedkey (9 ... 1)",
		"trustedkey (1 ... 2",
		"trustedkey (1 - 2)",
		"Keys /etc/ntp.keys",
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct reading *r = reading_of_text(lines[i]);

		print_message("# %s\n", lines[i]);
		assert_int_equal(r->result.fatals, 0);
		assert_in_range(r->result.warnings, 1, 2);
		assert_string_equal(r->normal, "");
		reading_end(r);
	}
}

/* Of a text without the brace, nobody knows what was to be read. */
static void a_brace_left_open_stops_the_start(void **state)
{
	(void)state;
	struct reading *r =
		reading_of_text("simulate { a\nrestrict default ignore\n");

	assert_int_equal(r->result.fatals, 1);
	reading_end(r);
}

/* Wrong lines, without their restrict: what each says is not in effect. */
static const char *const wrong[] = {
	"sever 10.9.0.1",
	"server",
	"server 10.9.0.%",
	"server 10.9.0.2 minpoll",
	"server 10.9.0.3 minpoll four",
	"server 240.0.0.1",
	"server 127.127.77.1",
	"server bad..name%",
	"server 10.9.0.4 mode 1",
	"server 10.9.0.5 key 99999",
	"tos minclock",
	"tos",
	"tos minclok 4",
	"tinker panik 3",
	"tinker step x",
	"disable",
	"enable everything",
	"logfile",
	"interface listen",
	"interface lisen lo",
	"interface drop 10.0.0.0/40",
	"fudge 10.0.0.1 stratum 1",
	"fudge 127.127.1.9 stratum 1",
	"discard average",
	"includefile /nonexistent",
	"setvar = 3",
	"setvar x",
	"setvar x y",
	"filegen loopstat type day",
	"filegen rawstats type dai",
	"statistics rawstat",
	"controlkey x",
	"slewalways yes",
	"mru maxdepth many",
	"unknown",
	"\"server\" 10.9.0.6",
	"leapfile",
	"refclock quartz",
	"refclock local unit 300",
	"= 3",
};

static const char *load_none(void *context, const char *path, size_t *len)
{
	(void)context;
	(void)path;
	*len = 0;
	return NULL;
}

/* Issue A: a configuration with 200 wrong lines, the right ones in effect. */
static void two_hundred_wrong_lines_two_hundred_complaints(void **state)
{
	(void)state;
	static char in[1 << 16], good[1 << 14];
	struct text t = text_over(in, sizeof(in));
	struct text g = text_over(good, sizeof(good));
	const struct config_loader loader = { .load = load_none };
	unsigned seen[401] = { 0 };

	for (unsigned i = 0; i < 200; i++) {
		/* Each line is indented by its own number of blanks. */
		for (unsigned j = 0; j < i / ARRAY_LEN(wrong); j++) {
			text_char(&t, ' ');
		}
		text_str(&t, wrong[i % ARRAY_LEN(wrong)]);
		text_str(&t, "\nserver 10.1.1.");
		text_u64(&t, i + 1);
		text_str(&t, "\n");
		text_str(&g, "server 10.1.1.");
		text_u64(&g, i + 1);
		text_str(&g, "\n");
	}
	struct reading *r = reading_of(in, t.len, &loader);

	assert_int_equal(r->result.warnings, 200);
	assert_int_equal(r->result.fatals, 0);
	for (const struct complaint *c = r->result.complaints; c; c = c->next) {
		assert_in_range(c->place.line, 1, 400);
		assert_string_equal(c->place.file, "t.conf");
		seen[c->place.line] += c->severity == COMPLAINT_WARN;
	}
	for (unsigned line = 1; line <= 400; line++) {
		assert_int_equal(seen[line], line % 2);
	}
	assert_string_equal(r->normal, good);
	reading_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_words_come_with_a_hint),
		cmocka_unit_test(the_part_before_a_bad_word_holds),
		cmocka_unit_test(a_word_without_its_value_costs_the_line),
		cmocka_unit_test(polls_are_clamped),
		cmocka_unit_test(numbers_beyond_their_range),
		cmocka_unit_test(a_source_with_an_impossible_key_is_no_source),
		cmocka_unit_test(addresses_that_cannot_be),
		cmocka_unit_test(tos_must_agree_with_itself),
		cmocka_unit_test(words_too_many),
		cmocka_unit_test(words_that_cannot_be),
		cmocka_unit_test(a_broken_restrict_line_leaves_no_door_open),
		cmocka_unit_test(words_nearly_of_restrict_are_taken_as_such),
		cmocka_unit_test(this_hosts_own_lines_stay_open),
		cmocka_unit_test(lines_about_nobody_are_skipped),
		cmocka_unit_test(a_brace_left_open_stops_the_start),
		cmocka_unit_test(
			two_hundred_wrong_lines_two_hundred_complaints),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
