/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/report/filegen.h"
#include "host/carry.h"
#include "host/files/statefile.h"
#include "host/net/netwatch.h"
#include "host/net/resolvwatch.h"
#include "host/publish.h"
#include "host/ready.h"
#include "host/reload.h"
#include "host/serve/handon.h"
#include "host/serve/sharing.h"
#include "host/system/daemonize.h"
#include "host/system/entropy.h"
#include "host/system/resources.h"
#include "host/system/signals.h"

#define RATE_S 4 /* between two looks at what the kernel steers by */
#define HOUR_S 3600
#define AGAIN_MS 2    /* until a view is published that nobody had room for */
#define LOOP_BATCH 16 /* datagrams of one socket before the others */
#define UNWOKEN_S 64  /* a signal may slip in before poll() waits */

void loop_init(struct loop *l, const struct loop_setup *setup)
{
	memset(l, 0, sizeof(*l));
	l->setup = *setup;
	l->first = setup->settings;
	l->wake_fd = l->network_fd = l->resolv_fd = l->parent_fd = -1;
	statefile_boot(l->boot);
	clientsocks_init(&l->clients, setup->config->dscp);
	ctlsock_init(&l->control);
	signd_init(&l->signd, setup->config->signd_dir, setup->journal);
	serversocks_init(&l->servers, setup->journal, setup->port,
			 &setup->rules);
	l->servers.dscp = setup->config->dscp;
	if (setup->inherited) {
		l->servers.inherited = *setup->inherited;
	}
	notify_open(&l->notify);
	l->servers.notify =
		setup->serve && l->notify.fd >= 0 ? &l->notify : NULL;
	l->servers.stamps = !setup->single_process;
	spread_init(&l->servers.spread, setup->threads);
	l->servers.extra_port = (uint16_t)setup->config->extra_port;
	serversocks_hear(&l->servers, setup->config);
	xdp_init(&l->xdp, setup->journal, setup->port);
	resolver_open(&l->resolver, setup->single_process);
	guardnames_init(&l->guardnames, setup->journal);
	statfiles_init(&l->statfiles, setup->config, setup->journal);
	leapfile_init(&l->leapfile, setup->config, setup->journal,
		      LEAPFILE_USUAL);
}

void loop_plan_rescan(struct loop *l, instant at)
{
	if (!l->rescan_due || instant_diff(l->rescan, at).v > 0) {
		l->rescan = at;
	}
	l->rescan_due = true;
}

/* Many at once, but where only the plainest system calls are wanted. */
static bool start_serving(struct loop *l)
{
	l->serving = serve_begin(l->setup.single_process ? 1 : LOOP_BATCH);
	if (!l->serving) {
		return false;
	}
	l->serving->shard = &l->limits.shards[0];
	l->serving->io = &l->io;
	return true;
}

/* Each has its share: where not all can be had, all is divided anew. */
static bool start_workers(struct loop *l)
{
	unsigned wanted = l->servers.spread.threads, count = wanted;

	for (;;) {
		if (!limits_start(&l->limits, l->setup.config, count,
				  l->setup.serve)) {
			return false;
		}
		if (count == 0) {
			break;
		}
		l->workers = workers_start(count, l->limits.shards + 1);
		if (l->workers && workers_count(l->workers) == count) {
			break;
		}
		count = l->workers ? workers_count(l->workers) : 0;
		workers_end(l->workers);
		l->workers = NULL;
		limits_end(&l->limits);
	}
	if (count < wanted) {
		journal_say(l->setup.journal, NOTE_WARNING,
			    "server-threads: only %u of %u could be started",
			    count, wanted);
	}
	if (l->workers) { /* what waits is to be answered, not dropped */
		workers_hold(l->workers);
		l->withheld = true;
	}
	sharing_give(&l->servers, l->workers, count);
	return true;
}

static void open_control(struct loop *l)
{
	int error = l->setup.control && !l->setup.single_process
			    ? ctlsock_open(&l->control, l->setup.control,
					   l->setup.control_gid)
			    : 0;

	if (error) {
		journal_say(l->setup.journal, NOTE_NOTICE,
			    "no control socket at %s: %s", l->setup.control,
			    strerror(-error));
	}
}

