/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ctl.h - asks one daemon a control question (mode 6) and waits for all of
 * its answer.
 *
 * The answer comes in fragments, in any order, from somebody who may be
 * hostile (SECURITY.md I8): the sequence number is random, the source port is
 * the kernel's draw, fragments may not overlap, there are at most
 * CTL_FRAGMENTS of them in at most CTL_ANSWER octets, and no stream of
 * packets moves the deadline. What does not belong to the question is passed
 * over in silence.
 */
#ifndef CLIENT_CTL_H
#define CLIENT_CTL_H

#include <stdio.h>

#include "base/netaddr.h"
#include "base/ntptime.h"
#include "base/rng.h"
#include "client/control/controlkey.h"
#include "wire/mode6.h"

#define CTL_FRAGMENTS 64
#define CTL_ANSWER 65536

enum ctl_result {
	CTL_OK,
	CTL_REFUSED,     /* the daemon answered with an error: answer->error */
	CTL_SILENCE,     /* nothing came, twice */
	CTL_INCOMPLETE,  /* some fragments came, not all */
	CTL_MALFORMED,   /* fragments that contradict each other */
	CTL_SYSTEM,      /* a system call failed: answer->system */
	CTL_INTERRUPTED, /* Ctrl-C, where it is caught (client/interrupt.h) */
};

/*
 * Up to so many octets a request is padded for a daemon that sends strangers
 * no more than they sent (SECURITY.md F4); with its headers it still fits
 * into every Ethernet frame.
 */
#define CTL_PADDED 1400

struct ctl {
	int fd;     /* -1: not open */
	bool local; /* a unix socket of this machine */
	uint8_t version;
	span first_wait; /* for the first fragment, and for all of them */
	span next_wait;  /* between fragments */
	unsigned tries;  /* how often to ask into silence */
	uint16_t sequence;
	size_t word; /* where a code begins: MODE6_SIGNED_WORD, or half of it */
	FILE *debug; /* where to tell of each packet, or NULL */
	struct rng rng;
};

struct ctl_request {
	enum mode6_opcode opcode;
	uint16_t assoc;
	const char *data; /* may be NULL when len is 0 */
	size_t len;       /* at most MODE6_DATA */
	size_t pad_to;    /* octets of the datagram; 0: what it needs */
	const struct controlkey *key; /* signs it; or NULL */
};

struct ctl_answer {
	uint16_t status;
	uint16_t assoc;
	uint8_t error; /* enum mode6_error, or a code yet unknown */
	int system;    /* errno */
	size_t len;
	char data[CTL_ANSWER];
};

/* With the patience of the classic tools: 5 s, 3 s, two tries. */
void ctl_init(struct ctl *c);
/* 0 or a negative errno. */
MUST_USE int ctl_open(struct ctl *c, const netaddr *daemon);
/* Likewise, by a unix socket of the daemon on this machine. */
MUST_USE int ctl_open_path(struct ctl *c, const char *path);
void ctl_close(struct ctl *c);

/*
 * A signed question that is refused is put once more with its code where
 * daemons of ntpsec look for it from 1.2.3 on; what is not refused then is kept
 * to.
 */
MUST_USE enum ctl_result ctl_ask(struct ctl *c, const struct ctl_request *q,
				 struct ctl_answer *answer);

#endif
