/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cooked.h - a variable list as ntpq shows it: values in their usual
 * notation, lines folded where the classic tool folds them.
 */
#ifndef CLIENT_COOKED_H
#define CLIENT_COOKED_H

#include <stdio.h>

#include "client/control/status.h"
#include "client/control/vars.h"

/* "associd=0 status=0615 leap_none, ...," and a line end. */
void cooked_status(FILE *out, enum status_kind kind, uint16_t assoc,
		   uint16_t status);

struct cooked_style {
	bool numeric;  /* addresses stay as they are */
	bool units;    /* times have units */
	unsigned fold; /* no line is begun anew before this column; 0: 72 */
};

/* All items of the list. */
void cooked_vars(FILE *out, struct vars v, const struct cooked_style *style);

/* The list as it was on the wire, escaped, lines kept. */
void cooked_raw(FILE *out, const char *data, size_t len);

#endif
