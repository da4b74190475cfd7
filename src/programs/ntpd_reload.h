/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpd_reload.h - the settings that ntpd's files and command line make, while
 * it runs; see host/reload.h.
 */
#ifndef PROGRAMS_NTPD_RELOAD_H
#define PROGRAMS_NTPD_RELOAD_H

#include "host/files/keyfile.h"
#include "host/loop.h"
#include "programs/ntpd_config.h"
#include "programs/ntpd_options.h"

struct ntpd_reload {
	const struct ntpd_options *options;
	struct journal *journal;
	struct keyfile *keys; /* as they were read last; NULL: none */
	char *mistakes;       /* of the files then; see ntpd_mistakes.h */
};

/*
 * What `config` has wrong is known from now on. Reads the file of keys and
 * trusts what the configuration trusts; false: out of memory. What there is to
 * say goes to the journal: without it the daemon runs, and believes nothing
 * that must be signed.
 */
MUST_USE bool ntpd_reload_begin(struct ntpd_reload *reload,
				const struct ntpd_config *config,
				struct trusted_keys *keys);
void ntpd_reload_end(struct ntpd_reload *reload);
/* `reload` must outlive the reader. */
struct settings_reader ntpd_reload_reader(struct ntpd_reload *reload);

#endif
