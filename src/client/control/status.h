/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status.h - the 16-bit status words of control answers (RFC 9327, section 3)
 * and what they are called.
 */
#ifndef CLIENT_STATUS_H
#define CLIENT_STATUS_H

#include "base/text.h"
#include "core/events.h"
#include "wire/packet.h"

enum status_kind { STATUS_SYSTEM, STATUS_PEER, STATUS_CLOCK };

/* "leap_none, sync_ntp, 1 event, clock_sync" and its like. */
void status_print(enum status_kind kind, uint16_t word, struct text *out);

/* Of a peer: what the selection made of it: 0 to 7, a letter, a word. */
unsigned status_select(uint16_t word);
char status_tally(uint16_t word);
const char *status_selection(uint16_t word);

/* What happened last, 0 to 15, and how much has since somebody asked. */
unsigned status_event(uint16_t word);
const char *status_peer_event(uint16_t word);
unsigned status_events(uint16_t word);

/* Of the system: whether it knows the time, and where from, 0 to 63. */
enum leap status_leap(uint16_t word);
unsigned status_source(uint16_t word);

#endif
