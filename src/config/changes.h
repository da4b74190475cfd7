/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * changes.h - what is different between two configurations, for people.
 */
#ifndef CONFIG_CHANGES_H
#define CONFIG_CHANGES_H

#include "base/text.h"
#include "config/config.h"

/* Bytes of memory, aligned for uint32_t, to compare two texts in. */
size_t changes_size(const char *before, const char *after);

/*
 * Lines of the normal form (config_print()) that only one of them has, one
 * after another: "- server 10.0.0.1", "+ server 10.0.0.2 iburst". How many.
 * The time grows with their length, in whatever order the lines are.
 */
size_t changes_print(const char *before, const char *after, void *memory,
		     struct text *out);

/*
 * The words that differ and take effect at the next start only, with commas
 * between them. How many.
 */
size_t changes_for_restart(const struct config *before,
			   const struct config *after, struct text *out);

#endif
