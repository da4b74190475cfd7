/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The protocol of control requests: names, errors, lists, pieces (RFC 9327, and
 * what the clients of both generations rely on).
 */
#include "talk.h"

static void named_variables_come_in_the_order_of_the_table(void **state)
{
	struct talk *t = *state;

	ask(t, MODE6_READVAR, 0, "offset, stratum,leap=9,stratum");
	assert_string_equal(t->data, "leap=0, stratum=2, offset=-0.012345\r\n");
	ask(t, MODE6_READVAR, 0, " ,, stratum");
	assert_string_equal(t->data, "stratum=2\r\n");
	ask(t, MODE6_READVAR, 41436, "jitter,srcadr,reason");
	assert_string_equal(t->data, "srcadr=10.99.0.1, jitter=0.565, "
				     "reason=\"the system peer\"\r\n");
	t->system.setvars = &owner;
	ask(t, MODE6_READVAR, 0, "motto");
	assert_string_equal(t->data, "motto=slow\r\n");
}

static void one_unknown_name_fails_the_request(void **state)
{
	struct talk *t = *state;
	static const char *const wrong[] = {
		"bogus",  "stratum,bogus", "stratum ", "Stratum",
		"stratu", "stratum1",      "motto",    "stratum,\"",
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		ask(t, MODE6_READVAR, 0, wrong[i]);
		assert_error(t, MODE6_ERR_VARIABLE);
	}
	ask(t, MODE6_READVAR, 41436, "srcadr,sys_jitter");
	assert_error(t, MODE6_ERR_VARIABLE);
}

static void a_known_name_without_a_value_is_left_out(void **state)
{
	struct talk *t = *state;

	ask(t, MODE6_READVAR, 0, "tai,stratum,leapsec");
	assert_string_equal(t->data, "stratum=2\r\n");
	ask(t, MODE6_READVAR, 0, "tai");
	assert_string_equal(t->data, "");
	assert_int_equal(t->datagrams, 1);
	assert_false(t->headers[0].error);
}

static void as_lists_pairs_117_to_a_datagram(void **state)
{
	struct talk *t = *state;
	struct control_listed list[2000];

	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		list[i] = (struct control_listed){ (uint16_t)(i + 1), 0x961a };
	}
	t->subject.list = list;
	ask(t, MODE6_READSTAT, 0, "");
	assert_int_equal(t->need, CONTROL_NEEDS_LIST);
	assert_int_equal(t->data_len, 0);
	t->subject.listed = 1;
	ask(t, MODE6_READSTAT, 0, "");
	assert_int_equal(t->data_len, 4);
	assert_memory_equal(t->data, "\x00\x01\x96\x1a", 4);
	t->subject.listed = ARRAY_LEN(list);
	ask(t, MODE6_READSTAT, 0, "");
	assert_int_equal(t->datagrams, (2000 + 116) / 117);
	assert_int_equal(t->headers[0].count, 117 * 4);
	assert_int_equal(t->data_len, 8000);
	assert_memory_equal(t->data + 7996, "\x07\xd0\x96\x1a", 4);
	assert_int_equal(t->headers[0].status, 0x0615);
}

/* C ntpstat: 576 octets with count 0; five fields in the first datagram. */
static void ntpstat_finds_its_five_fields(void **state)
{
	struct talk *t = *state;

	t->system.version = "ntpd truechimer-1.2.3 with a name as long as "
			    "those of distributions (20261122)";
	memset(t->request, 0, sizeof(t->request));
	memcpy(t->request, "\x16\x02\x01\x02", 4);
	t->len = 576;
	ask_bytes(t);
	const char *tc = strstr(t->data, "tc="), *end = t->data + 468;

	assert_non_null(tc);
	assert_true(strstr(t->data, "refid=") < end);
	assert_true(strstr(t->data, "stratum=") < end);
	assert_true(strstr(t->data, "rootdelay=") < end);
	assert_true(strstr(t->data, "rootdisp=") < end);
	assert_true(tc < end && tc < strstr(t->data, "mintc="));
}

