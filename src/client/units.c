/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/units.h"

#include <math.h>

#define DIGITS 4

static const struct {
	double least; /* what still rounds to 1.000 of it */
	double of;
	const char *name;
} units[] = {
	{ 0.9995, 1, "s" },
	{ 0.9995e-3, 1e-3, "ms" },
	{ 0.9995e-6, 1e-6, "us" },
	{ 0, 1e-9, "ns" },
};

void units_seconds(double s, struct text *out)
{
	unsigned decimals = DIGITS - 1;
	size_t i = 0;

	while (fabs(s) < units[i].least) {
		i++;
	}
	double value = s / units[i].of;

	double most = 9.9995; /* what would round to a digit more */

	while (decimals > 0 && fabs(value) >= most) {
		decimals--;
		most *= 10;
	}
	if (fabs(value) < 1e6) {
		text_double(out, value, decimals);
	} else {
		text_str(out, value < 0 ? "-999999" : "999999");
	}
	text_str(out, units[i].name);
}
