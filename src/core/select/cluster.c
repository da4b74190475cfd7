/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/select/cluster.h"

#include <math.h>

/*
 * An outlier is off by more than this many standard deviations. The scatter
 * is that of the half that agrees best (the median of the deviations; 1.48
 * makes it a standard deviation), so a liar among five cannot hide itself by
 * making it large (E8).
 */
#define OUTLIER_LIMIT 4.0
#define MEDIAN_TO_SD 1.4826

/* The least scatter, as a part of the way: no route is quite symmetric. */
#define ASYMMETRY_FLOOR 0.01

/* Backup: so many times as far away, by what we measured and by its word. */
#define BACKUP_RATIO 4.0

double cluster_score(const struct tos_config *tos, const struct candidate *c)
{
	return c->distance_s - c->waiting_s + c->stratum * tos->mindist_s;
}

static bool is_member(const struct candidate *c)
{
	return c->reason == REASON_CANDIDATE;
}

static bool is_kept(const struct candidate *c)
{
	return c->prefer || c->always_true;
}

static unsigned cluster_members(const struct candidate *candidates,
				size_t count)
{
	unsigned members = 0;

	for (size_t i = 0; i < count; i++) {
		members += is_member(&candidates[i]);
	}
	return members;
}

enum cluster_key { KEY_OFFSET, KEY_DEVIATION };

static double cluster_value(const struct candidate *c, enum cluster_key key)
{
	return key == KEY_OFFSET ? c->estimate.offset_s : c->deviation_s;
}

/* The member with `rank` smaller ones; equal ones count by their order. */
static double cluster_ranked(const struct candidate *candidates, size_t count,
			     enum cluster_key key, unsigned rank)
{
	double found = 0;

	for (size_t i = 0; i < count; i++) {
		double value = cluster_value(&candidates[i], key);
		unsigned smaller = 0;

		for (size_t j = 0; j < count && is_member(&candidates[i]);
		     j++) {
			double other = cluster_value(&candidates[j], key);

			smaller += is_member(&candidates[j]) &&
				   (other < value || (other == value && j < i));
		}
		if (is_member(&candidates[i]) && smaller == rank) {
			found = value;
		}
	}
	return found;
}

static double cluster_median(const struct candidate *candidates, size_t count,
			     enum cluster_key key)
{
	unsigned members = cluster_members(candidates, count);

	return (cluster_ranked(candidates, count, key, (members - 1) / 2) +
		cluster_ranked(candidates, count, key, members / 2)) /
	       2;
}

const struct candidate *cluster_middle(const struct candidate *candidates,
				       size_t count)
{
	double median_s = cluster_median(candidates, count, KEY_OFFSET);
	const struct candidate *middle = NULL;
	double least_s = INFINITY;

	for (size_t i = 0; i < count; i++) {
		double off_s = fabs(candidates[i].estimate.offset_s - median_s);

		if (is_member(&candidates[i]) && off_s < least_s) {
			least_s = off_s;
			middle = &candidates[i];
		}
	}
	return middle;
}

/* How many deviations it is off, given the scatter of all. */
static double cluster_excess(const struct candidate *c, double scatter_s)
{
	double floor_s = ASYMMETRY_FLOOR * c->estimate.delay_s;

	return c->deviation_s /
	       sqrt(scatter_s * scatter_s + floor_s * floor_s +
		    c->estimate.offset_sd * c->estimate.offset_sd);
}

/*
 * The way that we measured cannot be made shorter by what a server says, so a
 * liar must really be near to push the honest aside.
 */
static bool cluster_outdoes(const struct candidate *near,
			    const struct candidate *far)
{
	double near_s = near->estimate.delay_s / 2 + near->estimate.offset_sd;
	double far_s = far->estimate.delay_s / 2 + far->estimate.offset_sd;

	/* As of their answers: who was just asked is no nearer for it. */
	return near_s * BACKUP_RATIO < far_s &&
	       (near->distance_s - near->waiting_s) * BACKUP_RATIO <
		       far->distance_s - far->waiting_s;
}

/*
 * Those who are far away cannot say that a clock of this machine is off: they
 * may share one uneven way. A server that is near has no such privilege: it
 * may lie and creep (E8). Whoever trusts it has `prefer`.
 */
static bool cluster_outdoes_all(const struct candidate *candidates,
				size_t count, const struct candidate *near)
{
	for (size_t i = 0; i < count; i++) {
		const struct candidate *c = &candidates[i];

		if (is_member(c) && c != near && !cluster_outdoes(near, c)) {
			return false;
		}
	}
	return near->attached;
}

/* The worst outlier; `count` when there is none. */
static size_t cluster_worst(struct candidate *candidates, size_t count)
{
	double median_s = cluster_median(candidates, count, KEY_OFFSET);
	double limit = OUTLIER_LIMIT;
	size_t worst = count;

	for (size_t i = 0; i < count; i++) {
		candidates[i].deviation_s =
			fabs(candidates[i].estimate.offset_s - median_s);
	}
	double scatter_s =
		MEDIAN_TO_SD * cluster_median(candidates, count, KEY_DEVIATION);

	for (size_t i = 0; i < count; i++) {
		const struct candidate *c = &candidates[i];

		if (!is_member(c) || is_kept(c) ||
		    cluster_outdoes_all(candidates, count, c)) {
			continue;
		}
		if (cluster_excess(c, scatter_s) > limit) {
			limit = cluster_excess(c, scatter_s);
			worst = i;
		}
	}
	return worst;
}

static void cluster_back_up(struct candidate *candidates, size_t count)
{
	/* Whoever is outdone by a backup is by what outdoes that one too. */
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count && is_member(&candidates[i]) &&
				   !is_kept(&candidates[i]);
		     j++) {
			if (is_member(&candidates[j]) &&
			    cluster_outdoes(&candidates[j], &candidates[i])) {
				candidates[i].reason = REASON_BACKUP;
			}
		}
	}
}

static void cluster_limit(const struct tos_config *tos,
			  struct candidate *candidates, size_t count)
{
	unsigned members = cluster_members(candidates, count);

	while (members > tos->maxclock) {
		double score = -1;
		size_t worst = count;

		for (size_t i = 0; i < count; i++) {
			const struct candidate *c = &candidates[i];

			if (is_member(c) && !is_kept(c) &&
			    cluster_score(tos, c) >= score) {
				score = cluster_score(tos, c);
				worst = i;
			}
		}
		if (worst == count) {
			return;
		}
		candidates[worst].reason = REASON_EXCESS;
		members--;
	}
}

void cluster_run(const struct tos_config *tos, struct candidate *candidates,
		 size_t count)
{
	unsigned members = cluster_members(candidates, count);

	while (members > tos->minclock && members > 2) {
		size_t worst = cluster_worst(candidates, count);

		if (worst == count) {
			break;
		}
		candidates[worst].reason = REASON_OUTLIER;
		members--;
	}
	cluster_limit(tos, candidates, count);
	cluster_back_up(candidates, count);
}
