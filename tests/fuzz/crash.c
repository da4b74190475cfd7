/* SPDX-License-Identifier: BSD-2-Clause */
/* A broken invariant is a finding: it says what, and crashes. */
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"

_Noreturn void invariant_failed(const char *cond, const char *file, int line)
{
	(void)fprintf(stderr, "%s:%d: invariant: %s\n", file, line, cond);
	abort();
}
