/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/ntpq/associations.h"

#include <stdlib.h>
#include <string.h>

#include "client/control/status.h"

/* By id, which is mostly the order of the configuration. */
static int by_id(const void *a, const void *b)
{
	const struct association *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

void associations_parse(struct associations *a, const char *data, size_t len)
{
	struct reader r = reader_over((const uint8_t *)data, len);

	a->count = 0;
	while (reader_left(&r) >= 4 && a->count < ASSOCIATIONS) {
		struct association *next = &a->list[a->count++];

		next->id = (uint16_t)read_be(&r, 2);
		next->status = (uint16_t)read_be(&r, 2);
	}
	qsort(a->list, a->count, sizeof(a->list[0]), by_id);
}

bool association_in_use(const struct association *a)
{
	return (a->status & (STATUS_CONFIGURED | STATUS_REACHABLE)) != 0;
}

static const char *reach_word(uint16_t status)
{
	if (status & STATUS_BROADCAST) {
		return "none";
	}
	return status & STATUS_REACHABLE ? "yes" : "no";
}

static const char *auth_word(uint16_t status)
{
	if (!(status & STATUS_AUTHENABLE)) {
		return "none";
	}
	return status & STATUS_AUTHENTIC ? "ok" : "bad";
}

/* This table calls one event otherwise than the variables do. */
static const char *event_word(uint16_t status)
{
	const char *word = status_peer_event(status);

	return strcmp(word, "clock_event") == 0 ? "clock_alarm" : word;
}

void associations_print(FILE *out, const struct associations *a, bool all)
{
	fputs("\nind assid status  conf reach auth condition  last_event cnt\n"
	      "===========================================================\n",
	      out);
	for (size_t i = 0; i < a->count; i++) {
		uint16_t status = a->list[i].status;

		if (!all && !association_in_use(&a->list[i])) {
			continue;
		}
		fprintf(out, "%3zu %5u  %04x   %3s  %4s  %4s %9s %11.11s %2u\n",
			i + 1, a->list[i].id, status,
			status & STATUS_CONFIGURED ? "yes" : "no",
			reach_word(status), auth_word(status),
			status_selection(status), event_word(status),
			status_events(status));
	}
}
