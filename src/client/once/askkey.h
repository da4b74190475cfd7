/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * askkey.h - the key of ntpdate -a, from a file of the same format as the
 * daemon's: here naming it is what makes it trusted.
 */
#ifndef CLIENT_ASKKEY_H
#define CLIENT_ASKKEY_H

#include "client/once/ask.h"
#include "client/tell.h"

enum askkey { ASKKEY_TAKEN, ASKKEY_NO_FILE, ASKKEY_UNKNOWN };

/*
 * Says what is wrong with the file. The key stays in memory until the program
 * ends.
 */
MUST_USE enum askkey askkey_take(struct ask *a, const char *path,
				 const char *number, const struct tell *tell);

#endif
