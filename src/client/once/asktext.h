/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asktext.h - what ntpdate -q and -d show of a server.
 */
#ifndef CLIENT_ASKTEXT_H
#define CLIENT_ASKTEXT_H

#include <stdio.h>

#include "client/once/pick.h"

/* "server 192.0.2.1, stratum 2, offset 0.000592, delay 0.02585" */
void asktext_line(FILE *out, const struct ask_server *s);

/* Everything about it, twelve lines and an empty one. */
void asktext_details(FILE *out, const struct ask_server *s);

#endif
