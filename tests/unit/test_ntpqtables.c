/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables and reports of ntpq beside `peers`, byte for byte, and what
 * hostile text makes of them (SECURITY.md I8, I9).
 */
#include <string.h>

#include "check.h"
#include "client/ntpq/fixedreports.h"
#include "client/ntpq/ifstats.h"
#include "client/ntpq/mrulist.h"
#include "client/ntpq/reslist.h"
#include "client/ntpq/varlist.h"
#include "client/units.h"
#include "printed.h"

#define NOW 0xeead82f0u

static struct vars vars_of(const char *text)
{
	return vars_over(text, strlen(text));
}

static void items_of_a_row_may_come_in_any_order(void **state)
{
	static const char *const fields[] = { "addr", "hits" };
	struct rows rows = { vars_of("hits.0=5, addr.0=a, xyz=1, addr.1=b,\r\n"
				     "aaa.1=7, hits.1=6, addr.x=c, addr.7=d, "
				     "addr.7=e, last.newest=1"),
			     fields, ARRAY_LEN(fields) };
	static const char *const addrs = "abde";
	struct row row;
	size_t count = 0;

	(void)state;
	while (rows_next(&rows, &row)) {
		assert_true(count < 4 && row.has[0]);
		assert_int_equal(row.item[0].value[0], addrs[count]);
		assert_int_equal(row.has[1], count < 2);
		count++;
	}
	assert_int_equal(count, 4);
}

static void interfaces_are_printed_as_ever(void **state)
{
	(void)state;
	ifstats_print(out,
		      vars_of("addr.0=[::]:123, name.0=\"v6wildcard\", en.0=0, "
			      "flags.0=0x81, tl.0=0, mc.0=0, rx.0=0, tx.0=0, "
			      "txerr.0=0, pc.0=0, up.0=40, qqq=4,\r\n"
			      "up.3=40, pc.3=12, tx.3=63, rx.3=61, txerr.3=0, "
			      "tl.3=0, mc.3=0, flags.3=0x419, en.3=1, "
			      "name.3=\"cmpv1\", addr.3=10.99.0.2:123, "
			      "bcast.3=10.99.0.255:123"));
	assert_string_equal(
		finished(),
		"    interface name                                        "
		"send\n"
		" #  address/broadcast     drop flag ttl mc received sent "
		"failed peers   uptime\n"
		"======================================="
		"=======================================\n"
		"  0 v6wildcard               D   81   0  0      0      0"
		"      0     0       40\n"
		"    [::]:123\n"
		"  3 cmpv1                    .  419   0  0     61     63"
		"      0    12       40\n"
		"    10.99.0.2:123\n"
		"    10.99.0.255:123\n");
}

static void restrictions_are_printed_as_ever(void **state)
{
	(void)state;
	reslist_print(
		out,
		vars_of("addr.0=127.0.0.1, mask.0=255.255.255.255, hits.0=0, "
			"flags.0=\"ntpport interface query\", "
			"flags.1=noquery, hits.1=9, mask.1=ffff:ffff::, "
			"addr.1=2001:db8::, addr.2=0.0.0.0, mask.2=0.0.0.0, "
			"addr.3=10.0.0.0, mask.3=255.0.255.0, hits.3=1"));
	assert_string_equal(finished(),
			    "   hits    addr/prefix or addr mask\n"
			    "           restrictions\n"
			    "======================================="
			    "=======================================\n"
			    "         0 127.0.0.1/32\n"
			    "           ntpport interface query\n"
			    "         9 2001:db8::/32\n"
			    "           noquery\n"
			    "         0 0.0.0.0/0\n"
			    "           \n"
			    "         1 10.0.0.0 255.0.255.0\n"
			    "           \n");
}

static const char clients[] =
	"nonce=abc, addr.0=10.99.0.23:123, last.0=0xeead82b7.00000000, "
	"first.0=0xeead82b7.00000000, ct.0=1, mv.0=36, rs.0=0x380,\r\n"
	"addr.1=[2001:db8::1]:40000, last.1=0xeead82e0.00000000, "
	"first.1=0xeead82c0.00000000, ct.1=4, mv.1=35, rs.1=0xbc0,\r\n"
	"addr.2=10.99.0.25:123, last.2=0xeead82ef.00000000, "
	"first.2=0xeead82b8.00000000, ct.2=11, mv.2=36, rs.2=0x3c0,\r\n"
	"addr.3=nonsense, last.3=0, addr.4=1.2.3.4:123, "
	"now=0xeead82f0.00000000";

static struct mru_style style_of(const char *sort)
{
	struct mru_style style = { .numeric = true,
				   .limited = 0x40,
				   .kod = 0x800,
				   .now = { (uint64_t)NOW << 32 } };

