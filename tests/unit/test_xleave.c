/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interleaved mode as a client: what is asked, what is believed of an
 * answer, and what remains when the server does not follow (A1, A2, A4, D3).
 */
#include "sourcebench.h"

#define WAY_S 0.010
#define LATE_S 0.002 /* an answer leaves so long after it says so */

/* A server that follows: it holds one stamp, for who has named one before. */
struct server {
	tstamp received, left, stated;
	bool holds;
	double off_s;  /* its clock */
	double late_s; /* from the stated transmit stamp to the true one */
};

static struct bench *fresh_xleave(void)
{
	struct bench *b = fresh();

	b->config.xleave = true;
	return b;
}

/* What it answers to what was asked, which came after WAY_S. */
static struct packet follow(struct server *s, const struct bench *b)
{
	struct packet p = good(b);
	bool named = !tstamp_is_zero(b->asked.origin) &&
		     tstamp_equal(b->asked.origin, s->received);
	bool told = named && s->holds;
	tstamp left = s->left;

	p.receive =
		tstamp_add(wall(b->now_s + WAY_S), span_from_seconds(s->off_s));
	p.receive.v |= 1;
	p.transmit = tstamp_add(p.receive, SPAN_MS(0));
	p.transmit.v++;
	s->stated = p.transmit;
	s->left = tstamp_add(p.transmit, span_from_seconds(s->late_s));
	s->received = p.receive;
	s->holds = named;
	if (told) {
		p.origin = b->asked.receive;
		p.transmit = left;
	}
	return p;
}

/* One whole exchange; what became of it. */
static enum source_verdict exchange(struct bench *b, struct server *s)
{
	ask(b);
	assert_int_equal(sent(b), SOURCE_NOTHING);
	struct packet p = follow(s, b);

	b->now_s += 2 * WAY_S + s->late_s - 0.0201;
	return receive(b, &p);
}

static void exchanges(struct bench *b, struct server *s, unsigned count)
{
	while (count-- > 0) {
		(void)exchange(b, s);
	}
}

static double offset_s(const struct bench *b)
{
	return span_to_seconds(sample_offset(&b->sample));
}

static double delay_s(const struct bench *b)
{
	return span_to_seconds(sample_delay(&b->sample));
}

static void nothing_is_interleaved_unasked(void **state)
{
	(void)state;
	struct bench *b = fresh();
	struct server s = { .late_s = LATE_S };

	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(exchange(b, &s), SOURCE_SAMPLE);
		assert_true(tstamp_is_zero(b->asked.origin));
		assert_true(tstamp_is_zero(b->asked.receive));
		assert_true(fabs(offset_s(b) + LATE_S / 2) < 1e-5);
	}
}

/* The delay is the true one, and the offset with it. */
static void the_true_stamp_is_used(void **state)
{
	(void)state;
	struct bench *b = fresh_xleave();
	struct server s = { .off_s = 0.25, .late_s = LATE_S };
	double asked_s = 0;

	for (unsigned i = 0; i < 2; i++) { /* the basic mode, at once */
		assert_int_equal(exchange(b, &s), SOURCE_SAMPLE);
		assert_true(fabs(delay_s(b) - 2 * WAY_S - LATE_S) < 1e-5);
	}
	/* It tells of an exchange that has been measured. */
	assert_int_equal(exchange(b, &s), SOURCE_COMPLETED);
	assert_int_equal(b->source.polling.reach & 1, 1);
	for (unsigned i = 0; i < 10; i++) {
		instant then = b->source.xleave.sample.at;

		asked_s = b->now_s;
		assert_int_equal(exchange(b, &s), SOURCE_SAMPLE);
		assert_true(fabs(offset_s(b) - 0.25) < 1e-6);
		assert_true(fabs(delay_s(b) - 2 * WAY_S) < 1e-6);
		assert_int_equal(instant_diff(b->sample.at, then).v, 0);
	}
	assert_true(b->now_s > asked_s);
	assert_int_equal(b->source.xleave.answers, 11);
}

/* A1, A16: two numbers of chance, and the server's own stamp. */
static void a_request_tells_nothing_more(void **state)
{
	(void)state;
	struct bench *b = fresh_xleave();
	struct server s = { .late_s = LATE_S };
	uint64_t last = 0;

	ask(b);
	assert_true(tstamp_is_zero(b->asked.origin));
	assert_true(tstamp_is_zero(b->asked.receive));
	b->now_s += 4;
	for (unsigned i = 0; i < 20; i++) {
		tstamp was = s.received;

		(void)exchange(b, &s);
		if (i > 0) {
			assert_true(tstamp_equal(b->asked.origin, was));
			assert_false(tstamp_is_zero(b->asked.receive));
			assert_false(tstamp_equal(b->asked.receive,
						  b->asked.transmit));
			assert_true(b->asked.receive.v != last);
			last = b->asked.receive.v;
		}
	}
}

/* It answers as ever: so do we measure. */
static void a_server_that_does_not_follow(void **state)
{
	(void)state;
	struct bench *b = fresh_xleave();

	for (unsigned i = 0; i < 20; i++) {
		ask(b);
		assert_int_equal(sent(b), SOURCE_NOTHING);
		struct packet p = good(b);

		assert_int_equal(receive(b, &p), SOURCE_SAMPLE);
		assert_true(fabs(offset_s(b)) < 1e-4);
	}
	assert_int_equal(b->source.xleave.answers, 0);
	assert_int_equal(b->source.xleave.refused, 19);
}

