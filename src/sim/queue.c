/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/queue.h"

#include <stdlib.h>

static bool sooner(const struct future *a, const struct future *b)
{
	if (a->at.v != b->at.v) {
		return moment_before(a->at, b->at);
	}
	return a->serial < b->serial;
}

static void swap(struct future *a, struct future *b)
{
	struct future kept = *a;

	*a = *b;
	*b = kept;
}

static void grow(struct queue *q)
{
	size_t room = q->room ? 2 * q->room : 64;
	struct future *heap = realloc(q->heap, room * sizeof(*heap));

	INVARIANT(heap != NULL); /* a world without memory has no future */
	q->heap = heap;
	q->room = room;
}

void queue_put(struct queue *q, const struct future *f)
{
	if (q->count == q->room) {
		grow(q);
	}
	size_t i = q->count++;

	q->heap[i] = *f;
	q->heap[i].serial = q->serial++;
	while (i > 0 && sooner(&q->heap[i], &q->heap[(i - 1) / 2])) {
		swap(&q->heap[i], &q->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

const struct future *queue_first(const struct queue *q)
{
	return q->count ? &q->heap[0] : NULL;
}

struct future queue_take(struct queue *q)
{
	INVARIANT(q->count > 0);
	struct future first = q->heap[0];
	size_t i = 0;

	q->heap[0] = q->heap[--q->count];
	for (;;) {
		size_t least = i;

		for (size_t c = 2 * i + 1; c <= 2 * i + 2; c++) {
			if (c < q->count &&
			    sooner(&q->heap[c], &q->heap[least])) {
				least = c;
			}
		}
		if (least == i) {
			return first;
		}
		swap(&q->heap[i], &q->heap[least]);
		i = least;
	}
}

void queue_end(struct queue *q)
{
	for (size_t i = 0; i < q->count; i++) {
		free(q->heap[i].gram);
	}
	free(q->heap);
	*q = (struct queue){ 0 };
}
