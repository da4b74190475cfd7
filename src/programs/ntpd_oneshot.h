/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpd_oneshot.h - what ntpd does without becoming a daemon: it shows what it
 * makes of its configuration. Each returns the exit code.
 */
#ifndef PROGRAMS_NTPD_ONESHOT_H
#define PROGRAMS_NTPD_ONESHOT_H

#include "programs/ntpd_config.h"

/* The normal form, and all complaints; a failure when there is one. */
int ntpd_check_config(const struct ntpd_config *c);
/* The normal form into a file. */
int ntpd_save_config(const struct ntpd_config *c, const char *path);

#endif
