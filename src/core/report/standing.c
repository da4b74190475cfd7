/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/report/standing.h"

#include <math.h>

#include "core/serve/refid.h"

void standing_init(struct standing *s, int8_t precision, double phi_ppm,
		   instant now)
{
	*s = (struct standing){
		.stratum = STRATUM_UNKNOWN,
		.refid = REFID_INIT,
		.precision = precision,
		.at = now,
		.growth_ppm = phi_ppm,
	};
}

void standing_follow(struct standing *s, const struct choice *choice,
		     const struct footing *footing, instant now)
{
	const struct estimate *e = &choice->combined;
	double precision_s = ldexp(1, s->precision);

	s->at = now;
	s->bound = bound_of(e, footing->heard, now);
	s->bound.floor_s = footing->floor_s + precision_s;
	s->bound.drift = footing->uncorrected ? fabs(e->freq) : 0;
	s->root_delay_s = fmax(choice->root_delay_s, 0);
	s->root_disp_s = choice->root_disp_s + fabs(e->offset_s) +
			 3 * e->offset_sd + choice->jitter_s + precision_s;
	s->growth_ppm = footing->phi_ppm;
}

void standing_lose(struct standing *s, uint32_t refid)
{
	s->jumps++;
	s->synchronised = false;
	s->leap = LEAP_NONE;
	s->stratum = STRATUM_UNKNOWN;
	s->refid = refid;
	s->kind = CLOCK_KIND_UNKNOWN;
}

void standing_widen(struct standing *s, double by_s)
{
	s->jumps++;
	s->root_disp_s += fabs(by_s);
	s->bound.floor_s += fabs(by_s);
}

/* It grows by PHI, or by what is known of our clock when that is worse. */
static double standing_grown_s(const struct standing *s, double after_s)
{
	double known_s =
		after_s * bound_growth(&s->bound, s->at, fmax(after_s, 1));

	return fmax(after_s * s->growth_ppm * 1e-6, known_s);
}

double standing_disp_s(const struct standing *s, instant now)
{
	double age_s = span_to_seconds(instant_diff(now, s->at));

	return s->root_disp_s + standing_grown_s(s, fmax(age_s, 0));
}

double standing_likely_s(const struct standing *s, instant now)
{
	return bound_likely_s(&s->bound, now);
}

bool standing_clock_bound(const struct standing *s, instant now,
			  double *within_s)
{
	*within_s = bound_s(&s->bound, now);
	return standing_leap(s, now) != LEAP_UNSYNC &&
	       s->kind != CLOCK_KIND_LOCAL && s->kind != CLOCK_KIND_UNKNOWN;
}

double standing_bound_s(const struct standing *s, instant now)
{
	return s->root_delay_s / 2 + standing_disp_s(s, now);
}

enum leap standing_leap(const struct standing *s, instant now)
{
	if (!s->synchronised || standing_bound_s(s, now) > STANDING_LIMIT_S) {
		return LEAP_UNSYNC;
	}
	return s->leap;
}

struct view standing_view(const struct standing *s, const struct access *access,
			  instant now, tstamp wall)
{
	instant end = instant_add(now, SPAN_S(STANDING_VIEW_S));
	double disp_s = standing_disp_s(s, now);
	double grows_s = standing_disp_s(s, end) - disp_s;
	struct view v = {
		.leap = standing_leap(s, now),
		.stratum = s->stratum,
		.precision = s->precision,
		.refid = s->refid,
		.reference = s->reference,
		.made = wall,
		.root_delay = span_from_seconds(s->root_delay_s),
		.root_disp = span_from_seconds(disp_s),
		.drift_ppm =
			fmax(s->growth_ppm, grows_s / STANDING_VIEW_S * 1e6),
		.access = access,
		.jumps = s->jumps,
	};
	double within_s;

	if (v.leap == LEAP_UNSYNC) {
		v.stratum = 0;
	}
	v.bound_known = standing_clock_bound(s, now, &within_s);
	v.bound = span_from_seconds(within_s);
	v.bound_ppm = bound_growth(&s->bound, now, STANDING_VIEW_S) * 1e6;
	return v;
}

uint16_t standing_status(const struct standing *s, instant now)
{
	return (uint16_t)((unsigned)standing_leap(s, now) << 14 |
			  (unsigned)s->kind << 8 | events_bits(&s->events));
}
