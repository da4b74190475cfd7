/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines that take others back, lines that come with a request, and what is
 * different between two configurations.
 */
#include "config/changes.h"
#include "configs.h"

static void unpeer_takes_a_source_back(void **state)
{
	(void)state;
	reads_as("server 10.0.0.1\nunpeer 10.0.0.1\nserver 10.0.0.2\n",
		 "server 10.0.0.2\n");
	reads_as("server 10.0.0.1\nserver 10.0.0.2\nunconfig 10.0.0.2\n"
		 "peer 10.0.0.3\n",
		 "server 10.0.0.1\npeer 10.0.0.3\n");
	reads_as("pool a.example\nserver b.example\nunpeer a.example\n",
		 "server b.example\n");
	reads_as("server 127.127.1.0\nunpeer 127.127.1.0\n", "");
}

/* I3: CVE-2017-6463, `unpeer 0`; classic ended with --saveconfigquit. */
static void unpeer_of_nobody_is_a_complaint(void **state)
{
	(void)state;
	complains("unpeer 0\n",
		  "t.conf:1:7: '0' is the number of an association: a file "
		  "cannot know it",
		  "");
	complains("unpeer 4294967297\n",
		  "t.conf:1:7: '4294967297' is the number of an association: "
		  "a file cannot know it",
		  "");
	complains("server 10.0.0.1\nunpeer 10.0.0.2\n",
		  "t.conf:2:7: no line made a source of '10.0.0.2'",
		  "server 10.0.0.1\n");
	complains("unpeer\n",
		  "t.conf:1:6: 'unpeer' needs an address or a name behind it",
		  "");
}

static void unrestrict_takes_a_line_or_its_flags_back(void **state)
{
	(void)state;
	reads_as("restrict 10.0.0.0 mask 255.0.0.0 nomodify noquery\n"
		 "unrestrict 10.0.0.0/8 noquery\n",
		 "restrict 10.0.0.0 mask 255.0.0.0 ippeerlimit -1 "
		 "nomodify\n");
	reads_as("restrict default noquery\nrestrict -6 default ignore\n"
		 "unrestrict default\nrestrict ::1\n",
		 "restrict -6 default ippeerlimit -1 ignore\n"
		 "restrict ::1 ippeerlimit -1\n");
	reads_as("restrict source noquery\nunrestrict source\n", "");
	complains("restrict 10.0.0.0 mask 255.0.0.0\nunrestrict 10.0.0.0\n",
		  "t.conf:2:11: no restrict line is about '10.0.0.0' just so",
		  "restrict 10.0.0.0 mask 255.0.0.0 ippeerlimit -1\n");
}

static const struct source_config *find_first(void *context, uint16_t assoc)
{
	const struct config *c = context;

	return assoc == 4711 ? c->sources : NULL;
}

static char first_complaint[256];

/* Requests on top of two servers; the normal form, or NULL when refused. */
static const char *after(const char *lines)
{
	static char normal[4096];
	static uint8_t memory[1 << 18];
	struct arena arena = arena_over(memory, sizeof(memory));
	const char *file = "server 10.0.0.1\nserver 10.0.0.2\ndisable ntp\n";
	struct config c, was;
	const struct config_request request = { &was, find_first };
	struct text text = text_over(normal, sizeof(normal));
	struct text said = text_over(first_complaint, sizeof(first_complaint));
	struct config_result r;

	config_defaults(&was);
	(void)config_parse(&was, &arena, "f", file, strlen(file), NULL);
	c = was;
	r = config_parse_request(&c, &arena, lines, strlen(lines), &request);
	assert_false(r.out_of_memory);
	if (r.complaints) {
		complaint_print(r.complaints, &said);
	}
	config_print(&c, &text);
	assert_false(text.cut);
	return r.warnings + r.fatals > 0 ? NULL : normal;
}

static void a_request_speaks_the_grammar_of_the_file(void **state)
{
	(void)state;
	assert_string_equal(after("enable ntp\nserver 10.0.0.3 iburst"),
			    "server 10.0.0.1\nserver 10.0.0.2\n"
			    "server 10.0.0.3 iburst\n");
	assert_string_equal(after("unpeer 4711\nenable ntp"),
			    "server 10.0.0.2\n");
	assert_string_equal(after("enable ntp\ntos minclock 4\n"
				  "tinker panic 0\nsetvar a = b default"),
			    "tos minclock 4\ntinker panic 0\n"
			    "server 10.0.0.1\nserver 10.0.0.2\n"
			    "setvar a = \"b\" default\n");
}

/* I2: no word of a request names a file. */
static void a_request_names_no_file(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"driftfile /etc/passwd",
		"logfile /etc/passwd",
		"logfile \"/root/.ssh/authorized_keys\"",
		"pidfile /etc/passwd",
		"statsdir /etc/",
		"filegen peerstats file ../../etc/cron.d/x type none",
		"includefile /etc/shadow",
		"leapfile /etc/shadow",
		"keys /etc/shadow",
		"keysdir /etc",
		"trustedkey 7",
		"controlkey 7",
		"crypto pw x randfile /etc/shadow",
		"saveconfigdir /etc",
		"interface listen eth0",
		"rlimit memlock 0",
		"server 10.0.0.3\nlogfile /etc/passwd",
		"end",
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		assert_null(after(lines[i]));
		assert_non_null(strstr(first_complaint,
				       " remote configuration ignored"));
	}
}