	assert_true(mru_sort_word(&style, sort));
	return style;
}

static void fill(struct mru_list *m)
{
	struct rows rows = mru_rows(vars_of(clients));
	struct mru_entry e;
	struct row row;
	size_t refused = 0;

	while (rows_next(&rows, &row)) {
		if (!mru_entry_read(&e, &row)) {
			refused++;
			continue;
		}
		assert_int_equal(mru_add(m, &e), MRU_NEW);
		assert_int_equal(mru_add(m, &e), MRU_KNOWN);
	}
	assert_int_equal(refused, 2);
	assert_int_equal(m->count, 3);
}

static void clients_are_printed_as_ever(void **state)
{
	struct mru_style style = style_of("lstint");
	struct mru_list m;

	(void)state;
	mru_init(&m, 42);
	fill(&m);
	mru_print(out, &m, &style);
	mru_end(&m);
	assert_string_equal(
		finished(),
		"lstint avgint rstr r m v  count rport remote address\n"
		"======================================="
		"=======================================\n"
		"     1      5  3c0 L 4 4     11   123 10.99.0.25\n"
		"    16      8  bc0 K 3 4      4 40000 2001:db8::1\n"
		"    57      0  380 . 4 4      1   123 10.99.0.23\n");
}

/* The last digit of the address of each row, in this order. */
static void expect_order(const char *sort, const char *digits)
{
	struct mru_style style = style_of(sort);
	struct mru_list m;

	mru_init(&m, 7);
	fill(&m);
	rewind(out);
	mru_print(out, &m, &style);
	fflush(out);
	const char *line = printed;

	for (size_t i = 0; i < 2 + strlen(digits); i++) {
		const char *end = strchr(line, '\n');

		assert_non_null(end);
		if (i >= 2) {
			assert_int_equal(end[-1], digits[i - 2]);
		}
		line = end + 1;
	}
	mru_end(&m);
}

static void clients_are_sorted_by_any_column(void **state)
{
	struct mru_style style;

	(void)state;
	expect_order("lstint", "513");
	expect_order("-lstint", "315");
	expect_order("avgint", "351");
	expect_order("addr", "351");
	expect_order("-addr", "153");
	expect_order("count", "315");
	expect_order("-count", "513");
	assert_false(mru_sort_word(&style, "name"));
	assert_false(mru_sort_word(&style, "--addr"));
	(void)finished();
}

static void a_client_that_asks_again_is_the_same(void **state)
{
	struct mru_entry e = { .addr = netaddr_v4(0x0a000001, 123),
			       .last = { 5 } };
	struct mru_list m;

	(void)state;
	mru_init(&m, 3);
	assert_int_equal(mru_add(&m, &e), MRU_NEW);
	e.last.v = 4;
	assert_int_equal(mru_add(&m, &e), MRU_KNOWN);
	e.last.v = 9;
	assert_int_equal(mru_add(&m, &e), MRU_UPDATED);
	e.addr.port = 124;
	assert_int_equal(mru_add(&m, &e), MRU_NEW);
	assert_int_equal(m.count, 2);
	assert_int_equal(m.updates, 1);
	assert_int_equal(m.entries[0].last.v, 9);
	mru_end(&m);
	(void)finished();
}

/* I8: a list that does not end takes no more memory than this. */
static void a_list_has_a_bound(void **state)
{
	struct mru_entry e = { .last = { 5 } };
	struct mru_list m;

	(void)state;
	mru_init(&m, 5);
	for (uint32_t i = 0; i < MRU_ENTRIES; i++) {
		e.addr = netaddr_v4(i, 123);
		assert_int_equal(mru_add(&m, &e), MRU_NEW);
	}
	e.addr = netaddr_v4(MRU_ENTRIES, 123);
	assert_int_equal(mru_add(&m, &e), MRU_FULL);
	assert_int_equal(m.count, MRU_ENTRIES);
	mru_end(&m);
	(void)finished();
}

static void print_fixed(enum fixed_report report, const char *text)
{
	struct vars v = vars_of(text);
	struct vars_item item;
	size_t count;
	const struct fixed_line *lines = fixed_lines(report, &count);

	for (size_t i = 0; i < count; i++) {
		bool found = vars_find(v, lines[i].name, &item);

		if (found || strcmp(text, "") == 0) {
			fixed_print(out, report, &lines[i],
				    found ? &item : NULL, true);
		}
	}
}

