/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * complaint.h - why a command was not carried out, in words.
 *
 * The words go to stderr. The first of a command are kept besides, for who
 * asked for JSON: there is one command at a time.
 */
#ifndef CLIENT_COMPLAINT_H
#define CLIENT_COMPLAINT_H

#include "base/compiler.h"

/* A command begins: what was kept is forgotten. */
void complaint_begin(void);
void complain(const char *format, ...) LIKE_PRINTF(1, 2);
/* Without its stars and its line end; NULL when there was none. */
const char *complaint_text(void);

#endif
