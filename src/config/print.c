/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/print.h"

#include <math.h>
#include <string.h>

#include "config/lexer.h"

void print_number(double v, struct text *out)
{
	unsigned decimals = 0;
	double scaled = fabs(v);

	/* No more decimals than the parser keeps. */
	while (decimals < 9 && scaled < 9e15 && floor(scaled) != scaled) {
		decimals++;
		scaled = fabs(v) * (double)(int64_t[]){
			1,      10,      100,      1000,      10000,
			100000, 1000000, 10000000, 100000000, 1000000000
		}[decimals];
	}
	text_double(out, v, decimals);
}

void print_quoted(const char *s, struct text *out)
{
	text_char(out, '"');
	text_str(out, s);
	text_char(out, '"');
}

void print_word(const char *s, struct text *out)
{
	if (word_is_plain(s, strlen(s))) {
		text_str(out, s);
	} else {
		print_quoted(s, out);
	}
}

static void print_option(const struct option *o, const void *base,
			 struct text *out)
{
	const char *s = option_string(o, base);
	double v = option_number(o, base);

	if (s) {
		text_char(out, ' ');
		text_str(out, o->word);
		text_char(out, ' ');
		print_word(s, out);
	} else if (v != o->normal) {
		text_char(out, ' ');
		text_str(out, o->word);
		if (o->type == TYPE_POLICY) {
			text_char(out, ' ');
			text_str(out, authselect_word((unsigned)v));
		} else if (o->type != TYPE_FLAG) {
			text_char(out, ' ');
			print_number(v, out);
		}
	}
}

void print_changed(enum option_scope scope, const void *base, struct text *out)
{
	for (unsigned i = 0; i < OPTIONS; i++) {
		const struct option *o = option_at((enum option_id)i);

		/* KIB and STEP are other spellings of their neighbours. */
		if (o->scope == scope && o->type != TYPE_KIB &&
		    o->type != TYPE_STEP && o->type != TYPE_GIVEN) {
			print_option(o, base, out);
		}
	}
}

/* Ends a line that began at `start`, or takes it back if it says nothing. */
static void end_line(struct text *out, size_t start, size_t empty)
{
	if (out->len == start + empty) {
		out->len = start;
		out->start[start] = '\0';
	} else {
		text_char(out, '\n');
	}
}

/* What was given is said even when it is the default. */
static void print_given(const struct config *c, enum option_scope scope,
			struct text *out)
{
	for (unsigned i = 0; i < OPTIONS; i++) {
		const struct option *o = option_at((enum option_id)i);

		if (o->scope == scope && option_is_given(o, c)) {
			text_char(out, ' ');
			text_str(out, o->word);
			text_char(out, ' ');
			print_number(option_number(o, c), out);
		}
	}
}

static void print_options(const struct config *c, enum option_id id,
			  struct text *out)
{
	const struct option *o = option_at(id);
	size_t start = out->len;

	text_str(out, o->word);
	print_changed(o->target.scope, c, out);
	print_given(c, o->target.scope, out);
	end_line(out, start, strlen(o->word));
}

/* Directives with one value: paths, and numbers. */
static void print_values(const struct config *c, struct text *out)
{
	for (unsigned i = 0; i < OPTIONS; i++) {
		const struct option *o = option_at((enum option_id)i);

		if (o->scope != SCOPE_DIRECTIVE ||
		    o->target.field == FIELD_NONE) {
			continue;
		}
		const char *path = option_string(o, c);
		double v = option_number(o, c);

		if (path || v != o->normal || option_is_given(o, c)) {
			text_str(out, o->word);
			text_char(out, ' ');
			if (path) {
				print_quoted(path, out);
			} else {
				print_number(v, out);
			}
			if (i == OPTION_DIRECTIVE_leapfile &&
			    !c->leap_check_hash) {
				text_str(out, " ignorehash");
			}
			text_char(out, '\n');
		}
	}
}

static bool is_plain_filegen(const struct filegen_config *f)
{
	return !f->file && f->type == FILEGEN_DAY && f->link && !f->said;
}

static void print_filegen(const struct filegen_config *f, const char *kind,
			  struct text *out)
{
	text_str(out, "filegen ");
	text_str(out, kind);
	if (f->file) {
		text_str(out, " file ");
		print_quoted(f->file, out);
	}
	text_str(out, " type ");
	text_str(out, option_of_bits(SCOPE_FILEGENTYPE, f->type)->word);
	text_str(out, f->link ? " link" : " nolink");
	text_str(out, f->enabled ? " enable\n" : " disable\n");
}

