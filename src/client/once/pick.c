/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/once/pick.h"

#include <math.h>

#define MAX_CANDIDATES 5
#define MAX_STRATA 2
#define STRATUM_MAX 15
#define DELAY_MAX_S 8.0
#define DELAY_MIN_S 0.02
#define OWN_PRECISION_S 0.015625 /* what the classic tool claims for itself */
#define SKEW_S 0.01              /* likewise: drift since the last look */
#define REFERENCE_AGE_MAX SPAN_S(86400)
#define MAJORITY_FROM 3 /* of two, nobody can say which one is wrong */

static double floor_s(const struct ask_server *s)
{
	return OWN_PRECISION_S + SKEW_S + ldexp(1, s->packet.precision);
}

double pick_delay_s(const struct ask_server *s, const struct ask_sample *x)
{
	return fmax(span_to_seconds(x->delay) + floor_s(s), DELAY_MIN_S);
}

/* Samples are few: the order by delay is found by looking, not by sorting. */
static size_t ranked(const struct ask_server *s, size_t rank)
{
	for (size_t i = 0; i < s->count; i++) {
		size_t before = 0;

		for (size_t j = 0; j < s->count; j++) {
			int cmp = span_cmp(s->samples[j].delay,
					   s->samples[i].delay);

			before += cmp < 0 || (cmp == 0 && j < i) ? 1 : 0;
		}
		if (before == rank) {
			return i;
		}
	}
	return 0;
}

struct pick_candidate pick_candidate(const struct ask_server *s)
{
	INVARIANT(s->count > 0);
	const struct ask_sample *best = &s->samples[ranked(s, 0)];
	double offset_s = span_to_seconds(best->offset);
	double raw_delay_s = fmax(span_to_seconds(best->delay), 0);
	struct pick_candidate c = {
		.server = s,
		.stratum = s->packet.stratum,
		.offset_s = offset_s,
		.delay_s = pick_delay_s(s, best),
		.floor_s = floor_s(s),
	};

	c.bound_s = raw_delay_s / 2 + c.floor_s +
		    span_to_seconds(s->packet.root_delay) / 2 +
		    span_to_seconds(s->packet.root_disp);
	for (size_t i = 1; i < s->count; i++) {
		const struct ask_sample *other = &s->samples[ranked(s, i)];

		c.disp_s += fabs(span_to_seconds(other->offset) - offset_s) *
			    ldexp(1, -(int)i);
	}
	return c;
}

enum pick_fault pick_fault(const struct ask_server *s)
{
	const struct packet *p = &s->packet;

	if (s->count == 0 || s->state == ASK_LIMITED ||
	    s->state == ASK_DENIED) {
		return PICK_NO_DATA;
	}
	if (p->leap == LEAP_UNSYNC) {
		return PICK_LEAP;
	}
	if (p->stratum == 0 || p->stratum > STRATUM_MAX) {
		return PICK_STRATUM;
	}
	if (pick_candidate(s).delay_s > DELAY_MAX_S) {
		return PICK_TOO_FAR;
	}
	if (tstamp_before(p->transmit, p->reference)) {
		return PICK_BROKEN;
	}
	if (span_cmp(tstamp_diff(p->transmit, p->reference),
		     REFERENCE_AGE_MAX) >= 0) {
		return PICK_OUT_OF_SYNC;
	}
	return PICK_GOOD;
}

const char *pick_fault_text(enum pick_fault fault)
{
	switch (fault) {
	case PICK_GOOD:
		break;
	case PICK_NO_DATA:
		return "Server dropped: no data";
	case PICK_STRATUM:
		return "Server dropped: strata too high";
	case PICK_TOO_FAR:
		return "Server dropped: server too far away";
	case PICK_LEAP:
		return "Server dropped: Leap not in sync";
	case PICK_BROKEN:
		return "Server dropped: server is very broken";
	case PICK_OUT_OF_SYNC:
		return "Server dropped: Server has gone too long without sync";
	}
	return "";
}

