/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What another build would have done. The same build does the same, to the
 * last bit; another configuration stands for another build, and what is said
 * of it is compared with a world in which it really ran.
 */
#include <math.h>
#include <string.h>

#include "recording.h"
#include "sim/dice.h"
#include "sim/resteer.h"

#define HOURS_S (6 * 3600.0)
#define SERVERS "server @ iburst minpoll 5 maxpoll 6\n"

/* A night of a client of four servers; its RMS error in truth. */
static double night(const char *config, bool slew_only, double offset_s)
{
	struct oscillator kind = oscillator_quartz(offset_s, 20e-6, 3e-9);
	struct operator_orders orders = { .config = config,
					  .line.slew_only = slew_only };
	struct way way = { .base_s = 2e-3,
			   .jitter = { LAW_EXPONENTIAL, 1e-4, 0 } };
	struct recording r;
	struct world *w = recording_begin(&r, 5);

	stage_network(w, &way);
	world_add_servers(w, 4);
	struct node *n = stage_daemon(w, &kind, &orders);

	world_run(w, 1800);
	world_settle(w);
	world_run(w, HOURS_S - 1800);
	double rms_s = meter_rms_s(&n->meter);

	recording_end(&r);
	return rms_s;
}

static bool resteer(const uint8_t *bytes, size_t count)
{
	FILE *f = tmpfile();
	size_t size;

	assert_non_null(f);
	bool good = resteer_run(bytes, count, f);

	free(said);
	said = read_all(f, &size, 1);
	return good;
}

/* The record, as if the daemon had been given this; NULL: what it was given. */
static void pretend(const char *config, bool slew_only)
{
	struct reader r = reader_over(data, len);
	struct record_view item;
	struct record_start start;
	size_t room = len + RECORD_ROOM;
	uint8_t *other = malloc(room);
	struct writer w = writer_over(other, room);

	assert_non_null(other);
	assert_int_equal(record_next(&r, &item), RECORD_GOOD);
	assert_int_equal(record_get_start(&item, &start), FIELDS_FINE);
	if (config) {
		start.settings.config = (const uint8_t *)config;
		start.settings.config_len = strlen(config);
	}
	start.settings.orders.slew_only = slew_only;
	record_put_start(&w, &start);
	assert_false(w.failed);
	memcpy(w.at, r.at, reader_left(&r));
	len = (size_t)(w.at - other) + reader_left(&r);
	free(data);
	data = other;
}

struct row {
	double was, is;
};

static struct row row(const char *what)
{
	const char *at = strstr(said, what);
	struct row r;
	char *end;

	if (!at) {
		fail_msg("no '%s' in:\n%s", what, said);
		return (struct row){ 0, 0 };
	}
	at += strlen(what);
	r.was = strtod(at, &end);
	r.is = strtod(end, &end);
	return r;
}

static void assert_both(const char *what, double was, double is)
{
	struct row r = row(what);

	if (r.was != was || r.is != is) {
		fail_msg("%s: %f %f\n%s", what, r.was, r.is, said);
	}
}

/* All of it: whatever happened in a random world. */
static void assert_same_life(void)
{
	struct rerun r = { .memory = NULL };
	struct reader in = reader_over(data, len);
	struct record_view item;
	struct reference ref;
	struct resteered s;
	struct past p;

	while (record_next(&in, &item) == RECORD_GOOD) {
		assert_int_equal(item.kind, RECORD_START);
		assert_true(rerun_begin(&r, &item, stdout));
		assert_true(past_load(&p, &r.began, &in, stdout));
		resteer_reference(&p, &r, &ref);
		resteer_live(&r, &p, &ref, &s);
		for (size_t i = 0; i < s.gain.count; i++) {
			assert_true(s.gain.pieces[i].value == 0);
		}
		assert_int_equal(s.tally.asked, p.tally.asked);
		assert_int_equal(s.tally.steps, p.tally.steps);
		assert_int_equal(s.tally.steers, p.tally.steers);
		assert_true(s.tally.freq == p.tally.freq);
		assert_memory_equal(s.tally.notes, p.tally.notes,
				    sizeof(p.tally.notes));
		assert_int_equal(s.displaced, 0);
		assert_int_equal(s.unrecorded, 0);
		resteered_end(&s);
		reference_end(&ref);
		past_end(&p);
	}
	rerun_end(&r);
}

