/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shellqueries.c - the commands of ntpq that ask the daemon.
 */
#include <string.h>

#include "client/cooked.h"
#include "client/moment.h"
#include "client/shell.h"
#include "client/vars.h"

/* Fetches the list of associations; false when the daemon gives none. */
static bool list_associations(struct shell *s)
{
	s->listed = false;
	if (!shell_ask(s, MODE6_READSTAT, 0, "")) {
		return false;
	}
	if (s->answer.len % 4 != 0) {
		fprintf(stderr,
			"***Server returned %zu octets, should be multiple of "
			"4\n",
			s->answer.len);
		return false;
	}
	associations_parse(&s->associations, s->answer.data, s->answer.len);
	s->listed = true;
	return true;
}

static bool have_associations(struct shell *s)
{
	if (s->listed && s->associations.count == 0) {
		fputs("No association ID's returned\n", stderr);
		return false;
	}
	return s->listed;
}

static void do_peers(struct shell *s, enum peers_layout layout, bool all)
{
	struct peers_table table = { .layout = layout,
				     .numeric = s->numeric,
				     .wide = s->wide,
				     .server_width = s->server_width,
				     .server = s->host };

	if (!list_associations(s) || !have_associations(s)) {
		return;
	}
	peers_header(s->out, &table);
	for (size_t i = 0; i < s->associations.count; i++) {
		const struct association *a = &s->associations.list[i];

		if (!all && !association_in_use(a)) {
			continue;
		}
		if (!shell_ask(s, MODE6_READVAR, a->id, "")) {
			if (s->answer.error == MODE6_ERR_ASSOC) {
				continue; /* gone since it was listed */
			}
			return;
		}
		table.now = moment_wall();
		peers_row(s->out, &table, a->id, s->answer.status,
			  vars_over(s->answer.data, s->answer.len));
	}
}

void shell_do_peers(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_peers(s, PEERS_REFID, false);
}

void shell_do_lpeers(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_peers(s, PEERS_REFID, true);
}

void shell_do_apeers(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_peers(s, PEERS_ASSOC, false);
}

void shell_do_opeers(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_peers(s, PEERS_LOCAL, false);
}

void shell_do_lopeers(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_peers(s, PEERS_LOCAL, true);
}

static void do_associations(struct shell *s, bool fetch, bool all)
{
	if ((fetch || !s->listed) && !list_associations(s)) {
		return;
	}
	if (have_associations(s)) {
		associations_print(s->out, &s->associations, all);
	}
}

void shell_do_associations(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_associations(s, true, false);
}

void shell_do_lassociations(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_associations(s, true, true);
}

void shell_do_passociations(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_associations(s, false, false);
}

void shell_do_lpassociations(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_associations(s, false, true);
}

/* &N: the Nth of the list, which is fetched when there is none yet. */
static bool indexed_assoc(struct shell *s, const char *word, uint16_t *assoc)
{
	uint64_t index;

	if (!text_to_u64(word + 1, strlen(word + 1), &index)) {
		fprintf(stderr, "***Association index `%s' invalid\n", word);
		return false;
	}
	if ((!s->listed && !list_associations(s)) || !have_associations(s)) {
		return false;
	}
	if (index < 1 || index > s->associations.count) {
		fprintf(stderr, "***Association for `%s' unknown (max &%zu)\n",
			word, s->associations.count);
		return false;
	}
	*assoc = s->associations.list[index - 1].id;
	return true;
}

/*
 * The first word, if it can be one, is an association; `rest` is the number
 * of the word behind it. Without one the question is for the system.
 */
static bool take_assoc(struct shell *s, const struct shell_words *args,
		       uint16_t *assoc, size_t *rest)
{
	uint64_t id;

	*assoc = 0;
	*rest = 0;
	if (args->count == 0) {
		return true;
	}
	const char *word = args->word[0];

	if (word[0] == '&') {
		*rest = 1;
		return indexed_assoc(s, word, assoc);
	}
	if (word[0] < '0' || word[0] > '9') {
		return true;
	}
	if (!text_to_u64(word, strlen(word), &id) || id > UINT16_MAX) {
		fprintf(stderr, "***Association ID `%s' invalid\n", word);
		return false;
	}
	*rest = 1;
	*assoc = (uint16_t)id;
	return true;
}

static void show_vars(struct shell *s, enum status_kind kind, bool whole)
{
	const struct ctl_answer *a = &s->answer;

	if (whole && s->raw) {
		fprintf(s->out, "associd=%u status=0x%04x,\n", a->assoc,
			a->status);
	} else if (whole) {
		cooked_status(s->out, kind, a->assoc, a->status);
	}
	if (s->raw) {
		cooked_raw(s->out, a->data, a->len);
	} else {
		cooked_vars(s->out, vars_over(a->data, a->len), s->numeric);
	}
}

/* Commas between names, whichever way they were given. */
static void do_read(struct shell *s, enum mode6_opcode opcode,
		    const struct shell_words *args)
{
	char names[SHELL_LINE];
	struct text t = text_over(names, sizeof(names));
	uint16_t assoc;
	size_t rest;

	if (!take_assoc(s, args, &assoc, &rest)) {
		return;
	}
	for (size_t i = rest; i < args->count; i++) {
		if (t.len > 0) {
			text_char(&t, ',');
		}
		text_str(&t, args->word[i]);
	}
	if (!shell_ask(s, opcode, assoc, names)) {
		return;
	}
	enum status_kind kind = opcode == MODE6_READCLOCK ? STATUS_CLOCK
				: assoc == 0              ? STATUS_SYSTEM
							  : STATUS_PEER;

	show_vars(s, kind, t.len == 0);
}

void shell_do_readvar(struct shell *s, const struct shell_words *args)
{
	do_read(s, MODE6_READVAR, args);
}

void shell_do_clockvar(struct shell *s, const struct shell_words *args)
{
	do_read(s, MODE6_READCLOCK, args);
}
