/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entropy.h - the kernel's random bytes: what cannot be guessed begins here.
 */
#ifndef HOST_ENTROPY_H
#define HOST_ENTROPY_H

#include "base/compiler.h"

/* Up to 256 come whole or not at all (random(4)); false: errno says why. */
MUST_USE bool entropy_draw(void *bytes, size_t len);

#endif
