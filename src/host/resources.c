/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/resources.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

static void complain(struct journal *j, const char *what)
{
	journal_say(j, NOTE_ERROR, "Cannot set %s: %s", what, strerror(errno));
}

/*
 * All that is there and that comes, or nothing: under a bound the next
 * allocation beyond it would fail, so the line's number is a wish at most.
 */
static void lock_memory(struct journal *j)
{
	const struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &any) != 0) {
		complain(j, "RLIMIT_MEMLOCK");
	} else if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
		complain(j, "the memory lock");
	}
}

void resources_limit(const struct rlimit_config *limits, struct journal *j)
{
	const struct rlimit files = { limits->filenum, limits->filenum };

	if (limits->filenum > 0 && setrlimit(RLIMIT_NOFILE, &files) != 0) {
		complain(j, "RLIMIT_NOFILE");
	}
	if (limits->memlock_mb >= 0) {
		lock_memory(j);
	}
}
