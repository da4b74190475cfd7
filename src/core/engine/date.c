/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/date.h"
#include "core/engine/stages.h"

#define DAY_S INT64_C(86400)
#define YEARS_S (INT64_C(30) * 365 * DAY_S) /* no program is so old */

/* Since 1970; 0: nobody knows. */
static int64_t earliest(const struct engine *e)
{
	const char *said = e->config->tos.basedate;
	int64_t at;

	return said && date_parse(said, strlen(said), &at) ? at
							   : e->start.built;
}

bool engine_date_is_possible(const struct engine *e, double step_s)
{
	int64_t base = earliest(e);
	tstamp to = tstamp_add(e->wall, span_from_seconds(step_s));
	int64_t at = tstamp_to_unix(to, base);

	return base == 0 || (at >= base - DAY_S && at <= base + YEARS_S);
}
