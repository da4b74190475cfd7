/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may ask what of the whole engine (threats F3, F4, F17, I1): strangers get
 * no more octets than they send, and lists are for those who are known.
 */
#include "core/engine/state.h"
#include "keyrings.h"
#include "tiny.h"
#include "wire/mode6.h"

#define STRANGER 0xc6336407 /* 198.51.100.7 */
#define NAMED 0xc6336408
#define MUTE 0xc6336409 /* nomrulist */
#define LOOPBACK 0x7f000001

static struct tiny world;
static struct restrict_config lines[] = {
	{ .kind = RESTRICT_DEFAULT, .next = &lines[1] },
	{ .kind = RESTRICT_ADDRESS, .prefix = 128, .next = &lines[2] },
	{ .kind = RESTRICT_ADDRESS,
	  .prefix = 128,
	  .flags = RESTRICT_NOMRULIST | RESTRICT_NOMODIFY },
};

static struct tiny *fresh(void)
{
	struct tiny *t = &world;

	tiny_config(t);
	lines[1].addr = netaddr_v4(NAMED, 0);
	lines[2].addr = netaddr_v4(MUTE, 0);
	t->config.restricts = lines;
	tiny_server(t, true);
	tiny_start(t);
	t->settings.keys = keyring_trusting("1 MD5 sesame-oeffne\n"
					    "2 SHA1 another-secret\n",
					    "trustedkey 1 2\ncontrolkey 1\n");
	tiny_run(t, 20);
	return t;
}

/* What came back. */
struct heard {
	unsigned answers, lists;
	size_t octets; /* of all answers */
	struct mode6 m;
	char text[1024]; /* of the first */
	enum list_kind kind;
	enum wish wish;
};

struct question {
	enum mode6_opcode opcode;
	uint16_t assoc;
	const char *text;
	size_t padded; /* to so many octets */
	bool attached, may_modify;
	uint32_t key; /* 0: it is not signed */
};

static struct heard ask(struct tiny *t, const netaddr *from,
			const struct question *q)
{
	uint8_t bytes[2048] = { 0 };
	struct writer w = writer_over(bytes, sizeof(bytes));
	size_t len = strlen(q->text);
	const struct mode6 m = { .version = 2,
				 .opcode = (uint8_t)q->opcode,
				 .assoc = q->assoc,
				 .count = (uint16_t)len };
	struct event ev = { .kind = EVENT_CONTROL };
	struct heard h = { .answers = 0 };

	mode6_write(&m, &w);
	memcpy(w.at, q->text, len);
	ev.control.from = *from;
	ev.control.attached = q->attached;
	ev.control.may_modify = q->may_modify;
	ev.control.data = bytes;
	ev.control.len = MODE6_HEADER + (len + 3) / 4 * 4;
	if (ev.control.len < q->padded) {
		ev.control.len = q->padded;
	}
	if (q->key != 0) {
		ev.control.len = (ev.control.len + 7) / 8 * 8;
		ev.control.len = sign_with(t->settings.keys, q->key, bytes,
					   ev.control.len, MAC_LEN_MAX);
	}
	ev.now = t->engine->now;
	ev.wall = t->engine->wall;
	(void)engine_handle(t->engine, &ev, &t->out);
	for (uint32_t i = 0; i < t->out.count; i++) {
		const struct effect *e = &t->out.effects[i];

		if (e->kind == EFFECT_LIST) {
			h.lists++;
			h.kind = e->list.kind;
		} else if (e->kind == EFFECT_CONFIGURE) {
			h.wish = e->configure.wish;
		} else if (e->kind == EFFECT_ANSWER) {
			struct reader r = reader_over(
				t->out.bytes + e->answer.at, e->answer.len);

			if (h.answers++ == 0) {
				assert_true(mode6_parse(&h.m, &r));
				memcpy(h.text, r.at, h.m.count);
				h.text[h.m.count] = '\0';
			}
			h.octets += e->answer.len;
		}
	}
	return h;
}

static netaddr v4(uint32_t ip)
{
	return netaddr_v4(ip, 4711);
}

