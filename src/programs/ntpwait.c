/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpwait.c - ends when the daemon of this host knows the time.
 *
 *   0  it does    1  it did not within the tries    2  wrong use
 *
 * Also where nobody answers the tries last no longer than they are apart.
 *
 * Boot scripts wait by it (ntp-wait.service); ntpq's waitsync waits for how
 * well the time is known.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/moment.h"
#include "client/ntpq/shell.h"
#include "client/ntpq/waitsync.h"
#include "client/version.h"
#include "programs/options.h"

#define TRIES 100
#define SLEEP_S 6
#define SLEEP_MOST_S 86400
#define EXIT_USAGE 2
#define ANSWER_WAIT SPAN_S(1) /* the daemon is on this machine */

static struct shell shell;

struct options {
	uint64_t tries, sleep_s;
	bool verbose;
};

static void say(const struct options *o, FILE *out, const char *words)
{
	if (o->verbose) {
		fputs(words, out);
		fflush(out);
	}
}

/* Until the next look is due: the time of a look is part of what is slept. */
static bool rest(instant due)
{
	span left = instant_diff(due, moment_steady());

	return left.v <= 0 || sync_sleep(span_to_seconds(left));
}

static enum sync wait_for(const struct options *o)
{
	enum sync sync = SYNC_SILENT;
	instant due = moment_steady();

	for (uint64_t i = 0; i < o->tries; i++) {
		if (i > 0 && !rest(due)) {
			break;
		}
		due = instant_add(moment_steady(), SPAN_S((int64_t)o->sleep_s));
		sync = sync_look(&shell, 0).sync;
		if (sync == SYNC_GOOD) {
			break;
		}
	}
	return sync;
}

static int run(const struct options *o)
{
	shell_init(&shell);
	shell.ctl.first_wait = ANSWER_WAIT;
	shell.ctl.tries = 1;
	if (!shell_host(&shell, "localhost")) {
		return EXIT_FAILURE;
	}
	say(o, stdout, "Waiting for ntpd to synchronize...  ");
	enum sync sync = wait_for(o);

	shell_end(&shell);
	if (sync == SYNC_GOOD) {
		say(o, stdout, "OK!\n");
		return EXIT_SUCCESS;
	}
	say(o, stdout, "No!\n");
	say(o, stderr,
	    sync == SYNC_SILENT ? "Leap status not available\n"
				: "ntpd did not synchronize.\n");
	return EXIT_FAILURE;
}

static const struct option_line lines[] = {
#define OPTION(letter, name, takes, doc) { letter, name, takes, doc },
#include "programs/ntpwait_options.def"
#undef OPTION
};

static const struct option_table options = {
	.usage = "usage: ntp-wait [-n TRIES] [-s SLEEP] [-v]\n",
	.lines = lines,
	.count = ARRAY_LEN(lines),
};

static int usage(FILE *out)
{
	options_help(&options, out);
	return out == stdout ? EXIT_SUCCESS : EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct options o = { .tries = TRIES, .sleep_s = SLEEP_S };
	int letter;

	while ((letter = options_next(&options, argc, argv)) != -1) {
		uint64_t *number = letter == 'n' ? &o.tries : &o.sleep_s;

		switch (letter) {
		case 'n':
		case 's':
			if (!text_to_u64(optarg, strlen(optarg), number) ||
			    o.tries == 0 || o.sleep_s > SLEEP_MOST_S) {
				return usage(stderr);
			}
			break;
		case 'v':
			o.verbose = true;
			break;
		case 'h':
			return usage(stdout);
		case 'V':
			puts(VERSION_LINE("ntp-wait"));
			return EXIT_SUCCESS;
		default:
			return usage(stderr);
		}
	}
	return optind < argc ? usage(stderr) : run(&o);
}
