/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/engine/stages.h"
#include "core/serve/refid.h"
#include "core/source/flash.h"

#include <math.h>

#define NO_BROADCAST_DELAY_S (-0.05) /* as classic says it */

static void report_sources(const struct engine *e, struct system_report *r)
{
	for (size_t i = 0; i < e->source_slots; i++) {
		const struct source *s = &e->sources[i];

		if (s->used) {
			r->transmits += s->requests;
			r->backwards += s->verdicts[SOURCE_BACKWARDS];
		}
	}
}

void engine_report_system(const struct engine *e, const struct event *ev,
			  struct system_report *r)
{
	const struct standing *s = &e->standing;
	enum leap leap = standing_leap(s, e->now);

	*r = (struct system_report){
		.version = e->start.version,
		.processor = e->start.processor,
		.system = e->start.system,
		.leap = leap,
		.stratum = s->synchronised ? s->stratum : STRATUM_UNKNOWN,
		.precision = e->start.precision,
		.root_delay_s = s->root_delay_s,
		.root_disp_s = standing_disp_s(s, e->now),
		.refid = s->refid,
		.reference = s->reference,
		.clock = e->wall,
		.kind = s->kind,
		.events = s->events,
		.peer = e->peer_number,
		.poll = e->status.status.poll,
		.freq_ppm = discipline_kernel(discipline_freq(&e->discipline)) *
			    1e6,
		.max_error_s = standing_bound_s(s, e->now),
		.est_error_s = standing_likely_s(s, e->now),
		.uptime_s = engine_whole_s(engine_age_s(e, e->began)),
		.synced_known = e->said_serving,
		.synced_s = engine_whole_s(engine_age_s(e, e->serving_since)),
		.broadcast_delay_s = e->config->broadcast_delay_given
					     ? e->config->broadcast_delay_s
					     : NO_BROADCAST_DELAY_S,
		.setvars = e->config->setvars,
	};
	r->bound_known = standing_clock_bound(s, e->now, &r->clock_bound_s);
	if (e->choice.found) {
		const struct estimate *c = &e->choice.combined;

		r->offset_s = c->offset_s;
		r->jitter_s = e->choice.jitter_s;
		r->clock_jitter_s = c->jitter_s;
		r->wander_ppm = c->wander * 1e6;
	}
	if (e->has_peer && e->peer_slot < e->source_slots) {
		r->peer_addr = e->sources[e->peer_slot].addr;
		r->peer_mode = (uint8_t)engine_mode(&e->sources[e->peer_slot]);
	} else if (e->has_peer) {
		r->peer_addr = engine_clock(e, e->peer_slot)->config->addr;
		r->peer_mode = MODE_CLIENT;
	}
	engine_report_leaps(e, r);
	report_sources(e, r);
	r->hour = e->hour;
	r->mru = e->config->mru;
	r->wander_threshold_ppm = e->config->nonvolatile_s * 1e6;
	if (ev->control.facts) {
		r->host = *ev->control.facts;
	}
	for (size_t i = 0; i < ev->control.shard_count; i++) {
		report_add_shard(&r->counts, &ev->control.shards[i]);
	}
	key_counts_add(&r->counts.keys, &e->key_counts);
	r->counts.auth_failed +=
		e->key_counts.digests_wrong + e->key_counts.cmacs_wrong;
	r->keys = e->settings->keys ? e->settings->keys->stored : 0;
}

static void report_history(const struct engine *e, const struct source *s,
			   struct peer_report *r)
{
	double phi = engine_phi(e);

	for (size_t i = 0; i < REPORT_FILTER && i < SOURCE_HISTORY; i++) {
		const struct measurement *m = &s->history[i];

		if (i >= s->estimator.samples) {
			r->filt_disp_s[i] = DISP_UNKNOWN_S;
			continue;
		}
		r->filt_delay_s[i] = span_to_seconds(m->delay);
		r->filt_offset_s[i] = span_to_seconds(m->offset);
		r->filt_disp_s[i] = phi * engine_age_s(e, m->at) +
				    ldexp(1, e->start.precision);
	}
}