static void reports_have_their_labels_and_columns(void **state)
{
	(void)state;
	print_fixed(FIXED_SYSINFO,
		    "peeradr=10.99.0.1:123, peermode=3, leap=3, "
		    "authdelay=0.000, reftime=0x00000000.00000000");
	print_fixed(FIXED_KERNINFO, "kstflags=\"pll unsync\", kppscalibdur=4");
	print_fixed(FIXED_TIMERSTATS, "");
	assert_string_equal(finished(), "system peer:        10.99.0.1:123\n"
					"system peer mode:   client\n"
					"leap indicator:     11\n"
					"reference time:     (no time)\n"
					"symm. auth. delay:  0.000\n"
					"kernel status:         pll unsync\n"
					"calibration interval   4\n"
					"time since reset:    ?\n"
					"timer overruns:      ?\n"
					"calls to transmit:   ?\n");
}

/* The first value of each report begins where it always did (ntpq.md 3.7). */
static void every_report_fits_one_request_and_its_column(void **state)
{
	(void)state;
	for (int i = 0; i < FIXED_REPORTS; i++) {
		size_t count, longest = 0;
		const struct fixed_line *lines =
			fixed_lines((enum fixed_report)i, &count);
		struct vars_item item = { .value = "#", .value_len = 1 };

		assert_true(count > 2);
		for (size_t k = 0; k < count; k++) {
			size_t len = strlen(lines[k].label);

			longest = len > longest ? len : longest;
		}
		rewind(out);
		fixed_print(out, (enum fixed_report)i, &lines[0], &item, true);
		fflush(out);
		assert_true(strcspn(printed, "#") > longest);
	}
	(void)finished();
}

/* I9: all 256 bytes, in each field of each table. */
static void no_byte_of_a_daemon_reaches_the_terminal_as_it_is(void **state)
{
	static const char *const names[] = { "addr", "mask", "flags", "hits",
					     "name", "rx",   "en",    "last" };
	char nasty[256], text[4096];
	size_t len = 0;

	(void)state;
	for (int c = 1; c < 256; c++) {
		if (!strchr(",\"\r\n", c)) {
			nasty[len++] = (char)c;
		}
	}
	nasty[len] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(text, sizeof(text), "%s.0=\"%s\", addr.0=%s", names[i],
			 nasty, nasty);
		ifstats_print(out, vars_of(text));
		reslist_print(out, vars_of(text));
	}
	for (const char *p = finished(); *p; p++) {
		assert_true(*p == '\n' || (*p >= ' ' && *p <= '~'));
	}
}

static void names_are_added_replaced_and_removed(void **state)
{
	static struct varlist v;
	char request[512];
	struct text t = text_over(request, sizeof(request));

	(void)state;
	varlist_show(out, &v);
	assert_true(varlist_add(&v, "a, b=\"x,y\",c "));
	assert_true(varlist_add(&v, "a=1,c=2"));
	varlist_remove(&v, "c");
	varlist_request(&v, false, &t);
	text_char(&t, ' ');
	varlist_request(&v, true, &t);
	assert_string_equal(request, "a,b a=1,b=\"x,y\"");
	for (int i = 0; i < VARLIST_NAMES - 2; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%d", i);
		assert_true(varlist_add(&v, name));
	}
	assert_false(varlist_add(&v, "one.more"));
	assert_true(varlist_add(&v, "n5=7"));
	assert_string_equal(finished(), "No variables on list\n");
}

static void expect_units(double s, const char *text)
{
	char shown[32];
	struct text t = text_over(shown, sizeof(shown));

	units_seconds(s, &t);
	assert_string_equal(shown, text);
}

static void times_have_the_unit_that_suits(void **state)
{
	(void)state;
	expect_units(0.084571, "84.57ms");
	expect_units(-0.003367, "-3.367ms");
	expect_units(0.000604, "604.0us");
	expect_units(0.00099999, "1.000ms");
	expect_units(0.0000999999, "100.0us");
	expect_units(0, "0.000ns");
	expect_units(1200, "1200s");
	expect_units(-1e30, "-999999s");
	(void)finished();
}

int main(void)
{
#define BESIDE(name) cmocka_unit_test_setup_teardown(name, open_out, close_out)
	const struct CMUnitTest tests[] = {
		BESIDE(items_of_a_row_may_come_in_any_order),
		BESIDE(interfaces_are_printed_as_ever),
		BESIDE(restrictions_are_printed_as_ever),
		BESIDE(clients_are_printed_as_ever),
		BESIDE(clients_are_sorted_by_any_column),
		BESIDE(a_client_that_asks_again_is_the_same),
		BESIDE(a_list_has_a_bound),
		BESIDE(reports_have_their_labels_and_columns),
		BESIDE(every_report_fits_one_request_and_its_column),
		BESIDE(no_byte_of_a_daemon_reaches_the_terminal_as_it_is),
		BESIDE(names_are_added_replaced_and_removed),
		BESIDE(times_have_the_unit_that_suits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
