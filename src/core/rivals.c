/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/rivals.h"

#include <math.h>
#include <string.h>

#define INCREDIBLE (-20.0) /* log odds: one in 5e8 */
/*
 * Exchanges that a rival may trail. What is true wins in a few; what only
 * adds freedom creeps up by luck, and must not get the time for it. The lead
 * is then taken falsely with the prior odds at most.
 */
#define PATIENCE 16
#define SETTLED 8           /* exchanges until there is something to doubt */
#define SUSPICION 0.3       /* of a packet, to have been no stray */
#define FREQ_JUMP_MOST 1e-3 /* s/s: twice what NTP allows a clock */
#define LOG_DECADES 2.6     /* log of 14, the range of jumps in e-folds */

/* What may have happened, and how likely that is before it is looked at. */
static const struct hypothesis {
	enum { NEW_FLOORS, NEW_OFFSET, NEW_FREQ, STRAY } kind;
	unsigned directions; /* whose floors are new */
	double log_prior;
} hypotheses[] = {
	{ NEW_FLOORS, DIRECTION_BIT(FORWARD), -12 },
	{ NEW_FLOORS, DIRECTION_BIT(BACKWARD), -12 },
	{ NEW_FLOORS, BOTH_DIRECTIONS, -13 },
	{ NEW_OFFSET, 0, -14 },
	{ NEW_FREQ, 0, -12 },
	{ STRAY, 0, -9 }, /* this exchange was wrong as a whole */
};

static void sum_up(struct consensus *c, const struct belief *origin,
		   const struct belief *b, double weight)
{
	double offset_s = b->offset_s - origin->offset_s;
	double freq = b->freq - origin->freq;

	c->belief.offset_s += weight * offset_s;
	c->belief.freq += weight * freq;
	c->belief.offset_var += weight * (b->offset_var + offset_s * offset_s);
	c->belief.both_cov += weight * (b->both_cov + offset_s * freq);
	c->belief.freq_var += weight * (b->freq_var + freq * freq);
}

static void sum_up_path(struct consensus *c, const struct bank *b, size_t i,
			double weight)
{
	const struct member *m = &b->members[i];
	double scale_s =
		m->queues[FORWARD].scale_s + m->queues[BACKWARD].scale_s;

	c->walk += weight * bank_wander(i) * bank_wander(i);
	c->wander += weight * log(bank_wander(i));
	c->jitter_s += weight * scale_s / 2 * bank_spread(i);
	c->delay_s += weight * m->filter.x[STATE_FLOORS];
}

static struct consensus sum_of_all(const struct rivals *r)
{
	struct consensus c = { .wander = 0 };
	/* Sums are about one member's belief: offsets may be large. */
	struct belief origin = filter_belief(&r->all[0].bank.members[0].filter);
	double total = 0;

	for (unsigned k = 0; k < r->count; k++) {
		total += exp(r->all[k].log_odds);
	}
	for (unsigned k = 0; k < r->count; k++) {
		const struct bank *bank = &r->all[k].bank;
		double odds = exp(r->all[k].log_odds) / total;

		for (size_t i = 0; i < BANK_MEMBERS; i++) {
			double weight = odds * bank->members[i].weight;
			struct belief b =
				filter_belief(&bank->members[i].filter);

			sum_up(&c, &origin, &b, weight);
			sum_up_path(&c, bank, i, weight);
		}
	}
	struct belief *b = &c.belief;

	b->offset_var = fmax(b->offset_var - b->offset_s * b->offset_s, 0);
	b->both_cov -= b->offset_s * b->freq;
	b->freq_var = fmax(b->freq_var - b->freq * b->freq, 0);
	b->offset_s += origin.offset_s;
	b->freq += origin.freq;
	c.wander = exp(c.wander);
	return c;
}

void rivals_init(struct rivals *r, const struct passage *first, double freq_sd)
{
	memset(r, 0, sizeof(*r));
	bank_init(&r->all[0].bank, first, freq_sd);
	r->count = 1;
	r->latest = sum_of_all(r);
}

/* The density of a jump as large as this: all magnitudes alike. */
static double log_density_of_jump(double size_s)
{
	return -LOG_DECADES - log(fmax(fabs(size_s), 1e-9));
}

static double believe_floors(struct bank *b, const struct passage *p,
			     unsigned directions)
{
	double evidence = 0;

	for (enum direction d = FORWARD; d < DIRECTIONS; d++) {
		if (directions & DIRECTION_BIT(d)) {
			evidence +=
				log_density_of_jump(bank_surprise_s(b, p, d));
			bank_renew_floor(b, p, d);
		}
	}
	/* A floor made from this packet is not borne out by it. */
	return evidence +
	       bank_add(b, p, BOTH_DIRECTIONS & ~directions).evidence;
}

/*
 * Makes the bank, predicted up to `p`, believe it; the evidence of `p`. What
 * has happened did within `elapsed_s`.
 */
