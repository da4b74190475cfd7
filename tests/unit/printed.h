/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * printed.h - what a function prints to a FILE, as a string: open_out() and
 * close_out() are the set-up and the end of a test.
 */
#ifndef TESTS_PRINTED_H
#define TESTS_PRINTED_H

#include <stdio.h>
#include <stdlib.h>

static char *printed;
static size_t printed_len;
static FILE *out;

static inline int open_out(void **state)
{
	(void)state;
	out = open_memstream(&printed, &printed_len);
	return out ? 0 : -1;
}

static inline const char *finished(void)
{
	fclose(out);
	out = NULL;
	return printed;
}

static inline int close_out(void **state)
{
	(void)state;
	if (out) { /* a test that prints nothing does not look at it */
		(void)finished();
	}
	free(printed);
	printed = NULL;
	return 0;
}

#endif
