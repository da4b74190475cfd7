/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpdate.c - asks servers for the time and sets the clock, once.
 *
 * How it asks is in client/once/ask.h, whom it believes in client/once/pick.h.
 * The options, the lines it prints and its exit codes are those of the classic
 * ntpdate: 0 set (or would be), 1 not, 2 wrong use.
 */
#include <errno.h>
#include <math.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/names.h"
#include "client/once/ask.h"
#include "client/once/askkey.h"
#include "client/once/asktext.h"
#include "client/once/pick.h"
#include "client/once/setclock.h"
#include "client/sock.h"
#include "client/tell.h"
#include "client/version.h"
#include "programs/options.h"

#define EXIT_USAGE 2
#define KEYS_FILE "/etc/ntp.keys"
#define STEP_FROM_S 0.5
#define TIMEOUT_MIN_S 1.0
#define TIMEOUT_STEP_S 0.2
#define TIMEOUT_MAX_S 3600.0

enum method { BY_SIZE, ALWAYS_STEP, NEVER_STEP };

struct options {
	enum names_family family;
	enum method method;
	bool debug, query, to_syslog, unprivileged, version;
	const char *key, *keys_file; /* key NULL: unsigned */
	unsigned samples;            /* 0: not said */
	uint8_t ntp_version;
	double timeout_s;
};

static struct ask ask;

static const struct option_line lines[] = {
#define OPTION(letter, name, takes, doc) { letter, name, takes, doc },
#include "programs/ntpdate_options.def"
#undef OPTION
};

static const struct option_table options = {
	.usage = "usage: ntpdate [-46bBdqsuv] [-a key#] [-e delay] [-k file] "
		 "[-p samples] [-o version#] [-t timeo] server ...\n",
	.lines = lines,
	.count = ARRAY_LEN(lines),
};

static int usage(void)
{
	fputs(options.usage, stderr);
	return EXIT_USAGE;
}

static int invalid(const char *before, const char *value, const char *after)
{
	fprintf(stderr, "ntpdate: %s%s%s\n", before, value, after);
	return usage();
}

static int take_samples(struct options *o, const char *value)
{
	uint64_t samples;

	if (!text_to_u64(value, strlen(value), &samples) || samples < 1 ||
	    samples > ASK_SAMPLES) {
		return invalid("number of samples (", value, ") is invalid");
	}
	o->samples = (unsigned)samples;
	return 0;
}

static int take_timeout(struct options *o, const char *value)
{
	double timeout_s;

	if (!text_to_double(value, strlen(value), &timeout_s)) {
		return invalid("timeout ", value, " is undecodeable");
	}
	timeout_s = floor(timeout_s / TIMEOUT_STEP_S + 0.5) * TIMEOUT_STEP_S;
	o->timeout_s = fmin(fmax(timeout_s, TIMEOUT_MIN_S), TIMEOUT_MAX_S);
	return 0;
}

/* Accepted for old scripts; there is nothing here that it could correct. */
static int take_delay(const char *value)
{
	double delay_s;

	if (!text_to_double(value, strlen(value), &delay_s) || delay_s < 0 ||
	    delay_s >= 1) {
		return invalid("encryption delay ", value, " is unlikely");
	}
	return 0;
}

/* Out of 1 to 4 is sent as it is: three bits of it. */
static int take_version(struct options *o, const char *value)
{
	o->ntp_version = (uint8_t)(strtoul(value, NULL, 10) & 7u);
	return 0;
}

static int take_option(struct options *o, int letter)
{
	char unknown[2] = { (char)optopt, '\0' };

	switch (letter) {
	case '4':
	case '6':
		o->family = letter == '4' ? NAMES_V4 : NAMES_V6;
		return 0;
	case 'a':
		o->key = optarg;
		return 0;
	case 'b':
	case 'B':
		o->method = letter == 'b' ? ALWAYS_STEP : NEVER_STEP;
		return 0;
	case 'd':
		o->debug = true;
		return 0;
	case 'e':
		return take_delay(optarg);
	case 'k':
		o->keys_file = optarg;
		return 0;
	case 'U':
		return 0;
	case 'o':
		return take_version(o, optarg);
	case 'p':
		return take_samples(o, optarg);
	case 'q':
		o->query = true;
		return 0;
	case 's':
		o->to_syslog = true;
		return 0;
	case 't':
		return take_timeout(o, optarg);
	case 'u':
		o->unprivileged = true;
		return 0;
	case 'v':
		o->version = true;
		return 0;
	default:
		return invalid("unknown option -", unknown, "");
	}
}

