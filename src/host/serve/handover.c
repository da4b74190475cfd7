/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/handover.h"

#include <string.h>

static void copy(struct datagram *to, const struct datagram *d)
{
	/* What lies behind its octets is nobody's business. */
	memcpy(to, d, offsetof(struct datagram, data) + d->len);
}

bool handover_put(struct handover *h, unsigned socket,
		  enum server_verdict verdict, const struct datagram *d)
{
	uint32_t at = atomic_load_explicit(&h->written, memory_order_relaxed);
	struct handed *item = &h->items[at % HANDOVER_ROOM];

	if (at - atomic_load_explicit(&h->taken, memory_order_acquire) ==
	    HANDOVER_ROOM) {
		return false;
	}
	item->socket = socket;
	item->verdict = verdict;
	copy(&item->datagram, d);
	atomic_store_explicit(&h->written, at + 1, memory_order_release);
	return true;
}

const struct handed *handover_next(const struct handover *h)
{
	uint32_t at = atomic_load_explicit(&h->taken, memory_order_relaxed);

	return atomic_load_explicit(&h->written, memory_order_acquire) == at
		       ? NULL
		       : &h->items[at % HANDOVER_ROOM];
}

void handover_done(struct handover *h)
{
	uint32_t at = atomic_load_explicit(&h->taken, memory_order_relaxed);

	atomic_store_explicit(&h->taken, at + 1, memory_order_release);
}
