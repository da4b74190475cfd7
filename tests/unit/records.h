/* SPDX-License-Identifier: BSD-2-Clause */
/* records.h - events and effects of any kind, with luck in every field. */
#ifndef TESTS_UNIT_RECORDS_H
#define TESTS_UNIT_RECORDS_H

#include <string.h>

#include "check.h"
#include "core/record/record.h"

/*
 * A new field changes one of these sizes: it wants a line in recordevent.c,
 * recordeffect.c or record.c, one here, and then the new size.
 */
#if UINTPTR_MAX == UINT64_MAX
#define SIZE_IS(type, member, size) \
	_Static_assert(sizeof(((type *)0)->member) == (size), \
		       "a field that records do not have?")
SIZE_IS(struct event, machine, 32);
SIZE_IS(struct event, sent, 24);
SIZE_IS(struct event, packet, 80);
SIZE_IS(struct event, resolved, 16);
SIZE_IS(struct event, control, 72);
SIZE_IS(struct effect, list, 60);
SIZE_IS(struct effect, send, 44);
SIZE_IS(struct effect, resolve, 12);
SIZE_IS(struct effect, steer, 16);
SIZE_IS(struct effect, status, 40);
SIZE_IS(struct effect, view, 152);
SIZE_IS(struct effect, note, 152);
SIZE_IS(struct event, settings, 48);
SIZE_IS(struct event, leaps, 8);
_Static_assert(sizeof(struct engine_start) == 168,
	       "a field that records do not have?");
_Static_assert(sizeof(struct settings) == 1056,
	       "a field that records do not have?");
#endif

static uint8_t blob[512];
static netaddr record_addrs[RECORD_ADDRS];
static struct server_shard shards[2];
static struct host_facts host_facts;

static inline netaddr any_addr(void)
{
	netaddr a =
		netaddr_v4((uint32_t)check_rng() | 1, (uint16_t)check_rng());

	if (check_rng() % 2) {
		a.ip[0] = 0xfe;
		a.scope = (uint32_t)check_rng();
	}
	return a;
}

static inline size_t any_bytes(void)
{
	size_t len = check_rng() % sizeof(blob);

	for (size_t i = 0; i < len; i++) {
		blob[i] = (uint8_t)check_rng();
	}
	return len;
}

static struct leap_table record_leap_table;

static inline bool any_bool(void)
{
	return check_rng() % 2 != 0;
}

/* Small ones, large ones and zero. */
static inline uint64_t any_number(void)
{
	return check_rng() % 5 == 0 ? 0 : check_rng() >> check_rng() % 64;
}

static inline double any_double(void)
{
	return any_bool() ? -1e-4 / 3 : (double)any_number() * 1e-9;
}

static inline enum stamp_origin any_origin(void)
{
	return (enum stamp_origin)(check_rng() % (STAMP_CARD + 1));
}

static inline void any_shards(void)
{
	for (size_t s = 0; s < ARRAY_LEN(shards); s++) {
		for (size_t i = 0; i < SERVER_VERDICTS; i++) {
			shards[s].verdicts[i] = any_number() >> 1;
		}
		for (size_t i = 0; i < ARRAY_LEN(shards[s].versions); i++) {
			shards[s].versions[i] = any_number() >> 1;
		}
	}
}

/* Whatever it is made of: numbers that records must keep. */
static inline void any_facts(void)
{
	struct kernel_clock *k = &host_facts.kernel;

	host_facts.io = (struct io_counts){
		any_number(), any_number(), 1, 2, 3, any_number(), 5
	};
	host_facts.lists_clients = any_bool();
	host_facts.clients =
		(struct mru_counts){ 1, 2, any_number(), 4, 5, 6, 7,
				     8, 9, 10,           11 };
	*k = (struct kernel_clock){ .known = any_bool(),
				    .offset_s = any_double(),
				    .freq_ppm = any_double(),
				    .status = (uint32_t)check_rng(),
				    .constant = -(int32_t)(check_rng() >> 34),
				    .pps_jitter_s = any_double(),
				    .pps_stability_exceeded = any_number() };
}

