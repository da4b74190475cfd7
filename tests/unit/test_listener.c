/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A broadcast server as a source: asked until its distance is known, then only
 * heard; asked again when it says something else than it did, and gone when it
 * has been silent (D5).
 */
#include "broadcasts.h"
#include "core/source/listener.h"

#define EACH_S 64

/* The server's clock is `late_s` behind what it says. */
static void tell(struct tiny *t, double late_s)
{
	struct packet p = broadcast(t);

	p.transmit = tiny_true(t->now_s - TINY_WAY_S - late_s);
	deliver(t, SENDER, make(t, &p, 0));
}

static struct tiny *adopted(void)
{
	struct tiny *t = begin(true, false);

	tell(t, 0);
	assert_non_null(only(t));
	return t;
}

static struct tiny *listening(void)
{
	struct tiny *t = adopted();

	for (unsigned i = 0; !only(t)->listener.listens; i++) {
		assert_true(i < 20);
		tiny_run(t, t->now_s + EACH_S);
		tell(t, 0);
	}
	return t;
}

static void a_volley_tells_how_far_it_is(void **state)
{
	struct tiny *t = adopted();
	unsigned asked;

	(void)state;
	assert_false(only(t)->listener.listens);
	tiny_run(t, t->now_s + 1);
	/* What it tells meanwhile is no sample. */
	tell(t, 0);
	assert_int_equal(only(t)->verdicts[SOURCE_VOLLEY], 1);
	while (!only(t)->listener.listens) {
		assert_true(t->now_s < 1000);
		tiny_run(t, t->now_s + 1);
	}
	asked = t->servers[0].asked;
	assert_true(asked >= LISTENER_VOLLEY);
	assert_true(fabs(span_to_seconds(only(t)->listener.delay) -
			 2 * TINY_WAY_S) < 1e-3);
	for (unsigned i = 0; i < 10; i++) {
		tiny_run(t, t->now_s + EACH_S);
		tell(t, 0);
	}
	assert_int_equal(t->servers[0].asked, asked);
	assert_int_equal(only(t)->verdicts[SOURCE_SAMPLE], asked + 10);
	assert_true(fabs(t->error_s) < 1e-3);
	tiny_end(t);
}

/* Whoever does not answer is asked on, and never believed. */
static void who_answers_no_volley_is_not_listened_to(void **state)
{
	struct tiny *t = begin(true, false);

	(void)state;
	t->servers[0].manner = TINY_SILENT;
	tell(t, 0);
	for (unsigned i = 0; i < 8; i++) {
		tiny_run(t, t->now_s + EACH_S);
		tell(t, 0);
	}
	assert_non_null(only(t));
	assert_false(only(t)->listener.listens);
	assert_int_equal(only(t)->verdicts[SOURCE_SAMPLE], 0);
	assert_int_equal(t->view.leap, LEAP_UNSYNC);
	tiny_end(t);
}

/* Held back on its way, by whoever can: it is asked, not followed. */
static void a_surprise_is_asked_about(void **state)
{
	static const double late_s[] = { 0.1, 2, -0.1, 3600 };
	struct tiny *t = listening();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(late_s); i++) {
		struct packet p = broadcast(t);
		uint64_t samples = only(t)->verdicts[SOURCE_SAMPLE];
		uint64_t volleys = only(t)->verdicts[SOURCE_VOLLEY];
		unsigned asked = t->servers[0].asked;

		tiny_run(t, t->now_s + EACH_S);
		p.transmit = tiny_true(t->now_s - TINY_WAY_S - late_s[i]);
		/* Of what is older than the last nothing is read at all. */
		bool old = tstamp_before(p.transmit, only(t)->listener.newest);

		deliver(t, SENDER, make(t, &p, 0));
		assert_int_equal(only(t)->listener.listens, old);
		assert_int_equal(only(t)->verdicts[SOURCE_SAMPLE], samples);
		assert_int_equal(only(t)->verdicts[SOURCE_VOLLEY],
				 volleys + !old);
		tiny_run(t, t->now_s + 60);
		assert_true(old ||
			    t->servers[0].asked >= asked + LISTENER_VOLLEY);
		assert_true(only(t)->listener.listens);
		assert_true(fabs(t->error_s) < 1e-3);
		assert_int_equal(t->steps, 0);
	}
	tiny_end(t);
}

