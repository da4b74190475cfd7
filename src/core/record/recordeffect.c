/* SPDX-License-Identifier: BSD-2-Clause */
/* The one place that knows the kinds of effects, for records. */
#include <limits.h>
#include <string.h>

#include "core/record/record.h"

#define KINDS 256 /* more than there will ever be */

/* Never changed: records have them. */
const char *record_effect_name(enum effect_kind kind)
{
	switch (kind) {
	case EFFECT_SEND:
		return "send";
	case EFFECT_CLOSE:
		return "close";
	case EFFECT_RESOLVE:
		return "resolve";
	case EFFECT_STEER:
		return "steer";
	case EFFECT_STEP:
		return "step";
	case EFFECT_SLEW:
		return "slew";
	case EFFECT_STATUS:
		return "status";
	case EFFECT_VIEW:
		return "view";
	case EFFECT_ANSWER:
		return "answer";
	case EFFECT_LIST:
		return "list";
	case EFFECT_NOTE:
		return "note";
	case EFFECT_SAVE:
		return "save";
	case EFFECT_SNAPSHOT:
		return "snapshot";
	case EFFECT_READ:
		return "read";
	case EFFECT_STATS:
		return "stats";
	case EFFECT_CONFIGURE:
		return "configure";
	case EFFECT_EXIT:
		return "exit";
	}
	return NULL;
}

const uint8_t *record_effect_bytes(const struct outbox *out,
				   const struct effect *e)
{
	switch (e->kind) {
	case EFFECT_SEND:
		return out->bytes + e->send.at;
	case EFFECT_RESOLVE:
		return out->bytes + e->resolve.at;
	case EFFECT_ANSWER:
		return out->bytes + e->answer.at;
	case EFFECT_LIST:
		return out->bytes + e->list.at;
	case EFFECT_STATS:
		return out->bytes + e->stats.at;
	case EFFECT_CONFIGURE:
		return out->bytes + e->configure.at;
	case EFFECT_CLOSE:
	case EFFECT_STEER:
	case EFFECT_STEP:
	case EFFECT_SLEW:
	case EFFECT_STATUS:
	case EFFECT_VIEW:
	case EFFECT_NOTE:
	case EFFECT_SAVE:
	case EFFECT_SNAPSHOT:
	case EFFECT_READ:
	case EFFECT_EXIT:
		break;
	}
	return NULL;
}

static void kind_field(struct fields *f, struct effect *e)
{
	char word[RECORD_WORD] = "";

	if (f->walk != FIELDS_READ) {
		text_str(&(struct text){ .start = word, .size = sizeof(word) },
			 record_effect_name(e->kind));
	}
	field_word(f, 1, "effect", word, sizeof(word));
	for (unsigned i = 0; f->walk == FIELDS_READ && i < KINDS; i++) {
		const char *name = record_effect_name((enum effect_kind)i);

		if (name && strcmp(name, word) == 0) {
			e->kind = (enum effect_kind)i;
			return;
		}
	}
	fields_refuse(f);
}

static span span_field(struct fields *f, uint8_t tag, const char *name, span v)
{
	return (span){ field_time(f, tag, name, v.v) };
}

static enum leap leap_field(struct fields *f, uint8_t tag, enum leap v)
{
	return (enum leap)field_uint(f, tag, "leap", v, LEAP_UNSYNC);
}

/* Bytes of the outbox; `len` is what the effect says of them. */
static void bytes_field(struct fields *f, struct record_effect *r,
			const char *name, uint32_t *at, uint32_t *len)
{
	size_t count = *len;

	field_bytes(f, 32, name, &r->bytes, &count);
	if (count > OUTBOX_BYTES) {
		fields_refuse(f);
		count = 0;
	}
	*len = (uint32_t)count;
	if (f->walk == FIELDS_READ) {
		*at = 0;
	}
}

static void send_fields(struct fields *f, struct record_effect *r)
{
	struct effect *e = &r->effect;

	e->send.to = field_addr(f, 16, "to", e->send.to);
	e->send.exchange = (uint16_t)field_uint(f, 17, "exchange",
						e->send.exchange, UINT16_MAX);
	e->send.way = (enum send_way)field_uint(f, 18, "way", e->send.way,
						SEND_GROUP);
	e->send.ttl = (uint8_t)field_uint(f, 19, "ttl", e->send.ttl, UINT8_MAX);
	bytes_field(f, r, "data", &e->send.at, &e->send.len);
}

