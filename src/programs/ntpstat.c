/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpstat.c - is this host's clock synchronised? Three lines and an exit code.
 *
 *   0  synchronised    1  not, or not known how well    2  no daemon to ask
 *
 * Asks 127.0.0.1, or ::1 where nobody listens there, and waits a second. The
 * lines are those that the first ntpstat printed; with -m they are those of
 * the later one, which lack a blank.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/control/ctl.h"
#include "client/control/status.h"
#include "client/control/vars.h"
#include "client/version.h"
#include "programs/options.h"

#define LOCALHOST 0x7f000001
#define SOURCE_NTP 6
#define EVENT_RESTART 1 /* the code that the classic ntpstat looks at */
#define SERVER_TEXT 128

enum verdict { SYNCHRONISED = 0, UNSYNCHRONISED = 1, UNKNOWN = 2 };

struct options {
	bool json, limited;
	double limit_ms;
};

/* What the daemon said; what it did not say is NAN, or empty. */
struct report {
	bool synchronised, restarting;
	unsigned source;
	char server[SERVER_TEXT]; /* escaped */
	double stratum, error_ms, poll_s;
	enum verdict verdict;
};

static struct ctl_answer answer;

static const char *const sources[] = {
	"unspecified", "atomic clock", "VLF radio", "HF radio",   "UHF radio",
	"local net",   "NTP server",   "UDP/TIME",  "wristwatch", "modem",
};

static const char *source_name(unsigned source)
{
	return source < ARRAY_LEN(sources) ? sources[source] : "unknown source";
}

static double number(const char *name)
{
	struct vars v = vars_over(answer.data, answer.len);
	double value;

	return vars_find_double(v, name, &value) ? value : NAN;
}

static void show(const char *name, char server[SERVER_TEXT])
{
	struct vars v = vars_over(answer.data, answer.len);
	struct text t = text_over(server, SERVER_TEXT);
	struct vars_item item;

	if (vars_find(v, name, &item)) {
		vars_show(&item, &t);
	}
}

static enum verdict judge(const struct options *o, const struct report *r)
{
	if (!r->synchronised || isnan(r->poll_s) || isnan(r->stratum) ||
	    isnan(r->error_ms) ||
	    (r->source == SOURCE_NTP && r->server[0] == '\0')) {
		return UNSYNCHRONISED;
	}
	return o->limited && r->error_ms > o->limit_ms ? UNSYNCHRONISED
						       : SYNCHRONISED;
}

static struct report describe(const struct options *o)
{
	double tc = number("tc");
	struct report r = {
		.synchronised = status_leap(answer.status) != LEAP_UNSYNC,
		.restarting = status_event(answer.status) == EVENT_RESTART,
		.source = status_source(answer.status),
		.stratum = number("stratum"),
		.error_ms = number("rootdisp") + number("rootdelay") / 2,
		.poll_s = tc >= 0 && tc <= 31 ? ldexp(1, (int)tc) : NAN,
	};

	show("refid", r.server);
	r.verdict = judge(o, &r);
	return r;
}

/*
 * The reference id of a server with an IPv6 address is a hash that nobody can
 * read: then its address is asked for. An IPv4 address is in both.
 */
static void name_server(struct ctl *ctl, struct report *r)
{
	double peer = number("peer");
	struct ctl_request q = { .opcode = MODE6_READVAR,
				 .data = "srcadr",
				 .len = strlen("srcadr") };
	struct vars_item item;
	netaddr addr;

	if (!r->synchronised || r->source != SOURCE_NTP ||
	    !(peer > 0 && peer <= UINT16_MAX)) {
		return;
	}
	q.assoc = (uint16_t)peer;
	if (ctl_ask(ctl, &q, &answer) == CTL_OK &&
	    vars_find(vars_over(answer.data, answer.len), "srcadr", &item) &&
	    vars_netaddr(&item, &addr) && !netaddr_is_v4(&addr)) {
		show("srcadr", r->server);
	}
}

static void print_source(const struct options *o, const struct report *r)
{
	printf("synchronised to %s", source_name(r->source));
	if (r->source == SOURCE_NTP && r->server[0] != '\0') {
		printf(" (%s)", r->server);
	} else if (r->source == SOURCE_NTP) {
		printf(" <IP unknown>");
	}
	if (isnan(r->stratum)) {
		puts(", stratum unknown");
	} else {
		/* Scripts have always seen the blank at the end. */
		printf(" at stratum %.0f%s\n", r->stratum,
		       o->limited ? "" : " ");
	}
}

static void print_error(const struct options *o, const struct report *r)
{
	if (isnan(r->error_ms)) {
		puts("accuracy unknown");
		return;
	}
	printf("   time correct to within %.0f ms", r->error_ms);
	if (o->limited && r->error_ms > o->limit_ms) {
		printf(" (exceeded maximum of %.0f ms)", o->limit_ms);
	}
	putchar('\n');
}