/* A broadcast may queue a little; the distance was not measured on it. */
static void what_is_to_be_expected_is_a_sample(void **state)
{
	struct tiny *t = listening();
	uint64_t samples = only(t)->verdicts[SOURCE_SAMPLE];

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		tiny_run(t, t->now_s + EACH_S);
		tell(t, i * 1e-4);
		assert_true(only(t)->listener.listens);
	}
	assert_int_equal(only(t)->verdicts[SOURCE_SAMPLE], samples + 5);
	tiny_end(t);
}

/* With broadcastdelay and novolley there is nobody to ask. */
static void a_given_distance_is_not_doubted(void **state)
{
	struct tiny *t = begin(true, false);

	(void)state;
	t->config.no_volley = true;
	t->config.broadcast_delay_s = TINY_WAY_S;
	tell(t, 0);
	assert_true(only(t)->listener.listens);
	for (unsigned i = 0; i < 8; i++) {
		tiny_run(t, t->now_s + EACH_S);
		tell(t, i == 7 ? 0.05 : 0);
	}
	assert_true(only(t)->listener.listens);
	assert_int_equal(only(t)->verdicts[SOURCE_SAMPLE], 8);
	assert_int_equal(t->servers[0].asked, 0);
	tiny_end(t);
}

static void the_silent_are_let_go(void **state)
{
	struct tiny *t = listening();
	struct packet heard = broadcast(t);
	unsigned gone = t->notes[NOTE_DEMOBILIZE];
	double since_s = t->now_s;

	(void)state;
	tell(t, 0);
	/* An old one, sent again and again, is no sign of life. */
	while (t->now_s < since_s + (LISTENER_SILENT - 2) * EACH_S) {
		tiny_run(t, t->now_s + EACH_S);
		deliver(t, SENDER, make(t, &heard, 0));
		assert_non_null(only(t));
	}
	tiny_run(t, since_s + (LISTENER_SILENT + 4) * EACH_S);
	assert_null(only(t));
	assert_int_equal(t->notes[NOTE_DEMOBILIZE], gone + 1);
	/* It is welcome again, as a stranger. */
	tell(t, 0);
	assert_non_null(only(t));
	assert_false(only(t)->listener.listens);
	tiny_end(t);
}

/* It says how often it tells, and may change its mind: silence is longer. */
static void silence_is_by_its_own_poll(void **state)
{
	struct tiny *t = listening();
	uint16_t number = only(t)->number;

	(void)state;
	tiny_run(t, t->now_s + EACH_S);
	for (unsigned i = 0; i < 4; i++) {
		struct packet p = broadcast(t);

		p.poll = 10;
		deliver(t, SENDER, make(t, &p, 0));
		tiny_run(t, t->now_s + 1024);
		assert_non_null(only(t));
		assert_int_equal(only(t)->number, number);
	}
	assert_int_not_equal(only(t)->polling.reach, 0);
	tiny_end(t);
}

/* A server that lost the time tells so: no sample, and not gone. */
static void who_knows_no_time_is_heard_and_not_used(void **state)
{
	struct tiny *t = listening();
	uint64_t samples = only(t)->verdicts[SOURCE_SAMPLE];
	struct packet p;

	(void)state;
	tiny_run(t, t->now_s + EACH_S);
	p = broadcast(t);
	p.leap = LEAP_UNSYNC;
	deliver(t, SENDER, make(t, &p, 0));
	assert_int_equal(only(t)->verdicts[SOURCE_UNSYNCHRONISED], 1);
	assert_int_equal(only(t)->verdicts[SOURCE_SAMPLE], samples);
	assert_true(only(t)->listener.listens);
	tiny_end(t);
}

/* From now on its clock is an hour behind. */
static void set_back(struct tiny *t)
{
	t->servers[0].lie_s = -3600;
}