static inline void any_control(struct event *ev)
{
	any_shards();
	ev->control.from = any_addr();
	ev->control.may_modify = any_bool();
	ev->control.attached = any_bool();
	any_facts();
	ev->control.facts = any_bool() ? &host_facts : NULL;
	ev->control.data = blob;
	ev->control.len = any_bytes();
	ev->control.shards = shards;
	ev->control.shard_count = check_below(ARRAY_LEN(shards) + 1);
}

static inline void any_reading(struct event *ev)
{
	ev->refclock.reading =
		(enum reading)(check_rng() % (READING_GARBLED + 1));
	ev->refclock.reference.v = any_number();
	ev->refclock.received.v = any_number();
	ev->refclock.leap = (int)(uint32_t)check_rng();
	ev->refclock.precision = (int)(uint32_t)check_rng();
}

static inline void any_leaps(struct event *ev)
{
	struct leap_table *t = &record_leap_table;

	t->count = check_below(LEAP_ENTRIES + 1);
	for (size_t i = 0; i < t->count; i++) {
		t->entries[i] = (struct leap_entry){ (int64_t)any_number(),
						     (int16_t)any_number() };
	}
	t->expires = (int64_t)any_number();
	ev->leaps.table = t;
}

/* NULL half the time. */
static inline const struct usage *any_usage(void)
{
	static struct usage u;

	u.user_s = any_double();
	u.system_s = any_double();
	u.most_kib = any_number();
	for (size_t i = 0; i < ARRAY_LEN(u.counts); i++) {
		u.counts[i] = any_number();
	}
	return any_bool() ? &u : NULL;
}

static inline struct event any_event(enum event_kind kind)
{
	struct event ev = { .kind = kind };

	ev.now.v = (int64_t)any_number();
	ev.wall.v = any_number();
	ev.source.slot = (uint16_t)check_rng();
	ev.source.generation = (uint16_t)any_number();
	ev.machine.asleep.v = (int64_t)(any_number() >> 1);
	ev.machine.bent_known = any_bool();
	ev.machine.bent.v = -(int64_t)(any_number() >> 1);
	ev.machine.rate_known = any_bool();
	ev.machine.rate = any_double();
	switch (kind) {
	case EVENT_TICK:
		any_shards();
		ev.tick.shards = shards;
		ev.tick.shard_count = check_below(ARRAY_LEN(shards) + 1);
		ev.tick.usage = any_usage();
		break;
	case EVENT_NETWORK:
		break;
	case EVENT_SENT:
		ev.sent.exchange = (uint16_t)check_rng();
		ev.sent.at.v = any_number();
		ev.sent.origin = any_origin();
		break;
	case EVENT_PEER:
	case EVENT_PACKET:
		ev.packet.from = any_addr();
		ev.packet.at.v = any_number();
		ev.packet.origin = any_origin();
		ev.packet.local = any_addr();
		ev.packet.data = blob;
		ev.packet.len = any_bytes();
		break;
	case EVENT_FAILED:
		ev.failed.exchange = (uint16_t)check_rng();
		break;
	case EVENT_RESOLVED:
		ev.resolved.count = check_below(RECORD_ADDRS + 1);
		for (size_t i = 0; i < ev.resolved.count; i++) {
			record_addrs[i] = any_addr();
		}
		ev.resolved.addrs = record_addrs;
		break;
	case EVENT_CONTROL:
		any_control(&ev);
		break;
	case EVENT_SETTINGS: /* without any: test_record.c has those */
		ev.settings.reply = (const char *)blob;
		ev.settings.reply_len = any_bytes();
		break;
	case EVENT_REFCLOCK:
		any_reading(&ev);
		break;
	case EVENT_LEAPS:
		any_leaps(&ev);
		break;
	}
	return ev;
}

static inline void any_status(struct effect *e)
{
	e->status.synchronised = any_bool();
	e->status.leap = (enum leap)(check_rng() % 4);
	e->status.tai_known = any_bool();
	e->status.tai = (int16_t)check_rng();
	e->status.max_error.v = (int64_t)any_number();
	e->status.est_error.v = (int64_t)any_number();
	e->status.poll = (int8_t)check_rng();
}

