/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/reload.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "config/changes.h"
#include "host/files/normalform.h"
#include "host/files/saveconfig.h"
#include "host/publish.h"
#include "host/system/priority.h"

#define ANSWER 14000 /* ntpq takes 32 fragments of 468 octets */
#define TEXT_ROOM 65536
#define LOGGED 64 /* lines of one reload; the rest is counted */
#define SUCCEEDED "Config Succeeded"

/* --- what is different --- */

static void print_changes(const struct config *was, const struct config *now,
			  struct text *out)
{
	char *before = normalform(was), *after = normalform(now);
	void *memory =
		before && after ? malloc(changes_size(before, after)) : NULL;
	char words[JOURNAL_LINE];
	struct text later = text_over(words, sizeof(words));

	if (memory && changes_print(before, after, memory, out) == 0) {
		text_str(out, "nothing has changed\n");
	}
	if (changes_for_restart(was, now, &later) > 0) {
		text_str(out, words);
		text_str(out, ": takes effect at the next start\n");
	}
	free(memory);
	free(before);
	free(after);
}

/* Each line of a text in the log. */
static void log_lines(struct loop *l, enum note_level level, const char *text)
{
	unsigned count = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (count++ < LOGGED) {
			journal_say(l->setup.journal, level, "config: %.*s",
				    (int)len, text);
		}
		text += len + (text[len] == '\n');
	}
	if (count > LOGGED) {
		journal_say(l->setup.journal, level, "config: %u more lines",
			    count - LOGGED);
	}
}

/* --- taking it over --- */

static void take_log(struct loop *l, const struct config *was,
		     const struct config *now)
{
	struct journal *j = l->setup.journal;
	bool same = was->logfile && now->logfile
			    ? strcmp(was->logfile, now->logfile) == 0
			    : was->logfile == now->logfile;

	j->kept = now->logconfig;
	if (same || l->setup.single_process) {
		return;
	}
	if (now->logfile && !journal_open_file(j, now->logfile)) {
		journal_say(j, NOTE_ERROR, "Cannot open log file %s: %s",
			    now->logfile, strerror(errno));
	} else if (!now->logfile) {
		journal_open_syslog(j);
	}
}

static void release(struct loop *l, struct settings *s, void *room)
{
	free(room);
	if (s != l->first) {
		l->setup.reader.release(l->setup.reader.context, s);
	}
}

/* The answer is in `ev` already. */
static void take(struct loop *l, struct settings *next, void *room,
		 struct limits_memory *more, struct event *ev)
{
	struct settings *was = l->setup.settings;
	void *old_room = l->room;

	l->setup.settings = next;
	l->setup.config = next->config;
	l->room = room;
	statfiles_take(&l->statfiles, next->config);
	shm_clocks_take(&l->shm, next->config);
	serversocks_hear(&l->servers, next->config);
	xdp_silence(&l->xdp);
	xdp_take(&l->xdp, next->config);
	loop_plan_rescan(l, sysclock_read().now);
	leapfile_retune(&l->leapfile, next->config, LEAPFILE_USUAL);
	next->leaps = l->leapfile.table;
	take_log(l, was->config, next->config);
	ev->settings.settings = next;
	ev->settings.room = room;
	publish_expect(l, more);
	loop_deliver(l, ev);
	publish_part(l);
	release(l, was, old_room);
	guardnames_want(&l->guardnames, next->config, sysclock_read().now);
}

/* What is known of names since they were looked up. */
static void tell_names(const struct loop *l, struct settings *next)
{
	for (const struct restrict_config *r = next->config->restricts; r;
	     r = r->next) {
		const netaddr *addr =
			r->kind == RESTRICT_NAME
				? guardnames_find(&l->guardnames, r->host)
				: NULL;

		if (addr) {
			l->setup.reader.name(next, r->host, addr);
		}
	}
}

/* Both are for who asked. */
struct report {
	struct text why, changes;
};

/*
 * Reads and takes over; false: refused, and the report says why. `lines` NULL:
 * all files are read again.
 */
static bool read_and_take(struct loop *l, const struct settings_lines *lines,
			  struct report *r, struct event *ev)
{
	const struct settings_reader *reader = &l->setup.reader;
	struct settings *next = reader->read(reader->context, l->engine,
					     l->setup.settings, lines, &r->why);
	struct limits_memory more;
	void *room;

	if (!next) {
		return false;
	}
	tell_names(l, next);
	room = malloc(engine_room(l->engine, next));
	if (!room || !limits_prepare(&l->limits, next->config, &more)) {
		free(room);
		reader->release(reader->context, next);
		text_str(&r->why, "not enough memory\n");
		return false;
	}
	if (!lines) { /* what was said of the files, but refused none */
		text_str(&r->changes, r->why.start);
		r->why = text_over(r->why.start, r->why.size);
	}
	print_changes(l->setup.config, next->config, &r->changes);
	if (lines) { /* classic says no more */
		text_str(&r->why, SUCCEEDED);
	} else {
		text_str(&r->why, SUCCEEDED "\n");
		text_str(&r->why, r->changes.start);
	}
	ev->settings.reply = r->why.start;
	ev->settings.reply_len = r->why.len;
	take(l, next, room, &more, ev);
	log_lines(l, NOTE_NOTICE, r->changes.start);
	return true;
}

