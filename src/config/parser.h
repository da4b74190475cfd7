/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parser.h - what the readers of directives share: words, values, complaints.
 *
 * At most one complaint says that a line is broken; what follows from the
 * same break is not said again. Inside src/config only.
 */
#ifndef CONFIG_PARSER_H
#define CONFIG_PARSER_H

#include "config/lexer.h"
#include "config/options.h"

/* A fudge line waits for its server line, which may come later. */
struct fudge_line {
	struct fudge_line *next;
	struct place place;
	netaddr addr;
	struct fudge_config fudge;
	uint32_t said; /* bit n: the nth word of the scope */
};

struct parser {
	struct config *config;
	struct arena *arena;
	const struct config_loader *loader;
	const struct config_request *request; /* NULL: it is a file */
	struct config_result result;
	struct lexer *lexer; /* of the file that is read now */
	unsigned depth;      /* of includefile */

	/* The line that is read now. */
	const struct option *directive;
	struct word first;
	bool broken;      /* it had its complaint */
	struct text idle; /* its words without effect; start is NULL if none */

	struct place tos_place; /* of the last tos line; line 0: none */
	struct fudge_line *fudges;
	uint64_t said[(OPTIONS + 63) / 64]; /* without effect, and told so */

	/* Where the next one of each list goes. */
	struct complaint **complaint_end;
	struct source_config **source_end;
	struct restrict_config **restrict_end;
	struct nic_config **nic_end;
	struct xdp_config **xdp_end;
	struct setvar_config **setvar_end;
	struct key_range **key_end;
	struct idle_config **idle_end;
	struct group_config **group_end;
	struct fudge_line **fudge_end;
};

/* The next word of the line; false at its end or when it cannot be used. */
MUST_USE bool parser_word(struct parser *p, struct word *w);
/* The same where any characters may stand in it. */
MUST_USE bool parser_string(struct parser *p, struct word *w);
/* Complains when there is more on the line. */
void parser_end(struct parser *p);

struct place parser_place(const struct parser *p);
/* A terminated copy; NULL when there is no memory left. */
const char *parser_keep(struct parser *p, const struct word *w);

/*
 * In `reason` % stands for the word, @ for the option's, $ for its range.
 * The line is broken (parser_broken) or merely bent (parser_complain).
 */
void parser_complain(struct parser *p, enum severity severity,
		     const struct word *w, const struct option *o,
		     const char *reason);
void parser_broken(struct parser *p, const struct word *w,
		   const struct option *o, const char *reason);
/* A word that the scope does not know; the line is broken. */
void parser_unknown(struct parser *p, enum option_scope scope,
		    const struct word *w);
/* Says, the first time, that a word has no effect. */
void parser_say_idle(struct parser *p, const struct option *o,
		     const struct word *w);

/* Finds the word in the scope, complains if it is not there. */
const struct option *parser_option(struct parser *p, enum option_scope scope,
				   const struct word *w);
enum value {
	VALUE_TAKEN,
	VALUE_IGNORED, /* beyond its range; the line goes on */
	VALUE_LOST     /* none, or a fatal one: the line is to be dropped */
};

/*
 * Reads what follows the option and stores it in `base`, or among the idle
 * words when it has no field.
 */
MUST_USE enum value parser_value(struct parser *p, const struct option *o,
				 void *base);

/*
 * Adds a word to the line's words without effect. They begin with the
 * directive where they will be a line of their own.
 */
void parser_idle(struct parser *p, const char *s, size_t len);
void parser_idle_begin(struct parser *p);
/* Keeps them as a line of their own, if there are any. */
void parser_keep_idle(struct parser *p);

/* An address, a network or a name, as the line says it. */
struct host {
	struct word word;
	enum family family; /* asked for with -4 or -6 */
	bool literal;
	netaddr addr;    /* of a literal, without port */
	unsigned prefix; /* of ADDRESS/LENGTH, of 128 bits; else 128 */
};

/* Reads [-4|-6] and a word into host->word. False, with a complaint, if none.
 */
MUST_USE bool parser_host_word(struct parser *p, struct host *h);
/* Finds out what the word is; `network` allows ADDRESS/LENGTH. */
MUST_USE bool parser_host_check(struct parser *p, struct host *h, bool network);

/* The readers of directives; each takes what follows on the line. */
void parse_source(struct parser *p);
void parse_refclock(struct parser *p);
void parse_fudge(struct parser *p);
void parse_unpeer(struct parser *p);
void parse_restrict(struct parser *p);
void parse_unrestrict(struct parser *p);
void parse_nic(struct parser *p);
void parse_system(struct parser *p);
void parse_options(struct parser *p);
void parse_driftfile(struct parser *p);
void parse_leapfile(struct parser *p);
void parse_logconfig(struct parser *p);
void parse_statistics(struct parser *p);
void parse_filegen(struct parser *p);
void parse_setvar(struct parser *p);
void parse_trustedkey(struct parser *p);
void parse_broadcastclient(struct parser *p);
void parse_groups(struct parser *p);
void parse_ttls(struct parser *p);

/* After the last line: gives the fudge lines to their clocks. */
void parse_fudge_all(struct parser *p);

#endif
