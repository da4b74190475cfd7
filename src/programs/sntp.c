/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sntp.c - asks servers for the time, once, and sets the clock if told to.
 *
 * Called sntp it has the lines and exit codes of the classic sntp: its
 * version first, a line for each server, 0 whatever came. Called ntpdig those
 * of ntpsec's: one line for the best server, or JSON, and 1 without one.
 * How it asks is in client/once/ask.h, whom it believes in client/once/pick.h.
 */
#include <jansson.h>
#include <math.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/moment.h"
#include "client/names.h"
#include "client/once/ask.h"
#include "client/once/asktext.h"
#include "client/once/pick.h"
#include "client/once/setclock.h"
#include "client/tell.h"
#include "client/version.h"
#include "programs/options.h"

#define TIMEOUT_S 5.0
#define TIMEOUT_MAX_S 3600.0
#define NS_PER_US 1000

struct options {
	bool dig; /* as ntpdig; else as sntp */
	enum names_family family;
	bool debug, step, slew, json, to_syslog;
	double step_from_s; /* slew below it, when both are allowed */
	double timeout_s;
	uint8_t ntp_version;
	uint16_t port;
	unsigned samples;
};

static struct ask ask;
static char names[ASK_SERVERS][NAMES_TEXT]; /* as the user called them */

static const char *leap_word(enum leap leap)
{
	switch (leap) {
	case LEAP_NONE:
		return "no-leap";
	case LEAP_INSERT:
		return "add-leap";
	case LEAP_DELETE:
		return "del-leap";
	case LEAP_UNSYNC:
		break;
	}
	return "unsync";
}

/* "2026-11-22 15:08:48.067478 (+0000)", local time; JSON's has a T. */
static void show_now(bool json, char *out, size_t size)
{
	struct timespec now;
	struct tm tm;
	char date[64] = "", zone[16] = "";

	clock_gettime(CLOCK_REALTIME, &now);
	if (localtime_r(&now.tv_sec, &tm)) {
		strftime(date, sizeof(date),
			 json ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);
		strftime(zone, sizeof(zone), "%z", &tm);
	}
	snprintf(out, size, json ? "%s.%06ld%s" : "%s.%06ld (%s)", date,
		 now.tv_nsec / NS_PER_US, zone);
}

/* How wrong the offset can be: the path both ways, and what it says itself. */
static double error_s(const struct ask_server *s)
{
	double delay_s = HUGE_VAL;

	for (size_t i = 0; i < s->count; i++) {
		delay_s = fmin(delay_s, span_to_seconds(s->samples[i].delay));
	}
	return (fmax(delay_s, 0) + span_to_seconds(s->packet.root_delay)) / 2 +
	       span_to_seconds(s->packet.root_disp) +
	       ldexp(1, s->packet.precision);
}

static const char *name_of(const struct ask_server *s)
{
	return names[s - ask.servers];
}

static void print_line(const struct pick_candidate *c)
{
	const struct ask_server *s = c->server;
	char now[128], addr[NETADDR_TEXT];
	struct text t = text_over(addr, sizeof(addr));

	show_now(false, now, sizeof(now));
	netaddr_print(&s->addr, &t);
	printf("%s %+.6f +/- %.6f ", now, c->offset_s, error_s(s));
	if (strcmp(name_of(s), addr) != 0) {
		printf("%s ", name_of(s));
	}
	printf("%s s%u %s\n", addr, c->stratum, leap_word(s->packet.leap));
	fflush(stdout);
}

