/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/config.h"

#include <string.h>

#include "config/parser.h"

/*
 * What a byte of text can cost at most: the complaint about a wrong line of
 * two bytes takes about 80; longer lines make longer nodes, but less of them
 * a byte (test_normalform.c).
 */
#define ARENA_FACTOR 64
#define ARENA_FLOOR 32768 /* every word's one remark, and a last line */

#define TOS_MAX 160 /* of the one complaint about tos as a whole */

void config_defaults(struct config *c)
{
	*c = (struct config){ .logconfig = LOG_EVERYTHING,
			      .leap_check_hash = true };
	option_reset(SCOPE_DIRECTIVE, c);
	option_reset(SCOPE_TOS, c);
	option_reset(SCOPE_TINKER, c);
	option_reset(SCOPE_DISCARD, c);
	option_reset(SCOPE_LIMIT, c);
	option_reset(SCOPE_MRU, c);
	option_reset(SCOPE_SYSTEM, c);
	option_reset(SCOPE_RLIMIT, c);
	option_reset(SCOPE_EXTRA, c);
	for (unsigned i = 0; i < STATS_KINDS; i++) {
		c->filegens[i].type = FILEGEN_DAY;
		c->filegens[i].link = true;
	}
}

size_t config_arena_size(size_t len)
{
	return len > (SIZE_MAX - ARENA_FLOOR) / ARENA_FACTOR
		       ? SIZE_MAX
		       : ARENA_FLOOR + len * ARENA_FACTOR;
}

static void parse_file(struct parser *p, struct lexer *lexer);

/* Red Hat's ntp.conf names this file, which only Red Hat's package had. */
static bool is_autokeys(const char *path)
{
	static const char end[] = "/crypto/pw";
	size_t len = strlen(path), n = sizeof(end) - 1;

	return len >= n && memcmp(path + len - n, end, n) == 0;
}

static void parse_include(struct parser *p)
{
	const struct config_loader *loader = p->loader;
	struct lexer *outer = p->lexer, inner;
	struct word w;
	const char *path, *text;
	size_t len;

	if (!parser_string(p, &w)) {
		parser_broken(p, &w, p->directive, "@ needs a path behind it");
		return;
	}
	parser_end(p);
	if (p->depth == CONFIG_INCLUDE_DEPTH) {
		parser_broken(p, &w, NULL,
			      "% is not read: files may be included five "
			      "deep");
		return;
	}
	path = parser_keep(p, &w);
	text = path && loader ? loader->load(loader->context, path, &len)
			      : NULL;
	if (path && !text && is_autokeys(path)) {
		parser_complain(p, COMPLAINT_INFO, &w, NULL,
				"getconfig: Couldn't open %: it held the "
				"password of Autokey, which is obsolete");
		return;
	}
	if (!text) {
		parser_broken(p, &w, NULL, "getconfig: Couldn't open %");
		return;
	}
	lexer_init(&inner, path, text, len);
	p->depth++;
	parse_file(p, &inner);
	p->depth--;
	p->lexer = outer;
}

/*
 * simulate { ... } spans lines. A brace that never closes would hide the rest
 * of the file, restrict lines and all.
 */
static void parse_simulate(struct parser *p)
{
	unsigned open = 0;
	struct word w;

	do {
		while (lexer_word(p->lexer, &w)) {
			open += word_is(&w, "{");
			open -= open > 0 && word_is(&w, "}");
		}
	} while (open > 0 && lexer_line(p->lexer));
	if (open > 0) {
		parser_complain(p, COMPLAINT_FATAL, &w, NULL,
				"the file ends before the '}' of simulate");
	}
}

static void parse_words(struct parser *p)
{
	struct word w;

	parser_idle_begin(p);
	while (parser_string(p, &w)) {
		parser_idle(p, w.text, w.len);
	}
	parser_keep_idle(p);
}

static void parse_value(struct parser *p)
{
	const struct option *o = p->directive;

	if (parser_value(p, o, p->config) != VALUE_LOST) {
		const char *path = option_string(o, p->config);

		/* "" is none, and has to be said where there is one anyhow. */
		if (path && !*path &&
		    option_id(o) != OPTION_DIRECTIVE_statefile) {
			option_set_string(o, p->config, NULL);
		}
		parser_end(p);
	}
}

static void parse_to_end(struct parser *p)
{
	p->lexer->at = p->lexer->end;
}

static void parse_directive(struct parser *p)
{
	static void (*const readers[])(struct parser *) = {
		[TYPE_WORDS] = parse_words,
		[TYPE_OPTIONS] = parse_options,
		[TYPE_SYSTEM] = parse_system,
		[TYPE_SOURCE] = parse_source,
		[TYPE_REFCLOCK] = parse_refclock,
		[TYPE_FUDGE] = parse_fudge,
		[TYPE_UNPEER] = parse_unpeer,
		[TYPE_RESTRICT] = parse_restrict,
		[TYPE_UNRESTRICT] = parse_unrestrict,
		[TYPE_NIC] = parse_nic,
		[TYPE_DRIFTFILE] = parse_driftfile,
		[TYPE_LEAPFILE] = parse_leapfile,
		[TYPE_LOGCONFIG] = parse_logconfig,
		[TYPE_STATISTICS] = parse_statistics,
		[TYPE_FILEGEN] = parse_filegen,
		[TYPE_INCLUDE] = parse_include,
		[TYPE_SETVAR] = parse_setvar,
		[TYPE_TRUSTEDKEY] = parse_trustedkey,
		[TYPE_LISTEN] = parse_broadcastclient,
		[TYPE_GROUPS] = parse_groups,
		[TYPE_TTLS] = parse_ttls,
		[TYPE_SIMULATE] = parse_simulate,
		[TYPE_END] = parse_to_end,
	};

	if (readers[p->directive->type]) {
		readers[p->directive->type](p);
	} else {
		parse_value(p); /* a directive with one value */
	}
}

