/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/pending.h"

#include <string.h>

static bool is_before(const struct pending *a, const struct pending *b)
{
	int64_t later = instant_diff(a->at, b->at).v;

	return later < 0 || (later == 0 && a->order < b->order);
}

void pending_add(struct pendings *p, const struct pending *what)
{
	size_t i = p->count;

	if (p->count == PENDING) {
		return;
	}
	for (; i > 0 && is_before(what, &p->items[i - 1]); i--) {
		p->items[i] = p->items[i - 1];
	}
	p->items[i] = *what;
	p->count++;
}

const struct pending *pending_first(const struct pendings *p)
{
	return p->count > 0 ? &p->items[0] : NULL;
}

struct pending pending_take(struct pendings *p)
{
	struct pending first = p->items[0];

	INVARIANT(p->count > 0);
	p->count--;
	memmove(p->items, p->items + 1, p->count * sizeof(p->items[0]));
	return first;
}

void pending_close(struct pendings *p, const struct past *past,
		   source_id source)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->count; i++) {
		const struct pending *q = &p->items[i];
		bool lost = q->ask && q->source.slot == source.slot &&
			    past->events[q->event].kind == EVENT_PACKET;

		if (!lost) {
			p->items[kept++] = *q;
		}
	}
	p->count = kept;
}
