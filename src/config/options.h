/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h - the words of ntp.conf as a table (options.def).
 *
 * A row knows its range, its default and its field in the configuration, so
 * that most directives are read, checked and printed by the same few lines.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include "config/config.h"

/* Where a word may stand. */
enum option_scope {
	SCOPE_DIRECTIVE,
	SCOPE_SOURCE,
	SCOPE_FUDGE,
	SCOPE_DRIVER,
	SCOPE_RESTRICT,
	SCOPE_DISCARD,
	SCOPE_LIMIT,
	SCOPE_MRU,
	SCOPE_TOS,
	SCOPE_TINKER,
	SCOPE_SYSTEM, /* enable, disable */
	SCOPE_STATISTICS,
	SCOPE_FILEGEN,
	SCOPE_FILEGENTYPE,
	SCOPE_LOGCLASS,
	SCOPE_LOGTYPE,
	SCOPE_NICACTION,
	SCOPE_NIC,
	SCOPE_XDPMODE,
	SCOPE_RLIMIT,
	SCOPE_EXTRA,
	SCOPE_LISTEN,
	SCOPES
};

/* What follows a word. */
enum option_type {
	/* Values. */
	TYPE_FLAG,   /* nothing */
	TYPE_MASK,   /* nothing; sets bits or names a constant */
	TYPE_BIT,    /* 0 or 1; other numbers count as 1 */
	TYPE_INT,    /* also 0x... */
	TYPE_AUTO,   /* an INT; or `auto`, which is -1 */
	TYPE_REAL,   /* kept to 1e-9 */
	TYPE_KIB,    /* KiB for a count of 88-byte entries */
	TYPE_STEP,   /* a real, for both directions */
	TYPE_GIVEN,  /* a real, and the fact that it was given */
	TYPE_STRING, /* any word */
	TYPE_DATE,   /* 2026-11-24 */
	TYPE_POLICY, /* ignore, mix, prefer or require (enum authselect) */
	TYPE_REFID,  /* up to four characters */
	TYPE_DRIVER, /* the name of a reference clock's driver */
	/* The grammars of directives. */
	TYPE_WORDS, /* anything, without effect */
	TYPE_OPTIONS,
	TYPE_SYSTEM,
	TYPE_SOURCE,
	TYPE_REFCLOCK,
	TYPE_FUDGE,
	TYPE_UNPEER,
	TYPE_RESTRICT,
	TYPE_UNRESTRICT,
	TYPE_NIC,
	TYPE_DRIFTFILE,
	TYPE_LEAPFILE,
	TYPE_LOGCONFIG,
	TYPE_STATISTICS,
	TYPE_FILEGEN,
	TYPE_INCLUDE,
	TYPE_SETVAR,
	TYPE_TRUSTEDKEY,
	TYPE_LISTEN,
	TYPE_GROUPS,
	TYPE_TTLS,
	TYPE_SIMULATE,
	TYPE_END,
};

enum option_beyond { BEYOND_CLAMP, BEYOND_IGNORE, BEYOND_DROP };
enum option_when { WHEN_LIVE, WHEN_LOCAL, WHEN_RESTART };
enum option_class {
	CLASS_MUST,
	CLASS_SHOULD,
	CLASS_RARE,
	CLASS_LATER,
	CLASS_OBSOLETE
};

enum option_field {
	FIELD_NONE,
	FIELD_BOOL,
	FIELD_U8,
	FIELD_I8,
	FIELD_INT,
	FIELD_UNSIGNED,
	FIELD_DOUBLE,
	FIELD_STRING,
	FIELD_REFID
};

struct option_target {
	size_t offset; /* of the field in its struct */
	enum option_field field;
	uint32_t bits;           /* of a mask, or the constant's value */
	enum option_scope scope; /* of the words of a directive */
};

struct option {
	struct option_target target;
	const char *word;
	const char *doc;
	double low, high, normal;
	enum option_scope scope;
	enum option_type type;
	enum option_beyond beyond;
	enum option_when when;
	enum option_class class;
};

enum option_id {
#define OPTION(scope, word, ...) OPTION_##scope##_##word,
#include "config/options.def"
#undef OPTION
	OPTIONS
};

const struct option *option_at(enum option_id id);
enum option_id option_id(const struct option *o);

/* The row of a word in a scope, or NULL. */
const struct option *option_find(enum option_scope scope, const char *s,
				 size_t len);
/* The row of a constant in a scope, or NULL. */
const struct option *option_of_bits(enum option_scope scope, uint32_t bits);
/* The most similar word of the scope, or NULL when none is near. */
const struct option *option_near(enum option_scope scope, const char *s,
				 size_t len);
/* The directive on whose lines the words of a scope stand, or NULL. */
const char *option_home(enum option_scope scope);

/* Numbers; `base` is the struct that the row's field is in. */
void option_set(const struct option *o, void *base, double v);
double option_number(const struct option *o, const void *base);
/* Paths and names; NULL for those not given. */
/* The word for a value of enum authselect; NULL beyond it. */
const char *authselect_word(unsigned policy);

void option_set_string(const struct option *o, void *base, const char *s);
const char *option_string(const struct option *o, const void *base);

/* Rows of TYPE_GIVEN note that somebody gave them. */
void option_give(const struct option *o, struct config *c);
bool option_is_given(const struct option *o, const struct config *c);

/* Gives every number of a scope its default. */
void option_reset(enum option_scope scope, void *base);

#endif
