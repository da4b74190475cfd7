/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spoof.h - an attacker who cannot read, but guesses everything else right.
 *
 * For every request of its victim it sends forged answers to the right port,
 * from the right address, before and after the true one; what it lacks is the
 * request's nonce (SECURITY.md A1 to A4, A14, A17).
 */
#ifndef SIM_SPOOF_H
#define SIM_SPOOF_H

#include "sim/queue.h"

struct world;

struct spoof {
	bool on;
	unsigned victim;      /* index of the node */
	double lie_s;         /* what it wants the victim to believe */
	struct datagram past; /* the victim's last request */
	uint64_t forged;
	/* Of the last packets between peers, by sender: for who can listen. */
	bool listens;
	struct datagram heard[2];
};

/* A datagram leaves: a request of the victim sets the attacker off. */
void spoof_notice(struct world *w, unsigned from, moment at,
		  const struct datagram *gram);

/*
 * One more packet from one peer to the other (nodes 0 to 1 of `heard`, and
 * back): unsigned, signed wrongly, an old one, or the other's own sent back.
 */
void spoof_peer(struct world *w, const netaddr *from, const netaddr *to);

#endif
