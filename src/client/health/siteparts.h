/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * siteparts.h - the parts of site_look().
 */
#ifndef CLIENT_SITEPARTS_H
#define CLIENT_SITEPARTS_H

#include "client/health/site.h"

/* siteprocess.c: pid, program, holder, rival, rights, container. */
void site_look_at_processes(struct site *s);

/*
 * siteconfig.c: what `ntpd --check` says of the configuration; drift and leap
 * file that it names.
 */
void site_look_at_config(struct site *s);

/* siteprobe.c: looks names up, and asks sources that are silent. */
void site_probe(struct site *s, const struct overview *o);

#endif
