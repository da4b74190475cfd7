/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * units.h - a time with the unit that suits its size, for ntpq -u.
 */
#ifndef CLIENT_UNITS_H
#define CLIENT_UNITS_H

#include "base/text.h"

/* Four digits and a unit, at most eight characters: "84.57ms", "-604.0us". */
void units_seconds(double s, struct text *out);

#endif
