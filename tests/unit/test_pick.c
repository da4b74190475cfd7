/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom ntpdate believes: no minority ever (SECURITY.md M1), and among those
 * who agree the one that the classic tool would choose. And what it takes for
 * an answer at all (A1).
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "client/once/pick.h"

static struct ask ask;

static struct ask_server *add(unsigned stratum, double offset_s, double delay_s)
{
	struct ask_server *s = &ask.servers[ask.count++];

	*s = (struct ask_server){
		.count = 1,
		.packet = { .mode = MODE_SERVER,
			    .stratum = (uint8_t)stratum,
			    .precision = -20,
			    .root_delay = SPAN_MS(10),
			    .root_disp = SPAN_MS(5),
			    .reference = { UINT64_C(1000) << 32 },
			    .transmit = { UINT64_C(1064) << 32 } },
	};
	s->samples[0] = (struct ask_sample){
		.offset = span_from_seconds(offset_s),
		.delay = span_from_seconds(delay_s),
	};
	return s;
}

static const struct ask_server *best(void)
{
	static struct pick pick;

	pick_init(&pick, &ask);
	const struct pick_candidate *c = pick_best(&pick);

	return c ? c->server : NULL;
}

static int clear(void **state)
{
	(void)state;
	ask.count = 0;
	return 0;
}

static void nobody_is_nobody(void **state)
{
	(void)state;
	assert_null(best());
	add(2, 0, 0.001)->count = 0;
	assert_null(best());
}

static void the_lowest_stratum_wins_over_the_closest(void **state)
{
	(void)state;
	add(2, 0.001, 0.001);
	struct ask_server *first = add(1, 0.002, 0.090);

	add(3, 0.001, 0.002);
	assert_ptr_equal(best(), first);
}

static void of_one_stratum_the_closest_wins(void **state)
{
	(void)state;
	add(2, 0.001, 0.030);
	struct ask_server *near = add(2, 0.002, 0.010);

	add(2, 0.001, 0.020);
	assert_ptr_equal(best(), near);
}

static void of_two_that_differ_the_lower_stratum_is_right(void **state)
{
	(void)state;
	add(3, 0, 0.001);
	struct ask_server *low = add(2, 100, 0.001);

	assert_ptr_equal(best(), low);
}

static void an_honest_majority_is_never_outvoted(void **state)
{
	(void)state;
	FORALL(3000) {
		size_t liars = check_below(15);
		size_t honest = liars + 1 + check_below(5);
		double truth_s = (double)(check_rng() % 1000) - 500;

		ask.count = 0;
		honest += liars + honest < 3 ? 2 : 0;
		while (liars + honest > 0) {
			bool lie = check_rng() % (liars + honest) < liars;
			double err_s =
				((double)(check_rng() % 1000) - 500) * 1e-5;

			add(lie ? 1 : 2 + (unsigned)(check_rng() % 3),
			    truth_s + (lie ? 3600 + 1e3 * err_s : err_s),
			    0.011);
			*(lie ? &liars : &honest) -= 1;
		}
		const struct ask_server *s = best();

		assert_non_null(s);
		assert_true(fabs(span_to_seconds(s->samples[0].offset) -
				 truth_s) < 0.1);
	}
}

static void three_who_all_differ_convince_nobody(void **state)
{
	(void)state;
	add(1, 0, 0.001);
	add(2, 60, 0.001);
	add(2, -60, 0.001);
	assert_null(best());
}

static void faults_have_their_names(void **state)
{
	(void)state;
	struct ask_server *s = add(2, 0, 0.001);

	assert_int_equal(pick_fault(s), PICK_GOOD);
	s->packet.stratum = 15;
	assert_int_equal(pick_fault(s), PICK_GOOD);
	s->packet.stratum = 16;
	assert_int_equal(pick_fault(s), PICK_STRATUM);
	s->packet.stratum = 0;
	assert_int_equal(pick_fault(s), PICK_STRATUM);
	s->packet.stratum = 2;
	s->samples[0].delay = SPAN_S(8);
	assert_int_equal(pick_fault(s), PICK_TOO_FAR);
	s->samples[0].delay = SPAN_MS(1);
	s->packet.reference.v = s->packet.transmit.v + 1;
	assert_int_equal(pick_fault(s), PICK_BROKEN);
	s->packet.reference.v = s->packet.transmit.v - (UINT64_C(86400) << 32);
	assert_int_equal(pick_fault(s), PICK_OUT_OF_SYNC);
	s->packet.reference.v++;
	assert_int_equal(pick_fault(s), PICK_GOOD);
	s->packet.leap = LEAP_UNSYNC;
	assert_int_equal(pick_fault(s), PICK_LEAP);
	s->state = ASK_LIMITED;
	assert_int_equal(pick_fault(s), PICK_NO_DATA);
}