/* It has forgotten all: that exchange is lost, the next is measured. */
static void a_server_that_was_restarted(void **state)
{
	(void)state;
	struct bench *b = fresh_xleave();
	struct server s = { .late_s = LATE_S };

	exchanges(b, &s, 5);
	s.holds = false;
	s.received.v = 2;
	s.off_s = 0.5; /* and its clock is another one */
	assert_int_equal(exchange(b, &s), SOURCE_SAMPLE);
	assert_true(fabs(offset_s(b) - 0.5 + LATE_S / 2) < 1e-5);
	assert_int_equal(exchange(b, &s), SOURCE_SAMPLE);
	assert_int_equal(exchange(b, &s), SOURCE_COMPLETED);
	assert_int_equal(exchange(b, &s), SOURCE_SAMPLE);
	assert_true(fabs(offset_s(b) - 0.5) < 1e-6);
}

/* The server has used the stamp up; or has never heard of the request. */
static void lost_packets_lose_no_more(void **state)
{
	(void)state;
	struct bench *b = fresh_xleave();
	struct server s = { .late_s = LATE_S };

	exchanges(b, &s, 5);
	ask(b); /* lost on its way there */
	b->now_s += 4;
	(void)tick(b);
	assert_int_equal(exchange(b, &s), SOURCE_SAMPLE);
	assert_true(fabs(delay_s(b) - 2 * WAY_S) < 1e-6);
	ask(b);
	(void)follow(&s, b); /* lost on its way back */
	b->now_s += 4;
	(void)tick(b);
	assert_int_equal(exchange(b, &s), SOURCE_SAMPLE);
	assert_true(fabs(delay_s(b) - 2 * WAY_S - LATE_S) < 1e-5);
}

/* D3: after so many without an answer we ask as ever. */
static void silence_ends_the_mode(void **state)
{
	(void)state;
	struct bench *b = fresh_xleave();
	struct server s = { .late_s = LATE_S };
	unsigned named = 0;

	exchanges(b, &s, 5);
	for (unsigned i = 0; i < 10; i++) {
		ask(b);
		b->now_s += 4;
		(void)tick(b);
		named += !tstamp_is_zero(b->asked.origin);
		assert_true(named == i + 1 || tstamp_is_zero(b->asked.origin));
	}
	assert_in_range(named, 1, 4);
	s.holds = false;
	assert_int_equal(exchange(b, &s), SOURCE_SAMPLE);
	assert_true(fabs(delay_s(b) - 2 * WAY_S - LATE_S) < 1e-5);
}

/* A step of ours: the stamps of before are of another clock. */
static void our_own_step_voids_all(void **state)
{
	(void)state;
	struct bench *b = fresh_xleave();
	struct server s = { .late_s = LATE_S };

	exchanges(b, &s, 5);
	source_abandon(&b->source, &b->out);
	assert_int_equal(exchange(b, &s), SOURCE_SAMPLE);
	assert_true(tstamp_is_zero(b->asked.origin));
	assert_true(fabs(delay_s(b) - 2 * WAY_S - LATE_S) < 1e-5);
}

/* A1, A2, A4, D3: none of these moves anything. */
static void what_does_not_answer_is_refused(void **state)
{
	(void)state;
	struct bench *b = fresh_xleave();
	struct server s = { .late_s = LATE_S };

	exchanges(b, &s, 5);
	ask(b);
	assert_int_equal(sent(b), SOURCE_NOTHING);
	struct server kept = s;
	struct packet right = follow(&s, b), p = right;
	const uint64_t origins[] = { 0,
				     b->asked.origin.v,
				     kept.left.v,
				     kept.stated.v,
				     b->asked.receive.v ^ 1,
				     b->asked.receive.v << 1 };

	for (size_t i = 0; i < ARRAY_LEN(origins); i++) {
		p.origin.v = origins[i];
		refuse(b, &p, SOURCE_ORIGIN);
	}
	FORALL(1000) {
		p.origin.v = check_rng();
		refuse(b, &p, SOURCE_ORIGIN);
	}
	assert_int_equal(receive(b, &right), SOURCE_SAMPLE);
	b->now_s += 0.01;
	refuse(b, &right, SOURCE_DUPLICATE);
	p.origin = b->asked.transmit; /* both ways of answering it once */
	refuse(b, &p, SOURCE_DUPLICATE);
}

/* A server may lie about then as it may about now: within the checks. */
static void impossible_stamps_are_refused(void **state)
{
	(void)state;
	struct bench *b = fresh_xleave();
	struct server s = { .late_s = LATE_S };

	exchanges(b, &s, 5);
	ask(b);
	assert_int_equal(sent(b), SOURCE_NOTHING);
	s.left = tstamp_add(s.left, SPAN_S(-1)); /* before it came */
	struct packet p = follow(&s, b);

	assert_int_equal(receive(b, &p), SOURCE_BACKWARDS);
	exchanges(b, &s, 4);
	ask(b);
	assert_int_equal(sent(b), SOURCE_NOTHING);
	s.left = tstamp_add(s.left, SPAN_S(1)); /* after we had it */
	p = follow(&s, b);
	assert_int_equal(receive(b, &p), SOURCE_DELAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_interleaved_unasked),
		cmocka_unit_test(the_true_stamp_is_used),
		cmocka_unit_test(a_request_tells_nothing_more),
		cmocka_unit_test(a_server_that_does_not_follow),
		cmocka_unit_test(a_server_that_was_restarted),
		cmocka_unit_test(lost_packets_lose_no_more),
		cmocka_unit_test(silence_ends_the_mode),
		cmocka_unit_test(our_own_step_voids_all),
		cmocka_unit_test(what_does_not_answer_is_refused),
		cmocka_unit_test(impossible_stamps_are_refused),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
