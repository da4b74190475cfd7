/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.h - what happened to an engine and what it did about it, as bytes.
 *
 * The engine is a function of its configuration, its start and its events: a
 * record has all of them, so that a run can be repeated, and the effects, so
 * that the repetition can be compared (sim/replay.h).
 *
 *   run   = START { EVENT { EFFECT } DONE }
 *   item  = kind(1) length(3) fields(length) check(4)
 *
 * A START begins with the magic words, so that runs can stand in one file one
 * after another, and the next one is found behind a broken end. What a kind or
 * field is called in the record never changes; a new kind of event or effect
 * gets its name and its fields in recordevent.c or recordeffect.c, and nowhere
 * else. Keys are never in an event: a new one that carries any leaves them out
 * here, and replay draws others from the seed.
 */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include "core/engine.h"
#include "core/hostfacts.h"
#include "core/record/fields.h"
#include "core/serve/server.h"

#define RECORD_MAGIC "Truechimer record\n" /* of START, before its fields */
#define RECORD_VERSION 1
#define RECORD_FRAME 8               /* bytes of an item beside its fields */
#define RECORD_MOST ((1u << 24) - 1) /* bytes of fields */
#define RECORD_ROOM ((size_t)2 * OUTBOX_BYTES) /* for any item but START */
#define RECORD_ADDRS 64                        /* of one EVENT_RESOLVED */
#define RECORD_WORD 128
#define RECORD_LINE 1024

enum record_item {
	RECORD_START = 1,
	RECORD_EVENT,
	RECORD_EFFECT,
	RECORD_DONE,
};

/* What stands for the settings of a start or of an event. */
struct record_settings {
	const uint8_t *config; /* the normal form */
	size_t config_len;
	/* What the normal form has no words for. */
	struct orders orders;
	struct leap_table leaps;
};

/* How a run began. */
struct record_start {
	struct engine_start start; /* its words are those below */
	char version[RECORD_WORD], processor[RECORD_WORD], system[RECORD_WORD];
	struct record_settings settings;
};

/* An event, with what its pointers point to. */
struct record_event {
	struct event event;
	netaddr addrs[RECORD_ADDRS];
	struct server_shard shard; /* the sum of all */
	struct host_facts facts;
	struct usage usage;
	/* Of EVENT_SETTINGS; who reads it makes the event's own of them. */
	struct record_settings settings;
	bool has_settings;
	struct leap_table leaps;
};

struct record_effect {
	struct effect effect;
	const uint8_t *bytes; /* of those that have any; `at` is 0 */
};

/* What came back with the outbox. */
struct record_done {
	instant deadline;
	uint32_t effects, lost;
};

/*
 * The normal form without what may hold secrets and changes nothing: lines
 * without effect, such as `crypto pw ...`.
 */
void record_config_print(const struct config *c, struct text *out);
/* All but the text. */
void record_take_settings(struct record_settings *r, const struct settings *s);

/* Each appends an item; the writer fails when there is no room. */
void record_put_start(struct writer *w, const struct record_start *r);
void record_put_event(struct writer *w, const struct event *ev);
void record_put_effect(struct writer *w, const struct effect *e,
		       const uint8_t *bytes);
void record_put_done(struct writer *w, const struct record_done *d);

/* Reading: an item, in place. */
struct record_view {
	enum record_item kind;
	const uint8_t *data; /* its fields */
	size_t len;
};

enum record_verdict {
	RECORD_GOOD,
	RECORD_OVER,    /* the bytes end where an item does */
	RECORD_CUT,     /* they end within one */
	RECORD_DAMAGED, /* they are not what was written */
	RECORD_NEWER,   /* a format that this build does not know */
};

/* The next item; the reader stays where it is unless that is good. */
enum record_verdict record_next(struct reader *r, struct record_view *item);
/* On to the next START that may be one; false: there is none. */
bool record_seek_start(struct reader *r);

/*
 * From the fields of an item. Not FIELDS_FINE: what could be read is there,
 * and is not to be used.
 */
enum fields_trouble record_get_start(const struct record_view *item,
				     struct record_start *r);
enum fields_trouble record_get_event(const struct record_view *item,
				     struct record_event *r);
enum fields_trouble record_get_effect(const struct record_view *item,
				      struct record_effect *r);
enum fields_trouble record_get_done(const struct record_view *item,
				    struct record_done *d);
const char *record_trouble_words(enum fields_trouble t);

/* "packet now=... wall=..." */
void record_print_event(const struct event *ev, struct text *out);
void record_print_effect(const struct effect *e, const uint8_t *bytes,
			 struct text *out);

/* The bytes that an effect refers to; NULL: none. */
const uint8_t *record_effect_bytes(const struct outbox *out,
				   const struct effect *e);
/* "packet", "steer": the names of the kinds. */
const char *record_event_name(enum event_kind kind);
const char *record_effect_name(enum effect_kind kind);

/* The fields themselves: one walk for all three directions. */
/* At this tag and the eight behind it. */
void record_settings_fields(struct fields *f, uint8_t tag,
			    struct record_settings *r);
void record_event_fields(struct fields *f, struct record_event *r);
void record_effect_fields(struct fields *f, struct record_effect *r);
/* A table of leap seconds takes two tags. */
/* What else a machine knows of its clock: five tags. */
void record_machine(struct fields *f, uint8_t tag, struct machine *m);
void record_leaps(struct fields *f, uint8_t tag, struct leap_table *t);

#endif
