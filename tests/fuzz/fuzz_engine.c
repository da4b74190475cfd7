/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream of events made of bytes through a whole engine. Answers are bent
 * from good ones, so that they get past the nonce. Whatever comes: deadlines
 * are ahead, the outbox holds all, nobody is asked twice within two seconds,
 * and the clock is only touched where the configuration lets us.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine.h"
#include "fuzz/fuzz.h"
#include "plain.h"

#define ORPHAN 5 /* stratum */
#define HOSTS 16
#define GAP SPAN_S(2)

struct asked {
	netaddr to;
	instant at;
	source_id source;
	uint16_t exchange;
	uint8_t bytes[PACKET_LEN];
};

struct run {
	struct config config;
	struct settings settings;
	struct source_config sources[6];
	struct restrict_config restricts[2];
	struct engine *engine;
	struct outbox out;
	struct reader in;
	instant now, deadline;
	struct machine machine;
	tstamp wall;
	struct asked asked[HOSTS];
	size_t last;     /* of `asked`: who was asked last */
	source_id name;  /* whose name was asked for last ... */
	bool naming;     /* ... and not told yet: no question has two answers */
	source_id clock; /* which clock was to be read last */
	bool ended;
};

static struct run run;

static void configure(struct run *r, uint8_t flags)
{
	static const struct source_config kinds[] = {
		{ .kind = SOURCE_KIND_SERVER, .host = "a" },
		{ .kind = SOURCE_KIND_SERVER, .host = "name.example" },
		{ .kind = SOURCE_KIND_POOL, .host = "pool.example" },
		{ .kind = SOURCE_KIND_REFCLOCK, .refclock_type = 1 },
		{ .kind = SOURCE_KIND_SERVER, .host = "b", .burst = true },
		{ .kind = SOURCE_KIND_REFCLOCK, .refclock_type = 28 },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct source_config *c = &r->sources[i];

		*c = kinds[i];
		c->version = 4;
		c->minpoll = 4;
		c->maxpoll = 7;
		c->iburst = flags & 1;
		c->fudge.stratum = 255;
		c->next = i + 1 < ARRAY_LEN(kinds) ? c + 1 : NULL;
	}
	r->sources[0].xleave = true;
	r->sources[0].addr = netaddr_v4(0x0a000001, NTP_PORT);
	r->sources[4].addr = netaddr_v4(0x0a000002, NTP_PORT);
	r->restricts[0] = (struct restrict_config){ .kind = RESTRICT_DEFAULT,
						    .ippeerlimit = -1 };
	r->restricts[1] = (struct restrict_config){ .kind = RESTRICT_SOURCE,
						    .flags = RESTRICT_NOQUERY,
						    .ippeerlimit = -1 };
	r->restricts[0].next = &r->restricts[1];
	r->config = plain_config();
	r->config.sources = r->sources;
	r->config.restricts = r->restricts;
	r->config.tos.maxclock = 6;
	r->config.tos.orphan = flags & 8 ? ORPHAN : 16;
	r->config.tinker.panic_s = flags & 2 ? 0 : 1000;
	r->config.ntp = !(flags & 4);
	r->config.orders = (struct orders){ .no_clock = flags & 8,
					    .panic_once = flags & 16,
					    .step_once = flags & 32,
					    .slew_only = flags & 64,
					    .quit = flags & 128 };
	r->config.stats = true;
	r->config.statsdir = "/stats/";
	for (size_t i = 0; i < STATS_KINDS; i++) {
		r->config.filegens[i].enabled = true;
	}
}

static void note_send(struct run *r, const struct effect *e)
{
	size_t slot = HOSTS;

	INVARIANT(e->send.len == PACKET_LEN);
	INVARIANT(e->send.at + e->send.len <= r->out.used);
	for (size_t i = 0; i < HOSTS && slot == HOSTS; i++) {
		if (netaddr_equal(&r->asked[i].to, &e->send.to)) {
			slot = i;
			INVARIANT(span_cmp(instant_diff(r->now, r->asked[i].at),
					   GAP) >= 0);
		} else if (netaddr_is_none(&r->asked[i].to)) {
			slot = i;
		}
	}
	INVARIANT(slot < HOSTS);
	r->asked[slot] = (struct asked){ .to = e->send.to,
					 .at = r->now,
					 .source = e->source,
					 .exchange = e->send.exchange };
	memcpy(r->asked[slot].bytes, r->out.bytes + e->send.at, PACKET_LEN);
	r->last = slot;
}

