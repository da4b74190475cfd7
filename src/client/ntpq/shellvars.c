/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shellvars.c - the commands of ntpq that read and write variables by name.
 */
#include <string.h>

#include "client/control/complaint.h"
#include "client/ntpq/cooked.h"
#include "client/ntpq/shell.h"

static void show_vars(struct shell *s, enum status_kind kind, bool whole)
{
	const struct ctl_answer *a = &s->answer;
	struct cooked_style style = { .numeric = s->numeric,
				      .units = s->units,
				      .fold = s->width };

	whole = whole || s->old_rv;
	shell_say_server(s, s->out);
	if (whole && s->raw) {
		fprintf(s->out, "associd=%u status=0x%04x,\n", a->assoc,
			a->status);
	} else if (whole) {
		cooked_status(s->out, kind, a->assoc, a->status);
	}
	if (s->raw) {
		cooked_raw(s->out, a->data, a->len);
	} else {
		cooked_vars(s->out, vars_over(a->data, a->len), &style);
	}
}

static bool read_and_show(struct shell *s, enum mode6_opcode opcode,
			  uint16_t assoc, const char *names)
{
	if (!shell_ask(s, opcode, assoc, names)) {
		return false;
	}
	enum status_kind kind = opcode == MODE6_READCLOCK ? STATUS_CLOCK
				: assoc == 0              ? STATUS_SYSTEM
							  : STATUS_PEER;

	show_vars(s, kind, names[0] == '\0');
	return true;
}

/* Where the names come from that are asked for; none of them: all. */
enum names_from { FROM_LINE, FROM_ADDVARS };

/* Commas between names, whichever way they were given. */
static void write_names(const struct shell *s, enum names_from from,
			const struct shell_words *args, size_t first,
			struct text *out)
{
	if (from == FROM_ADDVARS) {
		varlist_request(&s->varlist, false, out);
		return;
	}
	for (size_t i = first; i < args->count; i++) {
		if (out->len > 0) {
			text_char(out, ',');
		}
		text_str(out, args->word[i]);
	}
}

static void do_read(struct shell *s, enum mode6_opcode opcode,
		    enum names_from from, const struct shell_words *args)
{
	char names[SHELL_LINE];
	struct text t = text_over(names, sizeof(names));
	uint16_t assoc;
	size_t rest;

	if (shell_take_assoc(s, args, &assoc, &rest)) {
		write_names(s, from, args, rest, &t);
		(void)read_and_show(s, opcode, assoc, names);
	}
}

void shell_do_readvar(struct shell *s, const struct shell_words *args)
{
	do_read(s, MODE6_READVAR, FROM_LINE, args);
}

void shell_do_clockvar(struct shell *s, const struct shell_words *args)
{
	do_read(s, MODE6_READCLOCK, FROM_LINE, args);
}

void shell_do_readlist(struct shell *s, const struct shell_words *args)
{
	do_read(s, MODE6_READVAR, FROM_ADDVARS, args);
}

void shell_do_clocklist(struct shell *s, const struct shell_words *args)
{
	do_read(s, MODE6_READCLOCK, FROM_ADDVARS, args);
}

/* Where an association stands in the list, or the list's end. */
static size_t place_of(const struct shell *s, uint16_t assoc)
{
	size_t i = 0;

	while (i < s->associations.count &&
	       s->associations.list[i].id != assoc) {
		i++;
	}
	return i;
}

/* From one association to another, in the order of the list. */
static void do_read_many(struct shell *s, enum names_from from,
			 const struct shell_words *args)
{
	char names[SHELL_LINE];
	struct text t = text_over(names, sizeof(names));
	uint16_t low, high;

	if (args->count < 2) {
		complain("***Two associations are needed, as in `mrv &1 &3'\n");
		complain("usage: mreadvar assocIDlow assocIDhigh "
			 "[ name=value[,...] ]\n");
		return;
	}
	write_names(s, from, args, 2, &t);
	if (!s->listed && !shell_list(s)) {
		return;
	}
	if (!shell_listed(s) || !shell_assoc(s, args->word[0], &low) ||
	    !shell_assoc(s, args->word[1], &high)) {
		return;
	}
	size_t first = place_of(s, low), last = place_of(s, high);

	if (first == s->associations.count || last == s->associations.count) {
		complain("***Association ID %u not found in list\n",
			 first == s->associations.count ? low : high);
		return;
	}
	if (first > last) {
		size_t swap = first;

		first = last;
		last = swap;
	}
	for (size_t i = first; i <= last; i++) {
		if (i > first) {
			fputc('\n', s->out);
		}
		if (!read_and_show(s, MODE6_READVAR, s->associations.list[i].id,
				   names)) {
			return;
		}
	}
}

void shell_do_mreadvar(struct shell *s, const struct shell_words *args)
{
	do_read_many(s, FROM_LINE, args);
}

void shell_do_mreadlist(struct shell *s, const struct shell_words *args)
{
	do_read_many(s, FROM_ADDVARS, args);
}

static void do_write(struct shell *s, uint16_t assoc, const struct varlist *v)
{
	char items[SHELL_LINE];
	struct text t = text_over(items, sizeof(items));

	varlist_request(v, true, &t);
	if (t.len == 0) {
		complain("***No variables to write\n");
		return;
	}
	if (t.cut || t.len > MODE6_DATA) {
		complain("***Too many variables for one request\n");
		return;
	}
	if (!shell_ask_signed(s, MODE6_WRITEVAR, assoc, items)) {
		return;
	}
	if (s->answer.len == 0) {
		fputs("done! (no data returned)\n", s->out);
	} else {
		show_vars(s, assoc == 0 ? STATUS_SYSTEM : STATUS_PEER, true);
	}
}

/* The line behind its first word, which was an association. */
static const char *behind_word(const char *line)
{
	line += strcspn(line, " \t");
	return line + strspn(line, " \t");
}

void shell_do_writevar(struct shell *s, const struct shell_words *args)
{
	static struct varlist once;
	uint16_t assoc;
	size_t rest;

	once.count = 0;
	if (shell_take_assoc(s, args, &assoc, &rest) &&
	    varlist_add(&once,
			rest > 0 ? behind_word(args->rest) : args->rest)) {
		do_write(s, assoc, &once);
	}
}

void shell_do_writelist(struct shell *s, const struct shell_words *args)
{
	uint16_t assoc;
	size_t rest;

	if (shell_take_assoc(s, args, &assoc, &rest)) {
		do_write(s, assoc, &s->varlist);
	}
}

void shell_do_addvars(struct shell *s, const struct shell_words *args)
{
	(void)varlist_add(&s->varlist, args->rest);
}

void shell_do_rmvars(struct shell *s, const struct shell_words *args)
{
	varlist_remove(&s->varlist, args->rest);
}

void shell_do_clearvars(struct shell *s, const struct shell_words *args)
{
	(void)args;
	s->varlist.count = 0;
}

void shell_do_showvars(struct shell *s, const struct shell_words *args)
{
	(void)args;
	varlist_show(s->out, &s->varlist);
}
