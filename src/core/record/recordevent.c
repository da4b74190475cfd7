/* SPDX-License-Identifier: BSD-2-Clause */
/* The one place that knows the kinds of events, for records. */
#include <string.h>

#include "core/record/record.h"

#define KINDS 256       /* more than there will ever be */
#define TAG_SERVED 32   /* and on, one for each verdict */
#define TAG_VERSIONS 96 /* and on */
#define TAG_FIRSTS 104  /* and on */
#define TAG_INTERLEAVED 112
#define TAG_FACTS 128  /* and on */
#define TAG_KERNEL 160 /* and on */

/* Never changed: records have them. */
const char *record_event_name(enum event_kind kind)
{
	switch (kind) {
	case EVENT_TICK:
		return "tick";
	case EVENT_SENT:
		return "sent";
	case EVENT_PACKET:
		return "packet";
	case EVENT_FAILED:
		return "failed";
	case EVENT_RESOLVED:
		return "resolved";
	case EVENT_CONTROL:
		return "control";
	case EVENT_LEAPS:
		return "leaps";
	case EVENT_NETWORK:
		return "network";
	case EVENT_REFCLOCK:
		return "refclock";
	case EVENT_SETTINGS:
		return "settings";
	case EVENT_PEER:
		return "peer";
	}
	return NULL;
}

static void kind_field(struct fields *f, struct event *ev)
{
	char word[RECORD_WORD] = "";

	if (f->walk != FIELDS_READ) {
		text_str(&(struct text){ .start = word, .size = sizeof(word) },
			 record_event_name(ev->kind));
	}
	field_word(f, 1, "event", word, sizeof(word));
	for (unsigned i = 0; f->walk == FIELDS_READ && i < KINDS; i++) {
		const char *name = record_event_name((enum event_kind)i);

		if (name && strcmp(name, word) == 0) {
			ev->kind = (enum event_kind)i;
			return;
		}
	}
	fields_refuse(f);
}

static void sent_fields(struct fields *f, struct event *ev)
{
	ev->sent.exchange = (uint16_t)field_uint(f, 16, "exchange",
						 ev->sent.exchange, UINT16_MAX);
	ev->sent.at = field_tstamp(f, 17, "at", ev->sent.at);
	ev->sent.origin = (enum stamp_origin)field_uint(
		f, 18, "origin", ev->sent.origin, STAMP_CARD);
}

static void packet_fields(struct fields *f, struct event *ev)
{
	ev->packet.at = field_tstamp(f, 16, "at", ev->packet.at);
	ev->packet.origin = (enum stamp_origin)field_uint(
		f, 17, "origin", ev->packet.origin, STAMP_CARD);
	ev->packet.local = field_addr(f, 18, "local", ev->packet.local);
	field_bytes(f, 19, "data", &ev->packet.data, &ev->packet.len);
	ev->packet.from = field_addr(f, 20, "from", ev->packet.from);
}

static void resolved_fields(struct fields *f, struct record_event *r)
{
	struct event *ev = &r->event;
	size_t count = (size_t)field_uint(f, 16, "count", ev->resolved.count,
					  RECORD_ADDRS);

	/* Reading: into our own; writing: from wherever they are. */
	if (f->walk != FIELDS_READ && count > 0) {
		memcpy(r->addrs, ev->resolved.addrs,
		       count * sizeof(r->addrs[0]));
	}
	for (size_t i = 0; i < count; i++) {
		r->addrs[i] =
			field_addr(f, (uint8_t)(17 + i), "addr", r->addrs[i]);
	}
	ev->resolved.addrs = r->addrs;
	ev->resolved.count = count;
}

static void sum_shards(const struct server_shard *shards, size_t count,
		       struct server_shard *sum)
{
	*sum = (struct server_shard){ .limit = NULL };
	for (size_t i = 0; i < count; i++) {
		const struct server_shard *s = &shards[i];

		for (size_t v = 0; v < ARRAY_LEN(sum->verdicts); v++) {
			sum->verdicts[v] += s->verdicts[v];
		}
		sum->interleaved += s->interleaved;
		for (size_t v = 0; v < ARRAY_LEN(sum->versions); v++) {
			sum->versions[v] += s->versions[v];
			sum->firsts[v] += s->firsts[v];
		}
	}
}

_Static_assert(TAG_SERVED + SERVER_VERDICTS <= TAG_VERSIONS, "tags go up");