static void the_shown_delay_has_the_classic_floor(void **state)
{
	(void)state;
	struct ask_server *s = add(2, 0, 0.0002);

	/* 2^-6 + 0.01 + 2^-20 + 0.0002 */
	assert_true(fabs(pick_delay_s(s, &s->samples[0]) - 0.025826) < 1e-6);
	s->samples[0].delay = SPAN_S(-1);
	assert_true(fabs(pick_delay_s(s, &s->samples[0]) - 0.02) < 1e-9);
}

static size_t write_answer(uint8_t data[64], const struct packet *p)
{
	struct writer w = writer_over(data, 64);

	packet_write(p, &w);
	return PACKET_LEN;
}

static struct ask_server waiting(void)
{
	return (struct ask_server){ .state = ASK_WAITING,
				    .nonce = { 0x1122334455667788 },
				    .sent_wall = { UINT64_C(2000) << 32 } };
}

static struct packet answer(void)
{
	return (struct packet){
		.mode = MODE_SERVER,
		.version = 4,
		.stratum = 2,
		.origin = { 0x1122334455667788 },
		.receive = { (UINT64_C(2001) << 32) + (1 << 28) },
		.transmit = { (UINT64_C(2001) << 32) + (1 << 28) },
	};
}

static void an_answer_measures_with_the_time_that_stayed_here(void **state)
{
	struct ask_server s = waiting();
	struct packet p = answer();
	uint8_t data[64];
	tstamp arrived = { (UINT64_C(2000) << 32) + (1 << 29) };

	(void)state;
	assert_int_equal(ask_receive(&s, data, write_answer(data, &p), arrived),
			 ASK_ANSWER);
	assert_int_equal(s.count, 1);
	assert_true(s.samples[0].offset.v == SPAN_S(1).v);
	assert_true(s.samples[0].delay.v == 1 << 29);
	/* The same again is nobody's answer. */
	assert_int_equal(ask_receive(&s, data, PACKET_LEN, arrived),
			 ASK_NOT_OURS);
	assert_int_equal(s.count, 1);
}

static void only_the_whole_nonce_opens_the_door(void **state)
{
	uint8_t data[64];
	tstamp at = { UINT64_C(2000) << 32 };

	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		struct ask_server s = waiting(), before = s;
		struct packet p = answer();

		p.origin.v ^= UINT64_C(1) << bit;
		assert_int_equal(
			ask_receive(&s, data, write_answer(data, &p), at),
			ASK_NOT_OURS);
		assert_memory_equal(&s, &before, sizeof(s));
	}
}

static void what_is_no_answer_gives_no_sample(void **state)
{
	uint8_t data[64];
	tstamp at = { UINT64_C(2000) << 32 };

	(void)state;
	for (unsigned version = 0; version < 8; version++) {
		for (unsigned mode = 0; mode < 8; mode++) {
			struct ask_server s = waiting();
			struct packet p = answer();
			bool good = version >= 1 && version <= 4 &&
				    (mode == 2 || mode == 4);

			p.version = (uint8_t)version;
			p.mode = (enum mode)mode;
			assert_int_equal(ask_receive(&s, data,
						     write_answer(data, &p),
						     at),
					 good ? ASK_ANSWER : ASK_FORM);
			assert_int_equal(s.count, good ? 1 : 0);
		}
	}
	for (size_t len = 0; len < PACKET_LEN; len++) {
		struct ask_server s = waiting();

		assert_int_equal(ask_receive(&s, data, len, at), ASK_FORM);
	}
}

static void a_kiss_is_believed_only_with_our_nonce(void **state)
{
	struct ask_server s = waiting();
	struct packet p = answer();
	uint8_t data[64];
	tstamp at = { UINT64_C(2000) << 32 };

	(void)state;
	p.stratum = 0;
	p.refid = 0x52415445;
	p.origin.v++;
	assert_int_equal(ask_receive(&s, data, write_answer(data, &p), at),
			 ASK_NOT_OURS);
	assert_int_equal(s.state, ASK_WAITING);
	p.origin.v--;
	assert_int_equal(ask_receive(&s, data, write_answer(data, &p), at),
			 ASK_KISS);
	assert_int_equal(s.state, ASK_LIMITED);
}

#define TEST(name) cmocka_unit_test_setup(name, clear)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(nobody_is_nobody),
		TEST(the_lowest_stratum_wins_over_the_closest),
		TEST(of_one_stratum_the_closest_wins),
		TEST(of_two_that_differ_the_lower_stratum_is_right),
		TEST(an_honest_majority_is_never_outvoted),
		TEST(three_who_all_differ_convince_nobody),
		TEST(faults_have_their_names),
		TEST(the_shown_delay_has_the_classic_floor),
		TEST(an_answer_measures_with_the_time_that_stayed_here),
		TEST(only_the_whole_nonce_opens_the_door),
		TEST(what_is_no_answer_gives_no_sample),
		TEST(a_kiss_is_believed_only_with_our_nonce),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
