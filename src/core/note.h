/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * note.h - what an operator is told, as data: an id and its arguments.
 *
 * notes.def is the list: one line per message with its level and its words.
 * Ids are stable; tests and the manual name them. The host prints a note with
 * note_print(); nothing in core/ makes text of it.
 */
#ifndef CORE_NOTE_H
#define CORE_NOTE_H

#include "base/netaddr.h"
#include "base/ntptime.h"

#define NOTE_WORD 96 /* a name or a reason that goes with a note */

enum note_level {
	NOTE_DEBUG,
	NOTE_INFO,
	NOTE_NOTICE,
	NOTE_WARNING,
	NOTE_ERROR
};

/* The classes of logconfig (ntp.conf(5)). */
enum note_class { CLASS_SYS, CLASS_SYNC, CLASS_PEER, CLASS_CLOCK };

enum note_id {
#define NOTE(id, class, level, text) NOTE_##id,
#include "core/notes.def"
#undef NOTE
	NOTES
};

struct note {
	enum note_id id;
	netaddr addr;         /* %addr */
	int64_t number;       /* %num, %hex */
	int64_t second;       /* %num2, %hex2 */
	double value;         /* %val: six decimals; %val3: three */
	char word[NOTE_WORD]; /* %word: NUL-terminated; printed escaped */
};

enum note_level note_level(enum note_id id);
enum note_class note_class(enum note_id id);
/* "STEPPED": what tests wait for. */
const char *note_name(enum note_id id);
/*
 * The number of the event that it is (events.h), by its words: "ADDR STATUS
 * EVENT name text", which protostats has too. 0: it is none.
 */
uint8_t note_event(enum note_id id);
/* The message, one line without its end. */
void note_print(const struct note *n, struct text *out);

#endif