static enum source_verdict tell_in_turn(struct tiny *t)
{
	struct packet p;

	tiny_run(t, t->now_s + EACH_S);
	p = broadcast(t);
	p.transmit = tiny_true(t->now_s - TINY_WAY_S + t->servers[0].lie_s);
	p.reference = p.transmit;
	deliver(t, SENDER, make(t, &p, 0));
	return only(t)->last;
}

/* tos bcpollbstep: so many are passed over, then it is asked. */
static void who_was_set_back_is_asked_when_that_is_allowed(void **state)
{
	(void)state;
	for (unsigned gate = 0; gate <= 4; gate++) {
		struct tiny *t = listening();
		double offset_s;

		tell_in_turn(t);
		t->config.tos.bcpollbstep = gate;
		t->config.ntp = false;
		set_back(t);
		for (unsigned i = 0; i < gate; i++) {
			assert_int_equal(tell_in_turn(t), SOURCE_OLD);
			assert_true(only(t)->listener.listens);
		}
		assert_int_equal(tell_in_turn(t), SOURCE_VOLLEY);
		assert_false(only(t)->listener.listens);
		tiny_run(t, t->now_s + 60);
		offset_s = span_to_seconds(only(t)->history[0].offset);
		assert_true(fabs(offset_s + 3600) < 1);
		tiny_end(t);
	}
}

static void nobody_was_set_back_unless_that_is_allowed(void **state)
{
	struct tiny *t = listening();

	(void)state;
	tell_in_turn(t);
	set_back(t);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(tell_in_turn(t), SOURCE_OLD);
		assert_true(only(t)->listener.listens);
	}
	tiny_end(t);
}

/* D5: among genuine ones a recording is nothing, whatever is allowed. */
static void a_recording_does_not_set_back(void **state)
{
	struct tiny *t = listening();
	struct packet old = broadcast(t);

	(void)state;
	t->config.tos.bcpollbstep = 0;
	tell_in_turn(t);
	for (unsigned i = 0; i < 20; i++) {
		uint64_t samples = only(t)->verdicts[SOURCE_SAMPLE];

		for (unsigned n = 0; n < 4; n++) {
			tiny_run(t, t->now_s + 10);
			deliver(t, SENDER, make(t, &old, 0));
			assert_int_equal(only(t)->last, SOURCE_OLD);
		}
		tiny_run(t, t->now_s + 24);
		tell(t, 0);
		assert_int_equal(only(t)->verdicts[SOURCE_SAMPLE], samples + 1);
	}
	tiny_end(t);
}

/* A server of the interleaved mode, whose packets leave LATE_S late. */
#define LATE_S 5e-4

static tstamp tell_before(struct tiny *t, tstamp before)
{
	struct packet p = broadcast(t);

	p.origin = before;
	p.transmit = tiny_true(t->now_s - TINY_WAY_S - LATE_S);
	deliver(t, SENDER, make(t, &p, 0));
	return tiny_true(t->now_s - TINY_WAY_S); /* when it really left */
}

/* When the last of them really left. */
static tstamp tell_three(struct tiny *t)
{
	tstamp before = { 0 };

	for (unsigned i = 0; i < 3; i++) {
		tiny_run(t, t->now_s + EACH_S);
		before = tell_before(t, before);
	}
	return before;
}

static double last_offset_s(const struct tiny *t)
{
	return span_to_seconds(only(t)->history[0].offset);
}

/* RFC 9769, section 4: it is the packet before that is measured. */
static void it_is_told_when_the_one_before_left(void **state)
{
	struct tiny *t = listening();
	tstamp before = { 0 };
	double delay_s = span_to_seconds(only(t)->listener.delay);
	double then_s = 0, known_s = delay_s / 2 - TINY_WAY_S;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		uint64_t samples = only(t)->verdicts[SOURCE_SAMPLE];

		tiny_run(t, t->now_s + EACH_S);
		before = tell_before(t, before);
		/* The first is of the basic mode, the second tells of that. */
		assert_int_equal(only(t)->verdicts[SOURCE_SAMPLE],
				 samples + (i != 1));
		assert_int_equal(only(t)->verdicts[SOURCE_COMPLETED], i > 0);
		assert_int_equal(only(t)->polling.reach & 1, 1);
		if (i > 1) {
			assert_true(fabs(last_offset_s(t) + then_s - known_s) <
				    LATE_S / 100);
		}
		then_s = t->error_s;
	}
	assert_int_equal(only(t)->xleave.answers, 9);
	tiny_end(t);
}

