/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interleave.h - when our answers really left, for clients that come back to
 * ask for it: the interleaved mode of RFC 9769, in memory of a fixed size (F8).
 *
 * Such a client names the receive stamp of our last answer as its origin, and
 * gets the true transmit stamp of that answer in the next one. Receive stamps
 * of ours are odd and transmit stamps even, so that a client of the basic mode,
 * whatever it has in its origin, neither gets nor costs anything. A stamp is
 * held for the address that it was given to, and used up by one answer.
 *
 * A place is found by a keyed hash; each network (IPv4 address, IPv6 /64) has
 * no more than 64 of them (D4). Who has shown by one answer that he gets our
 * answers keeps his place against all who have not: forged requests, however
 * many, do not end the mode for those who use it.
 *
 * Not shared: each serving thread has its own.
 */
#ifndef CORE_INTERLEAVE_H
#define CORE_INTERLEAVE_H

#include "base/netaddr.h"
#include "base/ntptime.h"
#include "base/siphash.h"
#include "wire/packet.h"

#define INTERLEAVE_PLACES 65536 /* of 16 octets: 1 MiB */

/*
 * The lowest bit tells receive stamps from transmit stamps. The two above tell
 * those apart that the clock gave twice, and one more those of the program in
 * the kernel (FAST_MARK), which nobody holds. All four are 4 ns.
 */
#define INTERLEAVE_RECEIVED UINT64_C(1)
#define INTERLEAVE_SERIALS 4
#define INTERLEAVE_MARK UINT64_C(15)

/* What the host is to tell of an answer: when it left. */
struct interleave_due {
	uint32_t place; /* 0: nobody will ask */
	tstamp key;     /* its receive stamp */
	span ahead;     /* of the time that is served before ours: smear */
};

struct interleave {
	struct siphash_key hash;
	struct interleave_due due;
	uint32_t serial, jumps;
	uint8_t pad[CACHE_LINE - sizeof(struct siphash_key) -
		    sizeof(struct interleave_due) - 2 * sizeof(uint32_t)];
	struct interleave_place {
		tstamp received; /* zero: free */
		uint32_t whose;
		uint32_t lasted; /* until it left, in 2^-32 s; 0: not told */
	} places[];
};

/* Bytes. */
size_t interleave_size(void);
/* `memory` is zeroed; aligned to 64 octets, a look-up costs one line. */
struct interleave *interleave_init(void *memory, const uint8_t seed[RNG_SEED]);

/*
 * Whether a request may have to do with this mode, by its origin. If not, all
 * that there is to do for it is to mark the stamps of its answer: whoever comes
 * back for a stamp has to know a receive stamp of ours when he sees one.
 */
static inline bool interleave_concerns(tstamp origin)
{
	return origin.v & INTERLEAVE_RECEIVED;
}

static inline void interleave_mark(struct interleave *h, tstamp *receive,
				   tstamp *transmit)
{
	uint64_t serial = h->serial++ % INTERLEAVE_SERIALS;

	receive->v = (receive->v & ~INTERLEAVE_MARK) | serial << 1 |
		     INTERLEAVE_RECEIVED;
	transmit->v &= ~INTERLEAVE_RECEIVED;
}

/*
 * `a` is the answer of the basic mode to `q`, complete, made at `now` for
 * `from`; makes of it what it is in this mode. `jumps` is the view's. True: it
 * has a transmit stamp that was held.
 */
bool interleave_answer(struct interleave *h, const struct packet *q,
		       const netaddr *from, uint32_t jumps, tstamp now,
		       struct packet *a);
/* Of the answer that was made last; asked for once, before the next. */
struct interleave_due interleave_due(struct interleave *h);
/* It left at `sent`, by the best clock there is. Never told: never held. */
void interleave_sent(struct interleave *h, const struct interleave_due *due,
		     tstamp sent);

#endif
