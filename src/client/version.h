/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * version.h - the line that says which tool of which version this is.
 */
#ifndef CLIENT_VERSION_H
#define CLIENT_VERSION_H

#include "base/compiler.h"

#define VERSION_LINE(program) program " truechimer " TRUECHIMER_VERSION

#endif