/* That takes long, when there is much to read. */
static bool reload(struct loop *l, const struct settings_lines *lines,
		   struct report *r, struct event *ev)
{
	int level = priority_rest();
	bool good = read_and_take(l, lines, r, ev);

	priority_resume(level);
	return good;
}

/* False: the old ones stay, which is said. */
static bool try_reload(struct loop *l, const struct settings_lines *lines,
		       struct text *why, struct event *ev)
{
	char *buffer = malloc(TEXT_ROOM);
	struct report r = {
		.why = *why,
		.changes = text_over(buffer, buffer ? TEXT_ROOM : 0),
	};
	bool good = buffer && reload(l, lines, &r, ev);

	*why = r.why;
	if (!good) {
		log_lines(l, NOTE_ERROR, why->start);
		journal_say(l->setup.journal, NOTE_ERROR,
			    "config: refused as a whole: all stays as it was");
	}
	free(buffer);
	return good;
}

void reload_on_hangup(struct loop *l)
{
	struct event ev = { .kind = EVENT_SETTINGS };
	char buffer[ANSWER];
	struct text why = text_over(buffer, sizeof(buffer));

	journal_reopen(l->setup.journal);
	statfiles_close(&l->statfiles);
	journal_say(l->setup.journal, NOTE_NOTICE,
		    "log opened again on signal %d (Hangup)", SIGHUP);
	if (l->setup.reader.read) {
		(void)try_reload(l, NULL, &why, &ev);
	}
}

/* As after lines by hand, of which there are none. */
void reload_names(struct loop *l)
{
	const struct settings_lines none = { "", 0 };
	struct event ev = { .kind = EVENT_SETTINGS };
	char buffer[ANSWER], changes[ANSWER];
	struct report r = { .why = text_over(buffer, sizeof(buffer)),
			    .changes = text_over(changes, sizeof(changes)) };

	if (!l->setup.reader.read) {
		return;
	}
	if (reload(l, &none, &r, &ev)) {
		journal_say(l->setup.journal, NOTE_NOTICE,
			    "config: a restrict line's name has an address: "
			    "it holds now");
	} else {
		log_lines(l, NOTE_ERROR, r.why.start);
	}
}

/* --- at somebody's request --- */

static void log_request(struct loop *l, const struct wishes *w)
{
	char line[JOURNAL_LINE], who[NETADDR_TEXT];
	struct text shown = text_over(line, sizeof(line));
	struct text from = text_over(who, sizeof(who));
	size_t len = w->len;

	while (len > 0 && w->text[len - 1] == '\n') {
		len--;
	}
	text_escaped(&shown, w->text, len);
	if (l->asker.connection) {
		text_str(&from, "local uid ");
		text_u64(&from, l->asker.connection->uid);
	} else {
		netaddr_print(&l->asker.from, &from);
	}
	journal_say(l->setup.journal, NOTE_NOTICE, "%s %s: %s", who,
		    w->kind == WISH_SAVE ? "saveconfig" : "config", line);
}

/* I2: who may write as the daemon is not who may change its sources. */
static bool is_root(const struct loop *l)
{
	return l->asker.connection && l->asker.connection->uid == 0;
}

static void answer(struct loop *l, const struct text *out)
{
	struct event ev = { .kind = EVENT_SETTINGS };

	ev.settings.reply = out->start;
	ev.settings.reply_len = out->len;
	loop_deliver(l, &ev);
}

void reload_wished(struct loop *l)
{
	char buffer[ANSWER];
	struct text out = text_over(buffer, sizeof(buffer));
	struct event ev = { .kind = EVENT_SETTINGS };
	const struct wishes *w = &l->wish;
	const struct settings_lines lines = { w->text, w->len };
	enum wish kind = w->kind;

	if (kind == WISH_NONE) {
		return;
	}
	log_request(l, w);
	l->wish.kind = WISH_NONE;
	if (kind == WISH_SAVE && !is_root(l)) {
		text_str(&out, "saveconfig prohibited: for root only");
		answer(l, &out);
	} else if (kind == WISH_SAVE) {
		saveconfig(l->setup.config, w->text, w->len, &out);
		journal_say(l->setup.journal, NOTE_NOTICE, "%s", buffer);
		answer(l, &out);
	} else if (!l->setup.reader.read) {
		text_str(&out, "this daemon does not read its configuration "
			       "again");
		answer(l, &out);
	} else if (!try_reload(l, kind == WISH_RELOAD ? NULL : &lines, &out,
			       &ev)) {
		answer(l, &out);
	} else if (kind == WISH_RELOAD) {
		loop_look_for_leaps(l, true);
	}
}

void reload_end(struct loop *l)
{
	if (l->first && l->setup.settings != l->first) {
		release(l, l->setup.settings, l->room);
	}
}
