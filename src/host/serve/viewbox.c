/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/viewbox.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/* While it is `value`; may also end without a reason. */
static void sleep_on(_Atomic uint32_t *word, uint32_t value)
{
	(void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL,
		      0);
}

static void wake(_Atomic uint32_t *word, int most)
{
	(void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, most, NULL, NULL, 0);
}

void viewbox_wait(struct viewbox *box)
{
	sleep_on(&box->held, 1);
}

void viewbox_tell(struct viewbox *box)
{
	atomic_fetch_add(&box->left, 1);
	wake(&box->left, 1);
}

void viewbox_hold(struct viewbox *box)
{
	atomic_store(&box->held, 1);
	atomic_fetch_or(&box->generation, VIEWBOX_HELD);
	for (size_t i = 0; i < VIEWBOX_READERS; i++) {
		for (;;) {
			uint32_t left = atomic_load(&box->left);

			if (atomic_load(&box->readers[i].entered) ==
			    VIEWBOX_OUTSIDE) {
				break;
			}
			sleep_on(&box->left, left);
		}
	}
}

void viewbox_release(struct viewbox *box)
{
	atomic_fetch_and(&box->generation, ~VIEWBOX_HELD);
	atomic_store(&box->held, 0);
	wake(&box->held, VIEWBOX_READERS);
}
