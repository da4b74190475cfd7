/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/report/report.h"

#include <math.h>
#include <string.h>

#include "core/steer/discipline.h"

#define NOTHING(name, format, value, known, list, unit, meaning)
#define VARIABLE(name, format, value, known, list, unit, meaning) \
	{ #name, (unit), (meaning), LIST_##list },

#define SYSTEM VARIABLE
#define PEER NOTHING
#define CLOCK NOTHING
const struct report_variable report_system_variables[SYSTEM_VARS] = {
#include "core/report/report.def"
};
#undef SYSTEM
#undef PEER

#define SYSTEM NOTHING
#define PEER VARIABLE
const struct report_variable report_peer_variables[PEER_VARS] = {
#include "core/report/report.def"
};
#undef PEER
#undef CLOCK

#define PEER NOTHING
#define CLOCK VARIABLE
const struct report_variable report_clock_variables[CLOCK_VARS] = {
#include "core/report/report.def"
};
#undef SYSTEM
#undef PEER
#undef CLOCK

uint16_t report_system_status(const struct system_report *s)
{
	return (uint16_t)((unsigned)s->leap << 14 | (unsigned)s->kind << 8 |
			  events_bits(&s->events));
}

uint16_t report_peer_status(const struct peer_report *p)
{
	return (uint16_t)((p->configured ? STATUS_CONFIGURED : 0) |
			  (p->authenable ? STATUS_AUTHENABLE : 0) |
			  (p->authentic ? STATUS_AUTHENTIC : 0) |
			  (p->reach != 0 ? STATUS_REACHABLE : 0) |
			  (p->solicits ? STATUS_BROADCAST : 0) |
			  (unsigned)p->tally << 8 | events_bits(&p->events));
}

uint16_t report_clock_status(const struct clock_report *c)
{
	return (uint16_t)((c->last & 15u) << 4 | (c->state & 15u));
}

void report_add_shard(struct report_counts *counts,
		      const struct server_shard *shard)
{
	counts->auth_failed +=
		shard->verdicts[SERVER_NAKED] + shard->verdicts[SERVER_BADAUTH];
	key_counts_add(&counts->keys, &shard->keys);
	counts->controls += shard->verdicts[SERVER_CONTROL];
	counts->interleaved += shard->interleaved;
	for (size_t i = 0; i < ARRAY_LEN(counts->served); i++) {
		counts->served[i] += shard->verdicts[i];
	}
	for (size_t i = 0; i < ARRAY_LEN(counts->versions); i++) {
		counts->versions[i] += shard->versions[i];
		counts->firsts[i] += shard->firsts[i];
	}
}

/* What the lines of report.def compute with. */

static uint64_t served_all(const struct report_counts *n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_LEN(n->served); i++) {
		sum += n->served[i];
	}
	return sum;
}

static uint64_t served_old(const struct report_counts *n)
{
	return n->versions[1] + n->versions[2] + n->versions[3];
}

static uint64_t served_malformed(const struct report_counts *n)
{
	return n->served[SERVER_LENGTH] + n->served[SERVER_MODE];
}

static uint64_t served_declined(const struct report_counts *n)
{
	return n->served[SERVER_SOURCE] + n->served[SERVER_VERSION];
}

static uint64_t served_restricted(const struct report_counts *n)
{
	return n->served[SERVER_IGNORED] + n->served[SERVER_NOSERVE] +
	       n->served[SERVER_NOTRUST] + n->served[SERVER_OLDVERSION] +
	       n->served[SERVER_NOQUERY] + n->served[SERVER_FLAKED];
}

static uint64_t served_limited(const struct report_counts *n)
{
	return n->served[SERVER_LIMITED] + n->served[SERVER_KISSED];
}

void report_traffic(const struct report_counts *n,
		    uint64_t counts[STATS_TRAFFIC])
{
	counts[STATS_RECEIVED] = served_all(n);
	counts[STATS_PROCESSED] =
		n->served[SERVER_ANSWERED] + n->served[SERVER_SIGN];
	counts[STATS_CURRENT] = n->versions[4];
	counts[STATS_OLD] = served_old(n);
	counts[STATS_DENIED] = served_restricted(n);
	counts[STATS_MALFORMED] = served_malformed(n);
	counts[STATS_UNAUTHENTIC] = n->auth_failed;
	counts[STATS_DECLINED] = served_declined(n);
	counts[STATS_LIMITED] = served_limited(n);
	counts[STATS_KISSED] = n->served[SERVER_KISSED];
}

