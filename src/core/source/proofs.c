/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/proofs.h"

#include <math.h>
#include <string.h>

void proofs_add(struct proofs *p, const struct sample *s, double estimate_s,
		double moved_s, double noise_s)
{
	double delay_s = span_to_seconds(sample_delay(s));
	double half_s = fmax(delay_s, 0) / 2 + noise_s;
	double miss_s = fabs(estimate_s - span_to_seconds(sample_offset(s)));

	/* An estimate that moves away from a proof is held by it the less. */
	for (size_t i = 0; i < PROOFS; i++) {
		p->all[i].reach_s += fabs(moved_s);
	}
	memmove(p->all + 1, p->all, sizeof(p->all) - sizeof(p->all[0]));
	p->all[0] = (struct proof){
		.delay_s = delay_s,
		.reach_s = miss_s + half_s,
		.misfit_s = miss_s > half_s ? miss_s + half_s : 0,
	};
	if (p->count < PROOFS) {
		p->count++;
	}
}

double proofs_delay_s(const struct proofs *p, double known_s)
{
	double least_s = p->all[0].delay_s;

	if (p->count < PROOFS) {
		return known_s;
	}
	for (size_t i = 1; i < PROOFS; i++) {
		least_s = fmin(least_s, p->all[i].delay_s);
	}
	return fmax(known_s, least_s);
}

/* No more than the best proof says, and as much as the worst. */
double proofs_error_s(const struct proofs *p, double delay_s)
{
	double least_s = p->all[0].reach_s;
	double worst_s = 0;

	for (size_t i = 0; i < p->count; i++) {
		least_s = fmin(least_s, p->all[i].reach_s);
		worst_s = fmax(worst_s, p->all[i].misfit_s);
	}
	return fmax(worst_s, fmax(least_s - delay_s / 2, 0));
}
