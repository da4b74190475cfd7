/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chrony.conf(5). `chrony.def` names every word of it; who may ask is in
 * chronyaccess.c, whom we ask in chronysource.c.
 */
#include "migrate/chrony.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COMMENTS "!;#%"

static void take(struct draft *d, const struct line *l);

/* The number behind the first word; or the line is left, with a reason. */
static bool number(struct draft *d, const struct line *l, double *v)
{
	char *end = NULL;

	if (l->count > 1) {
		*v = strtod(l->word[1], &end);
	}
	if (!end || *end != '\0' || end == l->word[1]) {
		draft_leave(d, l, "there should be a number");
		return false;
	}
	return true;
}

static bool one_word(struct draft *d, const struct line *l)
{
	if (l->count < 2) {
		draft_leave(d, l, "there should be a word behind it");
	}
	return l->count > 1;
}

static void take_manual(struct draft *d, const struct line *l)
{
	draft_leave(d, l, "the time cannot be typed in: set it by date(1)");
}

static void take_port(struct draft *d, const struct line *l)
{
	double port;

	if (!number(d, l, &port)) {
		return;
	}
	if (port == 0) {
		d->rule_count = 0;
		d->serves[0] = d->serves[1] = false;
		draft_line(d, PART_RECORDS, "interface ignore all");
		return;
	}
	if (port == 123) {
		draft_needless(d, l, "it is the port of NTP");
		return;
	}
	draft_leave(d, l, "an option of ntpd: add --port N to its options");
}

static void take_bind(struct draft *d, const struct line *l)
{
	if (!one_word(d, l)) {
		return;
	}
	if (strcmp(l->word[1], "0.0.0.0") == 0 ||
	    strcmp(l->word[1], "::") == 0) {
		draft_needless(d, l, "it listens on every address");
	} else if (draft_line(d, PART_RECORDS, "interface listen %s",
			      l->word[1]) &&
		   strcasecmp(l->word[0], "bindaddress") == 0) {
		d->bound[strchr(l->word[1], ':') != NULL] = true;
	}
}

static void take_smoothtime(struct draft *d, const struct line *l)
{
	if (l->count > 3 && strcasecmp(l->word[3], "leaponly") == 0) {
		draft_line(d, PART_DISCIPLINE, "leapsmearinterval 86400");
		return;
	}
	draft_leave(d, l,
		    "what is served is the clock: it is smeared for a "
		    "leap second only (`leapsmearinterval`)");
}

/* "makestep THRESHOLD LIMIT": in the first LIMIT updates, or always (-1). */
static void take_makestep(struct draft *d, const struct line *l)
{
	double threshold;

	if (!number(d, l, &threshold)) {
		return;
	}
	if (l->count > 2 && strtol(l->word[2], NULL, 10) < 0) {
		draft_line(d, PART_DISCIPLINE, "tinker step %s", l->word[1]);
		return;
	}
	draft_needless(d, l,
		       "the first offset after a start is corrected at once; a "
		       "later one beyond 0.128 s is stepped when it lasts "
		       "(`tinker step`)");
}

static void take_maxchange(struct draft *d, const struct line *l)
{
	double offset;

	if (!number(d, l, &offset)) {
		return;
	}
	draft_line(d, PART_DISCIPLINE, "tinker panic %s", l->word[1]);
	if (l->count > 2) {
		draft_leave(d, l,
			    "the first offset ends it too, unless it is "
			    "started with -g; and so does the first one that "
			    "is too large");
	}
}

static void take_maxslewrate(struct draft *d, const struct line *l)
{
	double ppm;

	if (number(d, l, &ppm)) {
		draft_line(d, PART_DISCIPLINE, "tinker slewrate %g",
			   ppm < 1       ? 1
			   : ppm > 90000 ? 90000
					 : ppm);
	}
}

static void take_maxdistance(struct draft *d, const struct line *l)
{
	double distance;

	if (number(d, l, &distance)) {
		draft_line(d, PART_DISCIPLINE, "tos maxdist %s", l->word[1]);
	}
}

static void take_minsources(struct draft *d, const struct line *l)
{
	double sources;

	if (!number(d, l, &sources)) {
		return;
	}
	/* ntpd wants minsane < minclock <= maxclock. */
	unsigned sane = (unsigned)fmin(fmax(sources, 1), 900);

	draft_line(d, PART_DISCIPLINE, "tos minsane %u minclock %u maxclock %u",
		   sane, sane < 3 ? 3 : sane + 1, sane < 10 ? 10 : sane + 1);
}

