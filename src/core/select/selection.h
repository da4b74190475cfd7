/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * selection.h - estimates of many sources -> truechimers -> one combined
 * estimate, with a reason for each source (RFC 5905, section 11.2).
 *
 *   fit            the caller's word, stratum, root distance, LOCAL last
 *   intersection   a strict majority of the intervals shares a point, the
 *                  rest are falsetickers (intersection.h)
 *   authority      those that sign bind those that do not (authority.h)
 *   cluster        outliers go, down to `tos minclock` (cluster.h)
 *   combine        by inverse variance, kept within what the majority shares
 *                  (combine.h)
 *   orphan         when nobody is left: one of those who only keep each
 *                  other company (orphan.h)
 *
 * The caller keeps a source fit for some polls after its last answer: who
 * silences the honest must not so become the majority (E6, E7).
 */
#ifndef CORE_SELECTION_H
#define CORE_SELECTION_H

#include "config/config.h"
#include "core/estimate/estimate.h"

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
#include "core/select/reasons.def"
#undef REASON
	REASONS
};

struct candidate {
	/* Filled by the caller. */
	struct estimate estimate;
	double root_delay_s, root_disp_s; /* the source's own, as it told us */
	double waiting_s; /* of root_disp_s: came while its next answer is not
			     due; who was just asked is not better for it */
	/* Sources that have the same of either share one vote (votes.h). */
	uint64_t vote, network; /* 0: it shares none */
	uint32_t refid;         /* what it follows */
	uint32_t identity;      /* what those who follow it call it */
	uint32_t ours;     /* what it calls us if it follows us; 0: unknown */
	enum reason unfit; /* REASON_OK, or why it cannot take part at all */
	uint8_t stratum;
	bool prefer, always_true, last_resort; /* last_resort: LOCAL */
	bool authentic;       /* its answers are signed, by a key of its line */
	bool attached;        /* a clock of this machine: no way to be uneven */
	bool was_system_peer; /* hysteresis */

	/* Filled by selection_run(). */
	enum reason reason;
	bool binds; /* what it says no stranger can outvote (authority.h) */
	double distance_s;  /* its root distance */
	double interval_s;  /* half its interval: the distance, or a floor */
	double share;       /* the part of a vote that it has */
	double deviation_s; /* from the median of the truechimers */
	double weight; /* in the combined offset; all of them add up to 1 */
};

struct choice {
	bool found;
	size_t system_peer;       /* index of the candidate */
	unsigned survivors;       /* how many are combined */
	struct estimate combined; /* offset, frequency, their deviations */
	double root_delay_s;      /* of the way to the root over system_peer */
	double root_disp_s;       /* likewise, without our own offset_sd, and
				     with what the others moved it by */
	double low_s, high_s;     /* the combined offset is within these */
	double spread_s;  /* how far the combined offset may be off because the
			     survivors are: part of its deviation */
	double middle_s;  /* what the truechimer in the middle says ... */
	double middle_sd; /* ... and how exactly */
	double jitter_s;  /* of the survivors among themselves, RMS */
	uint8_t stratum;  /* of system_peer */
};

enum tally reason_tally(enum reason reason);
/* Plain words: "its time disagrees with the majority". */
const char *reason_words(enum reason reason);

/*
 * Our distance to the root, once `combined` is settled: that over the system
 * peer, and enough to hold what the truechimer in the middle says. So a liar
 * that is near and sure of itself does not make us sure of ourselves.
 */
void selection_bound(const struct candidate *candidates, struct choice *choice);

void selection_run(const struct tos_config *tos, struct candidate *candidates,
		   size_t count, struct choice *choice);

#endif
