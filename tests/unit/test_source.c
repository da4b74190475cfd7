/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One upstream: what it asks and when, all states against all inputs, and the
 * stamps of departure early, late, or never there.
 */
#include "sourcebench.h"

static void an_exchange_is_a_sample(void **state)
{
	(void)state;
	struct bench *b = fresh();
	struct packet p;

	ask(b);
	assert_int_equal(b->source.state, SOURCE_ASKED);
	assert_int_equal(sent(b), SOURCE_NOTHING);
	assert_int_equal(b->source.state, SOURCE_WAITING);
	p = good(b);
	assert_int_equal(receive(b, &p), SOURCE_SAMPLE);
	assert_int_equal(b->source.state, SOURCE_IDLE);
	assert_true(fabs(span_to_seconds(sample_offset(&b->sample))) < 1e-6);
	assert_true(fabs(span_to_seconds(sample_delay(&b->sample)) - 0.02) <
		    1e-6);
	assert_int_equal(b->source.polling.reach, 1);
	assert_int_equal(b->source.peer.stratum, 2);
	assert_int_equal(b->out.effects[0].kind, EFFECT_CLOSE);
	assert_int_equal(b->out.effects[1].note.id, NOTE_REACHABLE);
}

static void a_bias_is_added_to_every_offset(void **state)
{
	(void)state;
	struct bench *b = fresh();
	struct packet p;

	b->config.bias_s = 0.25;
	ask(b);
	(void)sent(b);
	p = good(b);
	assert_int_equal(receive(b, &p), SOURCE_SAMPLE);
	assert_true(fabs(span_to_seconds(sample_offset(&b->sample)) - 0.25) <
		    1e-6);
	assert_true(fabs(span_to_seconds(sample_delay(&b->sample)) - 0.02) <
		    1e-6);
}

/* SECURITY.md A1, A8: the nonce is no clock and never comes twice. */
static void the_transmit_field_is_random(void **state)
{
	(void)state;
	struct bench *b = fresh();
	uint64_t last = 0;
	unsigned near = 0, ones = 0;

	for (int i = 0; i < 2000; i++) {
		uint64_t v;
		span off;

		ask(b);
		v = b->asked.transmit.v;
		off = tstamp_diff(b->asked.transmit, wall(b->now_s));
		assert_true(v != 0 && v != last);
		near += fabs(span_to_seconds(off)) < 3600;
		for (int k = 0; k < 64; k++) {
			ones += (unsigned)(v >> k & 1);
		}
		last = v;
	}
	assert_true(near < 3);
	assert_true(ones > 62800 && ones < 65200); /* 64000, sd 179 */
}

/* SECURITY.md A16 */
static void requests_differ_in_nothing_but_poll_and_nonce(void **state)
{
	(void)state;
	uint8_t first[40];

	FORALL(1000) {
		struct bench *b = fresh();

		b->config.minpoll = (int8_t)(4 + check_rng() % 10);
		b->config.maxpoll = (int8_t)(b->config.minpoll + 1);
		b->config.prefer = check_rng() & 1;
		b->config.iburst = check_rng() & 1;
		b->now_s = (double)(check_rng() % 100000);
		polling_init(&b->source.polling, &b->config);
		ask(b);
		assert_int_equal(b->request[2], b->config.minpoll);
		b->request[2] = 0;
		if (case_ == 0) {
			memcpy(first, b->request, sizeof(first));
		}
		assert_memory_equal(first, b->request, sizeof(first));
	}
	assert_int_equal(first[0], 0x23); /* LI 0, version 4, mode 3 */
	assert_int_equal(first[3], 0x20);
	for (size_t i = 4; i < sizeof(first); i++) {
		assert_int_equal(first[i], 0);
	}
}

