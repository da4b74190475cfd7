/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chrony.h - the lines of chrony.conf(5) that take more than a word. Inside
 * src/migrate only.
 */
#ifndef MIGRATE_CHRONY_H
#define MIGRATE_CHRONY_H

#include "migrate/draft.h"

/* chronysource.c: whom we ask. */
take_line take_source, take_refclock, take_local, take_broadcast;

/* chronyaccess.c: who may ask, and how often. */
take_line take_allow, take_ratelimit, take_clientloglimit, take_noclientlog;
take_line take_ntpsigndsocket;

#endif
