/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpq_terminal.h - lines from somebody at a terminal: editing, completion of
 * commands, and a history that ends with the process (SECURITY.md I12). No
 * file configures it (I10).
 */
#ifndef PROGRAMS_NTPQ_TERMINAL_H
#define PROGRAMS_NTPQ_TERMINAL_H

#include "base/compiler.h"

/* False when the terminal cannot be edited on. */
MUST_USE bool terminal_open(const char *prompt);
void terminal_close(void);

/*
 * The next line, in a buffer that lasts until the next call; NULL at the end
 * of input, or with *interrupted after Ctrl-C.
 */
const char *terminal_line(bool *interrupted);

#endif
