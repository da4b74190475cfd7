/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpd - keeps this machine's clock and serves time.
 *
 * Start: options, configuration, background, sockets, privileges, engine;
 * then host/loop until the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "host/loop.h"
#include "host/system/daemonize.h"
#include "host/system/priority.h"
#include "host/system/privs.h"
#include "host/system/resources.h"
#include "host/system/rivals.h"
#include "host/system/signals.h"
#include "host/system/store.h"
#include "programs/ntpd_config.h"
#include "programs/ntpd_oneshot.h"
#include "programs/ntpd_options.h"
#include "programs/ntpd_reload.h"
#include "programs/ntpd_version.h"

#define EXIT_PRIVILEGES 255
#define RESCAN_S 300
#define YIELD_PORT 1123
#define LOWEST_FREE_PORT 1024
#define HIGH_PRIORITY (-20)
#define UNKNOWN_AGE_S (30 * 86400)

struct ntpd {
	struct ntpd_options options;
	struct ntpd_config config;
	struct settings settings;
	struct trusted_keys keys;
	struct ntpd_reload reload;
	struct journal journal;
	struct identity identity;
	struct inherited inherited;
	struct loop loop;
	struct recorder recorder;
	struct utsname system;
	uint16_t port;
	bool foreground, single;
	int parent_fd; /* -1: nobody waits for us */
};

_Noreturn void invariant_failed(const char *cond, const char *file, int line)
{
	(void)fprintf(stderr, "ntpd: %s:%d: invariant: %s\n", file, line, cond);
	abort();
}

/* --- what must hold before anything is touched --- */

static bool may_start(struct ntpd *d)
{
	const struct ntpd_options *o = &d->options;

	if (geteuid() == 0 || d->config.config.orders.no_clock ||
	    option_given(o, OPTION_YIELD) || d->port >= LOWEST_FREE_PORT) {
		return true;
	}
	journal_say(&d->journal, NOTE_ERROR, "must be run as root, not uid %lu",
		    (unsigned long)geteuid());
	return false;
}

/* --yield: two daemons that steer one clock make it worse than either. */
static void yield(struct ntpd *d)
{
	char buf[256];
	struct text why = text_over(buf, sizeof(buf));

	if (!option_given(&d->options, OPTION_YIELD) ||
	    !(rivals_keep_clock(&why) ||
	      (d->inherited.count == 0 && rivals_hold_port(d->port, &why)))) {
		return;
	}
	d->config.config.orders.no_clock = true;
	d->port = YIELD_PORT;
	journal_say(&d->journal, NOTE_WARNING,
		    "leaving the clock alone and serving on port %u: %s",
		    d->port, buf);
}

static void say_complaints(struct ntpd *d, const struct config_result *r)
{
	static const enum note_level levels[] = {
		[COMPLAINT_INFO] = NOTE_INFO,
		[COMPLAINT_WARN] = NOTE_WARNING,
		[COMPLAINT_FATAL] = NOTE_ERROR,
	};

	for (const struct complaint *c = r->complaints; c; c = c->next) {
		char line[JOURNAL_LINE];
		struct text text = text_over(line, sizeof(line));

		complaint_print(c, &text);
		journal_say(&d->journal, levels[c->severity], "%s", line);
	}
}

/* False: the configuration forbids to start. */
static bool take_config(struct ntpd *d)
{
	const struct ntpd_config *c = &d->config;

	if (c->missing) {
		journal_say(&d->journal, NOTE_ERROR,
			    "getconfig: Couldn't open <%s>: %s", c->path,
			    strerror(c->missing));
	}
	say_complaints(d, &c->result);
	say_complaints(d, &c->by_hand);
	if (c->result.fatals > 0) {
		journal_say(&d->journal, NOTE_ERROR,
			    "%u broken line(s) that guard access - EXITING",
			    c->result.fatals);
		return false;
	}
	if (ntpd_config_interfaces_clash(c, &d->options)) {
		journal_say(&d->journal, NOTE_ERROR,
			    "interface/nic rules are not allowed with "
			    "--interface (-I) or --novirtualips (-L), "
			    "exiting");
		return false;
	}
	return true;
}

