/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/ntpq/mrulist.h"

#include <stdlib.h>
#include <string.h>

#include "client/interrupt.h"
#include "client/nameahead.h"
#include "client/names.h"

#define FIRST_ROOM 1024
#define HOST_TEXT 1024

enum {
	ADDR = MRU_FIELD_ADDR,
	LAST = MRU_FIELD_LAST,
	FIRST,
	COUNT,
	MODE,
	RESTRICT
};

static const char *const fields[] = {
	[ADDR] = "addr", [LAST] = "last", [FIRST] = "first",
	[COUNT] = "ct",  [MODE] = "mv",   [RESTRICT] = "rs",
};

void mru_init(struct mru_list *m, uint64_t key)
{
	memset(m, 0, sizeof(*m));
	/* Odd, and with high bits set whatever the caller drew. */
	m->key = (key ^ 0x9e3779b97f4a7c15u) | 1;
}

void mru_end(struct mru_list *m)
{
	free(m->entries);
	free(m->slots);
	memset(m, 0, sizeof(*m));
}

static uint64_t mixed(uint64_t h, uint64_t word, uint64_t key)
{
	h = (h ^ word) * key;
	return h ^ h >> 29;
}

/* The slot of this address, or the free one where it belongs. */
static uint32_t *slot_of(const struct mru_list *m, const netaddr *a)
{
	uint64_t high, low, h = m->key;

	memcpy(&high, a->ip, sizeof(high));
	memcpy(&low, a->ip + sizeof(high), sizeof(low));
	h = mixed(h, high, m->key);
	h = mixed(h, low, m->key);
	h = mixed(h, a->port, m->key);
	for (size_t i = (size_t)(h >> 20);; i++) {
		uint32_t *slot = &m->slots[i & (m->slot_count - 1)];

		if (*slot == 0 ||
		    netaddr_equal(&m->entries[*slot - 1].addr, a)) {
			return slot;
		}
	}
}

/* Twice the room; slots are never more than half full. */
static bool grow(struct mru_list *m)
{
	size_t room = m->room > 0 ? 2 * m->room : FIRST_ROOM;

	if (room > MRU_ENTRIES) {
		return false;
	}
	struct mru_entry *entries =
		realloc(m->entries, room * sizeof(*entries));

	if (!entries) {
		return false;
	}
	m->entries = entries;
	uint32_t *slots = calloc(2 * room, sizeof(*slots));

	if (!slots) {
		return false;
	}
	free(m->slots);
	m->slots = slots;
	m->slot_count = 2 * room;
	m->room = room;
	for (size_t i = 0; i < m->count; i++) {
		*slot_of(m, &m->entries[i].addr) = (uint32_t)i + 1;
	}
	return true;
}

enum mru_added mru_add(struct mru_list *m, const struct mru_entry *e)
{
	if (m->count == m->room && !grow(m)) {
		return MRU_FULL;
	}
	uint32_t *slot = slot_of(m, &e->addr);

	if (*slot == 0) {
		m->entries[m->count] = *e;
		*slot = (uint32_t)++m->count;
		return MRU_NEW;
	}
	struct mru_entry *known = &m->entries[*slot - 1];

	if (!tstamp_before(known->last, e->last)) {
		return MRU_KNOWN;
	}
	*known = *e;
	m->updates++;
	return MRU_UPDATED;
}

struct rows mru_rows(struct vars answer)
{
	return (struct rows){ answer, fields, ARRAY_LEN(fields) };
}

static uint64_t number(const struct row *row, size_t field, uint64_t max)
{
	uint64_t v;

	if (!row->has[field] || !vars_u64(&row->item[field], &v)) {
		return 0;
	}
	return v < max ? v : max;
}

bool mru_entry_read(struct mru_entry *e, const struct row *row)
{
	memset(e, 0, sizeof(*e));
	if (!row->has[ADDR] || !row->has[LAST] ||
	    !vars_endpoint(&row->item[ADDR], &e->addr) ||
	    !vars_tstamp(&row->item[LAST], &e->last)) {
		return false;
	}
	if (!row->has[FIRST] || !vars_tstamp(&row->item[FIRST], &e->first)) {
		e->first = e->last;
	}
	e->count = (uint32_t)number(row, COUNT, UINT32_MAX);
	e->restrictions = (uint32_t)number(row, RESTRICT, UINT32_MAX);
	e->mode_version = (uint8_t)number(row, MODE, UINT8_MAX);
	return true;
}

