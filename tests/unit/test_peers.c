/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block of seed-checklist 7.4, byte for byte (items 33-40, 42-45), and
 * the edges of each column.
 */
#include <string.h>

#include "check.h"
#include "client/ntpq/associations.h"
#include "client/ntpq/cooked.h"
#include "client/ntpq/peers.h"
#include "printed.h"

#define NOW 0xeead82f0u

struct row {
	unsigned long status;
	const char *remote, *refid;
	unsigned stratum, when, reach;
	const char *delay, *offset, *jitter;
};

static struct peers_table table_of(enum peers_layout layout)
{
	return (struct peers_table){ .layout = layout,
				     .server = "here",
				     .now = { (uint64_t)NOW << 32 } };
}

static void print_vars(const struct peers_table *table, uint16_t status,
		       const char *vars)
{
	peers_row(out, table, 4711, status, vars_over(vars, strlen(vars)));
}

static void print_row(const struct peers_table *table, const struct row *r)
{
	char vars[512];
	bool name = r->remote[0] < '0' || r->remote[0] > '9';

	snprintf(vars, sizeof(vars),
		 "srcadr=%s, srchost=\"%s\", dstadr=10.99.0.2, refid=%s,\r\n"
		 "stratum=%u, hmode=3, hpoll=6, ppoll=10, reach=0x%x, "
		 "rec=0x%08x.00000000, delay=%s, offset=%s, jitter=%s, "
		 "dispersion=7937.500",
		 name ? "0.0.0.0" : r->remote, r->remote, r->refid, r->stratum,
		 r->reach, r->when > 0 ? NOW - r->when : 0, r->delay, r->offset,
		 r->jitter);
	print_vars(table, (uint16_t)r->status, vars);
}

static void the_block_of_the_seed_is_printed_byte_for_byte(void **state)
{
	static const struct row rows[] = {
		{ 0x8011, "localhost.pgw", "INIT", 16, 0, 0, "0.000", "0.000",
		  "0.000" },
		{ 0x961a, "time100.stupi.se", "PPS", 1, 61, 077, "84.571",
		  "1.309", "0.604" },
		{ 0x9414, "tor.nocabal.de", "131.188.3.222", 2, 58, 077,
		  "69.126", "-3.367", "0.444" },
		{ 0x8011, "2001:440:1880:5555::2", "INIT", 16, 0, 0, "0.000",
		  "0.000", "0.000" },
		{ 0x9414, "time.cloudflare.com", "10.80.8.4", 3, 64, 077,
		  "19.632", "-0.309", "0.667" },
		{ 0x9014, "time-b-g.nist.gov", "NIST", 1, 8, 0177, "149.759",
		  "1.451", "0.281" },
		{ 0x9014, "127.127.1.0", "LOCL", 10, 398, 0100, "0.000",
		  "0.000", "0.000" },
	};
	static const char expected[] =
		"     remote           refid      st t when poll reach   delay"
		"   offset  jitter\n"
		"============================================================="
		"=================\n"
		" localhost.pgw   .INIT.          16 u    -   64    0    0.000"
		"    0.000   0.000\n"
		"*time100.stupi.s .PPS.            1 u   61   64   77   84.571"
		"    1.309   0.604\n"
		"+tor.nocabal.de  131.188.3.222    2 u   58   64   77   69.126"
		"   -3.367   0.444\n"
		" 2001:440:1880:5 .INIT.          16 u    -   64    0    0.000"
		"    0.000   0.000\n"
		"+time.cloudflare 10.80.8.4        3 u   64   64   77   19.632"
		"   -0.309   0.667\n"
		" time-b-g.nist.g .NIST.           1 u    8   64  177  149.759"
		"    1.451   0.281\n"
		" LOCAL(0)        .LOCL.          10 l  398   64  100    0.000"
		"    0.000   0.000\n";
	struct peers_table table = table_of(PEERS_REFID);

	(void)state;
	peers_header(out, &table);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		print_row(&table, &rows[i]);
	}
	assert_string_equal(finished(), expected);
}

static void when_of(unsigned age, const char *expected)
{
	struct row r = { 0x9014, "192.0.2.1", "X", 1, age, 1, "1", "1", "1" };
	struct peers_table table = table_of(PEERS_REFID);

	table.numeric = true;
	assert_int_equal(open_out(NULL), 0);
	print_row(&table, &r);
	assert_int_equal(strlen(finished()), 79);
	assert_memory_equal(printed + 38, expected, 4);
	(void)close_out(NULL);
}

