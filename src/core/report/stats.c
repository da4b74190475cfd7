/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/report/stats.h"

#include <math.h>
#include <string.h>

#include "core/serve/refid.h"

#define PIVOT INT64_C(1767225600) /* 2026, and 68 years each way */
#define DAY_S 86400
#define MJD_OF_1970 40587
#define NS_PER_S UINT64_C(1000000000)
#define NINE_DECIMALS_S 9e6 /* text_double() has 15 digits */

int64_t stats_date(tstamp at)
{
	return tstamp_to_unix(at, PIVOT);
}

/*
 * Cut off and not rounded: a record of the last half millisecond of a day is
 * of that day, as its file is.
 */
static void print_time(tstamp at, struct text *out)
{
	int64_t unix_s = stats_date(at);
	int64_t second = unix_s % DAY_S;
	uint64_t ms = ((at.v & UINT32_MAX) * 1000) >> 32;

	second += second < 0 ? DAY_S : 0;
	text_i64(out, (unix_s - second) / DAY_S + MJD_OF_1970);
	text_char(out, ' ');
	text_i64(out, second);
	text_char(out, '.');
	text_padded(out, ms, 3);
	text_char(out, ' ');
}

/* As %.9f, also for a clock that is decades off. */
static void print_s(double s, struct text *out)
{
	if (fabs(s) < NINE_DECIMALS_S) {
		text_double(out, s, 9);
	} else {
		text_double(out, s, 6);
		text_str(out, "000");
	}
}

static void print_stamp(tstamp t, struct text *out)
{
	uint64_t ns =
		((t.v & UINT32_MAX) * NS_PER_S + (UINT64_C(1) << 31)) >> 32;
	uint32_t s = (uint32_t)(t.v >> 32) + (ns == NS_PER_S);

	text_u64(out, s);
	text_char(out, '.');
	text_padded(out, ns % NS_PER_S, 9);
	text_char(out, ' ');
}

void stats_print_loop(tstamp at, const struct stats_loop *l, struct text *out)
{
	print_time(at, out);
	print_s(l->offset_s, out);
	text_char(out, ' ');
	text_double(out, l->freq_ppm, 3);
	text_char(out, ' ');
	print_s(l->jitter_s, out);
	text_char(out, ' ');
	text_double(out, l->wander_ppm, 6);
	text_char(out, ' ');
	text_i64(out, l->poll);
	text_char(out, '\n');
}

void stats_print_peer(tstamp at, const struct stats_peer *p, struct text *out)
{
	const double values[] = { p->offset_s, p->delay_s, p->disp_s,
				  p->jitter_s };

	print_time(at, out);
	netaddr_print(&p->addr, out);
	text_char(out, ' ');
	text_hex(out, p->status, 1);
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		text_char(out, ' ');
		print_s(values[i], out);
	}
	text_char(out, '\n');
}

/* ".GPS." or 192.0.2.1; never empty and never with a blank in it. */
static void print_refid(const struct packet *p, struct text *out)
{
	bool is_text = refid_is_text(p->stratum);

	text_str(out, is_text ? "." : "");
	refid_print(p->refid, is_text, out);
	text_str(out, is_text ? ".\n" : "\n");
}

static void print_header(const struct packet *p, struct text *out)
{
	const int numbers[] = { (int)p->leap, p->version, (int)p->mode,
				p->stratum,   p->poll,    p->precision };

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		text_i64(out, numbers[i]);
		text_char(out, ' ');
	}
	text_double(out, span_to_seconds(p->root_delay), 6);
	text_char(out, ' ');
	text_double(out, span_to_seconds(p->root_disp), 6);
	text_char(out, ' ');
	print_refid(p, out);
}

void stats_print_exchange(tstamp at, const struct stats_exchange *x,
			  struct text *out)
{
	print_time(at, out);
	netaddr_print(&x->from, out);
	text_char(out, ' ');
	if (netaddr_is_none(&x->to)) {
		text_char(out, '-');
	} else {
		netaddr_print(&x->to, out);
	}
	text_char(out, ' ');
	print_stamp(x->sent, out);
	print_stamp(x->packet->receive, out);
	print_stamp(x->packet->transmit, out);
	print_stamp(x->returned, out);
	print_header(x->packet, out);
}

void stats_print_clock(tstamp at, const netaddr *clock, const char *says,
		       struct text *out)
{
	print_time(at, out);
	netaddr_print(clock, out);
	text_char(out, ' ');
	text_escaped(out, says, strlen(says));
	text_char(out, '\n');
}

void stats_print_traffic(tstamp at, uint64_t passed_s,
			 const uint64_t counts[STATS_TRAFFIC], struct text *out)
{
	print_time(at, out);
	text_u64(out, passed_s);
	for (size_t i = 0; i < STATS_TRAFFIC; i++) {
		text_char(out, ' ');
		text_u64(out, counts[i]);
	}
	text_char(out, '\n');
}

void stats_print_usage(tstamp at, uint64_t passed_s, const struct usage *u,
		       struct text *out)
{
	print_time(at, out);
	text_u64(out, passed_s);
	text_char(out, ' ');
	text_double(out, u->user_s, 3);
	text_char(out, ' ');
	text_double(out, u->system_s, 3);
	for (size_t i = 0; i < USAGE_COUNTS; i++) {
		text_char(out, ' ');
		text_u64(out, u->counts[i]);
	}
	text_char(out, ' ');
	text_u64(out, u->most_kib);
	text_char(out, '\n');
}

void stats_print_event(tstamp at, const struct note *n, struct text *out)
{
	print_time(at, out);
	note_print(n, out);
	text_char(out, '\n');
}
