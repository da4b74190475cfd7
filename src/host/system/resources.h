/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resources.h - what the process may use of the machine (the rlimit line), and
 * what it did.
 */
#ifndef HOST_RESOURCES_H
#define HOST_RESOURCES_H

#include "config/config.h"
#include "core/hostfacts.h"
#include "host/system/journal.h"

/*
 * Sets what the line says, while we are still privileged. What the system
 * refuses is said and survived.
 */
void resources_limit(const struct rlimit_config *limits, struct journal *j);

/* What it has used so far, the threads' share included. */
struct usage resources_used(void);

#endif
