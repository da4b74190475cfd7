/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/interrupt.h"

#include <signal.h>
#include <string.h>

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