static void print_json(const struct pick_candidate *c, bool adjusted)
{
	const struct ask_server *s = c->server;
	char now[128], addr[NETADDR_TEXT];
	struct text t = text_over(addr, sizeof(addr));
	json_t *j = json_object();

	show_now(true, now, sizeof(now));
	netaddr_print(&s->addr, &t);
	json_object_set_new(j, "time", json_string(now));
	json_object_set_new(j, "offset", json_real(c->offset_s));
	json_object_set_new(j, "precision", json_real(error_s(s)));
	json_object_set_new(j, "host", json_string(name_of(s)));
	json_object_set_new(j, "ip", json_string(addr));
	json_object_set_new(j, "stratum", json_integer(c->stratum));
	json_object_set_new(j, "leap", json_string(leap_word(s->packet.leap)));
	json_object_set_new(j, "adjusted", json_boolean(adjusted));
	json_dumpf(j, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(j);
}

static void print_silent(void)
{
	double waited_s =
		span_to_seconds(instant_diff(moment_steady(), ask.started));

	for (size_t i = 0; i < ask.count; i++) {
		const struct ask_server *s = &ask.servers[i];
		char addr[NETADDR_TEXT];
		struct text t = text_over(addr, sizeof(addr));

		netaddr_print(&s->addr, &t);
		if (s->state == ASK_LIMITED || s->state == ASK_DENIED) {
			printf("%s refuses to answer (%s)\n", addr,
			       s->state == ASK_LIMITED ? "RATE" : "DENY");
		} else if (s->count == 0) {
			printf("%s no UCST response after %.0f seconds\n", addr,
			       waited_s);
		} else if (pick_fault(s) != PICK_GOOD) {
			printf("%s: %s\n", addr,
			       pick_fault_text(pick_fault(s)));
		}
	}
}

static bool wants_step(const struct options *o, double offset_s)
{
	return o->step && (!o->slew || fabs(offset_s) >= o->step_from_s);
}

/* 0, or what the system said; nothing is set without -s or -S. */
static int set_clock(const struct options *o, double offset_s)
{
	span by = span_from_seconds(offset_s);

	return wants_step(o, offset_s) ? setclock_step(by) : setclock_slew(by);
}

static bool add_host(const struct options *o, const struct tell *tell,
		     const char *host)
{
	netaddr addrs[ASK_SERVERS];
	size_t count;
	int err = names_resolve(host, o->family, addrs, ASK_SERVERS, &count);

	char shown[NAMES_TEXT];
	struct text t = text_over(shown, sizeof(shown));

	text_escaped(&t, host, strlen(host));
	if (err != 0) {
		tell_error(tell, "lookup of %s failed: %s", shown,
			   gai_strerror(err));
		return false;
	}
	for (size_t i = 0; i < count && ask.count < ASK_SERVERS; i++) {
		memcpy(names[ask.count], shown, sizeof(shown));
		addrs[i].port = o->port;
		if (ask_add(&ask, &addrs[i]) < 0 && o->debug) {
			fprintf(stderr, "%s: no way to it\n", shown);
		}
		if (!o->dig) {
			break; /* sntp: one address of each name */
		}
	}
	return true;
}

static void prepare(const struct options *o)
{
	ask_init(&ask);
	ask.version = o->ntp_version;
	ask.samples = o->samples;
	ask.tries = o->samples;
	ask.timeout = span_from_seconds(o->timeout_s);
	ask.listing = true;
	ask.debug = o->debug ? stderr : NULL;
}

static int without_server(const struct options *o, const struct tell *tell)
{
	if (o->dig) {
		tell_error(tell, "no eligible servers");
	}
	return o->dig ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void print_all(const struct options *o)
{
	for (size_t i = 0; i < ask.count; i++) {
		if (o->debug) {
			asktext_details(stderr, &ask.servers[i]);
		}
		if (!o->dig && pick_fault(&ask.servers[i]) == PICK_GOOD) {
			struct pick_candidate c =
				pick_candidate(&ask.servers[i]);

			print_line(&c);
		}
	}
	if (!o->dig) {
		print_silent();
	}
}

static int use_best(const struct options *o, const struct tell *tell)
{
	struct pick pick;

	pick_init(&pick, &ask);
	const struct pick_candidate *best = pick_best(&pick);
	bool sets = o->step || o->slew;

	if (!best) {
		return without_server(o, tell);
	}
	int err = sets ? set_clock(o, best->offset_s) : 0;

	if (o->dig && o->json) {
		print_json(best, sets && err == 0);
	} else if (o->dig) {
		print_line(best);
	}
	if (err < 0) {
		tell_error(tell, "%s: %s",
			   wants_step(o, best->offset_s)
				   ? "cannot step the clock"
				   : "cannot slew the clock",
			   strerror(-err));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static const struct option_line lines[] = {
#define OPTION(letter, name, takes, doc) { letter, name, takes, doc },
#include "programs/sntp_options.def"
#undef OPTION
};

static const struct option_table options = {
	.usage = "", /* by the name that it is called by */
	.lines = lines,
	.count = ARRAY_LEN(lines),
};

static int usage(const struct options *o, FILE *out)
{
	(void)fprintf(out, "usage: %s [options] HOST...\n",
		      o->dig ? "ntpdig" : "sntp");
	options_help(&options, out);
	return out == stdout ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool take_number(const char *value, double low, double high,
			double *number)
{
	return text_to_double(value, strlen(value), number) && *number >= low &&
	       *number <= high;
}

static bool take_value(struct options *o, int letter, const char *value)
{
	double number;

	switch (letter) {
	case 'M':
		if (!take_number(value, 0, 1e9, &number)) {
			return false;
		}
		o->step_from_s = number / 1e3;
		return true;
	case 't':
		return take_number(value, 0.1, TIMEOUT_MAX_S, &o->timeout_s);
	case 'p':
		if (!take_number(value, 1, ASK_SAMPLES, &number)) {
			return false;
		}
		o->samples = (unsigned)number;
		return true;
	case 'P':
		if (!take_number(value, 1, UINT16_MAX, &number)) {
			return false;
		}
		o->port = (uint16_t)number;
		return true;
	case 'o':
		if (!take_number(value, 1, 4, &number)) {
			return false;
		}
		o->ntp_version = (uint8_t)number;
		return true;
	default: /* of no effect: -c -g -K -w and their like */
		return true;
	}
}

static bool take_option(struct options *o, int letter, const char *value)
{
	switch (letter) {
	case '4':
	case '6':
		o->family = letter == '4' ? NAMES_V4 : NAMES_V6;
		return true;
	case 'd':
		o->debug = true;
		return true;
	case 'j':
		o->dig = o->json = true;
		return true;
	case 'l':
		o->to_syslog = true;
		return true;
	case 'S':
		o->step = true;
		return true;
	case 's':
		o->slew = true;
		return true;
	case '?':
		return false;
	default:
		return take_value(o, letter, value);
	}
}

static int run(const struct options *o, int count, char **hosts)
{
	struct tell tell;

	if (count == 0) {
		return usage(o, stderr);
	}
	tell_open(&tell, o->dig ? "ntpdig" : "sntp", o->to_syslog);
	if (!o->dig) {
		puts(VERSION_LINE("sntp"));
	}
	prepare(o);
	for (int i = 0; i < count; i++) {
		(void)add_host(o, &tell, hosts[i]); /* others may do */
	}
	if (ask.count == 0) {
		return without_server(o, &tell);
	}
	ask_run(&ask);
	print_all(o);
	int code = use_best(o, &tell);

	ask_end(&ask);
	return code;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	struct options o = {
		.dig = strcmp(slash ? slash + 1 : argv[0], "ntpdig") == 0,
		.step_from_s = 0.5,
		.timeout_s = TIMEOUT_S,
		.ntp_version = 4,
		.port = NTP_PORT,
		.samples = 1,
	};
	int letter;

	while ((letter = options_next(&options, argc, argv)) != -1) {
		if (letter == 'h') {
			return usage(&o, stdout);
		}
		if (letter == 'V') {
			puts(o.dig ? VERSION_LINE("ntpdig")
				   : VERSION_LINE("sntp"));
			return EXIT_SUCCESS;
		}
		if (!take_option(&o, letter, optarg)) {
			return usage(&o, stderr);
		}
	}
	return run(&o, argc - optind, argv + optind);
}