static uint64_t served_answers(const struct report_counts *n)
{
	return n->served[SERVER_ANSWERED] + n->served[SERVER_KISSED] +
	       n->served[SERVER_NAKED] + n->served[SERVER_SIGN];
}

static uint64_t served_dropped(const struct report_counts *n)
{
	return served_all(n) - served_answers(n) - n->served[SERVER_CONTROL];
}

static double precision_ms(int8_t precision)
{
	return ldexp(1e3, precision);
}

/* What stands behind "Linux/"; NULL: nothing does. */
static const char *release_of(const char *system)
{
	const char *slash = system ? strchr(system, '/') : NULL;

	return slash ? slash + 1 : NULL;
}

/* Of the memory that there is, the part that is in use. */
static uint64_t mru_kib(const struct mru_counts *n)
{
	return n->room > 0 ? n->bytes / n->room * n->depth / 1024 : 0;
}

static uint64_t clock_flags(const struct clock_report *c)
{
	uint64_t flags = 0;

	for (unsigned i = 0; i < ARRAY_LEN(c->flag); i++) {
		flags |= (uint64_t)c->flag[i] << i;
	}
	return flags;
}

/* A value of each format, from the type of C that belongs to it. */

#define VALUE(fmt, member, from) \
	((struct report_value){ \
		.known = true, .format = FORMAT_##fmt, .member = (from) })

static struct report_value value_number(uint64_t v)
{
	return VALUE(NUMBER, number, v);
}

static struct report_value value_integer(int64_t v)
{
	return VALUE(INTEGER, integer, v);
}

static struct report_value value_hex(uint64_t v)
{
	return VALUE(HEX, number, v);
}

static struct report_value value_kernel(uint64_t v)
{
	return VALUE(KERNEL, number, v);
}

static struct report_value value_fixed3(double v)
{
	return VALUE(FIXED3, real, v);
}

static struct report_value value_fixed6(double v)
{
	return VALUE(FIXED6, real, v);
}

static struct report_value value_general(double v)
{
	return VALUE(GENERAL, real, v);
}

static struct report_value value_tstamp(tstamp v)
{
	return VALUE(TSTAMP, at, v);
}

static struct report_value value_date(int64_t v)
{
	return VALUE(DATE, integer, v);
}

static struct report_value value_quoted(const char *v)
{
	return VALUE(QUOTED, text, v);
}

static struct report_value value_addr(netaddr v)
{
	return VALUE(ADDR, addr, v);
}

static struct report_value value_endpoint(netaddr v)
{
	return VALUE(ENDPOINT, addr, v);
}

static struct report_value value_filter(const double *v)
{
	return VALUE(FILTER, filter, v);
}

static struct report_refid refid_at(uint32_t id, uint8_t stratum)
{
	return (struct report_refid){ id, refid_is_text(stratum) };
}

static struct report_value value_refid(struct report_refid v)
{
	return VALUE(REFID, refid, v);
}

static struct report_names names_of(const struct report_variable *of,
				    size_t count)
{
	return (struct report_names){ of, count };
}

static struct report_value value_names(struct report_names v)
{
	return VALUE(NAMES, names, v);
}

#define SET_VALUE(id, known, format, value) \
	values[id] = \
		(known) ? value_##format(value) : (struct report_value){ 0 };

#define PEER NOTHING
#define CLOCK NOTHING
#define SYSTEM(name, format, value, known, list, unit, meaning) \
	SET_VALUE(SYSTEM_VAR_##name, known, format, value)

void report_system_values(const struct system_report *s,
			  struct report_value values[SYSTEM_VARS])
{
#include "core/report/report.def"
}

#undef SYSTEM
#undef PEER
#define SYSTEM NOTHING
#define PEER(name, format, value, known, list, unit, meaning) \
	SET_VALUE(PEER_VAR_##name, known, format, value)

void report_peer_values(const struct peer_report *p,
			struct report_value values[PEER_VARS])
{
#include "core/report/report.def"
}

#undef PEER
#undef CLOCK
#define PEER NOTHING
#define CLOCK(name, format, value, known, list, unit, meaning) \
	SET_VALUE(CLOCK_VAR_##name, known, format, value)

void report_clock_values(const struct clock_report *c,
			 struct report_value values[CLOCK_VARS])
{
#include "core/report/report.def"
}