static double believe(struct bank *b, const struct hypothesis *h,
		      const struct passage *p, double elapsed_s)
{
	double size_s = 2 * fmax(fabs(bank_surprise_s(b, p, FORWARD)),
				 fabs(bank_surprise_s(b, p, BACKWARD)));

	switch (h->kind) {
	case NEW_FLOORS:
		return believe_floors(b, p, h->directions);
	case NEW_OFFSET:
	case STRAY:
		bank_renew_offset(b, size_s);
		break;
	case NEW_FREQ:
		bank_renew_freq(b, fmin(size_s / elapsed_s, FREQ_JUMP_MOST),
				elapsed_s);
		break;
	}
	return bank_add(b, p, BOTH_DIRECTIONS).evidence;
}

/* A place for a rival with these odds; NULL when all have better ones. */
static struct rival *take_place(struct rivals *r, double log_odds)
{
	if (r->count < RIVALS) {
		return &r->all[r->count++];
	}
	struct rival *worst = &r->all[0];

	for (unsigned i = 1; i < r->count; i++) {
		if (r->all[i].log_odds < worst->log_odds) {
			worst = &r->all[i];
		}
	}
	return worst->log_odds < log_odds ? worst : NULL;
}

/* `elapsed_s`: since `before` learnt from an exchange that it believes. */
static void challenge(struct rivals *r, const struct bank *before,
		      const struct passage *p, double elapsed_s)
{
	struct rival new;

	for (size_t i = 0; i < ARRAY_LEN(hypotheses); i++) {
		const struct hypothesis *h = &hypotheses[i];

		new.bank = *before;
		new.log_odds = h->log_prior;
		new.log_odds += believe(&new.bank, h, p, elapsed_s);
		new.trailed = 0;
		new.blind_s = 0;
		if (h->kind == STRAY) {
			new.bank = *before; /* nothing was learnt from it */
			new.blind_s = elapsed_s;
		}
		struct rival *place = take_place(r, new.log_odds);

		if (place) {
			*place = new;
		}
	}
}

/* The best first and at zero; who is incredible, or trailed long, goes. */
static void rank(struct rivals *r)
{
	unsigned best = 0, kept = 1;

	for (unsigned i = 1; i < r->count; i++) {
		if (r->all[i].log_odds > r->all[best].log_odds) {
			best = i;
		}
	}
	if (best != 0) {
		struct rival leader = r->all[best];

		r->all[best] = r->all[0];
		r->all[0] = leader;
		r->changes++;
	}
	double zero = r->all[0].log_odds;

	r->all[0].log_odds = 0;
	r->all[0].trailed = 0;
	for (unsigned i = 1; i < r->count; i++) {
		struct rival *one = &r->all[i];

		one->log_odds -= zero;
		one->trailed++;
		if (one->log_odds > INCREDIBLE && one->trailed < PATIENCE) {
			if (kept != i) {
				r->all[kept] = *one;
			}
			kept++;
		}
	}
	r->count = kept;
}

void rivals_add(struct rivals *r, const struct passage *p, double elapsed_s)
{
	struct bank before;
	bool suspicious = false;
	double blind_s = r->all[0].blind_s + fmax(elapsed_s, 0);

	for (unsigned i = 0; i < r->count; i++) {
		struct rival *one = &r->all[i];

		bank_predict(&one->bank, elapsed_s);
		if (i == 0) {
			before = one->bank;
		}
		struct score score = bank_add(&one->bank, p, BOTH_DIRECTIONS);

		one->log_odds += score.evidence;
		one->blind_s = 0;
		suspicious |= i == 0 && score.outlying > SUSPICION;
	}
	if (suspicious && before.seen[FORWARD] >= SETTLED) {
		challenge(r, &before, p, blind_s);
	}
	rank(r);
	r->latest = sum_of_all(r);
}

void rivals_shift(struct rivals *r, double by_s)
{
	for (unsigned k = 0; k < r->count; k++) {
		for (size_t i = 0; i < BANK_MEMBERS; i++) {
			struct member *m = &r->all[k].bank.members[i];

			m->filter.x[STATE_FORWARD] += by_s;
		}
	}
	r->latest = sum_of_all(r);
}

/*
 * Each member's offset goes on with its frequency, so the moments of all
 * together do too, and what they wander adds up by weight.
 */
struct consensus rivals_consensus(const struct rivals *r, double ahead_s)
{
	struct consensus c = r->latest;
	struct belief *b = &c.belief;
	double t = ahead_s;
	double walked = c.walk * fmax(t, 0);

	b->offset_s += b->freq * t;
	b->offset_var +=
		t * (2 * b->both_cov + t * b->freq_var) + walked * t * t / 3;
	b->offset_var = fmax(b->offset_var, 0);
	b->both_cov += t * b->freq_var + walked * t / 2;
	b->freq_var += walked;
	return c;
}