/* SECURITY.md A3 */
static void bad_packets_do_not_move_the_schedule(void **state)
{
	(void)state;
	struct bench *b = fresh();
	struct bench quiet;
	struct packet p;

	ask(b);
	quiet = *b;
	quiet.world.rng = &quiet.rng;
	for (int i = 0; i < 100; i++) {
		p = good(b);
		p.origin.v += 1 + (uint64_t)i;
		p.stratum = 0;
		p.refid = RATE;
		refuse(b, &p, SOURCE_ORIGIN);
	}
	for (int i = 0; i < 10; i++) {
		ask(b);
		ask(&quiet);
		assert_true(b->now_s == quiet.now_s);
	}
}

/* SECURITY.md A6 */
static void after_three_seconds_it_is_too_late(void **state)
{
	(void)state;
	struct bench *b = fresh();
	struct packet p;

	b->config.iburst = true;
	for (int i = 0; i < 5; i++) {
		ask(b); /* the burst that nobody answers is over */
	}
	(void)sent(b);
	p = good(b);
	b->now_s += 2.99;
	assert_int_equal(tick(b), SOURCE_NOTHING);
	assert_int_equal(b->source.state, SOURCE_WAITING);
	b->now_s += 0.02;
	refuse(b, &p, SOURCE_LATE); /* before the tick that closes it */
	(void)tick(b);
	assert_int_equal(b->source.state, SOURCE_IDLE);
	assert_int_equal(b->out.effects[0].kind, EFFECT_CLOSE);
	refuse(b, &p, SOURCE_LATE); /* and after it */
	assert_int_equal(b->source.polling.reach, 0);
}

/* SECURITY.md B2, B3: what a kiss does, and what its poll field does not. */
static void kisses_are_obeyed(void **state)
{
	(void)state;
	static const int8_t polls[] = { 0, 3, 10, 17, 127, -128, -1 };

	for (size_t i = 0; i < ARRAY_LEN(polls); i++) {
		struct bench *b = fresh();
		struct packet p;

		ask(b);
		p = good(b);
		p.stratum = 0;
		p.refid = RATE;
		p.poll = polls[i];
		assert_int_equal(receive(b, &p), SOURCE_KISS_RATE);
		assert_int_equal(polling_now(&b->source.polling), 7);
		assert_int_equal(b->source.kiss, RATE);
		assert_int_equal(b->out.effects[1].note.id, NOTE_RATE_EXCEEDED);
	}
	struct bench *b = fresh();

	for (int i = 1; i <= 3; i++) {
		struct packet p;
		struct candidate c;

		ask(b);
		p = good(b);
		p.stratum = 0;
		p.refid = i == 2 ? RSTR : DENY;
		(void)receive(b, &p);
		source_candidate(&b->source, 15e-6, event(b, EVENT_TICK).now,
				 &c);
		assert_int_equal(c.unfit == REASON_DENIED, i == 3);
	}
	assert_int_equal(b->out.effects[1].note.id, NOTE_ACCESS_DENIED);
	assert_string_equal(b->out.effects[1].note.word, "DENY");
	struct packet p;

	ask(b);
	(void)sent(b);
	p = good(b);
	assert_int_equal(receive(b, &p), SOURCE_SAMPLE);
	assert_false(polling_is_denied(&b->source.polling));
}

/* Waiting for its turn is not silence; two polls without an answer are. */
static void only_silence_is_held_against_it(void **state)
{
	(void)state;
	struct bench *b = fresh();
	struct candidate at_once, in_time, late;
	instant now;
	struct packet p;

	ask(b);
	(void)sent(b);
	p = good(b);
	assert_int_equal(receive(b, &p), SOURCE_SAMPLE);
	source_learn(&b->source, &b->sample, &b->world,
		     event(b, EVENT_TICK).now);
	now = b->source.heard_at;
	source_candidate(&b->source, 15e-6, now, &at_once);
	source_candidate(&b->source, 15e-6, instant_add(now, SPAN_S(120)),
			 &in_time);
	source_candidate(&b->source, 15e-6, instant_add(now, SPAN_S(400)),
			 &late);
	assert_true(in_time.root_disp_s > at_once.root_disp_s + 0.0017);
	assert_true(fabs(in_time.root_disp_s - in_time.waiting_s -
			 at_once.root_disp_s) < 1e-9);
	assert_true(late.root_disp_s - late.waiting_s >
		    at_once.root_disp_s + 0.004);
}