static void assert_refused(const struct heard *h)
{
	assert_int_equal(h->answers, 1);
	assert_int_equal(h->lists, 0);
	assert_int_equal(h->octets, MODE6_HEADER);
	assert_true(h->m.error);
	assert_int_equal(h->m.status, MODE6_ERR_PERMISSION << 8);
}

/* F3, F4: whatever a stranger asks, and however he pads it. */
static void strangers_get_no_more_than_they_send(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	netaddr stranger = v4(STRANGER);
	const struct question all = { .opcode = MODE6_READVAR, .text = "" };
	const struct question padded = { .opcode = MODE6_READVAR,
					 .text = "",
					 .padded = 1400 };
	struct heard h = ask(t, &stranger, &all);

	assert_refused(&h);
	h = ask(t, &stranger, &padded);
	assert_false(h.m.error);
	assert_in_range(h.octets, 300, 1400);
	for (unsigned opcode = 0; opcode < 32; opcode++) {
		for (size_t size = 12; size < 700; size += 44) {
			const struct question q = {
				.opcode = (enum mode6_opcode)opcode,
				.text = "",
				.padded = size,
			};

			h = ask(t, &stranger, &q);
			assert_true(h.octets <= size);
			assert_int_equal(h.lists, 0);
		}
	}
	tiny_end(t);
}

static void those_who_are_known_get_all(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	const struct question all = { .opcode = MODE6_READVAR, .text = "" };
	const struct question near = { .opcode = MODE6_READVAR,
				       .text = "",
				       .attached = true };
	netaddr stranger = v4(STRANGER), none = { .port = 0 };
	const netaddr known[] = { v4(NAMED), v4(MUTE), v4(LOOPBACK), none };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct heard h = ask(t, &known[i], &all);

		assert_false(h.m.error);
		assert_true(h.octets > 300);
	}
	struct heard h = ask(t, &stranger, &near);

	assert_true(h.octets > 300);
	tiny_end(t);
}

static void nonce_of(struct tiny *t, const netaddr *who, char text[64])
{
	const struct question q = { .opcode = MODE6_REQ_NONCE,
				    .text = "",
				    .padded = 64 };
	struct heard h = ask(t, who, &q);

	assert_memory_equal(h.text, "nonce=", 6);
	memcpy(text, h.text, 6 + NONCE_DIGITS);
	memcpy(text + 6 + NONCE_DIGITS, ", frags=4", 10);
}

/* F4, F17: with a nonce of one's own, and not as a stranger. */
static void the_list_of_clients_is_for_those_who_are_known(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	char text[64];
	struct question q = { .opcode = MODE6_READ_MRU, .text = text };
	netaddr named = v4(NAMED), other = v4(NAMED), mute = v4(MUTE);
	netaddr stranger = v4(STRANGER), loopback = v4(LOOPBACK);
	struct heard h;

	nonce_of(t, &named, text);
	h = ask(t, &named, &q);
	assert_int_equal(h.lists, 1);
	assert_int_equal(h.kind, LIST_CLIENTS);
	other.port++; /* his nonce is not mine: silence */
	h = ask(t, &other, &q);
	assert_int_equal(h.answers + h.lists, 0);
	h = ask(t, &loopback, &q);
	assert_int_equal(h.answers + h.lists, 0);
	q.text = "frags=4";
	h = ask(t, &named, &q);
	assert_int_equal(h.answers + h.lists, 0);
	q.text = text;
	nonce_of(t, &loopback, text);
	assert_int_equal(ask(t, &loopback, &q).lists, 1);
	nonce_of(t, &mute, text);
	h = ask(t, &mute, &q);
	assert_refused(&h);
	nonce_of(t, &stranger, text);
	q.attached = true; /* a neighbour sees how we are, not who else asks */
	h = ask(t, &stranger, &q);
	assert_refused(&h);
	tiny_end(t);
}

