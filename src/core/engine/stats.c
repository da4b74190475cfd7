/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine writes into the statistics files. Of a kind that nobody
 * wants no line is made.
 */
#include "core/report/stats.h"
#include "core/engine/stages.h"
#include "core/report/filegen.h"

#define HOUR_S 3600
#define FLAG4 3 /* of the fudge words: its index */

static bool is_wanted(const struct engine *e, enum stats_kind kind)
{
	return e->stats & UINT32_C(1) << kind;
}

void engine_stats_choose(struct engine *e)
{
	e->stats = 0;
	for (unsigned i = 0; i < STATS_KINDS; i++) {
		e->stats |= (uint32_t)filegen_is_on(e->config, i) << i;
	}
}

void engine_stats_start(struct engine *e)
{
	engine_stats_choose(e);
	e->hour_at = e->usage_at = e->now;
}

/* False: nobody wants this kind. Else `lines` is to be filled, then put(). */
static bool begin(const struct engine *e, enum stats_kind kind,
		  struct outbox *out, struct text *lines)
{
	if (!is_wanted(e, kind)) {
		return false;
	}
	*lines = outbox_text(out);
	return true;
}

static void put(const struct engine *e, enum stats_kind kind,
		const struct text *lines, struct outbox *out)
{
	struct effect moment = { .kind = EFFECT_STATS };

	moment.stats.kind = kind;
	moment.stats.wall = e->wall;
	moment.stats.age = instant_diff(e->now, e->began);
	outbox_stats(out, &moment, lines);
}

void engine_stats_exchange(struct engine *e, const struct source *s,
			   enum source_verdict verdict, struct outbox *out)
{
	struct text line;
	const struct stats_exchange x = {
		.from = s->addr,
		.to = s->local,
		.sent = s->sent,
		.returned = s->held.at,
		.packet = &s->held.packet,
	};

	if (source_verdict_is_answer(verdict) &&
	    begin(e, STATS_RAW, out, &line)) {
		stats_print_exchange(e->wall, &x, &line);
		put(e, STATS_RAW, &line, out);
	}
}

/* Nothing when there is no estimate of what was measured. */
static void put_peer(const struct engine *e, const netaddr *addr,
		     uint16_t status, const struct estimator *estimator,
		     struct outbox *out)
{
	struct text line;
	struct estimate now;

	if (!estimator_estimate(estimator, e->now, &now) ||
	    !begin(e, STATS_PEER, out, &line)) {
		return;
	}
	const struct stats_peer p = {
		.addr = *addr,
		.status = status,
		.offset_s = now.offset_s,
		.delay_s = now.delay_s,
		.disp_s = 3 * now.offset_sd,
		.jitter_s = now.jitter_s,
	};

	stats_print_peer(e->wall, &p, &line);
	put(e, STATS_PEER, &line, out);
}

void engine_stats_sample(struct engine *e, const struct source *s,
			 struct outbox *out)
{
	if (is_wanted(e, STATS_PEER)) {
		put_peer(e, &s->addr, source_status(s), &s->estimator, out);
	}
}

static netaddr address(const struct refclock *r)
{
	return netaddr_v4(refclock_address(r), NTP_PORT);
}

static void put_clock(const struct engine *e, const struct refclock *r,
		      struct outbox *out)
{
	const netaddr addr = address(r);
	struct text line;

	if (begin(e, STATS_CLOCK, out, &line)) {
		stats_print_clock(e->wall, &addr, r->timecode, &line);
		put(e, STATS_CLOCK, &line, out);
	}
}

void engine_stats_poll(struct engine *e, const struct refclock *r,
		       struct outbox *out)
{
	const netaddr addr = address(r);

	if (r->config->fudge.flag[FLAG4] && r->timecode[0] != '\0') {
		put_clock(e, r, out);
	}
	if (!(r->reach & 1)) {
		return;
	}
	if (is_wanted(e, STATS_PEER)) {
		put_peer(e, &addr, refclock_status(r), &r->estimator, out);
	}
	if (e->has_peer && e->peer_slot == r->id.slot) {
		engine_stats_loop(e, e->choice.combined.offset_s, out);
	}
}