static void shard_fields(struct fields *f, struct server_shard *s)
{
	for (size_t i = 0; i < ARRAY_LEN(s->verdicts); i++) {
		s->verdicts[i] =
			field_uint(f, (uint8_t)(TAG_SERVED + i), "served",
				   s->verdicts[i], UINT64_MAX);
	}
	for (size_t i = 0; i < ARRAY_LEN(s->versions); i++) {
		s->versions[i] =
			field_uint(f, (uint8_t)(TAG_VERSIONS + i), "version",
				   s->versions[i], UINT64_MAX);
	}
	for (size_t i = 0; i < ARRAY_LEN(s->firsts); i++) {
		s->firsts[i] = field_uint(f, (uint8_t)(TAG_FIRSTS + i),
					  "version1", s->firsts[i], UINT64_MAX);
	}
	s->interleaved = field_uint(f, TAG_INTERLEAVED, "interleaved",
				    s->interleaved, UINT64_MAX);
}

static void usage_fields(struct fields *f, struct usage *u)
{
	u->user_s = field_double(f, 17, "user", u->user_s);
	u->system_s = field_double(f, 18, "system", u->system_s);
	u->most_kib = field_uint(f, 19, "most_kib", u->most_kib, UINT64_MAX);
	for (size_t i = 0; i < USAGE_COUNTS; i++) {
		u->counts[i] = field_uint(f, (uint8_t)(20 + i), "used",
					  u->counts[i], UINT64_MAX);
	}
}

static void tick_fields(struct fields *f, struct record_event *r)
{
	struct event *ev = &r->event;

	if (f->walk != FIELDS_READ) {
		sum_shards(ev->tick.shards, ev->tick.shard_count, &r->shard);
		r->usage = ev->tick.usage ? *ev->tick.usage
					  : (struct usage){ .user_s = 0 };
	}
	if (field_bool(f, 16, "usage", ev->tick.usage)) {
		usage_fields(f, &r->usage);
		ev->tick.usage = &r->usage;
	}
	shard_fields(f, &r->shard);
	ev->tick.shards = &r->shard;
	ev->tick.shard_count = 1;
}

static void kernel_fields(struct fields *f, struct kernel_clock *k)
{
	struct {
		const char *name;
		double *v;
	} reals[] = { { "offset", &k->offset_s },
		      { "freq", &k->freq_ppm },
		      { "max_error", &k->max_error_s },
		      { "est_error", &k->est_error_s },
		      { "precision", &k->precision_s },
		      { "tolerance", &k->tolerance_ppm },
		      { "pps_freq", &k->pps_freq_ppm },
		      { "pps_stability", &k->pps_stability_ppm },
		      { "pps_jitter", &k->pps_jitter_s } };
	struct {
		const char *name;
		uint64_t *v;
	} numbers[] = {
		{ "pps_interval", &k->pps_interval_s },
		{ "pps_calibrations", &k->pps_calibrations },
		{ "pps_errors", &k->pps_errors },
		{ "pps_jitter_exceeded", &k->pps_jitter_exceeded },
		{ "pps_stability_exceeded", &k->pps_stability_exceeded },
	};
	uint8_t tag = TAG_KERNEL;

	k->known = field_bool(f, tag++, "kernel_known", k->known);
	k->status =
		(uint32_t)field_uint(f, tag++, "status", k->status, UINT32_MAX);
	k->constant = (int32_t)field_int(f, tag++, "constant", k->constant,
					 INT32_MIN, INT32_MAX);
	for (size_t i = 0; i < ARRAY_LEN(reals); i++) {
		*reals[i].v =
			field_double(f, tag++, reals[i].name, *reals[i].v);
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		*numbers[i].v = field_uint(f, tag++, numbers[i].name,
					   *numbers[i].v, UINT64_MAX);
	}
}

static void facts_fields(struct fields *f, struct host_facts *h)
{
	struct {
		const char *name;
		uint64_t *v;
	} numbers[] = {
		{ "io_received", &h->io.received },
		{ "io_sent", &h->io.sent },
		{ "io_failed", &h->io.send_failed },
		{ "io_dropped", &h->io.dropped },
		{ "io_wakeups", &h->io.wakeups },
		{ "io_good_wakeups", &h->io.good_wakeups },
		{ "io_clock_reads", &h->io.clock_reads },
		{ "depth", &h->clients.depth },
		{ "deepest", &h->clients.deepest },
		{ "exists", &h->clients.exists },
		{ "added", &h->clients.added },
		{ "recycled_old", &h->clients.recycled_old },
		{ "recycled_full", &h->clients.recycled_full },
		{ "unlisted", &h->clients.unlisted },
		{ "oldest", &h->clients.oldest_s },
		{ "room", &h->clients.room },
		{ "slots", &h->clients.slots },
		{ "bytes", &h->clients.bytes },
	};
	uint8_t tag = TAG_FACTS;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		*numbers[i].v = field_uint(f, tag++, numbers[i].name,
					   *numbers[i].v, UINT64_MAX);
	}
	h->lists_clients =
		field_bool(f, tag++, "lists_clients", h->lists_clients);
	INVARIANT(tag <= TAG_KERNEL);
	kernel_fields(f, &h->kernel);
}

