/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source.h - one upstream server: asks, matches answers to requests, and
 * makes samples of those that pass every check (SECURITY.md, the pipeline).
 *
 * A request is single-shot: the first answer with its nonce uses it up. The
 * time of departure comes as an event of its own and sometimes after the
 * answer, which is then held. Nothing about the server is believed, and no
 * timer moved, before the last check has passed (A3, A13).
 */
#ifndef CORE_SOURCE_H
#define CORE_SOURCE_H

#include "core/effect.h"
#include "core/estimate/doubt.h"
#include "core/estimate/estimator.h"
#include "core/events.h"
#include "core/select/selection.h"
#include "core/serve/keyring.h"
#include "core/source/lookup.h"
#include "core/source/polling.h"
#include "core/source/proofs.h"
#include "core/source/xleave.h"
#include "core/source/xpeer.h"
#include "wire/packet.h"

enum source_verdict {
#define VERDICT(id, words) SOURCE_##id,
#include "core/source/sourceverdicts.def"
#undef VERDICT
	SOURCE_VERDICTS,
	SOURCE_NOTHING = SOURCE_VERDICTS, /* no datagram was judged */
};

enum source_state {
	SOURCE_NAMELESS, /* no address yet: see `lookup` */
	SOURCE_IDLE,     /* nothing is outstanding */
	SOURCE_ASKED,    /* on its way; when it left is not known yet */
	SOURCE_WAITING,  /* left at `sent`; no answer yet */
	SOURCE_ANSWERED, /* held: the answer came before the departure's time */
};

#define SOURCE_WINDOW SPAN_S(3) /* how long a request waits (A6) */
#define SOURCE_HISTORY 8
#define SOURCE_NO_POOL UINT16_MAX

struct symmetric {
	bool on;             /* it is a peer, and has a key */
	bool timed;          /* answers when its own poll comes */
	bool plain;          /* asked as a server is: it answers nothing else */
	bool heard;          /* signed packets have come */
	bool led;            /* the last one was a poll, and we interleave */
	uint8_t passed_over; /* polls of ours in a row, for the answer before */
	instant heard_at;
	/* Of packets that answered ours; of those that answered none. */
	struct carried measured, restart;
	bool restarted; /* `restart` is the newer one */
	tstamp newest;  /* of its transmit stamps: what is older is a copy */
	tstamp sent;    /* the transmit stamp of our last packet */
};

/* Of a server that is heard and not asked: see listener.h. */
struct listener {
	bool on;
	bool listens;             /* its distance is known */
	bool measured;            /* the newest, which needed no better ... */
	uint8_t alone;            /* packets in a row that told nothing */
	bool given;               /* by the configuration */
	tstamp newest;            /* of its transmit stamps ... */
	instant newest_at;        /* ... which came then, ... */
	tstamp came;              /* ... by this stamp; zero: it is void */
	enum stamp_origin origin; /* of that */
	span delay;               /* there and back */
	int8_t poll;              /* log2 s, as it says */
	struct source_config config; /* the line that nobody wrote */
};

struct reply {
	struct packet packet;
	tstamp at;
	enum stamp_origin origin;
	bool interleaved; /* its transmit stamp is that of the answer before */
};

/* One measurement as it was, for the reports. */
struct measurement {
	instant at;
	span offset, delay;
};

struct source {
	bool used; /* a free slot otherwise */
	bool announced;
	bool leaving; /* not used any more; its socket is still to be closed */
	bool named;   /* by the settings, while they are taken over */
	bool doubled; /* its name led to nobody but whom others ask already */
	source_id id;
	uint16_t number; /* of the association, in control messages */
	uint16_t pool;   /* the slot of the pool it is a member of */
	enum source_state state;
	const struct source_config *config;
	struct lookup lookup;
	netaddr addr, local;

	/* The request that is outstanding, and the one before. */
	uint64_t nonce, past_nonce;
	instant asked_at, answered_at;
	tstamp asked_wall, sent;
	enum stamp_origin sent_origin;
	uint16_t exchange;
	bool past_answered;
	bool mistrusted; /* it has had an answer that was not authentic */
	struct reply held;

	struct symmetric symmetric;
	struct listener listener;
	struct xleave xleave;
	struct xpeer xpeer;
	struct polling polling;
	struct estimator estimator;
	double freq_sd; /* what the estimator starts from */

	/* What the server told: of answers that passed every check. */
	struct packet peer;
	tstamp returned; /* when the last of them came */
	instant heard_at;
	bool heard, looped;
	bool authentic;     /* the last answer was */
	bool bad_auth;      /* to the last request none was */
	bool no_key;        /* that we could ask with */
	bool smears;        /* a leap second, as its refid tells ... */
	instant smeared_at; /* ... or told here */
	struct doubt doubt;
	struct proofs proofs;
	uint32_t kiss; /* or INIT, or what it said while unsynchronised */

