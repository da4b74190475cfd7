/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * departures.h - when answers left, for the interleaved mode: which ones the
 * kernel is to be asked for, and what it says.
 *
 * It is asked by a word that goes with the datagram, so others cost nothing.
 * Its stamp comes back through the socket's error queue, with the datagram: it
 * is known by the receive stamp in it. A stamp that is not there when a batch
 * has been sent is taken when the socket is looked at next.
 */
#ifndef HOST_DEPARTURES_H
#define HOST_DEPARTURES_H

#include "core/serve/server.h"
#include "host/serve/udpbatch.h"

#define DEPARTURES 64 /* answers whose stamps may be awaited */

struct departures {
	void *memory; /* of the stamps held */
	struct interleave *held;
	bool by_kernel;
	size_t next, fresh; /* fresh: of the batch that is being made */
	struct departure {
		struct interleave_due due;
		size_t len; /* of the datagram; 0: nothing is awaited */
	} awaited[DEPARTURES];
};

/*
 * Without memory nothing is held, and all answers are of the basic mode. Not
 * `by_kernel`: our own clock after sending is as good.
 */
void departures_init(struct departures *d, bool by_kernel);
void departures_end(struct departures *d);

/* After server_respond() has made `a` with the stamps held here. */
void departures_expect(struct departures *d, struct udp_answer *a);
/* A batch has been sent. */
void departures_sent(struct departures *d, int fd);
/* Takes what the kernel has to say, and what it says of anything else. */
void departures_collect(struct departures *d, int fd);

#endif
