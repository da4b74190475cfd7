/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/select/joint.h"

#include <math.h>
#include <string.h>

#define FORGET 0.99     /* merit kept from one exchange to the next */
#define LEAST_LEFT 1e-3 /* of a variance after one observation */
#define ROUNDING 1e-15
#define OWN_LEAST_S 1e-7 /* no source is exact to less */
#define LATE_MOST_S 64.0
#define SETTLED 3 /* exchanges until an estimator knows its path a little */
#define VAR_LEAST 1e-24

/*
 * It knows more than the combination claims to, give or take what either has
 * wrong of itself: of their variances.
 */
#define BEGUN 2.0

/* How open the offset is left at the beginning. */
#define OPEN_WAYS 1.0
#define OPEN_SDS 10.0

/* More deviations than that from what it follows: it has lost it. */
#define LOST_SDS 5.0

/* How far sources are off, as parts of their ways. */
static const double spreads[JOINT_SPREADS] = { 0.003, 0.03, 0.3 };

static double member_wander(size_t i)
{
	return bank_wander(i / JOINT_SPREADS);
}

static double member_own_s(size_t i, double way_s)
{
	return OWN_LEAST_S + spreads[i % JOINT_SPREADS] * way_s;
}

void joint_init(struct joint *j)
{
	memset(j, 0, sizeof(*j));
	correction_init(&j->correction);
}

void joint_forget(struct joint *j)
{
	struct correction kept = j->correction;

	joint_init(j);
	j->correction = kept;
}

void joint_adjust(struct joint *j, instant at, double step_s, double freq)
{
	correction_add(&j->correction, at, span_from_seconds(step_s), freq);
}

static bool is_taken(const struct joint *j, size_t state)
{
	return state < JOINT_FIRST || j->seats[state - JOINT_FIRST].key != 0;
}

/* A source whose own error is not known: nothing in common with any state. */
static void seat_member(struct joint_member *m, size_t state, double at_s,
			double sd_s)
{
	for (size_t i = 0; i < JOINT_STATES; i++) {
		m->p[state][i] = m->p[i][state] = 0;
	}
	m->x[state] = at_s;
	m->p[state][state] = sd_s * sd_s;
}

static void predict_member(struct joint_member *m, double t, double wander)
{
	double walked = t > 0 ? wander * wander * t : 0;

	m->x[JOINT_OFFSET] += t * m->x[JOINT_FREQ];
	for (size_t i = 0; i < JOINT_STATES; i++) {
		m->p[JOINT_OFFSET][i] += t * m->p[JOINT_FREQ][i];
	}
	for (size_t i = 0; i < JOINT_STATES; i++) {
		m->p[i][JOINT_OFFSET] += t * m->p[i][JOINT_FREQ];
	}
	m->p[JOINT_OFFSET][JOINT_OFFSET] += walked * t * t / 3;
	m->p[JOINT_OFFSET][JOINT_FREQ] += walked * t / 2;
	m->p[JOINT_FREQ][JOINT_OFFSET] = m->p[JOINT_OFFSET][JOINT_FREQ];
	m->p[JOINT_FREQ][JOINT_FREQ] += walked;
}

static void joint_predict(struct joint *j, instant to)
{
	double t = span_to_seconds(instant_diff(to, j->at));

	for (size_t i = 0; i < JOINT_MEMBERS; i++) {
		predict_member(&j->members[i], t, member_wander(i));
	}
	j->at = to;
}

/* What a source's packets are like, as its own estimator sees it. */
struct path {
	double floor_s; /* of either direction, on average */
	double skew_s;  /* the forward one is above that, it is believed */
	double noise_s; /* the Gaussian part of a packet's time */
	double way_s, scale_s;
	struct queue queues[DIRECTIONS];
	struct queue_law law;
	unsigned directions; /* that the source shows */
};

static double mean_scale_s(const struct member *m)
{
	return (m->queues[FORWARD].scale_s + m->queues[BACKWARD].scale_s) / 2;
}

static struct path path_of(const struct estimator *e, double stamp_noise_s)
{
	const struct bank *b = &e->rivals.all[0].bank;
	struct path p = { .noise_s = stamp_noise_s * stamp_noise_s,
			  .directions = b->directions };

