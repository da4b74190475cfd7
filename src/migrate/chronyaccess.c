/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may ask: chronyd answers nobody unless an allow line says so. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "migrate/chrony.h"

#define ENTRY_BYTES 88 /* of a client, as `mru maxmem` counts */

/* "1.2" is 1.2.0.0/16 there; with a slash behind it it is only short. */
static bool complete(const char *subnet, char *to, size_t size)
{
	size_t len = strcspn(subnet, "/"), octets = 1;
	struct text t = text_over(to, size);

	text_bytes(&t, subnet, len);
	if (len > 0 && strspn(subnet, "0123456789.") == len) {
		for (size_t i = 0; i < len; i++) {
			octets += subnet[i] == '.';
		}
		for (size_t i = octets; i < 4; i++) {
			text_str(&t, ".0");
		}
		if (octets < 4 && subnet[len] == '\0') {
			text_char(&t, '/');
			text_u64(&t, 8 * octets);
		}
	}
	text_str(&t, subnet + len);
	return len > 0 && !t.cut;
}

static void allow_all(struct draft *d, bool allowed, bool v4, bool v6)
{
	d->serves[0] = v4 ? allowed : d->serves[0];
	d->serves[1] = v6 ? allowed : d->serves[1];
}

/* "allow [all] [SUBNET]", deny likewise. */
void take_allow(struct draft *d, const struct line *l)
{
	bool allowed = strcasecmp(l->word[0], "allow") == 0;
	size_t at = 1;
	bool all = at < l->count && strcasecmp(l->word[at], "all") == 0;
	char who[WHO];

	at += all;
	if (all && at < l->count) {
		draft_leave(
			d, l,
			"`all` for a network: the line of a smaller network "
			"in it decides about that one all the same");
	}
	if (at >= l->count) {
		allow_all(d, allowed, true, true);
		if (all) {
			d->rule_count = 0; /* it outranks those before it */
		}
	} else if (strcmp(l->word[at], "0/0") == 0 ||
		   strcmp(l->word[at], "0.0.0.0/0") == 0) {
		allow_all(d, allowed, true, false);
	} else if (strcmp(l->word[at], "::/0") == 0) {
		allow_all(d, allowed, false, true);
	} else if (complete(l->word[at], who, sizeof(who))) {
		draft_rule(d, who, allowed);
	} else {
		draft_leave(d, l, "not a network");
	}
}

/* "ratelimit [interval N] [burst N] [leak N]" */
void take_ratelimit(struct draft *d, const struct line *l)
{
	const char *interval = "3";

	d->limited = true;
	for (size_t i = 1; i + 1 < l->count; i += 2) {
		if (strcasecmp(l->word[i], "interval") == 0) {
			interval = l->word[i + 1];
		} else {
			draft_needless(
				d, l,
				"a host has credit for 256 requests, and "
				"one in four is answered beyond it");
		}
	}
	draft_line(d, PART_ACCESS, "discard average %d",
		   (int)strtol(interval, NULL, 10) < 0
			   ? 0
			   : (int)strtol(interval, NULL, 10));
}

/* In bytes, of which chronyd takes some 128 for a client. */
void take_clientloglimit(struct draft *d, const struct line *l)
{
	long bytes = l->count > 1 ? strtol(l->word[1], NULL, 10) : 0;

	if (bytes < 1) {
		draft_leave(d, l, "there should be a number");
		return;
	}
	draft_line(d, PART_RECORDS, "mru maxmem %ld",
		   bytes / 128 * ENTRY_BYTES / 1024 + 1);
}

void take_noclientlog(struct draft *d, const struct line *l)
{
	(void)l;
	draft_line(d, PART_RECORDS, "disable monitor");
}

/* Who asks so that Samba signs, is answered so. */
void take_ntpsigndsocket(struct draft *d, const struct line *l)
{
	d->signs = l->count > 1 &&
		   draft_line(d, PART_RECORDS, "ntpsigndsocket %s", l->word[1]);
}
