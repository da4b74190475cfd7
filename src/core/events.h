/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * events.h - the last event of an association or of the system, and how many
 * there were, as the status words of control messages have them (RFC 9327).
 */
#ifndef CORE_EVENTS_H
#define CORE_EVENTS_H

#include "base/compiler.h"

enum peer_event {
	PEER_MOBILIZE = 1,
	PEER_DEMOBILIZE = 2,
	PEER_UNREACHABLE = 3,
	PEER_REACHABLE = 4,
	PEER_RATE_EXCEEDED = 7,
	PEER_ACCESS_DENIED = 8,
	PEER_SYS_PEER = 10,
	PEER_BAD_AUTH = 12,
};

enum system_event {
	SYSTEM_FREQ_NOT_SET = 1,
	SYSTEM_FREQ_SET = 2,
	SYSTEM_SPIKE = 3,
	SYSTEM_CLOCK_SYNC = 5,
	SYSTEM_RESTART = 6,
	SYSTEM_PANIC = 7,
	SYSTEM_NO_SYS_PEER = 8,
	SYSTEM_LEAP_ARMED = 9,
	SYSTEM_LEAP_DISARMED = 10,
	SYSTEM_LEAP_EVENT = 11,
	SYSTEM_CLOCK_STEP = 12,
	SYSTEM_TAI = 14,
	SYSTEM_LEAP_STALE = 15,
};

/* Of a reference clock: its own status word, in what ntpq calls clockvar. */
enum clock_event {
	CLOCK_NOMINAL = 0,
	CLOCK_NO_REPLY = 1,
	CLOCK_BAD_FORMAT = 2,
	CLOCK_BAD_TIME = 6,
};

/* Of an association's status word, beside its tally and its events. */
#define STATUS_CONFIGURED 0x8000u
#define STATUS_AUTHENABLE 0x4000u
#define STATUS_AUTHENTIC 0x2000u
#define STATUS_REACHABLE 0x1000u
#define STATUS_BROADCAST 0x0800u

#define EVENTS_MOST 15 /* the counter stops here */

struct events {
	uint8_t last, count;
};

/* 0, which is none, adds nothing. */
static inline void events_add(struct events *e, uint8_t event)
{
	if (event == 0) {
		return;
	}
	e->last = event;
	if (e->count < EVENTS_MOST) {
		e->count++;
	}
}

/* The low octet of a status word. */
static inline uint16_t events_bits(const struct events *e)
{
	return (uint16_t)(e->count << 4 | e->last);
}

#endif
