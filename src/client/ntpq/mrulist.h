/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mrulist.h - who has asked a daemon of late: entries by address, and their
 * table. Holds at most MRU_ENTRIES, some 130 MiB; what would be one too many
 * is refused.
 */
#ifndef CLIENT_MRULIST_H
#define CLIENT_MRULIST_H

#include <stdio.h>

#include "client/control/rows.h"

#define MRU_ENTRIES (1u << 21)

struct mru_entry {
	netaddr addr;
	tstamp last, first;
	uint32_t count;
	uint32_t restrictions;
	uint8_t mode_version;
};

struct mru_list {
	struct mru_entry *entries;
	size_t count, room;
	uint32_t *slots; /* number of an entry + 1; 0: free */
	size_t slot_count;
	uint64_t key; /* of the hash; nobody far away knows it */
	size_t updates;
};

enum mru_sort { MRU_LSTINT, MRU_AVGINT, MRU_ADDR, MRU_COUNT };

/* How the table is to look. */
struct mru_style {
	enum mru_sort sort;
	bool reverse;
	bool numeric;
	uint32_t limited, kod; /* the bits of the daemon's restrictions */
	tstamp now;
};

enum mru_added { MRU_NEW, MRU_UPDATED, MRU_KNOWN, MRU_FULL };

void mru_init(struct mru_list *m, uint64_t key);
void mru_end(struct mru_list *m);
/* MRU_KNOWN: nothing newer; MRU_FULL: no room, or no memory. */
enum mru_added mru_add(struct mru_list *m, const struct mru_entry *e);

/* Where a row has what makes an entry one; other fields may be missing. */
enum { MRU_FIELD_ADDR, MRU_FIELD_LAST };

/* The rows of an answer; false when one has not both of them. */
struct rows mru_rows(struct vars answer);
MUST_USE bool mru_entry_read(struct mru_entry *e, const struct row *row);

/* "[-]lstint", "avgint", "addr" or "count"; false for anything else. */
MUST_USE bool mru_sort_word(struct mru_style *style, const char *word);

void mru_header(FILE *out);
void mru_row(FILE *out, const struct mru_entry *e,
	     const struct mru_style *style);
/* The whole table, sorted; moves the entries. */
void mru_print(FILE *out, struct mru_list *m, const struct mru_style *style);

#endif
