/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limits.h - what the quick benchmark had when it was recorded, and how much
 * worse it may get: by a fifth.
 */
#ifndef BENCH_LIMITS_H
#define BENCH_LIMITS_H

#include "course.h"

/* False, and a line for each figure that is worse. */
bool limits_hold(const struct course *c, const struct figures *f, FILE *out);

/* Rewrites the record: the head, a line for each course; false: it cannot. */
bool limits_record(const struct figures *all, FILE *out);

#endif
