/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/interleave.h"

#include <stddef.h>
#include <string.h>

#include "core/serve/fastmap.h"

#define WAYS 4            /* places in one of them: what is looked at */
#define LINES 16          /* that one network has its places in */
#define AGE SPAN_S(16384) /* asked for later, it is another server's stamp */

#define PROVEN UINT32_C(1) /* in `whose`: he has had an answer of ours */

_Static_assert(sizeof(struct interleave_place) * WAYS == CACHE_LINE,
	       "a line of the cache");
_Static_assert(offsetof(struct interleave, places) % CACHE_LINE == 0,
	       "aligned");
_Static_assert((INTERLEAVE_SERIALS - 1) << 1 < FAST_MARK >> 1,
	       "never a stamp of the program in the kernel");

size_t interleave_size(void)
{
	return sizeof(struct interleave) +
	       INTERLEAVE_PLACES * sizeof(struct interleave_place);
}

struct interleave *interleave_init(void *memory, const uint8_t seed[RNG_SEED])
{
	struct interleave *h = memory;
	struct rng rng;

	rng_init(&rng, seed);
	h->hash = siphash_draw(&rng);
	return h;
}

/* Who asks: his network, and himself. Never his port (RFC 9109). */
struct client {
	uint64_t network;
	uint32_t whose;
};

static struct client client_of(const struct interleave *h, const netaddr *from)
{
	size_t len = sizeof(from->ip);
	uint64_t host = siphash(&h->hash, from->ip, len);
	uint64_t network = netaddr_is_v4(from)
				   ? host
				   : siphash(&h->hash, from->ip, len / 2);

	return (struct client){ network, (uint32_t)(host >> 32) & ~PROVEN };
}

/* The line for a stamp: one of those of the client's network. */
static struct interleave_place *line_of(struct interleave *h,
					const struct client *c, tstamp received)
{
	uint64_t first = c->network % (INTERLEAVE_PLACES / WAYS / LINES);
	uint64_t mixed = received.v * UINT64_C(0x9e3779b97f4a7c15) >> 32;

	return &h->places[(first * LINES + mixed % LINES) * WAYS];
}

static struct interleave_place *find(struct interleave_place *line,
				     uint32_t whose, tstamp received)
{
	for (size_t i = 0; i < WAYS; i++) {
		if (tstamp_equal(line[i].received, received) &&
		    (line[i].whose & ~PROVEN) == whose) {
			return &line[i];
		}
	}
	return NULL;
}

static bool is_old(const struct interleave_place *p, tstamp now)
{
	span age = tstamp_diff(now, p->received);

	return tstamp_is_zero(p->received) || age.v < 0 ||
	       span_cmp(age, AGE) > 0;
}

/* How little a place is worth: the more, the sooner it goes. */
static uint64_t worthless(const struct interleave_place *p, tstamp now)
{
	uint64_t age = (uint64_t)tstamp_diff(now, p->received).v;

	if (is_old(p, now)) {
		return UINT64_MAX;
	}
	return age | (p->whose & PROVEN ? 0 : UINT64_C(1) << 63);
}

/* NULL: all of the line is held by who has shown more. */
static struct interleave_place *room_for(struct interleave_place *line,
					 uint32_t whose, tstamp now)
{
	struct interleave_place *p = line;

	for (size_t i = 1; i < WAYS; i++) {
		if (worthless(&line[i], now) > worthless(p, now)) {
			p = &line[i];
		}
	}
	return is_old(p, now) || !(p->whose & PROVEN) || whose & PROVEN ? p
									: NULL;
}

/* Our clock has jumped: what it showed before fits nothing now. */
static void forget_before(struct interleave *h, uint32_t jumps)
{
	if (jumps != h->jumps) {
		memset(h->places, 0, INTERLEAVE_PLACES * sizeof(h->places[0]));
		h->jumps = jumps;
	}
}

/* Does it name a receive stamp of ours, and await it (RFC 9769, section 2)? */
static bool is_interested(const struct packet *q, tstamp received)
{
	span age = tstamp_diff(received, q->origin);

	return interleave_concerns(q->origin) &&
	       !tstamp_equal(q->receive, q->transmit) && age.v >= 0 &&
	       span_cmp(age, AGE) <= 0;
}

static void hold(struct interleave *h, const struct client *c, bool proven,
		 tstamp received, span ahead)
{
	struct interleave_place *line = line_of(h, c, received);
	uint32_t whose = c->whose | (proven ? PROVEN : 0);
	struct interleave_place *p = room_for(line, whose, received);

	if (!p) {
		return;
	}
	*p = (struct interleave_place){ .received = received, .whose = whose };
	h->due = (struct interleave_due){ (uint32_t)(p - h->places) + 1,
					  received, ahead };
}

bool interleave_answer(struct interleave *h, const struct packet *q,
		       const netaddr *from, uint32_t jumps, tstamp now,
		       struct packet *a)
{
	span ahead = tstamp_diff(a->transmit, now);
	bool interleaved = false;

	h->due.place = 0;
	interleave_mark(h, &a->receive, &a->transmit);
	if (!is_interested(q, a->receive)) {
		return false;
	}
	forget_before(h, jumps);
	struct client c = client_of(h, from);
	struct interleave_place *p =
		find(line_of(h, &c, q->origin), c.whose, q->origin);

	bool known = p != NULL;

	if (p && p->lasted != 0) {
		a->origin = q->receive;
		a->transmit = tstamp_add(p->received, (span){ p->lasted });
		a->transmit.v &= ~INTERLEAVE_RECEIVED;
		interleaved = true;
	}
	if (p) {
		*p = (struct interleave_place){ .lasted = 0 };
	}
	hold(h, &c, known, a->receive, ahead);
	return interleaved;
}

struct interleave_due interleave_due(struct interleave *h)
{
	struct interleave_due due = h->due;

	h->due.place = 0;
	return due;
}

void interleave_sent(struct interleave *h, const struct interleave_due *due,
		     tstamp sent)
{
	struct interleave_place *p = &h->places[due->place - 1];
	span lasted = tstamp_diff(tstamp_add(sent, due->ahead), due->key);

	INVARIANT(due->place >= 1 && due->place <= INTERLEAVE_PLACES);
	if (tstamp_equal(p->received, due->key) && lasted.v > 0 &&
	    lasted.v <= UINT32_MAX) {
		p->lasted = (uint32_t)lasted.v;
	}
}
