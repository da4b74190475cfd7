/* SPDX-License-Identifier: BSD-2-Clause */
#include "migrate/migrate.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "migrate/draft.h"

static const struct {
	const char *name;
	void (*read)(struct draft *d, const char *path);
} kinds[MIGRATE_KINDS] = {
	[MIGRATE_CHRONY] = { "chrony", chrony_read },
	[MIGRATE_NTP] = { "ntp", ntp_read },
	[MIGRATE_OPENNTPD] = { "openntpd", openntpd_read },
	[MIGRATE_TIMESYNCD] = { "timesyncd", timesyncd_read },
};

/* The usual places; timesyncd's is on most systems, used or not: the last. */
static const struct {
	const char *path;
	enum migrate_from kind;
} places[] = {
	{ "/etc/chrony/chrony.conf", MIGRATE_CHRONY },
	{ "/etc/chrony.conf", MIGRATE_CHRONY },
	{ "/etc/ntpsec/ntp.conf", MIGRATE_NTP },
	{ "/etc/openntpd/ntpd.conf", MIGRATE_OPENNTPD },
	{ "/etc/ntpd.conf", MIGRATE_OPENNTPD },
	{ "/etc/systemd/timesyncd.conf", MIGRATE_TIMESYNCD },
	{ "/usr/lib/systemd/timesyncd.conf", MIGRATE_TIMESYNCD },
};

const char *migrate_name(enum migrate_from kind)
{
	return kinds[kind].name;
}

bool migrate_kind_of(const char *path, enum migrate_from *kind)
{
	static const struct {
		const char *name;
		enum migrate_from kind;
	} names[] = { { "chrony.conf", MIGRATE_CHRONY },
		      { "ntp.conf", MIGRATE_NTP },
		      { "ntpd.conf", MIGRATE_OPENNTPD },
		      { "timesyncd.conf", MIGRATE_TIMESYNCD } };
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(base, names[i].name) == 0) {
			*kind = names[i].kind;
			return true;
		}
	}
	return false;
}

const char *migrate_find(void)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (access(places[i].path, R_OK) == 0) {
			return places[i].path;
		}
	}
	return NULL;
}

struct migrate_result migrate(enum migrate_from kind, const char *from,
			      FILE *to)
{
	struct draft d;
	int err = draft_open(&d);

	if (err != 0) {
		return (struct migrate_result){ .err = err };
	}
	kinds[kind].read(&d, from);
	if (d.err == 0) {
		draft_print(&d, from, to);
	}
	struct migrate_result r = { .err = d.err,
				    .sources = d.sources,
				    .left = d.left };

	draft_close(&d);
	return r;
}