bool loop_open(struct loop *l)
{
	instant now = sysclock_read().now;

	l->wake_fd = signals_open(!l->setup.single_process);
	if (l->setup.serve) {
		inherited_sort(&l->servers.inherited, &l->notify,
			       l->setup.journal);
		if (serversocks_reserve(&l->servers, now) != 0) {
			return false;
		}
		(void)serversocks_scan(&l->servers, now);
		inherited_close(&l->servers.inherited, &l->notify,
				l->setup.journal);
		xdp_take(&l->xdp, l->setup.config);
		xdp_scan(&l->xdp, &l->servers);
	}
	if (l->setup.rescan_s > 0) {
		loop_plan_rescan(l,
				 instant_add(now, SPAN_S(l->setup.rescan_s)));
	}
	if (l->setup.rescan_s > 0 && !l->setup.single_process) {
		l->network_fd = netwatch_open();
		l->resolv_fd = resolvwatch_open(RESOLVWATCH_PATH);
	}
	if (l->network_fd >= 0) {
		journal_say(l->setup.journal, NOTE_INFO,
			    "Listening on routing socket on fd #%d for "
			    "interface updates",
			    l->network_fd);
	}
	open_control(l);
	shm_clocks_open(&l->shm, l->setup.config, l->setup.journal);
	return true;
}

/* Of a clock that we do not keep, nobody needs to know who does. */
static void look_around(struct loop *l, instant now)
{
	bool ours = !l->setup.config->orders.no_clock && !l->clock_lost;
	bool due =
		span_cmp(instant_diff(now, l->rated_at), SPAN_S(RATE_S)) >= 0;

	sysclock_machine(&l->machine, ours && due);
	l->machine.bent_known &= ours;
	if (l->machine.rate_known) {
		l->rated_at = now;
	}
}

bool loop_start(struct loop *l, struct engine_start *start)
{
	void *memory = malloc(engine_size(l->setup.settings));
	struct moment m = sysclock_read();
	uint8_t *state;

	l->outbox = calloc(1, sizeof(*l->outbox));
	if (!memory || !l->outbox ||
	    !entropy_draw(start->seed, sizeof(start->seed)) ||
	    !start_workers(l) || !start_serving(l)) {
		free(memory);
		return false;
	}
	start->now = m.now;
	start->wall = m.wall;
	memcpy(start->boot, l->boot, sizeof(start->boot));
	look_around(l, m.now);
	start->machine = l->machine;
	state = statefile_load(l->setup.config, l->setup.journal,
			       &start->snapshot_len);
	start->snapshot = state;
	l->engine = engine_init(memory, l->setup.settings, start);
	recorder_start(l->setup.recorder, l->setup.settings, start);
	free(state);
	l->deadline = l->counted_at = m.now;
	guardnames_want(&l->guardnames, l->setup.config, m.now);
	l->leaps_due = instant_add(m.now, SPAN_S(LEAPFILE_LOOK_S));
	return true;
}

void loop_close(struct loop *l)
{
	xdp_close(&l->xdp);
	handon_end(&l->servers);
	workers_end(l->workers);
	l->servers.workers = NULL;
	serversocks_close(&l->servers);
	clientsocks_free(&l->clients);
	ctlsock_close(&l->control);
	signd_close(&l->signd);
	shm_clocks_close(&l->shm);
	resolver_close(&l->resolver);
	guardnames_free(&l->guardnames);
	statfiles_close(&l->statfiles);
	if (l->network_fd >= 0) {
		close(l->network_fd);
	}
	if (l->resolv_fd >= 0) {
		close(l->resolv_fd);
	}
	if (l->parent_fd >= 0) {
		close(l->parent_fd);
	}
	reload_end(l);
	free(l->engine);
	free(l->outbox);
	serve_end(l->serving);
	limits_end(&l->limits);
	limits_forget(&l->coming);
	ready_free(&l->ready);
	notify_close(&l->notify);
}

void loop_deliver(struct loop *l, struct event *ev)
{
	struct moment m = sysclock_read();

	ev->now = m.now;
	ev->wall = m.wall;
	look_around(l, m.now);
	ev->machine = l->machine;
	outbox_empty(l->outbox);
	recorder_event(l->setup.recorder, ev);
	l->deadline = engine_handle(l->engine, ev, l->outbox);
	recorder_effects(l->setup.recorder, l->outbox, l->deadline);
	carry_out(l);
}

/* Looks for new addresses; a new one is worth asking everybody again. */
static void rescan(struct loop *l, instant now)
{
	struct event ev = { .kind = EVENT_NETWORK };
	bool news = l->network_changed;

	l->rescan_due = l->network_changed = false;
	if (l->setup.serve) {
		news |= serversocks_scan(&l->servers, now) > 0;
		xdp_scan(&l->xdp, &l->servers);
	}
	if (l->setup.rescan_s > 0) {
		loop_plan_rescan(l,
				 instant_add(now, SPAN_S(l->setup.rescan_s)));
	}
	if (news) {
		loop_deliver(l, &ev);
	}
}

