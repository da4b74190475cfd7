/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t seen;

static void note(int number)
{
	(void)number;
	seen = 1;
}

void interrupt_catch(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action)); /* no SA_RESTART */
	action.sa_handler = note;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
}

void interrupt_release(void)
{
	signal(SIGINT, SIG_DFL);
	seen = 0;
}

bool interrupt_seen(void)
{
	return seen != 0;
}

void interrupt_forget(void)
{
	seen = 0;
}

/* The signal is let through only while the kernel waits for us. */
int interrupt_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct timespec timeout = { timeout_ms / 1000,
				    timeout_ms % 1000 * 1000000L };
	sigset_t blocked, before;
	int ready = -1, err = EINTR;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	if (!interrupt_seen()) {
		ready = ppoll(fds, count, timeout_ms < 0 ? NULL : &timeout,
			      &before);
		err = errno;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (ready >= 0) {
		return ready;
	}
	return err == EINTR && !interrupt_seen() ? 0 : -err;
}
