/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * polling.h - how soon to ask one server again, and how often it answered.
 *
 * A poll is one request, or a burst of them two seconds apart: the first poll
 * (eight with iburst, else four), each poll with `burst`. The reach register
 * shifts once a poll. Nothing here is faster than two seconds.
 */
#ifndef CORE_POLLING_H
#define CORE_POLLING_H

#include "base/ntptime.h"
#include "base/rng.h"
#include "config/config.h"

#define POLLING_GAP_S 2   /* between the requests of a burst */
#define POLLING_RETRY_S 8 /* after an answer of "unsynchronised" */
#define POLLING_DENIED 12 /* log2 s: how often to ask who refuses us */
#define POLLING_BARRED_S 86400
#define POLLING_DENIALS 3 /* so many polls in a row make it a refusal */

struct polling {
	int8_t min, max; /* log2 s, as configured; never changed (B2) */
	int8_t poll;     /* log2 s, as the estimate allows */
	int8_t raised;   /* steps on top of it that a RATE asked for */
	int8_t theirs;   /* no longer than a peer asks us; INT8_MAX: any */
	bool iburst, bursts;
	bool stretches; /* this burst ends in longer gaps */
	bool opening;   /* the next poll is the first of a new start */
	uint8_t reach;
	uint8_t left;           /* requests of this burst still to send */
	uint8_t asked;          /* requests of this poll so far */
	uint8_t eager;          /* early tries spent since the new start */
	uint8_t hold;           /* polls until `raised` may decay */
	uint8_t replies;        /* good ones since it last did */
	uint8_t denied;         /* polls in a row that were only refused */
	uint8_t unsynchronised; /* requests since it first said so */
	uint8_t calm;     /* samples in a row that would allow a longer poll */
	uint8_t hurried;  /* polls until it may be hurried again */
	unsigned unreach; /* polls since the last good answer */
	instant last, due;
};

/* What the estimator expects, for polling_adapt(). */
struct outlook {
	double sd_s;        /* its error at the next poll */
	double sd_longer_s; /* the same if the poll were one step longer */
	double noise_s;     /* of one exchange */
	bool surprise;      /* the last sample was far from the prediction */
};

void polling_init(struct polling *p, const struct source_config *config);
/* The line says something else now; what is known of the server stays. */
void polling_retune(struct polling *p, const struct source_config *config);
/* A new start: asks soon, in a burst, and again soon when nothing answers. */
void polling_restart(struct polling *p, struct rng *rng, instant now);

/*
 * Goes on where another life of the daemon was: one request soon, or when too
 * little is known (`settled` is false) a burst; neither out of turn.
 */
void polling_resume(struct polling *p, const struct polling *was, bool settled,
		    struct rng *rng, instant now);

/* A request went out. True when the last answer is eight polls ago with it. */
bool polling_asked(struct polling *p, struct rng *rng, instant now);
/* Its answer: good (true when the source was unreachable) ... */
bool polling_good(struct polling *p, struct rng *rng);
/* ... or "I do not know the time" (seed-checklist 57) ... */
void polling_unsynchronised(struct polling *p);
/* ... or a kiss: RATE (B2), DENY or RSTR (B3). */
void polling_rate(struct polling *p, struct rng *rng);
/* True when with it the source has refused us for good. */
bool polling_denied(struct polling *p, struct rng *rng);
/* It was signed: asks once more a day later (B4). True when that is news. */
bool polling_barred(struct polling *p);
bool polling_is_denied(const struct polling *p);

/*
 * After a good answer: the poll grows while the clock is still known as well
 * as one exchange could tell it by the end of a longer one, and shrinks when
 * it is not; a surprise makes it the shortest at once.
 */
void polling_adapt(struct polling *p, const struct outlook *o, struct rng *rng);
/* Another source was surprised, so this one is asked soon, once. */
void polling_hurry(struct polling *p, struct rng *rng);

/* A poll is a broadcast that should come, each 2^log2 s; nobody is asked. */
void polling_attend(struct polling *p, int8_t log2);
/* A peer asks us this often: neither waits longer than the other (RFC 5905,
 * section 13). */
void polling_agree(struct polling *p, int8_t theirs);
/* How long nobody could make us ask again, s; what is due later is our choice.
 */
double polling_headway_s(const struct polling *p, instant now);
/* log2 s: what is in force. */
int8_t polling_now(const struct polling *p);

#endif
