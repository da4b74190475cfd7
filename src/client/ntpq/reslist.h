/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reslist.h - the table of a daemon's restrictions.
 */
#ifndef CLIENT_RESLIST_H
#define CLIENT_RESLIST_H

#include <stdio.h>

#include "client/control/vars.h"

/* With its heading; two lines for each restriction. */
void reslist_print(FILE *out, struct vars v);

#endif
