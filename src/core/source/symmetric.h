/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * symmetric.h - a peer whose packets are signed: each side asks, and each
 * answers the other (RFC 5905, section 9.2, modes 1 and 2).
 *
 * A packet carries what the sender last heard of the other side: its transmit
 * stamp, and when that came. So any packet may be the answer to any other; one
 * counts only as an answer to our last, once, and only when it is signed with
 * the peer's own key. Nothing that is not signed leaves a trace (D1, D2).
 *
 * Some peers answer at once, others only when their own poll comes. The second
 * kind gets our packets in answer to its own, and no others: what we sent last
 * is what its next packet answers.
 */
#ifndef CORE_SYMMETRIC_H
#define CORE_SYMMETRIC_H

#include "core/source/source.h"

/* The clock has jumped, or the address changed: all stamps are void. */
void symmetric_forget(struct symmetric *y);
/* False: the peer has had our packet already, in answer to its own. */
MUST_USE bool symmetric_asks(const struct source *s, instant now);
/*
 * Some answer no peer, but ask us as clients (ntpsec does): as long as no
 * peer's packet has come, every other try is a client's.
 */
bool symmetric_tries_plain(const struct source *s);
/* Our own poll, to the server's port from the server's port. */
void symmetric_ask(struct source *s, const struct event *ev,
		   const struct source_world *world, struct outbox *out);
/*
 * Takes EVENT_PEER: answers ours, asks, or is nothing. A packet that asks is
 * answered in the same moment.
 */
enum source_verdict symmetric_receive(struct source *s, const struct event *ev,
				      const struct source_world *world,
				      struct outbox *out,
				      struct sample *sample);
/*
 * A packet waited with the peer until its own poll came, while both clocks ran
 * on, at rates of their own: takes out what is known of that, and tells of the
 * rest in the sample's noise.
 */
void symmetric_settle(const struct source *s, span held, struct sample *x);

#endif