/* One got lost: what the next tells is of no packet that we have. */
static void what_was_lost_measures_nothing(void **state)
{
	struct tiny *t = listening();

	(void)state;
	(void)tell_three(t);
	uint64_t samples = only(t)->verdicts[SOURCE_SAMPLE];

	tiny_run(t, t->now_s + EACH_S);
	tstamp before = tiny_true(t->now_s - TINY_WAY_S); /* lost */
	tiny_run(t, t->now_s + EACH_S);
	before = tell_before(t, before);
	assert_int_equal(only(t)->verdicts[SOURCE_SAMPLE], samples);
	tiny_run(t, t->now_s + EACH_S);
	(void)tell_before(t, before);
	assert_int_equal(only(t)->verdicts[SOURCE_SAMPLE], samples + 1);
	tiny_end(t);
}

/* Whatever it has there is nothing to us, but for a while. */
static void an_origin_that_fits_nothing_is_none(void **state)
{
	struct tiny *t = listening();
	uint64_t samples = only(t)->verdicts[SOURCE_SAMPLE];

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		tiny_run(t, t->now_s + EACH_S);
		(void)tell_before(t, (tstamp){ check_rng() | 1 });
	}
	assert_int_equal(only(t)->verdicts[SOURCE_SAMPLE], samples + 8);
	assert_int_equal(only(t)->xleave.answers, 0);
	tiny_end(t);
}

/* D5: neither changes what the next good one is measured by. */
static void copies_and_the_unsigned_complete_nothing(void **state)
{
	struct tiny *t = listening();
	tstamp before = tell_three(t);

	(void)state;
	struct source was = *only(t);

	deliver(t, SENDER, PACKET_LEN); /* the last one again */
	assert_int_equal(only(t)->verdicts[SOURCE_OLD],
			 was.verdicts[SOURCE_OLD] + 1);
	assert_memory_equal(&only(t)->listener, &was.listener,
			    sizeof(was.listener));
	struct packet p = broadcast(t);

	p.transmit = tiny_true(t->now_s + 1);
	deliver(t, SENDER, make(t, &p, KEY)); /* of another key than its own */
	assert_memory_equal(&only(t)->listener, &was.listener,
			    sizeof(was.listener));
	tiny_run(t, t->now_s + EACH_S);
	(void)tell_before(t, before);
	assert_int_equal(only(t)->verdicts[SOURCE_SAMPLE],
			 was.verdicts[SOURCE_SAMPLE] + 1);
	tiny_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_volley_tells_how_far_it_is),
		cmocka_unit_test(who_answers_no_volley_is_not_listened_to),
		cmocka_unit_test(a_surprise_is_asked_about),
		cmocka_unit_test(what_is_to_be_expected_is_a_sample),
		cmocka_unit_test(a_given_distance_is_not_doubted),
		cmocka_unit_test(the_silent_are_let_go),
		cmocka_unit_test(silence_is_by_its_own_poll),
		cmocka_unit_test(who_knows_no_time_is_heard_and_not_used),
		cmocka_unit_test(
			who_was_set_back_is_asked_when_that_is_allowed),
		cmocka_unit_test(nobody_was_set_back_unless_that_is_allowed),
		cmocka_unit_test(a_recording_does_not_set_back),
		cmocka_unit_test(it_is_told_when_the_one_before_left),
		cmocka_unit_test(what_was_lost_measures_nothing),
		cmocka_unit_test(an_origin_that_fits_nothing_is_none),
		cmocka_unit_test(copies_and_the_unsigned_complete_nothing),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
