/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses as text and back: what must be read, what must not, and the form
 * of RFC 5952; checked against the C library's own reader too.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/netaddr.h"
#include "check.h"

static const char *shown(const netaddr *a)
{
	static char buffer[NETADDR_TEXT];
	struct text t = text_over(buffer, sizeof(buffer));

	netaddr_print(a, &t);
	assert_false(t.cut);
	return buffer;
}

static void reads(const char *in, const char *out)
{
	netaddr a;

	assert_true(netaddr_parse(&a, in, strlen(in)));
	assert_int_equal(a.port, 0);
	assert_string_equal(shown(&a), out);
}

static void literals_are_read_and_shown_as_rfc_5952_has_it(void **state)
{
	(void)state;
	reads("192.0.2.1", "192.0.2.1");
	reads("0.0.0.0", "0.0.0.0");
	reads("::", "::");
	reads("::1", "::1");
	reads("1::", "1::");
	reads("2001:DB8:0:0:0:0:0:1", "2001:db8::1");
	reads("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
	reads("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
	reads("1:0:0:2:0:0:0:3", "1:0:0:2::3");
	reads("0:0:1:2:3:4:5:6", "::1:2:3:4:5:6");
	reads("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::");
	reads("::ffff:192.0.2.1", "192.0.2.1");
	reads("::ffff:c000:201", "192.0.2.1");
	reads("64:ff9b::192.0.2.1", "64:ff9b::c000:201");
	reads("0001:02:003:4::", "1:2:3:4::");
}

static void what_is_no_literal_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		".",
		"1",
		"1.2.3",
		"1.2.3.",
		"1.2.3.4.",
		"1.2.3.4.5",
		"256.1.1.1",
		"1.2.3.256",
		"01.2.3.4",
		"1.2.3.00",
		"1..2.3",
		".1.2.3.4",
		"+1.2.3.4",
		"1.2.3.4 ",
		" 1.2.3.4",
		"1.2.3.-4",
		":",
		":::",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"1::2::3",
		"1:2:3:4:5:6:7:",
		":1:2:3:4:5:6:7",
		"12345::",
		"g::",
		"::1%lo",
		"[::1]",
		"::1.2.3",
		"1:2:3:4:5:6:7:1.2.3.4",
		"::1.2.3.4:5",
		"::256.1.1.1",
		"1:2:3:4::5:6:7:8",
		"::1/64",
		"99999999999999999999.1.1.1",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		netaddr a = { .port = 77 };

		if (netaddr_parse(&a, bad[i], strlen(bad[i]))) {
			fail_msg("'%s' was taken for an address", bad[i]);
		}
		assert_int_equal(a.port, 77);
	}
}

/* The reader, and the C library's, agree about every prefix and edit. */
static void it_agrees_with_the_c_library(void **state)
{
	(void)state;
	static const char alphabet[] = "0123456789abcdefF:.::..";

	FORALL(200000) {
		char in[48];
		uint8_t v4[4], v6[16];
		netaddr a, b;
		struct text t = text_over(in, sizeof(in));

		if (check_rng() % 2) { /* a true address, then broken */
			a = (netaddr){ .port = 0 };
			for (unsigned i = 0; i < 16; i++) {
				bool zero = check_rng() % 2;

				a.ip[i] = zero ? 0 : (uint8_t)check_rng();
			}
			a = check_rng() % 2
				    ? a
				    : netaddr_v4((uint32_t)check_rng(), 0);
			netaddr_print(&a, &t);
			if (check_rng() % 2) {
				in[check_rng() % t.len] =
					alphabet[check_rng() %
						 (sizeof(alphabet) - 1)];
			}
			in[check_rng() % 2 ? t.len : check_rng() % t.len] =
				'\0';
		} else {
			for (uint64_t n = check_rng() % 20; n > 0; n--) {
				text_char(&t, alphabet[check_rng() %
						       (sizeof(alphabet) - 1)]);
			}
		}
		bool is_v4 = inet_pton(AF_INET, in, v4) == 1;
		bool is_v6 = inet_pton(AF_INET6, in, v6) == 1;

		assert_int_equal(netaddr_parse(&b, in, strlen(in)),
				 is_v4 || is_v6);
		if (is_v4) {
			assert_memory_equal(b.ip + 12, v4, 4);
			assert_true(netaddr_is_v4(&b));
		} else if (is_v6) {
			assert_memory_equal(b.ip, v6, 16);
		}
	}
}

