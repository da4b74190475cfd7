/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * effect.h - everything the daemon can do to the world, as data.
 *
 * The engine fills an outbox; the host or the simulator carries it out, in
 * order, after the engine has returned. There are no callbacks.
 */
#ifndef CORE_EFFECT_H
#define CORE_EFFECT_H

#include "base/bytes.h"
#include "config/config.h"
#include "core/event.h"
#include "core/nonce.h"
#include "core/note.h"
#include "core/serve/view.h"
#include "wire/mode6.h"

#define OUTBOX_EFFECTS 256 /* one event causes no more than this */
#define OUTBOX_BYTES 65536 /* datagrams, names and control answers */
#define OUTBOX_RESERVE 20  /* the last ones are for what must not be lost */

enum effect_kind {
	EFFECT_SEND,    /* a datagram; answered by EVENT_SENT */
	EFFECT_CLOSE,   /* the source's socket: nothing is outstanding */
	EFFECT_RESOLVE, /* look a name up; answered by EVENT_RESOLVED */
	EFFECT_STEER,   /* the clock's whole frequency correction from now on */
	EFFECT_STEP,    /* jump */
	EFFECT_SLEW,    /* adjtime(): the last act of a one-shot run */
	EFFECT_STATUS,  /* what the kernel tells programs about its clock */
	EFFECT_VIEW,    /* what the server threads answer from now on */
	EFFECT_ANSWER,  /* a datagram to who sent the control request */
	EFFECT_LIST,    /* he may have a list: see lists.h */
	EFFECT_NOTE,    /* something an operator should know: see notes.def */
	EFFECT_SAVE,    /* the drift file */
	EFFECT_SNAPSHOT,  /* the state file: of engine_snapshot() */
	EFFECT_READ,      /* a reference clock; answered by EVENT_REFCLOCK */
	EFFECT_STATS,     /* lines for a statistics file */
	EFFECT_CONFIGURE, /* somebody wishes so; answered by EVENT_SETTINGS */
	EFFECT_EXIT,      /* the daemon's work is done, or must not go on */
};

/* What an operator asks to be changed, while we run. */
enum wish {
	WISH_NONE,
	WISH_RELOAD, /* all files are to be read again */
	WISH_LINES,  /* these lines are to hold too */
	WISH_SAVE,   /* the configuration is to go to a file of this name */
};

#define OUTBOX_WISH 4096 /* octets of one, and less */
/* What mode 6 lists that is not the engine's own. */
enum list_kind { LIST_CLIENTS, LIST_SOCKETS, LIST_RESTRICTIONS };

/* Whence a datagram leaves. */
enum send_way {
	SEND_FRESH,  /* a socket and a port of its own (A7) */
	SEND_SERVER, /* the server's port: where a peer expects us */
	SEND_GROUP,  /* to a group, from a fresh port, for whoever answers */
};

struct effect {
	enum effect_kind kind;
	source_id source;
	union {
		struct {
			netaddr to;
			uint16_t exchange;
			enum send_way way;
			uint8_t ttl;      /* of a group's; 0: the system's */
			uint32_t at, len; /* bytes in the outbox */
		} send;
		struct {
			enum family family;
			uint32_t at, len; /* the name, in the outbox */
		} resolve;
		struct {
			double freq; /* s/s: positive makes the clock faster */
			double base; /* of it: for good; the rest is a slew */
		} steer;
		span step; /* positive moves the clock forward */
		span slew;
		struct {
			bool synchronised;
			enum leap leap; /* LEAP_INSERT or _DELETE: arm it; else
					   none */
			bool tai_known;
			int16_t tai; /* TAI - UTC in s */
			span max_error, est_error;
			int8_t poll; /* log2 s, the time constant */
		} status;
		struct view view;
		struct {
			uint32_t at, len;
		} answer;
		struct {
			enum list_kind kind;
			struct mode6 header; /* of each datagram */
			uint32_t key;        /* that signs it; 0: none */
			uint8_t word; /* a code begins at a multiple of it */
			char nonce[NONCE_TEXT];
			uint32_t at, len; /* what was asked, in the outbox */
		} list;
		struct note note;
		struct {
			double freq_ppm; /* as the drift file has it */
		} save;
		struct {
			uint8_t type, unit; /* of 127.127.t.u */
		} read;
		struct {
			enum stats_kind kind;
			tstamp wall; /* of the record: its file is of then */
			span age;    /* of the daemon, likewise */
			uint32_t at, len; /* whole lines, in the outbox */
		} stats;
		struct {
			enum wish wish;
			uint32_t at, len; /* its words, in the outbox */
		} configure;
		struct {
			int code;
		} exit;
	};
};

struct outbox {
	uint32_t count, used, lost; /* lost: what there was no room for */
	struct effect effects[OUTBOX_EFFECTS];
	uint8_t bytes[OUTBOX_BYTES + 1]; /* and a NUL behind texts */
};

void outbox_empty(struct outbox *out);
/* False: the outbox is full but for the reserve; try on the next tick. */
MUST_USE bool outbox_has_room(const struct outbox *out, size_t bytes);

/* Each appends one effect; when there is no room it is counted in `lost`. */
/* As `sending` says, which is of that kind. */
void outbox_send(struct outbox *out, const struct effect *sending,
		 const uint8_t *data, size_t len);
void outbox_close(struct outbox *out, source_id source);
void outbox_resolve(struct outbox *out, source_id source, const char *name,
		    enum family family);
void outbox_answer(struct outbox *out, const uint8_t *data, size_t len);
void outbox_configure(struct outbox *out, enum wish wish, const char *text,
		      size_t len);
void outbox_list(struct outbox *out, const struct effect *list,
		 const uint8_t *data, size_t len);
/*
 * Lines are written where they will stand: into outbox_text(), with nothing
 * else in between, until outbox_stats() takes them. `moment` has their kind,
 * wall and age; without a line it makes no effect.
 */
struct text outbox_text(struct outbox *out);
void outbox_stats(struct outbox *out, const struct effect *moment,
		  const struct text *lines);
/* Any other kind, by value. */
void outbox_add(struct outbox *out, const struct effect *effect);

#endif
