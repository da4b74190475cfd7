/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * normalform.h - config_print() into memory that grows as it must.
 */
#ifndef HOST_NORMALFORM_H
#define HOST_NORMALFORM_H

#include "config/config.h"

/* The caller frees it; NULL: out of memory. */
MUST_USE char *normalform(const struct config *c);
/* The same with another printer of the same kind. */
MUST_USE char *normalform_by(const struct config *c,
			     void (*print)(const struct config *c,
					   struct text *out));

#endif
