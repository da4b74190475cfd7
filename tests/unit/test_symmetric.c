/* SPDX-License-Identifier: BSD-2-Clause */
/* One symmetric peer on the bench: A17, D1, D2, D3, C1, C2. */
#include <stdlib.h>
#include <string.h>

#include "peerbench.h"

static void an_answer_at_once_is_a_sample(void **state)
{
	struct bench *b = peer();
	struct packet q = polls(b);
	struct packet p = from_peer(b, MODE_PASSIVE, q.transmit);

	(void)state;
	assert_int_equal(q.mode, MODE_ACTIVE);
	assert_int_equal(arrive(b, &p, KEY), SOURCE_SAMPLE);
	assert_null(last_send(b)); /* mode 2 is never answered (F1) */
	assert_int_equal(b->source.polling.reach & 1, 1);
	leaves_no_trace(b, &p, KEY, SOURCE_OLD); /* a copy */
}

/* D2: whoever does not sign, or signs with another key, changes nothing. */
static void the_unsigned_leave_no_trace(void **state)
{
	struct bench *b = peer();
	struct packet q = polls(b);

	(void)state;
	for (int first = 0; first < 256; first++) {
		struct packet p =
			from_peer(b, (enum mode)(first & 7), q.transmit);

		p.version = first >> 3 & 7;
		p.leap = (enum leap)(first >> 6);
		bool form = (p.mode == MODE_ACTIVE || p.mode == MODE_PASSIVE) &&
			    p.version == 4;

		leaves_no_trace(b, &p, 0,
				form ? SOURCE_UNSIGNED
				: p.mode == MODE_ACTIVE ||
						p.mode == MODE_PASSIVE
					? SOURCE_VERSION
					: SOURCE_MODE);
		if (form) {
			leaves_no_trace(b, &p, OTHER_KEY, SOURCE_OTHER_KEY);
		}
	}
	struct packet p = from_peer(b, MODE_PASSIVE, q.transmit);

	assert_int_equal(arrive(b, &p, KEY), SOURCE_SAMPLE);
}

/* Its own poll is answered at once, and its stamps come back. */
static void a_request_is_answered(void **state)
{
	struct bench *b = peer();
	struct packet p;
	tstamp came;

	(void)state;
	p = from_peer(b, MODE_ACTIVE, (tstamp){ 0 });
	came = wall(b->now_s + 0.0201);
	assert_int_equal(arrive(b, &p, KEY), SOURCE_REQUEST);
	struct packet a = sent_packet(b);

	assert_int_equal(a.mode, MODE_PASSIVE);
	assert_int_equal(a.origin.v, p.transmit.v);
	assert_int_equal(a.receive.v, came.v);
	assert_true(a.transmit.v != a.receive.v);
	/* It leaves no sample and moves no poll. */
	assert_int_equal(b->source.polling.reach, 0);
	assert_int_equal(b->source.estimator.samples, 0);
	/* The same once more is a copy. */
	leaves_no_trace(b, &p, KEY, SOURCE_OLD);
}

/* A17: it is signed with the right key, and yet is nobody's. */
static void our_own_come_back_in_vain(void **state)
{
	struct bench *b = peer();
	struct packet q = polls(b);

	(void)state;
	leaves_no_trace(b, &q, KEY, SOURCE_REFLECTED);
	struct packet p = from_peer(b, MODE_ACTIVE, (tstamp){ 0 });

	assert_int_equal(arrive(b, &p, KEY), SOURCE_REQUEST);
	struct packet a = sent_packet(b);

	leaves_no_trace(b, &a, KEY, SOURCE_REFLECTED);
}

/* A peer that answers with its next poll: the stamps are carried along. */
static void a_late_answer_counts_once(void **state)
{
	struct bench *b = peer();
	struct packet q = polls(b);
	struct packet p;

	(void)state;
	b->now_s += 1.5; /* not the time for another poll */
	p = from_peer(b, MODE_ACTIVE, q.transmit);
	p.receive = wall(b->now_s - 1.5 + 0.010);
	assert_int_equal(arrive(b, &p, KEY), SOURCE_SAMPLE);
	struct packet a = sent_packet(b);

	assert_int_equal(a.origin.v, p.transmit.v);
	/* It is our answer now that the next packet answers. */
	(void)sent(b);
	b->now_s += 1;
	p = from_peer(b, MODE_ACTIVE, a.transmit);
	p.receive = wall(b->now_s - 1 + 0.010);
	assert_int_equal(arrive(b, &p, KEY), SOURCE_SAMPLE);
	assert_float_equal(span_to_seconds(sample_delay(&b->sample)), 0.02,
			   1e-3);
}

/* It polls, is answered by its peer's own poll, and answers that: the answer.
 */
