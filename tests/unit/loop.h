/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loop.h - a clock, some servers, and everything between them: estimators,
 * selection and discipline as the engine couples them, without the engine.
 */
#ifndef TESTS_UNIT_LOOP_H
#define TESTS_UNIT_LOOP_H

#include "core/estimate/estimator.h"
#include "core/select/selection.h"
#include "core/steer/discipline.h"

#include <math.h>

#include "check.h"

#define LOOP_SERVERS 8

struct loop_setting {
	size_t servers;
	double poll_s, delay_s, jitter_s, wander; /* one way; exponential */
	double freq, offset_s;                    /* of the clock, at first */
	double run_s, settle_s;
	double asymmetry_s[LOOP_SERVERS]; /* of each server's way */
};

struct loop {
	struct loop_setting set;
	double now_s;
	double error_s; /* of our clock: ours minus the truth */
	double drift;   /* s/s, of the oscillator alone */
	struct discipline discipline;
	struct estimator estimators[LOOP_SERVERS];
	struct candidate candidates[LOOP_SERVERS];
	double due_s[LOOP_SERVERS];
	struct choice choice;
	/* What came out, once settled. */
	double squares, rate_squares, seconds, worst_s;
	double updates, within_3, within_5, claimed;
	/* A clock that is set to each estimate at once: control without loss.
	 */
	double ideal_s, ideal_freq, ideal_squares;
	double first_ms_s, first_100us_s; /* better than that since when */
};

static inline double loop_unit(void)
{
	return ((double)(check_rng() >> 11) + 0.5) * 0x1p-53;
}

static inline double loop_gauss(void)
{
	double r = sqrt(-2 * log(loop_unit()));

	return r * cos(2 * 3.14159265358979 * loop_unit());
}

static inline instant loop_instant(double s)
{
	return (instant){ span_from_seconds(s + 1000).v };
}

/* In pieces of a second: the oscillator wanders, the clock runs on. */
static inline void loop_run_to(struct loop *l, double to_s)
{
	while (l->now_s < to_s) {
		double piece_s = fmin(1, to_s - l->now_s);
		double rate = l->drift + discipline_freq(&l->discipline);

		l->error_s += rate * piece_s;
		l->ideal_s += (l->drift + l->ideal_freq) * piece_s;
		l->drift += l->set.wander * sqrt(piece_s) * loop_gauss();
		l->now_s += piece_s;
		if (fabs(l->error_s) > 1e-3) {
			l->first_ms_s = l->now_s;
		}
		if (fabs(l->error_s) > 1e-4 && l->now_s < l->set.settle_s) {
			l->first_100us_s = l->now_s;
		}
		if (l->now_s > l->set.settle_s) {
			l->squares += l->error_s * l->error_s * piece_s;
			l->rate_squares += rate * rate * piece_s;
			l->ideal_squares += l->ideal_s * l->ideal_s * piece_s;
			l->worst_s = fmax(l->worst_s, fabs(l->error_s));
			l->seconds += piece_s;
		}
	}
}

static inline void loop_apply(struct loop *l, const struct adjustment *adj)
{
	l->error_s += adj->step_s;
	for (size_t i = 0; i < l->set.servers; i++) {
		estimator_adjust(&l->estimators[i], loop_instant(l->now_s),
				 adj->step_s, adj->freq);
	}
}

static inline struct sample loop_exchange(struct loop *l, size_t server)
{
	double there_s = l->set.delay_s + l->set.asymmetry_s[server] -
			 l->set.jitter_s * log(loop_unit());
	double back_s = l->set.delay_s - l->set.asymmetry_s[server] -
			l->set.jitter_s * log(loop_unit());
	double sent_s = l->now_s;
	double forward_s = there_s - l->error_s;

	loop_run_to(l, sent_s + there_s + back_s);
	return (struct sample){
		.at = loop_instant(sent_s + (there_s + back_s) / 2),
		.forward = span_from_seconds(forward_s),
		.backward = span_from_seconds(back_s + l->error_s),
		.noise_s = 1e-6,
	};
}

static inline void loop_judge(struct loop *l)
{
	double off = fabs(l->choice.combined.offset_s + l->error_s);
	double sd = l->choice.combined.offset_sd;

	if (l->now_s > l->set.settle_s) {
		l->updates++;
		l->within_3 += off < 3 * sd;
		l->within_5 += off < 5 * sd;
		l->claimed += sd * sd;
	}
}

static inline void loop_update(struct loop *l)
{
	static const struct tos_config tos = { .minclock = 3,
					       .maxclock = 10,
					       .minsane = 1,
					       .ceiling = 15,
					       .mindist_s = 0.001,
					       .orphan = 16,
					       .maxdist_s = 1.5,
					       .maxdisp_s = 16 };
	instant now = loop_instant(l->now_s);

	for (size_t i = 0; i < l->set.servers; i++) {
		struct candidate *c = &l->candidates[i];

		c->was_system_peer =
			l->choice.found && l->choice.system_peer == i;
		c->stratum = 1;
		c->unfit =
			estimator_estimate(&l->estimators[i], now, &c->estimate)
				? REASON_OK
				: REASON_NO_ANSWER;
	}
	selection_run(&tos, l->candidates, l->set.servers, &l->choice);
	if (!l->choice.found) {
		return;
	}
	loop_judge(l);
	l->ideal_s = l->error_s + l->choice.combined.offset_s;
	l->ideal_freq =
		discipline_freq(&l->discipline) + l->choice.combined.freq;
	struct adjustment adj =
		discipline_update(&l->discipline, &l->choice.combined,
				  l->set.poll_s / (double)l->set.servers, now);

	loop_apply(l, &adj);
}

static inline void loop_run(struct loop *l)
{
	while (l->now_s < l->set.run_s) {
		size_t next = 0;
		double end_s = span_to_seconds(instant_diff(
			discipline_deadline(&l->discipline), loop_instant(0)));

		for (size_t i = 1; i < l->set.servers; i++) {
			next = l->due_s[i] < l->due_s[next] ? i : next;
		}
		if (end_s <= l->due_s[next]) {
			/* A daemon is woken a little late. */
			loop_run_to(l, fmax(l->now_s, end_s) + 1e-4);
			struct adjustment adj = discipline_tick(
				&l->discipline, loop_instant(l->now_s));
			loop_apply(l, &adj);
			continue;
		}
		loop_run_to(l, l->due_s[next]);
		/* Four at the start, 2 s apart, as iburst has it. */
		l->due_s[next] +=
			l->now_s < 7
				? 2
				: l->set.poll_s * (0.98 + 0.04 * loop_unit());
		struct sample sample = loop_exchange(l, next);

		estimator_add(&l->estimators[next], &sample);
		loop_update(l);
	}
}

static inline void loop_start(struct loop *l, const struct loop_setting *set,
			      const struct config *config)
{
	const struct estimator_prior prior = { .freq_sd = 1e-4 };

	*l = (struct loop){ .set = *set,
			    .error_s = set->offset_s,
			    .drift = set->freq };
	discipline_init(&l->discipline, config, 0, false, loop_instant(0));
	for (size_t i = 0; i < set->servers; i++) {
		estimator_init(&l->estimators[i], &prior);
		l->due_s[i] = 0.1 * (double)(i + 1);
	}
}

#endif
