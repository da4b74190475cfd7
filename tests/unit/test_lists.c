/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * READ_MRU and READ_ORDLIST: the rows, where a list goes on, and how much of
 * it one answer is (threats F4, F8, I6).
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "core/control/lists.h"
#include "core/control/pieces.h"

#define ROOM 70000

static const uint8_t seed[RNG_SEED] = { 3 };

static tstamp at(double s)
{
	return tstamp_add((tstamp){ UINT64_C(0xe98c5a1000000000) },
			  span_from_seconds(s));
}

struct perusal {
	struct mru *clients;
	struct server_shard shard;
	netaddr asked; /* of our addresses, by the next client */
	struct listables have;
	struct outbox out;
	struct mode6 last; /* header of the last datagram */
	unsigned datagrams;
	char text[ROOM];
};

static struct perusal *begin(uint32_t room)
{
	static const struct mru_config plain = { .maxage_s = 1u << 30 };
	struct perusal *r = calloc(1, sizeof(*r));
	struct mru_config rules = plain;
	void *memory = calloc(1, mru_size(room));

	assert_non_null(r);
	assert_non_null(memory);
	rules.maxdepth = room;
	r->clients = mru_init(memory, &rules, seed);
	r->shard.clients = r->clients;
	r->have = (struct listables){ .now = at(1000),
				      .shards = &r->shard,
				      .shard_count = 1 };
	return r;
}

static void end(struct perusal *r)
{
	free(r->clients);
	free(r);
}

static void note(struct perusal *r, netaddr from, double s, enum mru_fate fate)
{

	mru_note(r->clients, &from, &r->asked, 0x23, fate, at(s));
}

/* So many clients, one every `gap_s`: 10.0.0.0, 10.0.0.1 and so on. */
static void note_crowd(struct perusal *r, uint32_t count, double gap_s)
{
	for (uint32_t i = 0; i < count; i++) {
		note(r, netaddr_v4(0x0a000000 + i, 123), i * gap_s, MRU_SERVED);
	}
}

static void read_list(struct perusal *r, enum list_kind kind, const char *asked)
{
	struct effect e = { .kind = EFFECT_LIST };
	struct mode6 request = { .version = 2, .opcode = 10, .sequence = 7 };
	size_t len = 0;

	e.list.kind = kind;
	e.list.header = pieces_header(&request);
	memcpy(e.list.nonce, "0123456789abcdef01234567", NONCE_TEXT);
	outbox_empty(&r->out);
	outbox_list(&r->out, &e, (const uint8_t *)asked, strlen(asked));
	struct effect stored = r->out.effects[0];

	lists_answer(&stored, &r->have, &r->out);
	assert_int_equal(r->out.lost, 0);
	r->datagrams = r->out.count - 1;
	for (uint32_t i = 1; i < r->out.count; i++) {
		const struct effect *a = &r->out.effects[i];
		struct reader in =
			reader_over(r->out.bytes + a->answer.at, a->answer.len);

		assert_int_equal(a->kind, EFFECT_ANSWER);
		assert_true(mode6_parse(&r->last, &in));
		assert_int_equal(r->last.offset, len);
		assert_int_equal(r->last.more, i + 1 < r->out.count);
		memcpy(r->text + len, in.at, r->last.count);
		len += r->last.count;
	}
	r->text[len] = '\0';
}

static void assert_error(const struct perusal *r, enum mode6_error error)
{
	assert_int_equal(r->datagrams, 1);
	assert_true(r->last.error);
	assert_int_equal(r->last.status, (unsigned)error << 8);
}

static void a_list_has_its_rows_and_its_end(void **state)
{
	(void)state;
	struct perusal *r = begin(100);
	netaddr v6 = { .ip = { 0x20, 1, 0x0d, 0xb8, [15] = 1 }, .port = 500 };

	note(r, netaddr_v4(0xc0000201, 4711), 10, MRU_SERVED);
	note(r, v6, 20.5, MRU_SERVED);
	note(r, netaddr_v4(0xc0000201, 123), 30.25, MRU_KISSED);
	read_list(r, LIST_CLIENTS, "nonce=x, frags=32");
	assert_string_equal(
		r->text,
		"nonce=0123456789abcdef01234567, addr.0=[2001:db8::1]:500,\r\n"
		"last.0=0xe98c5a24.80000000, first.0=0xe98c5a24.00000000, "
		"ct.0=1,\r\n"
		"mv.0=35, rs.0=0x0, addr.1=192.0.2.1:123, "
		"last.1=0xe98c5a2e.40000000,\r\n"
		"first.1=0xe98c5a1a.00000000, ct.1=2, mv.1=35, rs.1=0x840,\r\n"
		"now=0xe98c5df8.00000000, last.newest=0xe98c5a2e.40000000\r\n");
	end(r);
}

