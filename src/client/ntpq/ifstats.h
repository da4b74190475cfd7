/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ifstats.h - the table of a daemon's interfaces.
 */
#ifndef CLIENT_IFSTATS_H
#define CLIENT_IFSTATS_H

#include <stdio.h>

#include "client/control/vars.h"

/* With its heading; two lines or three for each interface. */
void ifstats_print(FILE *out, struct vars v);

#endif
