/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen.h - a terminal that is drawn anew again and again, without flicker,
 * and is put right again whatever ends us, except SIGKILL.
 *
 * There is one at most. Escape sequences only, of those that every terminal
 * since the VT100 knows.
 */
#ifndef CLIENT_SCREEN_H
#define CLIENT_SCREEN_H

#include <stdio.h>

#include "base/compiler.h"

/* Is this stream a terminal that shows colours, and does nobody mind? */
bool screen_has_colours(FILE *out);

/* Takes the terminal of stdin and stdout; false when there is none. */
MUST_USE bool screen_open(void);
void screen_close(void);
unsigned screen_width(void);

/* Shows this text, as many of its lines as there is room for. */
void screen_show(const char *text, size_t len);

/*
 * Waits so long; false when the user has had enough: q, Ctrl-C, or a signal
 * that ends programs. True early when the size of the terminal changes, or on
 * another key.
 */
MUST_USE bool screen_wait(double seconds);

#endif