static void resolve_fields(struct fields *f, struct record_effect *r)
{
	struct effect *e = &r->effect;

	e->resolve.family = (enum family)field_uint(
		f, 16, "family", e->resolve.family, FAMILY_V6);
	bytes_field(f, r, "name", &e->resolve.at, &e->resolve.len);
}

static void status_fields(struct fields *f, struct effect *e)
{
	e->status.synchronised =
		field_bool(f, 16, "synchronised", e->status.synchronised);
	e->status.leap = leap_field(f, 17, e->status.leap);
	e->status.tai_known =
		field_bool(f, 18, "tai_known", e->status.tai_known);
	e->status.tai = (int16_t)field_int(f, 19, "tai", e->status.tai,
					   INT16_MIN, INT16_MAX);
	e->status.max_error =
		span_field(f, 20, "max_error", e->status.max_error);
	e->status.est_error =
		span_field(f, 21, "est_error", e->status.est_error);
	e->status.poll = (int8_t)field_int(f, 22, "poll", e->status.poll,
					   INT8_MIN, INT8_MAX);
}

/* All but who may ask what, which follows from the configuration, and what is
 * secret, which follows from the seed. */
static void view_fields(struct fields *f, struct view *v)
{
	v->leap = leap_field(f, 16, v->leap);
	v->stratum =
		(uint8_t)field_uint(f, 17, "stratum", v->stratum, UINT8_MAX);
	v->precision = (int8_t)field_int(f, 18, "precision", v->precision,
					 INT8_MIN, INT8_MAX);
	v->refid = (uint32_t)field_uint(f, 19, "refid", v->refid, UINT32_MAX);
	v->reference = field_tstamp(f, 20, "reference", v->reference);
	v->made = field_tstamp(f, 21, "made", v->made);
	v->root_delay = span_field(f, 22, "root_delay", v->root_delay);
	v->root_disp = span_field(f, 23, "root_disp", v->root_disp);
	v->drift_ppm = field_double(f, 24, "drift_ppm", v->drift_ppm);
	v->bound_known = field_bool(f, 25, "bound_known", v->bound_known);
	v->bound = span_field(f, 26, "bound", v->bound);
	v->bound_ppm = field_double(f, 27, "bound_ppm", v->bound_ppm);
	v->smear.length_s = (unsigned)field_uint(f, 28, "smear_s",
						 v->smear.length_s, UINT_MAX);
	v->smear.leap = leap_field(f, 29, v->smear.leap);
	v->smear.end = field_tstamp(f, 30, "smear_end", v->smear.end);
	v->listens = field_bool(f, 31, "listens", v->listens);
	v->cohort = field_bool(f, 33, "cohort", v->cohort);
	v->jumps = (uint32_t)field_uint(f, 34, "jumps", v->jumps, UINT32_MAX);
	if (f->walk == FIELDS_READ) {
		v->access = NULL;
		v->keys = NULL;
		v->peers = NULL;
		v->secret = (struct siphash_key){ 0, 0 };
	}
}

/* By name: new messages may come in between. */
static void note_id_field(struct fields *f, struct note *n)
{
	char word[RECORD_WORD] = "";

	if (f->walk != FIELDS_READ) {
		text_str(&(struct text){ .start = word, .size = sizeof(word) },
			 note_name(n->id));
	}
	field_word(f, 16, "note", word, sizeof(word));
	for (unsigned i = 0; f->walk == FIELDS_READ && i < NOTES; i++) {
		if (strcmp(note_name((enum note_id)i), word) == 0) {
			n->id = (enum note_id)i;
			return;
		}
	}
	fields_refuse(f);
}

static void note_fields(struct fields *f, struct note *n)
{
	note_id_field(f, n);
	n->addr = field_addr(f, 17, "addr", n->addr);
	n->number = field_int(f, 18, "number", n->number, INT64_MIN, INT64_MAX);
	n->second = field_int(f, 19, "second", n->second, INT64_MIN, INT64_MAX);
	n->value = field_double(f, 20, "value", n->value);
	field_word(f, 21, "word", n->word, sizeof(n->word));
}

