/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resources.h - what the process may use of the machine: the rlimit line.
 */
#ifndef HOST_RESOURCES_H
#define HOST_RESOURCES_H

#include "config/config.h"
#include "host/journal.h"

/*
 * Sets what the line says, while we are still privileged. What the system
 * refuses is said and survived.
 */
void resources_limit(const struct rlimit_config *limits, struct journal *j);

#endif
