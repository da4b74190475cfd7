/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/options.h"

#include <math.h>
#include <string.h>

#define MRU_ENTRY 88 /* bytes; what makes classic's 1024 KiB 11915 entries */

#define FIELD_OF(type, member) \
	_Generic(((struct type *)0)->member, bool \
		 : FIELD_BOOL, uint8_t \
		 : FIELD_U8, int8_t \
		 : FIELD_I8, int \
		 : FIELD_INT, unsigned \
		 : FIELD_UNSIGNED, double \
		 : FIELD_DOUBLE, char * \
		 : FIELD_REFID, const char * \
		 : FIELD_STRING)

#define IN(type, member) \
	{ \
		.field = FIELD_OF(type, member), \
		.offset = offsetof(struct type, member) \
	}
#define NOWHERE \
	{ \
		.field = FIELD_NONE \
	}
#define BITS(value) \
	{ \
		.bits = (value) \
	}
#define WORDS_OF(name) \
	{ \
		.scope = SCOPE_##name \
	}

/* C knows no names with a hyphen. */
#define SPELLED(id, word) \
	((id) == OPTION_DIRECTIVE_server_threads ? "server-threads" : (word))

static const struct option options[] = {
#define OPTION(scope_, word_, type_, low_, high_, beyond_, normal_, target_, \
	       when_, class_, doc_) \
	{ \
		target_, /* a list in braces cannot have a name here */ \
		.scope = SCOPE_##scope_, \
		.word = SPELLED(OPTION_##scope_##_##word_, #word_), \
		.type = TYPE_##type_, \
		.low = (low_), \
		.high = (high_), \
		.beyond = BEYOND_##beyond_, \
		.normal = (normal_), \
		.when = WHEN_##when_, \
		.class = CLASS_##class_, \
		.doc = (doc_), \
	},
#include "config/options.def"
#undef OPTION
};

const struct option *option_at(enum option_id id)
{
	INVARIANT(id < OPTIONS);
	return &options[id];
}

enum option_id option_id(const struct option *o)
{
	return (enum option_id)(o - options);
}

const struct option *option_find(enum option_scope scope, const char *s,
				 size_t len)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		if (options[i].scope == scope &&
		    text_equal(options[i].word, s, len)) {
			return &options[i];
		}
	}
	return NULL;
}

const struct option *option_of_bits(enum option_scope scope, uint32_t bits)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		if (options[i].scope == scope &&
		    options[i].target.bits == bits) {
			return &options[i];
		}
	}
	return NULL;
}

const struct option *option_near(enum option_scope scope, const char *s,
				 size_t len)
{
	const struct option *nearest = NULL;
	unsigned least = len <= 3 ? 1 : len <= 6 ? 2 : 3;
	char lower[64];

	if (len < 2 || len >= sizeof(lower)) {
		return NULL;
	}
	for (size_t i = 0; i < len; i++) {
		bool upper = s[i] >= 'A' && s[i] <= 'Z';

		lower[i] = (char)(upper ? s[i] + ('a' - 'A') : s[i]);
	}
	lower[len] = '\0';
	for (size_t i = 0; i < OPTIONS; i++) {
		if (options[i].scope != scope) {
			continue;
		}
		unsigned distance = text_distance(lower, options[i].word);

		if (distance < least || (distance == least && !nearest)) {
			nearest = &options[i];
			least = distance;
		}
	}
	return nearest;
}

const char *option_home(enum option_scope scope)
{
	static const char *const homes[SCOPES] = {
		[SCOPE_SOURCE] = "server",
		[SCOPE_FUDGE] = "fudge",
		[SCOPE_RESTRICT] = "restrict",
		[SCOPE_DISCARD] = "discard",
		[SCOPE_LIMIT] = "limit",
		[SCOPE_MRU] = "mru",
		[SCOPE_TOS] = "tos",
		[SCOPE_TINKER] = "tinker",
		[SCOPE_SYSTEM] = "enable",
		[SCOPE_STATISTICS] = "statistics",
		[SCOPE_FILEGEN] = "filegen",
		[SCOPE_RLIMIT] = "rlimit",
		[SCOPE_EXTRA] = "extra",
	};

	return homes[scope];
}

