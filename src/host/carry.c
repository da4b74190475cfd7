/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/carry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/files/statefile.h"
#include "host/inquiry.h"
#include "host/net/udp.h"
#include "host/publish.h"
#include "host/serve/groups.h"
#include "host/system/daemonize.h"
#include "host/system/store.h"

/* To many, who do not answer, or to one. */
static int send_to(struct loop *l, const struct effect *e, struct stamped *left)
{
	const uint8_t *data = l->outbox->bytes + e->send.at;

	return e->send.ttl > 0
		       ? groups_send(&l->servers, &e->send.to, e->send.ttl,
				     data, e->send.len, left)
		       : serversocks_send(&l->servers, &e->send.to, data,
					  e->send.len, left);
}

static void send_from_server(struct loop *l, const struct clientsock *request,
			     const struct effect *e)
{
	struct stamped left = { .origin = STAMP_DAEMON };

	/* Who else looks at the socket would take the stamp for nobody's. */
	if (l->workers) {
		workers_hold(l->workers);
	}
	bool sent = send_to(l, e, &left) == 0;

	if (l->workers) {
		workers_release(l->workers);
	}
	if (e->send.ttl > 0) {
		l->casts_failed += !sent;
	}
	if (sent || e->send.ttl == 0) {
		clientsocks_note(&l->clients, request, sent, &left);
	}
}

static void call_group(struct loop *l, const struct clientsock *request,
		       const struct effect *e)
{
	int fd = clientsocks_open(&l->clients, request, &e->send.to);
	int error = fd < 0 ? fd
			   : groups_send_by(&l->servers, fd, &e->send.to,
					    e->send.ttl,
					    l->outbox->bytes + e->send.at,
					    e->send.len);

	l->casts_failed += error != 0;
}

static void carry_send(struct loop *l, const struct effect *e)
{
	const struct clientsock request = { .source = e->source,
					    .exchange = e->send.exchange };

	switch (e->send.way) {
	case SEND_FRESH:
		clientsocks_send(&l->clients, &request, &e->send.to,
				 l->outbox->bytes + e->send.at, e->send.len);
		break;
	case SEND_SERVER:
		send_from_server(l, &request, e);
		break;
	case SEND_GROUP:
		call_group(l, &request, e);
		break;
	}
	l->io.sent++;
}

/* A name that is too long becomes an empty one, which nobody knows. */
static void carry_resolve(struct loop *l, const struct effect *e)
{
	struct resolver_question q = { .source = e->source,
				       .family = e->resolve.family };

	if (e->resolve.len < sizeof(q.name)) {
		memcpy(q.name, l->outbox->bytes + e->resolve.at,
		       e->resolve.len);
	}
	if (!resolver_ask(&l->resolver, &q)) {
		journal_say(l->setup.journal, NOTE_WARNING,
			    "no memory to look up %s", q.name);
	}
}

/* Without the privilege we go on measuring and serving: classic does too. */
static void clock_result(struct loop *l, int error)
{
	if (error && !l->clock_lost) {
		l->clock_lost = true;
		journal_say(l->setup.journal, NOTE_ERROR,
			    "cannot adjust the clock: ntp_adjtime: %s",
			    strerror(-error));
	}
}

static void carry_clock(struct loop *l, const struct effect *e)
{
	if (l->setup.config->orders.no_clock || l->clock_lost) {
		return;
	}
	if (e->kind == EFFECT_STEER) {
		clock_result(l, sysclock_steer(e->steer.freq, e->steer.base));
	} else if (e->kind == EFFECT_STEP) {
		clock_result(l, sysclock_step(e->step));
	} else if (e->kind == EFFECT_SLEW) {
		clock_result(l, sysclock_slew(e->slew));
	} else {
		clock_result(l, sysclock_tell(e));
	}
}

static void carry_status(struct loop *l, const struct effect *e)
{
	carry_clock(l, e);
	if (e->status.synchronised && l->parent_fd >= 0) {
		daemonize_ready(l->parent_fd);
		l->parent_fd = -1;
	}
}

static void carry_answer(struct loop *l, const struct effect *e)
{
	const uint8_t *data = l->outbox->bytes + e->answer.at;

	if (l->asker.connection) {
		ctlsock_answer(l->asker.connection, data, e->answer.len);
	} else if (l->asker.socket) {
		/* Whoever asked will ask again if it is lost. */
		serversock_send(l->asker.socket, data, e->answer.len,
				&l->asker.from, &l->io);
	}
}