static void the_same_build_does_the_same(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		record(seed, NULL);
		assert_same_life();
	}
}

static void the_reference_knows_the_truth(void **state)
{
	(void)state;
	double truth_s = night(SERVERS, false, 1e-3);

	assert_true(resteer(data, len));
	struct row rms = row("clock error, RMS, us");

	print_message("# in truth %.1f us, by the reference %.1f us\n",
		      1e6 * truth_s, rms.was);
	assert_true(rms.was == rms.is);
	assert_true(fabs(rms.was / (1e6 * truth_s) - 1) < 0.35);
}

static void other_polls_are_foreseen(void **state)
{
	(void)state;
	static const char often[] =
		"server 10.0.0.1 iburst minpoll 5 maxpoll 5\n"
		"server 10.0.1.1 iburst minpoll 5 maxpoll 5\n"
		"server 10.0.2.1 iburst minpoll 5 maxpoll 5\n"
		"server 10.0.3.1 iburst minpoll 5 maxpoll 5\n";
	static const char rarely[] = "server 10.0.0.1 minpoll 8 maxpoll 8\n"
				     "server 10.0.1.1 minpoll 8 maxpoll 8\n"
				     "server 10.0.2.1 minpoll 8 maxpoll 8\n"
				     "server 10.0.3.1 minpoll 8 maxpoll 8\n";
	double truth_s = night(rarely, false, 1e-3);

	(void)night(often, false, 1e-3);
	pretend(rarely, false);
	assert_true(resteer(data, len));
	struct row rms = row("clock error, RMS, us");
	struct row asked = row("questions");
	struct row moved = row("answered by an exchange moved");

	print_message("# in truth %.1f us, foreseen %.1f us, with polls at 32 "
		      "s %.1f us\n",
		      1e6 * truth_s, rms.is, rms.was);
	assert_true(asked.is < asked.was / 4);
	assert_true(moved.is > asked.is / 2);
	assert_true(row("without any exchange near").is < asked.is / 20);
	assert_true(rms.is > 1e6 * truth_s / 2 && rms.is < 1e6 * truth_s * 2);
}

static void a_step_becomes_a_slew(void **state)
{
	(void)state;
	(void)night(SERVERS, false, 0.4);
	assert_true(resteer(data, len));
	assert_both("\n  steps ", 1, 1);

	pretend(NULL, true);
	assert_true(resteer(data, len));
	assert_both("\n  steps ", 1, 0);
	struct row most = row("  largest, us");

	assert_true(most.is > 0.3e6 && most.is < 0.5e6);
	assert_true(most.was < 0.02e6);
	assert_true(row("clock error, RMS, us").is < 50);
}

static void a_slew_becomes_a_step(void **state)
{
	(void)state;
	(void)night(SERVERS, true, 0.4);
	assert_true(resteer(data, len));
	assert_both("\n  steps ", 0, 0);
	struct row slewed = row("  largest, us");

	pretend(NULL, false);
	assert_true(resteer(data, len));
	assert_both("\n  steps ", 0, 1);
	assert_true(row("note STEPPED").is == 1);
	struct row most = row("  largest, us");

	assert_true(slewed.was > 0.3e6);
	assert_true(most.is < most.was / 5 && most.is < 0.02e6);
}

static void nobody_recorded_is_nobody_who_answers(void **state)
{
	(void)state;
	(void)night(SERVERS, false, 1e-3);
	pretend("server 10.9.9.9 iburst\n", false);
	assert_true(resteer(data, len));
	assert_non_null(strstr(said, "this build never knew the time"));
	struct row asked = row("questions");

	assert_true(asked.is > 0);
	assert_true(row("without any exchange near").is == asked.is);
	assert_non_null(strstr(said, "asks more than was recorded"));
}