/* Minus one in an unsigned field means: as many as there may be. */
static unsigned count_of(double v)
{
	return v < 0 ? UINT32_MAX : (unsigned)v;
}

static double number_of_count(unsigned count)
{
	return count == UINT32_MAX ? -1 : (double)count;
}

void option_set(const struct option *o, void *base, double v)
{
	uint8_t *at = (uint8_t *)base + o->target.offset;
	void *field = at; /* offsetof() keeps the alignment */

	if (o->type == TYPE_KIB && v >= 0) {
		v = floor(v * 1024 / MRU_ENTRY);
	}
	switch (o->target.field) {
	case FIELD_BOOL:
		*(bool *)field = v != 0;
		break;
	case FIELD_U8:
		*(uint8_t *)field = (uint8_t)v;
		break;
	case FIELD_I8:
		*(int8_t *)field = (int8_t)v;
		break;
	case FIELD_INT:
		*(int *)field = (int)v;
		break;
	case FIELD_UNSIGNED:
		*(unsigned *)field = count_of(v);
		break;
	case FIELD_DOUBLE:
		*(double *)field = v;
		break;
	case FIELD_NONE:
	case FIELD_STRING:
	case FIELD_REFID:
		break;
	}
}

double option_number(const struct option *o, const void *base)
{
	const void *field = (const uint8_t *)base + o->target.offset;

	switch (o->target.field) {
	case FIELD_BOOL:
		return *(const bool *)field;
	case FIELD_U8:
		return *(const uint8_t *)field;
	case FIELD_I8:
		return *(const int8_t *)field;
	case FIELD_INT:
		return *(const int *)field;
	case FIELD_UNSIGNED:
		return number_of_count(*(const unsigned *)field);
	case FIELD_DOUBLE:
		return *(const double *)field;
	case FIELD_NONE:
	case FIELD_STRING:
	case FIELD_REFID:
		break;
	}
	return o->normal;
}

const char *authselect_word(unsigned policy)
{
	static const char *const words[AUTHSELECTS] = {
		[AUTHSELECT_IGNORE] = "ignore",
		[AUTHSELECT_MIX] = "mix",
		[AUTHSELECT_PREFER] = "prefer",
		[AUTHSELECT_REQUIRE] = "require",
	};

	return policy < AUTHSELECTS ? words[policy] : NULL;
}

void option_set_string(const struct option *o, void *base, const char *s)
{
	void *field = (uint8_t *)base + o->target.offset;

	if (o->target.field == FIELD_STRING) {
		*(const char **)field = s;
	} else if (o->target.field == FIELD_REFID && strlen(s) <= 4) {
		memcpy(field, s, strlen(s) + 1);
	}
}

const char *option_string(const struct option *o, const void *base)
{
	const void *field = (const uint8_t *)base + o->target.offset;

	if (o->target.field == FIELD_STRING) {
		return *(const char *const *)field;
	}
	if (o->target.field == FIELD_REFID) {
		return *(const char *)field ? field : NULL;
	}
	return NULL;
}

/* Where the fact is kept that a row of TYPE_GIVEN was given. */
static size_t given_offset(const struct option *o)
{
	if (option_id(o) == OPTION_TINKER_freq) {
		return offsetof(struct config, tinker.freq_given);
	}
	return option_id(o) == OPTION_TOS_orphanwait
		       ? offsetof(struct config, tos.orphanwait_given)
		       : offsetof(struct config, broadcast_delay_given);
}

void option_give(const struct option *o, struct config *c)
{
	*(bool *)((uint8_t *)c + given_offset(o)) = true;
}

bool option_is_given(const struct option *o, const struct config *c)
{
	return o->type == TYPE_GIVEN &&
	       *(const bool *)((const uint8_t *)c + given_offset(o));
}

void option_reset(enum option_scope scope, void *base)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		if (options[i].scope == scope && options[i].type != TYPE_KIB) {
			option_set(&options[i], base, options[i].normal);
		}
	}
}