static void nobody_asked_is_a_list_too(void **state)
{
	(void)state;
	struct perusal *r = begin(100);

	read_list(r, LIST_CLIENTS, "nonce=x, limit=1");
	assert_non_null(strstr(r->text, "now=0xe98c5df8.00000000\r\n"));
	assert_null(strstr(r->text, "last.newest"));
	r->shard.clients = NULL; /* disable monitor */
	read_list(r, LIST_CLIENTS, "nonce=x, frags=1");
	assert_non_null(strstr(r->text, "now=0xe98c5df8.00000000\r\n"));
	end(r);
}

static void wrong_values_are_told(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"nonce=x",
		"",
		"nonce=x, frags=0",
		"nonce=x, frags=129",
		"nonce=x, limit=257",
		"nonce=x, limit=0",
		"nonce=x, frags=many",
		"nonce=x, frags=",
		"nonce=x, frags=-1",
		"nonce=x, frags=2, mincount=0x",
		"nonce=x, frags=2, laddr=here",
		"nonce=x, frags=2, addr.0=1.2.3.4.5:1, last.0=0x1.00000000",
		"nonce=x, frags=2, addr.0=1.2.3.4:1, last.0=1.2",
		"nonce=x, frags=2, addr.0=[::1, last.0=0x1.00000000",
		"nonce=x, frags=2, resall=99999999999999999999",
	};
	struct perusal *r = begin(100);

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		read_list(r, LIST_CLIENTS, wrong[i]);
		assert_error(r, MODE6_ERR_VALUE);
	}
	end(r);
}

static void a_list_goes_on_where_the_asker_knows_it(void **state)
{
	(void)state;
	struct perusal *r = begin(100);

	for (uint32_t i = 0; i < 10; i++) {
		note(r, netaddr_v4(0xc0000200 + i, 123), i, MRU_SERVED);
	}
	note(r, netaddr_v4(0xc0000209, 123), 20, MRU_SERVED);
	/* The newest that it knows has moved on; the one before has not. */
	read_list(r, LIST_CLIENTS,
		  "nonce=x, frags=8, addr.0=192.0.2.9:123, "
		  "last.0=0xe98c5a19.00000000, addr.1=192.0.2.7:123, "
		  "last.1=0xe98c5a17.00000000");
	assert_non_null(strstr(r->text, "last.older=0xe98c5a17.00000000"));
	assert_non_null(strstr(r->text, "addr.older=192.0.2.7:123"));
	assert_non_null(strstr(r->text, "addr.0=192.0.2.8:123"));
	assert_non_null(strstr(r->text, "addr.1=192.0.2.9:123"));
	assert_null(strstr(r->text, "addr.2="));
	read_list(r, LIST_CLIENTS,
		  "nonce=x, frags=8, addr.0=192.0.2.9:123, "
		  "last.0=0xe98c5a19.00000000");
	assert_error(r, MODE6_ERR_VARIABLE);
	read_list(r, LIST_CLIENTS,
		  "nonce=x, frags=8, addr.0=198.51.100.1:123, "
		  "last.0=0xe98c5a19.00000000");
	assert_error(r, MODE6_ERR_VARIABLE);
	end(r);
}

static void a_link_local_client_is_found_again(void **state)
{
	(void)state;
	struct perusal *r = begin(100);
	netaddr a = { .ip = { 0xfe, 0x80, [15] = 1 }, .scope = 2, .port = 99 };

	note(r, a, 1, MRU_SERVED);
	note(r, netaddr_v4(0xc0000201, 123), 2, MRU_SERVED);
	read_list(r, LIST_CLIENTS, "frags=1");
	assert_non_null(strstr(r->text, "addr.0=[fe80::1%2]:99"));
	read_list(r, LIST_CLIENTS,
		  "frags=1, addr.0=[fe80::1%2]:99, "
		  "last.0=0xe98c5a11.00000000");
	assert_non_null(strstr(r->text, "addr.0=192.0.2.1:123"));
	end(r);
}

