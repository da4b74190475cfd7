/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * associations.h - a daemon's list of associations and its classic table.
 */
#ifndef CLIENT_ASSOCIATIONS_H
#define CLIENT_ASSOCIATIONS_H

#include <stdio.h>

#include "client/control/ctl.h"

#define ASSOCIATIONS (CTL_ANSWER / 4) /* as many as an answer can hold */

struct associations {
	size_t count;
	struct association {
		uint16_t id;
		uint16_t status;
	} list[ASSOCIATIONS];
};

/*
 * From the binary answer to READSTAT, sorted by id: `&1' is the same whatever
 * the daemon's order. An odd rest at its end is dropped.
 */
void associations_parse(struct associations *a, const char *data, size_t len);

/* Was it configured, or does it answer? Others are shown on demand only. */
bool association_in_use(const struct association *a);

/* With its heading; `all` also those not in use. */
void associations_print(FILE *out, const struct associations *a, bool all);

#endif
