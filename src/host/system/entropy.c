/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/system/entropy.h"

#include <sys/random.h>

bool entropy_draw(void *bytes, size_t len)
{
	return getrandom(bytes, len, 0) == (ssize_t)len;
}
