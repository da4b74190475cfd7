/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.h - what the engine remembers; private to the files of this folder
 * (stages.h). What they call outside it gets values of it, never the whole.
 */
#ifndef CORE_ENGINE_STATE_H
#define CORE_ENGINE_STATE_H

#include "core/control/control.h"
#include "core/engine.h"
#include "core/hostfacts.h"
#include "core/report/standing.h"
#include "core/report/stats.h"
#include "core/select/joint.h"
#include "core/serve/access.h"
#include "core/serve/ratelimit.h"
#include "core/source/caster.h"
#include "core/source/pool.h"
#include "core/source/refclock.h"
#include "core/source/source.h"
#include "core/steer/discipline.h"

#define ENGINE_CALLERS 512   /* of the network: their budgets */
#define ENGINE_OWN 16        /* addresses known to be ours */
#define ENGINE_TABLES 4      /* of access, used in turn */
#define ENGINE_SLEW_VIEW_S 2 /* nor than this while much is slewed away */
#define ENGINE_SLEW_S 1e-3   /* that is: more than this */
#define ENGINE_VIEW_S STANDING_VIEW_S
#define ENGINE_GRACE_S 15 /* before LOCAL, while nobody has answered */
#define ENGINE_QUIT_S 60  /* -q gives up after so long */

/* What a slot of `slots` holds, by position: see engine_init(). */
struct engine {
	const struct settings *settings;
	const struct config *config; /* of the settings */
	struct engine_start start;
	struct rng rng;
	struct siphash_key secret; /* of the views */

	/* The latest moment, on both clocks; `wall` with our own steps. */
	instant now;
	tstamp wall;
	instant began;
	instant serving_since; /* while said_serving */

	/* Slots of source_id: sources, then pools, clocks, casters. */
	struct source *sources;
	struct pool *pools;
	struct refclock *clocks;
	struct caster *casters;
	size_t source_slots, pool_slots, clock_slots, caster_slots;
	size_t measuring;      /* of `clocks` */
	size_t sources_most;   /* high-water mark */
	size_t leaving;        /* sources that go when the outbox has room */
	uint64_t refused;      /* members that there was no slot for */
	instant network_spent; /* new starts for the network: see engine.c */
	bool network_waits;    /* one of them was too early */

	const struct access *lines; /* without hosts, for all tables */
	void *lines_room, *tables[ENGINE_TABLES], *peerlists[ENGINE_TABLES];
	size_t table_next;
	const struct access *access;
	const struct peerlist *peers;
	netaddr *hosts;
	struct control_listed *listed;
	size_t own_count;
	uint32_t own[ENGINE_OWN];

	/* The choice, and who has it: slots of the candidates. */
	struct candidate *candidates;
	uint16_t *slots;
	size_t candidate_count;
	struct choice choice;
	instant answered_at;  /* the first answer since all was void */
	instant heard_at;     /* the last sample of any source */
	instant stepped_at;   /* by us */
	instant lonely_since; /* no server leads */

	struct joint joint; /* the clock, by all survivors together */
	struct discipline discipline;
	span asleep;        /* as of the last event */
	span bent;          /* of the machine, at `bent_since` ... */
	double bent_ours_s; /* ... and what we have bent it by since then */
	instant bent_since;
	instant rated_at; /* when it last ran as it was told to */
	instant woke_at, slewed_at, yielded_at;
	double patience;     /* so often a stranger's rate is set back */
	instant patience_at; /* as of then */
	bool yielded;        /* a stranger keeps the clock */
	bool bent_known, bent_rushed; /* a rush was on meanwhile */
	bool told;                    /* the kernel has had a rate of ours */
	bool woke;                    /* and nothing was measured since */
	double freq_sd; /* s/s: how well the clock's frequency is known */
	struct standing standing;
	instant view_at, saved_at;
	double saved_freq;
	struct effect status; /* what the kernel was told last */

	struct report_counts hour; /* as they were an hour ago, or less ... */
	instant counted_at;        /* ... at this moment */
	struct nonces nonces;
	struct ratelimit *limits; /* of control requests, in `budget` */
	uint64_t budget[ENGINE_CALLERS * 6];

	uint32_t stats;  /* kinds of statistics that are written */
	instant hour_at; /* of the last line of sysstats */
	uint64_t traffic[STATS_TRAFFIC]; /* then */
	instant usage_at;                /* of the last line of usestats */
	struct usage usage;

	struct control_request wish; /* the last, until it is answered */
	bool wishes;

	struct leap_table leaps; /* may be newer than the settings' */
	enum leap said_leap;
	struct {
		enum leap due;   /* at the end of this day */
		tstamp midnight; /* that is when */
		enum leap past;  /* the last one that there was, here ... */
		int64_t past_at; /* ... at this midnight, since 1970 */
		instant over;    /* when our clock had leapt ... */
		bool moved;      /* ... if it had */
		bool smeared;    /* by those whom we follow: none for us */
		bool said_mix;
	} leap;
	uint16_t peer_slot, peer_generation, peer_number, next_number;
	struct key_counts key_counts;
	bool has_peer;
	bool open;     /* enough have answered to decide */
	bool fresh;    /* a sample that the discipline has not seen */
	bool answered; /* anybody has: see `answered_at` */
	bool stepped;  /* and no sample has confirmed it yet */
	bool upstream; /* a server has led since the start */
	bool started, finished;
	bool may_set;        /* the configuration lets us touch the clock */
	bool access_follows; /* there is a restrict source line */
	bool access_stale;
	/* The life before this one, and what of it is kept for the next. */
	enum snapshot_verdict snapshot;
	double snapshot_age_s;
	unsigned resumed; /* sources */
	bool warm;        /* it goes on */
	bool spent;       /* -g was used up in an earlier life (E1) */
	instant kept_at;
	bool kept_serving, kept_spent;
	bool said_serving, said_veto, said_stale, limit_said;
	bool view_due;
};

#endif
