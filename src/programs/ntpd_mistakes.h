/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpd_mistakes.h - what is wrong in the files that hold. A start skips such
 * lines, so a reload may find them again; what refuses it is a new one.
 */
#ifndef PROGRAMS_NTPD_MISTAKES_H
#define PROGRAMS_NTPD_MISTAKES_H

#include "config/config.h"

/* "FILE what is wrong", a line each: where in the file may change. The
 * caller's to free; NULL: out of memory. */
char *mistakes_list(const struct config_result *r);
/* In such a list, or NULL, an empty one. */
bool mistakes_have(const char *list, const struct complaint *c);

#endif
