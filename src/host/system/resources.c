/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/system/resources.h"

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

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec * 1e-6;
}

struct usage resources_used(void)
{
	struct rusage r = { .ru_maxrss = 0 };

	(void)getrusage(RUSAGE_SELF, &r);
	return (struct usage){
		.user_s = seconds(&r.ru_utime),
		.system_s = seconds(&r.ru_stime),
		.most_kib = (uint64_t)r.ru_maxrss,
		.counts = { [USAGE_MINOR_FAULTS] = (uint64_t)r.ru_minflt,
			    [USAGE_MAJOR_FAULTS] = (uint64_t)r.ru_majflt,
			    [USAGE_SWAPS] = (uint64_t)r.ru_nswap,
			    [USAGE_BLOCKS_IN] = (uint64_t)r.ru_inblock,
			    [USAGE_BLOCKS_OUT] = (uint64_t)r.ru_oublock,
			    [USAGE_WAITS] = (uint64_t)r.ru_nvcsw,
			    [USAGE_PREEMPTIONS] = (uint64_t)r.ru_nivcsw,
			    [USAGE_SIGNALS] = (uint64_t)r.ru_nsignals },
	};
}
