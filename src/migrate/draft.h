/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * draft.h - an ntp.conf in the making: its parts, in the order of printing.
 * Inside src/migrate only.
 */
#ifndef MIGRATE_DRAFT_H
#define MIGRATE_DRAFT_H

#include <stdio.h>

#include "base/compiler.h"

#define LINE_WORDS 64
#define INCLUDE_DEPTH 5
#define WHO 254 /* octets: a name of the DNS and its end */

enum part {
	PART_SOURCES,
	PART_CLOCKS,
	PART_DISCIPLINE,
	PART_ACCESS,
	PART_RECORDS,
	PART_NEEDLESS,
	PART_LEFT,
	PARTS
};

/* A line that is read: its words, and where it stands. */
struct line {
	const char *file;
	unsigned number;
	const char *word[LINE_WORDS];
	size_t count;     /* at least 1 */
	const char *text; /* all of it */
};

/* Who may ask, in the order of the file. */
struct rule {
	char who[WHO]; /* an address, a network or a name */
	bool allowed;
};

struct draft {
	FILE *part[PARTS];
	char *text[PARTS];
	size_t len[PARTS];

	struct rule *rules;
	size_t rule_count, rule_room;
	bool serves[2]; /* anybody of IPv4, of IPv6 */
	bool limited, signs;
	bool bound[2]; /* to an address of IPv4, of IPv6 */

	unsigned sources, left;
	const char *open[INCLUDE_DEPTH]; /* the files that are being read */
	unsigned depth;
	const struct line *now; /* that is being read, or NULL */
	int err;
};

/* 0 or -ENOMEM. */
int draft_open(struct draft *d);
void draft_close(struct draft *d);

/*
 * Adds to a part whole lines, the last one without its end. What ntpd would
 * complain of is left, and only what it takes all the same is added; false:
 * nothing is.
 */
bool draft_line(struct draft *d, enum part part, const char *format, ...)
	LIKE_PRINTF(3, 4);
/* The line is no line of ntp.conf, and why. */
void draft_needless(struct draft *d, const struct line *l, const char *why);
void draft_leave(struct draft *d, const struct line *l, const char *why);
/* The same of one word of it. */
void draft_leave_word(struct draft *d, const struct line *l, const char *word,
		      const char *why);
/* The rule of the last who asks so decides. */
void draft_rule(struct draft *d, const char *who, bool allowed);
/* The lines of ntp.conf about who may ask. */
void draft_access(struct draft *d);
void draft_print(struct draft *d, const char *from, FILE *to);

/* log2 of seconds, as our minpoll and maxpoll may be. */
int draft_poll(double log2_s);

/*
 * Each line of a file that is not empty, split at blanks, to `take`; what
 * begins with one of `comments` is none. False: it cannot be read, and
 * errno says why; a file that includes itself is ELOOP.
 */
typedef void take_line(struct draft *d, const struct line *l);
MUST_USE bool draft_read(struct draft *d, const char *path,
			 const char *comments, take_line *take);
/* All files that match, in the order of their names; of none it is said so. */
void draft_read_all(struct draft *d, const char *pattern, const char *comments,
		    take_line *take);

/* The readers of each kind. */
void chrony_read(struct draft *d, const char *path);
void ntp_read(struct draft *d, const char *path);
void openntpd_read(struct draft *d, const char *path);
void timesyncd_read(struct draft *d, const char *path);

#endif
