/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/rivals.h"

#include <math.h>
#include <string.h>

#define INCREDIBLE (-20.0) /* log odds: one in 5e8 */
/*
 * Exchanges that a rival may trail. What is true wins in a few; what only
 * adds freedom creeps up by luck, and must not get the time for it. The lead
 * is then taken falsely with the prior odds at most.
 */
#define PATIENCE 16
#define SETTLED 16          /* exchanges until there is something to doubt */
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

/* All rivals as voices; returns how many. */
static unsigned voices_of(const struct rivals *r, struct voice voices[RIVALS])
{
	double total = 0;

	for (unsigned k = 0; k < r->count; k++) {
		total += exp(r->all[k].log_odds);
	}
	for (unsigned k = 0; k < r->count; k++) {
		voices[k] = (struct voice){ &r->all[k].bank,
					    exp(r->all[k].log_odds) / total };
	}
	return r->count;
}

static void sum_up(struct rivals *r)
{
	struct voice voices[RIVALS];

	r->latest = consensus_of(voices, voices_of(r, voices));
}

void rivals_init(struct rivals *r, const struct passage *first,
		 unsigned directions, double freq_sd)
{
	memset(r, 0, sizeof(*r));
	bank_init(&r->all[0].bank, first, directions, freq_sd);
	r->count = 1;
	r->opening.passages[0] = *first;
	r->opening.count = 1;
	r->opening.freq_sd = freq_sd;
	sum_up(r);
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
	return evidence + bank_add(b, p, b->directions & ~directions).evidence;
}

static double surprise_s(const struct bank *b, const struct passage *p)
{
	double most_s = 0;

	for (enum direction d = FORWARD; d < DIRECTIONS; d++) {
		if (b->directions & DIRECTION_BIT(d)) {
			most_s = fmax(most_s, fabs(bank_surprise_s(b, p, d)));
		}
	}
	return most_s;
}

/*
 * Makes the bank, predicted up to `p`, believe it; the evidence of `p`. What
 * has happened did within `elapsed_s`.
 */
static double believe(struct bank *b, const struct hypothesis *h,
		      const struct passage *p, double elapsed_s)
{
	double size_s = 2 * surprise_s(b, p);

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
	return bank_add(b, p, b->directions).evidence;
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
	struct bank thin = *before;

	bank_thin(&thin);
	for (size_t i = 0; i < ARRAY_LEN(hypotheses); i++) {
		const struct hypothesis *h = &hypotheses[i];

		if (h->directions & ~before->directions) {
			continue; /* a reference clock has no path */
		}
		new.bank = thin;
		new.log_odds = h->log_prior;
		new.log_odds += believe(&new.bank, h, p, elapsed_s);
		new.trailed = 0;
		new.blind_s = 0;
		if (h->kind == STRAY) {
			new.bank = thin; /* nothing was learnt from it */
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

		bank_wake(&leader.bank);
		bank_thin(&r->all[0].bank);
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

static void open_with(struct rivals *r, const struct passage *p,
		      double elapsed_s)
{
	struct opening *o = &r->opening;

	if (o->count == OPENING_MOST) {
		return;
	}
	o->passages[o->count] = *p;
	o->gaps_s[o->count++] = elapsed_s;
	if (o->count >= OPENING_LEAST) {
		bank_begin_anew(&r->all[0].bank, o, o->count % BANK_LAWS);
	}
}

static void compete(struct rivals *r, const struct passage *p, double elapsed_s)
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
		struct score score =
			bank_add(&one->bank, p, one->bank.directions);

		one->log_odds += score.evidence;
		one->blind_s = 0;
		suspicious |= i == 0 && score.outlying > SUSPICION;
	}
	if (suspicious && before.seen[FORWARD] >= SETTLED) {
		challenge(r, &before, p, blind_s);
	}
	rank(r);
}

void rivals_add(struct rivals *r, const struct passage *p, double elapsed_s)
{
	compete(r, p, elapsed_s);
	open_with(r, p, elapsed_s);
	sum_up(r);
}

void rivals_shift(struct rivals *r, double by_s)
{
	for (unsigned k = 0; k < r->count; k++) {
		bank_shift(&r->all[k].bank, by_s);
	}
	for (unsigned k = 0; k < r->opening.count; k++) {
		r->opening.passages[k].excess_s[FORWARD] += by_s;
		r->opening.passages[k].excess_s[BACKWARD] -= by_s;
	}
	sum_up(r);
}

struct consensus rivals_consensus(const struct rivals *r, double ahead_s)
{
	return consensus_ahead(&r->latest, ahead_s);
}

double rivals_bound_s(const struct rivals *r, double ahead_s)
{
	struct consensus c = rivals_consensus(r, ahead_s);
	struct voice voices[RIVALS];
	unsigned count = voices_of(r, voices);

	return consensus_bound_s(voices, count, &c.belief, ahead_s);
}
