/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * standing.h - how good our own clock is, and by whose word: the system
 * variables (RFC 5905, section 11.1), and what is published of them.
 *
 * The bound is honest: it holds what is left to correct, three deviations of
 * what we know, what our sources claim, and grows from then on. When it is
 * past what any client accepts, we say that we do not know the time (F12).
 */
#ifndef CORE_STANDING_H
#define CORE_STANDING_H

#include "core/events.h"
#include "core/report/report.h"
#include "core/select/selection.h"
#include "core/serve/view.h"
#include "core/steer/bound.h"

#define STANDING_LIMIT_S 1.5 /* a bound past this is no time at all */
#define STANDING_VIEW_S 16   /* no view is older than this */

struct standing {
	bool synchronised;
	enum leap leap; /* announced by our sources; none while not synced */
	uint8_t stratum;
	uint32_t refid;
	enum clock_kind kind;
	int8_t precision;
	tstamp reference; /* when the clock was last measured */
	instant at;       /* of the values below */
	double root_delay_s, root_disp_s;
	double growth_ppm;  /* of root_disp_s since `at`, at least */
	struct bound bound; /* our own share */
	struct events events;
	uint32_t jumps; /* of our clock: each voids what it has shown */
};

/* What a choice stands on. */
struct footing {
	instant heard;    /* the last exchange */
	double phi_ppm;   /* how fast an unwatched clock may drift */
	double floor_s;   /* what our sources may be wrong by themselves */
	bool uncorrected; /* nobody corrects our clock */
};

void standing_init(struct standing *s, int8_t precision, double phi_ppm,
		   instant now);
void standing_follow(struct standing *s, const struct choice *choice,
		     const struct footing *footing, instant now);
/* What we knew does not hold any more: LI 3, and this word for a refid. */
void standing_lose(struct standing *s, uint32_t refid);
/* Something moved our clock by this much and nobody has measured since. */
void standing_widen(struct standing *s, double by_s);
/* Root dispersion at `now`. */
double standing_disp_s(const struct standing *s, instant now);
/* Root distance at `now`: the clock is right within this. */
double standing_bound_s(const struct standing *s, instant now);
/* How far off the clock is likely to be. */
double standing_likely_s(const struct standing *s, instant now);
/*
 * The clock is right within this, if ways there and back are alike; false
 * when nobody knows. Much narrower than root distance, which holds always.
 */
MUST_USE bool standing_clock_bound(const struct standing *s, instant now,
				   double *within_s);
/* What we tell: LEAP_UNSYNC while we do not know the time. */
enum leap standing_leap(const struct standing *s, instant now);
struct view standing_view(const struct standing *s, const struct access *access,
			  instant now, tstamp wall);
/* The system status word (RFC 9327). */
uint16_t standing_status(const struct standing *s, instant now);

#endif