static int take_options(struct options *o, int argc, char **argv)
{
	int letter, err = 0;

	opterr = 0;
	while (err == 0 &&
	       (letter = options_next(&options, argc, argv)) != -1) {
		err = take_option(o, letter);
	}
	return err;
}

static void debug_host(const char *host, const netaddr *addrs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char addr[NETADDR_TEXT], name[NAMES_TEXT];
		struct text a = text_over(addr, sizeof(addr));
		struct text n = text_over(name, sizeof(name));

		netaddr_print(&addrs[i], &a);
		if (names_reverse(&addrs[i], &n)) {
			printf("%s reversed to %s\n", addr, name);
		}
		printf("host found : %s\n", n.len > 0 ? name : addr);
	}
	if (count == 0) {
		printf("no host found : %s\n", host);
	}
}

/* A server that there is no way to is as good as none; others may do. */
static void add_servers(const struct options *o, const netaddr *addrs,
			size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char addr[NETADDR_TEXT];
		struct text t = text_over(addr, sizeof(addr));
		int err = ask_add(&ask, &addrs[i]);

		netaddr_print(&addrs[i], &t);
		if (err < 0 && o->debug) {
			printf("%s: Server dropped: %s\n", addr,
			       strerror(-err));
		}
	}
}

/* False when the resolver itself is out of order: then nothing else counts. */
static bool add_host(const struct options *o, const struct tell *tell,
		     const char *host)
{
	netaddr addrs[ASK_SERVERS];
	size_t count;

	if (o->debug) {
		printf("Looking for host %s and service ntp\n", host);
	}
	int err = names_resolve(host, o->family, addrs, ASK_SERVERS, &count);
	const char *reason = err != 0 ? gai_strerror(err) : "";

	if (err == EAI_AGAIN || err == EAI_FAIL) {
		fprintf(stderr, "Exiting, name server cannot be used: %s (%d)",
			reason, err);
		tell_error(tell, "name server cannot be used: %s (%d)", reason,
			   err);
		return false;
	}
	if (err != 0) {
		fprintf(stderr, "Error resolving %s: %s (%d)\n", host, reason,
			err);
		tell_error(tell, "Can't find host %s: %s (%d)", host, reason,
			   err);
	}
	if (o->debug) {
		debug_host(host, addrs, count);
	}
	add_servers(o, addrs, count);
	return true;
}

/*
 * Port 123 of all local addresses. A daemon has it: two who steer one clock
 * are one too many. Held until the end, so that none starts meanwhile.
 */
static bool reserve_port(const struct tell *tell)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		int fd = sock_reserve(families[i], NTP_PORT);

		if (fd == -EADDRINUSE) {
			tell_error(tell, "the NTP socket is in use, exiting");
			return false;
		}
		if (fd < 0 && fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL) {
			tell_error(tell, "bind() fails: %s", strerror(-fd));
			return false;
		}
	}
	return true;
}

static void print_servers(const struct options *o)
{
	for (size_t i = 0; i < ask.count; i++) {
		const struct ask_server *s = &ask.servers[i];
		enum pick_fault fault = pick_fault(s);

		if (o->debug && fault != PICK_GOOD) {
			char addr[NETADDR_TEXT];
			struct text t = text_over(addr, sizeof(addr));

			netaddr_print(&s->addr, &t);
			printf("%s: %s\n", addr, pick_fault_text(fault));
		}
		if (o->debug) {
			asktext_details(stdout, s);
		} else if (o->query && s->count > 0) {
			asktext_line(stdout, s);
		}
	}
	fflush(stdout);
}

static void tell_kisses(const struct tell *tell)
{
	for (size_t i = 0; i < ask.count; i++) {
		const struct ask_server *s = &ask.servers[i];
		char addr[NETADDR_TEXT];
		struct text t = text_over(addr, sizeof(addr));

		netaddr_print(&s->addr, &t);
		if (s->state == ASK_LIMITED) {
			tell_error(tell, "%s rate limit response from server.",
				   addr);
		}
	}
}

