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
	p->config->leapfile = keep_path(p, &w);
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

/* The types that the rest of a key names; 0: none. */
static uint32_t log_types(const char *s, size_t len)
{
	const struct option *o = option_find(SCOPE_LOGTYPE, s, len);

	if (len == 0 || text_equal("all", s, len)) {
		return (UINT32_C(1) << LOGTYPES) - 1;
	}
	return o ? UINT32_C(1) << o->target.bits : 0;
}

/* The bits that a key such as syncall or peerevents names; 0: none. */
static uint32_t log_bits(const char *s, size_t len)
{
	uint32_t bits = 0;

	for (unsigned class = 0; class < LOGCLASSES; class ++) {
		const char *word = option_of_bits(SCOPE_LOGCLASS, class)->word;
		size_t n = strlen(word);
		bool named = len >= n && memcmp(s, word, n) == 0;

		if (!named && len >= 3 && memcmp(s, "all", 3) == 0) {
			named = true;
			n = 3;
		}
		if (named) {
			bits |= log_types(s + n, len - n) << class * LOGTYPES;
		}
	}
	return bits;
}

void parse_logconfig(struct parser *p)
{
	struct config *c = p->config;
	char sign = '='; /* without a sign the key is all there is */
	struct word w;

	while (parser_string(p, &w)) {
		bool has_sign = w.len > 0 && memchr("=+-", w.text[0], 3);
		uint32_t bits;

		sign = has_sign ? w.text[0] : sign;
		bits = log_bits(w.text + has_sign, w.len - has_sign);
		if (has_sign && w.len == 1) {
			continue; /* a blank between sign and key */
		}
		if (bits == 0) {
			parser_complain(p, COMPLAINT_WARN, &w, NULL,
					"logconfig: % not recognized - "
					"ignored");
		} else if (sign == '+') {
			c->logconfig |= bits;
		} else if (sign == '-') {
			c->logconfig &= ~bits;
		} else {
			c->logconfig = bits;
		}
		sign = '=';
	}
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
	return parser_value(p, o, f);
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
