/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flash.h - which tests a source fails, as the bits of `flash` have them
 * (RFC 9327, section 4): of its last packet, and of itself.
 */
#ifndef CORE_FLASH_H
#define CORE_FLASH_H

#include "core/source/refclock.h"
#include "core/source/source.h"

enum flash {
	FLASH_DUP = 1 << 0,    /* pkt_dup: a copy, or an old one */
	FLASH_BOGUS = 1 << 1,  /* pkt_bogus: it answers no request of ours */
	FLASH_UNSYNC = 1 << 2, /* pkt_unsync: a timestamp is missing */
	FLASH_DENIED = 1 << 3, /* pkt_denied: a kiss, or a restrict line */
	FLASH_AUTH = 1 << 4,   /* pkt_auth */
	FLASH_PKT_STRATUM = 1 << 5,  /* pkt_stratum: it knows no time */
	FLASH_HEADER = 1 << 6,       /* pkt_header: values that cannot be */
	FLASH_STRATUM = 1 << 9,      /* peer_stratum */
	FLASH_DIST = 1 << 10,        /* peer_dist: too far from the root */
	FLASH_LOOP = 1 << 11,        /* peer_loop: its time is ours */
	FLASH_UNREACHABLE = 1 << 12, /* peer_unreach, or noselect */
};

/* What a packet of this verdict fails; 0: nothing. */
uint16_t flash_of_verdict(enum source_verdict v);
uint16_t flash_of_source(const struct source *s);
uint16_t flash_of_refclock(const struct refclock *c);

#endif
