/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of variables come from daemons of every vendor, and from attackers:
 * what is well-formed is read as it is meant, and every byte string is read
 * without leaving it (SECURITY.md I8, I9).
 */
#include <string.h>

#include "check.h"
#include "client/control/vars.h"

static struct vars over(const char *s)
{
	return vars_over(s, strlen(s));
}

static void assert_item(struct vars *v, const char *name, const char *value)
{
	struct vars_item item;
	char shown[256];
	struct text t = text_over(shown, sizeof(shown));

	assert_true(vars_next(v, &item));
	assert_true(vars_is(&item, name));
	vars_show(&item, &t);
	assert_string_equal(shown, value);
}

static void items_are_cut_at_commas_and_line_ends(void **state)
{
	struct vars v = over(" ,a=1, bc = two words ,\r\nd=\"x, \r\n=y\" ,"
			     "e,f=,\r\n g=\"open");
	struct vars_item item;

	(void)state;
	assert_item(&v, "a", "1");
	assert_item(&v, "bc", "two words");
	assert_item(&v, "d", "x, \\x0d\\x0a=y");
	assert_item(&v, "e", "");
	assert_item(&v, "f", "");
	assert_item(&v, "g", "open");
	assert_false(vars_next(&v, &item));
}

static void the_first_of_a_name_is_found_and_names_are_whole(void **state)
{
	struct vars v = over("mintc=3, tc=6, tc=7, TC=8");
	struct vars_item item;
	uint64_t value;

	(void)state;
	assert_true(vars_find(v, "tc", &item));
	assert_true(vars_u64(&item, &value));
	assert_int_equal(value, 6);
	assert_false(vars_find(v, "t", &item));
	assert_false(vars_find(v, "", &item));
}

static bool is_u64(const char *text, uint64_t *value)
{
	struct vars_item item = { .value = text, .value_len = strlen(text) };

	return vars_u64(&item, value);
}

static void numbers_are_whole_or_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"0x",
		"1x",
		" 1",
		"1 ",
		"-1",
		"+1",
		"0x1g",
		"18446744073709551616",
		"0x11112222333344445",
		"1.0",
		"1e3",
	};
	uint64_t value = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_false(is_u64(wrong[i], &value));
		assert_int_equal(value, 42);
	}
	assert_true(is_u64("18446744073709551615", &value));
	assert_int_equal(value, UINT64_MAX);
	assert_true(is_u64("0xfF", &value));
	assert_int_equal(value, 255);
}

static void timestamps_have_one_form(void **state)
{
	static const char good[] = "0xeead82ea.b87c36e4";
	struct vars_item item = { .value = good, .value_len = 19 };
	tstamp t = { 0 };

	(void)state;
	for (size_t len = 0; len < 19; len++) {
		item.value_len = len;
		assert_false(vars_tstamp(&item, &t));
	}
	item.value_len = 19;
	assert_true(vars_tstamp(&item, &t));
	assert_true(t.v == UINT64_C(0xeead82eab87c36e4));
}

/* Every item lies inside the bytes, and the list comes to an end. */
static void any_bytes_are_some_list(void **state)
{
	static const char likely[] = "a=\", \r\n\t0x9.\x80";

	(void)state;
	FORALL(20000) {
		char bytes[64];
		size_t len = check_below(sizeof(bytes) + 1), items = 0;
		struct vars_item item;

		for (size_t i = 0; i < len; i++) {
			bytes[i] = likely[check_rng() % sizeof(likely)];
		}
		/* A copy of just that size: a sanitizer sees one step more. */
		char *copy = malloc(len > 0 ? len : 1);

		assert_non_null(copy);
		memcpy(copy, bytes, len);
		struct vars v = vars_over(copy, len);

		while (vars_next(&v, &item)) {
			char shown[300];
			struct text t = text_over(shown, sizeof(shown));
			double d;
			tstamp at;
			netaddr a;
			uint64_t n;

			assert_true(item.name + item.name_len <= copy + len);
			assert_true(!item.valued ||
				    item.value + item.value_len <= copy + len);
			vars_show(&item, &t);
			for (size_t i = 0; i < t.len; i++) {
				assert_in_range(shown[i], 0x20, 0x7e);
			}
			(void)(vars_double(&item, &d) || vars_u64(&item, &n) ||
			       vars_tstamp(&item, &at) ||
			       vars_netaddr(&item, &a));
			assert_true(++items <= len);
		}
		free(copy);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_are_cut_at_commas_and_line_ends),
		cmocka_unit_test(
			the_first_of_a_name_is_found_and_names_are_whole),
		cmocka_unit_test(numbers_are_whole_or_refused),
		cmocka_unit_test(timestamps_have_one_form),
		cmocka_unit_test(any_bytes_are_some_list),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
