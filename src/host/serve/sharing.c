/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/sharing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/net/udp.h"
#include "host/serve/workers.h"

size_t sharing_sockets(const struct serversocks *ss, const struct serversock *s)
{
	return s->shared ? (size_t)ss->spread.threads * SPREAD_SOCKETS : 1;
}

/* Threads cannot have sockets there. */
static void say_unshared(const struct serversocks *ss,
			 const struct serversock *s, int error)
{
	char addr[NETADDR_TEXT];
	struct text t = text_over(addr, sizeof(addr));

	netaddr_print_port(&s->addr, &t);
	journal_say(ss->journal, NOTE_WARNING,
		    "server-threads: %s is served without them, and slower: no "
		    "sockets for them: %s",
		    addr, strerror(error));
}

/* Its first socket is alone, and the loop serves it. */
static void unshare(struct serversock *s)
{
	udp_want_destination(s->fd, &s->addr, true);
	free(s->shared);
	s->shared = NULL;
}

static void hand_out(const struct serversocks *ss, struct workers *w,
		     struct serversock *s)
{
	if (!workers_add(w, s, ss->spread.threads)) {
		spread_end(&ss->spread, s->shared);
		unshare(s);
		say_unshared(ss, s, ENOMEM);
	}
}

/* Sockets were opened for more threads than there are now. */
static void keep_fewer(const struct serversocks *ss, struct serversock *s,
		       const struct spread *opened)
{
	if (ss->spread.threads == 0) {
		spread_end(opened, s->shared);
		unshare(s);
	} else if (!spread_shrink(opened, s->shared, &s->addr,
				  ss->spread.threads)) {
		say_unshared(ss, s, errno);
		unshare(s);
	}
}

void sharing_begin(struct serversocks *ss, struct serversock *s)
{
	if (ss->spread.threads > 0 && !s->drop && !s->group) {
		s->shared = spread_open(&ss->spread, s->fd, &s->addr, ss->dscp);
		if (!s->shared) {
			say_unshared(ss, s, errno);
		}
	}
	if (s->shared && ss->workers) {
		hand_out(ss, ss->workers, s);
	}
}

void sharing_give(struct serversocks *ss, struct workers *w, unsigned threads)
{
	const struct spread opened = ss->spread;

	ss->spread.threads = threads;
	ss->workers = threads > 0 ? w : NULL;
	for (size_t i = 0; i < ss->count; i++) {
		struct serversock *s = &ss->items[i];

		if (s->shared && threads < opened.threads) {
			keep_fewer(ss, s, &opened);
		}
		if (s->shared) {
			hand_out(ss, w, s);
		}
	}
}
