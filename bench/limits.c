/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits.h"

#include <math.h>
#include <string.h>

#define WORSE 1.2
#define SECOND 1.0  /* times are counted in whole ones */
#define ONE_IN 1e-5 /* so few seconds outside a bound may be luck */
#define NEVER_S 1e9

static const struct limit {
	const char *name;
	double rms_us, to_ms_s, packets_per_hour, in_bound_percent, bound_us;
} limits[] = {
#define LIMIT(name, rms, to_ms, packets, in_bound, bound) \
	{ (name), (rms), (to_ms), (packets), (in_bound), (bound) },
#include "limits.def"
#undef LIMIT
	{ NULL, 0, 0, 0, 0, 0 },
};

static const char head[] =
	"/* SPDX-License-Identifier: BSD-2-Clause */\n"
	"/*\n"
	" * What `accuracy --quick` had when it was last recorded, which\n"
	" * `accuracy --quick --record` does: LIMIT(course, RMS in us,\n"
	" * seconds to 1 ms, packets an hour, percent within the bound, the\n"
	" * bound in us).\n"
	" * A figure that is a fifth worse fails.\n"
	" */\n";

static const struct limit *limit_of(const struct course *c)
{
	for (const struct limit *l = limits; l->name; l++) {
		if (strcmp(l->name, c->name) == 0) {
			return l;
		}
	}
	return NULL;
}

static bool at_most(const struct course *c, const char *what, double is,
		    double was, double allowed, FILE *out)
{
	if (is <= allowed) {
		return true;
	}
	(void)fprintf(out, "%s: %s is %.6g, was %.6g, may be %.6g\n", c->name,
		      what, is, was, allowed);
	return false;
}

static double to_ms_s(const struct figures *f)
{
	return fmin(figures_median_s(f, GAUGE_MS), NEVER_S);
}

/* To the width of the meter's bins, 7 %. */
static double bound_us(const struct figures *f)
{
	return 1e6 * meter_percentile_s(&f->width, 0.5);
}

bool limits_hold(const struct course *c, const struct figures *f, FILE *out)
{
	const struct limit *l = limit_of(c);

	if (!l) {
		(void)fprintf(out, "%s: nothing was recorded\n", c->name);
		return false;
	}
	double missed = 1 - l->in_bound_percent / 100;
	bool holds = at_most(c, "RMS in us", 1e6 * meter_rms_s(&f->error),
			     l->rms_us, WORSE * l->rms_us, out);

	holds &= at_most(c, "seconds to 1 ms", to_ms_s(f), l->to_ms_s,
			 WORSE * l->to_ms_s + SECOND, out);
	holds &= at_most(c, "packets an hour", figures_packets(f),
			 l->packets_per_hour, WORSE * l->packets_per_hour, out);
	holds &= at_most(c, "bound in us", bound_us(f), l->bound_us,
			 WORSE * l->bound_us, out);
	holds &= at_most(c, "share outside the bound", 1 - figures_in_bound(f),
			 missed, WORSE * missed + ONE_IN, out);
	return holds;
}

bool limits_record(const struct figures *all, FILE *out)
{
	(void)fputs(head, out);
	for (size_t i = 0; i < course_count(); i++) {
		const struct figures *f = &all[i];

		(void)fprintf(
			out, "LIMIT(\"%s\", %.2f, %.0f, %.2f, %.4f, %.4g)\n",
			course_at(i)->name, 1e6 * meter_rms_s(&f->error),
			to_ms_s(f), figures_packets(f),
			floor(1e6 * figures_in_bound(f)) / 1e4, bound_us(f));
	}
	return !ferror(out);
}
