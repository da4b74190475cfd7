/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/source/source.h"

#define LONG_S 1e9 /* more than any claim or delay */

static void pack_polling(struct pack *p, struct polling *q)
{
	q->poll = (int8_t)pack_int(p, q->poll, 0, POLL_MAX);
	q->raised = (int8_t)pack_int(p, q->raised, 0, POLL_MAX);
	q->reach = (uint8_t)pack_uint(p, q->reach, UINT8_MAX);
	q->hold = (uint8_t)pack_uint(p, q->hold, UINT8_MAX);
	q->unreach = (unsigned)pack_uint(p, q->unreach, UINT16_MAX);
	q->last.v = pack_time(p, q->last.v);
}

/* Its last answer, as far as anybody looks at it again. */
static void pack_packet(struct pack *p, struct packet *x)
{
	x->leap = (enum leap)pack_uint(p, x->leap, LEAP_UNSYNC);
	x->mode = (enum mode)pack_uint(p, x->mode, MODE_PRIVATE);
	x->version = (uint8_t)pack_uint(p, x->version, 7);
	x->stratum = (uint8_t)pack_uint(p, x->stratum, UINT8_MAX);
	x->poll = (int8_t)pack_int(p, x->poll, INT8_MIN, INT8_MAX);
	x->precision = (int8_t)pack_int(p, x->precision, INT8_MIN, INT8_MAX);
	x->root_delay.v = pack_int(p, x->root_delay.v, 0, SPAN_S(65536).v);
	x->root_disp.v = pack_int(p, x->root_disp.v, 0, SPAN_S(65536).v);
	x->refid = (uint32_t)pack_uint(p, x->refid, UINT32_MAX);
	x->reference.v = pack_uint(p, x->reference.v, UINT64_MAX);
	x->origin.v = pack_uint(p, x->origin.v, UINT64_MAX);
	x->receive.v = pack_uint(p, x->receive.v, UINT64_MAX);
	x->transmit.v = pack_uint(p, x->transmit.v, UINT64_MAX);
}

static void pack_doubt(struct pack *p, struct doubt *d)
{
	d->started = pack_bool(p, d->started);
	d->slewing = pack_bool(p, d->slewing);
	d->falls = (uint8_t)pack_uint(p, d->falls, UINT8_MAX);
	d->calm = (uint8_t)pack_uint(p, d->calm, UINT8_MAX);
	d->since.v = pack_time(p, d->since.v);
	d->at.v = pack_time(p, d->at.v);
	d->claimed_s = pack_double(p, d->claimed_s, 0, LONG_S);
	d->most_s = pack_double(p, d->most_s, 0, LONG_S);
	d->slew = pack_double(p, d->slew, 0, 1);
}

static void pack_proofs(struct pack *p, struct proofs *x)
{
	x->count = (unsigned)pack_uint(p, x->count, PROOFS);
	for (unsigned i = 0; i < x->count; i++) {
		struct proof *one = &x->all[i];

		one->delay_s = pack_double(p, one->delay_s, -LONG_S, LONG_S);
		one->reach_s = pack_double(p, one->reach_s, 0, 1e12);
		one->misfit_s = pack_double(p, one->misfit_s, 0, 1e12);
	}
}

static void pack_history(struct pack *p, struct source *s)
{
	for (unsigned i = 0; i < SOURCE_HISTORY; i++) {
		struct measurement *m = &s->history[i];

		m->at.v = pack_time(p, m->at.v);
		m->offset.v = pack_time(p, m->offset.v);
		m->delay.v = pack_time(p, m->delay.v);
	}
}

void pack_source(struct pack *p, struct source *s)
{
	s->addr = pack_addr(p, s->addr);
	s->local = pack_addr(p, s->local);
	pack_polling(p, &s->polling);
	pack_packet(p, &s->peer);
	s->returned.v = pack_uint(p, s->returned.v, UINT64_MAX);
	s->heard_at.v = pack_time(p, s->heard_at.v);
	s->since.v = pack_time(p, s->since.v);
	s->kiss = (uint32_t)pack_uint(p, s->kiss, UINT32_MAX);
	s->freq_sd = pack_double(p, s->freq_sd, 0, 1);
	pack_doubt(p, &s->doubt);
	pack_proofs(p, &s->proofs);
	pack_history(p, s);
	pack_estimator(p, &s->estimator);
}
