/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tape.h - what one command of ntpq was answered, as one JSON object.
 *
 * With --json every answer of a daemon is taped as data, whatever the command
 * makes of it for people; what it prints besides is there as lines of text.
 * The schema is docs/ntpq-json.md. Strings are escaped (SECURITY.md I9):
 * only printable ASCII comes out.
 */
#ifndef CLIENT_TAPE_H
#define CLIENT_TAPE_H

#include <stdio.h>

#include "client/ctl.h"
#include "client/mrulist.h"

struct tape;
struct json_t; /* of jansson */

/* NULL: no memory. */
struct tape *tape_new(void);
void tape_free(struct tape *t);

/* A command begins; its words as they were typed. */
void tape_begin(struct tape *t, const char *host, const char *line);
/* The daemon answered a question about this association; 0: the system. */
void tape_answer(struct tape *t, enum mode6_opcode opcode, uint16_t assoc,
		 const struct ctl_answer *a);
/* It did not, or refused. */
void tape_failed(struct tape *t, enum ctl_result result,
		 const struct ctl_answer *a);
/*
 * The command failed for another reason, which the words tell, or the rest
 * of the object where they are NULL. What failed first is kept.
 */
void tape_complaint(struct tape *t, const char *kind, const char *words);
/* An entry of mrulist: a line of its own, at once. */
void tape_client(struct tape *t, FILE *out, const struct mru_entry *e);
/* One more member of the object, which takes the value over. */
void tape_add(struct tape *t, const char *name, struct json_t *value);
/* Writes the object, one line, and begins another of the same command. */
void tape_round(struct tape *t, FILE *out);
/* The command has ended, having printed this; writes the object, one line. */
void tape_end(struct tape *t, FILE *out, const char *text, size_t len);

#endif
