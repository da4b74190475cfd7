/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/system/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

#define FIRST_ROOM 4096
#define DRIFT_ROOM 256 /* more than any first line of a drift file */

/* Reads until `size` or the end; the count, or -1. */
static ssize_t read_up_to(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -1;
		}
		if (n == 0) {
			break;
		}
		len += (size_t)n;
	}
	return (ssize_t)len;
}

char *store_read_from(int fd, size_t *len)
{
	size_t room = FIRST_ROOM, have = 0;
	char *text = malloc(room + 1);

	while (text) {
		ssize_t n = read_up_to(fd, text + have, room - have);

		if (n < 0) {
			break;
		}
		have += (size_t)n;
		if (have < room) {
			text[have] = '\0';
			*len = have;
			return text;
		}
		if (room >= STORE_TEXT_MAX) {
			errno = EFBIG;
			break;
		}
		room *= 2;
		char *more = realloc(text, room + 1);

		if (!more) {
			break;
		}
		text = more;
	}
	int error = text ? errno : ENOMEM;

	free(text);
	errno = error;
	return NULL;
}

int store_open(const char *path, int flags, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | flags);
	int error;

	if (fd < 0) {
		return -1;
	}
	error = fstat(fd, st) != 0 ? errno : S_ISREG(st->st_mode) ? 0 : EPERM;
	if (error) {
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

char *store_read(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;
	int error;

	if (fd < 0) {
		return NULL;
	}
	text = store_read_from(fd, len);
	error = errno;
	close(fd);
	errno = error;
	return text;
}

bool store_read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "re");
	bool got = f && fgets(line, (int)size, f);

	if (got) {
		line[strcspn(line, "\n")] = '\0';
	}
	if (f) {
		(void)fclose(f);
	}
	return got;
}

/* Takes the first word of the first line for a number. */
static bool parse_drift(const char *s, double *freq_ppm)
{
	size_t start = strspn(s, " \t"), len = strcspn(s + start, " \t\r\n");
	double v;

	if (!text_to_double(s + start, len, &v)) {
		return false;
	}
	if (v > DRIFT_MAX_PPM) {
		v = DRIFT_MAX_PPM;
	} else if (v < -DRIFT_MAX_PPM) {
		v = -DRIFT_MAX_PPM;
	}
	*freq_ppm = v;
	return true;
}

enum drift store_read_drift(const char *path, double *freq_ppm, double *age_s)
{
	char buf[DRIFT_ROOM + 1];
	enum drift result = DRIFT_BAD;
	struct stat st;
	int fd = store_open(path, 0, &st);
	ssize_t len;

	if (fd < 0) {
		return errno == ENOENT ? DRIFT_MISSING : DRIFT_BAD;
	}
	len = read_up_to(fd, buf, DRIFT_ROOM);
	if (len >= 0 && !memchr(buf, '\0', (size_t)len)) {
		buf[len] = '\0';
		result = parse_drift(buf, freq_ppm) ? DRIFT_READ : DRIFT_BAD;
		*age_s = difftime(time(NULL), st.st_mtime);
	}
	close(fd);
	return result;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return n < 0 ? -errno : -EIO;
		}
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int store_create(int folder, const char *path, const char *data, size_t len,
		 mode_t mode, bool sync)
{
	int error;
	int fd = openat(folder, path,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			mode);

	if (fd < 0) {
		return -errno;
	}
	error = write_all(fd, data, len);
	if (error == 0 && sync && fsync(fd) != 0) {
		error = -errno;
	}
	if (close(fd) != 0 && error == 0) {
		error = -errno;
	}
	if (error) {
		(void)unlinkat(folder, path, 0);
	}
	return error;
}

/* A device or a directory under our name is not ours to replace. */
static bool is_replaceable(const char *path)
{
	struct stat st;

	return lstat(path, &st) != 0 || S_ISREG(st.st_mode) ||
	       S_ISLNK(st.st_mode);
}

int store_replace(const char *path, const char *data, size_t len, bool sync)
{
	char temporary[PATH_MAX];
	int error, n;

	if (!is_replaceable(path)) {
		return -EEXIST;
	}
	n = snprintf(temporary, sizeof(temporary), "%s.TEMP", path);
	if (n < 0 || (size_t)n >= sizeof(temporary)) {
		return -ENAMETOOLONG;
	}
	/* What an earlier run left half done. */
	(void)unlink(temporary);
	error = store_create(AT_FDCWD, temporary, data, len, 0644, sync);
	if (error == 0 && rename(temporary, path) != 0) {
		error = -errno;
		(void)unlink(temporary);
	}
	return error;
}

int store_write_drift(const char *path, double freq_ppm)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "%.3f\n", freq_ppm);

	return store_replace(path, line, (size_t)len, true);
}

int store_write_pid(const char *path, pid_t pid)
{
	char number[32];
	int len = snprintf(number, sizeof(number), "%ld", (long)pid);
	int error, fd;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		  0644);
	if (fd < 0) {
		return -errno;
	}
	error = write_all(fd, number, (size_t)len);
	if (close(fd) != 0 && error == 0) {
		error = -errno;
	}
	return error;
}
