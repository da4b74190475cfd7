/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sourcestable.h - the sources of an overview as a table for a person.
 */
#ifndef CLIENT_SOURCESTABLE_H
#define CLIENT_SOURCESTABLE_H

#include <stdio.h>

#include "client/health/overview.h"

/*
 * `width`: lines are cut to so many columns; 0: they are not. `colour`: the
 * states have colours, as escape sequences.
 */
void sourcestable_print(FILE *out, const struct overview *o, unsigned width,
			bool colour);

#endif
