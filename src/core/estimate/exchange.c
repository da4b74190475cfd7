/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/exchange.h"

struct sample exchange_sample(const struct exchange *x, instant now,
			      tstamp wall)
{
	span away = tstamp_diff(x->returned, x->sent);
	tstamp middle = tstamp_add(x->sent, span_mean(away, SPAN_ZERO));

	return (struct sample){
		.at = instant_add(now, tstamp_diff(middle, wall)),
		.forward = tstamp_diff(x->received, x->sent),
		.backward = tstamp_diff(x->returned, x->answered),
		.takes = away,
	};
}

span sample_offset(const struct sample *s)
{
	return span_mean(s->forward, span_sub(SPAN_ZERO, s->backward));
}

span sample_delay(const struct sample *s)
{
	return (span){ (int64_t)((uint64_t)s->forward.v +
				 (uint64_t)s->backward.v) };
}
