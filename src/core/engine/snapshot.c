/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is left to the next life of the daemon, and taken up again.
 *
 * Within one boot all moments on the monotonic clock stay what they are. What
 * the kernel did to the clock since the snapshot, whoever told it to, is how
 * the monotonic clock has parted from the one that nobody steers; each
 * estimator is told, so nothing that was learnt is lost: not after SIGKILL in
 * the middle of a slew either. Dispersion has grown meanwhile as it always
 * does. What is taken up is served at once, but corrects nothing before an
 * exchange has confirmed it.
 */
#include <string.h>

#include "core/engine/stages.h"

#define KEEP_S 240    /* between two snapshots, when nothing happens */
#define NAME_MOST 256 /* bytes of a host's name */
#define SETTLED 4     /* samples of an estimator that needs no burst */

/* What the walk over a source begins with. */
struct kept {
	char host[NAME_MOST];
	bool member; /* of the pool of that name */
};

/* --- taking one --- */

/* Has -g been used up in this boot? (E1) */
static bool is_spent(const struct engine *e)
{
	return e->spent || (e->may_set && e->discipline.first_done);
}

void engine_keep(struct engine *e, struct outbox *out)
{
	const struct effect keep = { .kind = EFFECT_SNAPSHOT };
	bool spent = is_spent(e);
	bool news = (e->said_serving && !e->kept_serving) ||
		    (spent && !e->kept_spent) ||
		    instant_diff(e->stepped_at, e->kept_at).v > 0;

	if (e->finished || e->config->orders.quit ||
	    (!news && engine_age_s(e, e->kept_at) < KEEP_S)) {
		return;
	}
	e->kept_serving = e->said_serving;
	e->kept_spent = spent;
	e->kept_at = e->now;
	outbox_add(out, &keep);
}

/* Those that the next life can do with. */
static bool is_worth_keeping(const struct source *s)
{
	return s->used && s->heard && s->state != SOURCE_NAMELESS &&
	       s->polling.reach != 0 && s->estimator.samples > 0 &&
	       (s->config->kind == SOURCE_KIND_SERVER ||
		s->config->kind == SOURCE_KIND_POOL) &&
	       strlen(s->config->host) < NAME_MOST;
}

static void pack_discipline(struct pack *p, struct discipline *d)
{
	d->state =
		(enum discipline_state)pack_uint(p, d->state, DISCIPLINE_SYNC);
	d->base = pack_double(p, d->base, -1e-3, 1e-3);
	d->slew = pack_double(p, d->slew, -1, 1);
	d->first_done = pack_bool(p, d->first_done);
	d->may_rush = pack_bool(p, d->may_rush);
}

static void pack_engine(struct pack *p, struct engine *e)
{
	pack_discipline(p, &e->discipline);
	e->freq_sd = pack_double(p, e->freq_sd, 0, 1);
	e->upstream = pack_bool(p, e->upstream);
	e->open = pack_bool(p, e->open);
	e->answered = pack_bool(p, e->answered);
	e->lonely_since.v = pack_time(p, e->lonely_since.v);
	e->heard_at.v = pack_time(p, e->heard_at.v);
}

static void pack_kept(struct pack *p, struct kept *k)
{
	pack_bytes(p, (uint8_t *)k->host, sizeof(k->host));
	p->bad |= k->host[NAME_MOST - 1] != '\0';
	k->member = pack_bool(p, k->member);
}

/* One source, or as if nothing had been written. */
static void put_source(struct pack *p, struct source *s)
{
	struct writer before = *p->writer;
	struct kept k = { .member = s->pool != SOURCE_NO_POOL };

	memcpy(k.host, s->config->host, strlen(s->config->host));
	(void)pack_bool(p, true);
	pack_kept(p, &k);
	pack_source(p, s);
	/* What ends the list, and the file, still has to find room. */
	if (p->writer->failed || p->writer->end - p->writer->at < 16) {
		*p->writer = before;
	}
}

