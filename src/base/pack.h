/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pack.h - one walk over numbers that writes them or reads them back.
 *
 *   s->heard_at.v = pack_int(p, s->heard_at.v);
 *
 * gives back what it was given when it writes, and what it found when it
 * reads. Each takes eight bytes. What is out of its range, or missing, marks
 * the walk as bad and reads as the least that may be.
 */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include "base/bytes.h"
#include "base/netaddr.h"

struct pack {
	struct writer *writer; /* NULL: reads */
	struct reader reader;
	bool bad;
};

struct pack pack_to(struct writer *w);
struct pack pack_from(const uint8_t *data, size_t len);
/* Has anything gone wrong so far? */
bool pack_failed(const struct pack *p);

uint64_t pack_uint(struct pack *p, uint64_t v, uint64_t most);
int64_t pack_int(struct pack *p, int64_t v, int64_t least, int64_t most);
bool pack_bool(struct pack *p, bool v);
/* Any moment, any distance. */
int64_t pack_time(struct pack *p, int64_t v);
/* Bit by bit; what is no number, or not within, is bad. */
double pack_double(struct pack *p, double v, double least, double most);
netaddr pack_addr(struct pack *p, netaddr a);
/* As they are. */
void pack_bytes(struct pack *p, uint8_t *bytes, size_t len);

#endif
