/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/net/resolvwatch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define EVENTS_ROOM 4096
#define READS_AT_ONCE 16
#define NAME "resolv.conf" /* or what ends so: systemd's stub-resolv.conf */

static void watch_folder(int fd, const char *file)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(file, '/');
	size_t len = slash ? (size_t)(slash - file) + 1 : 0;

	if (len == 0 || len >= sizeof(folder)) {
		return;
	}
	memcpy(folder, file, len);
	folder[len] = '\0';
	(void)inotify_add_watch(fd, folder,
				IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE |
					IN_ONLYDIR);
}

/*
 * It is written anew, replaced, or a link to what is: so the file, its folder,
 * and the folder that the link leads to. What is watched already stays so.
 */
static void watch(int fd, const char *path)
{
	char real[PATH_MAX];

	watch_folder(fd, path);
	(void)inotify_add_watch(fd, path, IN_CLOSE_WRITE);
	if (realpath(path, real)) {
		watch_folder(fd, real);
	}
}

int resolvwatch_open(const char *path)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0) {
		return -errno;
	}
	watch(fd, path);
	return fd;
}

static bool matters(const struct inotify_event *e, const char *name)
{
	size_t len = strnlen(name, e->len), end = strlen(NAME);

	if (e->len == 0) { /* of the file itself, or some were lost */
		return (e->mask & (IN_CLOSE_WRITE | IN_Q_OVERFLOW)) != 0;
	}
	return len >= end && memcmp(name + len - end, NAME, end) == 0;
}

bool resolvwatch_read(int fd, const char *path)
{
	char room[EVENTS_ROOM];
	bool worth = false;

	for (int i = 0; i < READS_AT_ONCE; i++) {
		ssize_t len = read(fd, room, sizeof(room));
		struct inotify_event e;

		if (len <= 0) {
			break;
		}
		for (const char *p = room; p < room + len;
		     p += sizeof(e) + e.len) {
			memcpy(&e, p, sizeof(e));
			worth |= matters(&e, p + sizeof(e));
		}
	}
	watch(fd, path);
	return worth;
}