void loop_look_for_leaps(struct loop *l, bool again)
{
	struct event ev = { .kind = EVENT_LEAPS };

	l->leaps_due =
		instant_add(sysclock_read().now, SPAN_S(LEAPFILE_LOOK_S));
	if (leapfile_look(&l->leapfile, again, time(NULL))) {
		ev.leaps.table = &l->leapfile.table;
		loop_deliver(l, &ev);
	}
}

static void resolved(struct loop *l, const struct resolver_answer *answer)
{
	struct event ev = { .kind = EVENT_RESOLVED, .source = answer->source };
	bool news;

	if (guardnames_take(&l->guardnames, answer, sysclock_read().now,
			    &news)) {
		if (news) {
			reload_names(l);
		}
		return;
	}
	ev.resolved.addrs = answer->addrs;
	ev.resolved.count = answer->count;
	loop_deliver(l, &ev);
}

/* With what was counted, once an hour, and whenever a file is to have it. */
static struct event tick_of(struct loop *l, instant now,
			    struct server_shard *sum)
{
	struct event ev = { .kind = EVENT_TICK };
	bool hour =
		span_cmp(instant_diff(now, l->counted_at), SPAN_S(HOUR_S)) >= 0;

	if (hour || filegen_is_on(l->setup.config, STATS_SYS)) {
		l->counted_at = hour ? now : l->counted_at;
		limits_sum(&l->limits, sum);
		xdp_count(&l->xdp, sum);
		ev.tick.shards = sum;
		ev.tick.shard_count = 1;
	}
	if (filegen_is_on(l->setup.config, STATS_USE)) {
		l->usage = resources_used();
		ev.tick.usage = &l->usage;
	}
	return ev;
}

/*
 * Everything that is due without poll(); answers when to look again. Events
 * make effects, which may be due at once: until nothing is.
 */
static instant handle_due(struct loop *l)
{
	for (;;) {
		instant now = sysclock_read().now;
		instant wake = l->leaps_due;
		struct resolver_answer answer;
		struct server_shard sum;
		struct event ev;

		if (l->ended) {
			return now;
		}
		if (l->wake_fd < 0) {
			wake = instant_earlier(
				wake, instant_add(now, SPAN_S(UNWOKEN_S)));
		}
		guardnames_tick(&l->guardnames, &l->resolver, now, &wake);
		if (l->unpublished) {
			publish_again(l);
		}
		if (clientsocks_due(&l->clients, now, &ev, &wake)) {
			loop_deliver(l, &ev);
		} else if (shm_clocks_due(&l->shm, &ev)) {
			l->io.clock_reads +=
				ev.refclock.reading != READING_NONE;
			loop_deliver(l, &ev);
		} else if (resolver_take(&l->resolver, now, &answer, &wake)) {
			resolved(l, &answer);
		} else if (l->rescan_due &&
			   instant_diff(l->rescan, now).v <= 0) {
			rescan(l, now);
		} else if (instant_diff(l->leaps_due, now).v <= 0) {
			loop_look_for_leaps(l, false);
		} else if (instant_diff(l->deadline, now).v <= 0) {
			ev = tick_of(l, now, &sum);
			loop_deliver(l, &ev);
			return now; /* let the sockets have their turn */
		} else {
			if (l->rescan_due) {
				wake = instant_earlier(wake, l->rescan);
			}
			if (l->unpublished) {
				wake = instant_earlier(
					wake,
					instant_add(now, SPAN_MS(AGAIN_MS)));
			}
			return instant_earlier(wake, l->deadline);
		}
	}
}

static void handle_signals(struct loop *l)
{
	int number = signals_end();

	if (signals_reopen() && !l->ended) {
		notify_reloading(&l->notify);
		reload_on_hangup(l);
		loop_look_for_leaps(l, true);
		notify_ready(&l->notify);
	}
	if (signals_debug()) {
		journal_say(l->setup.journal, NOTE_NOTICE,
			    "signals change no debug level here");
	}
	if (number) {
		journal_say(l->setup.journal, NOTE_NOTICE,
			    "ntpd exiting on signal %d (%s)", number,
			    strsignal(number));
		l->ended = true;
		l->exit_code = 0;
	}
}

int loop_run(struct loop *l)
{
	notify_ready(&l->notify);
	while (!l->ended) {
		instant wake = handle_due(l);

		/* Here and nowhere else: where a stuck loop never is. */
		if (l->notify.life.v > 0) {
			wake = notify_alive(&l->notify, sysclock_read().now,
					    wake);
		}
		if (!l->ended) {
			ready_wait(l, wake);
			handle_signals(l);
		}
	}
	notify_stopping(&l->notify);
	if (l->exit_code == 0) {
		handon_keep(&l->servers);
	}
	if (!l->setup.config->orders.quit) {
		carry_snapshot(l);
	}
	return l->exit_code;
}