static inline void any_view(struct view *v)
{
	v->leap = (enum leap)(check_rng() % 4);
	v->stratum = (uint8_t)check_rng();
	v->precision = (int8_t)check_rng();
	v->refid = (uint32_t)check_rng();
	v->reference.v = any_number();
	v->made.v = any_number();
	v->root_delay.v = (int64_t)any_number();
	v->root_disp.v = -(int64_t)(any_number() >> 1);
	v->drift_ppm = any_double();
	v->bound_known = any_bool();
	v->bound.v = (int64_t)(any_number() >> 1);
	v->bound_ppm = any_double();
	v->smear.length_s = (unsigned)any_number();
	v->smear.leap = (enum leap)(check_rng() % 4);
	v->smear.end.v = any_number();
}

static inline void any_note(struct note *n)
{
	size_t len = check_below(sizeof(n->word));

	n->id = (enum note_id)(check_rng() % NOTES);
	n->addr = any_addr();
	n->number = (int64_t)any_number();
	n->second = -(int64_t)(any_number() >> 1);
	n->value = any_double();
	memset(n->word, 'w', len);
	n->word[len] = '\0';
}

static inline void any_list(struct effect *e)
{
	e->list.kind = (enum list_kind)(check_rng() % 3);
	e->list.header = (struct mode6){ .leap = check_rng() & 3,
					 .version = check_rng() & 7,
					 .opcode = check_rng() & 31,
					 .response = true };
	e->list.header.sequence = (uint16_t)check_rng();
	e->list.header.status = (uint16_t)check_rng();
	e->list.header.assoc = (uint16_t)check_rng();
	e->list.key = (uint32_t)check_rng();
	memset(e->list.nonce, 'a', NONCE_DIGITS);
	e->list.len = (uint32_t)any_bytes();
}

static inline struct effect any_effect(enum effect_kind kind)
{
	struct effect e = { .kind = kind };

	e.source.slot = (uint16_t)any_number();
	e.source.generation = (uint16_t)check_rng();
	switch (kind) {
	case EFFECT_SEND:
		e.send.to = any_addr();
		e.send.exchange = (uint16_t)check_rng();
		e.send.way = (enum send_way)(check_rng() % 3);
		e.send.ttl = (uint8_t)check_rng();
		e.send.len = (uint32_t)any_bytes();
		break;
	case EFFECT_CLOSE:
	case EFFECT_SNAPSHOT:
		break;
	case EFFECT_RESOLVE:
		e.resolve.family = (enum family)(check_rng() % 3);
		e.resolve.len = (uint32_t)any_bytes();
		break;
	case EFFECT_STEER:
		e.steer.freq = any_double();
		e.steer.base = any_double();
		break;
	case EFFECT_STEP:
		e.step.v = (int64_t)any_number();
		break;
	case EFFECT_SLEW:
		e.slew.v = -(int64_t)(any_number() >> 1);
		break;
	case EFFECT_STATUS:
		any_status(&e);
		break;
	case EFFECT_VIEW:
		any_view(&e.view);
		break;
	case EFFECT_ANSWER:
		e.answer.len = (uint32_t)any_bytes();
		break;
	case EFFECT_LIST:
		any_list(&e);
		break;
	case EFFECT_NOTE:
		any_note(&e.note);
		break;
	case EFFECT_SAVE:
		e.save.freq_ppm = any_double();
		break;
	case EFFECT_READ:
		e.read.type = (uint8_t)check_rng();
		e.read.unit = (uint8_t)check_rng();
		break;
	case EFFECT_CONFIGURE:
		e.configure.wish = (enum wish)(check_rng() % (WISH_SAVE + 1));
		e.configure.len = (uint32_t)any_bytes();
		break;
	case EFFECT_STATS:
		e.stats.kind = (enum stats_kind)(check_rng() % STATS_KINDS);
		e.stats.wall.v = any_number();
		e.stats.age.v = (int64_t)any_number();
		e.stats.len = (uint32_t)any_bytes();
		break;
	case EFFECT_EXIT:
		e.exit.code = (int)(check_rng() % 512) - 256;
		break;
	}
	return e;
}

#endif
