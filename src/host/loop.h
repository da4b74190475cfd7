/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loop.h - the engine in its operating system: descriptors and deadlines
 * become events, effects become calls. One thread, which sleeps only in
 * poll().
 *
 * There is nothing about NTP here: no decision, only carrying.
 */
#ifndef HOST_LOOP_H
#define HOST_LOOP_H

#include <poll.h>

#include "core/engine.h"
#include "core/hostfacts.h"
#include "core/serve/server.h"
#include "host/clock/leapfile.h"
#include "host/clock/shm.h"
#include "host/clock/sysclock.h"
#include "host/files/recorder.h"
#include "host/files/statfiles.h"
#include "host/net/clientsock.h"
#include "host/net/guardnames.h"
#include "host/net/resolver.h"
#include "host/serve/ctlsock.h"
#include "host/serve/limits.h"
#include "host/serve/serve.h"
#include "host/serve/serversock.h"
#include "host/serve/signd.h"
#include "host/serve/workers.h"
#include "host/serve/xdp.h"
#include "host/system/journal.h"
#include "host/system/notify.h"

/* Lines that came with a request. */
struct settings_lines {
	const char *text;
	size_t len;
};

/* How the program makes settings of its files: see reload.h. */
struct settings_reader {
	void *context;
	/*
	 * What holds next instead of `now`: all files as they are, or, with
	 * lines, those on top of what holds. NULL: they are refused whole, and
	 * `why` says so, a line for each complaint.
	 */
	struct settings *(*read)(void *context, struct engine *e,
				 const struct settings *now,
				 const struct settings_lines *lines,
				 struct text *why);
	void (*release)(void *context, struct settings *s);
	/* Of what was read: the host of a restrict line has this address. */
	void (*name)(struct settings *s, const char *host, const netaddr *addr);
};

/* What the program decided before the loop begins. */
struct loop_setup {
	struct settings *settings;     /* as they are now */
	const struct config *config;   /* of the settings */
	struct settings_reader reader; /* or none */
	struct journal *journal;
	struct listen_rules rules;
	uint16_t port;       /* to serve on */
	bool serve;          /* false: no socket on the port at all */
	unsigned threads;    /* that serve; 0: the loop does */
	bool single_process; /* plain UDP sockets and poll(), nothing else */
	unsigned rescan_s;   /* 0: look for new addresses never again */
	const char *control; /* path of the unix socket; NULL: none */
	gid_t control_gid;
	struct recorder *recorder; /* opened or not */
	const struct inherited
		*inherited; /* sockets, ours from now on; or NULL */
};

/* The list for poll(), kept for its memory; see ready.c. */
struct ready {
	struct pollfd *fds;
	uint64_t *serials; /* of the client sockets in it */
	size_t room;
};

/* Who asked the control request that the engine is answering. */
struct asker {
	struct serversock *socket; /* NULL: by `connection`, or nobody */
	struct ctl_connection *connection;
	netaddr from;
	unsigned interface; /* that it came over; 0: nobody knows */
};

/* EFFECT_CONFIGURE: to be carried out when the outbox is free again. */
struct wishes {
	enum wish kind;
	size_t len;
	char text[OUTBOX_WISH];
};

struct loop {
	struct loop_setup setup;
	struct settings *first; /* the program's own */
	void *room;             /* of the settings, unless the first */
	struct wishes wish;
	struct engine *engine;
	struct outbox *outbox;
	instant deadline; /* when the engine wants a tick */
	struct machine machine;
	uint8_t boot[BOOT_ID]; /* of the machine */
	instant counted_at;    /* when the engine was told what we count */
	struct usage usage;    /* as of the last tick, when it is wanted */
	instant rated_at;      /* when the kernel was asked for its rate */

	struct clientsocks clients;
	struct notify notify;
	struct serversocks servers;
	struct xdp xdp;
	struct resolver resolver;
	struct guardnames guardnames;
	struct statfiles statfiles;
	struct ctlsock control;
	struct signd signd;
	struct shm_clocks shm;
	struct leapfile leapfile;
	instant leaps_due; /* when to look for another table */
	struct asker asker;
	int wake_fd, network_fd, resolv_fd; /* -1: none */
	instant rescan;                     /* when to look for addresses */
	bool rescan_due;                    /* `rescan` means something */
	bool network_changed; /* the kernel told of an address or a route */

	struct view view; /* what is served */
	bool view_known;
	bool unpublished;            /* not all who serve have it yet */
	bool withheld;               /* they are kept from serving */
	struct limits_memory coming; /* for the next one: see publish.h */
	struct workers *workers;     /* NULL: none */
	instant clients_counted_at;
	struct mru_counts clients_counted;
	struct limits limits;
	struct serving *serving; /* this thread's own */
	struct io_counts io;     /* likewise */

	uint64_t casts_failed; /* to groups: no interface took them */
	bool clock_lost;       /* the kernel refuses: said once */
	bool save_failed;      /* the drift file: said once */
	bool state_failed;     /* the state file, likewise */
	bool synchronised;     /* the engine has said so at least once */
	bool ended;
	int exit_code;
	int parent_fd; /* who waits for us to be synchronised; -1 */
	struct ready ready;
};

void loop_init(struct loop *l, const struct loop_setup *setup);
/* Opens what needs privileges. False: somebody else has the port. */
MUST_USE bool loop_open(struct loop *l);
/* Starts the engine; what it needs to know is in `start` except the time. */
MUST_USE bool loop_start(struct loop *l, struct engine_start *start);
/* Until the engine or a signal ends it; the exit code. */
int loop_run(struct loop *l);
void loop_close(struct loop *l);

/* Looks for new addresses at `at`, or earlier if that is planned already. */
void loop_plan_rescan(struct loop *l, instant at);

/* Is there another table of leap seconds? With `again` it is read anyway. */
void loop_look_for_leaps(struct loop *l, bool again);

/* One event through the engine, and its effects into the world. */
void loop_deliver(struct loop *l, struct event *ev);

#endif
