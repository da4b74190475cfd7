/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tell.h - the log lines of a tool: to the terminal or to syslog.
 *
 * Mail from cron and the scripts of a quarter of a century read these lines:
 * "30 Oct 19:27:16 ntpdate[4711]: adjust time server ...". Errors go to
 * stderr, everything else to stdout.
 */
#ifndef CLIENT_TELL_H
#define CLIENT_TELL_H

#include "base/compiler.h"

struct tell {
	const char *program;
	int pid; /* the one to show */
	bool syslog;
};

void tell_open(struct tell *t, const char *program, bool to_syslog);
void tell_error(const struct tell *t, const char *format, ...)
	LIKE_PRINTF(2, 3);
void tell_notice(const struct tell *t, const char *format, ...)
	LIKE_PRINTF(2, 3);

#endif