static void when_changes_its_unit_where_it_always_did(void **state)
{
	(void)state;
	(void)close_out(NULL);
	when_of(1, "   1");
	when_of(2048, "2048");
	when_of(2049, " 34m");
	when_of(300 * 60, "300m");
	when_of(301 * 60 + 31, "  5h");
	when_of(96 * 3600, " 96h");
	when_of(97 * 3600, "  4d");
	when_of(400u * 86400, "400d");
	/* A clock that runs behind theirs: no negative age. */
	when_of((unsigned)-5, "   -");
	assert_int_equal(open_out(NULL), 0);
	(void)finished();
}

static void offsets_are_cut_and_carry_no_plus(void **state)
{
	struct peers_table table = table_of(PEERS_REFID);

	(void)state;
	table.numeric = true;
	print_vars(&table, 0,
		   "srcadr=192.0.2.1, offset=+1200000.084, delay=-0.0001, "
		   "jitter=16000000");
	assert_string_equal(
		finished(),
		" 192.0.2.1                        0 -    -    1    0    0.000"
		"  1200000 1600000\n");
}

static void kinds_have_their_letters(void **state)
{
	static const struct {
		const char *vars;
		char letter;
	} kinds[] = {
		{ "hmode=1", 's' },
		{ "hmode=2", 'S' },
		{ "hmode=3, srcadr=192.0.2.1", 'u' },
		{ "hmode=3, srcadr=127.127.28.0", 'l' },
		{ "hmode=3, srcadr=0.0.0.0, refid=POOL", 'p' },
		{ "hmode=3, srcadr=224.0.1.1, refid=ACST", 'a' },
		{ "hmode=5, srcadr=192.0.2.255", 'B' },
		{ "hmode=5, srcadr=224.0.1.1", 'M' },
		{ "hmode=5, srcadr=ff05::101", 'M' },
		{ "hmode=6, srcadr=192.0.2.1", 'b' },
		{ "hmode=99", '-' },
	};
	struct peers_table table = table_of(PEERS_REFID);

	(void)state;
	table.numeric = true;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		print_vars(&table, 0, kinds[i].vars);
	}
	finished();
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		assert_int_equal(printed[i * 79 + 36], kinds[i].letter);
	}
}

/* Every variable of the table, with a value of any bytes. */
static size_t any_vars(char vars[1024])
{
	static const char *const names[] = { "srcadr", "srchost",   "refid",
					     "dstadr", "stratum",   "hmode",
					     "hpoll",  "ppoll",     "reach",
					     "delay",  "offset",    "jitter",
					     "rec",    "dispersion" };
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		len += (size_t)snprintf(vars + len, 16, ",%s=", names[i]);
		for (size_t n = check_below(40); n > 0; n--) {
			char c = (char)check_rng();

			if (c == ',' || check_rng() % 2) {
				c = '9';
			}
			vars[len++] = c;
		}
	}
	return len;
}

/* SECURITY.md I9: the width is that of what is shown. */
static void no_value_moves_a_column(void **state)
{
	(void)state;
	(void)close_out(NULL);
	FORALL(3000) {
		struct peers_table table =
			table_of((enum peers_layout)(check_rng() % 3));
		char vars[1024];
		size_t len = any_vars(vars);

		table.numeric = true;
		assert_int_equal(open_out(NULL), 0);
		peers_row(out, &table, (uint16_t)check_rng(),
			  (uint16_t)check_rng(), vars_over(vars, len));
		assert_int_equal(strlen(finished()), 79);
		for (size_t i = 0; i < 78; i++) {
			assert_in_range(printed[i], 0x20, 0x7e);
		}
		(void)close_out(NULL);
	}
	assert_int_equal(open_out(NULL), 0);
	(void)finished();
}

/* Rows that the classic tool printed, from the same status words. */
static void associations_read_as_ever(void **state)
{
	static struct associations a = {
		.count = 6,
		.list = { { 6082, 0x931a },
			  { 6085, 0x8011 },
			  { 6092, 0x8811 },
			  { 7376, 0xc011 },
			  { 7377, 0x141a },
			  { 51839, 0x801b } },
	};

	(void)state;
	associations_print(out, &a, false);
	assert_string_equal(
		finished(),
		"\nind assid status  conf reach auth condition  last_event "
		"cnt\n"
		"==========================================================="
		"\n"
		"  1  6082  931a   yes   yes  none   outlier    sys_peer  1\n"
		"  2  6085  8011   yes    no  none    reject    mobilize  1\n"
		"  3  6092  8811   yes  none  none    reject    mobilize  1\n"
		"  4  7376  c011   yes    no   bad    reject    mobilize  1\n"
		"  5  7377  141a    no   yes  none candidate    sys_peer  1\n"
		"  6 51839  801b   yes    no  none    reject clock_alarm  1\n");
}

