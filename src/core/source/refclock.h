/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refclock.h - a reference clock as a source, 127.127.t.u.
 *
 * LOCAL says that our own clock is right when nobody else is there to ask. It
 * takes samples only while no other source leads, so that its reach register
 * runs empty while others do (seed-checklist 40).
 *
 * All others measure: they are read once a second, and what they say goes
 * through the same estimator as the answers of servers, but for the path,
 * which they do not have. A poll is good when a sample came during it.
 */
#ifndef CORE_REFCLOCK_H
#define CORE_REFCLOCK_H

#include "core/effect.h"
#include "core/estimate/estimator.h"
#include "core/report/report.h"

#define REFCLOCK_LOCAL_DISP_S 0.01 /* what it is taken to be good for */
#define REFCLOCK_NAME 24
#define REFCLOCK_TIMECODE 48

struct refclock_driver {
	uint8_t type, stratum;
	bool measures;
	enum clock_kind kind;
	const char *name, *refid, *device;
};

enum refclock_verdict {
#define VERDICT(id, column, fault, words) REFCLOCK_##id,
#include "core/source/refclockverdicts.def"
#undef VERDICT
	REFCLOCK_VERDICTS
};

/* The columns of the classic driver's timecode, after the readings. */
enum refclock_column {
	COLUMN_GOOD,
	COLUMN_NOT_READY,
	COLUMN_BAD,
	COLUMN_CLASH,
	COLUMNS
};

/* A sample as it was, for the reports. */
struct refclock_past {
	instant at;
	span offset;
};

struct refclock {
	source_id id;
	char name[REFCLOCK_NAME]; /* LOCAL(0): what operators call it */
	uint16_t number;
	const struct source_config *config;
	const struct refclock_driver *driver;
	uint8_t stratum;
	uint32_t refid;
	uint8_t reach;
	bool heard;
	instant due, heard_at;
	uint64_t polls;
	enum reason reason;
	double distance_s;
	struct events events;

	/* Of those that measure. */
	bool announced;
	bool early;  /* this poll stands in `reach` already */
	bool jumped; /* our clock, since it was read */
	bool lost;   /* it says that it does not know the time */
	instant poll_at;
	struct estimator estimator;
	double freq_sd; /* what the estimator starts from */
	enum leap leap;
	int8_t precision; /* log2 s, as it has it, within reason */
	tstamp reference; /* of the last sample */
	struct refclock_past history[REPORT_FILTER]; /* newest first */
	unsigned spikes;                             /* in a row */
	uint64_t verdicts[REFCLOCK_VERDICTS], unanswered;
	unsigned columns[COLUMNS]; /* of this poll */
	uint8_t state, last; /* of enum clock_event; the last not nominal */
	char timecode[REFCLOCK_TIMECODE]; /* of the last poll */
};

/* NULL: there is none for this type. */
const struct refclock_driver *refclock_driver(unsigned type);
enum clock_event refclock_verdict_event(enum refclock_verdict v);

void refclock_init(struct refclock *r, const struct source_config *config,
		   double freq_sd, instant now);
/* The line says something else now; what was measured stays if it may. */
void refclock_retune(struct refclock *r, const struct source_config *config,
		     double freq_sd, double slew, instant now);
/* The identity that we pass on for LOCAL: 127.127.t.u. */
uint32_t refclock_address(const struct refclock *r);
int8_t refclock_poll(const struct refclock *r);
uint16_t refclock_status(const struct refclock *r);
/* Counts an event and appends its note. */
void refclock_note(struct refclock *r, enum note_id id, struct outbox *out);

/* What its readings are wrong by at least: `least`, or what fudge says. */
double refclock_noise_s(const struct refclock *r, double least_s);

/* LOCAL. `leads`: it or nobody is the system peer. True: it took a sample. */
bool refclock_tick(struct refclock *r, bool leads, instant now);
/* `waits`: others are to have their chance first. */
void refclock_candidate(const struct refclock *r, bool waits, instant now,
			struct candidate *c);

/* refclock_measure.c: the others. */
/* Asks to be read when it is due, and ends polls; true: one is over. */
bool refclock_ask(struct refclock *r, instant now, struct outbox *out);
/* One reading, which is counted; REFCLOCK_SAMPLE: `sample` is to be learnt. */
enum refclock_verdict refclock_receive(struct refclock *r,
				       const struct event *ev,
				       struct outbox *out,
				       struct sample *sample);
/*
 * The estimator begins with the next sample. Our clock's rate is a good guess,
 * less what it is slewed by.
 */
void refclock_begin(struct refclock *r, double freq_sd, double slew,
		    instant at);
void refclock_learn(struct refclock *r, const struct sample *sample);
/* Our clock has jumped: the reading that waits is void. */
void refclock_abandon(struct refclock *r);
/* Its side of selection; `phi` in s/s. */
void refclock_estimate(const struct refclock *r, double phi, instant now,
		       struct candidate *c);

#endif
