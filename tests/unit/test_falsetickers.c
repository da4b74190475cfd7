/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Liars of all kinds, in the minority, say what they like: they never take
 * the combined time out of what the honest allow (E6, E8, E15, E16).
 */
#include "core/select/votes.h"
#include "core/serve/refid.h"
#include "servers.h"

#include <float.h>

#define SERVERS_MOST 9
#define NEXT_TO 1e-6 /* s: just beyond */

/* A mix of servers; the truth, and where the honest place it. */
struct mix {
	struct candidate all[SERVERS_MOST];
	size_t count, liars;
	double truth_s, low_s, high_s; /* of all honest intervals together */
	double lie_s;                  /* what liars have agreed upon */
	bool apart; /* no liar's interval touches an honest one */
};

static struct mix mix;

static double half_s(const struct candidate *c)
{
	double half = (c->root_delay_s + fabs(c->estimate.delay_s)) / 2 +
		      c->root_disp_s + 3 * c->estimate.offset_sd;

	return fmax(half, fmax(usual.mindist_s, c->estimate.jitter_s));
}

static struct candidate honest(double truth_s, uint32_t identity)
{
	struct candidate c = server(0);

	c.estimate.delay_s = exp(uniform(-9, -2));
	c.estimate.offset_sd = exp(uniform(-16, -8));
	c.estimate.jitter_s = exp(uniform(-12, -6));
	c.root_delay_s = exp(uniform(-12, -3));
	c.root_disp_s = exp(uniform(-12, -4));
	c.estimate.offset_s = truth_s + uniform(-1, 1) * half_s(&c);
	c.stratum = (uint8_t)(1 + check_rng() % 4);
	c.identity = identity;
	c.refid = 0x0b000000 + identity; /* an upstream of its own */
	return c;
}

static double extreme(void)
{
	static const double values[] = {
		NAN,     INFINITY, -INFINITY, DBL_MAX, -DBL_MAX,
		DBL_MIN, -0.0,     0,         0x1p31,  -0x1p31,
		1e300,   -1,       5e-324,    0x1p32,  1e-300,
	};

	return values[check_rng() % ARRAY_LEN(values)];
}

/* As near as it can be to what the honest say, on either side. */
static double just_outside(const struct candidate *c)
{
	double by_s = half_s(c) + NEXT_TO;

	return check_rng() % 2 ? mix.high_s + by_s : mix.low_s - by_s;
}

/* What it claims makes its interval as short as can be. */
static void be_sure(struct candidate *c)
{
	c->root_delay_s = c->root_disp_s = 0;
	c->estimate.offset_sd = 1e-12;
	c->estimate.delay_s = 1e-6;
	c->estimate.jitter_s = 1e-9;
	c->stratum = 1;
}

static void lie(struct candidate *c, int step)
{
	struct estimate *e = &c->estimate;
	double side = check_rng() % 2 ? 1 : -1;

	switch (check_rng() % 8) {
	case 0: /* together */
		e->offset_s = mix.truth_s + mix.lie_s;
		break;
	case 1: /* together, and creeping */
		e->offset_s = mix.truth_s + mix.lie_s * step / 8;
		break;
	case 2: /* each for itself, by anything */
		e->offset_s = mix.truth_s + side * exp(uniform(-8, 21));
		break;
	case 3:
		be_sure(c);
		e->offset_s = just_outside(c);
		break;
	case 4: /* at an edge of the honest */
		be_sure(c);
		e->offset_s = (side > 0 ? mix.high_s : mix.low_s) +
			      uniform(-2, 2) * usual.mindist_s;
		break;
	case 5: /* it may be anywhere, it says */
		e->offset_s = mix.truth_s + mix.lie_s;
		c->root_disp_s = uniform(0, 1.5);
		break;
	case 6:
		e->offset_s = extreme();
		e->freq = extreme();
		break;
	default:
		*(check_rng() % 2 ? &e->offset_s : &e->offset_sd) = extreme();
		*(check_rng() % 2 ? &e->delay_s : &e->jitter_s) = extreme();
		*(check_rng() % 2 ? &c->root_delay_s : &c->root_disp_s) =
			extreme();
		break;
	}
	c->prefer = check_rng() % 8 == 0;
	c->was_system_peer = check_rng() % 4 == 0;
	/* Whom it claims to follow: any of the others, or what they follow. */
	c->stratum = (uint8_t)(check_rng() % 15);
	c->refid = (uint32_t)(1 + check_rng() % mix.count) +
		   (check_rng() % 2 ? 0x0b000000 : 0);
	c->network = check_rng() % 2 ? 0 : 77;
}

/* Most are honest; the liars come first, where they would win ties. */
static void mix_draw(void)
{
	mix.count = 1 + check_below(SERVERS_MOST);
	mix.liars = check_below((mix.count + 1) / 2);
	mix.truth_s = check_rng() % 4 ? uniform(-1, 1) : uniform(-1, 1) * 1e6;
	mix.lie_s = (check_rng() % 2 ? 1 : -1) * exp(uniform(-8, 8));
	mix.low_s = INFINITY;
	mix.high_s = -INFINITY;
	for (size_t i = mix.liars; i < mix.count; i++) {
		struct candidate *c = &mix.all[i];

		*c = honest(mix.truth_s, (uint32_t)i + 1);
		mix.low_s = fmin(mix.low_s, c->estimate.offset_s - half_s(c));
		mix.high_s = fmax(mix.high_s, c->estimate.offset_s + half_s(c));
	}
}

static void mix_lie(int step)
{
	mix.apart = true;
	for (size_t i = 0; i < mix.liars; i++) {
		struct candidate *c = &mix.all[i];

		*c = honest(mix.truth_s, (uint32_t)i + 1);
		lie(c, step);
		mix.apart &= c->estimate.offset_s - half_s(c) > mix.high_s ||
			     c->estimate.offset_s + half_s(c) < mix.low_s;
	}
}

static void mix_check(const struct choice *choice)
{
	const struct estimate *e = &choice->combined;

	assert_true(choice->found);
	/* Written so that a NaN fails. */
	assert_true(e->offset_s >= mix.low_s && e->offset_s <= mix.high_s);
	assert_true(choice->low_s >= mix.low_s && choice->high_s <= mix.high_s);
	assert_true(e->offset_sd >= 0 && e->offset_sd < 10);
	assert_true(fabs(e->freq) < 1 && e->freq_sd >= 0);
	for (size_t i = 0; i < mix.count; i++) {
		enum tally t = reason_tally(mix.all[i].reason);

		if (i >= mix.liars) {
			assert_true(t >= TALLY_EXCESS);
		} else if (mix.apart) {
			assert_true(t <= TALLY_FALSETICK);
		}
	}
}

static void the_honest_are_never_left(void **state)
{
	(void)state;
	unsigned lied = 0, apart = 0;

	FORALL(10000) {
		mix_draw();
		for (int step = 0; step < 8; step++) {
			struct choice choice;

			mix_lie(step);
			votes_find(mix.all, mix.count);
			selection_run(&usual, mix.all, mix.count, &choice);
			mix_check(&choice);
			lied += mix.liars > 0;
			apart += mix.liars > 0 && mix.apart;
		}
	}
	assert_true(lied > 30000);
	assert_true(apart > 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_honest_are_never_left),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