/* Who misspells `restrict` is not to be as open as who never wrote it. */
static const struct option *find_directive(struct parser *p)
{
	const struct word *w = &p->first;
	const struct option *o = parser_option(p, SCOPE_DIRECTIVE, w);
	const struct option *near =
		o ? NULL : option_near(SCOPE_DIRECTIVE, w->text, w->len);

	if (!near || option_id(near) != OPTION_DIRECTIVE_restrict) {
		return o;
	}
	p->broken = false;
	return near;
}

static void parse_file(struct parser *p, struct lexer *lexer)
{
	p->lexer = lexer;
	/* With the memory spent there is nowhere to keep a line. */
	while (!p->arena->failed && lexer_line(lexer)) {
		p->broken = false;
		p->idle = (struct text){ .start = NULL };
		p->directive = NULL;
		if (!parser_word(p, &p->first)) {
			continue;
		}
		p->directive = find_directive(p);
		if (p->directive) {
			parse_directive(p);
		}
	}
}

/* Classic's words: people search for them. */
static void explain_tos(const struct tos_config *tos, struct text *out)
{
	text_str(out, "tos error: must have minsane (");
	text_u64(out, tos->minsane);
	text_str(out, ") < minclock (");
	text_u64(out, tos->minclock);
	text_str(out, ") <= maxclock (");
	text_u64(out, tos->maxclock);
	text_str(out, ") - daemon will not operate properly!");
}

static void check_tos(struct parser *p, struct lexer *lexer)
{
	const struct tos_config *tos = &p->config->tos;
	struct word w = { .column = p->tos_place.column };
	char buffer[TOS_MAX];
	struct text reason = text_over(buffer, sizeof(buffer));

	if (p->tos_place.line == 0 ||
	    (tos->minsane < tos->minclock && tos->minclock <= tos->maxclock)) {
		return;
	}
	*lexer = (struct lexer){ .file = p->tos_place.file,
				 .line = p->tos_place.line };
	p->lexer = lexer;
	explain_tos(tos, &reason);
	parser_complain(p, COMPLAINT_WARN, &w, NULL, buffer);
}

/* What this file says goes behind what was said before. */
static void find_ends(struct parser *p)
{
	struct config *c = p->config;

	p->source_end = &c->sources;
	while (*p->source_end) {
		p->source_end = &(*p->source_end)->next;
	}
	p->restrict_end = &c->restricts;
	while (*p->restrict_end) {
		p->restrict_end = &(*p->restrict_end)->next;
	}
	p->nic_end = &c->nics;
	while (*p->nic_end) {
		p->nic_end = &(*p->nic_end)->next;
	}
	p->xdp_end = &c->xdps;
	while (*p->xdp_end) {
		p->xdp_end = &(*p->xdp_end)->next;
	}
	p->setvar_end = &c->setvars;
	while (*p->setvar_end) {
		p->setvar_end = &(*p->setvar_end)->next;
	}
	p->group_end = &c->groups;
	while (*p->group_end) {
		p->group_end = &(*p->group_end)->next;
	}
	p->key_end = &c->trusted_keys;
	while (*p->key_end) {
		p->key_end = &(*p->key_end)->next;
	}
	p->idle_end = &c->idles;
	while (*p->idle_end) {
		p->idle_end = &(*p->idle_end)->next;
	}
	p->complaint_end = &p->result.complaints;
	p->fudge_end = &p->fudges;
}

static struct config_result parse_text(struct parser *p, const char *file,
				       const char *text, size_t len)
{
	struct lexer lexer;

	find_ends(p);
	lexer_init(&lexer, file, text, len);
	parse_file(p, &lexer);
	parse_fudge_all(p);
	check_tos(p, &lexer);
	p->result.out_of_memory = p->arena->failed;
	return p->result;
}

struct config_result config_parse(struct config *c, struct arena *arena,
				  const char *file, const char *text,
				  size_t len,
				  const struct config_loader *loader)
{
	struct parser p = { .config = c, .arena = arena, .loader = loader };

	return parse_text(&p, file, text, len);
}

struct config_result config_parse_request(struct config *c, struct arena *arena,
					  const char *text, size_t len,
					  const struct config_request *request)
{
	struct parser p = { .config = c, .arena = arena, .request = request };

	c->disabled = 0;
	return parse_text(&p, "request", text, len);
}

void complaint_print(const struct complaint *c, struct text *out)
{
	text_str(out, c->place.file);
	text_char(out, ':');
	text_u64(out, c->place.line);
	text_char(out, ':');
	text_u64(out, c->place.column);
	text_str(out, ": ");
	text_str(out, c->text);
}
