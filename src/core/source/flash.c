/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/flash.h"

/* Whom nobody has heard: as far away, and as high up, as can be. */
#define UNHEARD (FLASH_STRATUM | FLASH_DIST)

uint16_t flash_of_verdict(enum source_verdict v)
{
	switch (v) {
	case SOURCE_DUPLICATE:
	case SOURCE_OLD:
		return FLASH_DUP;
	case SOURCE_UNASKED:
	case SOURCE_LATE:
	case SOURCE_ORIGIN:
	case SOURCE_REFLECTED:
		return FLASH_BOGUS;
	case SOURCE_NO_TIME:
		return FLASH_UNSYNC;
	case SOURCE_RESTRICTED:
	case SOURCE_KISS_RATE:
	case SOURCE_KISS_DENY:
	case SOURCE_KISS_RSTR:
		return FLASH_DENIED;
	case SOURCE_UNSIGNED:
	case SOURCE_NAK:
	case SOURCE_OTHER_KEY:
	case SOURCE_BAD_MAC:
		return FLASH_AUTH;
	case SOURCE_KISS_OTHER:
	case SOURCE_UNSYNCHRONISED:
		return FLASH_PKT_STRATUM;
	case SOURCE_SHORT:
	case SOURCE_MODE:
	case SOURCE_VERSION:
	case SOURCE_LENGTH:
	case SOURCE_BACKWARDS:
	case SOURCE_PRECISION:
	case SOURCE_ROOT:
	case SOURCE_REFERENCE:
	case SOURCE_STAMPS:
	case SOURCE_DELAY:
		return FLASH_HEADER;
	case SOURCE_SAMPLE:
	case SOURCE_HELD:
	case SOURCE_VOLLEY:
	case SOURCE_REQUEST:
	case SOURCE_LOOP: /* of the source: it stays until the next answer */
	case SOURCE_COMPLETED:
	case SOURCE_AWAITED:
	case SOURCE_LEAP:
	case SOURCE_VERDICTS:
		break;
	}
	return 0;
}

uint16_t flash_of_source(const struct source *s)
{
	unsigned flash = flash_of_verdict(s->last);
	bool knows = s->heard && s->kiss == 0 && s->peer.leap != LEAP_UNSYNC;

	if (polling_is_denied(&s->polling)) {
		flash |= FLASH_DENIED;
	}
	if (s->no_key || s->bad_auth) {
		flash |= FLASH_AUTH;
	}
	if (!s->heard) {
		flash |= UNHEARD;
	}
	if (!knows || s->reason == REASON_STRATUM) {
		flash |= FLASH_STRATUM;
	}
	if (s->reason == REASON_DISTANCE) {
		flash |= FLASH_DIST;
	}
	if (s->looped) {
		flash |= FLASH_LOOP;
	}
	if (s->polling.reach == 0 || s->config->noselect) {
		flash |= FLASH_UNREACHABLE;
	}
	return (uint16_t)flash;
}

uint16_t flash_of_refclock(const struct refclock *c)
{
	unsigned flash = c->heard ? 0 : UNHEARD;

	if (c->lost || c->reason == REASON_STRATUM) {
		flash |= FLASH_STRATUM;
	}
	if (c->reason == REASON_DISTANCE) {
		flash |= FLASH_DIST;
	}
	if (c->reach == 0 || c->config->noselect) {
		flash |= FLASH_UNREACHABLE;
	}
	return (uint16_t)flash;
}