/* The stamp of departure may be early, late, twice, or never there. */
static void an_answer_waits_for_its_departure(void **state)
{
	(void)state;
	struct bench *b = fresh();
	struct packet p;
	struct event ev;

	ask(b);
	p = good(b);
	assert_int_equal(receive(b, &p), SOURCE_HELD);
	assert_int_equal(b->source.state, SOURCE_ANSWERED);
	assert_int_equal(b->source.polling.reach, 0); /* A3 */
	assert_int_equal(b->out.count, 0);            /* the socket stays */
	b->now_s -= 0.0201;
	refuse(b, &p, SOURCE_DUPLICATE);
	b->now_s += 0.0201;
	ev = event(b, EVENT_SENT);
	ev.sent.exchange = (uint16_t)(b->source.exchange - 1);
	assert_int_equal(
		source_sent(&b->source, &ev, &b->world, &b->out, &b->sample),
		SOURCE_NOTHING);
	ev.sent.exchange++;
	ev.sent.at = wall(b->now_s - 0.0200);
	ev.sent.origin = STAMP_CARD;
	assert_int_equal(
		source_sent(&b->source, &ev, &b->world, &b->out, &b->sample),
		SOURCE_SAMPLE);
	assert_true(fabs(span_to_seconds(sample_delay(&b->sample)) - 0.0199) <
		    1e-6);
	assert_true(b->sample.noise_s == 2e-7); /* the worse of both */
	assert_int_equal(sent(b), SOURCE_NOTHING);

	ask(b);
	p = good(b);
	assert_int_equal(receive(b, &p), SOURCE_HELD);
	assert_int_equal(tick(b), SOURCE_NOTHING);
	b->now_s += 0.06;
	assert_int_equal(tick(b), SOURCE_SAMPLE);
	assert_true(b->sample.noise_s == 1e-5);
}

static void stamps_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	static const double wrong_s[] = { -3600, -0.1, 0.0101 };

	for (size_t i = 0; i < ARRAY_LEN(wrong_s); i++) {
		struct bench *b = fresh();
		struct packet p;
		struct event ev;

		ask(b);
		ev = event(b, EVENT_SENT);
		ev.sent.exchange = b->source.exchange;
		ev.sent.at = wall(b->now_s + wrong_s[i]);
		(void)source_sent(&b->source, &ev, &b->world, &b->out,
				  &b->sample);
		p = good(b);
		p.receive = wall(b->now_s);
		p.transmit = wall(b->now_s + 0.02);
		assert_int_equal(receive(b, &p),
				 wrong_s[i] < 0 ? SOURCE_STAMPS : SOURCE_DELAY);
		assert_int_equal(b->source.polling.reach, 0);
	}
}

/* SECURITY.md A12 */
static void a_failure_only_misses_the_poll(void **state)
{
	(void)state;
	struct bench *b = fresh();
	struct packet p;
	instant due;

	ask(b);
	due = b->source.polling.due;
	outbox_empty(&b->out);
	source_failed(&b->source, (uint16_t)(b->source.exchange - 1), &b->out);
	assert_int_equal(b->source.state, SOURCE_ASKED);
	source_failed(&b->source, b->source.exchange, &b->out);
	assert_int_equal(b->source.state, SOURCE_IDLE);
	assert_int_equal(b->source.polling.due.v, due.v);
	assert_false(netaddr_is_none(&b->source.addr));
	ask(b);
	(void)sent(b);
	p = good(b);
	assert_int_equal(receive(b, &p), SOURCE_SAMPLE);
}

