/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/pace.h"

#define QUICKLY 4
#define SLOWLY 16
#define LEAST 429 /* 100 ns: one that stands at nothing can grow */

/* By no more at a time than a part of what it was. */
static span follow(span mean, span seen)
{
	int64_t most = mean.v > LEAST ? mean.v : LEAST;
	int64_t off = span_sub(seen, mean).v;

	if (off > 0) {
		mean.v += (off < most ? off : most) / SLOWLY;
	} else {
		mean.v += (off > -most ? off : -most) / QUICKLY;
	}
	if (mean.v < 0) {
		return SPAN_ZERO;
	}
	return span_cmp(mean, PACE_MOST) < 0 ? mean : PACE_MOST;
}

static span share(span all, size_t count)
{
	return (span){ all.v / (int64_t)count };
}

void pace_learn(struct pace_each *e, size_t count, span making, size_t sent,
		span sending)
{
	if (count > 0) {
		e->making = follow(e->making, share(making, count));
	}
	if (sent > 0) {
		e->sending = follow(e->sending, share(sending, sent));
	}
}
