/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/handon.h"

#include <sys/socket.h>

#include "host/spread.h"

/* Groups are joined anew, and hold nobody who waits. */
static bool is_kept(const struct notify *n, const struct serversock *s)
{
	return n && !s->group;
}

void handon_keep(struct notify *n, const struct serversock *s)
{
	if (is_kept(n, s)) {
		notify_store(n, s->fd, &s->addr);
	}
}

/* Who keeps it may be slow to let go: a new one may be beside it. */
void handon_forget(struct notify *n, const struct serversock *s)
{
	const int on = 1, off = 0;

	if (is_kept(n, s)) {
		notify_forget(n, &s->addr);
		(void)setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on,
				 sizeof(on));
		(void)setsockopt(s->fd, SOL_SOCKET, SO_REUSEPORT, &off,
				 sizeof(off));
	}
}

void handon_end(const struct serversocks *ss)
{
	for (size_t i = 0; ss->notify && i < ss->count; i++) {
		const struct serversock *s = &ss->items[i];

		if (s->shared) {
			spread_gather(s->shared, (size_t)ss->spread.threads *
							 SPREAD_SOCKETS);
		}
	}
}