	/* The Gaussian part is in noise_s, member by member. */
	p.law = bank_creed(b->directions, 0).law;
	p.law.shape = 0;
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		const struct member *m = &b->members[i];
		const double *x = m->filter.x;
		struct creed creed = bank_creed(b->directions, i);
		double w = m->weight;
		double scale_s = mean_scale_s(m);

		p.way_s += w * x[STATE_FLOORS];
		p.floor_s += w * x[STATE_FLOORS] / 2;
		p.skew_s += w * x[STATE_ASYMMETRY] / 2;
		p.noise_s += w * (m->filter.p[STATE_FLOORS][STATE_FLOORS] / 4 +
				  creed.law.shape * creed.law.shape * scale_s *
					  scale_s);
		p.scale_s += w * scale_s;
		for (enum direction d = FORWARD; d < DIRECTIONS; d++) {
			p.queues[d].scale_s += w * m->queues[d].scale_s;
			p.queues[d].busy += w * m->queues[d].busy;
		}
	}
	p.noise_s = sqrt(p.noise_s);
	p.way_s = fmax(p.way_s, 0);
	return p;
}

/* The seat with this key, or a new one in the place least in use. */
static size_t joint_seat(struct joint *j, uint32_t key, const struct path *p,
			 instant now)
{
	size_t seat = 0;

	for (size_t i = 0; i < JOINT_SOURCES; i++) {
		if (j->seats[i].key == key) {
			j->seats[i].used_at = now;
			return i;
		}
		if (j->seats[seat].key != 0 &&
		    (j->seats[i].key == 0 ||
		     instant_diff(j->seats[i].used_at, j->seats[seat].used_at)
				     .v < 0)) {
			seat = i;
		}
	}
	j->seats[seat] = (struct joint_seat){ key, p->way_s, now };
	for (size_t i = 0; i < JOINT_MEMBERS; i++) {
		seat_member(&j->members[i], JOINT_FIRST + seat, 0,
			    member_own_s(i, p->way_s));
	}
	return seat;
}

/* Where a source is seen, less its floors: offset + its own error. */
struct sight {
	double at_s, var;
	double with[JOINT_STATES]; /* its covariance with each state */
};

static struct sight sight_of(const struct joint_member *m, size_t state)
{
	struct sight f = { .at_s = m->x[JOINT_OFFSET] + m->x[state] };

	for (size_t i = 0; i < JOINT_STATES; i++) {
		f.with[i] = m->p[i][JOINT_OFFSET] + m->p[i][state];
	}
	f.var = fmax(f.with[JOINT_OFFSET] + f.with[state], VAR_LEAST);
	return f;
}

/* `slope` and `curve`: by the position of the facet. */
static void learn_from(struct joint_member *m, const struct joint *j,
		       const struct sight *f, double slope, double curve)
{
	curve = fmax(curve, -(1 - LEAST_LEFT) / f->var);
	for (size_t a = 0; a < JOINT_STATES; a++) {
		double wa = f->with[a];

		if (!is_taken(j, a)) {
			continue;
		}
		m->x[a] += wa * slope;
		for (size_t b = 0; b < a; b++) {
			m->p[a][b] += wa * f->with[b] * curve;
			m->p[b][a] = m->p[a][b];
		}
		m->p[a][a] += wa * wa * curve + ROUNDING * wa * wa / f->var;
	}
}

/* Folds in what the source shows; the log of their density. */
static double fold_exchange(struct joint_member *m, const struct joint *j,
			    size_t state, const double seen_s[DIRECTIONS],
			    const struct path *p)
{
	double evidence = 0;

	for (enum direction d = FORWARD; d < DIRECTIONS; d++) {
		double sign = d == FORWARD ? 1 : -1;

		if (!(p->directions & DIRECTION_BIT(d))) {
			continue;
		}
		struct sight f = sight_of(m, state);
		struct likelihood l =
			queue_likelihood(&p->queues[d], &p->law,
					 seen_s[d] - p->floor_s - sign * f.at_s,
					 f.var, p->noise_s);

		evidence += l.log_density;
		learn_from(m, j, &f, -sign * l.slope, l.curve);
	}
	return evidence;
}