static void carry_note(struct loop *l, const struct note *n)
{
	journal_note(l->setup.journal, n);
	if (n->id == NOTE_SYS_PEER) {
		notify_lead(&l->notify, &n->addr);
	}
	/* What a one-shot run has done also goes to who called it. */
	if (n->id == NOTE_TIME_SET || n->id == NOTE_TIME_SLEW) {
		(void)printf("ntpd: time %s %.6fs\n",
			     n->id == NOTE_TIME_SET ? "set" : "slew", n->value);
		(void)fflush(stdout);
	}
}

static void carry_save(struct loop *l, const struct effect *e)
{
	const char *path = l->setup.config->driftfile;
	int error = path ? store_write_drift(path, e->save.freq_ppm) : 0;

	if (error && !l->save_failed) {
		journal_say(l->setup.journal, NOTE_ERROR,
			    "frequency file %s.TEMP: %s", path,
			    strerror(-error));
	}
	l->save_failed = error != 0;
}

/* To be carried out when the engine is done with this event. */
static void carry_wish(struct loop *l, const struct effect *e)
{
	struct wishes *w = &l->wish;

	if (e->configure.len < sizeof(w->text)) {
		w->kind = e->configure.wish;
		w->len = e->configure.len;
		memcpy(w->text, l->outbox->bytes + e->configure.at, w->len);
	}
}

void carry_snapshot(struct loop *l)
{
	char path[STATEFILE_PATH];
	struct moment m = sysclock_read();
	struct mark mark = { .now = m.now, .wall = m.wall };
	int error;

	if (!statefile_path(l->setup.config, path)) {
		return;
	}
	memcpy(mark.boot, l->boot, sizeof(mark.boot));
	mark.machine = l->machine;
	sysclock_machine(&mark.machine, !l->setup.config->orders.no_clock);
	error = statefile_write(path, l->engine, &mark);
	if (error && !l->state_failed) {
		journal_say(l->setup.journal, NOTE_WARNING,
			    "state file %s.TEMP: %s: a restart will have to "
			    "measure anew",
			    path, strerror(-error));
	}
	l->state_failed = error != 0;
}

static void carry_one(struct loop *l, const struct effect *e)
{
	switch (e->kind) {
	case EFFECT_SEND:
		carry_send(l, e);
		break;
	case EFFECT_CLOSE:
		clientsocks_close(&l->clients, e->source);
		break;
	case EFFECT_RESOLVE:
		carry_resolve(l, e);
		break;
	case EFFECT_STEER:
	case EFFECT_STEP:
	case EFFECT_SLEW:
		carry_clock(l, e);
		break;
	case EFFECT_STATUS:
		carry_status(l, e);
		break;
	case EFFECT_VIEW:
		publish_view(l, &e->view);
		notify_view(&l->notify, &e->view);
		break;
	case EFFECT_ANSWER:
		carry_answer(l, e);
		break;
	case EFFECT_LIST:
		inquiry_list(l, e);
		break;
	case EFFECT_NOTE:
		carry_note(l, &e->note);
		break;
	case EFFECT_SAVE:
		carry_save(l, e);
		break;
	case EFFECT_SNAPSHOT:
		carry_snapshot(l);
		break;
	case EFFECT_READ:
		shm_clocks_ask(&l->shm, e);
		break;
	case EFFECT_STATS:
		statfiles_write(&l->statfiles, l->outbox, e);
		break;
	case EFFECT_CONFIGURE:
		carry_wish(l, e);
		break;
	case EFFECT_EXIT:
		l->ended = true;
		l->exit_code = e->exit.code;
		break;
	}
}

void carry_out(struct loop *l)
{
	bool fresh = false;

	for (uint32_t i = 0; i < l->outbox->count; i++) {
		const struct effect *e = &l->outbox->effects[i];

		carry_one(l, e);
		fresh |= e->kind == EFFECT_VIEW || e->kind == EFFECT_STEP ||
			 e->kind == EFFECT_STATUS;
	}
	/* When the clock is as it will be: its offset is in there, too. */
	if (fresh && l->view_known) {
		xdp_publish(&l->xdp, &l->view, l->setup.config, &l->servers);
	}
}