	/* How it stands. */
	double distance_s;
	enum reason reason;
	unsigned bad_polls;  /* polls in a row as a falseticker */
	unsigned idle_polls; /* polls in a row as no survivor */
	struct events events;
	struct measurement history[SOURCE_HISTORY]; /* newest first */
	uint64_t requests, verdicts[SOURCE_VERDICTS];
	enum source_verdict last; /* of a datagram; SAMPLE before the first */
	instant since;            /* it has this address */
	instant turned;           /* reachable, or not any more */
};

struct standing;

/* What a source may know of the rest of the daemon. */
struct source_world {
	struct rng *rng;
	const uint32_t *own; /* refids that mean ourselves (E13) */
	size_t own_count;
	int8_t precision; /* log2 s, of our clock */
	double slew;      /* s/s: what our clock's rate is off by on purpose */
	double base;      /* s/s: what its rate is corrected by besides */
	bool leaping;     /* a leap second is near: see source_is_leaping() */
	unsigned bcpollbstep; /* of tos */
	const struct access *access;
	const struct standing *standing; /* what our packets to peers say */
	bool must_sign; /* who is to become a source by itself */
	const struct keyring *keys;
	struct key_counts *key_counts;
};

/* "not the version that was asked in". */
const char *source_verdict_words(enum source_verdict v);
/* Was this the answer to a request, good or not, that is in `held` now? */
bool source_verdict_is_answer(enum source_verdict v);

/* Is it a peer to be? */
bool source_is_symmetric(const struct source_config *config);
/* Without an address; `now` is when the name is wanted. */
void source_init(struct source *s, const struct source_config *config,
		 double freq_sd, instant now);
/* Asks this address from now on; forgets what it knew of another one. */
void source_move(struct source *s, const netaddr *addr,
		 const struct source_world *world, instant now);
/* Starts to measure anew: nothing learnt so far holds. */
void source_restart(struct source *s, double freq_sd,
		    const struct source_world *world, instant now);
/*
 * The estimator begins with the next sample, not before `at`; all else is
 * kept. Our clock's rate is a good guess, less what it is slewed by.
 */
void source_begin(struct source *s, const struct source_world *world,
		  instant at);
/* Forgets the request that is outstanding: our clock has jumped. */
void source_abandon(struct source *s, struct outbox *out);

/*
 * Each takes one event; SOURCE_SAMPLE: `sample` is for the estimator. Else
 * the verdict says what became of the datagram, SOURCE_NOTHING if none was.
 * The caller counts.
 */
enum source_verdict source_tick(struct source *s, const struct event *ev,
				const struct source_world *world,
				struct outbox *out, struct sample *sample);
enum source_verdict source_sent(struct source *s, const struct event *ev,
				const struct source_world *world,
				struct outbox *out, struct sample *sample);
enum source_verdict source_receive(struct source *s, const struct event *ev,
				   const struct source_world *world,
				   struct outbox *out, struct sample *sample);
/*
 * Around a leap second some leap early or late. What is a whole second off
 * then tells nothing of our clock.
 */
bool source_is_leaping(const struct sample *sample);
/* The request could not be sent, or ICMP answered it: missed (A12). */
void source_failed(struct source *s, uint16_t exchange, struct outbox *out);

/* Do its packets come and go by the server's port? */
static inline bool source_is_peering(const struct source *s)
{
	return s->symmetric.on && !s->symmetric.plain;
}

/* Is a request outstanding? */
static inline bool source_is_waiting(const struct source *s)
{
	return s->state == SOURCE_ASKED || s->state == SOURCE_WAITING ||
	       s->state == SOURCE_ANSWERED;
}

/* When it wants a tick. */
instant source_deadline(const struct source *s);
/*
 * Folds a sample in, and decides how soon to ask again. True when it is far
 * from all that was to be expected: something has happened.
 */
bool source_learn(struct source *s, const struct sample *sample,
		  const struct source_world *world, instant now);
/* Its side of selection; `phi` in s/s. */
void source_candidate(const struct source *s, double phi, instant now,
		      struct candidate *c);
/* By what it may be wrong, however well it is measured. */
double source_floor_s(const struct source *s);
/* Does a line name this host, and not a pool that it is of, or nobody? */
bool source_has_line(const struct source *s);
/* The peer status word (RFC 9327). */
uint16_t source_status(const struct source *s);
/* Counts an event and appends its note. */
void source_note(struct source *s, enum note_id id, struct outbox *out);
/* What it has learnt, but for its configuration and its place. */
void pack_source(struct pack *p, struct source *s);

#endif