static void only_who_is_asked_for_is_listed(void **state)
{
	(void)state;
	static const struct {
		const char *asked;
		unsigned rows;
	} cases[] = {
		{ "frags=9", 4 },
		{ "frags=9, mincount=2", 1 },
		{ "frags=9, resany=0x40", 2 },
		{ "frags=9, resall=0x840", 1 },
		{ "frags=9, resany=0x0", 0 },
		{ "frags=9, maxlstint=990", 1 },
		{ "frags=9, minlstint=991", 3 },
		{ "frags=9, recent=2", 2 },
		{ "frags=9, recent=100", 4 },
		{ "frags=9, limit=3", 3 },
		{ "frags=9, laddr=198.51.100.1", 2 },
		{ "frags=9, laddr=198.51.100.2", 1 },
		{ "frags=9, laddr=192.0.2.1", 0 },
		{ "frags=9, unheardof=1", 4 },
	};
	struct perusal *r = begin(100);

	note(r, netaddr_v4(0xc0000201, 1), 1, MRU_SERVED);
	r->asked = netaddr_v4(0xc6336401, 123);
	note(r, netaddr_v4(0xc0000202, 1), 2, MRU_LIMITED);
	note(r, netaddr_v4(0xc0000203, 1), 3, MRU_KISSED);
	note(r, netaddr_v4(0xc0000204, 1), 4, MRU_SERVED);
	r->asked = netaddr_v4(0xc6336402, 123);
	note(r, netaddr_v4(0xc0000204, 1), 10, MRU_SERVED);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned rows = 0;

		read_list(r, LIST_CLIENTS, cases[i].asked);
		for (const char *s = r->text; (s = strstr(s, "addr."));) {
			s++;
			rows++;
		}
		if (rows != cases[i].rows) {
			print_message("%s\n", cases[i].asked);
		}
		assert_int_equal(rows, cases[i].rows);
	}
	end(r);
}

/* "addr.7=": what is behind it; false, and `value` as it was: no such row. */
static bool value_of(const struct perusal *r, const char *what, unsigned row,
		     char value[40])
{
	char name[20];
	const char *at;

	(void)snprintf(name, sizeof(name), "%s.%u=", what, row);
	at = strstr(r->text, name);
	if (!at) {
		return false;
	}
	at += strlen(name);
	(void)snprintf(value, 40, "%.*s", (int)strcspn(at, ","), at);
	return true;
}

/* As a client reads it: all of 3000, each once, in pieces of `frags`. */
static void a_long_list_is_read_in_pieces_without_a_gap(void **state)
{
	(void)state;
	enum { CLIENTS = 3000 };
	struct perusal *r = begin(2 * CLIENTS);
	char asked[200] = "nonce=x, frags=3";
	unsigned next = 0;

	note_crowd(r, CLIENTS, 1);
	for (unsigned pieces = 0; pieces < 1000; pieces++) {
		char addr[40] = "", last[40] = "";
		unsigned i = 0;

		read_list(r, LIST_CLIENTS, asked);
		assert_in_range(r->datagrams, 1, 3);
		for (; value_of(r, "addr", i, addr); i++) {
			netaddr a;

			assert_true(
				netaddr_parse(&a, addr, strcspn(addr, ":")));
			assert_int_equal(a.ip[13] << 16 | a.ip[14] << 8 |
						 a.ip[15],
					 next);
			next++;
			assert_true(value_of(r, "last", i, last));
		}
		assert_in_range(i, 1, 3 * MODE6_DATA);
		if (strstr(r->text, "now=")) {
			break;
		}
		(void)snprintf(asked, sizeof(asked),
			       "nonce=x, frags=3, addr.0=%s, last.0=%s", addr,
			       last);
	}
	assert_int_equal(next, CLIENTS);
	end(r);
}

/* F4, and the outbox: so many and no more, however much there is. */
static void an_answer_is_a_hundred_datagrams_or_so(void **state)
{
	(void)state;
	struct perusal *r = begin(20000);

	note_crowd(r, 20000, 1e-3);
	read_list(r, LIST_CLIENTS, "nonce=x, frags=128");
	assert_in_range(r->datagrams, PIECES_MOST - 1, PIECES_MOST);
	assert_null(strstr(r->text, "now="));
	end(r);
}

/* A filter that nobody passes does not walk over all of a long list. */
static void a_filter_gives_a_place_to_go_on(void **state)
{
	(void)state;
	struct perusal *r = begin(200000);

	note_crowd(r, 100000, 1e-3);
	read_list(r, LIST_CLIENTS, "nonce=x, frags=128, mincount=1000");
	assert_non_null(strstr(r->text, "addr.0=10.0.127.255:123"));
	assert_null(strstr(r->text, "addr.1="));
	assert_null(strstr(r->text, "now="));
	end(r);
}

