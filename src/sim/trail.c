/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/trail.h"

#include <string.h>

struct trail trail_new(void)
{
	return (struct trail){ .hash = UINT64_C(0xcbf29ce484222325) };
}

static void trail_bytes(struct trail *t, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < len; i++) {
		t->hash = (t->hash ^ b[i]) * UINT64_C(0x100000001b3);
	}
}

void trail_number(struct trail *t, uint64_t v)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < 8; i++) {
		bytes[i] = (uint8_t)(v >> (8 * i));
	}
	trail_bytes(t, bytes, sizeof(bytes));
}

static void trail_double(struct trail *t, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	trail_number(t, bits);
}

static void trail_addr(struct trail *t, const netaddr *a)
{
	trail_bytes(t, a->ip, sizeof(a->ip));
	trail_number(t, a->port);
}

static void trail_span_of_bytes(struct trail *t, const struct outbox *out,
				uint32_t at, uint32_t len)
{
	trail_number(t, len);
	trail_bytes(t, out->bytes + at, len);
}

static void trail_status(struct trail *t, const struct effect *e)
{
	trail_number(t, e->status.synchronised);
	trail_number(t, e->status.leap);
	trail_number(t, (uint64_t)e->status.max_error.v);
	trail_number(t, (uint64_t)e->status.est_error.v);
}

static void trail_view(struct trail *t, const struct view *v)
{
	trail_number(t, v->leap);
	trail_number(t, v->stratum);
	trail_number(t, v->refid);
	trail_number(t, v->reference.v);
	trail_number(t, v->made.v);
	trail_number(t, (uint64_t)v->root_delay.v);
	trail_number(t, (uint64_t)v->root_disp.v);
	trail_double(t, v->drift_ppm);
	trail_number(t, v->bound_known);
	trail_number(t, (uint64_t)v->bound.v);
	trail_double(t, v->bound_ppm);
	trail_number(t, v->smear.length_s);
	trail_number(t, v->smear.leap);
	trail_number(t, v->smear.end.v);
}

static void trail_note(struct trail *t, const struct note *n)
{
	trail_number(t, n->id);
	trail_addr(t, &n->addr);
	trail_number(t, (uint64_t)n->number);
	trail_number(t, (uint64_t)n->second);
	trail_double(t, n->value);
	trail_bytes(t, n->word, strlen(n->word));
}

void trail_effect(struct trail *t, const struct outbox *out,
		  const struct effect *e)
{
	t->effects++;
	trail_number(t, e->kind);
	trail_number(t, (uint64_t)e->source.slot << 16 | e->source.generation);
	switch (e->kind) {
	case EFFECT_SEND:
		trail_addr(t, &e->send.to);
		trail_span_of_bytes(t, out, e->send.at, e->send.len);
		break;
	case EFFECT_RESOLVE:
		trail_span_of_bytes(t, out, e->resolve.at, e->resolve.len);
		break;
	case EFFECT_ANSWER:
		trail_span_of_bytes(t, out, e->answer.at, e->answer.len);
		break;
	case EFFECT_CONFIGURE:
		trail_span_of_bytes(t, out, e->configure.at, e->configure.len);
		break;
	case EFFECT_LIST:
		trail_span_of_bytes(t, out, e->list.at, e->list.len);
		break;
	case EFFECT_STEER:
		trail_double(t, e->steer.freq);
		break;
	case EFFECT_STEP:
		trail_number(t, (uint64_t)e->step.v);
		break;
	case EFFECT_SLEW:
		trail_number(t, (uint64_t)e->slew.v);
		break;
	case EFFECT_STATUS:
		trail_status(t, e);
		break;
	case EFFECT_VIEW:
		trail_view(t, &e->view);
		break;
	case EFFECT_NOTE:
		trail_note(t, &e->note);
		break;
	case EFFECT_SAVE:
		trail_double(t, e->save.freq_ppm);
		break;
	case EFFECT_STATS:
		trail_number(t, e->stats.kind);
		trail_number(t, e->stats.wall.v);
		trail_number(t, (uint64_t)e->stats.age.v);
		trail_span_of_bytes(t, out, e->stats.at, e->stats.len);
		break;
	case EFFECT_EXIT:
		trail_number(t, (uint64_t)e->exit.code);
		break;
	case EFFECT_READ:
		trail_number(t, (uint64_t)e->read.type << 8 | e->read.unit);
		break;
	case EFFECT_CLOSE:
	case EFFECT_SNAPSHOT:
		break;
	}
}
