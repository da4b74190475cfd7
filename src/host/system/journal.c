/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/system/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

void journal_init(struct journal *j)
{
	*j = (struct journal){ .to_terminal = true, .kept = LOG_EVERYTHING };
}

/* Appends; never through a link that somebody planted (K3). */
static FILE *open_appending(const char *path)
{
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC |
			      O_NOCTTY,
		      0644);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "a");

	if (!f && fd >= 0) {
		close(fd);
	}
	if (f) {
		setvbuf(f, NULL, _IOLBF, 0);
	}
	return f;
}

static void close_file(struct journal *j)
{
	if (j->path) {
		(void)fclose(j->file);
		free(j->path);
	}
	j->file = NULL;
	j->path = NULL;
}

bool journal_open_file(struct journal *j, const char *path)
{
	FILE *f;
	char *kept;

	if (strcmp(path, "stderr") == 0) {
		close_file(j);
		j->to_terminal = true;
		j->to_syslog = false;
		return true;
	}
	if (strcmp(path, "stdout") == 0) {
		close_file(j);
		j->file = stdout;
		j->to_terminal = j->to_syslog = false;
		setvbuf(stdout, NULL, _IOLBF, 0);
		return true;
	}
	f = open_appending(path);
	kept = f ? strdup(path) : NULL;
	if (!kept) {
		if (f) {
			(void)fclose(f);
		}
		return false;
	}
	close_file(j);
	j->file = f;
	j->path = kept;
	j->to_syslog = false;
	return true;
}

/* systemd says which file that would be. */
static bool is_terminal_logged(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) != 0) {
		return false;
	}
	(void)snprintf(ours, sizeof(ours), "%llu:%llu",
		       (unsigned long long)st.st_dev,
		       (unsigned long long)st.st_ino);
	return strcmp(ours, stream) == 0;
}

void journal_open_syslog(struct journal *j)
{
	close_file(j);
	j->to_terminal &= !is_terminal_logged();
	openlog("ntpd", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	j->to_syslog = true;
}

void journal_reopen(struct journal *j)
{
	FILE *f = j->path ? open_appending(j->path) : NULL;

	if (f) {
		(void)fclose(j->file);
		j->file = f;
	}
}

void journal_detach(struct journal *j)
{
	j->to_terminal = false;
}

void journal_close(struct journal *j)
{
	close_file(j);
	if (j->to_syslog) {
		closelog();
	}
}

static int syslog_priority(enum note_level level)
{
	static const int priorities[] = {
		[NOTE_DEBUG] = LOG_DEBUG,   [NOTE_INFO] = LOG_INFO,
		[NOTE_NOTICE] = LOG_NOTICE, [NOTE_WARNING] = LOG_WARNING,
		[NOTE_ERROR] = LOG_ERR,
	};

	return priorities[level];
}

/* The C locale's month names, whatever the operator's language is. */
static void write_line(FILE *f, const char *text)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr",
					    "May", "Jun", "Jul", "Aug",
					    "Sep", "Oct", "Nov", "Dec" };
	time_t now = time(NULL);
	struct tm tm;

	if (!localtime_r(&now, &tm)) {
		tm = (struct tm){ .tm_mday = 1 };
	}
	(void)fprintf(f, "%2d %s %02d:%02d:%02d ntpd[%ld]: %s\n", tm.tm_mday,
		      months[tm.tm_mon], tm.tm_hour, tm.tm_min, tm.tm_sec,
		      (long)getpid(), text);
}

static void write_everywhere(struct journal *j, enum note_level level,
			     const char *text)
{
	if (j->to_terminal && level >= j->terminal_least) {
		write_line(stderr, text);
	}
	if (j->file) {
		write_line(j->file, text);
	}
	if (j->to_syslog) {
		syslog(syslog_priority(level), "%s", text);
	}
}

void journal_say(struct journal *j, enum note_level level, const char *format,
		 ...)
{
	char line[JOURNAL_LINE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	write_everywhere(j, level, line);
}

/* Our levels in the words of logconfig, which knows types. */
static bool is_kept(const struct journal *j, enum note_id id)
{
	enum note_class class = note_class(id);

	switch (note_level(id)) {
	case NOTE_DEBUG:
	case NOTE_INFO:
		return j->kept & (LOG_BIT(class, LOGTYPE_INFO) |
				  LOG_BIT(class, LOGTYPE_EVENTS));
	case NOTE_NOTICE:
		return j->kept & (LOG_BIT(class, LOGTYPE_EVENTS) |
				  LOG_BIT(class, LOGTYPE_STATUS));
	case NOTE_WARNING:
	case NOTE_ERROR:
		break;
	}
	return true;
}

void journal_note(struct journal *j, const struct note *n)
{
	char line[JOURNAL_LINE];
	struct text text = text_over(line, sizeof(line));

	if (!is_kept(j, n->id)) {
		return;
	}
	note_print(n, &text);
	write_everywhere(j, note_level(n->id), line);
}