static void any_address_survives_a_round_trip(void **state)
{
	(void)state;
	FORALL(50000) {
		netaddr a = { .port = 0 }, b;

		for (unsigned i = 0; i < 16; i++) {
			a.ip[i] = check_rng() % 3 ? 0 : (uint8_t)check_rng();
		}
		const char *s = shown(&a);

		assert_true(netaddr_parse(&b, s, strlen(s)));
		assert_true(netaddr_equal(&a, &b));
	}
}

static void ports_are_shown_behind(void **state)
{
	(void)state;
	char buffer[NETADDR_TEXT];
	struct text t = text_over(buffer, sizeof(buffer));
	netaddr a = netaddr_v4(0xc0000201, 123);

	netaddr_print_port(&a, &t);
	assert_string_equal(buffer, "192.0.2.1:123");
	a = (netaddr){ .ip = { 0xfe, 0x80, [15] = 1 }, .port = 65535 };
	t = text_over(buffer, sizeof(buffer));
	netaddr_print_port(&a, &t);
	assert_string_equal(buffer, "[fe80::1]:65535");
}

static void kinds_of_addresses(void **state)
{
	(void)state;
	struct {
		const char *in;
		bool v4, none, loopback, nonsense, refclock;
	} rows[] = {
		{ "127.0.0.1", true, false, true, false, false },
		{ "127.127.1.0", true, false, true, false, true },
		{ "::1", false, false, true, false, false },
		{ "::2", false, false, false, false, false },
		{ "::", false, true, false, true, false },
		{ "0.0.0.0", true, false, false, true, false },
		{ "0.1.2.3", true, false, false, true, false },
		{ "223.255.255.255", true, false, false, false, false },
		{ "224.0.1.1", true, false, false, true, false },
		{ "255.255.255.255", true, false, false, true, false },
		{ "ff02::101", false, false, false, true, false },
		{ "::127.127.1.0", false, false, false, false, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		netaddr a;

		assert_true(netaddr_parse(&a, rows[i].in, strlen(rows[i].in)));
		assert_int_equal(netaddr_is_v4(&a), rows[i].v4);
		assert_int_equal(netaddr_is_none(&a), rows[i].none);
		assert_int_equal(netaddr_is_loopback(&a), rows[i].loopback);
		assert_int_equal(netaddr_is_nonsense(&a), rows[i].nonsense);
		assert_int_equal(netaddr_is_refclock(&a), rows[i].refclock);
	}
	netaddr a = netaddr_v4(0x7f000001, 5);

	assert_int_equal(netaddr_v4_bits(&a), 0x7f000001);
}

/* A prefix is what bit by bit comparison says it is. */
static void prefixes_compare_bit_by_bit(void **state)
{
	(void)state;
	FORALL(2000) {
		netaddr a = { .port = 1 }, b = { .port = 2 };
		unsigned same = 0;

		for (unsigned i = 0; i < 16; i++) {
			a.ip[i] = (uint8_t)check_rng();
			b.ip[i] = a.ip[i];
		}
		unsigned flip = (unsigned)(check_rng() % 128);

		b.ip[flip / 8] ^= (uint8_t)(0x80u >> flip % 8);
		while (same < 128 && ((a.ip[same / 8] ^ b.ip[same / 8]) &
				      0x80u >> same % 8) == 0) {
			same++;
		}
		assert_int_equal(same, flip);
		for (unsigned prefix = 0; prefix <= 128; prefix++) {
			assert_int_equal(netaddr_in_prefix(&a, &b, prefix),
					 prefix <= same);
			assert_true(netaddr_in_prefix(&a, &a, prefix));
		}
		assert_false(netaddr_same_host(&a, &b));
	}
}

static void hosts_differ_by_scope_and_ends_by_port(void **state)
{
	(void)state;
	netaddr a = { .ip = { 0xfe, 0x80, [15] = 1 }, .port = 1 }, b = a;

	b.port = 2;
	assert_true(netaddr_same_host(&a, &b));
	assert_false(netaddr_equal(&a, &b));
	b = a;
	b.scope = 3;
	assert_false(netaddr_same_host(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			literals_are_read_and_shown_as_rfc_5952_has_it),
		cmocka_unit_test(what_is_no_literal_is_refused),
		cmocka_unit_test(it_agrees_with_the_c_library),
		cmocka_unit_test(any_address_survives_a_round_trip),
		cmocka_unit_test(ports_are_shown_behind),
		cmocka_unit_test(kinds_of_addresses),
		cmocka_unit_test(prefixes_compare_bit_by_bit),
		cmocka_unit_test(hosts_differ_by_scope_and_ends_by_port),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
