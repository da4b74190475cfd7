/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/files/dropins.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/system/store.h"

#define ENDING ".conf"

/* Hidden files, and what editors and package managers leave, are none. */
static bool is_dropin(const char *name)
{
	size_t len = strlen(name), end = strlen(ENDING);

	return len > end && name[0] != '.' &&
	       strcmp(name + len - end, ENDING) == 0;
}

/* The directory of the configuration file, and ours in it. */
static bool directory_of(const char *path, char dir[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	int len = slash ? (int)(slash - path + 1) : 0;
	int n = snprintf(dir, PATH_MAX, "%.*s" DROPINS_DIRECTORY, len, path);

	return n > 0 && n < PATH_MAX;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct dropin *)a)->path,
		      ((const struct dropin *)b)->path);
}

static bool add(struct dropins *d, const char *dir, const char *name)
{
	size_t size = strlen(dir) + strlen(name) + 2;
	struct dropin *f = &d->files[d->count];
	char *path = d->count < DROPINS_MOST ? malloc(size) : NULL;

	if (!path) {
		return false;
	}
	(void)snprintf(path, size, "%s/%s", dir, name);
	*f = (struct dropin){ .path = path };
	d->count++;
	return true;
}

static bool list(struct dropins *d, const char *dir, DIR *folder)
{
	const struct dirent *entry;

	while ((entry = readdir(folder))) {
		if (is_dropin(entry->d_name) && !add(d, dir, entry->d_name)) {
			return false;
		}
	}
	return true;
}

/* One that is not there has none. */
static bool list_all(struct dropins *d, const char *dir)
{
	DIR *folder = opendir(dir);
	bool good = true;

	if (folder) {
		good = list(d, dir, folder);
		closedir(folder);
	}
	return good;
}

bool dropins_read(struct dropins *d, const char *path)
{
	char dir[PATH_MAX];
	bool good;

	*d = (struct dropins){ .count = 0 };
	if (!directory_of(path, dir)) {
		return true;
	}
	d->files = calloc(DROPINS_MOST, sizeof(*d->files));
	good = d->files && list_all(d, dir) &&
	       (strcmp(dir, "/etc/" DROPINS_DIRECTORY) != 0 ||
		list_all(d, DROPINS_UNTIL_BOOT));
	if (!good) {
		dropins_free(d);
		return false;
	}
	/* Those of /etc come before those of /run. */
	qsort(d->files, d->count, sizeof(*d->files), by_path);
	for (size_t i = 0; i < d->count; i++) {
		struct dropin *f = &d->files[i];

		f->text = store_read(f->path, &f->len);
		f->len = f->text ? f->len : 0;
		d->bytes += f->len;
	}
	return true;
}

void dropins_free(struct dropins *d)
{
	for (size_t i = 0; d->files && i < d->count; i++) {
		free(d->files[i].path);
		free(d->files[i].text);
	}
	free(d->files);
	*d = (struct dropins){ .count = 0 };
}