static bool wants_step(const struct options *o, double offset_s)
{
	return o->method == ALWAYS_STEP ||
	       (o->method == BY_SIZE && fabs(offset_s) >= STEP_FROM_S);
}

/* Sets the clock, unless only asked what it would do. */
static bool set_clock(const struct options *o, const struct tell *tell,
		      bool step, double offset_s)
{
	span by = span_from_seconds(offset_s);

	if (o->query || o->debug) {
		return true;
	}
	int err = step ? setclock_step(by) : setclock_slew(by);

	if (err < 0) {
		tell_error(tell, "%s: %s",
			   step ? "step-systime"
				: "Can't adjust the time of day",
			   strerror(-err));
	}
	return err == 0;
}

static bool use_best(const struct options *o, const struct tell *tell)
{
	struct pick pick;

	pick_init(&pick, &ask);
	const struct pick_candidate *best = pick_best(&pick);

	if (!best) {
		tell_error(tell,
			   "no server suitable for synchronization found");
		return false;
	}
	char addr[NETADDR_TEXT], offset[64];
	struct text a = text_over(addr, sizeof(addr));
	struct text t = text_over(offset, sizeof(offset));
	bool step = wants_step(o, best->offset_s);

	netaddr_print(&best->server->addr, &a);
	text_double(&t, best->offset_s, 6);
	if (!set_clock(o, tell, step, best->offset_s)) {
		return false;
	}
	tell_notice(tell, "%s time server %s offset %s sec",
		    step ? "step" : "adjust", addr, offset);
	return true;
}

/*
 * Without -p, -q takes what the first answer says, and everything else asks
 * for more only when the servers leave doubt.
 */
static void prepare(const struct options *o)
{
	bool any_port = o->query || o->debug || o->unprivileged;

	ask_init(&ask);
	ask.version = o->ntp_version;
	ask.port = any_port ? 0 : NTP_PORT;
	ask.samples = o->samples;
	ask.timeout = span_from_seconds(o->timeout_s);
	ask.listing = o->query || o->debug;
	ask.debug = o->debug ? stdout : NULL;
	if (o->samples > 0) {
		ask.tries = o->samples;
	} else if (o->query) {
		ask.tries = 1;
	}
}

/* From now on every request is signed with it, and every answer must be. */
static bool take_key(const struct options *o, const struct tell *tell)
{
	const char *path = o->keys_file ? o->keys_file : KEYS_FILE;

	switch (askkey_take(&ask, path, o->key, tell)) {
	case ASKKEY_TAKEN:
		return true;
	case ASKKEY_NO_FILE:
		tell_error(tell, "no key file <%s>, exiting", path);
		break;
	case ASKKEY_UNKNOWN:
		tell_error(tell, "authentication key %s unknown", o->key);
		break;
	}
	return false;
}

static bool run(const struct options *o, const struct tell *tell, int count,
		char **hosts)
{
	if (o->version || o->debug) {
		tell_notice(tell, VERSION_LINE("ntpdate"));
	}
	prepare(o);
	if (o->key && !take_key(o, tell)) {
		return false;
	}
	if (ask.port != 0 && !reserve_port(tell)) {
		return false;
	}
	for (int i = 0; i < count; i++) {
		if (!add_host(o, tell, hosts[i])) {
			return false;
		}
	}
	if (ask.count == 0) {
		tell_error(tell, "no servers can be used, exiting");
		return false;
	}
	ask_run(&ask);
	tell_kisses(tell);
	print_servers(o);
	bool good = use_best(o, tell);

	ask_end(&ask);
	return good;
}

int main(int argc, char **argv)
{
	struct options o = { .ntp_version = 4, .timeout_s = 2 };
	struct tell tell;

	if (argc < 2) {
		return usage();
	}
	int err = take_options(&o, argc, argv);

	if (err != 0) {
		return err;
	}
	tell_open(&tell, "ntpdate", o.to_syslog);
	bool good = run(&o, &tell, argc - optind, argv + optind);

	return good && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
