/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * print.h - the pieces that the normal form is made of; config_print() in
 * print.c is the whole. Inside src/config only.
 */
#ifndef CONFIG_PRINT_H
#define CONFIG_PRINT_H

#include "config/options.h"

/* " word value" of every number of the scope that is not at its default. */
void print_changed(enum option_scope scope, const void *base, struct text *out);
/* The value alone, as few decimals as it needs. */
void print_number(double v, struct text *out);
/* In quotes only when it would not come back as one word without. */
void print_word(const char *s, struct text *out);
void print_quoted(const char *s, struct text *out);

void print_sources(const struct config *c, struct text *out);
void print_restricts(const struct config *c, struct text *out);
/* Groups that we listen to, and how far we call. */
void print_groups(const struct config *c, struct text *out);
void print_nics(const struct config *c, struct text *out);
void print_xdps(const struct config *c, struct text *out);

#endif
