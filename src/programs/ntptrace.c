/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntptrace.c - from server to server, up to where the time comes from.
 *
 * Each line is what one server says of itself by mode 6; the next server is
 * its system peer. Ends at stratum 1, at who does not answer, and where the
 * way would be a circle.
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/control/ctl.h"
#include "client/control/vars.h"
#include "client/names.h"
#include "client/version.h"
#include "programs/options.h"

#define HOSTS_MOST 99
#define STRATUM_NONE 16
#define EXIT_USAGE 2

struct options {
	bool numeric;
	uint64_t most;
	const char *host;
};

/* One server, and who it follows. */
struct hop {
	double stratum, offset_ms, delay_ms, disp_ms;
	char refid[64]; /* escaped */
	bool has_next;
	netaddr next;
};

static struct ctl ctl;
static struct ctl_answer answer;

static enum ctl_result ask(uint16_t assoc, const char *names)
{
	struct ctl_request q = { .opcode = MODE6_READVAR,
				 .assoc = assoc,
				 .data = names,
				 .len = strlen(names) };

	return ctl_ask(&ctl, &q, &answer);
}

static void read_next(struct hop *h, double peer)
{
	struct vars_item item;

	if (!(peer > 0 && peer <= UINT16_MAX) ||
	    ask((uint16_t)peer, "srcadr") != CTL_OK) {
		return;
	}
	struct vars v = vars_over(answer.data, answer.len);

	h->has_next = vars_find(v, "srcadr", &item) &&
		      vars_netaddr(&item, &h->next) &&
		      !netaddr_is_refclock(&h->next) &&
		      !netaddr_is_nonsense(&h->next);
	h->next.port = NTP_PORT;
}

static enum ctl_result read_hop(const netaddr *server, struct hop *h)
{
	struct text refid = text_over(h->refid, sizeof(h->refid));
	struct vars_item item;
	double peer = 0;

	*h = (struct hop){ .stratum = STRATUM_NONE };
	if (ctl_open(&ctl, server) < 0) {
		return CTL_SYSTEM;
	}
	enum ctl_result result =
		ask(0, "stratum,offset,rootdelay,rootdisp,refid,peer");

	if (result != CTL_OK) {
		return result;
	}
	struct vars v = vars_over(answer.data, answer.len);

	if (!vars_find_double(v, "stratum", &h->stratum) ||
	    !vars_find_double(v, "offset", &h->offset_ms) ||
	    !vars_find_double(v, "rootdelay", &h->delay_ms) ||
	    !vars_find_double(v, "rootdisp", &h->disp_ms)) {
		return CTL_MALFORMED;
	}
	if (vars_find(v, "refid", &item)) {
		vars_show(&item, &refid);
	}
	if (vars_find_double(v, "peer", &peer)) {
		read_next(h, peer);
	}
	return CTL_OK;
}

static void print_name(const struct options *o, const netaddr *server)
{
	char name[NAMES_TEXT];
	struct text t = text_over(name, sizeof(name));

	if (o->numeric) {
		netaddr_print(server, &t);
	} else {
		names_show(server, &t);
	}
	fputs(name, stdout);
}

static void print_hop(const struct hop *h)
{
	printf(": stratum %.0f, offset %.6f, synch distance %.6f", h->stratum,
	       h->offset_ms / 1e3, (h->delay_ms / 2 + h->disp_ms) / 1e3);
	if (h->stratum <= 1) {
		printf(", refid '%s'", h->refid);
	}
	putchar('\n');
	fflush(stdout);
}

static const char *why_not(enum ctl_result result)
{
	switch (result) {
	case CTL_SILENCE:
	case CTL_INCOMPLETE:
		return "timed out, nothing received";
	case CTL_REFUSED:
		return "refuses to be asked";
	case CTL_SYSTEM:
		return "cannot be reached";
	case CTL_OK:
	case CTL_MALFORMED:
	case CTL_INTERRUPTED:
		break;
	}
	return "gave no sense";
}

static bool seen(const netaddr *list, size_t count, const netaddr *server)
{
	for (size_t i = 0; i < count; i++) {
		if (netaddr_same_host(&list[i], server)) {
			return true;
		}
	}
	return false;
}

/* False when already the first server says nothing. */
static bool trace(const struct options *o, netaddr server)
{
	netaddr way[HOSTS_MOST];
	size_t count = 0;

	while (count < o->most) {
		struct hop h;
		enum ctl_result result = read_hop(&server, &h);

		print_name(o, &server);
		if (result != CTL_OK) {
			printf(": %s\n", why_not(result));
			return count > 0;
		}
		print_hop(&h);
		way[count++] = server;
		if (!h.has_next || h.stratum <= 1 ||
		    h.stratum >= STRATUM_NONE) {
			return true;
		}
		if (seen(way, count, &h.next)) {
			puts("a circle: nobody in it knows the time");
			return true;
		}
		server = h.next;
	}
	return true;
}

static const struct option_line lines[] = {
#define OPTION(letter, name, takes, doc) { letter, name, takes, doc },
#include "programs/ntptrace_options.def"
#undef OPTION
};

static const struct option_table options = {
	.usage = "usage: ntptrace [-n] [-m MAXHOSTS] [-r] [HOST]\n",
	.lines = lines,
	.count = ARRAY_LEN(lines),
};

static int usage(FILE *out)
{
	options_help(&options, out);
	return out == stdout ? EXIT_SUCCESS : EXIT_USAGE;
}

static int run(const struct options *o)
{
	netaddr server;
	size_t count;
	int err = names_resolve(o->host, NAMES_ANY, &server, 1, &count);

	if (err != 0) {
		fprintf(stderr, "ntptrace: %s: %s\n", o->host,
			gai_strerror(err));
		return EXIT_FAILURE;
	}
	ctl_init(&ctl);
	ctl.first_wait = SPAN_S(2);
	bool good = trace(o, server);

	ctl_close(&ctl);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct options o = { .most = HOSTS_MOST, .host = "127.0.0.1" };
	int letter;

	while ((letter = options_next(&options, argc, argv)) != -1) {
		switch (letter) {
		case 'n':
			o.numeric = true;
			break;
		case 'm':
			if (!text_to_u64(optarg, strlen(optarg), &o.most) ||
			    o.most < 1 || o.most > HOSTS_MOST) {
				return usage(stderr);
			}
			break;
		case 'r':
			o.host = optarg;
			break;
		case 'h':
			return usage(stdout);
		case 'V':
			puts(VERSION_LINE("ntptrace"));
			return EXIT_SUCCESS;
		default:
			return usage(stderr);
		}
	}
	if (optind + 1 < argc) {
		return usage(stderr);
	}
	o.host = optind < argc ? argv[optind] : o.host;
	return run(&o);
}
