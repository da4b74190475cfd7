/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stamp.h - timestamps as people read them, in the classic spelling.
 */
#ifndef CLIENT_STAMP_H
#define CLIENT_STAMP_H

#include "base/ntptime.h"
#include "base/text.h"

/* "eead80ac.6cc95800  Sun, Nov 22 2026 14:54:36.424", local time. */
void stamp_print(tstamp t, struct text *out);

/* "30 Oct 19:27:16": the start of a classic log line, for this moment. */
void stamp_log_prefix(struct text *out);

#endif
