/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/standing.h"

#include <math.h>

#include "core/refid.h"

void standing_init(struct standing *s, int8_t precision, double phi_ppm,
		   instant now)
{
	*s = (struct standing){
		.stratum = STANDING_UNKNOWN,
		.refid = REFID_INIT,
		.precision = precision,
		.at = now,
		.growth_ppm = phi_ppm,
	};
}

void standing_follow(struct standing *s, const struct choice *choice,
		     double phi_ppm, bool uncorrected, instant now)
{
	const struct estimate *e = &choice->combined;
	double freq = 3 * e->freq_sd + (uncorrected ? fabs(e->freq) : 0);

	s->at = now;
	s->estimated_s = fabs(e->offset_s) + 3 * e->offset_sd;
	s->root_delay_s = fmax(choice->root_delay_s, 0);
	s->root_disp_s = choice->root_disp_s + s->estimated_s +
			 choice->jitter_s + ldexp(1, s->precision);
	s->growth_ppm = fmax(phi_ppm, freq * 1e6);
}

void standing_lose(struct standing *s, uint32_t refid)
{
	s->synchronised = false;
	s->leap = LEAP_NONE;
	s->stratum = STANDING_UNKNOWN;
	s->refid = refid;
	s->kind = CLOCK_KIND_UNKNOWN;
}

void standing_widen(struct standing *s, double by_s)
{
	s->root_disp_s += fabs(by_s);
	s->estimated_s += fabs(by_s);
}

double standing_disp_s(const struct standing *s, instant now)
{
	double age_s = span_to_seconds(instant_diff(now, s->at));

	return s->root_disp_s + fmax(age_s, 0) * s->growth_ppm * 1e-6;
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
	struct view v = {
		.leap = standing_leap(s, now),
		.stratum = s->stratum,
		.precision = s->precision,
		.refid = s->refid,
		.reference = s->reference,
		.made = wall,
		.root_delay = span_from_seconds(s->root_delay_s),
		.root_disp = span_from_seconds(standing_disp_s(s, now)),
		.drift_ppm = s->growth_ppm,
		.access = access,
	};

	if (v.leap == LEAP_UNSYNC) {
		v.stratum = 0;
	}
	return v;
}

uint16_t standing_status(const struct standing *s, instant now)
{
	return (uint16_t)((unsigned)standing_leap(s, now) << 14 |
			  (unsigned)s->kind << 8 | events_bits(&s->events));
}
