/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * invariant.c - what a tool does when it finds itself broken.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"

_Noreturn void invariant_failed(const char *cond, const char *file, int line)
{
	fprintf(stderr, "%s:%d: invariant: %s\n", file, line, cond);
	abort();
}