/* --- the way to the background, and down --- */

/*
 * For a service root may have no more rights to files than others; so what is
 * for the user alone whom we will become is opened as he would.
 */
static bool open_log(struct ntpd *d, const char *path)
{
	bool done = journal_open_file(&d->journal, path);

	if (!done && errno == EACCES) {
		privs_borrow(&d->identity);
		done = journal_open_file(&d->journal, path);
		privs_give_back();
	}
	return done;
}

static void open_journal(struct ntpd *d)
{
	const char *file = d->config.config.logfile;

	d->journal.kept = d->config.config.logconfig;
	d->journal.terminal_least = d->foreground ? NOTE_INFO : NOTE_WARNING;
	if (file && !open_log(d, file)) {
		int error = errno;

		if (!d->single) {
			journal_open_syslog(&d->journal);
		}
		journal_say(&d->journal, NOTE_ERROR,
			    "Cannot open log file %s: %s", file,
			    strerror(error));
	} else if (!file && !d->single) {
		journal_open_syslog(&d->journal);
	}
}

static void say_start(struct ntpd *d, int argc, char *const *argv)
{
	char line[JOURNAL_LINE];
	struct text text = text_over(line, sizeof(line));

	for (int i = 0; i < argc; i++) {
		text_str(&text, i > 0 ? " " : "");
		text_escaped(&text, argv[i], strlen(argv[i]));
	}
	journal_say(&d->journal, NOTE_INFO, "%s: Starting", NTPD_VERSION_LINE);
	journal_say(&d->journal, NOTE_INFO, "Command line: %s", line);
}

static bool go_background(struct ntpd *d)
{
	long wait_s = d->options.number[OPTION_WAIT_SYNC];
	int fd;

	if (d->foreground) {
		return true;
	}
	fd = daemonize_start((unsigned)wait_s, &d->journal);
	if (fd < 0) {
		journal_say(&d->journal, NOTE_ERROR, "fork: %s", strerror(-fd));
		return false;
	}
	d->parent_fd = fd;
	return true;
}

static void raise_priority(struct ntpd *d)
{
	const struct ntpd_options *o = &d->options;
	int error = 0;

	if (option_given(o, OPTION_PRIORITY)) {
		error = priority_real_time((int)o->number[OPTION_PRIORITY]);
	} else if (option_given(o, OPTION_NICE)) {
		error = setpriority(PRIO_PROCESS, 0, HIGH_PRIORITY) ? -errno
								    : 0;
	}
	if (error) {
		journal_say(&d->journal, NOTE_WARNING,
			    "cannot raise the priority: %s", strerror(-error));
	}
}

static void write_pid(struct ntpd *d)
{
	const char *path = d->config.config.pidfile;
	int error = path ? store_write_pid(path, getpid()) : 0;

	if (error) {
		journal_say(&d->journal, NOTE_ERROR, "pid file %s: %s", path,
			    strerror(-error));
	}
}

/* False: said why. */
static bool drop_privileges(struct ntpd *d)
{
	const char *jail = d->options.text[OPTION_JAILDIR];
	char reason[PRIVS_REASON];

	if ((jail && !privs_jail(jail, reason)) ||
	    (d->identity.given &&
	     !privs_drop(&d->identity, d->loop.setup.rescan_s > 0, reason))) {
		journal_say(&d->journal, NOTE_ERROR, "%s", reason);
		return false;
	}
	return true;
}

/* Without the right to set it we measure and serve all the same. */
static void take_clock(struct ntpd *d)
{
	struct config *c = &d->config.config;
	int error = c->orders.no_clock ? 0 : sysclock_take();

	if (error) {
		journal_say(&d->journal, NOTE_ERROR,
			    "start_kern_loop: ntp_adjtime: %s: the clock is "
			    "measured and served, but not set",
			    strerror(-error));
		c->orders.no_clock = true;
	}
}

