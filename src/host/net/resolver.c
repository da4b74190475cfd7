/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/net/resolver.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/net/udp.h"
#include "host/system/privs.h"

#define FIRST_ROOM 8
#define HELPER_FD 3 /* where a helper keeps its end; all above is closed */

void resolver_open(struct resolver *r, bool direct)
{
	memset(r, 0, sizeof(*r));
	r->direct = direct;
}

static int family_number(enum family f)
{
	switch (f) {
	case FAMILY_V4:
		return AF_INET;
	case FAMILY_V6:
		return AF_INET6;
	case FAMILY_ANY:
		break;
	}
	return AF_UNSPEC;
}

/* Asks the system; may block. */
static void look_up(const struct resolver_question *q,
		    struct resolver_answer *answer)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *list = NULL;

	memset(answer, 0, sizeof(*answer));
	answer->source = q->source;
	hints.ai_family = family_number(q->family);
	if (getaddrinfo(q->name, NULL, &hints, &list) != 0) {
		return;
	}
	for (const struct addrinfo *a = list;
	     a && answer->count < RESOLVER_ADDRS; a = a->ai_next) {
		netaddr *at = &answer->addrs[answer->count];

		if (udp_netaddr(a->ai_addr, at)) {
			at->port = NTP_PORT;
			answer->count++;
		}
	}
	freeaddrinfo(list);
}

/* A helper's whole life: question in, answer out, until the daemon ends. */
_Noreturn static void helper_main(int fd)
{
	struct resolver_question q;
	struct resolver_answer answer;
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, "ntpd-resolver");
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < NSIG; s++) {
		(void)signal(s, SIG_DFL);
	}
	if (fd != HELPER_FD && dup2(fd, HELPER_FD) < 0) {
		_exit(1);
	}
	(void)close_range(HELPER_FD + 1, ~0U, 0);
	privs_drop_all();
	while (recv(HELPER_FD, &q, sizeof(q), 0) == (ssize_t)sizeof(q)) {
		q.name[sizeof(q.name) - 1] = '\0';
		look_up(&q, &answer);
		if (send(HELPER_FD, &answer, sizeof(answer), MSG_NOSIGNAL) <
		    0) {
			break;
		}
	}
	_exit(0);
}

static bool helper_start(struct resolver_helper *h)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		return false;
	}
	h->pid = fork();
	if (h->pid == 0) {
		helper_main(ends[1]);
	}
	close(ends[1]);
	if (h->pid < 0) {
		close(ends[0]);
		h->pid = 0;
		return false;
	}
	fd_prepare(ends[0]);
	h->fd = ends[0];
	return true;
}

static void helper_stop(struct resolver_helper *h)
{
	if (h->pid > 0) {
		close(h->fd);
		(void)kill(h->pid, SIGKILL);
		while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	h->pid = 0;
	h->busy = false;
}

void resolver_close(struct resolver *r)
{
	for (size_t i = 0; i < RESOLVER_HELPERS; i++) {
		helper_stop(&r->helpers[i]);
	}
	free(r->queue);
	resolver_open(r, r->direct);
}

static bool is_of(source_id a, source_id b)
{
	return a.slot == b.slot && a.generation == b.generation;
}

static void give_up(struct resolver *r, source_id source)
{
	for (size_t i = 0; i < r->queued; i++) {
		struct resolver_question *q = &r->queue[i];

		if (is_of(q->source, source)) {
			memmove(q, q + 1, (--r->queued - i) * sizeof(*q));
			return; /* none is twice in it */
		}
	}
	for (size_t i = 0; i < RESOLVER_HELPERS; i++) {
		struct resolver_helper *h = &r->helpers[i];

		if (h->busy && is_of(h->source, source)) {
			helper_stop(h);
			return;
		}
	}
}

bool resolver_ask(struct resolver *r, const struct resolver_question *q)
{
	give_up(r, q->source);
	if (r->queued == r->room) {
		size_t room = r->room ? r->room * 2 : FIRST_ROOM;
		struct resolver_question *more =
			realloc(r->queue, room * sizeof(*more));

		if (!more) {
			return false;
		}
		r->queue = more;
		r->room = room;
	}
	r->queue[r->queued++] = *q;
	return true;
}

size_t resolver_poll(const struct resolver *r,
		     struct pollfd fds[RESOLVER_HELPERS])
{
	size_t count = 0;

	for (size_t i = 0; i < RESOLVER_HELPERS; i++) {
		if (r->helpers[i].busy) {
			fds[count++] =
				(struct pollfd){ r->helpers[i].fd, POLLIN, 0 };
		}
	}
	return count;
}

static struct resolver_question take_first(struct resolver *r)
{
	struct resolver_question q = r->queue[0];

	memmove(r->queue, r->queue + 1, --r->queued * sizeof(q));
	return q;
}

/* Gives questions to idle helpers. False: one could not be asked at all. */
static bool hand_out(struct resolver *r, instant now)
{
	for (size_t i = 0; i < RESOLVER_HELPERS && r->queued > 0; i++) {
		struct resolver_helper *h = &r->helpers[i];

		if (h->busy) {
			continue;
		}
		if (h->pid == 0 && !helper_start(h)) {
			return false;
		}
		if (send(h->fd, &r->queue[0], sizeof(r->queue[0]),
			 MSG_NOSIGNAL) < 0) {
			helper_stop(h);
			return false;
		}
		h->busy = true;
		h->source = take_first(r).source;
		h->limit = instant_add(now, SPAN_S(RESOLVER_PATIENCE_S));
	}
	return true;
}

/* True: the helper is done with its question, well or badly. */
static bool collect(struct resolver_helper *h, instant now,
		    struct resolver_answer *answer)
{
	ssize_t len = recv(h->fd, answer, sizeof(*answer), MSG_DONTWAIT);

	if (len == (ssize_t)sizeof(*answer) &&
	    answer->count <= RESOLVER_ADDRS) {
		answer->source = h->source;
		h->busy = false;
		return true;
	}
	if (len < 0 && (errno == EAGAIN || errno == EINTR) &&
	    instant_diff(h->limit, now).v > 0) {
		return false;
	}
	/* It hangs, died or talks nonsense. */
	helper_stop(h);
	*answer = (struct resolver_answer){ .source = h->source };
	return true;
}

bool resolver_take(struct resolver *r, instant now,
		   struct resolver_answer *answer, instant *wake)
{
	if (r->queued > 0 && (r->direct || !hand_out(r, now))) {
		struct resolver_question q = take_first(r);

		if (r->direct) {
			look_up(&q, answer);
		} else {
			*answer =
				(struct resolver_answer){ .source = q.source };
		}
		return true;
	}
	for (size_t i = 0; i < RESOLVER_HELPERS; i++) {
		struct resolver_helper *h = &r->helpers[i];

		if (h->busy && collect(h, now, answer)) {
			return true;
		}
		if (h->busy && instant_diff(*wake, h->limit).v > 0) {
			*wake = h->limit;
		}
	}
	return false;
}
