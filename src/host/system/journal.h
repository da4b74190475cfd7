/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * journal.h - what the operator is told: to stderr, syslog or a file, in the
 * classic form "22 Nov 14:45:54 ntpd[9415]: text".
 *
 * There is one journal, handed to whoever has something to say; nothing is
 * written per packet.
 */
#ifndef HOST_JOURNAL_H
#define HOST_JOURNAL_H

#include <stdio.h>

#include "config/config.h"
#include "core/note.h"

#define JOURNAL_LINE 1024

struct journal {
	bool to_terminal;               /* standard error ... */
	enum note_level terminal_least; /* ... gets this level and above */
	bool to_syslog;                 /* unless there is a file */
	FILE *file;                     /* NULL: none */
	char *path;                     /* of the file, to open it again */
	uint32_t kept; /* logconfig: LOG_BIT() of what is written */
};

/* Everything is kept and goes to the terminal. */
void journal_init(struct journal *j);
/*
 * "stdout" and "stderr" are names too. False, and everything goes where it
 * went, when the file cannot be opened.
 */
MUST_USE bool journal_open_file(struct journal *j, const char *path);
/* Where the terminal is a log too, it gets nothing twice. */
void journal_open_syslog(struct journal *j);
/* After somebody has moved the file away (SIGHUP). */
void journal_reopen(struct journal *j);
/* The terminal is gone: we are a daemon now. */
void journal_detach(struct journal *j);
void journal_close(struct journal *j);

void journal_say(struct journal *j, enum note_level level, const char *format,
		 ...) LIKE_PRINTF(3, 4);
/* Unless logconfig leaves it out; warnings and errors are never left out. */
void journal_note(struct journal *j, const struct note *n);

#endif
