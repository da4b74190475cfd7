/* SPDX-License-Identifier: BSD-2-Clause */
/* ntp.conf as people really write it: what classic takes, is taken. */
#include "check.h"
#include "config/known.h"
#include "configs.h"

#define MANY 32768

static void addresses_may_be_in_brackets(void **state)
{
	(void)state;
	reads_as("restrict [::1]\n"
		 "server [2001:db8::1] iburst\nserver [192.0.2.1]\n",
		 "server 2001:db8::1 iburst\nserver 192.0.2.1\n"
		 "restrict ::1 ippeerlimit -1\n");
	complains("server [host]\n",
		  "t.conf:1:7: '[host]' is neither an address nor a name", "");
}

static void a_mapped_address_is_of_both_families(void **state)
{
	(void)state;
	reads_as("restrict -6 ::ffff:c000:201 nomodify\n",
		 "restrict 192.0.2.1 ippeerlimit -1 nomodify\n");
	reads_as("server -4 ::ffff:192.0.2.1\n", "server 192.0.2.1\n");
}

static const char *load_none(void *context, const char *path, size_t *len)
{
	(void)context;
	(void)path;
	*len = 0;
	return NULL;
}

/* It is in Red Hat's ntp.conf, and so in half of the world's. */
static void autokeys_password_is_not_missed(void **state)
{
	(void)state;
	static const char text[] = "includefile /etc/ntp/crypto/pw\n"
				   "server 192.0.2.1\n";
	const struct config_loader loader = { .load = load_none };
	struct reading *r = reading_of(text, sizeof(text) - 1, &loader);

	assert_int_equal(r->result.warnings + r->result.fatals, 0);
	assert_int_equal(reading_complaints(r), 1);
	assert_string_equal(r->normal, "server 192.0.2.1\n");
	reading_end(r);
}

static void any_blanks_and_line_ends_will_do(void **state)
{
	(void)state;
	static const char normal[] = "server 192.0.2.1 iburst prefer\n";

	reads_as("\xef\xbb\xbfserver 192.0.2.1 iburst prefer\r\n", normal);
	reads_as("server\f192.0.2.1\v iburst\t\tprefer", normal);
	reads_as("server\xc2\xa0"
		 "192.0.2.1\xe3\x80\x80iburst\xa0prefer # \xd6\xd0\xce\xc4\n",
		 normal);
	reads_as("driftfile \xe2\x80\x9c/var/d\xe2\x80\x9d\n",
		 "driftfile \"/var/d\"\n");
	reads_as("driftfile \"/var/d\r\n", "driftfile \"/var/d\"\n");
	complains("server 192.0.2.1 iburst \\\nserver 192.0.2.2\n",
		  "t.conf:1:24: unknown word '\\x5c': no line goes on in "
		  "the next",
		  "server 192.0.2.1 iburst\nserver 192.0.2.2\n");
}

/* Of version 3 of the protocol, and AIX's own file. */
static void words_of_old_systems_are_no_mistakes(void **state)
{
	(void)state;
	static const char text[] =
		"broadcastclient\ndriftfile /d\ntracefile /etc/ntp.trace\n"
		"precision -18\nauthenticate no\nauthdelay 0.001\n"
		"resolver /etc/ntpres\nclientlimit 3\nclientperiod 3600\n";
	struct reading *r = reading_of_text(text);

	assert_int_equal(r->result.warnings + r->result.fatals, 0);
	assert_int_equal(reading_complaints(r), 7);
	assert_true(r->config.broadcast_client);
	reading_end(r);
}

/* Each driver that there ever was: it is asked, is to come, or is named. */
static void clocks_of_every_type_are_survived(void **state)
{
	(void)state;
	for (unsigned type = 1; type <= 46; type++) {
		char line[160];
		struct text t = text_over(line, sizeof(line));

		for (unsigned i = 0; i < 2; i++) {
			text_str(&t,
				 i == 0 ? "fudge 127.127." : "server 127.127.");
			text_u64(&t, type);
			text_str(&t, i == 0 ? ".1 flag3 1 time1 0.5 refid GPS\n"
					    : ".1 mode 17 minpoll 4 prefer\n");
		}
		text_str(&t, "server 192.0.2.1\n");
		struct reading *r = reading_of(line, t.len, NULL);
		const struct source_config *s = r->config.sources;

		assert_int_equal(r->result.fatals, 0);
		if (s->next) {
			assert_int_equal(r->result.warnings, 0);
			assert_int_equal(s->refclock_type, type);
			assert_true(s->fudge.flag[2] && s->prefer);
			assert_string_equal(s->fudge.refid, "GPS");
		} else {
			assert_in_range(r->result.warnings, 1, 2);
		}
		reading_end(r);
	}
}

static void a_source_is_known_until_it_is_gone(void **state)
{
	(void)state;
	reads_as("server a\npool a\nserver -6 a\nserver a\npool a\n",
		 "server a\npool a\nserver -6 a\n");
	reads_as("server a\nserver 192.0.2.1\nunpeer a\nunpeer 192.0.2.1\n"
		 "server 192.0.2.1 prefer\nserver a iburst\nserver a\n",
		 "server 192.0.2.1 prefer\nserver a iburst\n");
}

static unsigned depth(const struct known *k)
{
	unsigned deepest = 0;

	for (size_t i = 0; k && i < ARRAY_LEN(k->below); i++) {
		unsigned d = depth(k->below[i]);

		deepest = d > deepest ? d : deepest;
	}
	return k ? deepest + 1 : 0;
}

/* Whether one is known takes few steps, of however many lines. */
static void many_sources_are_found_in_few_steps(void **state)
{
	(void)state;
	size_t size = (size_t)4 * MANY * sizeof(struct source_config);
	void *memory = malloc(size);
	struct arena arena = arena_over(memory, size);
	struct known *tree = NULL;

	assert_non_null(memory);
	for (unsigned twice = 0; twice < 2; twice++) {
		for (uint32_t i = 0; i < MANY; i++) {
			struct source_config *s =
				arena_take(&arena, sizeof(*s));

			assert_non_null(s);
			s->addr = netaddr_v4(0x0a000000u + i, NTP_PORT);

			struct source_config **at =
				known_place(&tree, &arena, s);

			assert_non_null(at);
			assert_true(!*at == !twice);
			*at = s;
		}
	}
	assert_in_range(depth(tree), 8, 24); /* log4 of MANY is 7.5 */
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_may_be_in_brackets),
		cmocka_unit_test(a_mapped_address_is_of_both_families),
		cmocka_unit_test(autokeys_password_is_not_missed),
		cmocka_unit_test(any_blanks_and_line_ends_will_do),
		cmocka_unit_test(words_of_old_systems_are_no_mistakes),
		cmocka_unit_test(clocks_of_every_type_are_survived),
		cmocka_unit_test(a_source_is_known_until_it_is_gone),
		cmocka_unit_test(many_sources_are_found_in_few_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
