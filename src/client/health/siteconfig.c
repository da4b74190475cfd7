/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * siteconfig.c - asks `ntpd --check`, the program beside this one, what the
 * configuration means, and looks at the files that it names.
 */
#include <fcntl.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/health/siteparts.h"
#include "host/clock/leapfile.h"
#include "host/system/store.h"

#define USUAL "/etc/ntp.conf"
#define PATH_TEXT 4096
#define LINES_MOST 100000

static void keep(char *out, size_t size, const char *text)
{
	struct text t = text_over(out, size);

	text_escaped(&t, text, strlen(text));
}

/* The -c of the running daemon's command line, if it is given in the open. */
static bool named_config(int pid, char path[PATH_TEXT])
{
	char name[64], line[PATH_TEXT];
	size_t len, at = 0;
	FILE *f;

	(void)snprintf(name, sizeof(name), "/proc/%d/cmdline", pid);
	f = fopen(name, "re");
	len = f ? fread(line, 1, sizeof(line) - 1, f) : 0;
	line[len] = '\0';
	if (f) {
		(void)fclose(f);
	}
	while (at < len) {
		const char *word = line + at;

		at += strlen(word) + 1;
		if ((strcmp(word, "-c") == 0 ||
		     strcmp(word, "--configfile") == 0) &&
		    at < len) {
			(void)snprintf(path, PATH_TEXT, "%s", line + at);
			return path[0] == '/';
		}
	}
	return false;
}

/* The ntpd that was installed with this program. */
static bool ntpd_beside(char path[PATH_TEXT])
{
	static const char *const others[] = { "/../sbin/ntpd", "/ntpd" };
	char self[PATH_TEXT];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len <= 0) {
		return false;
	}
	self[len] = '\0';
	const char *folder = dirname(self);

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		int n = snprintf(path, PATH_TEXT, "%s%s", folder, others[i]);

		if (n > 0 && n < PATH_TEXT && access(path, X_OK) == 0) {
			return true;
		}
	}
	return false;
}

/* Its standard output and its errors, one after the other, in one stream. */
static FILE *run_check(const char *ntpd, const char *config, pid_t *child)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0) {
		return NULL;
	}
	*child = fork();
	if (*child == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)dup2(ends[1], STDERR_FILENO);
		(void)execl(ntpd, "ntpd", "--check", "-c", config,
			    (char *)NULL);
		_exit(127);
	}
	(void)close(ends[1]);
	if (*child < 0) {
		(void)close(ends[0]);
		return NULL;
	}
	return fdopen(ends[0], "r");
}

/* `word "value"`, as the configuration is printed. */
static bool is_word(const char *line, const char *word, char *value,
		    size_t size)
{
	size_t len = strlen(word);

	if (strncmp(line, word, len) != 0 || line[len] != ' ' ||
	    line[len + 1] != '"') {
		return false;
	}
	(void)snprintf(value, size, "%s", line + len + 2);
	value[strcspn(value, "\"")] = '\0';
	return true;
}

/*
 * "PATH:7:0: what is wrong": of the file itself, or of one that it includes or
 * that lies beside it. What to show: without the path of the file itself.
 */
static const char *complaint_in(const char *line, const char *config)
{
	size_t len = strlen(config);
	int end = 0;

	if (strncmp(line, config, len) == 0 && line[len] == ':') {
		return line + len + 1;
	}
	(void)sscanf(line, "/%*[^:]:%*u:%*u: %n", &end);
	return end > 0 ? line : NULL;
}

static void read_check(struct site *s, FILE *f, const char *config,
		       char drift[PATH_TEXT], char leap[PATH_TEXT])
{
	char line[PATH_TEXT];

	for (int i = 0; i < LINES_MOST && fgets(line, sizeof(line), f); i++) {
		line[strcspn(line, "\n")] = '\0';
		const char *complaint = complaint_in(line, config);

		if (complaint) {
			if (s->complaints++ == 0) {
				keep(s->complaint, sizeof(s->complaint),
				     complaint);
			}
		} else if (!is_word(line, "driftfile", drift, PATH_TEXT)) {
			(void)is_word(line, "leapfile", leap, PATH_TEXT);
		}
	}
}

/* May that user make files there? Groups of the user's aside. */
static bool writable_for(const struct stat *folder, int pid)
{
	char path[64];
	struct stat process;

	(void)snprintf(path, sizeof(path), "/proc/%d", pid);
	if (pid == 0 || stat(path, &process) != 0 || process.st_uid == 0) {
		return true;
	}
	return (folder->st_uid == process.st_uid &&
		(folder->st_mode & S_IWUSR)) ||
	       (folder->st_gid == process.st_gid &&
		(folder->st_mode & S_IWGRP)) ||
	       (folder->st_mode & S_IWOTH);
}

static void look_at_drift(struct site *s, const char *drift)
{
	char copy[PATH_TEXT];
	struct stat folder;

	if (drift[0] == '\0') {
		s->drift = SITE_DRIFT_NONE;
		return;
	}
	keep(s->driftfile, sizeof(s->driftfile), drift);
	(void)snprintf(copy, sizeof(copy), "%s", drift);
	if (stat(dirname(copy), &folder) != 0 || !S_ISDIR(folder.st_mode)) {
		s->drift = SITE_DRIFT_NO_FOLDER;
	} else {
		s->drift = writable_for(&folder, s->pid) ? SITE_DRIFT_GOOD
							 : SITE_DRIFT_READONLY;
	}
}

/* Read as the daemon reads it; whether it looks at the hash is not known. */
static void look_at_leap(struct site *s, const char *leap)
{
	const char *path = leap[0] != '\0' ? leap : LEAPFILE_USUAL;
	struct leap_table table;
	size_t len;
	char *text = store_read(path, &len);

	keep(s->leapfile, sizeof(s->leapfile), path);
	s->leap_known = true;
	s->leap_expire_s = NAN;
	if (text &&
	    leap_is_good(leap_parse(&table, text, len, false).verdict)) {
		s->leap_expire_s = (double)table.expires;
	}
	free(text);
}

void site_look_at_config(struct site *s)
{
	char config[PATH_TEXT] = USUAL, ntpd[PATH_TEXT];
	static char drift[PATH_TEXT], leap[PATH_TEXT];
	pid_t child = -1;
	int status;

	drift[0] = leap[0] = '\0';
	if (s->pid != 0 && !named_config(s->pid, config)) {
		(void)snprintf(config, sizeof(config), "%s", USUAL);
	}
	if (!ntpd_beside(ntpd)) {
		return;
	}
	keep(s->config, sizeof(s->config), config);
	s->config_known = true;
	s->config_missing = access(config, R_OK) != 0;
	if (s->config_missing) {
		return;
	}
	FILE *f = run_check(ntpd, config, &child);

	if (f) {
		read_check(s, f, config, drift, leap);
		(void)fclose(f);
	}
	if (child > 0) {
		(void)waitpid(child, &status, 0);
	}
	look_at_drift(s, drift);
	look_at_leap(s, leap);
}
