/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/doubt.h"

#include <math.h>

#define MOST 1e-3         /* s/s: two clocks at the ends of their range */
#define FALL 5e-5         /* s/s: more than any clock's steady correction */
#define RESOLUTION_S 3e-5 /* of dispersions on the wire, twice */
#define DECAY 0.9         /* a sample: what was claimed is soon the past */
#define MARGIN 1.2        /* it grows again while it falls */
#define IN_A_ROW 2        /* one fall is a server's ordinary update */

bool doubt_update(struct doubt *d, double claimed_s, instant at)
{
	double passed_s = span_to_seconds(instant_diff(at, d->at));
	double fell_s = d->claimed_s - claimed_s;
	bool was = d->slewing;

	d->most_s = fmax(d->most_s * DECAY, claimed_s);
	d->claimed_s = claimed_s;
	d->at = at;
	if (!d->started || passed_s <= 0) {
		d->started = true;
		d->since = at;
		return false;
	}
	if (fell_s > FALL * passed_s + RESOLUTION_S) {
		d->falls = d->falls < IN_A_ROW ? d->falls + 1 : IN_A_ROW;
		d->calm = 0;
		d->slew = fmax(d->slew, fmin(MARGIN * fell_s / passed_s, MOST));
	} else {
		d->falls = 0;
		d->calm = d->calm < IN_A_ROW ? d->calm + 1 : IN_A_ROW;
	}
	d->slewing = d->falls == IN_A_ROW || (was && d->calm < IN_A_ROW);
	if (d->falls == 0 && !d->slewing) {
		d->slew = 0;
	}
	return was && !d->slewing;
}

double doubt_slew(const struct doubt *d)
{
	return d->slewing ? d->slew : 0;
}

double doubt_rate(const struct doubt *d)
{
	double watched_s = span_to_seconds(instant_diff(d->at, d->since));

	return fmin(fmax(d->most_s / fmax(watched_s, 1), doubt_slew(d)), MOST);
}