static void configure_fields(struct fields *f, struct record_effect *r)
{
	struct effect *e = &r->effect;

	e->configure.wish = (enum wish)field_uint(f, 16, "wish",
						  e->configure.wish, WISH_SAVE);
	bytes_field(f, r, "words", &e->configure.at, &e->configure.len);
}

static void stats_fields(struct fields *f, struct record_effect *r)
{
	struct effect *e = &r->effect;

	e->stats.kind = (enum stats_kind)field_uint(
		f, 16, "kind", e->stats.kind, STATS_KINDS - 1);
	e->stats.wall = field_tstamp(f, 17, "wall", e->stats.wall);
	e->stats.age = span_field(f, 18, "age", e->stats.age);
	bytes_field(f, r, "lines", &e->stats.at, &e->stats.len);
}

static void list_fields(struct fields *f, struct record_effect *r)
{
	struct effect *e = &r->effect;
	struct mode6 *m = &e->list.header;

	e->list.kind = (enum list_kind)field_uint(f, 16, "kind", e->list.kind,
						  LIST_RESTRICTIONS);
	m->leap = (uint8_t)leap_field(f, 17, (enum leap)m->leap);
	m->version = (uint8_t)field_uint(f, 18, "version", m->version, 7);
	m->opcode = (uint8_t)field_uint(f, 19, "opcode", m->opcode, 31);
	m->sequence = (uint16_t)field_uint(f, 20, "sequence", m->sequence,
					   UINT16_MAX);
	m->status =
		(uint16_t)field_uint(f, 21, "status", m->status, UINT16_MAX);
	m->assoc = (uint16_t)field_uint(f, 22, "assoc", m->assoc, UINT16_MAX);
	m->response = true;
	e->list.key =
		(uint32_t)field_uint(f, 23, "key", e->list.key, UINT32_MAX);
	field_word(f, 24, "nonce", e->list.nonce, sizeof(e->list.nonce));
	e->list.word = (uint8_t)field_uint(f, 25, "word", e->list.word,
					   MODE6_SIGNED_WORD);
	bytes_field(f, r, "asked", &e->list.at, &e->list.len);
}

void record_effect_fields(struct fields *f, struct record_effect *r)
{
	struct effect *e = &r->effect;

	kind_field(f, e);
	e->source.slot =
		(uint16_t)field_uint(f, 2, "slot", e->source.slot, UINT16_MAX);
	e->source.generation = (uint16_t)field_uint(
		f, 3, "generation", e->source.generation, UINT16_MAX);
	switch (e->kind) {
	case EFFECT_SEND:
		send_fields(f, r);
		break;
	case EFFECT_CLOSE:
	case EFFECT_SNAPSHOT:
		break;
	case EFFECT_RESOLVE:
		resolve_fields(f, r);
		break;
	case EFFECT_STEER:
		e->steer.freq = field_double(f, 16, "freq", e->steer.freq);
		e->steer.base = field_double(f, 17, "base", e->steer.base);
		break;
	case EFFECT_STEP:
		e->step = span_field(f, 16, "by", e->step);
		break;
	case EFFECT_SLEW:
		e->slew = span_field(f, 16, "by", e->slew);
		break;
	case EFFECT_STATUS:
		status_fields(f, e);
		break;
	case EFFECT_VIEW:
		view_fields(f, &e->view);
		break;
	case EFFECT_ANSWER:
		bytes_field(f, r, "data", &e->answer.at, &e->answer.len);
		break;
	case EFFECT_LIST:
		list_fields(f, r);
		break;
	case EFFECT_NOTE:
		note_fields(f, &e->note);
		break;
	case EFFECT_SAVE:
		e->save.freq_ppm =
			field_double(f, 16, "freq_ppm", e->save.freq_ppm);
		break;
	case EFFECT_READ:
		e->read.type = (uint8_t)field_uint(f, 16, "type", e->read.type,
						   UINT8_MAX);
		e->read.unit = (uint8_t)field_uint(f, 17, "unit", e->read.unit,
						   UINT8_MAX);
		break;
	case EFFECT_STATS:
		stats_fields(f, r);
		break;
	case EFFECT_CONFIGURE:
		configure_fields(f, r);
		break;
	case EFFECT_EXIT:
		e->exit.code = (int)field_int(f, 16, "code", e->exit.code,
					      INT32_MIN, INT32_MAX);
		break;
	}
}