static void check_view(const struct view *v)
{
	INVARIANT((v->leap == LEAP_UNSYNC) == (v->stratum == 0));
	INVARIANT(v->stratum <= 15);
	INVARIANT(v->root_disp.v >= 0 && v->root_delay.v >= 0);
	/* An orphan's time is right by definition. */
	INVARIANT(isfinite(v->drift_ppm) && v->drift_ppm >= 0 &&
		  (v->drift_ppm > 14.999 || v->stratum == ORPHAN));
}

/* Whatever servers say: whole lines of printable columns, always as many. */
static void check_stats(const struct run *r, const struct effect *e)
{
	static const unsigned columns[STATS_KINDS] = {
		[STATS_LOOP] = 7, [STATS_PEER] = 8, [STATS_RAW] = 17
	};
	const uint8_t *line = r->out.bytes + e->stats.at;
	const uint8_t *end = line + e->stats.len;
	unsigned blanks = 0;

	INVARIANT(e->stats.len > 0 && end[-1] == '\n');
	for (; line < end; line++) {
		blanks += *line == ' ';
		if (*line != '\n') {
			INVARIANT(*line >= 0x20 && *line <= 0x7e);
			continue;
		}
		INVARIANT(columns[e->stats.kind] == 0 ||
			  blanks + 1 == columns[e->stats.kind]);
		blanks = 0;
	}
}

static void check_effect(struct run *r, const struct effect *e)
{
	bool may_set = r->config.ntp && !r->config.orders.no_clock;

	switch (e->kind) {
	case EFFECT_SEND:
		note_send(r, e);
		break;
	case EFFECT_RESOLVE:
		r->name = e->source;
		r->naming = true;
		break;
	case EFFECT_STEER:
		INVARIANT(may_set && fabs(e->steer.base) <= 500.001e-6);
		INVARIANT(fabs(e->steer.freq - e->steer.base) <= 83333.1e-6);
		break;
	case EFFECT_STEP:
		INVARIANT(may_set);
		r->wall = tstamp_add(r->wall, e->step);
		break;
	case EFFECT_SLEW:
		INVARIANT(may_set && r->config.orders.quit);
		break;
	case EFFECT_STATUS:
		INVARIANT(may_set);
		INVARIANT(e->status.leap != LEAP_UNSYNC);
		break;
	case EFFECT_VIEW:
		check_view(&e->view);
		break;
	case EFFECT_SAVE:
		INVARIANT(may_set && fabs(e->save.freq_ppm) <= 500.001);
		break;
	case EFFECT_STATS:
		check_stats(r, e);
		break;
	case EFFECT_EXIT:
		r->ended = true;
		break;
	case EFFECT_READ:
		INVARIANT(e->read.type == 28);
		r->clock = e->source;
		break;
	case EFFECT_CLOSE:
	case EFFECT_CONFIGURE:
	case EFFECT_SNAPSHOT:
	case EFFECT_ANSWER:
	case EFFECT_LIST:
	case EFFECT_NOTE:
		break;
	}
}

static void handle(struct run *r, struct event *ev)
{
	ev->now = r->now;
	ev->wall = r->wall;
	ev->machine = r->machine;
	r->deadline = engine_handle(r->engine, ev, &r->out);
	INVARIANT(r->out.lost == 0);
	INVARIANT(r->out.count <= OUTBOX_EFFECTS);
	INVARIANT(instant_diff(r->deadline, r->now).v > 0);
	INVARIANT(span_cmp(instant_diff(r->deadline, r->now), SPAN_S(17)) < 0);
	for (uint32_t i = 0; i < r->out.count; i++) {
		check_effect(r, &r->out.effects[i]);
	}
}

static void pass(struct run *r, span d)
{
	r->now = instant_add(r->now, d);
	r->wall = tstamp_add(r->wall, d);
}

