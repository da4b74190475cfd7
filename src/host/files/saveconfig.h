/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * saveconfig.h - the configuration as it is now, into a new file in the
 * directory of `saveconfigdir`.
 *
 * Not for the network (I2): only for root of this host, and only where the
 * configuration file names a directory. The name has letters, digits and
 * `-._+` only, nothing is overwritten, nothing is followed (K3).
 */
#ifndef HOST_SAVECONFIG_H
#define HOST_SAVECONFIG_H

#include "config/config.h"

#define SAVECONFIG_NAME 128

/* `name` may have strftime()'s %; `out` gets what to answer. */
void saveconfig(const struct config *c, const char *name, size_t len,
		struct text *out);

#endif
