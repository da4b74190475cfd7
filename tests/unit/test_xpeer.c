/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interleaved mode with a peer (RFC 9769, section 3): what we send, what we
 * believe, and what remains when it does not follow (A17, D2, D3).
 */
#include "peerbench.h"

#define WAY_S 0.010
#define LATE_S 0.002 /* its packets leave so long after they say so */
#define OURS_S 0.003 /* and ours */

/* Whom we talk to: what it last sent, and what it has of ours. */
struct partner {
	bool follows, polls; /* its packets are polls of its own */
	double off_s;
	struct packet ours; /* the last that it took */
	tstamp ours_came;
	tstamp left, told, stated; /* of its own last packet */
	unsigned sent, sent_before, heard;
};

static struct bench *interleaving(void)
{
	struct bench *b = peer();

	b->config.xleave = true;
	return b;
}

/* When its clock shows what ours shows at `s`. */
static tstamp theirs(const struct partner *o, double s)
{
	return tstamp_add(wall(s), span_from_seconds(o->off_s));
}

/* Our last packet left OURS_S late, and came there. */
static struct packet takes(struct partner *o, struct bench *b)
{
	struct packet q = sent_packet(b);
	struct event ev = event(b, EVENT_SENT);
	bool answers = !tstamp_is_zero(q.origin) &&
		       (tstamp_equal(q.origin, o->stated) ||
			(o->follows && tstamp_equal(q.origin, o->told)));

	ev.sent.exchange = b->source.exchange;
	ev.sent.at = wall(b->now_s + OURS_S);
	ev.sent.origin = STAMP_KERNEL;
	(void)source_sent(&b->source, &ev, &b->world, &b->out, &b->sample);
	if (answers) {
		o->sent_before = o->sent;
		o->sent = 0;
		o->heard++;
	}
	o->ours = q;
	o->ours_came = theirs(o, b->now_s + OURS_S + WAY_S);
	return q;
}

/* It says something `after_s` from now; what becomes of it with us. */
static struct packet says(struct partner *o, struct bench *b, double after_s)
{
	double at_s = b->now_s + OURS_S + WAY_S + after_s;
	struct packet p = from_peer(b, o->polls ? MODE_ACTIVE : MODE_PASSIVE,
				    o->ours.transmit);
	tstamp left = o->left;

	p.receive = o->ours_came;
	p.reference = theirs(o, b->now_s - 100);
	o->stated = p.transmit = theirs(o, at_s);
	o->left = theirs(o, at_s + LATE_S);
	if (o->follows && o->sent == 0 && o->sent_before == 1) {
		p.origin = o->ours.receive;
		p.transmit = left;
		o->stated = left;
	}
	o->told = p.receive;
	o->sent++;
	b->now_s = at_s + LATE_S + WAY_S - 0.0201; /* arrive() adds that */
	return p;
}

/* We poll and are answered at once; what became of the answer. */
static enum source_verdict round_of(struct bench *b, struct partner *o)
{
	wants(b);
	(void)takes(o, b);
	struct packet p = says(o, b, 1e-4);

	return arrive(b, &p, KEY);
}