/* An answer to who was asked last, with some of its bytes changed. */
static void answer(struct run *r)
{
	struct asked *a = &r->asked[r->last];
	struct reader ask = reader_over(a->bytes, PACKET_LEN);
	uint8_t bytes[PACKET_LEN];
	struct writer w = writer_over(bytes, sizeof(bytes));
	struct event ev = { .kind = EVENT_PACKET, .source = a->source };
	int64_t lie = (int64_t)read_u8(&r->in) - 128;
	uint8_t how = read_u8(&r->in);
	unsigned bends = how % 4;
	struct packet p;

	if (packet_parse(&p, &ask) != PACKET_OK) {
		return;
	}
	p.mode = MODE_SERVER;
	p.stratum = 2;
	p.precision = -20;
	p.refid = 0x01020304;
	/* Interleaved, where the request was. */
	p.origin = how & 128 && !tstamp_is_zero(p.receive) ? p.receive
							   : p.transmit;
	p.receive = tstamp_add(r->wall, (span){ lie * (1 << 25) });
	p.transmit = p.receive;
	packet_write(&p, &w);
	pass(r, SPAN_MS(10));
	for (unsigned i = 0; i < bends; i++) {
		uint8_t at = read_u8(&r->in);

		bytes[at % PACKET_LEN] = read_u8(&r->in);
	}
	ev.packet.at = r->wall;
	ev.packet.local = netaddr_v4(0x0a0000fe, 1024);
	ev.packet.data = bytes;
	ev.packet.len = read_u8(&r->in) % 16 == 1 ? 47 : PACKET_LEN;
	handle(r, &ev);
}

static void sent(struct run *r, enum event_kind kind)
{
	const struct asked *a = &r->asked[r->last];
	struct event ev = { .kind = kind, .source = a->source };

	if (kind == EVENT_FAILED) {
		ev.failed.exchange = a->exchange;
	} else {
		ev.sent.exchange = a->exchange;
		ev.sent.at = tstamp_add(
			r->wall,
			(span){ ((int64_t)read_u8(&r->in) - 128) * (1 << 16) });
	}
	handle(r, &ev);
}

static void resolved(struct run *r)
{
	netaddr addrs[8];
	struct event ev = { .kind = EVENT_RESOLVED, .source = r->name };

	ev.resolved.count = read_u8(&r->in) % (ARRAY_LEN(addrs) + 1);
	for (size_t i = 0; i < ev.resolved.count; i++) {
		addrs[i] = netaddr_v4(0x0a000000u + read_u8(&r->in) % 10,
				      NTP_PORT);
	}
	ev.resolved.addrs = addrs;
	if (r->naming) {
		r->naming = false;
		handle(r, &ev);
	}
}

static void control(struct run *r)
{
	uint8_t bytes[64];
	struct event ev = { .kind = EVENT_CONTROL };

	ev.control.len = read_u8(&r->in) % sizeof(bytes);
	for (size_t i = 0; i < ev.control.len; i++) {
		bytes[i] = read_u8(&r->in);
	}
	ev.control.data = bytes;
	handle(r, &ev);
}

static void garbage(struct run *r)
{
	uint8_t bytes[64];
	struct event ev = { .kind = EVENT_PACKET };

	ev.source.slot = read_u8(&r->in);
	ev.source.generation = read_u8(&r->in) % 4;
	ev.packet.at = r->wall;
	ev.packet.len = read_u8(&r->in) % sizeof(bytes);
	for (size_t i = 0; i < ev.packet.len; i++) {
		bytes[i] = read_u8(&r->in);
	}
	ev.packet.data = bytes;
	handle(r, &ev);
}

/* It slept, or somebody is at its clock. */
static void machine_changed(struct run *r)
{
	uint8_t how = read_u8(&r->in);
	int64_t much = (int64_t)read_u8(&r->in) - 128;

	if (how & 1) {
		r->machine.asleep.v +=
			(much + 128) * (INT64_C(1) << (how >> 2 & 31));
	}
	r->machine.rate_known = how & 2;
	r->machine.bent_known = how & 4;
	r->machine.rate = (double)much * 1e-3;
	r->machine.bent.v += much * (INT64_C(1) << (how >> 3 & 31));
}

