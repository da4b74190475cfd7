/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/system/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* A handler has no other way to speak: the only globals of the daemon. */
static volatile sig_atomic_t end_signal, reopen_signal, debug_signal;
static volatile sig_atomic_t wake_fd = -1;
static void (*last_act)(void);

static void wake_up(void)
{
	int error = errno;

	if (wake_fd >= 0) {
		ssize_t n = write(wake_fd, "", 1);

		(void)n; /* full: then it is readable already */
	}
	errno = error;
}

static void on_end(int number)
{
	end_signal = number;
	wake_up();
}

static void on_reopen(int number)
{
	reopen_signal = number;
	wake_up();
}

static void on_debug(int number)
{
	debug_signal = number;
	wake_up();
}

static void install(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_flags = SA_RESTART };

	action.sa_handler = handler;
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(number, &action, NULL);
}

int signals_open(bool wake)
{
	int ends[2] = { -1, -1 };

	if (wake && pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0) {
		wake_fd = ends[1];
	}
	install(SIGTERM, on_end);
	install(SIGINT, on_end);
	install(SIGQUIT, on_end);
	install(SIGHUP, on_reopen);
	install(SIGUSR1, on_debug);
	install(SIGUSR2, on_debug);
	install(SIGPIPE, SIG_IGN);
	return ends[0];
}

/* The action is the default's again by now, so this ends as it would have. */
static void on_crash(int number)
{
	last_act();
	(void)raise(number);
}

void signals_on_crash(void (*last)(void))
{
	static const int crashes[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE,
				       SIGILL };
	struct sigaction action = { .sa_flags = (int)SA_RESETHAND };

	last_act = last;
	action.sa_handler = on_crash;
	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
		(void)sigaction(crashes[i], &action, NULL);
	}
}

void signals_drain(int fd)
{
	char bytes[64];

	while (read(fd, bytes, sizeof(bytes)) > 0) {
	}
}

static int take(volatile sig_atomic_t *flag)
{
	int number = *flag;

	*flag = 0;
	return number;
}

int signals_end(void)
{
	return take(&end_signal);
}

int signals_reopen(void)
{
	return take(&reopen_signal);
}

int signals_debug(void)
{
	return take(&debug_signal);
}
