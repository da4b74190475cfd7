/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/files/statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/system/store.h"

#define BOOT_DIGITS ((size_t)2 * BOOT_ID)
/* The kernel's, or where it shows us none that of who started us. */
#define BOOT_VARIABLE "BOOT_ID"
#define BOOT_PATH "/proc/sys/kernel/random/boot_id"

void statefile_boot(uint8_t boot[BOOT_ID])
{
	size_t len = 0, digits = 0;
	char *read = store_read(BOOT_PATH, &len);
	const char *text = read ? read : getenv(BOOT_VARIABLE);

	len = read || !text ? len : strlen(text);
	memset(boot, 0, BOOT_ID);
	for (size_t i = 0; text && i < len && digits < BOOT_DIGITS; i++) {
		static const char hex[] = "0123456789abcdef";
		const char *digit = memchr(hex, text[i], sizeof(hex) - 1);

		if (digit) {
			uint8_t *b = &boot[digits++ / 2];

			*b = (uint8_t)(*b << 4 | (digit - hex));
		}
	}
	free(read);
	if (digits < BOOT_DIGITS) {
		memset(boot, 0, BOOT_ID);
	}
}

bool statefile_path(const struct config *c, char path[STATEFILE_PATH])
{
	int len;

	if (c->statefile) {
		len = snprintf(path, STATEFILE_PATH, "%s", c->statefile);
	} else if (c->driftfile) {
		len = snprintf(path, STATEFILE_PATH, "%s.state", c->driftfile);
	} else {
		return false;
	}
	return len > 0 && len < STATEFILE_PATH;
}

/* Who owns the directory can put any file there. */
static bool owns_directory(const char *path, uid_t uid)
{
	char folder[STATEFILE_PATH];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;
	struct stat st;

	if (len >= sizeof(folder)) {
		return false;
	}
	memcpy(folder, path, len);
	folder[len] = '\0';
	return stat(len > 0 ? folder : ".", &st) == 0 && st.st_uid == uid;
}

static int check(const struct stat *st, const char *path)
{
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		return EPERM;
	}
	if (st->st_uid != 0 && st->st_uid != geteuid() &&
	    !owns_directory(path, st->st_uid)) {
		return EPERM;
	}
	return (size_t)st->st_size > SNAPSHOT_MOST ? EFBIG : 0;
}

uint8_t *statefile_read(const char *path, size_t *len, int *error)
{
	struct stat st;
	int fd = store_open(path, O_NOFOLLOW, &st);
	uint8_t *bytes = NULL;

	if (fd < 0) {
		*error = errno == ELOOP ? EPERM : errno;
		return NULL;
	}
	*error = check(&st, path);
	if (*error == 0) {
		bytes = (uint8_t *)store_read_from(fd, len);
		*error = bytes ? 0 : errno;
	}
	close(fd);
	return bytes;
}

uint8_t *statefile_load(const struct config *c, struct journal *j, size_t *len)
{
	char path[STATEFILE_PATH];
	uint8_t *bytes;
	int error = 0;

	*len = 0;
	if (!statefile_path(c, path)) {
		return NULL;
	}
	bytes = statefile_read(path, len, &error);
	if (!bytes && error != ENOENT) {
		journal_say(j, NOTE_WARNING, "state file %s not used: %s", path,
			    error == EPERM ? "others may have written it"
					   : strerror(error));
	} else if (bytes && *len == 0) {
		journal_say(j, NOTE_WARNING,
			    "state file %s not used: it is empty", path);
	}
	return bytes;
}

int statefile_write(const char *path, struct engine *engine,
		    const struct mark *mark)
{
	uint8_t *bytes = malloc(SNAPSHOT_MOST);
	int error = -ENOMEM;

	if (bytes) {
		size_t len =
			engine_snapshot(engine, mark, bytes, SNAPSHOT_MOST);

		error = store_replace(path, (const char *)bytes, len, false);
	}
	free(bytes);
	return error;
}
