/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/engine/stages.h"
#include "core/source/flash.h"

#include <math.h>

static void report_history(const struct engine *e, const struct refclock *c,
			   struct peer_report *r)
{
	for (size_t i = 0; i < REPORT_FILTER; i++) {
		const struct refclock_past *past = &c->history[i];

		if (i >= c->verdicts[REFCLOCK_SAMPLE]) {
			r->filt_disp_s[i] = DISP_UNKNOWN_S;
			continue;
		}
		r->filt_offset_s[i] = span_to_seconds(past->offset);
		r->filt_disp_s[i] = engine_phi(e) * engine_age_s(e, past->at) +
				    refclock_noise_s(c, ldexp(1, c->precision));
	}
}

/* What only a clock that measures has to tell. */
static void report_measuring(const struct engine *e, const struct refclock *c,
			     struct peer_report *r)
{
	struct estimate now;

	r->leap = c->leap;
	r->precision = c->precision;
	r->time_next_s = engine_whole_s(-engine_age_s(e, c->poll_at));
	r->count_received = 0;
	for (size_t i = 0; i < REFCLOCK_VERDICTS; i++) {
		r->count_received += c->verdicts[i];
	}
	r->count_received -= c->verdicts[REFCLOCK_NOTHING];
	r->count_bad_disp = c->verdicts[REFCLOCK_SPIKE];
	report_history(e, c, r);
	if (!c->heard) {
		return;
	}
	r->reference = c->reference;
	r->root_disp_s = refclock_noise_s(c, ldexp(1, c->precision));
	if (estimator_estimate(&c->estimator, e->now, &now)) {
		r->offset_s = now.offset_s;
		r->disp_s = 3 * now.offset_sd;
		r->jitter_s = now.jitter_s;
	}
}

void engine_report_clock(const struct engine *e, const struct refclock *c,
			 struct peer_report *r)
{
	*r = (struct peer_report){
		.assoc = c->number,
		.addr = netaddr_v4(refclock_address(c), NTP_PORT),
		.local = netaddr_v4(UINT32_C(0x7f000001), NTP_PORT),
		.host = c->name,
		.refclock = true,
		.stratum = c->stratum,
		.precision = e->start.precision,
		.refid = c->refid,
		.configured = true,
		.tally = reason_tally(c->reason),
		.reason = reason_words(c->reason),
		.events = c->events,
		.reach = c->reach,
		.flash = flash_of_refclock(c),
		.our_mode = MODE_CLIENT,
		.their_mode = MODE_SERVER,
		.our_poll = refclock_poll(c),
		.their_poll = refclock_poll(c),
		.disp_s = c->heard ? 0 : DISP_UNKNOWN_S,
		.count_sent = c->polls,
		.count_received = c->polls,
		.time_next_s = engine_whole_s(-engine_age_s(e, c->due)),
		.cookies = REPORT_NOT_NTS,
		.ttl = (uint32_t)c->config->mode,
	};
	if (c->heard) {
		span age = instant_diff(e->now, c->heard_at);

		r->received = tstamp_add(e->wall, span_sub(SPAN_ZERO, age));
		r->reference = r->received;
		r->time_received_s = engine_whole_s(span_to_seconds(age));
	}
	if (c->driver->measures) {
		report_measuring(e, c, r);
	}
}

static void report_device(const struct refclock *c, struct clock_report *r)
{
	*r = (struct clock_report){
		.type = c->config->refclock_type,
		.unit = c->config->refclock_unit,
		.device = c->driver->device,
		.timecode = c->timecode,
		.poll = c->polls,
		.no_reply = c->unanswered,
		.time1_s = c->config->fudge.time1_s,
		.time2_s = c->config->fudge.time2_s,
		.minjitter_s = c->config->fudge.minjitter_s,
		.stratum = c->stratum,
		.refid = c->refid,
		.state = c->state,
		.last = c->last,
	};
	for (enum refclock_verdict v = 0; v < REFCLOCK_VERDICTS; v++) {
		enum clock_event event = refclock_verdict_event(v);

		r->bad_format += event == CLOCK_BAD_FORMAT ? c->verdicts[v] : 0;
		r->bad_data += event == CLOCK_BAD_TIME ? c->verdicts[v] : 0;
	}
	for (size_t f = 0; f < ARRAY_LEN(r->flag); f++) {
		r->flag[f] = c->config->fudge.flag[f];
	}
}

bool engine_report_device(const struct engine *e, uint16_t assoc,
			  struct clock_report *r)
{
	const struct refclock *found = NULL;

	for (size_t i = 0; i < e->clock_slots; i++) {
		const struct refclock *c = &e->clocks[i];
		bool leads = e->has_peer && e->peer_slot == c->id.slot;

		if (assoc != 0 ? c->number == assoc : leads || !found) {
			found = c;
		}
	}
	if (found) {
		report_device(found, r);
	}
	return found != NULL;
}
