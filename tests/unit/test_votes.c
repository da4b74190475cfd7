/* SPDX-License-Identifier: BSD-2-Clause */
/* Which sources are taken to be independent, and which are not. */
#include "core/select/votes.h"

#include "core/serve/refid.h"
#include "servers.h"

/* A server at this address that tells of this upstream. */
static struct candidate at(const char *addr, uint8_t stratum, uint32_t refid)
{
	struct candidate c = server(0);
	netaddr a;

	assert_true(netaddr_parse(&a, addr, strlen(addr)));
	c.identity = refid_of_address(&a);
	c.network = votes_network(&a);
	c.stratum = stratum;
	c.refid = refid;
	return c;
}

static uint32_t id(const char *addr)
{
	return at(addr, 1, 0).identity;
}

static unsigned votes(struct candidate *c, size_t count)
{
	unsigned different = 0;

	votes_find(c, count);
	for (size_t i = 0; i < count; i++) {
		bool seen = false;

		for (size_t j = 0; j < i; j++) {
			seen |= c[j].vote == c[i].vote;
		}
		different += !seen;
	}
	return different;
}

static void one_upstream_is_one_vote(void **state)
{
	(void)state;
	struct candidate c[4] = { at("192.0.2.1", 2, id("203.0.113.9")),
				  at("198.51.100.1", 2, id("203.0.113.9")),
				  at("203.0.113.1", 2, id("203.0.113.8")),
				  at("203.0.113.2", 3, id("203.0.113.9")) };

	assert_int_equal(votes(c, 4), 2);
	assert_int_equal(c[0].vote, c[1].vote);
	assert_int_equal(c[0].vote, c[3].vote);
}

static void who_follows_another_of_ours_has_no_vote_of_its_own(void **state)
{
	(void)state;
	/* The second follows the first, the third the second; v6 as v4. */
	struct candidate c[4] = { at("192.0.2.1", 1, refid_of_text("GPS")),
				  at("2001:db8::2", 2, id("192.0.2.1")),
				  at("203.0.113.1", 3, id("2001:db8::2")),
				  at("198.51.100.7", 1, refid_of_text("GPS")) };

	assert_int_equal(votes(c, 4), 2);
	assert_int_equal(c[0].vote, c[2].vote);
	assert_int_not_equal(c[0].vote, c[3].vote);
}

/* At stratum 1 a refid is the kind of a receiver, not one receiver. */
static void what_names_nobody_is_no_bond(void **state)
{
	(void)state;
	static const struct {
		uint8_t stratum;
		uint32_t refid;
	} same[] = {
		{ 1, 0x47505300 },  /* GPS */
		{ 1, 0x50505300 },  /* PPS */
		{ 1, 0xc0000209 },  /* though it reads like an address */
		{ 2, 0x47505300 },  /* a receiver said to be stratum 1 */
		{ 2, 0x474e5353 },  /* GNSS */
		{ 2, 0x7f000001 },  /* a server on its own host; an orphan */
		{ 6, 0x7f7f0101 },  /* its own local clock */
		{ 3, 0x7f7f7f7f },  /* none of your business */
		{ 2, 0 },           /* nothing */
		{ 0, 0xc0000209 },  /* a kiss */
		{ 16, 0xc0000209 }, /* not synchronised */
	};

	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		struct candidate c[2] = {
			at("192.0.2.1", same[i].stratum, same[i].refid),
			at("198.51.100.1", same[i].stratum, same[i].refid),
		};

		assert_int_equal(votes(c, 2), 2);
	}
	/* Octets that merely look like letters, here and there. */
	struct candidate c[2] = { at("192.0.2.1", 2, 0x47504153 + 0x20),
				  at("198.51.100.1", 2, 0x47504153 + 0x20) };

	assert_int_equal(votes(c, 2), 1);
}

static void neighbours_in_public_are_of_one_hand(void **state)
{
	(void)state;
	static const struct {
		const char *one, *other;
		bool same;
	} pairs[] = {
		{ "192.0.2.1", "192.0.2.200", true },
		{ "192.0.2.1", "192.0.3.1", false },
		{ "2001:db8:1::1", "2001:db8:1:ffff::2", true },
		{ "2001:db8:1::1", "2001:db8:2::1", false },
		/* One's own net says nothing. */
		{ "10.0.0.1", "10.0.0.2", false },
		{ "172.16.0.1", "172.16.0.2", false },
		{ "172.31.255.1", "172.31.255.2", false },
		{ "192.168.1.1", "192.168.1.2", false },
		{ "100.64.3.1", "100.64.3.2", false },
		{ "169.254.1.1", "169.254.1.2", false },
		{ "127.0.0.1", "127.0.0.2", false },
		{ "fd00::1", "fd00::2", false },
		{ "fe80::1", "fe80::2", false },
		{ "172.32.0.1", "172.32.0.2", true },
		{ "100.128.0.1", "100.128.0.2", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		uint64_t one = at(pairs[i].one, 1, 0).network;
		uint64_t other = at(pairs[i].other, 1, 0).network;

		assert_int_equal(one != 0 && one == other, pairs[i].same);
	}
}

/* A week rolls over: three servers, one receiver, two others that are right. */
static void a_bad_receiver_does_not_win_by_its_copies(void **state)
{
	(void)state;
	struct candidate c[5] = { at("10.0.0.1", 2, 0x0a000009),
				  at("10.0.0.2", 2, 0x0a000009),
				  at("10.0.0.3", 2, 0x0a000009),
				  at("192.0.2.1", 2, id("203.0.113.9")),
				  at("198.51.100.1", 1, refid_of_text("DCF")) };
	struct choice choice;

	for (size_t i = 0; i < 3; i++) {
		c[i].estimate.offset_s = -1024.0 * 7 * 86400;
	}
	votes_find(c, 5);
	selection_run(&usual, c, 5, &choice);
	assert_true(choice.found);
	assert_true(fabs(choice.combined.offset_s) < 1e-6);
	assert_int_equal(c[0].reason, REASON_OUTVOTED);
}

/* Claims that go around end, and tie nobody else in. */
static void circles_of_claims_end(void **state)
{
	(void)state;
	struct candidate c[4] = { at("192.0.2.1", 2, id("198.51.100.1")),
				  at("198.51.100.1", 2, id("192.0.2.1")),
				  at("203.0.113.1", 2, id("203.0.113.1")),
				  at("203.0.112.1", 2, id("203.0.113.9")) };

	votes_find(c, 4);
	assert_int_not_equal(c[3].vote, c[0].vote);
	assert_int_not_equal(c[3].vote, c[1].vote);
	assert_int_not_equal(c[3].vote, c[2].vote);
	assert_int_not_equal(c[2].vote, c[0].vote);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_upstream_is_one_vote),
		cmocka_unit_test(
			who_follows_another_of_ours_has_no_vote_of_its_own),
		cmocka_unit_test(what_names_nobody_is_no_bond),
		cmocka_unit_test(neighbours_in_public_are_of_one_hand),
		cmocka_unit_test(a_bad_receiver_does_not_win_by_its_copies),
		cmocka_unit_test(circles_of_claims_end),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