static void control_fields(struct fields *f, struct record_event *r)
{
	struct event *ev = &r->event;

	if (f->walk != FIELDS_READ) {
		sum_shards(ev->control.shards, ev->control.shard_count,
			   &r->shard);
	}
	ev->control.from = field_addr(f, 16, "from", ev->control.from);
	ev->control.may_modify =
		field_bool(f, 17, "may_modify", ev->control.may_modify);
	field_bytes(f, 18, "data", &ev->control.data, &ev->control.len);
	ev->control.attached =
		field_bool(f, 19, "attached", ev->control.attached);
	shard_fields(f, &r->shard);
	ev->control.shards = &r->shard;
	ev->control.shard_count = 1;
	if (f->walk != FIELDS_READ && ev->control.facts) {
		r->facts = *ev->control.facts;
	}
	facts_fields(f, &r->facts);
	ev->control.facts = &r->facts;
}

static void refclock_fields(struct fields *f, struct event *ev)
{
	ev->refclock.reading = (enum reading)field_uint(
		f, 16, "reading", ev->refclock.reading, READING_GARBLED);
	ev->refclock.reference =
		field_tstamp(f, 17, "reference", ev->refclock.reference);
	ev->refclock.received =
		field_tstamp(f, 18, "received", ev->refclock.received);
	ev->refclock.leap = (int)field_int(f, 19, "leap", ev->refclock.leap,
					   INT32_MIN, INT32_MAX);
	ev->refclock.precision =
		(int)field_int(f, 20, "precision", ev->refclock.precision,
			       INT32_MIN, INT32_MAX);
}

static void settings_fields(struct fields *f, struct record_event *r)
{
	struct event *ev = &r->event;

	if (f->walk != FIELDS_READ && ev->settings.settings) {
		r->has_settings = true;
		r->settings.config = ev->settings.text;
		r->settings.config_len = ev->settings.text_len;
		record_take_settings(&r->settings, ev->settings.settings);
	}
	r->has_settings = field_bool(f, 16, "given", r->has_settings);
	if (r->has_settings) {
		record_settings_fields(f, 17, &r->settings);
	}
	const uint8_t *reply = (const uint8_t *)ev->settings.reply;

	field_bytes(f, 32, "reply", &reply, &ev->settings.reply_len);
	ev->settings.reply = (const char *)reply;
}

static void leaps_fields(struct fields *f, struct record_event *r)
{
	if (f->walk != FIELDS_READ) {
		r->leaps = *r->event.leaps.table;
	}
	record_leaps(f, 16, &r->leaps);
	r->event.leaps.table = &r->leaps;
}

void record_machine(struct fields *f, uint8_t tag, struct machine *m)
{
	m->asleep.v = field_time(f, tag, "asleep", m->asleep.v);
	m->bent_known = field_bool(f, tag + 1, "bent_known", m->bent_known);
	m->bent.v = field_time(f, tag + 2, "bent", m->bent.v);
	m->rate_known = field_bool(f, tag + 3, "rate_known", m->rate_known);
	m->rate = field_double(f, tag + 4, "rate", m->rate);
}

void record_event_fields(struct fields *f, struct record_event *r)
{
	struct event *ev = &r->event;

	kind_field(f, ev);
	ev->now.v = field_time(f, 2, "now", ev->now.v);
	ev->wall = field_tstamp(f, 3, "wall", ev->wall);
	ev->source.slot =
		(uint16_t)field_uint(f, 4, "slot", ev->source.slot, UINT16_MAX);
	ev->source.generation = (uint16_t)field_uint(
		f, 5, "generation", ev->source.generation, UINT16_MAX);
	record_machine(f, 6, &ev->machine);
	switch (ev->kind) {
	case EVENT_TICK:
		tick_fields(f, r);
		break;
	case EVENT_NETWORK:
		break;
	case EVENT_SENT:
		sent_fields(f, ev);
		break;
	case EVENT_PACKET:
	case EVENT_PEER:
		packet_fields(f, ev);
		break;
	case EVENT_FAILED:
		ev->failed.exchange = (uint16_t)field_uint(
			f, 16, "exchange", ev->failed.exchange, UINT16_MAX);
		break;
	case EVENT_RESOLVED:
		resolved_fields(f, r);
		break;
	case EVENT_CONTROL:
		control_fields(f, r);
		break;
	case EVENT_REFCLOCK:
		refclock_fields(f, ev);
		break;
	case EVENT_SETTINGS:
		settings_fields(f, r);
		break;
	case EVENT_LEAPS:
		leaps_fields(f, r);
		break;
	}
}