static void print_text(const struct options *o, const struct report *r)
{
	if (r->synchronised) {
		print_source(o, r);
		print_error(o, r);
	} else {
		puts("unsynchronised");
		if (r->restarting) {
			puts("  time server re-starting");
		}
	}
	if (isnan(r->poll_s)) {
		puts("poll interval unknown");
	} else {
		printf("   polling server every %.0f s\n", r->poll_s);
	}
}

static json_t *known(double value)
{
	return isnan(value) ? json_null() : json_real(value);
}

static int print_json(json_t *object)
{
	int err = json_dumpf(object, stdout, JSON_INDENT(2));

	putchar('\n');
	json_decref(object);
	return err;
}

static void print_report_json(const struct options *o, const struct report *r)
{
	json_t *j = json_object();

	json_object_set_new(j, "synchronised", json_boolean(r->synchronised));
	json_object_set_new(j, "source", json_string(source_name(r->source)));
	json_object_set_new(j, "server",
			    r->server[0] != '\0' ? json_string(r->server)
						 : json_null());
	json_object_set_new(j, "stratum",
			    isnan(r->stratum)
				    ? json_null()
				    : json_integer((json_int_t)r->stratum));
	json_object_set_new(j, "max_error_s", known(r->error_ms / 1e3));
	json_object_set_new(j, "poll_s", known(r->poll_s));
	if (o->limited) {
		json_object_set_new(j, "limit_s", known(o->limit_ms / 1e3));
	}
	json_object_set_new(j, "ok", json_boolean(r->verdict == SYNCHRONISED));
	print_json(j);
}

/* No report: says why, by the words of the classic tool. */
static enum verdict fail(const struct options *o, enum ctl_result result)
{
	char words[128] = "Unable to talk to NTP daemon. Is it running?";

	if (result == CTL_SILENCE || result == CTL_INCOMPLETE) {
		snprintf(words, sizeof(words), "timeout");
	} else if (result == CTL_REFUSED || result == CTL_MALFORMED) {
		snprintf(words, sizeof(words),
			 "status word is 0x%04x\n"
			 "return data appears to be invalid based on status "
			 "word",
			 answer.status);
	}
	fprintf(stderr, "%s\n", words);
	if (o->json) {
		json_t *j = json_object();

		json_object_set_new(j, "error", json_string(words));
		json_object_set_new(j, "ok", json_false());
		print_json(j);
	}
	return UNKNOWN;
}

static enum ctl_result ask_daemon(struct ctl *ctl)
{
	struct ctl_request q = { .opcode = MODE6_READVAR };
	netaddr daemons[] = { netaddr_v4(LOCALHOST, NTP_PORT),
			      { .ip = { [15] = 1 }, .port = NTP_PORT } };
	enum ctl_result result = CTL_SYSTEM;

	for (size_t i = 0; i < ARRAY_LEN(daemons) && result == CTL_SYSTEM;
	     i++) {
		if (ctl_open(ctl, &daemons[i]) == 0) {
			result = ctl_ask(ctl, &q, &answer);
		}
	}
	return result;
}

static enum verdict run(const struct options *o)
{
	struct ctl ctl;

	ctl_init(&ctl);
	ctl.first_wait = SPAN_S(1);
	ctl.tries = 1;
	enum ctl_result result = ask_daemon(&ctl);

	if (result != CTL_OK) {
		ctl_close(&ctl);
		return fail(o, result);
	}
	struct report r = describe(o);

	name_server(&ctl, &r);
	ctl_close(&ctl);
	if (o->json) {
		print_report_json(o, &r);
	} else {
		print_text(o, &r);
	}
	return r.verdict;
}

static const struct option_line lines[] = {
#define OPTION(letter, name, takes, doc) { letter, name, takes, doc },
#include "programs/ntpstat_options.def"
#undef OPTION
};

static const struct option_table options = {
	.usage = "usage: ntpstat [-m MAXERROR] [-j]\n",
	.lines = lines,
	.count = ARRAY_LEN(lines),
	.after = "exit code: 0 synchronised, 1 not, 2 no answer\n",
};

static enum verdict usage(FILE *out)
{
	options_help(&options, out);
	return out == stdout ? SYNCHRONISED : UNKNOWN;
}

int main(int argc, char **argv)
{
	struct options o = { .json = false };
	int letter;

	while ((letter = options_next(&options, argc, argv)) != -1) {
		switch (letter) {
		case 'm':
			o.limited = text_to_double(optarg, strlen(optarg),
						   &o.limit_ms);
			if (!o.limited || o.limit_ms < 0) {
				fprintf(stderr,
					"ntpstat: '%s' is no number of "
					"milliseconds\n",
					optarg);
				return UNKNOWN;
			}
			break;
		case 'j':
			o.json = true;
			break;
		case 'h':
			return (int)usage(stdout);
		case 'v':
		case 'V':
			puts(VERSION_LINE("ntpstat"));
			return EXIT_SUCCESS;
		default:
			return (int)usage(stderr);
		}
	}
	return optind < argc ? (int)usage(stderr) : (int)run(&o);
}
