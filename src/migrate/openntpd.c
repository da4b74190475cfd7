/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenNTPD's ntpd.conf(5). */
#include <errno.h>
#include <string.h>

#include "base/netaddr.h"
#include "migrate/draft.h"

static bool is(const struct line *l, size_t i, const char *word)
{
	return i < l->count && strcmp(l->word[i], word) == 0;
}

/* "server NAME [weight N] [trusted]", "servers NAME ...": all its addresses. */
static void take_server(struct draft *d, const struct line *l)
{
	if (l->count < 2) {
		draft_leave(d, l, "no server is named");
		return;
	}
	d->sources +=
		draft_line(d, PART_SOURCES, "%s %s iburst",
			   is(l, 0, "servers") ? "pool" : "server", l->word[1]);
	for (size_t i = 2; i < l->count; i++) {
		if (is(l, i, "weight")) {
			draft_leave(d, l,
				    "weight: servers are weighed by how exact "
				    "they are; `prefer` behind one prefers it");
			i++;
		} else if (is(l, i, "trusted")) {
			draft_needless(d, l,
				       "trusted: there are no constraints "
				       "that it is free of");
		} else {
			draft_leave_word(d, l, l->word[i], "not understood");
		}
	}
}

/* "listen on *", "listen on ADDRESS [rtable N]". */
static void take_listen(struct draft *d, const struct line *l)
{
	if (!is(l, 1, "on") || l->count < 3) {
		draft_leave(d, l, "not understood");
		return;
	}
	netaddr addr;
	bool any = is(l, 2, "*");

	if (!any && !netaddr_parse(&addr, l->word[2], strlen(l->word[2]))) {
		draft_leave_word(d, l, l->word[2],
				 "not an address: `interface listen ADDRESS`, "
				 "and take noserve off who may ask");
		return;
	}
	d->serves[0] = d->serves[1] = true;
	if (!any) {
		draft_line(d, PART_RECORDS, "interface listen %s", l->word[2]);
	}
	if (is(l, 3, "rtable")) {
		draft_leave(d, l, "rtable: there is none on Linux");
	}
}

static void take(struct draft *d, const struct line *l)
{
	if (is(l, 0, "server") || is(l, 0, "servers")) {
		take_server(d, l);
	} else if (is(l, 0, "listen")) {
		take_listen(d, l);
	} else if (is(l, 0, "constraint") || is(l, 0, "constraints")) {
		draft_leave(
			d, l,
			"TLS constraints are not asked; servers that "
			"contradict the others are not believed, and no date "
			"before ntpd was built is (`tos basedate`)");
	} else if (is(l, 0, "sensor")) {
		draft_leave(d, l,
			    "sensors are OpenBSD's; gpsd's shared memory "
			    "is `server 127.127.28.0`");
	} else if (is(l, 0, "query")) {
		draft_leave(d, l,
			    "the address to ask from is the system's to "
			    "choose: see ip-route(8)");
	} else {
		draft_leave(d, l, "not understood");
	}
}

void openntpd_read(struct draft *d, const char *path)
{
	if (!draft_read(d, path, "#", take)) {
		d->err = -errno;
		return;
	}
	draft_access(d);
}
