/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BESIDE 24     /* of a source on either side: for its least delay */
#define FREQ_SD 5e-4  /* s/s: of any oscillator */
#define SURPRISE 25.0 /* no sample says more against a model */
#define BUCKET_S 900.0
#define AGREE_S 3e-3 /* beyond its own bound, to contradict the others */
#define ROUNDS 4
#define WANDERS 15 /* from 1e-11 to 2e-7 s/s per sqrt(s) */
#define NOISES 13  /* from 1 us to 4 ms */

static int by_time(const void *a, const void *b)
{
	const struct reference_sample *x = a, *y = b;

	return (x->at_s > y->at_s) - (x->at_s < y->at_s);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_size);
	return n == 0 ? 0 : (v[(n - 1) / 2] + v[n / 2]) / 2;
}

static void *take(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size);

	INVARIANT(p != NULL);
	return p;
}

/* --- who contradicts the others --- */

/* The median of a source's samples of one stretch of time. */
static bool bucket_median(const struct reference *r, size_t from, size_t to,
			  unsigned source, double *scratch, double *value)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		if (r->samples[i].source == source) {
			scratch[n++] = r->samples[i].steered_s;
		}
	}
	*value = median(scratch, n);
	return n > 0;
}

struct deviations {
	double *values; /* sources times buckets */
	size_t *counts; /* by source */
	size_t buckets;
};

static void deviate(const struct reference *r, size_t from, size_t to,
		    struct deviations *d, double *scratch)
{
	double *own = take(r->sources, sizeof(*own));
	double *all = take(r->sources, sizeof(*all));
	bool *known = take(r->sources, sizeof(*known));
	size_t n = 0;

	for (unsigned s = 0; s < r->sources; s++) {
		known[s] = bucket_median(r, from, to, s, scratch, &own[s]);
		if (known[s]) {
			all[n++] = own[s];
		}
	}
	double middle = median(all, n);

	for (unsigned s = 0; s < r->sources; s++) {
		if (known[s]) {
			d->values[s * d->buckets + d->counts[s]++] =
				own[s] - middle;
		}
	}
	free(own);
	free(all);
	free(known);
}

/* How far a source may be from the truth, by its own word. */
static double bound_s(const struct reference *r, unsigned source)
{
	double least_s = 1e9;

	for (size_t i = 0; i < r->count; i++) {
		const struct reference_sample *s = &r->samples[i];

		if (s->source == source) {
			least_s = fmin(least_s, s->delay_s / 2 + s->distance_s);
		}
	}
	return least_s + AGREE_S;
}

static void exclude(struct reference *r)
{
	double last_s = r->count ? r->samples[r->count - 1].at_s : 0;
	double first_s = r->count ? r->samples[0].at_s : 0;
	struct deviations d = {
		.buckets = (size_t)((last_s - first_s) / BUCKET_S) + 2,
		.counts = take(r->sources, sizeof(*d.counts)),
	};
	double *scratch = take(r->count, sizeof(*scratch));
	unsigned left = r->sources;

	d.values = take(d.buckets * r->sources, sizeof(*d.values));
	for (size_t i = 0, to; i < r->count; i = to) {
		for (to = i;
		     to < r->count &&
		     r->samples[to].at_s < r->samples[i].at_s + BUCKET_S;
		     to++) {
		}
		deviate(r, i, to, &d, scratch);
	}
	for (unsigned s = 0; s < r->sources; s++) {
		double off_s = median(d.values + s * d.buckets, d.counts[s]);

		r->excluded[s] =
			d.counts[s] == 0 || fabs(off_s) > bound_s(r, s);
		left -= r->excluded[s];
	}
	if (left == 0) { /* all contradict each other: all count */
		memset(r->excluded, 0, r->sources * sizeof(*r->excluded));
	}
	free(d.values);
	free(d.counts);
	free(scratch);
}

/* --- what a sample is worth --- */

/* The least delay of the source around the sample. */
static double floor_s(const struct reference *r, size_t at)
{
	const struct reference_sample *s = r->samples;
	double least_s = s[at].delay_s;
	unsigned left = BESIDE;

	for (size_t i = at; i > 0 && left > 0; i--) {
		if (s[i - 1].source == s[at].source) {
			least_s = fmin(least_s, s[i - 1].delay_s);
			left--;
		}
	}
	left = BESIDE;
	for (size_t i = at + 1; i < r->count && left > 0; i++) {
		if (s[i].source == s[at].source) {
			least_s = fmin(least_s, s[i].delay_s);
			left--;
		}
	}
	return least_s;
}