static void joint_weigh(struct joint *j, const double evidence[JOINT_MEMBERS])
{
	double best = -INFINITY, sum = 0;

	for (size_t i = 0; i < JOINT_MEMBERS; i++) {
		struct joint_member *m = &j->members[i];

		m->merit = FORGET * m->merit + evidence[i];
		best = fmax(best, m->merit);
	}
	for (size_t i = 0; i < JOINT_MEMBERS; i++) {
		struct joint_member *m = &j->members[i];

		m->merit -= best;
		m->weight = exp(m->merit);
		sum += m->weight;
	}
	for (size_t i = 0; i < JOINT_MEMBERS; i++) {
		j->members[i].weight /= sum;
	}
}

/*
 * When a source's own estimator has found out that the source is somewhere
 * else by now, its own error is unknown again.
 */
static void joint_follow(struct joint *j, size_t state, double offset_s,
			 double sd_s)
{
	double at_s = 0, var = 0, clock_s = 0;

	for (size_t i = 0; i < JOINT_MEMBERS; i++) {
		const struct joint_member *m = &j->members[i];
		struct sight f = sight_of(m, state);

		at_s += m->weight * f.at_s;
		var += m->weight * f.var;
		clock_s += m->weight * m->x[JOINT_OFFSET];
	}
	if (fabs(offset_s - at_s) <= LOST_SDS * sqrt(var + sd_s * sd_s)) {
		return;
	}
	for (size_t i = 0; i < JOINT_MEMBERS; i++) {
		double own_s =
			member_own_s(i, j->seats[state - JOINT_FIRST].way_s);

		/* Not where it seems to be: who is wrong is not known yet. */
		seat_member(&j->members[i], state, 0,
			    fmax(own_s, fabs(offset_s - clock_s) + sd_s));
	}
}

void joint_add(struct joint *j, uint32_t key, const struct sample *s,
	       const struct estimator *e)
{
	struct corrected c = correction_at(&j->correction, s->at);
	span off = span_sub(c.step, j->reference);
	struct estimate own;
	double evidence[JOINT_MEMBERS];

	if (!j->started || !estimator_estimate(e, s->at, &own) ||
	    own.samples < SETTLED ||
	    span_to_seconds(instant_diff(s->at, j->at)) < -LATE_MOST_S) {
		return;
	}
	struct path p = path_of(e, s->noise_s);
	double seen_s[DIRECTIONS] = {
		span_to_seconds(span_add(s->forward, off)) + c.slew_s,
		span_to_seconds(span_sub(s->backward, off)) - c.slew_s,
	};
	joint_predict(j, s->at);
	size_t state = JOINT_FIRST + joint_seat(j, key, &p, s->at);

	/* A skew is for the joint filter one part of the source's own error. */
	joint_follow(j, state,
		     own.offset_s + span_to_seconds(off) + c.slew_s + p.skew_s,
		     own.offset_sd);
	for (size_t i = 0; i < JOINT_MEMBERS; i++) {
		evidence[i] =
			fold_exchange(&j->members[i], j, state, seen_s, &p);
	}
	joint_weigh(j, evidence);
}

/*
 * Begins with this estimate. Its frequency holds; the offset is left open,
 * for what it is off by now would be told from the sources' own errors never
 * again.
 */
static void joint_begin(struct joint *j, const struct estimate *e)
{
	struct corrected c = correction_at(&j->correction, e->at);
	double open_s = OPEN_WAYS * e->delay_s + OPEN_SDS * e->offset_sd;

	joint_forget(j);
	j->started = true;
	j->at = e->at;
	j->reference = span_add(span_from_seconds(e->offset_s), c.step);
	for (size_t i = 0; i < JOINT_MEMBERS; i++) {
		struct joint_member *m = &j->members[i];

		m->weight = 1.0 / JOINT_MEMBERS;
		m->x[JOINT_OFFSET] = c.slew_s;
		m->x[JOINT_FREQ] = e->freq + c.rate;
		m->p[JOINT_OFFSET][JOINT_OFFSET] = open_s * open_s;
		m->p[JOINT_FREQ][JOINT_FREQ] = 2 * e->freq_sd * e->freq_sd;
	}
}

/*
 * The variance of the offset as far as noise goes: that of the offset and the
 * mean of the sources' own errors together, by which all of them may be off
 * at once. That mean is taken to be zero: no packet can tell.
 */
