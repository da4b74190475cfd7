/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer.h - the checks that a datagram from a server must pass, in the order
 * of the pipeline of SECURITY.md. They look and write nothing; SOURCE_SAMPLE:
 * passed.
 */
#ifndef CORE_ANSWER_H
#define CORE_ANSWER_H

#include "core/source/source.h"

/* Length, mode, version, access. Fills `p`. */
enum source_verdict answer_form(const struct source *s, const struct event *ev,
				const struct source_world *world,
				struct packet *p);
/*
 * A broadcast, from somebody known or not: may it be believed to be its
 * sender's? Fills `p` and the number of the key (0: none).
 */
bool answer_broadcast(const struct source *s, const struct event *ev,
		      const struct source_world *world, struct packet *p,
		      uint32_t *key);
/* What came in answer to a call: form, access and signature. */
bool answer_call(const struct source_config *group, const struct event *ev,
		 const struct source_world *world, struct packet *p);
/* The key that its line names; NULL: it is not there, or not trusted. */
const struct keyring_key *answer_key(const struct source *s,
				     const struct source_world *world);
/* Is it signed, where it must be, with that key and no other (C1, C2)? */
enum source_verdict answer_auth(const struct source *s, const struct event *ev,
				const struct source_world *world);
/* Does it answer the request that is outstanding? (A1, A2, A4, A6) */
enum source_verdict answer_match(const struct source *s, const struct event *ev,
				 uint64_t origin);
/* Kisses, loops, impossible headers (B1 to B5, E13, A15). */
enum source_verdict answer_meaning(const struct packet *p, const netaddr *local,
				   const struct source_world *world);
/* With all four times known: the last checks. */
enum source_verdict answer_times(const struct source *s, const struct reply *r,
				 const struct event *ev,
				 const struct source_world *world);
/* 2^log2 s, for what passed answer_meaning(). */
span answer_precision(int8_t log2);

#endif
