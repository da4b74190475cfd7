/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event.h - everything that can happen to the daemon.
 *
 * The engine is a function of its events: it reads no clock and no socket. A
 * recorded stream of events therefore replays to the same effects, bit by bit.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include "base/netaddr.h"
#include "base/ntptime.h"

struct host_facts;
struct leap_table;
struct server_shard;
struct settings;
struct usage;

/* A handle: the slot may be used again, the generation then differs. */
typedef struct {
	uint16_t slot, generation;
} source_id;

enum event_kind {
	EVENT_TICK,     /* the deadline that the engine asked for has come */
	EVENT_SENT,     /* when a request really left: card, kernel or daemon */
	EVENT_PACKET,   /* a datagram on a source's socket */
	EVENT_FAILED,   /* a request could not be sent, or ICMP answered it */
	EVENT_RESOLVED, /* the addresses of a name; none: it failed */
	EVENT_CONTROL,  /* a control request (mode 6), by UDP or unix socket */
	EVENT_NETWORK,  /* an address or a link came: worth asking again now */
	EVENT_REFCLOCK, /* what a reference clock had to say when read */
	EVENT_SETTINGS, /* files were read again, or lines came by request */
	EVENT_LEAPS,    /* another table of leap seconds */
	EVENT_PEER,     /* a datagram on the server's port: SERVER_PEER */
};

/* What there was to be read of a reference clock. */
enum reading {
	READING_GOOD,
	READING_NONE,    /* nothing since it was read last, or no clock */
	READING_CLASH,   /* it changed while it was read */
	READING_GARBLED, /* these bytes are no time */
};

enum stamp_origin { STAMP_DAEMON, STAMP_KERNEL, STAMP_CARD };

/*
 * What else the machine knows of its clock. Where it cannot know, asleep stays
 * zero and the others are not known.
 */
struct machine {
	span asleep; /* while the monotonic clock stood still: of all sleeps */
	bool bent_known, rate_known;
	span bent;   /* the monotonic clock less the one that nobody steers */
	double rate; /* s/s: what the kernel steers by, whoever told it */
};

struct event {
	enum event_kind kind;
	instant now; /* one moment ... */
	tstamp wall; /* ... on both clocks */
	struct machine machine;
	source_id source;
	union {
		struct {
			/* As of `control`; only needed for sysstats. */
			const struct server_shard *shards;
			size_t shard_count;
			/* Likewise for usestats; NULL: not known. */
			const struct usage *usage;
		} tick;
		struct {
			uint16_t exchange; /* which request */
			tstamp at;
			enum stamp_origin origin;
		} sent;
		struct {
			tstamp at; /* of arrival, by the kernel if it could */
			enum stamp_origin origin;
			netaddr local; /* our end of the socket */
			netaddr from;  /* who sent it */
			const uint8_t *data;
			size_t len;
		} packet;
		struct {
			uint16_t exchange;
		} failed;
		struct {
			const netaddr *addrs; /* port 123 set */
			size_t count;
		} resolved;
		struct {
			netaddr from;    /* none: by the unix socket */
			bool may_modify; /* unix socket: root, or its group */
			bool attached;   /* from a network that we are on */
			const uint8_t *data;
			size_t len;
			/* What the serving threads counted, to be reported. */
			const struct server_shard *shards;
			size_t shard_count;
			const struct host_facts *facts; /* NULL: none */
		} control;
		struct {
			enum reading reading; /* good, or the rest is void: */
			tstamp reference;     /* what the clock said ... */
			tstamp received;      /* ... when ours showed this */
			int leap;             /* as it has it: 3 means lost */
			int precision;        /* log2 s, as it has it */
		} refclock;
		struct {
			/* See settings.h; NULL: the last ones stay. */
			const struct settings *settings;
			void *room; /* of engine_room() */
			/* To who wished EFFECT_CONFIGURE; NULL: nobody did. */
			const char *reply;
			size_t reply_len;
			/* For records: of record_config_print(). */
			const uint8_t *text;
			size_t text_len;
		} settings;
		struct {
			const struct leap_table *table; /* copied */
		} leaps;
	};
};

#endif