/* The record, but event `n` was read so long before the one before it. */
static void turn_back(unsigned n, span by)
{
	static struct record_event e;
	struct reader r = reader_over(data, len);
	size_t room = len + RECORD_ROOM;
	uint8_t *other = malloc(room);
	struct writer w = writer_over(other, room);
	struct record_view item;
	instant before = { 0 };

	assert_non_null(other);
	for (const uint8_t *from = r.at; record_next(&r, &item) == RECORD_GOOD;
	     from = r.at) {
		size_t size = (size_t)(r.at - from);

		if (item.kind != RECORD_EVENT) {
			memcpy(w.at, from, size);
			w.at += size;
			continue;
		}
		assert_int_equal(record_get_event(&item, &e), FIELDS_FINE);
		if (n-- == 0) {
			e.event.now =
				instant_add(before, span_sub(SPAN_ZERO, by));
		}
		before = e.event.now;
		record_put_event(&w, &e.event);
	}
	assert_false(w.failed);
	free(data);
	data = other;
	len = (size_t)(w.at - other);
}

static void a_hair_back_is_no_time_that_runs_backwards(void **state)
{
	(void)state;
	(void)night(SERVERS, false, 1e-3);
	turn_back(100, (span){ 3 });
	assert_true(resteer(data, len));
	turn_back(100, SPAN_MS(100));
	assert_false(resteer(data, len));
	assert_non_null(strstr(said, "event 101: time runs backwards"));
}

static void anything_is_no_danger(void **state)
{
	(void)state;
	assert_false(resteer((const uint8_t *)"root:x:0:0\n", 11));
	assert_string_equal(said, "this is no record\n");
	record(7, NULL);
	FORALL(60) {
		size_t n = check_below(len);
		uint8_t *exact = malloc(n + 1);

		assert_non_null(exact);
		memcpy(exact, data, n);
		if (n > 100) {
			exact[check_rng() % n] ^= (uint8_t)(1 + check_rng());
		}
		(void)resteer(exact, n);
		free(exact);
	}
}

static void a_reference_out_of_thin_air(void **state)
{
	(void)state;
	struct reference_sample *samples = calloc(4000, sizeof(*samples));
	struct reference r;
	struct rng rng;
	double value_s = 1, rate = 30e-6, worst_s = 0;
	static double truth[4000];

	assert_non_null(samples);
	rng_init_number(&rng, check_rng());
	for (unsigned i = 0; i < 4000; i++) {
		double queue_s = -1e-4 * log(1 - rng_unit(&rng));
		double back_s = -1e-4 * log(1 - rng_unit(&rng));
		struct reference_sample *s = &samples[i];

		rate += 1e-9 * sqrt(16) * dice_gaussian(&rng);
		value_s += 16 * rate;
		truth[i] = value_s;
		s->source = i % 4;
		s->at_s = 16.0 * i;
		s->value_s = value_s + (queue_s - back_s) / 2;
		s->value_s += s->source == 3 ? 0.1 : 0;  /* a liar */
		s->value_s += s->source == 2 ? 2e-4 : 0; /* uneven ways */
		s->value_s -= s->source == 1 ? 2e-4 : 0;
		s->steered_s = s->value_s - 30e-6 * s->at_s;
		s->delay_s = 2e-3 + queue_s + back_s;
	}
	reference_begin(&r, samples, 4000, 4);
	assert_int_equal(reference_excluded(&r), 1);
	assert_true(r.excluded[3]);
	double sum = 0;

	for (unsigned i = 100; i < 3900; i++) {
		double off_s = reference_at(&r, 16.0 * i, 0) - truth[i];

		sum += off_s * off_s;
		worst_s = fmax(worst_s, fabs(off_s));
	}
	double rms_s = sqrt(sum / 3800);

	print_message("# RMS %.1f us, worst %.1f us, claimed %.1f us\n",
		      1e6 * rms_s, 1e6 * worst_s, 1e6 * reference_sd_s(&r));
	assert_true(rms_s < 30e-6 && worst_s < 150e-6);
	assert_true(reference_sd_s(&r) > rms_s / 4);
	reference_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_same_build_does_the_same, forget),
		cmocka_unit_test_teardown(the_reference_knows_the_truth,
					  forget),
		cmocka_unit_test_teardown(other_polls_are_foreseen, forget),
		cmocka_unit_test_teardown(a_step_becomes_a_slew, forget),
		cmocka_unit_test_teardown(a_slew_becomes_a_step, forget),
		cmocka_unit_test_teardown(nobody_recorded_is_nobody_who_answers,
					  forget),
		cmocka_unit_test_teardown(
			a_hair_back_is_no_time_that_runs_backwards, forget),
		cmocka_unit_test_teardown(anything_is_no_danger, forget),
		cmocka_unit_test(a_reference_out_of_thin_air),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
