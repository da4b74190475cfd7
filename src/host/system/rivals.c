/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/system/rivals.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

#include "host/system/process.h"

#define FRESH_ERROR_US 1000000 /* grows 500 ppm: half an hour unattended */

/* As process_name() has them. */
static const char *const time_daemons[] = {
	"chronyd",    "ntpd",    "openntpd",   "systemd-timesyn",
	"ntp-daemon", "phc2sys", "timemaster",
};

static bool is_time_daemon(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(time_daemons); i++) {
		if (strcmp(name, time_daemons[i]) == 0) {
			return true;
		}
	}
	return false;
}

static bool may_set_clock(pid_t pid)
{
	cap_t caps = cap_get_pid(pid);
	cap_flag_value_t has = CAP_CLEAR;

	if (!caps) {
		return false;
	}
	if (cap_get_flag(caps, CAP_SYS_TIME, CAP_PERMITTED, &has) != 0) {
		has = CAP_CLEAR;
	}
	(void)cap_free(caps);
	return has == CAP_SET;
}

bool rivals_run(long except, struct text *why)
{
	DIR *proc = opendir("/proc");
	bool found = false;
	long pid;

	while (proc && !found && (pid = process_next(proc)) != 0) {
		char name[PROCESS_NAME];

		found = pid != except && process_name(pid, name) &&
			is_time_daemon(name) && may_set_clock((pid_t)pid);
		if (found) {
			process_print(pid, name, why);
			text_str(why, " keeps this clock");
		}
	}
	if (proc) {
		(void)closedir(proc);
	}
	return found;
}

bool rivals_keep_clock(struct text *why)
{
	struct timex now = { .modes = 0 };

	if (!may_set_clock(getpid())) {
		text_str(why, "we have no right to set this clock");
		return true;
	}
	if (rivals_run(getpid(), why)) {
		return true;
	}
	if (adjtimex(&now) >= 0 && !(now.status & STA_UNSYNC) &&
	    now.maxerror < FRESH_ERROR_US) {
		text_str(why, "another program, which we cannot see, keeps "
			      "this clock");
		return true;
	}
	return false;
}

bool rivals_hold_port(uint16_t port, struct text *why)
{
	struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0) {
		return false;
	}
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) != 0) {
		error = errno;
	}
	(void)close(fd);
	if (error == 0) {
		return false;
	}
	text_str(why, error == EADDRINUSE ? "another program holds port "
					  : "we may not bind port ");
	text_u64(why, port);
	return true;
}
