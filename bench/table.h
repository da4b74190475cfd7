/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.h - the figures of all courses, for people and for docs/accuracy.md;
 * and what was recorded of them, as limits.
 */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include "course.h"

enum table_style { TABLE_PLAIN, TABLE_MARKDOWN };

void table_head(enum table_style style, FILE *out);
void table_row(enum table_style style, const struct course *c,
	       const struct figures *f, FILE *out);

#endif
