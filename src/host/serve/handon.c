/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/handon.h"

#include <poll.h>

#include "host/serve/spread.h"

#define GATHER_MS 500 /* for workers to serve what they have */

void handon_keep(const struct serversocks *ss)
{
	for (size_t i = 0; ss->notify && i < ss->count; i++) {
		const struct serversock *s = &ss->items[i];

		/* Groups are joined anew, and hold nobody who waits. */
		if (!s->group) {
			notify_store(ss->notify, s->fd, &s->addr);
		}
	}
}

static bool is_gathered(const struct serversocks *ss)
{
	size_t count = (size_t)ss->spread.threads * SPREAD_SOCKETS;

	for (size_t i = 0; i < ss->count; i++) {
		const struct serversock *s = &ss->items[i];

		if (s->shared && !spread_is_gathered(s->shared, count)) {
			return false;
		}
	}
	return true;
}

void handon_end(const struct serversocks *ss)
{
	unsigned shared = 0;

	for (size_t i = 0; ss->notify && i < ss->count; i++) {
		if (ss->items[i].shared) {
			spread_gather(ss->items[i].shared);
			shared++;
		}
	}
	/* Not at once: a datagram may be on its way already. */
	for (int ms = 0; shared > 0 && ms < GATHER_MS; ms++) {
		(void)poll(NULL, 0, 1);
		if (is_gathered(ss)) {
			break;
		}
	}
}