static void put_sources(struct pack *p, struct engine *e, bool leading)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];
		bool leads = reason_tally(s->reason) >= TALLY_CANDIDATE;

		if (is_worth_keeping(s) && leads == leading) {
			put_source(p, s);
		}
	}
}

size_t engine_snapshot(struct engine *e, const struct mark *mark,
		       uint8_t *bytes, size_t room)
{
	struct snapshot s = {
		.mark = *mark,
		.ours = e->may_set && !e->yielded,
		.spent = is_spent(e),
		.whole = !e->finished && !e->config->orders.quit,
	};
	struct writer w = writer_over(bytes, room);
	struct pack p = snapshot_begin(&w, &s);

	if (s.whole) {
		bool synchronised = e->standing.synchronised;

		(void)pack_bool(&p, synchronised);
		pack_engine(&p, e);
		put_sources(&p, e, true);
		put_sources(&p, e, false);
		(void)pack_bool(&p, false);
	}
	snapshot_end(&w, bytes);
	return w.failed ? 0 : (size_t)(w.at - bytes);
}

/* --- taking it up --- */

static struct source *find_server(struct engine *e, const char *host,
				  const netaddr *addr)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];
		const netaddr *literal;

		if (!s->used || s->heard || s->pool != SOURCE_NO_POOL ||
		    s->config->kind != SOURCE_KIND_SERVER ||
		    strcmp(s->config->host, host) != 0) {
			continue;
		}
		literal = &s->config->addr;
		if (netaddr_is_none(literal) ||
		    netaddr_same_host(literal, addr)) {
			return s;
		}
	}
	return NULL;
}

static struct source *find_member(struct engine *e, const char *host)
{
	for (size_t i = 0; i < e->pool_slots; i++) {
		struct pool *p = &e->pools[i];

		if (p->config->kind == SOURCE_KIND_POOL &&
		    strcmp(p->config->host, host) == 0) {
			return engine_new_member(e, p);
		}
	}
	return NULL;
}

/* The memory of one `was` becomes that of `s`. */
static void take_up(struct engine *e, struct source *s,
		    const struct source *was)
{
	struct source_world world = engine_world(e);

	source_move(s, &was->addr, &world, e->now);
	s->lookup.state = LOOKUP_NONE;
	s->local = was->local;
	s->peer = was->peer;
	s->returned = was->returned;
	s->heard_at = was->heard_at;
	s->since = was->since;
	s->kiss = was->kiss;
	s->freq_sd = was->freq_sd;
	s->doubt = was->doubt;
	s->proofs = was->proofs;
	memcpy(s->history, was->history, sizeof(s->history));
	s->estimator = was->estimator;
	s->heard = true;
	polling_resume(&s->polling, &was->polling,
		       s->estimator.samples >= SETTLED, &e->rng, e->now);
}

static bool is_past(const struct engine *e, const struct source *s)
{
	struct estimate known;

	return instant_diff(e->now, s->heard_at).v >= 0 &&
	       instant_diff(e->now, s->estimator.at).v >= 0 &&
	       instant_diff(e->now, s->polling.last).v >= 0 &&
	       estimator_estimate(&s->estimator, e->now, &known) &&
	       known.offset_sd >= 0 && known.freq_sd >= 0;
}

/*
 * All sources of the list; nothing is taken up unless `apply`. False: there is
 * one among them that cannot be.
 */
static bool get_sources(struct engine *e, struct pack p, bool apply)
{
	struct source was;
	struct kept k = { .member = false };

	while (pack_bool(&p, false)) {
		memset(&was, 0, sizeof(was));
		pack_kept(&p, &k);
		pack_source(&p, &was);
		if (pack_failed(&p) || was.polling.reach == 0 ||
		    netaddr_is_none(&was.addr) || !is_past(e, &was)) {
			return false;
		}
		if (!apply || (k.member && !pool_accepts(&was.addr))) {
			continue;
		}
		struct source *s = k.member ? find_member(e, k.host)
					    : find_server(e, k.host, &was.addr);

		if (s) {
			take_up(e, s, &was);
			e->resumed++;
		}
	}
	return !pack_failed(&p) && reader_left(&p.reader) == 0;
}

