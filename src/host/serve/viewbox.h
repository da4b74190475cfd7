/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * viewbox.h - one thread replaces the view, many read it, nobody waits.
 *
 * A reader holds the view between viewbox_enter() and viewbox_leave(): for one
 * batch of datagrams, never while it sleeps in the kernel. The writer refills a
 * slot only when every reader that is inside entered after it was replaced.
 *
 * The writer may also keep all readers outside for a moment, to change what
 * they use beside the view: they sleep in viewbox_enter() until it lets them
 * go. Where it does not, that costs them nothing.
 */
#ifndef HOST_VIEWBOX_H
#define HOST_VIEWBOX_H

#include <stdatomic.h>

#include "core/serve/view.h"

#define VIEWBOX_READERS 64
#define VIEWBOX_SLOTS 4
#define VIEWBOX_OUTSIDE UINT64_MAX
#define VIEWBOX_HELD (UINT64_C(1) << 63) /* beside the generation */
/* In a line of the cache of its own: it is written with every batch. */
struct viewbox_reader {
	_Alignas(CACHE_LINE) _Atomic uint64_t entered; /* generation */
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): by lines. */
struct viewbox {
	struct viewbox_reader readers[VIEWBOX_READERS];
	/* Of the current view; 0: none yet. */
	_Alignas(CACHE_LINE) _Atomic uint64_t generation;
	_Atomic uint32_t held; /* readers sleep on it while it is 1 */
	_Atomic uint32_t left; /* the writer sleeps on it, readers count up */
	struct view slots[VIEWBOX_SLOTS]; /* generation g is in slot g % 4 */
};

/* Both for this file only: sleep until released; wake who holds. */
void viewbox_wait(struct viewbox *box);
void viewbox_tell(struct viewbox *box);

static inline void viewbox_init(struct viewbox *box)
{
	atomic_init(&box->generation, 0);
	atomic_init(&box->held, 0);
	atomic_init(&box->left, 0);
	for (size_t i = 0; i < VIEWBOX_READERS; i++) {
		atomic_init(&box->readers[i].entered, VIEWBOX_OUTSIDE);
	}
}

/*
 * False: a reader still holds the oldest slot. Try again soon; while the
 * readers are held this does not happen.
 */
MUST_USE static inline bool viewbox_publish(struct viewbox *box,
					    const struct view *view)
{
	uint64_t was = atomic_load(&box->generation);
	uint64_t next = (was & ~VIEWBOX_HELD) + 1;

	for (size_t i = 0; next > VIEWBOX_SLOTS && i < VIEWBOX_READERS; i++) {
		if (atomic_load(&box->readers[i].entered) <=
		    next - VIEWBOX_SLOTS) {
			return false;
		}
	}
	box->slots[next % VIEWBOX_SLOTS] = *view;
	atomic_store(&box->generation, next | (was & VIEWBOX_HELD));
	return true;
}

static inline void viewbox_leave(struct viewbox *box, size_t reader)
{
	atomic_store(&box->readers[reader].entered, VIEWBOX_OUTSIDE);
	if (atomic_load(&box->generation) & VIEWBOX_HELD) {
		viewbox_tell(box);
	}
}

/* NULL until the first view is published; inside all the same. */
static inline const struct view *viewbox_enter(struct viewbox *box,
					       size_t reader)
{
	for (;;) {
		uint64_t now = atomic_load(&box->generation);

		if (now & VIEWBOX_HELD) {
			viewbox_wait(box);
			continue;
		}
		/* Announce, then look: if it moved meanwhile, the newer. */
		atomic_store(&box->readers[reader].entered, now);
		if (atomic_load(&box->generation) == now) {
			return now == 0 ? NULL
					: &box->slots[now % VIEWBOX_SLOTS];
		}
		viewbox_leave(box, reader);
	}
}

/*
 * Sleeps until every reader is outside, which takes no longer than a batch of
 * theirs; until viewbox_release() none enters, and what they alone use may be
 * looked at and changed. Not twice.
 */
void viewbox_hold(struct viewbox *box);
void viewbox_release(struct viewbox *box);

#endif