static void report_counts(const struct engine *e, const struct source *s,
			  struct peer_report *r)
{
	uint64_t all = 0;

	for (size_t i = 0; i < SOURCE_VERDICTS; i++) {
		all += s->verdicts[i];
	}
	r->interleaves = s->config->xleave || s->xleave.answers > 0;
	r->count_interleaved = s->xleave.answers;
	r->xleave_s = span_to_seconds(s->xleave.sending);
	r->count_sent = s->requests;
	r->count_received = all - s->verdicts[SOURCE_HELD];
	r->verdict = all > 0 ? source_verdict_words(s->last) : NULL;
	r->count_bogus = s->verdicts[SOURCE_ORIGIN] +
			 s->verdicts[SOURCE_UNASKED] +
			 s->verdicts[SOURCE_REFLECTED];
	r->count_bad_auth =
		s->verdicts[SOURCE_UNSIGNED] + s->verdicts[SOURCE_NAK] +
		s->verdicts[SOURCE_OTHER_KEY] + s->verdicts[SOURCE_BAD_MAC];
	r->count_old = s->verdicts[SOURCE_DUPLICATE] +
		       s->verdicts[SOURCE_LATE] + s->verdicts[SOURCE_OLD];
	r->count_bad_disp = s->verdicts[SOURCE_ROOT];
	r->count_bad_reference = s->verdicts[SOURCE_UNSYNCHRONISED] +
				 s->verdicts[SOURCE_REFERENCE];
	r->time_next_s = engine_whole_s(-engine_age_s(e, s->polling.due));
	r->time_reach_s = engine_whole_s(engine_age_s(e, s->turned));
	r->headway_s = (uint32_t)ceil(polling_headway_s(&s->polling, e->now));
	if (s->heard) {
		r->time_received_s =
			engine_whole_s(engine_age_s(e, s->heard_at));
	}
}

/* What the last good answer said; INIT and the like before. */
static void report_peer_clock(const struct source *s, struct peer_report *r)
{
	r->leap = s->heard && s->kiss == 0 ? s->peer.leap : LEAP_UNSYNC;
	r->stratum = STRATUM_UNKNOWN;
	r->refid = s->kiss;
	if (s->heard && s->kiss == 0) {
		r->stratum = s->peer.stratum;
		r->refid = s->peer.refid;
	}
	r->precision = s->peer.precision;
	r->root_delay_s = span_to_seconds(s->peer.root_delay);
	r->root_disp_s = span_to_seconds(s->peer.root_disp);
	r->reference = s->peer.reference;
	r->their_mode = s->heard ? (uint8_t)s->peer.mode : MODE_RESERVED;
	r->their_poll = s->peer.poll;
	if (!s->heard) { /* as rarely as we would ever ask */
		r->their_poll = s->config->maxpoll;
	}
	if (s->heard) {
		/* Never the nonce that stands in its origin field (A9). */
		r->origin = s->sent;
		r->sent = s->sent;
		r->received = s->returned;
	}
}

static void report_source(const struct engine *e, const struct source *s,
			  struct peer_report *r)
{
	struct estimate now;
	bool named = source_has_line(s);

	*r = (struct peer_report){
		.assoc = s->number,
		.addr = s->addr,
		.local = s->local,
		.host = named ? s->config->host : NULL,
		.configured = named,
		.tally = reason_tally(s->reason),
		.reason = reason_words(s->reason),
		.events = s->events,
		.reach = s->polling.reach,
		.unreach = s->polling.unreach,
		.our_mode = (uint8_t)engine_mode(s),
		.our_poll = polling_now(&s->polling),
		.flash = flash_of_source(s),
		.authenable = s->config->key != 0,
		.authentic = s->authentic,
		.key = s->config->key,
		.cookies = REPORT_NOT_NTS,
		.disp_s = DISP_UNKNOWN_S,
	};
	report_peer_clock(s, r);
	report_counts(e, s, r);
	if (!s->heard || !estimator_estimate(&s->estimator, e->now, &now)) {
		return;
	}
	report_history(e, s, r);
	r->offset_s = now.offset_s;
	r->delay_s = now.delay_s;
	r->disp_s = 3 * now.offset_sd;
	r->jitter_s = now.jitter_s;
}

