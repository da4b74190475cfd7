/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xpeer.h - the interleaved mode between peers (`peer ... xleave`, RFC 9769,
 * section 3): a packet tells when the one before it really left.
 *
 * Such a packet names the receive stamp of the peer's last packet, where one
 * of the basic mode names its transmit stamp; it is an answer all the same.
 * The peer takes the transmit stamp in it for that of our last packet that it
 * has. So it is only sent when that must be so: first after a packet that
 * answered ours, and when that one of ours was the only one since the answer
 * before.
 *
 * It is we who choose the mode (D3): `xleave` stands on the line, or not. Who
 * does not follow is talked to in the basic mode, and tried again ever more
 * rarely.
 */
#ifndef CORE_XPEER_H
#define CORE_XPEER_H

#include "core/estimate/exchange.h"
#include "core/event.h"
#include "wire/packet.h"

/* A packet of ours, to be answered. */
struct xpeer_ours {
	tstamp told; /* its receive stamp; zero: there is none */
	uint16_t exchange;
	bool interleaved;
	bool known; /* when it left: */
	tstamp left;
	enum stamp_origin origin;
};

/* Of a packet of the peer's, as our next one takes it back. */
struct carried {
	tstamp transmit, receive; /* theirs */
	tstamp received;          /* ours */
	enum stamp_origin origin; /* of that */
	bool answers;             /* the packet of ours that was the last: */
	bool open;                /* to be measured when its stamp is told */
	struct xpeer_ours answered;
};

struct xpeer {
	struct xpeer_ours ours;
	struct carried named; /* whose arrival `ours` tells */
	uint8_t serial;
	uint8_t sent, sent_before; /* of ours, since its last answer; until it
				    */
	bool follows;              /* it has been heard in this mode */
	uint8_t waits;             /* its answers in a row that are `open` */
	uint8_t missed;            /* packets of this mode in a row, in vain */
	uint8_t rests;             /* how often that was enough */
	uint16_t resting;          /* packets in the basic mode to come */
};

/* All stamps are void, but nothing is forgotten of the peer. */
void xpeer_forget(struct xpeer *x);
/*
 * Makes a packet that answers `c` one of this mode where it may be: true.
 * Then its transmit stamp is that of our last one.
 */
MUST_USE bool xpeer_form(struct xpeer *x, const struct carried *c,
			 struct packet *p);
/*
 * This packet goes out, and takes back `c`. `expected`: it is the one that is
 * to be answered from now on.
 */
void xpeer_put(struct xpeer *x, const struct carried *c,
	       const struct xpeer_ours *ours, bool expected);
/* When it really left. */
void xpeer_sent(struct xpeer *x, const struct event *ev);

/* Does it answer our last packet in this mode? */
bool xpeer_is(const struct xpeer *x, const struct packet *p);
/* It answered our last packet, and is whose it should be. */
void xpeer_answered(struct xpeer *x, bool interleaved);
/*
 * The answer before this one, whose transmit stamp this one has. Of it the
 * checks hold that hold of any.
 */
struct packet xpeer_earlier(const struct xpeer *x, const struct packet *p);
/*
 * An answer of the basic mode: is it better to wait until it is told when it
 * left? Not for long, whoever it is of.
 */
MUST_USE bool xpeer_waits(struct xpeer *x);
/*
 * What an answer of this mode completes: `now` is the exchange that ends with
 * it. Of two exchanges with that stamp the shorter one is better known. False:
 * none, or it has been measured. *worst: the worst of our stamps.
 */
MUST_USE bool xpeer_complete(const struct xpeer *x, const struct packet *p,
			     enum stamp_origin sent_origin,
			     struct exchange *now, enum stamp_origin *worst);

#endif
