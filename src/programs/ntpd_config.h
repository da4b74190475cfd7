/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpd_config.h - the configuration that the daemon runs with: the file, its
 * includes, and the command line, which has the last word.
 */
#ifndef PROGRAMS_NTPD_CONFIG_H
#define PROGRAMS_NTPD_CONFIG_H

#include "config/config.h"
#include "host/files/dropins.h"
#include "programs/ntpd_options.h"

#define NTPD_CONFIG_FILE "/etc/ntp.conf"

struct ntpd_config {
	struct config config;
	struct config_result result;  /* what is wrong with the file */
	struct config_result by_hand; /* ... with the command line */
	const char *path;
	int missing;  /* errno: it could not be read */
	void *memory; /* the arena */
	char *file_text, *line_text;
	struct dropins dropins;
};

/* False: out of memory. */
MUST_USE bool ntpd_config_load(struct ntpd_config *c,
			       const struct ntpd_options *o);
/* Looks the host names of restrict lines up; may block. */
void ntpd_config_resolve(struct ntpd_config *c);
void ntpd_config_free(struct ntpd_config *c);

/* Does -I or -L contradict interface lines of the file? */
bool ntpd_config_interfaces_clash(const struct ntpd_config *c,
				  const struct ntpd_options *o);

#endif