static double member_noise_var(const struct joint *j, size_t index)
{
	const struct joint_member *m = &j->members[index];
	double along[JOINT_STATES] = { [JOINT_OFFSET] = 1 };
	double sum = 0, var = 0;

	for (size_t i = JOINT_FIRST; i < JOINT_STATES; i++) {
		double own_s =
			member_own_s(index, j->seats[i - JOINT_FIRST].way_s);

		along[i] = is_taken(j, i) ? 1 / (own_s * own_s) : 0;
		sum += along[i];
	}
	for (size_t i = JOINT_FIRST; i < JOINT_STATES && sum > 0; i++) {
		along[i] /= sum;
	}
	for (size_t a = 0; a < JOINT_STATES; a++) {
		for (size_t b = 0; b < JOINT_STATES; b++) {
			var += along[a] * along[b] * m->p[a][b];
		}
	}
	return fmax(var, 0);
}

/* At j->at: of all members together, and of the uncorrected clock. */
struct summary {
	double offset_s, freq;
	double offset_var, freq_var;
};

static struct summary joint_sum(const struct joint *j)
{
	struct summary s = { .offset_s = 0 };

	for (size_t i = 0; i < JOINT_MEMBERS; i++) {
		const struct joint_member *m = &j->members[i];

		s.offset_s += m->weight * m->x[JOINT_OFFSET];
		s.freq += m->weight * m->x[JOINT_FREQ];
	}
	for (size_t i = 0; i < JOINT_MEMBERS; i++) {
		const struct joint_member *m = &j->members[i];
		double off_s = m->x[JOINT_OFFSET] - s.offset_s;
		double off = m->x[JOINT_FREQ] - s.freq;

		s.offset_var +=
			m->weight * (member_noise_var(j, i) + off_s * off_s);
		s.freq_var +=
			m->weight * (m->p[JOINT_FREQ][JOINT_FREQ] + off * off);
	}
	return s;
}

static bool is_near(double one, double other, double one_sd, double other_var)
{
	return fabs(one - other) <=
	       LOST_SDS * sqrt(one_sd * one_sd + other_var);
}

bool joint_wants(enum reason reason)
{
	enum tally t = reason_tally(reason);

	return t == TALLY_CANDIDATE || t == TALLY_BACKUP || t == TALLY_SYSPEER;
}

static size_t joint_sharers(const struct candidate *candidates, size_t count)
{
	size_t sharers = 0;

	for (size_t i = 0; i < count; i++) {
		sharers += joint_wants(candidates[i].reason);
	}
	return sharers;
}

void joint_refine(struct joint *j, const struct candidate *candidates,
		  size_t count, struct choice *choice)
{
	const struct candidate *peer = &candidates[choice->system_peer];
	struct estimate *e = &choice->combined;

	if (!choice->found || joint_sharers(candidates, count) < 2 ||
	    peer->prefer || peer->last_resort || peer->attached) {
		return;
	}
	if (!j->started) {
		joint_begin(j, e);
		return;
	}
	joint_predict(j, e->at);
	struct summary s = joint_sum(j);
	struct corrected c = correction_at(&j->correction, e->at);
	double base_s = span_to_seconds(span_sub(j->reference, c.step));
	double offset_s = base_s + (s.offset_s - c.slew_s);
	double freq = s.freq - c.rate;

	if (!is_near(offset_s, e->offset_s, e->offset_sd, s.offset_var) ||
	    !is_near(freq, e->freq, e->freq_sd, s.freq_var)) {
		joint_begin(j, e);
		return;
	}
	double spread_var = choice->spread_s * choice->spread_s;

	if (s.offset_var + spread_var > BEGUN * e->offset_sd * e->offset_sd) {
		return; /* it has only begun */
	}
	double sd_s = sqrt(s.offset_var + spread_var);

	/* What its tails are like is known from the sources' own estimates. */
	e->bound_s *= fmin(sd_s / e->offset_sd, 1);
	e->offset_s = fmax(choice->low_s, fmin(offset_s, choice->high_s));
	e->offset_sd = sd_s;
	e->freq = freq;
	e->freq_sd = sqrt(s.freq_var);
	selection_bound(candidates, choice);
}
