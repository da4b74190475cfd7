/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpd_reload.h - the settings that ntpd's files and command line make, while
 * it runs; see host/reload.h.
 */
#ifndef PROGRAMS_NTPD_RELOAD_H
#define PROGRAMS_NTPD_RELOAD_H

#include "host/loop.h"
#include "programs/ntpd_options.h"

struct ntpd_reload {
	const struct ntpd_options *options;
	struct journal *journal;
};

/* `reload` must outlive the reader. */
struct settings_reader ntpd_reload_reader(struct ntpd_reload *reload);

#endif
