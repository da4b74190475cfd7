/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.h - the future: what will happen, in order of true time.
 *
 * Things of one moment happen in the order in which they were put in, so that
 * a run depends on its seed alone.
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include "base/netaddr.h"
#include "core/event.h"
#include "sim/moment.h"

enum happening {
	HAPPEN_TICK,     /* a daemon's deadline */
	HAPPEN_ARRIVAL,  /* a datagram is there */
	HAPPEN_SEEN,     /* the process gets to a datagram that came */
	HAPPEN_SENT,     /* a transmit stamp is ready */
	HAPPEN_REFUSED,  /* a request could not be sent */
	HAPPEN_RESOLVED, /* a name's addresses are known, or will not be */
	HAPPEN_READ,     /* a daemon reads its reference clock */
	HAPPEN_PULSE,    /* a reference clock writes */
	HAPPEN_FAULT,    /* a fault begins or ends */
	HAPPEN_MEASURE,  /* the oracles look at every clock */
};

#define DATAGRAM_MAX 512

struct datagram {
	netaddr from, to;
	uint16_t len;
	uint8_t data[DATAGRAM_MAX];
};

struct future {
	moment at;
	uint64_t serial;
	enum happening kind;
	unsigned node;       /* to whom */
	uint32_t generation; /* of the timer, or of the node's life */
	source_id source;
	uint16_t exchange;
	tstamp stamp;          /* SENT: T1; SEEN: of arrival */
	unsigned index;        /* FAULT: which; RESOLVED: of the name */
	bool flag;             /* FAULT: it begins */
	struct datagram *gram; /* ARRIVAL, SEEN: owned */
};

struct queue {
	struct future *heap;
	size_t count, room;
	uint64_t serial;
};

/* Copies `f`; takes the datagram over. */
void queue_put(struct queue *q, const struct future *f);
/* NULL: nothing will happen. Good until the next put or take. */
const struct future *queue_first(const struct queue *q);
MUST_USE struct future queue_take(struct queue *q);
void queue_end(struct queue *q);

#endif