void pick_init(struct pick *p, const struct ask *a)
{
	p->count = 0;
	for (size_t i = 0; i < a->count; i++) {
		if (pick_fault(&a->servers[i]) == PICK_GOOD) {
			p->list[p->count++] = pick_candidate(&a->servers[i]);
		}
	}
}

static double start_s(const struct pick_candidate *c)
{
	return c->offset_s - c->bound_s;
}

/* By its ends, not by a distance: rounding must not part equal intervals. */
static bool covers(const struct pick_candidate *c, double at_s)
{
	return start_s(c) <= at_s && at_s <= c->offset_s + c->bound_s;
}

/*
 * How many intervals have a point in common, and such a point: some interval
 * begins there, so only beginnings need a look.
 */
static size_t meeting(const struct pick *p, double *at_s)
{
	size_t most = 0;

	for (size_t i = 0; i < p->count; i++) {
		double begin_s = start_s(&p->list[i]);
		size_t here = 0;

		for (size_t j = 0; j < p->count; j++) {
			here += covers(&p->list[j], begin_s) ? 1 : 0;
		}
		if (here > most) {
			most = here;
			*at_s = begin_s;
		}
	}
	return most;
}

size_t pick_agreeing(const struct pick *p)
{
	double at_s = 0;

	return meeting(p, &at_s);
}

static void drop(struct pick *p, size_t at)
{
	for (size_t i = at + 1; i < p->count; i++) {
		p->list[i - 1] = p->list[i];
	}
	p->count--;
}

/* Leaves those who agree, if they are more than half. */
static bool keep_majority(struct pick *p)
{
	double at_s = 0;
	size_t most = meeting(p, &at_s);

	if (p->count < MAJORITY_FROM) {
		return p->count > 0;
	}
	if (2 * most <= p->count) {
		return false;
	}
	for (size_t i = p->count; i-- > 0;) {
		if (!covers(&p->list[i], at_s)) {
			drop(p, i);
		}
	}
	return true;
}

typedef double weight(const struct pick_candidate *c);

static double by_disp(const struct pick_candidate *c)
{
	return c->disp_s;
}

static double by_delay(const struct pick_candidate *c)
{
	return c->delay_s;
}

/* By stratum, and by `w` within one; equal ones keep their order. */
static void sort(struct pick *p, weight *w)
{
	for (size_t i = 1; i < p->count; i++) {
		struct pick_candidate c = p->list[i];
		size_t j = i;

		while (j > 0 && (p->list[j - 1].stratum > c.stratum ||
				 (p->list[j - 1].stratum == c.stratum &&
				  w(&p->list[j - 1]) > w(&c)))) {
			p->list[j] = p->list[j - 1];
			j--;
		}
		p->list[j] = c;
	}
}

static void keep_few(struct pick *p)
{
	unsigned strata = 0;

	for (size_t i = 0; i < p->count; i++) {
		if (i == 0 || p->list[i].stratum != p->list[i - 1].stratum) {
			strata++;
		}
		if (strata > MAX_STRATA || i == MAX_CANDIDATES) {
			p->count = i;
		}
	}
}

/* How far one is from the others; the first in line weigh most. */
static double distance_s(const struct pick *p, size_t at)
{
	double sum_s = 0;

	for (size_t i = 0; i < p->count; i++) {
		sum_s += fabs(p->list[i].offset_s - p->list[at].offset_s) *
			 ldexp(1, -(int)i);
	}
	return sum_s;
}

static void drop_outliers(struct pick *p)
{
	while (p->count > 1) {
		size_t worst = 0;

		for (size_t i = 1; i < p->count; i++) {
			if (distance_s(p, i) > distance_s(p, worst)) {
				worst = i;
			}
		}
		if (distance_s(p, worst) < p->list[worst].floor_s) {
			break;
		}
		drop(p, worst);
	}
}

const struct pick_candidate *pick_best(struct pick *p)
{
	if (!keep_majority(p)) {
		return NULL;
	}
	sort(p, by_disp);
	keep_few(p);
	sort(p, by_delay);
	drop_outliers(p);
	return &p->list[0];
}
