/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * priority.h - real time (-P), which is for what the clock needs. What takes
 * long and can wait is done without it: nobody else gets that processor
 * meanwhile, not even the threads that serve.
 */
#ifndef HOST_PRIORITY_H
#define HOST_PRIORITY_H

#include "base/text.h"

/*
 * Into real time, while we are still privileged; we may come back to it then.
 * 0, or a negative errno.
 */
MUST_USE int priority_real_time(int level);

/* Leaves it for a while; the level to come back to, 0: we are not in it. */
MUST_USE int priority_rest(void);
void priority_resume(int level);

#endif
