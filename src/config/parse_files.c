/* SPDX-License-Identifier: BSD-2-Clause */
/* Files and logs: driftfile, leapfile, logconfig, statistics, filegen. */
#include <string.h>

#include "config/parser.h"

/* A path; "" means none, as does nothing at all. */
static const char *keep_path(struct parser *p, const struct word *w)
{
	return w->len > 0 ? parser_keep(p, w) : NULL;
}

void parse_driftfile(struct parser *p)
{
	struct word w;

	p->config->driftfile = NULL;
	if (!parser_string(p, &w)) {
		return;
	}
	p->config->driftfile = keep_path(p, &w);
	if (parser_string(p, &w)) {
		double wander;

		if (!text_to_double(w.text, w.len, &wander)) {
			parser_broken(p, &w, NULL,
				      "only one path may stand here; % is "
				      "ignored");
			return;
		}
		parser_complain(p, COMPLAINT_INFO, &w, NULL,
				"a wander threshold behind the path is "
				"obsolete and ignored: see nonvolatile");
	}
	parser_end(p);
}

void parse_leapfile(struct parser *p)
{
	struct word w;

	if (!parser_string(p, &w)) {
		parser_broken(p, &w, p->directive, "@ needs a path behind it");
		return;
	}
	p->config->leapfile = parser_keep(p, &w);
	p->config->leap_check_hash = true;
	if (!parser_word(p, &w)) {
		return;
	}
	if (word_is(&w, "ignorehash")) {
		p->config->leap_check_hash = false;
	} else if (!word_is(&w, "checkhash")) {
		parser_broken(p, &w, NULL,
			      "only 'checkhash' or 'ignorehash' may stand "
			      "here, not %");
	}
	parser_end(p);
}

void parse_statistics(struct parser *p)
{
	struct word w;

	while (parser_word(p, &w)) {
		const struct option *o = parser_option(p, SCOPE_STATISTICS, &w);

		if (!o) {
			return;
		}
		struct filegen_config *f = &p->config->filegens[o->target.bits];

		if (!f->said) {
			f->enabled = true;
		}
	}
}

static bool read_filegen_type(struct parser *p, struct filegen_config *f)
{
	const struct option *o;
	struct word w;

	if (!parser_word(p, &w)) {
		parser_broken(p, &w, NULL, "'type' needs a word behind it");
		return false;
	}
	o = parser_option(p, SCOPE_FILEGENTYPE, &w);
	if (o) {
		f->type = (enum filegen_type)o->target.bits;
	}
	return o != NULL;
}

/* False: nothing of the line is to be kept. */
static bool read_filegen_word(struct parser *p, struct filegen_config *f,
			      const struct option *o)
{
	if (option_id(o) == OPTION_FILEGEN_type) {
		return read_filegen_type(p, f);
	}
	if (option_id(o) == OPTION_FILEGEN_nolink) {
		f->link = false;
		return true;
	}
	if (option_id(o) == OPTION_FILEGEN_disable) {
		f->enabled = false;
		return true;
	}
	return parser_value(p, o, f) != VALUE_LOST;
}

void parse_filegen(struct parser *p)
{
	struct filegen_config f;
	const struct option *kind, *o;
	struct word w;

	if (!parser_word(p, &w)) {
		parser_broken(p, &w, p->directive,
			      "@ needs a kind of statistics behind it");
		return;
	}
	kind = parser_option(p, SCOPE_STATISTICS, &w);
	if (!kind) {
		return;
	}
	f = p->config->filegens[kind->target.bits];
	f.said = true;
	f.enabled = true;
	while (parser_word(p, &w)) {
		o = parser_option(p, SCOPE_FILEGEN, &w);
		if (!o) {
			break; /* what stood before it holds */
		}
		if (!read_filegen_word(p, &f, o)) {
			return;
		}
	}
	if (f.file && !*f.file) {
		f.file = NULL;
	}
	p->config->filegens[kind->target.bits] = f;
}