void engine_stats_local(struct engine *e, const struct refclock *r,
			struct outbox *out)
{
	const struct stats_peer p = { .addr = address(r),
				      .status = refclock_status(r) };
	struct text line;

	if (begin(e, STATS_PEER, out, &line)) {
		stats_print_peer(e->wall, &p, &line);
		put(e, STATS_PEER, &line, out);
	}
	if (e->has_peer && e->peer_slot == r->id.slot) {
		engine_stats_loop(e, 0, out);
	}
}

void engine_stats_loop(struct engine *e, double offset_s, struct outbox *out)
{
	struct text line;
	const struct stats_loop l = {
		.offset_s = offset_s,
		.freq_ppm = e->discipline.base * 1e6,
		.jitter_s = e->choice.combined.jitter_s,
		.wander_ppm = e->choice.combined.wander * 1e6,
		.poll = engine_poll(e),
	};

	if (begin(e, STATS_LOOP, out, &line)) {
		stats_print_loop(e->wall, &l, &line);
		put(e, STATS_LOOP, &line, out);
	}
}

static void tell_traffic(struct engine *e, const struct event *ev,
			 struct outbox *out)
{
	struct text line;
	struct report_counts counts = { 0 };
	uint64_t all[STATS_TRAFFIC], hour[STATS_TRAFFIC];
	double passed_s = engine_age_s(e, e->hour_at);

	if (passed_s < HOUR_S || !begin(e, STATS_SYS, out, &line)) {
		return;
	}
	for (size_t i = 0; i < ev->tick.shard_count; i++) {
		report_add_shard(&counts, &ev->tick.shards[i]);
	}
	report_traffic(&counts, all);
	for (size_t i = 0; i < STATS_TRAFFIC; i++) {
		hour[i] = all[i] - e->traffic[i];
		e->traffic[i] = all[i];
	}
	stats_print_traffic(e->wall, (uint64_t)passed_s, hour, &line);
	put(e, STATS_SYS, &line, out);
	e->hour_at = e->now;
}

static struct usage usage_since(const struct usage *was,
				const struct usage *now)
{
	struct usage u = {
		.user_s = now->user_s - was->user_s,
		.system_s = now->system_s - was->system_s,
		.most_kib = now->most_kib,
	};

	for (size_t i = 0; i < USAGE_COUNTS; i++) {
		u.counts[i] = now->counts[i] - was->counts[i];
	}
	return u;
}

static void tell_usage(struct engine *e, const struct event *ev,
		       struct outbox *out)
{
	const struct usage *now = ev->tick.usage;
	double passed_s = engine_age_s(e, e->usage_at);
	struct usage hour;
	struct text line;

	if (passed_s < HOUR_S) {
		return;
	}
	if (now && begin(e, STATS_USE, out, &line)) {
		hour = usage_since(&e->usage, now);
		stats_print_usage(e->wall, (uint64_t)passed_s, &hour, &line);
		put(e, STATS_USE, &line, out);
		e->usage = *now;
	}
	e->usage_at = e->now;
}

void engine_stats_tick(struct engine *e, const struct event *ev,
		       struct outbox *out)
{
	tell_traffic(e, ev, out);
	tell_usage(e, ev, out);
}

instant engine_stats_deadline(const struct engine *e)
{
	instant at = INSTANT_NEVER;

	if (is_wanted(e, STATS_SYS)) {
		at = instant_add(e->hour_at, SPAN_S(HOUR_S));
	}
	if (is_wanted(e, STATS_USE)) {
		at = instant_earlier(at,
				     instant_add(e->usage_at, SPAN_S(HOUR_S)));
	}
	return at;
}

/* All of them at once: they are of one moment, and so of one file. */
void engine_stats_events(struct engine *e, struct outbox *out)
{
	struct text lines;

	if (!begin(e, STATS_PROTO, out, &lines)) {
		return;
	}
	for (uint32_t i = 0; i < out->count; i++) {
		const struct effect *n = &out->effects[i];

		if (n->kind == EFFECT_NOTE && note_event(n->note.id) != 0) {
			stats_print_event(e->wall, &n->note, &lines);
		}
	}
	put(e, STATS_PROTO, &lines, out);
}