bool mru_sort_word(struct mru_style *style, const char *word)
{
	static const char *const words[] = {
		[MRU_LSTINT] = "lstint",
		[MRU_AVGINT] = "avgint",
		[MRU_ADDR] = "addr",
		[MRU_COUNT] = "count",
	};

	style->reverse = word[0] == '-';
	word += style->reverse ? 1 : 0;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(word, words[i]) == 0) {
			style->sort = (enum mru_sort)i;
			return true;
		}
	}
	return false;
}

static double average_s(const struct mru_entry *e)
{
	double s = span_to_seconds(tstamp_diff(e->last, e->first));

	return s > 0 && e->count > 0 ? s / e->count : 0;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* The one that asked last comes first. */
static int by_lstint(const void *left, const void *right)
{
	const struct mru_entry *a = left, *b = right;

	return compare_u64(b->last.v, a->last.v);
}

static int by_avgint(const void *left, const void *right)
{
	const struct mru_entry *a = left, *b = right;
	double x = average_s(a), y = average_s(b);

	return x < y ? -1 : x > y ? 1 : by_lstint(a, b);
}

/* IPv4 before IPv6, each in the order of its numbers. */
static int by_addr(const void *left, const void *right)
{
	const struct mru_entry *a = left, *b = right;
	bool a4 = netaddr_is_v4(&a->addr), b4 = netaddr_is_v4(&b->addr);
	int order = memcmp(a->addr.ip, b->addr.ip, sizeof(a->addr.ip));

	if (a4 != b4) {
		return a4 ? -1 : 1;
	}
	return order != 0 ? order : compare_u64(a->addr.port, b->addr.port);
}

static int by_count(const void *left, const void *right)
{
	const struct mru_entry *a = left, *b = right;
	int order = compare_u64(a->count, b->count);

	return order != 0 ? order : by_lstint(a, b);
}

void mru_header(FILE *out)
{
	fputs("lstint avgint rstr r m v  count rport remote address\n"
	      "======================================="
	      "=======================================\n",
	      out);
}

/* Whole seconds that fit six columns. */
static int seconds(double s)
{
	if (!(s > -99999)) {
		return -99999;
	}
	return s < 999999 ? (int)(s + 0.5) : 999999;
}

static char letter(const struct mru_entry *e, const struct mru_style *style)
{
	if (e->restrictions & style->kod) {
		return 'K';
	}
	return e->restrictions & style->limited ? 'L' : '.';
}

void mru_row(FILE *out, const struct mru_entry *e,
	     const struct mru_style *style)
{
	char host[HOST_TEXT];
	struct text t = text_over(host, sizeof(host));

	if (style->numeric) {
		netaddr_print(&e->addr, &t);
	} else {
		names_show(&e->addr, &t);
	}
	fprintf(out, "%6d %6d %4x %c %d %d %6u %5u %s\n",
		seconds(span_to_seconds(tstamp_diff(style->now, e->last))),
		seconds(average_s(e)), e->restrictions, letter(e, style),
		e->mode_version & 7, e->mode_version >> 3 & 7, e->count,
		e->addr.port, host);
}

/* Where the i-th row of the table stands. */
static size_t place(const struct mru_list *m, const struct mru_style *style,
		    size_t i)
{
	return style->reverse ? m->count - 1 - i : i;
}

static void fetch_names(const struct mru_list *m, const struct mru_style *style,
			size_t from)
{
	netaddr list[NAMEAHEAD_BATCH];
	size_t count = 0;

	while (count < NAMEAHEAD_BATCH && from + count < m->count) {
		size_t at = place(m, style, from + count);

		list[count++] = m->entries[at].addr;
	}
	nameahead_fetch(list, count);
}

void mru_print(FILE *out, struct mru_list *m, const struct mru_style *style)
{
	static int (*const orders[])(const void *, const void *) = {
		[MRU_LSTINT] = by_lstint,
		[MRU_AVGINT] = by_avgint,
		[MRU_ADDR] = by_addr,
		[MRU_COUNT] = by_count,
	};

	/* What the slots say is no longer so. */
	free(m->slots);
	m->slots = NULL;
	m->slot_count = 0;
	if (m->count > 0) {
		qsort(m->entries, m->count, sizeof(*m->entries),
		      orders[style->sort]);
	}
	mru_header(out);
	for (size_t i = 0; i < m->count && !interrupt_seen(); i++) {
		if (!style->numeric && i % NAMEAHEAD_BATCH == 0) {
			fetch_names(m, style, i);
		}
		mru_row(out, &m->entries[place(m, style, i)], style);
	}
}
