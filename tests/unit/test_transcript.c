/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers as JSON: types, units left alone, and nothing a remote daemon says
 * can leave a string (SECURITY.md I9).
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "client/ntpq/transcript.h"

static struct ctl_answer answer;

static void say(const void *data, size_t len)
{
	answer = (struct ctl_answer){ .status = 0x0615 };
	assert_true(len <= sizeof(answer.data));
	memcpy(answer.data, data, len);
	answer.len = len;
}

/* What comes out of a command that was answered so. */
static json_t *transcribed(enum mode6_opcode opcode, uint16_t assoc)
{
	struct transcript *t = transcript_new();
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	assert_non_null(t);
	assert_non_null(f);
	transcript_begin(t, "h", "c");
	transcript_answer(t, opcode, assoc, &answer);
	transcript_end(t, f, "", 0);
	(void)fclose(f);
	for (size_t i = 0; i < len; i++) {
		assert_true(out[i] == '\n' || (out[i] >= ' ' && out[i] <= '~'));
	}
	json_t *object = json_loads(out, 0, NULL);

	assert_non_null(object);
	free(out);
	transcript_free(t);
	return object;
}

static json_t *variable(json_t *object, const char *name)
{
	return json_object_get(
		json_object_get(json_object_get(object, "system"), "variables"),
		name);
}

static void values_have_the_types_that_they_look_like(void **state)
{
	static const char text[] =
		"version=\"ntpd 1\", stratum=3, offset=-0.250, reach=0xff, "
		"refid=1234, reftime=0xeead80ac.80000000, "
		"clock=0x00000000.00000000, "
		"filtdelay= 0.27 0.31, keyid=70000, leap=0";

	(void)state;
	say(text, strlen(text));
	json_t *o = transcribed(MODE6_READVAR, 0);

	assert_string_equal(json_string_value(variable(o, "version")),
			    "ntpd 1");
	assert_int_equal(json_integer_value(variable(o, "stratum")), 3);
	assert_true(json_real_value(variable(o, "offset")) == -0.25);
	assert_int_equal(json_integer_value(variable(o, "reach")), 255);
	assert_string_equal(json_string_value(variable(o, "refid")), "1234");
	assert_string_equal(json_string_value(variable(o, "reftime")),
			    "2026-11-22T14:54:36.500000Z");
	assert_true(json_is_null(variable(o, "clock")));
	assert_int_equal(json_array_size(variable(o, "filtdelay")), 2);
	json_decref(o);
}

static void no_byte_leaves_its_string(void **state)
{
	char text[300] = "name=\"";
	size_t len = strlen(text);

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		text[len++] = (char)(i == '"' ? '\'' : i);
	}
	text[len++] = '"';
	say(text, len);
	json_decref(transcribed(MODE6_READVAR, 0));
	json_decref(transcribed(MODE6_READ_ORDLIST, 0));
	json_decref(transcribed(MODE6_CONFIGURE, 0));
	json_decref(transcribed(MODE6_READSTAT, 0));
}

static void numbers_beyond_all_bounds_stay_text(void **state)
{
	static char text[CTL_ANSWER] = "stratum=";

	(void)state;
	memset(text + 8, '9', 60000);
	say(text, 60008);
	json_t *o = transcribed(MODE6_READVAR, 0);

	assert_true(json_is_string(variable(o, "stratum")));
	json_decref(o);
}

static void long_strings_are_whole(void **state)
{
	static char text[CTL_ANSWER] = "name=\"";

	(void)state;
	memset(text + 6, 0x80, 60000); /* four letters each, escaped */
	text[60006] = '"';
	say(text, 60007);
	json_t *o = transcribed(MODE6_READVAR, 0);

	assert_int_equal(json_string_length(variable(o, "name")), 240000);
	json_decref(o);
}

static void numbers_keep_their_digits(void **state)
{
	static const char text[] =
		"frequency=-12.3456789012345, big=9007199254740993";

	(void)state;
	say(text, strlen(text));
	json_t *o = transcribed(MODE6_READVAR, 0);

	assert_true(json_real_value(variable(o, "frequency")) ==
		    -12.3456789012345);
	assert_true(json_integer_value(variable(o, "big")) == 9007199254740993);
	json_decref(o);
}

/* The daemon's refusal is worth more than what we make of it. */
static void the_first_failure_is_kept(void **state)
{
	struct transcript *t = transcript_new();
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	(void)state;
	assert_non_null(t);
	assert_non_null(f);
	answer.error = MODE6_ERR_ASSOC;
	transcript_begin(t, "h", "c");
	transcript_failed(t, CTL_REFUSED, &answer);
	transcript_complaint(t, "command", "what?");
	transcript_end(t, f, "", 0);
	transcript_begin(t, "h", "c");
	transcript_complaint(t, "command", NULL);
	transcript_end(t, f, "", 0);
	(void)fclose(f);
	assert_string_equal(
		out, "{\"command\":\"c\",\"host\":\"h\",\"error\":{\"kind\":"
		     "\"refused\",\"reason\":\"association\"},\"ok\":false}\n"
		     "{\"command\":\"c\",\"host\":\"h\",\"ok\":false}\n");
	free(out);
	transcript_free(t);
}

static void rows_are_objects(void **state)
{
	static const char text[] =
		"addr.0=::, hits.0=7, xyz.9=1, addr.1=1.2.3.4, "
		"flags.1=serve trust";
	(void)state;
	say(text, strlen(text));
	json_t *o = transcribed(MODE6_READ_ORDLIST, 0);
	json_t *rows = json_object_get(o, "rows");

	assert_int_equal(json_array_size(rows), 3);
	assert_int_equal(json_integer_value(json_object_get(
				 json_array_get(rows, 0), "hits")),
			 7);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_have_the_types_that_they_look_like),
		cmocka_unit_test(no_byte_leaves_its_string),
		cmocka_unit_test(numbers_beyond_all_bounds_stay_text),
		cmocka_unit_test(long_strings_are_whole),
		cmocka_unit_test(numbers_keep_their_digits),
		cmocka_unit_test(the_first_failure_is_kept),
		cmocka_unit_test(rows_are_objects),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
