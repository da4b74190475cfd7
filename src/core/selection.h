/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * selection.h - estimates of many sources -> truechimers -> one combined
 * estimate, with a reason for each source (RFC 5905, section 11.2).
 *
 * Works on intervals: a source's truth lies within its estimate plus or minus
 * its root distance. A majority of intervals must share a point; the rest are
 * falsetickers. Survivors are combined by inverse variance.
 */
#ifndef CORE_SELECTION_H
#define CORE_SELECTION_H

#include "config/config.h"
#include "core/estimate.h"

/* As in the peer status word (RFC 9327); the characters of ntpq. */
enum tally {
	TALLY_REJECT,    /* ' ' */
	TALLY_FALSETICK, /* 'x' */
	TALLY_EXCESS,    /* '.' */
	TALLY_OUTLIER,   /* '-' */
	TALLY_CANDIDATE, /* '+' */
	TALLY_BACKUP,    /* '#' */
	TALLY_SYSPEER,   /* '*' */
	TALLY_PPSPEER,   /* 'o' */
};

/* Why a source is, or is not, used: reasons.def has the plain words. */
enum reason {
#define REASON(id, tally, words) REASON_##id,
#include "core/reasons.def"
#undef REASON
	REASONS
};

struct candidate {
	/* Filled by the caller. */
	enum reason unfit; /* REASON_OK, or why it cannot take part at all */
	struct estimate estimate;
	double root_delay_s, root_disp_s; /* the source's own, as it told us */
	uint8_t stratum;
	uint32_t refid;
	bool prefer, always_true, last_resort; /* last_resort: LOCAL */
	bool was_system_peer;                  /* hysteresis */
	uint64_t vote; /* sources with one nonzero vote count as one (E6) */

	/* Filled by selection_run(). */
	enum reason reason;
	double distance_s; /* its root distance: half the interval */
};

struct choice {
	bool found;
	size_t system_peer; /* index of the candidate */
	unsigned survivors;
	struct estimate combined; /* offset, frequency, their deviations */
	double root_delay_s;      /* of the way to the root over system_peer */
	double root_disp_s;       /* likewise, without our own offset_sd */
	double jitter_s;          /* of the survivors among themselves */
	uint8_t stratum;          /* of system_peer */
};

enum tally reason_tally(enum reason reason);
/* Plain words: "its time disagrees with the majority". */
const char *reason_words(enum reason reason);

void selection_run(const struct tos_config *tos, struct candidate *candidates,
		   size_t count, struct choice *choice);

#endif