/* Anything at all, as often as not near the truth. */
static void clock_was_read(struct run *r)
{
	struct event ev = { .kind = EVENT_REFCLOCK, .source = r->clock };
	uint8_t flags = read_u8(&r->in);
	int shift = flags & 1 ? 16 : 28;

	ev.refclock.reading = (enum reading)(flags >> 6);
	ev.refclock.received = tstamp_add(
		r->wall, (span){ -(int64_t)read_u8(&r->in) * (1 << shift) });
	ev.refclock.reference = tstamp_add(
		ev.refclock.received, (span){ ((int64_t)read_u8(&r->in) - 128) *
					      (INT64_C(1) << shift) });
	ev.refclock.leap = (flags >> 1 & 7) - 1;
	ev.refclock.precision = read_u8(&r->in) - 128;
	handle(r, &ev);
}

/* A table whose last leap second is soon, or is over. */
static void leaps(struct run *r)
{
	int64_t now = tstamp_to_unix(r->wall, INT64_C(1767225600));
	int64_t today = now / 86400 * 86400;
	uint8_t flags = read_u8(&r->in);
	struct leap_table table = {
		.entries = { { today - INT64_C(86400000), 37 },
			     { today + INT64_C(86400) * (flags & 3),
			       flags & 4 ? 38 : 36 } },
		.count = flags >> 3 & 1 ? 2 : flags >> 4 & 3,
		.expires = flags & 64 ? now - 1 : now + INT64_C(8640000),
	};
	struct event ev = { .kind = EVENT_LEAPS, .leaps.table = &table };

	table.count = table.count > 2 ? 2 : table.count;
	handle(r, &ev);
	if (flags & 128) { /* and so it is almost midnight */
		r->wall = tstamp_from_unix(today + 86399, 0);
		pass(r, SPAN_MS(700));
	}
}

static void step(struct run *r)
{
	struct event tick = { .kind = EVENT_TICK };
	struct event network = { .kind = EVENT_NETWORK };

	switch (read_u8(&r->in) % 12) {
	case 0:
	case 1:
	case 2: /* as a good host does */
		pass(r, instant_diff(r->deadline, r->now));
		handle(r, &tick);
		break;
	case 3:
		pass(r, (span){ (int64_t)read_u8(&r->in) << 25 });
		handle(r, &tick);
		break;
	case 4:
		pass(r, SPAN_S((int64_t)read_u8(&r->in) * 60));
		handle(r, &tick);
		break;
	case 5:
	case 6:
		answer(r);
		break;
	case 7:
		sent(r, EVENT_SENT);
		break;
	case 8:
		sent(r, read_u8(&r->in) & 1 ? EVENT_SENT : EVENT_FAILED);
		break;
	case 9:
		resolved(r);
		break;
	case 10: /* somebody else sets the clock */
		r->wall = tstamp_add(r->wall,
				     (span){ ((int64_t)read_u8(&r->in) - 128) *
					     (INT64_C(1) << 33) });
		handle(r, &network);
		break;
	default:
		switch (read_u8(&r->in) % 5) {
		case 0:
			control(r);
			break;
		case 1:
			garbage(r);
			break;
		case 2:
			clock_was_read(r);
			break;
		case 3:
			leaps(r);
			break;
		default:
			machine_changed(r);
			handle(r, &network);
			break;
		}
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run *r = &run;
	struct engine_start start = { .precision = -20,
				      .version = "ntpd fuzz",
				      .processor = "",
				      .system = "" };
	void *memory;

	memset(r, 0, sizeof(*r));
	r->in = reader_over(data, size);
	configure(r, read_u8(&r->in));
	r->now = (instant){ INT64_C(100) << 32 };
	r->wall = (tstamp){ UINT64_C(0xe98c5a1000000000) };
	start.now = r->now;
	start.wall = r->wall;
	start.seed[0] = read_u8(&r->in);
	r->settings = (struct settings){ .config = &r->config };
	memory = malloc(engine_size(&r->settings));
	if (!memory) {
		return 0;
	}
	r->engine = engine_init(memory, &r->settings, &start);
	handle(r, &(struct event){ .kind = EVENT_TICK });
	for (int i = 0; i < 2000 && reader_left(&r->in) > 0 && !r->ended; i++) {
		step(r);
	}
	free(memory);
	return 0;
}