/*
 * I3: what run-time configuration of other daemons has fallen over: each is
 * an error, and changes nothing (CVE-2015-5146, 5194, 5195, 2016-2516, 2517,
 * 2519, 2017-6463, 6464, 2019-8936).
 */
static void historical_bad_values_are_errors(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"unpeer 0",
		"unpeer 65535",
		"unpeer 18446744073709551616",
		"unpeer",
		"unconfig 10.9.9.9",
		"server",
		"server 0.0.0.0",
		"server 224.0.1.1/33",
		"server 10.0.0.3 key 99999999999",
		"server 10.0.0.3 mode 4294967295",
		"server 10.0.0.3 minpoll",
		"server 10.0.0.3 ttl 9 \"",
		"logconfig ==",
		"statistics nonsense",
		"filegen nonsense",
		"filegen peerstats type",
		"setvar a",
		"setvar =",
		"restrict",
		"restrict default nonsense",
		"restrict 10.0.0.0 mask 10.255.0.0",
		"unrestrict 10.0.0.1",
		"tos minclock -",
		"tinker step -",
		"enable",
		"fudge 127.127.1.9 stratum 3",
		"nonsense",
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (after(lines[i])) {
			fail_msg("taken: %s", lines[i]);
		}
	}
}

static size_t print_changes(const char *before, const char *after,
			    struct text *out)
{
	void *memory = malloc(changes_size(before, after));
	size_t count;

	assert_non_null(memory);
	count = changes_print(before, after, memory, out);
	free(memory);
	return count;
}

static void changes_are_lines_that_one_has_and_the_other_has_not(void **state)
{
	(void)state;
	char buffer[512];
	struct text text = text_over(buffer, sizeof(buffer));

	assert_int_equal(print_changes("a\nb\nc\n", "c\na\nb x\n", &text), 2);
	assert_string_equal(buffer, "- b\n+ b x\n");
	text = text_over(buffer, sizeof(buffer));
	assert_int_equal(print_changes("a\n", "a\n", &text), 0);
	assert_int_equal(print_changes("", "", &text), 0);
	assert_int_equal(print_changes("a\nb\n", "b\nb\na\n", &text), 0);
	assert_string_equal(buffer, "");
	assert_int_equal(print_changes("aa\nb\nb\n", "a\n\n", &text), 5);
	assert_string_equal(buffer, "- aa\n- b\n- b\n+ a\n+ \n");
}

/* Line i * step % MANY, one after another: a prime many. */
static char *many_lines(unsigned step)
{
	enum { MANY = 20011, ROOM = 24 };
	char *all = malloc((size_t)MANY * ROOM);
	struct text text = text_over(all, (size_t)MANY * ROOM);

	for (unsigned i = 0; i < MANY; i++) {
		text_str(&text, "restrict ");
		text_u64(&text, i * step % MANY);
		text_char(&text, '\n');
	}
	return all;
}

/*
 * A reload compares them as the engine waits. By one search from the start for
 * each line these would be a hundred million steps, twice.
 */
static void long_lists_are_compared_in_any_order(void **state)
{
	(void)state;
	char *sorted = many_lines(1), *mixed = many_lines(7919), buffer[512];
	struct text text = text_over(buffer, sizeof(buffer));
	char *last = strstr(mixed, "restrict 77\n");

	assert_int_equal(print_changes(sorted, mixed, &text), 0);
	last[9] = 'x';
	assert_int_equal(print_changes(sorted, mixed, &text), 2);
	assert_string_equal(buffer, "- restrict 77\n+ restrict x7\n");
	free(sorted);
	free(mixed);
}

static void some_words_wait_for_a_restart(void **state)
{
	(void)state;
	char buffer[512];
	struct text text = text_over(buffer, sizeof(buffer));
	struct reading *a = reading_of_text("interface listen eth0\n"
					    "server 10.0.0.1\n");
	struct reading *b = reading_of_text(
		"pidfile /run/x\nmru maxmem 7\nserver 10.0.0.2\ntos maxdist 3\n"
		"interface listen eth1\n");

	assert_int_equal(changes_for_restart(&a->config, &b->config, &text), 3);
	assert_string_equal(buffer, "mru maxdepth, pidfile, interface");
	text = text_over(buffer, sizeof(buffer));
	assert_int_equal(changes_for_restart(&a->config, &a->config, &text), 0);
	reading_end(a);
	reading_end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unpeer_takes_a_source_back),
		cmocka_unit_test(unpeer_of_nobody_is_a_complaint),
		cmocka_unit_test(unrestrict_takes_a_line_or_its_flags_back),
		cmocka_unit_test(a_request_speaks_the_grammar_of_the_file),
		cmocka_unit_test(a_request_names_no_file),
		cmocka_unit_test(historical_bad_values_are_errors),
		cmocka_unit_test(
			changes_are_lines_that_one_has_and_the_other_has_not),
		cmocka_unit_test(long_lists_are_compared_in_any_order),
		cmocka_unit_test(some_words_wait_for_a_restart),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