static void sockets_and_restrict_lines_are_for_the_operator(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct question q = { .opcode = MODE6_READ_ORDLIST, .text = "ifstats" };
	netaddr loopback = v4(LOOPBACK), none = { .port = 0 };
	struct heard h = ask(t, &loopback, &q);

	assert_refused(&h);
	h = ask(t, &none, &q);
	assert_int_equal(h.lists, 1);
	assert_int_equal(h.kind, LIST_SOCKETS);
	q.text = "";
	assert_int_equal(ask(t, &none, &q).kind, LIST_SOCKETS);
	q.text = "addr_restrictions";
	assert_int_equal(ask(t, &none, &q).kind, LIST_RESTRICTIONS);
	q.text = "what";
	h = ask(t, &none, &q);
	assert_int_equal(h.m.status, MODE6_ERR_VARIABLE << 8);
	tiny_end(t);
}

/* I1: the kernel says who asks; `nomodify` outranks a signature. */
static void only_the_operator_changes_something(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct question q = { .opcode = MODE6_CONFIGURE,
			      .text = "restrict 192.0.2.1" };
	netaddr loopback = v4(LOOPBACK), none = { .port = 0 }, mute = v4(MUTE);
	struct heard h = ask(t, &none, &q); /* not root, nor of the group */

	assert_refused(&h);
	h = ask(t, &loopback, &q);
	assert_refused(&h);
	q.may_modify = true;
	h = ask(t, &none, &q);
	assert_int_equal(h.wish, WISH_LINES);
	q.may_modify = false;
	q.key = 2; /* a key, but not the control key */
	h = ask(t, &loopback, &q);
	assert_int_equal(h.wish, WISH_NONE);
	assert_int_equal(h.m.status, MODE6_ERR_PERMISSION << 8);
	q.key = 1;
	h = ask(t, &loopback, &q);
	assert_int_equal(h.wish, WISH_LINES);
	h = ask(t, &mute, &q);
	assert_int_equal(h.wish, WISH_NONE);
	assert_string_equal(h.text, "runtime configuration prohibited by "
				    "restrict ... nomodify");
	tiny_end(t);
}

/* 2000 associations can be asked about at once, and not for ever. */
static void an_address_has_a_budget(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	const struct question q = { .opcode = MODE6_UNSPEC, .text = "" };
	netaddr named = v4(NAMED), stranger = v4(STRANGER);
	netaddr loopback = v4(LOOPBACK);
	unsigned answered = 0;

	for (unsigned i = 0; i < 10000; i++) {
		answered += ask(t, &named, &q).answers;
	}
	assert_in_range(answered, 4000, 4200);
	assert_int_equal(ask(t, &stranger, &q).answers, 1);
	answered = 0;
	for (unsigned i = 0; i < 10000; i++) {
		answered += ask(t, &loopback, &q).answers;
	}
	assert_int_equal(answered, 10000);
	tiny_run(t, 30);
	assert_int_equal(ask(t, &named, &q).answers, 1);
	tiny_end(t);
}

static unsigned events_told(struct tiny *t, const netaddr *from,
			    const struct question *q)
{
	return ask(t, from, q).m.status >> 4 & 15;
}

/* Counted until somebody who signs has seen them; looking takes none away. */
static void only_a_signed_read_clears_the_counters(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	struct question q = { .opcode = MODE6_UNSPEC, .text = "" };
	netaddr named = v4(NAMED), none = { .port = 0 };
	unsigned before = events_told(t, &named, &q);

	assert_true(before > 0);
	q.may_modify = true; /* root, by the unix socket */
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(events_told(t, &none, &q), before);
	}
	q.may_modify = false;
	q.key = 2;
	assert_int_equal(events_told(t, &named, &q), before);
	assert_int_equal(events_told(t, &named, &q), before);
	q.key = 1;
	assert_int_equal(events_told(t, &named, &q), before);
	assert_int_equal(events_told(t, &named, &q), 0);
	tiny_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strangers_get_no_more_than_they_send),
		cmocka_unit_test(those_who_are_known_get_all),
		cmocka_unit_test(
			the_list_of_clients_is_for_those_who_are_known),
		cmocka_unit_test(
			sockets_and_restrict_lines_are_for_the_operator),
		cmocka_unit_test(only_the_operator_changes_something),
		cmocka_unit_test(an_address_has_a_budget),
		cmocka_unit_test(only_a_signed_read_clears_the_counters),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
