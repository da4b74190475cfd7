/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * votes.h - which sources are not independent (E6).
 *
 * Three servers behind one receiver say what that one says, three times. So
 * sources have one vote together when they tell of the same upstream, when
 * one tells that it follows another of ours, or when they are of one public
 * network (/24, /48) and so of one hand. Servers of a private network are the
 * operator's own: for them being neighbours says nothing.
 *
 * What a server tells of its upstream is a claim. Each has one upstream at
 * most, so that a liar can join one vote, at the price of its own, but never
 * tie the votes of others together.
 */
#ifndef CORE_VOTES_H
#define CORE_VOTES_H

#include "base/netaddr.h"
#include "core/select/selection.h"

/* For candidate.network: the public network of an address, else 0. */
uint64_t votes_network(const netaddr *addr);

/* Fills in `vote`, from what each says of itself: stratum, refid, identity. */
void votes_find(struct candidate *candidates, size_t count);

#endif
