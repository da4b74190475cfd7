/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/once/asktext.h"

#include "client/stamp.h"

#define PER_ROW 4
#define NUMBER_TEXT 64

static void address(const struct ask_server *s, char text[NETADDR_TEXT])
{
	struct text t = text_over(text, NETADDR_TEXT);

	netaddr_print(&s->addr, &t);
}

static void seconds(double value_s, unsigned decimals, char text[NUMBER_TEXT])
{
	struct text t = text_over(text, NUMBER_TEXT);

	text_double(&t, value_s, decimals);
}

void asktext_line(FILE *out, const struct ask_server *s)
{
	char addr[NETADDR_TEXT], offset[NUMBER_TEXT], delay[NUMBER_TEXT];
	struct pick_candidate c = pick_candidate(s);

	address(s, addr);
	seconds(c.offset_s, 6, offset);
	seconds(c.delay_s, 5, delay);
	fprintf(out, "server %s, stratum %u, offset %s, delay %s\n", addr,
		c.stratum, offset, delay);
}

/* An address, or up to four letters of somebody's choice. */
static void print_refid(FILE *out, const struct packet *p)
{
	netaddr a = netaddr_v4(p->refid, 0);
	char shown[NETADDR_TEXT];
	struct text t = text_over(shown, sizeof(shown));

	if (p->stratum > 1) {
		netaddr_print(&a, &t);
	} else {
		size_t len = 4;

		while (len > 0 && a.ip[11 + len] == 0) {
			len--;
		}
		text_escaped(&t, a.ip + 12, len);
	}
	fprintf(out, "refid [%s], ", shown);
}

static void print_stamp(FILE *out, const char *name, tstamp at)
{
	char shown[96];
	struct text t = text_over(shown, sizeof(shown));

	stamp_print(at, &t);
	fprintf(out, "%-21s%s\n", name, shown);
}

/* The samples in two rows of four; a row of values has a name. */
static void print_row(FILE *out, const struct ask_server *s, bool delays,
		      size_t from)
{
	const char *name = delays ? "filter delay: " : "filter offset:";

	fprintf(out, "%-14s", from == 0 ? name : "");
	for (size_t i = from; i < from + PER_ROW; i++) {
		char shown[NUMBER_TEXT] = "----";

		if (i < s->count && delays) {
			seconds(pick_delay_s(s, &s->samples[i]), 5, shown);
		} else if (i < s->count) {
			seconds(span_to_seconds(s->samples[i].offset), 6,
				shown);
		}
		fprintf(out, " %-10.10s", shown);
	}
	fputc('\n', out);
}

void asktext_details(FILE *out, const struct ask_server *s)
{
	const struct packet *p = &s->packet;
	char addr[NETADDR_TEXT], delay[NUMBER_TEXT] = "0.00000";
	char disp[NUMBER_TEXT] = "0.00000", offset[NUMBER_TEXT] = "0.000000";

	address(s, addr);
	fprintf(out,
		"\nserver %s, port %u\nstratum %u, precision %d, leap %u%u, "
		"trust 000\n",
		addr, s->addr.port, p->stratum, p->precision,
		(unsigned)p->leap >> 1, (unsigned)p->leap & 1u);
	print_refid(out, p);
	fprintf(out, "root delay %.6f, root dispersion %.6f\n",
		span_to_seconds(p->root_delay), span_to_seconds(p->root_disp));
	print_stamp(out, "reference time:", p->reference);
	print_stamp(out, "originate timestamp:", p->transmit);
	print_stamp(out, "transmit timestamp:", s->sent_wall);
	for (int delays = 1; delays >= 0; delays--) {
		print_row(out, s, delays, 0);
		print_row(out, s, delays, PER_ROW);
	}
	if (s->count > 0) {
		struct pick_candidate c = pick_candidate(s);

		seconds(c.delay_s, 5, delay);
		seconds(c.disp_s, 5, disp);
		seconds(c.offset_s, 6, offset);
	}
	fprintf(out, "delay %s, dispersion %s, offset %s\n\n", delay, disp,
		offset);
}