static struct packet answers_a_peer(struct bench *b)
{
	struct packet q = polls(b);
	struct packet p = from_peer(b, MODE_ACTIVE, q.transmit);

	p.receive = wall(b->now_s + 0.010);
	assert_int_equal(arrive(b, &p, KEY), SOURCE_SAMPLE);
	struct packet a = sent_packet(b);

	(void)sent(b);
	return a;
}

/* Classic's ntpd takes our answer, and for a copy our poll behind it. */
static void who_hears_our_answers_alone_gets_no_polls(void **state)
{
	struct bench *b = peer();
	struct packet a = answers_a_peer(b), p;

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_true(
			symmetric_asks(&b->source, event(b, EVENT_TICK).now));
		(void)polls(b);
		b->now_s += 4;
		p = from_peer(b, MODE_ACTIVE, a.transmit);
		assert_int_equal(arrive(b, &p, KEY), SOURCE_REQUEST);
		a = sent_packet(b);
		(void)sent(b);
	}
	/* From now on our answers are our polls. */
	assert_false(symmetric_asks(&b->source, event(b, EVENT_TICK).now));
	b->now_s += 1;
	p = from_peer(b, MODE_ACTIVE, a.transmit);
	p.receive = wall(b->now_s - 1 + 0.010);
	assert_int_equal(arrive(b, &p, KEY), SOURCE_SAMPLE);
}

/* Packets that cross on the way tell nothing. */
static void packets_that_cross_change_no_habit(void **state)
{
	struct bench *b = peer();
	struct packet a = answers_a_peer(b), p;

	(void)state;
	for (int round = 0; round < 4; round++) {
		(void)polls(b);
		b->now_s += 0.1; /* it has not come there yet */
		p = from_peer(b, MODE_ACTIVE, a.transmit);
		assert_int_equal(arrive(b, &p, KEY), SOURCE_REQUEST);
		assert_true(
			symmetric_asks(&b->source, event(b, EVENT_TICK).now));
		b->now_s += 4;
		a = b->asked;
	}
}

/* First an origin of zero never matches, whatever is outstanding (A2). */
static void zero_origins_match_nothing(void **state)
{
	struct bench *b = peer();
	struct packet p;

	(void)state;
	p = from_peer(b, MODE_PASSIVE, (tstamp){ 0 });
	assert_int_equal(arrive(b, &p, KEY), SOURCE_REQUEST);
	(void)polls(b);
	p = from_peer(b, MODE_PASSIVE, (tstamp){ 0 });
	assert_int_equal(arrive(b, &p, KEY), SOURCE_REQUEST);
	assert_int_equal(b->source.estimator.samples, 0);
	assert_int_equal(b->source.polling.reach, 0);
}

/* D3: the stamps of an interleaved answer are not ours to match. */
static void no_packet_switches_modes(void **state)
{
	struct bench *b = peer();
	struct packet q = polls(b);
	struct packet p = from_peer(b, MODE_PASSIVE, q.transmit);

	(void)state;
	assert_int_equal(arrive(b, &p, KEY), SOURCE_SAMPLE);
	(void)polls(b);
	p = from_peer(b, MODE_PASSIVE, wall(b->now_s)); /* our receive stamp */
	assert_int_equal(arrive(b, &p, KEY), SOURCE_REQUEST);
	assert_true(b->source.symmetric.restarted);
	assert_true(source_is_waiting(&b->source)); /* and is still open */
}

static void who_answers_no_peer_is_asked_plainly(void **state)
{
	struct bench *b = peer();
	bool plain = false;

	(void)state;
	for (int i = 0; i < 12 && !plain; i++) {
		b->now_s += span_to_seconds(
				    instant_diff(b->source.polling.due,
						 event(b, EVENT_TICK).now)) +
			    1e-9;
		(void)tick(b);
		plain = last_send(b)->send.way == SEND_FRESH;
	}
	assert_true(plain);
	struct packet p = from_peer(b, MODE_ACTIVE, (tstamp){ 0 });

	/* It is a peer after all. */
	b->now_s += 4;
	assert_int_equal(arrive(b, &p, KEY), SOURCE_REQUEST);
	(void)polls(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_at_once_is_a_sample),
		cmocka_unit_test(the_unsigned_leave_no_trace),
		cmocka_unit_test(a_request_is_answered),
		cmocka_unit_test(our_own_come_back_in_vain),
		cmocka_unit_test(a_late_answer_counts_once),
		cmocka_unit_test(who_hears_our_answers_alone_gets_no_polls),
		cmocka_unit_test(packets_that_cross_change_no_habit),
		cmocka_unit_test(zero_origins_match_nothing),
		cmocka_unit_test(no_packet_switches_modes),
		cmocka_unit_test(who_answers_no_peer_is_asked_plainly),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
