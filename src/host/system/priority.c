/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/system/priority.h"

#include <errno.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/resource.h>

static int become(int policy, int level)
{
	const struct sched_param param = { .sched_priority = level };

	return sched_setscheduler(0, policy, &param) == 0 ? 0 : -errno;
}

int priority_real_time(int level)
{
	const struct rlimit most = { (rlim_t)level, (rlim_t)level };
	int error = become(SCHED_FIFO, level);

	if (error == 0) {
		/* Where that is refused, who drops root never rests. */
		(void)setrlimit(RLIMIT_RTPRIO, &most);
	}
	return error;
}

static bool is_privileged(void)
{
	cap_flag_value_t has = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (caps) {
		(void)cap_get_flag(caps, CAP_SYS_NICE, CAP_EFFECTIVE, &has);
		cap_free(caps);
	}
	return has == CAP_SET;
}

/* Who has dropped root comes back by the limit alone. */
static bool may_come_back(int level)
{
	struct rlimit most;

	return is_privileged() || (getrlimit(RLIMIT_RTPRIO, &most) == 0 &&
				   most.rlim_cur >= (rlim_t)level);
}

int priority_rest(void)
{
	struct sched_param param;

	if (sched_getscheduler(0) != SCHED_FIFO ||
	    sched_getparam(0, &param) != 0 ||
	    !may_come_back(param.sched_priority) ||
	    become(SCHED_OTHER, 0) != 0) {
		return 0;
	}
	return param.sched_priority;
}

void priority_resume(int level)
{
	if (level > 0) {
		(void)become(SCHED_FIFO, level);
	}
}
