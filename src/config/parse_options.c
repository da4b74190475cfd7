/* SPDX-License-Identifier: BSD-2-Clause */
/* Directives that are lists of words: tos, tinker, enable, setvar and more. */
#include <string.h>

#include "config/parser.h"

void parse_options(struct parser *p)
{
	struct config before = *p->config;
	enum option_scope scope = p->directive->target.scope;
	struct word w;
	bool any = false;

	while (parser_word(p, &w)) {
		const struct option *o = parser_option(p, scope, &w);

		any = true;
		if (!o) {
			break; /* what stood before it holds */
		}
		if (parser_value(p, o, p->config) == VALUE_LOST) {
			*p->config = before;
			return;
		}
	}
	if (!any) {
		parser_broken(p, &w, p->directive, "@ needs words behind it");
	}
	if (scope == SCOPE_TOS) {
		p->tos_place = parser_place(p);
	}
	parser_keep_idle(p);
}

/* The bit of a feature in config.disabled. */
static uint32_t feature_bit(const struct option *o)
{
	return UINT32_C(1) << (option_id(o) - OPTION_SYSTEM_auth);
}

static void switch_feature(struct config *c, const struct option *o, bool on)
{
	if (!on) {
		c->disabled |= feature_bit(o);
	}
	/* disable wins over enable, whichever comes first. */
	option_set(o, c, !(c->disabled & feature_bit(o)));
}

void parse_system(struct parser *p)
{
	bool on = option_id(p->directive) == OPTION_DIRECTIVE_enable;
	struct word w;
	bool any = false;

	while (parser_word(p, &w)) {
		const struct option *o = parser_option(p, SCOPE_SYSTEM, &w);

		any = true;
		if (!o) {
			break;
		}
		if (o->target.field == FIELD_NONE) {
			parser_idle(p, o->word, strlen(o->word));
		} else {
			switch_feature(p->config, o, on);
		}
	}
	if (!any) {
		parser_broken(p, &w, p->directive, "@ needs words behind it");
	}
	parser_keep_idle(p);
}

static bool is_variable(const struct word *w)
{
	for (size_t i = 0; i < w->len; i++) {
		char lower = (char)(w->text[i] | 0x20);
		bool digit = w->text[i] >= '0' && w->text[i] <= '9';
		bool letter = lower >= 'a' && lower <= 'z';

		if (!digit && !letter && w->text[i] != '_' &&
		    w->text[i] != '-' && w->text[i] != '.') {
			return false;
		}
	}
	return w->len > 0;
}

/* The variable of that name; a new one at the end if there is none. */
static struct setvar_config *variable(struct parser *p, const char *name)
{
	struct setvar_config *v = p->config->setvars;

	while (v && strcmp(v->name, name) != 0) {
		v = v->next;
	}
	if (v) {
		return v;
	}
	v = arena_take(p->arena, sizeof(*v));
	if (v) {
		v->name = name;
		*p->setvar_end = v;
		p->setvar_end = &v->next;
	}
	return v;
}

void parse_setvar(struct parser *p)
{
	struct word name, equals, value, w;
	bool by_default = false;

	if (!parser_word(p, &name) || !is_variable(&name)) {
		parser_broken(p, &name, p->directive,
			      "@ needs a variable's name behind it");
		return;
	}
	if (!parser_word(p, &equals) || !word_is(&equals, "=")) {
		parser_broken(p, &equals, NULL, "'=' is missing here");
		return;
	}
	if (!parser_string(p, &value)) {
		parser_broken(p, &value, NULL, "the value is missing");
		return;
	}
	if (parser_word(p, &w)) {
		by_default = word_is(&w, "default");
		if (!by_default) {
			parser_broken(p, &w, NULL,
				      "only 'default' may stand here, not %");
		}
	}
	parser_end(p);

	const char *kept = parser_keep(p, &name);
	struct setvar_config *v = kept ? variable(p, kept) : NULL;

	if (v) {
		v->value = parser_keep(p, &value);
		v->by_default = by_default;
	}
}