static void read_drift(struct ntpd *d, struct engine_start *start)
{
	const char *path = d->config.config.driftfile;
	enum drift drift = path ? store_read_drift(path, &start->freq_ppm,
						   &start->freq_age_s)
				: DRIFT_MISSING;

	const struct tinker_config *tinker = &d->config.config.tinker;

	start->freq_known = drift == DRIFT_READ || tinker->freq_given;
	if (tinker->freq_given) { /* it outranks the file */
		start->freq_ppm = tinker->freq_ppm;
		start->freq_age_s = 0;
	}
	if (start->freq_age_s < 0) { /* the clock is wrong: who knows */
		start->freq_age_s = UNKNOWN_AGE_S;
	}
	if (drift == DRIFT_BAD) {
		journal_say(&d->journal, NOTE_ERROR,
			    "format error frequency file %s", path);
	}
	if (!start->freq_known) {
		start->freq_ppm = sysclock_freq_ppm();
	}
}

static bool start_engine(struct ntpd *d)
{
	struct engine_start start = { .version = NTPD_VERSION_LINE,
				      .built = TRUECHIMER_BUILT };

	if (uname(&d->system) != 0) {
		d->system = (struct utsname){ .sysname = "unknown" };
	}
	start.precision = sysclock_precision();
	start.processor = d->system.machine;
	start.system = d->system.sysname;
	journal_say(&d->journal, NOTE_INFO, "proto: precision = %.3f usec (%d)",
		    ldexp(1e6, start.precision), start.precision);
	read_drift(d, &start);
	(void)leapfile_look(&d->loop.leapfile, false, time(NULL));
	d->settings.leaps = d->loop.leapfile.table;
	if (!loop_start(&d->loop, &start)) {
		journal_say(&d->journal, NOTE_ERROR, "not enough memory");
		return false;
	}
	return true;
}

static void set_up_loop(struct ntpd *d)
{
	const struct ntpd_options *o = &d->options;

	d->settings.config = &d->config.config;
	d->reload =
		(struct ntpd_reload){ .options = o, .journal = &d->journal };
	struct loop_setup setup = {
		.settings = &d->settings,
		.reader = ntpd_reload_reader(&d->reload),
		.config = &d->config.config,
		.journal = &d->journal,
		.port = d->port,
		.serve = true,
		.single_process = d->single,
		.rescan_s = RESCAN_S,
		.control = CTLSOCK_PATH,
		.control_gid = d->identity.gid,
		.recorder = &d->recorder,
		.inherited = &d->inherited,
	};

	setup.rules.rules = d->config.config.nics;
	setup.rules.only = d->config.config.orders.only;
	setup.rules.no_virtual = option_given(o, OPTION_NOVIRTUALIPS);
	if (option_given(o, OPTION_UPDATE)) {
		setup.rescan_s = (unsigned)o->number[OPTION_UPDATE];
	}
	if (option_given(o, OPTION_CONTROL)) {
		setup.control = o->text[OPTION_CONTROL];
	} else if (d->config.config.orders.quit) {
		setup.control = NULL;
	}
	if (!d->single && !d->config.config.orders.quit) {
		setup.threads = workers_wanted(&d->config.config, &setup.rules);
	}
	loop_init(&d->loop, &setup);
}

/* The parent may go; with -w only when the clock is right. */
static void tell_parent(struct ntpd *d)
{
	if (d->parent_fd < 0) {
		return;
	}
	daemonize_detach(&d->journal);
	if (d->options.number[OPTION_WAIT_SYNC] > 0) {
		d->loop.parent_fd = d->parent_fd;
	} else {
		daemonize_ready(d->parent_fd);
	}
}