static void take_authselect(struct draft *d, const struct line *l)
{
	if (one_word(d, l)) {
		draft_line(d, PART_DISCIPLINE, "tos authselect %s", l->word[1]);
	}
}

static void take_leapseclist(struct draft *d, const struct line *l)
{
	if (one_word(d, l)) {
		draft_line(d, PART_DISCIPLINE, "leapfile %s", l->word[1]);
	}
}

static void take_leapsecmode(struct draft *d, const struct line *l)
{
	if (l->count > 1 && strcasecmp(l->word[1], "system") == 0) {
		draft_needless(d, l, "it is what is always done");
	} else if (l->count > 1 && strcasecmp(l->word[1], "step") == 0) {
		draft_line(d, PART_DISCIPLINE, "disable kernel");
	} else {
		draft_leave(
			d, l,
			"the kernel does the leap second; `tinker step 0` "
			"has it slewed away, and steps nothing else either");
	}
}

static void take_keyfile(struct draft *d, const struct line *l)
{
	if (one_word(d, l)) {
		draft_line(d, PART_RECORDS,
			   "# Keys need a type each, and ntpd's group must be "
			   "able to read the file.\nkeys %s",
			   l->word[1]);
	}
}

static void take_dscp(struct draft *d, const struct line *l)
{
	double point;

	if (number(d, l, &point)) {
		draft_line(d, PART_RECORDS, "dscp %s", l->word[1]);
	}
}

static void take_pidfile(struct draft *d, const struct line *l)
{
	draft_needless(d, l, "its service knows its process number");
}

static void take_lock_all(struct draft *d, const struct line *l)
{
	(void)l;
	draft_line(d, PART_RECORDS, "rlimit memlock 0");
}

/* "log measurements statistics tracking ..." */
static void take_log(struct draft *d, const struct line *l)
{
	static const struct {
		const char *word, *as;
	} kinds[] = { { "rawmeasurements", "rawstats" },
		      { "measurements", "rawstats" },
		      { "statistics", "peerstats" },
		      { "tracking", "loopstats" },
		      { "refclocks", "clockstats" } };

	draft_line(d, PART_RECORDS, "statsdir /var/log/ntpstats/");
	for (size_t i = 1; i < l->count; i++) {
		size_t j = 0;

		while (j < ARRAY_LEN(kinds) &&
		       strcasecmp(l->word[i], kinds[j].word) != 0) {
			j++;
		}
		if (j < ARRAY_LEN(kinds)) {
			draft_line(d, PART_RECORDS, "statistics %s",
				   kinds[j].as);
		} else {
			draft_leave_word(d, l, l->word[i],
					 "there is no such log");
		}
	}
}

static void take_include(struct draft *d, const struct line *l)
{
	if (one_word(d, l)) {
		draft_read_all(d, l->word[1], COMMENTS, take);
	}
}

static void read_folders(struct draft *d, const struct line *l,
			 const char *ending)
{
	for (size_t i = 1; i < l->count; i++) {
		char pattern[512];
		int n = snprintf(pattern, sizeof(pattern), "%s/*%s", l->word[i],
				 ending);

		if (n > 0 && (size_t)n < sizeof(pattern)) {
			draft_read_all(d, pattern, COMMENTS, take);
		}
	}
}

static void take_confdir(struct draft *d, const struct line *l)
{
	read_folders(d, l, ".conf");
}

static void take_sourcedir(struct draft *d, const struct line *l)
{
	if (l->count > 1 && strncmp(l->word[1], "/run/", 5) == 0) {
		draft_needless(d, l, "servers of DHCP come by our own hooks");
		return;
	}
	read_folders(d, l, ".sources");
}

static const struct {
	const char *word;
	take_line *take;
	const char *needless, *left;
} words[] = {
#define TAKE(word, function) { #word, function, NULL, NULL },
#define NEEDLESS(word, why) { #word, NULL, why, NULL },
#define LEAVE(word, why) { #word, NULL, NULL, why },
#include "migrate/chrony.def"
#undef TAKE
#undef NEEDLESS
#undef LEAVE
};

static void take(struct draft *d, const struct line *l)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcasecmp(l->word[0], words[i].word) != 0) {
			continue;
		}
		if (words[i].take) {
			words[i].take(d, l);
		} else if (words[i].needless) {
			draft_needless(d, l, words[i].needless);
		} else {
			draft_leave(d, l, words[i].left);
		}
		return;
	}
	draft_leave(d, l, "not understood");
}

void chrony_read(struct draft *d, const char *path)
{
	if (!draft_read(d, path, COMMENTS, take)) {
		d->err = -errno;
		return;
	}
	draft_access(d);
}
