/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/system/daemonize.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STARTUP_S 60         /* a child that is not up by then is stuck */
#define EXIT_WAIT_TIMEOUT 76 /* -w: what classic's shells have seen */

/* The status of a child that ended before it was up. */
static int child_status(pid_t child, struct journal *j)
{
	int status, code;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR) {
			return EXIT_FAILURE;
		}
	}
	if (WIFSIGNALED(status)) {
		journal_say(j, NOTE_ERROR, "daemon child died with signal %d",
			    WTERMSIG(status));
		return EXIT_FAILURE;
	}
	code = WEXITSTATUS(status);
	journal_say(j, NOTE_ERROR, "daemon child exited with code %d", code);
	return code;
}

_Noreturn static void parent(pid_t child, int fd, unsigned wait_s,
			     struct journal *j)
{
	struct pollfd news = { .fd = fd, .events = POLLIN };
	unsigned limit_s = wait_s > 0 ? wait_s : STARTUP_S;
	char byte;
	int n;

	do {
		n = poll(&news, 1, (int)limit_s * 1000);
	} while (n < 0 && errno == EINTR);
	if (n == 0 && wait_s > 0) {
		(void)fprintf(stderr, "ntpd: -w/--wait-sync %u timed out.\n",
			      wait_s);
		_exit(EXIT_WAIT_TIMEOUT);
	}
	if (n == 0) {
		(void)fprintf(stderr,
			      "ntpd: daemon startup monitoring timed out.\n");
		_exit(EXIT_FAILURE);
	}
	_exit(read(fd, &byte, 1) == 1 ? EXIT_SUCCESS : child_status(child, j));
}

int daemonize_start(unsigned wait_s, struct journal *j)
{
	int ends[2];
	pid_t child;
	mode_t mask;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		return -errno;
	}
	(void)fflush(NULL);
	child = fork();
	if (child < 0) {
		int error = errno;

		close(ends[0]);
		close(ends[1]);
		return -error;
	}
	if (child > 0) {
		close(ends[1]);
		parent(child, ends[0], wait_s, j);
	}
	close(ends[0]);
	(void)setsid();
	mask = umask(022);
	if (mask != 0) {
		(void)umask(mask);
	}
	return ends[1];
}

void daemonize_detach(struct journal *j)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	journal_detach(j);
	for (int fd = 0; null >= 0 && fd <= 2; fd++) {
		if (null != fd) {
			(void)dup2(null, fd);
		}
	}
	if (null > 2) {
		close(null);
	}
}

void daemonize_ready(int fd)
{
	ssize_t n = write(fd, "", 1);

	(void)n; /* a parent that went away does not need to know */
	close(fd);
}