static void a_full_outbox_puts_a_request_off(void **state)
{
	(void)state;
	struct bench *b = fresh();
	struct event ev;

	b->now_s += 1;
	ev = event(b, EVENT_TICK);
	b->out.count = OUTBOX_EFFECTS - OUTBOX_RESERVE;
	assert_int_equal(
		source_tick(&b->source, &ev, &b->world, &b->out, &b->sample),
		SOURCE_NOTHING);
	assert_int_equal(b->source.state, SOURCE_IDLE);
	assert_int_equal(b->source.requests, 0);
	ask(b);
	assert_int_equal(b->source.requests, 1);
}

/* Every state against every input: what is left is always a state. */
static void into_state(struct bench *b, enum source_state s)
{
	struct packet p;

	if (s == SOURCE_NAMELESS) {
		b->config.addr = (netaddr){ 0 };
		source_init(&b->source, &b->config, 1e-4,
			    event(b, EVENT_TICK).now);
		return;
	}
	if (s == SOURCE_IDLE) {
		return;
	}
	ask(b);
	if (s == SOURCE_WAITING) {
		(void)sent(b);
	} else if (s == SOURCE_ANSWERED) {
		p = good(b);
		(void)receive(b, &p);
	}
}

static void all_states_take_all_inputs(void **state)
{
	(void)state;
	/* rows: NAMELESS IDLE ASKED WAITING ANSWERED; what follows on: tick
	 * at once, its departure, a good answer, a failure, being abandoned */
	static const enum source_state next[5][5] = {
		{ SOURCE_NAMELESS, SOURCE_NAMELESS, SOURCE_NAMELESS,
		  SOURCE_NAMELESS, SOURCE_NAMELESS },
		{ SOURCE_IDLE, SOURCE_IDLE, SOURCE_IDLE, SOURCE_IDLE,
		  SOURCE_IDLE },
		{ SOURCE_ASKED, SOURCE_WAITING, SOURCE_ANSWERED, SOURCE_IDLE,
		  SOURCE_IDLE },
		{ SOURCE_WAITING, SOURCE_WAITING, SOURCE_IDLE, SOURCE_IDLE,
		  SOURCE_IDLE },
		{ SOURCE_ANSWERED, SOURCE_IDLE, SOURCE_ANSWERED,
		  SOURCE_ANSWERED, SOURCE_IDLE },
	};

	for (int s = 0; s < 5; s++) {
		for (int input = 0; input < 5; input++) {
			struct bench *b = fresh();
			struct packet p;

			into_state(b, (enum source_state)s);
			assert_int_equal(b->source.state, s);
			switch (input) {
			case 0:
				b->source.polling.due = instant_add(
					event(b, EVENT_TICK).now, SPAN_S(1));
				(void)tick(b);
				break;
			case 1:
				(void)sent(b);
				break;
			case 2:
				p = good(b);
				(void)receive(b, &p);
				break;
			case 3:
				outbox_empty(&b->out);
				source_failed(&b->source, b->source.exchange,
					      &b->out);
				break;
			default:
				outbox_empty(&b->out);
				source_abandon(&b->source, &b->out);
				break;
			}
			assert_int_equal(b->source.state, next[s][input]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exchange_is_a_sample),
		cmocka_unit_test(a_bias_is_added_to_every_offset),
		cmocka_unit_test(the_transmit_field_is_random),
		cmocka_unit_test(requests_differ_in_nothing_but_poll_and_nonce),
		cmocka_unit_test(bad_packets_do_not_move_the_schedule),
		cmocka_unit_test(after_three_seconds_it_is_too_late),
		cmocka_unit_test(kisses_are_obeyed),
		cmocka_unit_test(only_silence_is_held_against_it),
		cmocka_unit_test(an_answer_waits_for_its_departure),
		cmocka_unit_test(stamps_that_do_not_fit_are_refused),
		cmocka_unit_test(a_failure_only_misses_the_poll),
		cmocka_unit_test(a_full_outbox_puts_a_request_off),
		cmocka_unit_test(all_states_take_all_inputs),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
