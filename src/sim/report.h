/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.h - how a world went, for people.
 */
#ifndef SIM_REPORT_H
#define SIM_REPORT_H

#include <stdio.h>

#include "sim/world.h"

/* Who did how well since the world had settled. */
void world_report(const struct world *w, FILE *out);
/* One line: which oracle broke, where, when and by what; or that none did. */
void world_verdict(const struct world *w, FILE *out);

#endif