static void print_statistics(const struct config *c, struct text *out)
{
	size_t start = out->len;

	text_str(out, "statistics");
	for (unsigned i = 0; i < STATS_KINDS; i++) {
		if (c->filegens[i].enabled &&
		    is_plain_filegen(&c->filegens[i])) {
			text_char(out, ' ');
			text_str(out,
				 option_of_bits(SCOPE_STATISTICS, i)->word);
		}
	}
	end_line(out, start, strlen("statistics"));
	for (unsigned i = 0; i < STATS_KINDS; i++) {
		if (!is_plain_filegen(&c->filegens[i])) {
			print_filegen(&c->filegens[i],
				      option_of_bits(SCOPE_STATISTICS, i)->word,
				      out);
		}
	}
}

/* From nothing, class by class and type by type, to what is set. */
static void print_logconfig(const struct config *c, struct text *out)
{
	const uint32_t types = (UINT32_C(1) << LOGTYPES) - 1;

	if (c->logconfig == LOG_EVERYTHING) {
		return;
	}
	text_str(out, "logconfig =all -all");
	for (unsigned i = 0; i < LOGCLASSES; i++) {
		const char *class = option_of_bits(SCOPE_LOGCLASS, i)->word;
		uint32_t bits = c->logconfig >> i * LOGTYPES & types;

		for (unsigned j = 0; j < LOGTYPES && bits != types; j++) {
			if (bits >> j & 1) {
				text_str(out, " +");
				text_str(out, class);
				text_str(
					out,
					option_of_bits(SCOPE_LOGTYPE, j)->word);
			}
		}
		if (bits == types) {
			text_str(out, " +");
			text_str(out, class);
			text_str(out, "all");
		}
	}
	text_char(out, '\n');
}

static void print_keys(const struct config *c, struct text *out)
{
	bool noserve = false;

	if (!c->trusted_keys) {
		return;
	}
	text_str(out, "trustedkey");
	for (const struct key_range *r = c->trusted_keys; r; r = r->next) {
		if (r->noserve != noserve) {
			noserve = r->noserve;
			text_str(out, noserve ? " noserve" : "\ntrustedkey");
		}
		text_str(out, r->first == r->last ? " " : " (");
		text_u64(out, r->first);
		if (r->first != r->last) {
			text_str(out, " ... ");
			text_u64(out, r->last);
			text_char(out, ')');
		}
	}
	text_char(out, '\n');
}

static void print_system(const struct config *c, bool on, struct text *out)
{
	const char *directive = on ? "enable" : "disable";
	size_t start = out->len;

	text_str(out, directive);
	for (unsigned i = 0; i < OPTIONS; i++) {
		const struct option *o = option_at((enum option_id)i);

		if (o->scope != SCOPE_SYSTEM) {
			continue;
		}
		double v = option_number(o, c);

		if (v != o->normal && (v != 0) == on) {
			text_char(out, ' ');
			text_str(out, o->word);
		}
	}
	end_line(out, start, strlen(directive));
}

static void print_setvars(const struct config *c, struct text *out)
{
	for (const struct setvar_config *v = c->setvars; v; v = v->next) {
		text_str(out, "setvar ");
		text_str(out, v->name);
		text_str(out, " = ");
		print_quoted(v->value ? v->value : "", out);
		text_str(out, v->by_default ? " default\n" : "\n");
	}
}

void config_print(const struct config *c, struct text *out)
{
	print_values(c, out);
	print_logconfig(c, out);
	print_statistics(c, out);
	print_keys(c, out);
	print_system(c, true, out);
	print_system(c, false, out);
	print_options(c, OPTION_DIRECTIVE_tos, out);
	print_options(c, OPTION_DIRECTIVE_tinker, out);
	print_options(c, OPTION_DIRECTIVE_rlimit, out);
	print_options(c, OPTION_DIRECTIVE_extra, out);
	print_sources(c, out);
	print_groups(c, out);
	if (c->no_volley) {
		text_str(out, "broadcastclient novolley\n");
		text_str(out, c->broadcast_client ? "" : "disable bclient\n");
	}
	print_options(c, OPTION_DIRECTIVE_mru, out);
	print_options(c, OPTION_DIRECTIVE_discard, out);
	print_options(c, OPTION_DIRECTIVE_limit, out);
	print_restricts(c, out);
	print_nics(c, out);
	print_xdps(c, out);
	print_setvars(c, out);
	for (const struct idle_config *i = c->idles; i; i = i->next) {
		text_str(out, i->line);
		text_char(out, '\n');
	}
}
