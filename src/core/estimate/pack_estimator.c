/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/estimator.h"

#define FAR 1e12  /* s: beyond any offset, and any sum of logarithms */
#define VAST 1e25 /* its square, and more */
#define TINY 1e-15

/* Times in s, rates, logarithms: any number that is not absurd. */
static double any(struct pack *p, double v)
{
	return pack_double(p, v, -FAR, FAR);
}

static double some(struct pack *p, double v)
{
	return pack_double(p, v, 0, FAR);
}

static void pack_correction(struct pack *p, struct correction *c)
{
	c->count = (unsigned)pack_uint(p, c->count, CORRECTION_BENDS);
	for (unsigned i = 0; i < c->count; i++) {
		struct bend *b = &c->bends[i];

		b->at.v = pack_time(p, b->at.v);
		b->step.v = pack_time(p, b->step.v);
		b->slew_s = any(p, b->slew_s);
		b->rate = pack_double(p, b->rate, -1, 1);
	}
	c->step_before.v = pack_time(p, c->step_before.v);
	c->rate_before = pack_double(p, c->rate_before, -1, 1);
}

static void pack_filter(struct pack *p, struct filter *f)
{
	for (unsigned i = 0; i < STATES; i++) {
		f->x[i] = any(p, f->x[i]);
		for (unsigned j = 0; j <= i; j++) {
			double least = i == j ? 0 : -VAST;

			f->p[i][j] = pack_double(p, f->p[i][j], least, VAST);
			f->p[j][i] = f->p[i][j];
		}
	}
	p->bad |= !filter_is_sound(f);
}

static void pack_member(struct pack *p, struct member *m)
{
	pack_filter(p, &m->filter);
	for (unsigned d = 0; d < DIRECTIONS; d++) {
		struct queue *q = &m->queues[d];

		q->scale_s = pack_double(p, q->scale_s, TINY, FAR);
		q->lately_s = some(p, q->lately_s);
		q->busy = pack_double(p, q->busy, 0, 1);
	}
	m->weight = pack_double(p, m->weight, 0, 1 + 1e-9);
	m->merit = pack_double(p, m->merit, -VAST, VAST);
	m->asleep = pack_bool(p, m->asleep);
}

static void pack_bank(struct pack *p, struct bank *b)
{
	b->best = pack_double(p, b->best, -VAST, VAST);
	for (unsigned d = 0; d < DIRECTIONS; d++) {
		b->seen[d] = (unsigned)pack_uint(p, b->seen[d], UINT32_MAX);
	}
	b->directions = (unsigned)pack_uint(p, b->directions, BOTH_DIRECTIONS);
	for (size_t i = 0; i < BANK_MEMBERS; i++) {
		pack_member(p, &b->members[i]);
	}
}

static void pack_passage(struct pack *p, struct passage *x)
{
	for (unsigned d = 0; d < DIRECTIONS; d++) {
		x->excess_s[d] = any(p, x->excess_s[d]);
	}
	x->noise_s = some(p, x->noise_s);
}

static void pack_opening(struct pack *p, struct opening *o)
{
	o->count = (unsigned)pack_uint(p, o->count, OPENING_MOST);
	for (unsigned i = 0; i < o->count; i++) {
		pack_passage(p, &o->passages[i]);
		o->gaps_s[i] = any(p, o->gaps_s[i]);
	}
	o->freq_sd = pack_double(p, o->freq_sd, 0, 1);
}

static void pack_consensus(struct pack *p, struct consensus *c)
{
	struct belief *b = &c->belief;

	b->offset_s = any(p, b->offset_s);
	b->freq = any(p, b->freq);
	b->offset_var = pack_double(p, b->offset_var, 0, VAST);
	b->freq_var = pack_double(p, b->freq_var, 0, VAST);
	b->both_cov = pack_double(p, b->both_cov, -VAST, VAST);
	c->walk = some(p, c->walk);
	c->wander = some(p, c->wander);
	c->delay_s = any(p, c->delay_s);
	c->jitter_s = some(p, c->jitter_s);
}

static void pack_rivals(struct pack *p, struct rivals *r)
{
	r->count = (unsigned)pack_uint(p, r->count, RIVALS);
	for (unsigned i = 0; i < r->count; i++) {
		struct rival *one = &r->all[i];

		pack_bank(p, &one->bank);
		one->log_odds = any(p, one->log_odds);
		one->trailed = (unsigned)pack_uint(p, one->trailed, UINT32_MAX);
		one->blind_s = some(p, one->blind_s);
	}
	r->changes = (unsigned)pack_uint(p, r->changes, UINT32_MAX);
	pack_consensus(p, &r->latest);
	pack_opening(p, &r->opening);
}

void pack_estimator(struct pack *p, struct estimator *e)
{
	e->prior.freq_sd = pack_double(p, e->prior.freq_sd, 0, 1);
	e->prior.no_path = pack_bool(p, e->prior.no_path);
	pack_correction(p, &e->correction);
	e->reference.v = pack_time(p, e->reference.v);
	e->at.v = pack_time(p, e->at.v);
	e->samples = (unsigned)pack_uint(p, e->samples, UINT32_MAX);
	e->refused = (unsigned)pack_uint(p, e->refused, UINT32_MAX);
	if (e->samples > 0) {
		pack_rivals(p, &e->rivals);
		p->bad |= e->rivals.count == 0;
	}
}
