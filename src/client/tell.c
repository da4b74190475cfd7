/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/tell.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "client/stamp.h"

#define LINE_TEXT 1024

void tell_open(struct tell *t, const char *program, bool to_syslog)
{
	*t = (struct tell){ .program = program,
			    .pid = (int)getpid(),
			    .syslog = to_syslog };
	if (to_syslog) {
		openlog(program, LOG_PID, LOG_DAEMON);
	}
}

static void tell_line(const struct tell *t, FILE *out, int priority,
		      const char *line)
{
	char prefix[64];
	struct text p = text_over(prefix, sizeof(prefix));

	if (t->syslog) {
		syslog(priority, "%s", line);
		return;
	}
	stamp_log_prefix(&p);
	fprintf(out, "%s %s[%d]: %s\n", prefix, t->program, t->pid, line);
	fflush(out);
}

void tell_error(const struct tell *t, const char *format, ...)
{
	char line[LINE_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	tell_line(t, stderr, LOG_ERR, line);
}

void tell_notice(const struct tell *t, const char *format, ...)
{
	char line[LINE_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	tell_line(t, stdout, LOG_NOTICE, line);
}