/* A peer's variables as the classic tool printed them. */
static void variables_fold_where_they_always_did(void **state)
{
	static const char wire[] =
		"srcadr=10.99.0.1, srcport=123, dstadr=10.99.0.2,\r\n"
		"dstport=123, leap=0, stratum=1, precision=-20, "
		"rootdelay=9.995,\r\nrootdisp=9.995, refid=GPS, "
		"reftime=0xeead82e0.b8bcd400, rec=0xeead82ea.b87c36e4,\r\n"
		"reach=0x3f, unreach=0, hmode=3, pmode=4, hpoll=3, ppoll=3, "
		"headway=7, flash=0x0, keyid=0, offset=1.133, delay=0.273,\r\n"
		"dispersion=0.141, jitter=0.565, xleave=0.092, "
		"filtdelay= 0.27 0.31 3.24 0.32 0.33 0.46 0.44 0.53,\r\n"
		"filtoffset= 1.13 1.15 2.62 1.16 1.16 1.22 1.21 1.26,\r\n"
		"filtdisp= 0.00 0.15 0.30 0.45 0.60 0.66 16000.00 16000.00\r\n";
	static const char expected[] =
		"associd=41436 status=961a conf, reach, sel_sys.peer, 1 event, "
		"sys_peer,\n"
		"srcadr=10.99.0.1, srcport=123, dstadr=10.99.0.2, dstport=123, "
		"leap=00,\n"
		"stratum=1, precision=-20, rootdelay=9.995, rootdisp=9.995, "
		"refid=GPS,\n"
		"reftime=eead82e0.b8bcd400  Sun, Nov 22 2026 15:04:00.721,\n"
		"rec=eead82ea.b87c36e4  Sun, Nov 22 2026 15:04:10.720, "
		"reach=077,\n"
		"unreach=0, hmode=3, pmode=4, hpoll=3, ppoll=3, headway=7, "
		"flash=00 ok,\n"
		"keyid=0, offset=1.133, delay=0.273, dispersion=0.141, "
		"jitter=0.565,\n"
		"xleave=0.092,\n"
		"filtdelay=     0.27    0.31    3.24    0.32    0.33    0.46"
		"    0.44    0.53,\n"
		"filtoffset=    1.13    1.15    2.62    1.16    1.16    1.22"
		"    1.21    1.26,\n"
		"filtdisp=      0.00    0.15    0.30    0.45    0.60    0.66"
		" 16000.0 16000.0\n";

	(void)state;
	cooked_status(out, STATUS_PEER, 41436, 0x961a);
	cooked_vars(out, vars_over(wire, sizeof(wire) - 1),
		    &(struct cooked_style){ .numeric = true });
	assert_string_equal(finished(), expected);
}

static void status_words_have_their_names(void **state)
{
	static const struct {
		enum status_kind kind;
		uint16_t word;
		const char *text;
	} words[] = {
		{ STATUS_SYSTEM, 0xc016,
		  "leap_alarm, sync_unspec, 1 event, restart" },
		{ STATUS_SYSTEM, 0x0625,
		  "leap_none, sync_ntp, 2 events, "
		  "clock_sync" },
		{ STATUS_SYSTEM, 0x3f00,
		  "leap_none, unknown, no events, "
		  "unspecified" },
		{ STATUS_PEER, 0x141a,
		  "reach, sel_candidate, 1 event, sys_peer" },
		{ STATUS_PEER, 0xf011,
		  "conf, authenb, auth, reach, "
		  "sel_reject, 1 event, mobilize" },
		{ STATUS_PEER, 0x8811,
		  "conf, bcast, sel_reject, 1 event, mobilize" },
		{ STATUS_CLOCK, 0x0000, "no events, clk_unspec" },
	};

	(void)state;
	(void)finished();
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		char text[128];
		struct text t = text_over(text, sizeof(text));

		status_print(words[i].kind, words[i].word, &t);
		assert_string_equal(text, words[i].text);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_out, close_out)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_block_of_the_seed_is_printed_byte_for_byte),
		TEST(when_changes_its_unit_where_it_always_did),
		TEST(offsets_are_cut_and_carry_no_plus),
		TEST(kinds_have_their_letters),
		TEST(no_value_moves_a_column),
		TEST(associations_read_as_ever),
		TEST(variables_fold_where_they_always_did),
		TEST(status_words_have_their_names),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, check_seed, NULL);
}