static void sockets_have_a_row_each(void **state)
{
	(void)state;
	struct perusal *r = begin(10);
	const struct socket_report sockets[] = {
		{ .name = "v4wildcard",
		  .addr = netaddr_v4(0, 123),
		  .flags = SOCKET_WILDCARD,
		  .uptime_s = 40 },
		{ .name = "eth\"0",
		  .addr = netaddr_v4(0x0a630002, 123),
		  .broadcast = netaddr_v4(0x0a6300ff, 123),
		  .enabled = true,
		  .flags = SOCKET_UP | SOCKET_MULTICAST,
		  .received = 61,
		  .sent = 63,
		  .send_failed = 1,
		  .peers = 12,
		  .uptime_s = 40 },
	};

	r->have.sockets = sockets;
	r->have.socket_count = 2;
	read_list(r, LIST_SOCKETS, "ifstats");
	assert_non_null(strstr(r->text, "addr.0=0.0.0.0:123, bcast.0, "
					"en.0=0, name.0=\"v4wildcard\""));
	assert_non_null(strstr(r->text, "addr.1=10.99.0.2:123"));
	assert_non_null(strstr(r->text, "bcast.1=10.99.0.255:123"));
	assert_non_null(strstr(r->text, "name.1=\"eth'0\""));
	assert_non_null(strstr(r->text, "flags.1=0x11"));
	assert_non_null(strstr(r->text, "rx.1=61"));
	assert_non_null(strstr(r->text, "tx.1=63"));
	assert_non_null(strstr(r->text, "txerr.1=1"));
	assert_non_null(strstr(r->text, "pc.1=12"));
	assert_non_null(strstr(r->text, "up.1=40\r\n"));
	end(r);
}

/* What was built is to be freed. */
static void *list_access(struct perusal *r, const struct config *config)
{
	void *memory = malloc(access_size(config, 0));

	assert_non_null(memory);
	r->have.access = access_build(memory, config, NULL, 0);
	return memory;
}

static void restrict_lines_have_their_hits(void **state)
{
	(void)state;
	struct restrict_config lines[] = {
		{ .kind = RESTRICT_DEFAULT,
		  .flags = RESTRICT_NOQUERY | RESTRICT_LIMITED },
		{ .kind = RESTRICT_ADDRESS,
		  .addr = netaddr_v4(0x0a630000, 0),
		  .prefix = 96 + 24,
		  .flags = RESTRICT_NTPPORT | RESTRICT_NOPEER },
	};
	struct config config = { .restricts = lines };
	uint64_t hits[6] = { 1, 2, 3, 4, 5, 6 };
	struct perusal *r = begin(10);

	lines[0].next = &lines[1];
	assert_int_equal(access_counters(&config), 6);
	void *memory = list_access(r, &config);

	r->shard.hits = hits;
	r->shard.hit_count = 6;
	read_list(r, LIST_RESTRICTIONS, "addr_restrictions");
	assert_non_null(strstr(r->text, "addr.0=::, mask.0=::, hits.0=4,"));
	assert_non_null(strstr(r->text, "flags.0=serve trust peer epeer "
					"limited noquery trap"));
	assert_non_null(strstr(r->text,
			       "addr.1=0.0.0.0,\r\nmask.1=0.0.0.0, hits.1=3,"));
	assert_non_null(strstr(r->text, "addr.2=10.99.0.0"));
	assert_non_null(strstr(r->text, "mask.2=255.255.255.0"));
	assert_non_null(strstr(r->text, "hits.2=5"));
	assert_non_null(strstr(r->text, "flags.2=ntpport serve trust nopeer "
					"epeer query trap\r\n"));
	free(memory);
	end(r);
}

/* I6: as many as an answer holds; the others are left out whole. */
static void a_hundred_thousand_lines_do_no_harm(void **state)
{
	(void)state;
	enum { LINES = 100000 };
	struct restrict_config *lines = calloc(LINES, sizeof(*lines));
	struct config config = { .restricts = lines };
	struct perusal *r = begin(10);
	char *end_of_list;

	assert_non_null(lines);
	for (uint32_t i = 0; i < LINES; i++) {
		lines[i].kind = RESTRICT_ADDRESS;
		lines[i].addr = netaddr_v4(0x0a000000 + i, 0);
		lines[i].prefix = 128;
		lines[i].next = i + 1 < LINES ? &lines[i + 1] : NULL;
	}
	void *memory = list_access(r, &config);

	read_list(r, LIST_RESTRICTIONS, "addr_restrictions");
	assert_true(strlen(r->text) > 50000);
	end_of_list = r->text + strlen(r->text) - 6;
	assert_string_equal(end_of_list, "trap\r\n");
	free(memory);
	free(lines);
	end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_has_its_rows_and_its_end),
		cmocka_unit_test(nobody_asked_is_a_list_too),
		cmocka_unit_test(wrong_values_are_told),
		cmocka_unit_test(a_list_goes_on_where_the_asker_knows_it),
		cmocka_unit_test(a_link_local_client_is_found_again),
		cmocka_unit_test(only_who_is_asked_for_is_listed),
		cmocka_unit_test(a_long_list_is_read_in_pieces_without_a_gap),
		cmocka_unit_test(an_answer_is_a_hundred_datagrams_or_so),
		cmocka_unit_test(a_filter_gives_a_place_to_go_on),
		cmocka_unit_test(sockets_have_a_row_each),
		cmocka_unit_test(restrict_lines_have_their_hits),
		cmocka_unit_test(a_hundred_thousand_lines_do_no_harm),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