/* While we may read them: see open_log(). */
static bool take_keys(struct ntpd *d)
{
	const char *path = d->config.config.keysfile;
	bool good;

	if (path && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0 &&
	    errno == EACCES) {
		privs_borrow(&d->identity);
	}
	good = ntpd_reload_begin(&d->reload, &d->config, &d->keys);
	privs_give_back();
	if (!good) {
		journal_say(&d->journal, NOTE_ERROR, "not enough memory");
		return false;
	}
	d->settings.keys = d->keys.ring;
	return true;
}

/* From sockets to the end; the exit code. */
static int run(struct ntpd *d)
{
	int code = EXIT_FAILURE;

	set_up_loop(d);
	if (!take_keys(d)) {
		goto out;
	}
	recorder_open(&d->recorder, &d->journal,
		      d->options.text[OPTION_RECORD]);
	if (!d->single) {
		raise_priority(d);
	}
	if (!loop_open(&d->loop)) {
		goto out;
	}
	write_pid(d);
	resources_limit(&d->config.config.rlimit, &d->journal);
	if (!drop_privileges(d)) {
		code = EXIT_PRIVILEGES;
		goto out;
	}
	take_clock(d);
	if (!d->config.config.orders.no_clock) {
		signals_on_crash(sysclock_release);
	}
	if (!start_engine(d)) {
		goto out;
	}
	tell_parent(d);
	code = loop_run(&d->loop);
	if (!d->config.config.orders.no_clock &&
	    !d->config.config.orders.quit) {
		sysclock_release();
	}
out:
	loop_close(&d->loop);
	recorder_close(&d->recorder);
	trusted_keys_free(&d->keys);
	ntpd_reload_end(&d->reload);
	return code;
}

static int start(struct ntpd *d, int argc, char *const *argv)
{
	const char *user = d->options.text[OPTION_USER];
	char reason[PRIVS_REASON];
	bool known = !user || privs_find(user, &d->identity, reason);

	if (!may_start(d)) {
		return EXIT_FAILURE;
	}
	inherited_open(&d->inherited);
	open_journal(d);
	say_start(d, argc, argv);
	yield(d);
	if (!take_config(d)) {
		return EXIT_FAILURE;
	}
	if (!go_background(d)) {
		return EXIT_FAILURE;
	}
	if (!known) {
		journal_say(&d->journal, NOTE_ERROR, "%s", reason);
		return EXIT_PRIVILEGES;
	}
	ntpd_config_resolve(&d->config);
	return run(d);
}

static int dispatch(struct ntpd *d, int argc, char *const *argv)
{
	const struct ntpd_options *o = &d->options;

	d->parent_fd = -1;
	d->port = option_given(o, OPTION_PORT)
			  ? (uint16_t)o->number[OPTION_PORT]
			  : NTP_PORT;
	d->single = option_given(o, OPTION_SINGLE);
	d->foreground = d->single || option_given(o, OPTION_NOFORK) ||
			option_given(o, OPTION_QUIT) ||
			option_given(o, OPTION_DEBUG) ||
			option_given(o, OPTION_SET_DEBUG);
	journal_init(&d->journal);
	if (!ntpd_config_load(&d->config, o)) {
		journal_say(&d->journal, NOTE_ERROR, "not enough memory");
		return EXIT_FAILURE;
	}
	if (option_given(o, OPTION_CHECK)) {
		return ntpd_check_config(&d->config);
	}
	if (option_given(o, OPTION_SAVECONFIG)) {
		return ntpd_save_config(&d->config, o->text[OPTION_SAVECONFIG]);
	}
	return start(d, argc, argv);
}

int main(int argc, char **argv)
{
	static struct ntpd d;
	int code = options_parse(&d.options, argc, argv);

	if (code < 0) {
		code = dispatch(&d, argc, argv);
		ntpd_config_free(&d.config);
		journal_close(&d.journal);
	}
	options_free(&d.options);
	return code;
}