static void report_pool(const struct engine *e, const struct pool *p,
			struct peer_report *r)
{
	*r = (struct peer_report){
		.assoc = p->number,
		.host = p->config->host,
		.stratum = STRATUM_UNKNOWN,
		.leap = LEAP_UNSYNC,
		.precision = e->start.precision,
		.refid = p->call.on ? REFID_ACST : REFID_POOL,
		.addr = p->config->addr,
		.configured = true,
		.solicits = true,
		.tally = TALLY_REJECT,
		.reason = "a name, for the servers behind it",
		.events = p->events,
		.our_mode = MODE_CLIENT,
		.our_poll = p->config->minpoll,
		.disp_s = DISP_UNKNOWN_S,
		.cookies = REPORT_NOT_NTS,
	};
}

struct association engine_association(const struct engine *e, uint16_t number)
{
	struct association a = { .source = NULL };

	for (size_t i = 0; i < e->source_slots; i++) {
		if (e->sources[i].used && e->sources[i].number == number) {
			a.source = &e->sources[i];
			return a;
		}
	}
	for (size_t i = 0; i < e->pool_slots; i++) {
		if (e->pools[i].number == number) {
			a.pool = &e->pools[i];
			return a;
		}
	}
	for (size_t i = 0; i < e->clock_slots; i++) {
		if (e->clocks[i].number == number) {
			a.clock = &e->clocks[i];
			return a;
		}
	}
	for (size_t i = 0; i < e->caster_slots; i++) {
		if (e->casters[i].number == number) {
			a.caster = &e->casters[i];
			return a;
		}
	}
	return a;
}

bool engine_report_peer(const struct engine *e, uint16_t assoc,
			struct peer_report *r)
{
	const struct association a = engine_association(e, assoc);

	if (a.source) {
		report_source(e, a.source, r);
	} else if (a.pool) {
		report_pool(e, a.pool, r);
	} else if (a.clock) {
		engine_report_clock(e, a.clock, r);
	} else if (a.caster) {
		engine_report_caster(e, a.caster, r);
	} else {
		return false;
	}
	return true;
}

static void list(struct engine *e, size_t at, uint16_t assoc, uint16_t status)
{
	e->listed[at] = (struct control_listed){ assoc, status };
}

/* In the order of the configuration file, as far as the slots tell. */
size_t engine_list(struct engine *e)
{
	struct peer_report r;
	size_t n = 0;

	for (size_t i = 0; i < e->source_slots; i++) {
		const struct source *s = &e->sources[i];

		if (s->used) {
			list(e, n++, s->number, source_status(s));
		}
	}
	for (size_t i = 0; i < e->pool_slots; i++) {
		report_pool(e, &e->pools[i], &r);
		list(e, n++, r.assoc, report_peer_status(&r));
	}
	for (size_t i = 0; i < e->clock_slots; i++) {
		const struct refclock *c = &e->clocks[i];

		list(e, n++, c->number, refclock_status(c));
	}
	for (size_t i = 0; i < e->caster_slots; i++) {
		engine_report_caster(e, &e->casters[i], &r);
		list(e, n++, r.assoc, report_peer_status(&r));
	}
	return n;
}

struct events *engine_events(const struct engine *e, uint16_t assoc)
{
	const struct association a = engine_association(e, assoc);

	return a.source   ? &a.source->events
	       : a.pool   ? &a.pool->events
	       : a.clock  ? &a.clock->events
	       : a.caster ? &a.caster->events
			  : NULL;
}

size_t engine_peers_at(const struct engine *e, const netaddr *local)
{
	size_t peers = 0;

	for (size_t i = 0; i < e->source_slots; i++) {
		peers += e->sources[i].used &&
			 netaddr_same_host(&e->sources[i].local, local);
	}
	return peers;
}
