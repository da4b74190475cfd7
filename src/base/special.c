/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/special.h"

#include <math.h>

#define NO_TAIL 8.5

/*
 * Mills' ratio, the upper tail over the density, is smooth all the way to
 * infinity in y = (x - 5) / (x + 5). This is (x + 1) times the ratio as a
 * polynomial in y: a Chebyshev series cut at degree 20 (error below 10^-14),
 * written in powers.
 */
static const double mills_powers[] = {
	1.156848628291894245,       -0.2294875382522292005,
	0.07778159886881931657,     0.0250721793102254075,
	-0.06617760078236146419,    0.06150504565268491334,
	-0.03802659213490491273,    0.01634823316333196174,
	-0.004201290736679096113,   0.00001952021427081896427,
	0.0004570458252078865433,   -0.0001343393952853068777,
	-0.00002481137046166860942, 0.00002263585163937937004,
	-1.659978689571329548e-7,   -3.177464241160757286e-6,
	3.081417380856143124e-7,    4.070530689039048641e-7,
	-5.664946489676221229e-8,   -3.479122090011238191e-8,
	5.201831917460272738e-9,
};

static double mills(double x)
{
	const double *c = mills_powers;
	double y = (x - 5) / (x + 5), yy = y * y;
	double even = c[20], odd = c[19];

	/* Two chains, because one would wait for itself. */
	for (int k = 18; k >= 2; k -= 2) {
		even = even * yy + c[k];
		odd = odd * yy + c[k - 1];
	}
	even = even * yy + c[0];
	return (even + y * odd) / (x + 1);
}

/* Far out, hazard and u nearly cancel: their sum by its own series. */
static double far_excess(double x)
{
	double w = 1 / (x * x);

	return (1 - w * (2 - w * (10 - w * (74 - w * (706 - w * 8162))))) / x;
}

static struct normal_tail lower_half(double u)
{
	double x = -u;
	struct normal_tail t;

	if (x > 50) {
		t.excess = far_excess(x);
		t.hazard = x + t.excess;
	} else {
		t.hazard = 1 / mills(x);
		t.excess = t.hazard - x;
	}
	t.cdf = 0; /* see the header */
	return t;
}

static double normal_density(double u)
{
	return fabs(u) < 40 ? exp(-u * u / 2) / ROOT_2PI : 0;
}

struct normal_tail normal_tail(double u)
{
	u = fmax(-1e100, fmin(u, 1e100));
	if (u < 0) {
		return lower_half(u);
	}
	double density = normal_density(u);
	/* What the upper tail takes off is soon less than a double shows. */
	double above = u < NO_TAIL ? density * mills(u) : 0;
	struct normal_tail t = { .cdf = 1 - above };

	t.hazard = density / t.cdf;
	t.excess = u + t.hazard;
	return t;
}
