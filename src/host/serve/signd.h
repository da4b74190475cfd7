/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signd.h - answers to clients of Active Directory, signed by Samba, which
 * alone knows the keys of their machines (restrict mssntp).
 *
 * Samba listens on a stream socket. A frame is its length, then a version, what
 * is wanted, a number of ours, the client's key and the packet; the reply has
 * the packet with its code, or that there is none ([MS-SNTP]; Samba's
 * ntp_signd). Nothing here waits: what Samba does not sign in time, or at all,
 * is not answered, and the client asks again.
 */
#ifndef HOST_SIGND_H
#define HOST_SIGND_H

#include <sys/un.h>

#include "core/serve/server.h"
#include "host/clock/sysclock.h"
#include "host/system/journal.h"

#define SIGND_JOBS 64      /* with Samba at one time; more are dropped */
#define SIGND_PATIENCE_S 2 /* for an answer, and until another attempt */
#define SIGND_SIGNED (PACKET_LEN + 4 + SERVER_SAMBA_MAC)
#define SIGND_FRAME (16 + SIGND_SIGNED) /* the longest that it sends us */
#define SIGND_DIR "/var/lib/samba/ntp_signd"

struct signd_job {
	bool used;
	uint16_t number;
	instant since;
	netaddr from, to; /* of the request */
	uint8_t packet[PACKET_LEN];
	uint8_t key[4]; /* as the client has it */
};

struct signd {
	struct sockaddr_un path;
	bool usable;  /* the path fits */
	bool said;    /* that it cannot be reached */
	int fd;       /* -1: not connected */
	instant next; /* when to try again, while it is not */
	uint16_t number;
	struct signd_job jobs[SIGND_JOBS];
	uint8_t in[SIGND_FRAME];
	size_t in_len;
	struct journal *journal;
	uint64_t asked, granted, refused, lost;
};

/* The directory of its socket; NULL: the usual one. */
void signd_init(struct signd *s, const char *dir, struct journal *j);
void signd_close(struct signd *s);

/* Asks for a code of `answer`, to this request of SERVER_SIGN. */
void signd_ask(struct signd *s, const struct request *req,
	       const uint8_t answer[PACKET_LEN], instant now);
/*
 * Something is readable: one packet to be sent, SIGND_SIGNED octets in
 * `packet`, from the address that was asked. False: there is none (any more).
 */
MUST_USE bool signd_take(struct signd *s, instant now, struct signd_job *job,
			 uint8_t packet[SIGND_SIGNED]);

#endif