static void what_is_not_a_request_is_dropped(void **state)
{
	struct talk *t = *state;

	ask(t, MODE6_READVAR, 0, "");
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {
		{ 0, 0x06 }, { 0, 0x2e }, { 0, 0x17 }, /* VN 0, 5; mode 7 */
		{ 1, 0x82 }, { 1, 0x42 }, { 1, 0x22 }, /* R, E, M */
		{ 8, 1 },    { 9, 1 },                 /* offset */
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		uint8_t was = t->request[wrong[i].at];

		t->request[wrong[i].at] = wrong[i].value;
		ask_bytes(t);
		assert_int_equal(t->need, CONTROL_DROP);
		t->request[wrong[i].at] = was;
	}
	for (t->len = 0; t->len < MODE6_HEADER; t->len++) {
		ask_bytes(t);
		assert_int_equal(t->need, CONTROL_DROP);
	}
	for (unsigned version = 1; version <= 4; version++) {
		t->request[0] = (uint8_t)(version << 3 | 6);
		ask_bytes(t);
		assert_int_equal(t->headers[0].version, version);
	}
}

static void bad_lengths_are_told(void **state)
{
	struct talk *t = *state;

	ask(t, MODE6_READVAR, 0, "stratum");
	t->len -= 1;
	ask_bytes(t);
	assert_error(t, MODE6_ERR_FORMAT);
	t->len -= 3;
	ask_bytes(t);
	assert_error(t, MODE6_ERR_FORMAT);
}

static void a_stranger_changes_nothing_and_reads_no_lists(void **state)
{
	struct talk *t = *state;

	for (unsigned opcode = 0; opcode < 32; opcode++) {
		ask(t, opcode, 0, "");
		switch (opcode) {
		case MODE6_UNSPEC:
		case MODE6_READSTAT:
		case MODE6_READVAR:
		case MODE6_REQ_NONCE:
			assert_false(t->headers[0].error);
			break;
		case MODE6_READCLOCK: /* there is none here */
			assert_error(t, MODE6_ERR_ASSOC);
			break;
		case MODE6_WRITEVAR:
		case MODE6_WRITECLOCK:
		case MODE6_SETTRAP:
		case MODE6_CONFIGURE:
		case MODE6_SAVECONFIG:
		case MODE6_READ_MRU:
		case MODE6_READ_ORDLIST:
		case MODE6_UNSETTRAP:
			assert_error(t, MODE6_ERR_PERMISSION);
			break;
		default:
			assert_error(t, MODE6_ERR_OPCODE);
			break;
		}
	}
}

static void a_status_alone_can_be_asked_for(void **state)
{
	struct talk *t = *state;

	t->system.leap = LEAP_UNSYNC;
	t->system.events = (struct events){ SYSTEM_RESTART, 1 };
	t->system.kind = CLOCK_KIND_UNKNOWN;
	ask(t, MODE6_UNSPEC, 0, "");
	assert_int_equal(t->headers[0].status, 0xc016);
	assert_int_equal(t->headers[0].leap, 3);
	assert_int_equal(t->data_len, 0);
	ask(t, MODE6_UNSPEC, 41436, "");
	assert_int_equal(t->headers[0].status, 0x961a);
}

static void long_answers_come_in_pieces(void **state)
{
	struct talk *t = *state;

	ask(t, MODE6_READVAR, 0, "sys_var_list,ss_uptime");
	assert_true(t->datagrams > 3);
	for (size_t i = 0; i + 1 < t->datagrams; i++) {
		assert_int_equal(t->headers[i].count, MODE6_DATA);
	}
	assert_non_null(strstr(t->data, "sys_var_list=\"version,processor,"));
	assert_non_null(strstr(t->data, ",cert\",\r\n"
					"ss_uptime=0\r\n"));
}

static void a_full_last_datagram_has_no_line_end(void **state)
{
	struct talk *t = *state;
	char name[480];

	memset(name, 'x', sizeof(name));
	for (size_t len = 455; len <= 461; len++) {
		/* version="..." is 10 longer than its value. */
		name[len] = '\0';
		t->system.version = name;
		ask(t, MODE6_READVAR, 0, "version");
		bool fits = len + 10 + 2 <= MODE6_DATA || len + 10 > MODE6_DATA;

		assert_int_equal(t->datagrams, len + 10 > MODE6_DATA ? 2 : 1);
		assert_int_equal(t->data_len, len + 10 + (fits ? 2 : 0));
		name[len] = 'x';
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(named_variables_come_in_the_order_of_the_table),
		TEST(one_unknown_name_fails_the_request),
		TEST(a_known_name_without_a_value_is_left_out),
		TEST(as_lists_pairs_117_to_a_datagram),
		TEST(ntpstat_finds_its_five_fields),
		TEST(what_is_not_a_request_is_dropped),
		TEST(bad_lengths_are_told),
		TEST(a_stranger_changes_nothing_and_reads_no_lists),
		TEST(a_status_alone_can_be_asked_for),
		TEST(long_answers_come_in_pieces),
		TEST(a_full_last_datagram_has_no_line_end),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