static void rounds(struct bench *b, struct partner *o, unsigned count)
{
	while (count-- > 0) {
		(void)round_of(b, o);
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

static void the_true_stamps_are_used(void **state)
{
	(void)state;
	struct bench *b = interleaving();
	struct partner o = { .follows = true, .off_s = 0.25 };

	assert_int_equal(round_of(b, &o), SOURCE_SAMPLE);
	assert_true(fabs(delay_s(b) - 2 * WAY_S - LATE_S) < 1e-5);
	rounds(b, &o, 3); /* what that completes was measured */
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(round_of(b, &o), SOURCE_SAMPLE);
		assert_true(fabs(offset_s(b) - 0.25) < 1e-6);
		assert_true(fabs(delay_s(b) - 2 * WAY_S) < 1e-6);
		assert_int_equal(b->source.polling.reach & 1, 1);
	}
	assert_true(b->source.xleave.answers >= 10);
}

/* Its origin, and when our last one left; never twice the same. */
static void ours_say_when_we_left(void **state)
{
	(void)state;
	struct bench *b = interleaving();
	struct partner o = { .follows = true };
	tstamp told = { 0 }, left = { 0 };

	for (unsigned i = 0; i < 10; i++) {
		wants(b);
		tstamp named = o.told;
		struct packet q = takes(&o, b);

		if (i > 0) {
			assert_true(tstamp_equal(q.origin, named));
			assert_true(fabs(span_to_seconds(tstamp_diff(
					    q.transmit, left))) < 1e-7);
			assert_false(tstamp_equal(q.receive, told));
		}
		told = q.receive;
		left = wall(b->now_s + OURS_S);
		struct packet p = says(&o, b, 1e-4);

		(void)arrive(b, &p, KEY);
	}
	assert_int_equal(o.heard, 9);
}

/* A peer that polls: we answer at once, and ask nothing ourselves. */
static void its_polls_are_enough(void **state)
{
	(void)state;
	struct bench *b = interleaving();
	struct partner o = { .follows = true, .polls = true, .off_s = -0.1 };

	wants(b);
	(void)takes(&o, b);
	for (unsigned i = 0; i < 12; i++) {
		struct packet p = says(&o, b, i == 0 ? 1e-4 : 60);
		enum source_verdict v = arrive(b, &p, KEY);

		(void)takes(&o, b);
		if (i < 3) {
			continue;
		}
		assert_int_equal(v, SOURCE_SAMPLE);
		assert_true(fabs(offset_s(b) + 0.1) < 1e-6);
		assert_true(fabs(delay_s(b) - 2 * WAY_S) < 1e-6);
		b->now_s += 60;
		assert_false(
			symmetric_asks(&b->source, event(b, EVENT_TICK).now));
		b->now_s -= 60;
	}
}

/* As chronyd without it: it knows nothing of such packets, and passes them
 * over. Ever more rarely we try. */
static void who_does_not_follow_is_talked_to_as_ever(void **state)
{
	(void)state;
	struct bench *b = interleaving();
	struct partner o = { .off_s = 0.25 };
	unsigned good = 0, interleaved = 0;

	for (unsigned i = 0; i < 200; i++) {
		wants(b);
		struct partner was = o;
		struct packet q = takes(&o, b);

		interleaved += o.heard == was.heard && i > 0;
		if (o.heard == was.heard && i > 0) {
			assert_false(tstamp_equal(q.origin, o.stated));
			o.ours = was.ours;
			o.ours_came = was.ours_came;
		}
		struct packet p = says(&o, b, 1e-4);
		enum source_verdict v = arrive(b, &p, KEY);

		good += v == SOURCE_SAMPLE;
		assert_true(v == SOURCE_SAMPLE || v == SOURCE_REQUEST);
	}
	assert_true(good > 150);
	assert_in_range(interleaved, 2, 40);
	assert_int_equal(b->source.xleave.answers, 0);
}

/* D3: without `xleave` the stamps of an interleaved packet match nothing. */
static void no_packet_makes_us_interleave(void **state)
{
	(void)state;
	struct bench *b = interleaving();
	struct partner o = { .follows = true };

	b->config.xleave = false;
	for (unsigned i = 0; i < 20; i++) {
		wants(b);
		struct packet q = takes(&o, b);

		assert_true(tstamp_is_zero(q.receive) ||
			    !tstamp_equal(q.origin, o.told));
		struct packet p = says(&o, b, 1e-4);

		p.origin = q.receive;
		assert_int_equal(arrive(b, &p, KEY), SOURCE_REQUEST);
	}
	assert_int_equal(b->source.xleave.answers, 0);
	assert_int_equal(b->source.polling.reach, 0);
}

/* D2: nothing that is not signed with its key leaves a trace. */
static void the_unsigned_complete_nothing(void **state)
{
	(void)state;
	struct bench *b = interleaving();
	struct partner o = { .follows = true };

	rounds(b, &o, 6);
	wants(b);
	(void)takes(&o, b);
	struct packet p = says(&o, b, 1e-4);

	leaves_no_trace(b, &p, 0, SOURCE_UNSIGNED);
	leaves_no_trace(b, &p, OTHER_KEY, SOURCE_OTHER_KEY);
	assert_int_equal(arrive(b, &p, KEY), SOURCE_SAMPLE);
	leaves_no_trace(b, &p, KEY, SOURCE_OLD); /* a copy */
}

/* One of ours, or of its, is lost: no pair of stamps that do not fit. */
static void what_is_lost_is_not_mistaken(void **state)
{
	(void)state;
	struct bench *b = interleaving();
	struct partner o = { .follows = true, .off_s = 0.25 };
	struct rng luck;
	unsigned good = 0, in_a_row = 0; /* a silent peer is asked otherwise */

	rng_init_number(&luck, check_rng());
	for (unsigned i = 0; i < 500; i++) {
		struct partner before = o;

		wants(b);
		struct packet q = takes(&o, b);
		bool lost = in_a_row < 3 && rng_below(&luck, 4) == 0;

		(void)q;
		if (lost) {
			o = before;
			b->now_s += 1;
			in_a_row++;
			continue;
		}
		struct packet p = says(&o, b, 1e-4);

		if (in_a_row < 3 && rng_below(&luck, 4) == 0) {
			b->now_s += 1;
			in_a_row++;
			continue;
		}
		in_a_row = 0;
		if (arrive(b, &p, KEY) == SOURCE_SAMPLE) {
			good++;
			assert_true(fabs(offset_s(b) - 0.25) < LATE_S);
			assert_true(fabs(delay_s(b) - 2 * WAY_S) <
				    LATE_S + OURS_S);
		}
	}
	assert_true(good > 100);
	assert_true(b->source.xleave.answers > 10);
}

/* What left while it did not know the time is not measured afterwards. */
static void who_knew_no_time_is_not_measured_later(void **state)
{
	(void)state;
	struct bench *b = interleaving();
	struct partner o = { .follows = true };
	unsigned good = 0;

	for (unsigned i = 0; i < 12; i++) {
		o.off_s = i < 8 ? 0.02 : 0; /* it slews its clock meanwhile */
		wants(b);
		(void)takes(&o, b);
		struct packet p = says(&o, b, 1e-4);

		p.leap = i < 8 ? LEAP_UNSYNC : LEAP_NONE;
		if (arrive(b, &p, KEY) == SOURCE_SAMPLE) {
			good++;
			assert_true(fabs(offset_s(b)) < LATE_S);
		}
	}
	assert_in_range(good, 3, 4);
}

/* A peer that follows tells soon: what it says now is worse, if that comes. */
static void a_basic_answer_waits_to_be_told(void **state)
{
	(void)state;
	struct bench *b = interleaving();
	struct partner o = { .follows = true };

	rounds(b, &o, 6);
	wants(b);
	(void)takes(&o, b);
	(void)says(&o, b, 1e-4); /* lost */
	b->now_s += 1;
	/* It has sent two since it last heard from us. */
	assert_int_equal(round_of(b, &o), SOURCE_AWAITED);
	assert_int_equal(round_of(b, &o), SOURCE_AWAITED);
	assert_int_equal(b->source.polling.reach & 1, 1);
	assert_int_equal(round_of(b, &o), SOURCE_SAMPLE);
	assert_true(fabs(delay_s(b) - 2 * WAY_S) < 1e-6);
	/* It does not follow any more. */
	o.follows = false;
	unsigned good = 0, waited = 0;

	for (unsigned i = 0; i < 20; i++) {
		enum source_verdict v = round_of(b, &o);

		good += v == SOURCE_SAMPLE;
		waited += v == SOURCE_AWAITED;
	}
	assert_in_range(waited, 1, 2);
	assert_int_equal(good + waited, 20);
}

static void our_own_step_voids_all(void **state)
{
	(void)state;
	struct bench *b = interleaving();
	struct partner o = { .follows = true };

	rounds(b, &o, 6);
	source_abandon(&b->source, &b->out);
	wants(b);
	struct packet q = takes(&o, b);

	assert_true(tstamp_is_zero(q.origin) && tstamp_is_zero(q.receive));
	struct packet p = says(&o, b, 1e-4);

	assert_int_equal(arrive(b, &p, KEY), SOURCE_SAMPLE);
	assert_true(fabs(delay_s(b) - 2 * WAY_S - LATE_S) < 1e-5);
}

/* It left before our packet came there, or after our next one did. */
static void impossible_stamps_measure_nothing(void **state)
{
	static const double wrong_s[] = { -1, 3600 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong_s); i++) {
		struct bench *b = interleaving();
		struct partner o = { .follows = true };

		for (unsigned j = 0; j < 6; j++) {
			(void)round_of(b, &o);
		}
		wants(b);
		(void)takes(&o, b);
		o.left = tstamp_add(o.left, span_from_seconds(wrong_s[i]));
		struct packet p = says(&o, b, 1e-4);

		p.reference = (tstamp){ 0 };
		assert_int_not_equal(arrive(b, &p, KEY), SOURCE_SAMPLE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_true_stamps_are_used),
		cmocka_unit_test(ours_say_when_we_left),
		cmocka_unit_test(its_polls_are_enough),
		cmocka_unit_test(who_does_not_follow_is_talked_to_as_ever),
		cmocka_unit_test(no_packet_makes_us_interleave),
		cmocka_unit_test(the_unsigned_complete_nothing),
		cmocka_unit_test(what_is_lost_is_not_mistaken),
		cmocka_unit_test(who_knew_no_time_is_not_measured_later),
		cmocka_unit_test(a_basic_answer_waits_to_be_told),
		cmocka_unit_test(our_own_step_voids_all),
		cmocka_unit_test(impossible_stamps_measure_nothing),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
