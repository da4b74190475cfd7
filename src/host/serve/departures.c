/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/departures.h"

#include <stdlib.h>
#include <string.h>

#include "host/clock/sysclock.h"
#include "host/net/stamps.h"
#include "host/system/entropy.h"

#define MOST 64       /* taken from one queue at a time */
#define RECEIVE_AT 32 /* in a packet: its receive stamp */

void departures_init(struct departures *d, bool by_kernel)
{
	size_t size =
		(interleave_size() + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	uint8_t seed[RNG_SEED];

	memset(d, 0, sizeof(*d));
	d->by_kernel = by_kernel;
	d->memory = aligned_alloc(CACHE_LINE, size);
	if (!d->memory || !entropy_draw(seed, sizeof(seed))) {
		departures_end(d);
		return;
	}
	memset(d->memory, 0, size);
	d->held = interleave_init(d->memory, seed);
}

void departures_end(struct departures *d)
{
	free(d->memory);
	d->memory = NULL;
	d->held = NULL;
}

void departures_expect(struct departures *d, struct udp_answer *a)
{
	struct interleave_due due = { .place = 0 };

	if (d->held) {
		due = interleave_due(d->held);
	}
	a->stamped = false;
	if (due.place == 0) {
		return;
	}
	a->stamped = d->by_kernel;
	d->awaited[d->next] = (struct departure){ due, a->len };
	d->next = (d->next + 1) % DEPARTURES;
	d->fresh++;
}

void departures_sent(struct departures *d, int fd)
{
	if (!d->held || d->fresh == 0) {
		return;
	}
	d->fresh = 0;
	if (d->by_kernel) {
		departures_collect(d, fd);
		return;
	}
	tstamp now = sysclock_wall();

	for (size_t i = 0; i < DEPARTURES; i++) {
		if (d->awaited[i].len > 0) {
			interleave_sent(d->held, &d->awaited[i].due, now);
			d->awaited[i].len = 0;
		}
	}
}

/* What stands at the end of a datagram that came back, behind its headers. */
static bool is_of(const struct departure *x, const uint8_t *data, size_t len)
{
	if (x->len == 0 || len < x->len) {
		return false;
	}
	struct reader r = reader_over(data + (len - x->len) + RECEIVE_AT, 8);

	return read_u64(&r) == x->due.key.v;
}

static void note(struct departures *d, const uint8_t *data, size_t len,
		 tstamp at)
{
	for (size_t i = 0; i < DEPARTURES; i++) {
		struct departure *x = &d->awaited[i];

		if (is_of(x, data, len)) {
			interleave_sent(d->held, &x->due, at);
			x->len = 0;
			return;
		}
	}
}

void departures_collect(struct departures *d, int fd)
{
	uint8_t data[STAMPS_ROOM];
	size_t len;
	tstamp at;

	for (unsigned i = 0; i < MOST; i++) {
		enum stamps_news news =
			stamps_take(fd, &at, data, sizeof(data), &len);

		if (news == STAMPS_NONE) {
			return;
		}
		if (news == STAMPS_SENT && d->held) {
			note(d, data, len, at);
		}
	}
}
