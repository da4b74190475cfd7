/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/resources.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define STACK_UNIT 4096
#define MB (1024 * 1024)

static void refused(struct journal *j, const char *what)
{
	journal_say(j, NOTE_ERROR, "Cannot set %s: %s", what, strerror(errno));
}

static void set(struct journal *j, const char *name, int resource,
		uint64_t value)
{
	struct rlimit limit = { .rlim_cur = value, .rlim_max = value };

	if (setrlimit(resource, &limit) != 0) {
		refused(j, name);
	}
}

/* All that is there and that comes; with 0 MB as much as it may be. */
static void lock_memory(struct journal *j, int megabytes)
{
	if (megabytes > 0) {
		set(j, "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK,
		    (uint64_t)megabytes * MB);
	}
	if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
		refused(j, "memory lock");
	}
}

void resources_limit(const struct rlimit_config *limits, struct journal *j)
{
	if (limits->stacksize_4kpages > 0) {
		set(j, "RLIMIT_STACK", RLIMIT_STACK,
		    (uint64_t)limits->stacksize_4kpages * STACK_UNIT);
	}
	if (limits->filenum > 0) {
		set(j, "RLIMIT_NOFILE", RLIMIT_NOFILE, limits->filenum);
	}
	if (limits->memlock_mb >= 0) {
		lock_memory(j, limits->memlock_mb);
	}
}
