/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon.h - a whole engine on a node: what host/ is on a machine.
 *
 * Gives it events, carries out its effects in order, keeps its drift file
 * over restarts and answers requests through server_respond().
 */
#ifndef SIM_DAEMON_H
#define SIM_DAEMON_H

#include "core/engine.h"
#include "core/serve/server.h"
#include "sim/node.h"

#define DAEMON_SOCKETS 256 /* by slot of the source */
#define DAEMON_STATS 512   /* more than any line of them takes */

/* What the operator gives it. */
struct operator_orders {
	const char *config;             /* the text of ntp.conf */
	struct orders line;             /* of the command line */
	const struct leap_table *leaps; /* NULL: none; copied */
	const char *keys; /* the text of its keys file, or NULL; a constant */
};

struct socket {
	bool open;
	uint16_t port;
	uint16_t generation; /* of the source that it belongs to */
	netaddr peer;
};

struct daemon {
	struct node *node;
	struct operator_orders orders;
	char *text; /* of its configuration; ours */
	int exit_code;
	bool running;
	uint32_t life;  /* how often it was started */
	uint32_t timer; /* only the newest deadline counts */
	struct rng rng;
	/* Its disk. */
	bool drift_known;
	uint8_t boots; /* of the machine, less one */
	double drift_ppm;
	moment drift_at; /* when it was written */
	uint8_t *state;  /* file; SNAPSHOT_MOST bytes at most */
	size_t state_len;
	double base; /* s/s: what the kernel is to go on with */
	/* This life's. */
	void *memory, *arena, *keyring, *keys;
	size_t arena_size;
	struct config config;
	struct settings settings;
	struct engine *engine;
	struct outbox *outbox;
	struct view view;
	bool view_known;
	struct server_shard shard;
	struct socket sockets[DAEMON_SOCKETS];
	/* What was seen of it. */
	uint64_t sent, notes[NOTES];
	uint64_t stats[STATS_KINDS]; /* lines for statistics files */
	char last_stats[STATS_KINDS][DAEMON_STATS];
	uint32_t lost; /* effects, by its outbox */
	moment started, last_note[NOTES];
	unsigned steps;
	struct effect status; /* the last EFFECT_STATUS */
};

/* Puts a daemon on a host and starts it. */
void daemon_start(struct node *n, const struct operator_orders *orders);
/* Ends it as SIGTERM does ... */
void daemon_terminate(struct node *n);
/* ... or SIGKILL; the files stay. */
void daemon_stop(struct node *n);
/* The machine boots, with the kernel's clock as new. */
void daemon_boot(struct node *n);
/* What its machine shows now. */
struct mark daemon_mark(const struct node *n);
/* Writes the state file. */
void daemon_snapshot(struct node *n);
void daemon_restart(struct node *n);
void daemon_end(struct node *n);

/* An address or a link came. */
void daemon_network(struct node *n);
/* One event for the engine, and all that follows from it. */
void daemon_event(struct node *n, const struct event *what);
/* Anything that node_handle() was given. */
void daemon_handle(struct node *n, struct future *f);

/* Does it say that it knows the time? */
bool daemon_synchronised(const struct node *n);
/* How far it says its clock may be from the truth. */
double daemon_bound_s(const struct node *n);
/* The true time, less what the clock shows, as it publishes it. */
struct claim {
	double earliest_s, latest_s;
};
struct claim daemon_claim(const struct node *n);
/* From which offset on it may step; 0: never. */
double daemon_step_threshold_s(const struct node *n);
/* It serves its own undisciplined time: 127.127.1.u, or an orphan's. */
bool daemon_uses_local(const struct node *n);
/* The node it takes its time from, NULL if none of this world. */
struct node *daemon_system_peer(const struct node *n);

#endif
