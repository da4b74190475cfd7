/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transcript.h - what one command of ntpq was answered, as one JSON object.
 *
 * With --json every answer of a daemon is written down as data, whatever the
 * command makes of it for people; what it prints besides is there as lines of
 * text. The schema is docs/ntpq-json.md. Strings are escaped (SECURITY.md I9):
 * only printable ASCII comes out.
 */
#ifndef CLIENT_TRANSCRIPT_H
#define CLIENT_TRANSCRIPT_H

#include <stdio.h>

#include "client/control/ctl.h"
#include "client/ntpq/mrulist.h"

struct transcript;
struct json_t; /* of jansson */

/* NULL: no memory. */
struct transcript *transcript_new(void);
void transcript_free(struct transcript *t);

/* A command begins; its words as they were typed. */
void transcript_begin(struct transcript *t, const char *host, const char *line);
/* The daemon answered a question about this association; 0: the system. */
void transcript_answer(struct transcript *t, enum mode6_opcode opcode,
		       uint16_t assoc, const struct ctl_answer *a);
/* It did not, or refused. */
void transcript_failed(struct transcript *t, enum ctl_result result,
		       const struct ctl_answer *a);
/*
 * The command failed for another reason, which the words tell, or the rest
 * of the object where they are NULL. What failed first is kept.
 */
void transcript_complaint(struct transcript *t, const char *kind,
			  const char *words);
/* An entry of mrulist: a line of its own, at once. */
void transcript_client(struct transcript *t, FILE *out,
		       const struct mru_entry *e);
/* One more member of the object, which takes the value over. */
void transcript_add(struct transcript *t, const char *name,
		    struct json_t *value);
/* Writes the object, one line, and begins another of the same command. */
void transcript_round(struct transcript *t, FILE *out);
/* The command has ended, having printed this; writes the object, one line. */
void transcript_end(struct transcript *t, FILE *out, const char *text,
		    size_t len);

#endif