static void find_queues(struct reference *r)
{
	for (size_t i = 0; i < r->count; i++) {
		double queued_s = r->samples[i].delay_s - floor_s(r, i);

		r->queued[i] =
			queued_s * queued_s / 12; /* it may be anywhere */
	}
}

/* --- the smoothed line: a clock whose rate walks at random --- */

struct model {
	double wander;  /* s/s per sqrt(s) */
	double noise_s; /* of a sample that was not queued */
};

static double noise_of(const struct reference *r, size_t i, struct model m)
{
	return m.noise_s * m.noise_s + r->queued[i];
}

static double value_of(const struct reference *r, size_t i)
{
	return r->samples[i].value_s - r->biases[r->samples[i].source];
}

static bool is_first(const struct reference *r, size_t i)
{
	return i == 0 || r->samples[i].segment != r->samples[i - 1].segment;
}

static struct reference_state predict(const struct reference_state *x,
				      double dt, double wander)
{
	double q = wander * wander;

	return (struct reference_state){
		.value_s = x->value_s + x->rate * dt,
		.rate = x->rate,
		.vv = x->vv + 2 * dt * x->vr + dt * dt * x->rr +
		      q * dt * dt * dt / 3,
		.vr = x->vr + dt * x->rr + q * dt * dt / 2,
		.rr = x->rr + q * dt,
	};
}

/* Through all samples in order; how well the model foresaw them. */
static double go_forward(const struct reference *r, struct model m,
			 struct reference_state *states)
{
	double likelihood = 0;

	for (size_t i = 0; i < r->count; i++) {
		double noise = noise_of(r, i, m);
		struct reference_state *x = &states[i];

		if (is_first(r, i)) {
			*x = (struct reference_state){
				.value_s = value_of(r, i),
				.vv = noise,
				.rr = FREQ_SD * FREQ_SD
			};
			continue;
		}
		*x = predict(&states[i - 1],
			     r->samples[i].at_s - r->samples[i - 1].at_s,
			     m.wander);
		double off = value_of(r, i) - x->value_s, sum = x->vv + noise;

		likelihood -= log(sum) + fmin(off * off / sum, SURPRISE);
		x->value_s += x->vv / sum * off;
		x->rate += x->vr / sum * off;
		x->rr -= x->vr * x->vr / sum;
		x->vr *= noise / sum;
		x->vv *= noise / sum;
	}
	return likelihood;
}

/* And back, so that each state knows what came later too. */
static void go_back(const struct reference *r, struct model m,
		    struct reference_state *states)
{
	for (size_t i = r->count; i-- > 1;) {
		struct reference_state *x = &states[i - 1];
		const struct reference_state *later = &states[i];
		double dt = r->samples[i].at_s - r->samples[i - 1].at_s;

		if (is_first(r, i)) {
			continue;
		}
		struct reference_state p = predict(x, dt, m.wander);
		double det = p.vv * p.rr - p.vr * p.vr;

		if (det <= 0) {
			continue; /* at the same moment */
		}
		/* The gain: covariance of now and then, by that of then. */
		double av = x->vv + dt * x->vr, ar = x->vr;
		double bv = x->vr + dt * x->rr, br = x->rr;
		double gvv = (av * p.rr - ar * p.vr) / det;
		double gvr = (ar * p.vv - av * p.vr) / det;
		double grv = (bv * p.rr - br * p.vr) / det;
		double grr = (br * p.vv - bv * p.vr) / det;
		double dv = later->value_s - p.value_s;
		double dr = later->rate - p.rate;
		double evv = later->vv - p.vv, evr = later->vr - p.vr;
		double err = later->rr - p.rr;

		x->value_s += gvv * dv + gvr * dr;
		x->rate += grv * dv + grr * dr;
		x->vv +=
			gvv * gvv * evv + 2 * gvv * gvr * evr + gvr * gvr * err;
		x->vr += gvv * grv * evv + (gvv * grr + gvr * grv) * evr +
			 gvr * grr * err;
		x->rr +=
			grv * grv * evv + 2 * grv * grr * evr + grr * grr * err;
	}
}

/* The model that foresaw the samples best. */
static struct model best_model(struct reference *r)
{
	struct model best = { 1e-9, 1e-5 };
	double most = -INFINITY;

