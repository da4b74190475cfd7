/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notation.h - one value of a variable list in the notation of its kind. False,
 * and nothing is written: it is none of that kind.
 */
#ifndef CLIENT_NOTATION_H
#define CLIENT_NOTATION_H

#include "client/control/vars.h"

/* Two binary digits. */
bool notation_leap(const struct vars_item *item, struct text *out);
/* "eb0a2f1c.80000000  Tue, Dec 15 2026 ...", or "(no time)". */
bool notation_stamp(const struct vars_item *item, struct text *out);
/* A host by its name; `numeric` leaves it as it is, which is false too. */
bool notation_host(const struct vars_item *item, bool numeric,
		   struct text *out);

#endif