/*
 * The clock ran on as it was told, or as somebody else told it; from now on it
 * is as with no slew. `was` is what it was told then.
 */
static void resume_clock(struct engine *e, const struct snapshot *s,
			 const struct discipline *was, bool synchronised)
{
	struct discipline *d = &e->discipline;
	const struct machine *then = &s->mark.machine;
	double age_s = engine_age_s(e, s->mark.now);
	double rate = discipline_freq(was);
	double bent_s =
		span_to_seconds(span_sub(e->start.machine.bent, then->bent));

	if (s->ours) {
		d->base = was->base;
		engine_shift(e, bent_s - rate * age_s, was->base - rate);
	}
	/* Else what is off is as after any start: LOCAL knows of no error. */
	if (synchronised && was->first_done) {
		d->state = DISCIPLINE_SYNC;
	}
	d->first_done = was->first_done;
	d->may_rush = d->may_rush && was->may_rush;
	e->saved_freq = d->base;
}

/* False: the body is not what we write. */
static bool resume(struct engine *e, const struct snapshot *s, struct pack p)
{
	bool synchronised = pack_bool(&p, false);
	struct engine was;

	memset(&was, 0, sizeof(was));
	pack_engine(&p, &was);
	if (pack_failed(&p) || !get_sources(e, p, false)) {
		return false;
	}
	(void)get_sources(e, p, true);
	e->freq_sd = was.freq_sd;
	e->upstream = was.upstream;
	e->open = was.open && e->resumed > 0;
	e->answered = was.answered && e->resumed > 0;
	e->answered_at = e->now;
	if (instant_diff(e->now, was.lonely_since).v >= 0) {
		e->lonely_since = was.lonely_since;
	}
	if (instant_diff(e->now, was.heard_at).v >= 0) {
		e->heard_at = was.heard_at;
	}
	if (!synchronised) { /* nor are we, until a sample says so */
		e->stepped = true;
		e->stepped_at = e->now;
	}
	resume_clock(e, s, &was.discipline, synchronised);
	return true;
}

void engine_resume(struct engine *e)
{
	const struct engine_start *start = &e->start;
	struct mark now = { .now = e->now,
			    .wall = e->wall,
			    .machine = start->machine };
	struct snapshot s;
	struct pack body;

	if (start->snapshot_len == 0) {
		return;
	}
	memcpy(now.boot, start->boot, sizeof(now.boot));
	e->snapshot =
		snapshot_open(start->snapshot, start->snapshot_len, &s, &body);
	if (e->snapshot != SNAPSHOT_GOOD) {
		return;
	}
	if (snapshot_is_of_boot(&s, &now) && s.spent) {
		e->spent = e->kept_spent = true;
		e->discipline.panic_once = false;
	}
	e->snapshot = snapshot_judge(&s, &now, e->may_set);
	e->snapshot_age_s = engine_age_s(e, s.mark.now);
	if (e->snapshot == SNAPSHOT_GOOD && !e->config->orders.quit &&
	    !resume(e, &s, body)) {
		e->snapshot = SNAPSHOT_BROKEN;
	}
	e->warm = e->snapshot == SNAPSHOT_GOOD && !e->config->orders.quit;
}

void engine_note_resumed(struct engine *e, struct outbox *out)
{
	if (e->warm) {
		engine_note(e, NOTE_RESUMED, e->snapshot_age_s, "", out);
	} else if (e->start.snapshot_len > 0 && !e->config->orders.quit &&
		   e->snapshot != SNAPSHOT_EMPTY) {
		engine_note(e, NOTE_NOT_RESUMED, 0, snapshot_words(e->snapshot),
			    out);
	}
}