	for (int i = 0; i < WANDERS * NOISES; i++) {
		struct model m = { ldexp(1e-11, i / NOISES),
				   ldexp(1e-6, i % NOISES) };
		double likely = go_forward(r, m, r->states);

		if (likely > most) {
			most = likely;
			best = m;
		}
	}
	return best;
}

static size_t find(const struct reference *r, double at_s)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (r->samples[middle].at_s <= at_s) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* What a rate that walks at random most probably did in between. */
static double between(const struct reference *r, size_t i, double at_s)
{
	const struct reference_state *a = &r->states[i - 1], *b = &r->states[i];
	double from_s = r->samples[i - 1].at_s;
	double h = r->samples[i].at_s - from_s;

	if (h <= 0) {
		return b->value_s;
	}
	double t = (at_s - from_s) / h, u = 1 - t;

	return u * u * (1 + 2 * t) * a->value_s + t * u * u * h * a->rate +
	       t * t * (1 + 2 * u) * b->value_s - t * t * u * h * b->rate;
}

double reference_at(const struct reference *r, double at_s, unsigned segment)
{
	size_t i = find(r, at_s); /* the first behind it */
	bool before = i > 0 && r->samples[i - 1].segment == segment;
	bool behind = i < r->count && r->samples[i].segment == segment;

	if (before && behind) {
		return between(r, i, at_s);
	}
	if (r->count == 0) {
		return 0;
	}
	/* Nothing on one side, or a segment without samples. */
	size_t near = before || (!behind && i > 0) ? i - 1 : i;
	const struct reference_state *x = &r->states[near];

	return x->value_s + x->rate * (at_s - r->samples[near].at_s);
}

double reference_sd_s(const struct reference *r)
{
	double sum = 0;

	for (size_t i = 0; i < r->count; i++) {
		sum += r->states[i].vv;
	}
	return r->count > 0 ? sqrt(sum / (double)r->count) : 0;
}

/* --- the constants of the sources, so that their weighted mean is zero --- */

static void level(struct reference *r, struct model m)
{
	double *off = take(r->sources, sizeof(*off));
	double *all = take(r->sources, sizeof(*all));
	double *least = take(r->sources, sizeof(*least));
	double mean = 0, weights = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct reference_sample *s = &r->samples[i];
		double weight = 1 / noise_of(r, i, m);

		off[s->source] +=
			weight * (value_of(r, i) - r->states[i].value_s);
		if (all[s->source] <= 0 || s->delay_s < least[s->source]) {
			least[s->source] = s->delay_s;
		}
		all[s->source] += weight;
	}
	for (unsigned s = 0; s < r->sources; s++) {
		if (all[s] > 0) {
			double w = 1 / (1e-8 + least[s] * least[s]);

			r->biases[s] += off[s] / all[s];
			mean += w * r->biases[s];
			weights += w;
		}
	}
	for (unsigned s = 0; s < r->sources && weights > 0; s++) {
		r->biases[s] -= mean / weights;
	}
	free(off);
	free(all);
	free(least);
}

void reference_begin(struct reference *r, struct reference_sample *samples,
		     size_t count, unsigned sources)
{
	struct model m;
	size_t kept = 0;

	*r = (struct reference){ .samples = samples,
				 .count = count,
				 .sources = sources };
	r->queued = take(count, sizeof(*r->queued));
	r->states = take(count, sizeof(*r->states));
	r->biases = take(sources, sizeof(*r->biases));
	r->excluded = take(sources, sizeof(*r->excluded));
	if (count > 0) {
		qsort(samples, count, sizeof(*samples), by_time);
	}
	exclude(r);
	for (size_t i = 0; i < count; i++) {
		if (!r->excluded[samples[i].source]) {
			samples[kept++] = samples[i];
		}
	}
	r->count = kept;
	find_queues(r);
	for (int i = 0; i < ROUNDS; i++) {
		m = best_model(r);
		(void)go_forward(r, m, r->states);
		go_back(r, m, r->states);
		level(r, m);
	}
	m = best_model(r);
	(void)go_forward(r, m, r->states);
	go_back(r, m, r->states);
}

void reference_end(struct reference *r)
{
	free(r->samples);
	free(r->queued);
	free(r->states);
	free(r->biases);
	free(r->excluded);
	*r = (struct reference){ .count = 0 };
}

unsigned reference_excluded(const struct reference *r)
{
	unsigned n = 0;

	for (unsigned s = 0; s < r->sources; s++) {
		n += r->excluded[s];
	}
	return n;
}
