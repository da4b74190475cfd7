/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shellmru.c - walks through a daemon's list of those who asked it of late.
 *
 * The daemon keeps no place for us. Each request names entries that we have;
 * the daemon goes on behind the first of them that is still as we know it.
 * Entries move to the list's end when their host asks again, so the request
 * names several, ever further back; if all of them have moved the walk begins
 * anew, which costs time and no entry.
 */
#include <string.h>

#include "client/control/complaint.h"
#include "client/interrupt.h"
#include "client/moment.h"
#include "client/ntpq/mrulist.h"
#include "client/ntpq/shell.h"

#define FRAGMENTS_MOST 32
#define RESTARTS 8
#define IDLE_ANSWERS 3 /* answers in a row that bring nothing new */
#define ROWS_MOST ((size_t)4 * MRU_ENTRIES)
#define NONCE_TEXT 64
#define FILTERS_TEXT 128
#define MARKS 128 /* of the newest rows; a power of two */
#define MARK_TEXT 72

/* Restrictions as 4.2.8 numbers them, and as those before and ntpsec do. */
#define LIMITED_NOW 0x40u
#define KOD_NOW 0x800u
#define LIMITED_OLD 0x20u
#define KOD_OLD 0x400u

struct mark {
	char addr[MARK_TEXT], last[MARK_TEXT]; /* as the daemon wrote them */
};

struct walk {
	struct mru_list list;
	struct mru_style style;
	char nonce[NONCE_TEXT];
	char filters[FILTERS_TEXT]; /* ", mincount=3" and its like */
	bool limited, kod;          /* only those who are */
	unsigned fragments;         /* in an answer */
	unsigned restarts, idle;
	size_t rows;
	size_t marked; /* so many marks were ever set */
	struct mark marks[MARKS];
	bool complete;
};

static void take_nonce(struct walk *w, const struct ctl_answer *a)
{
	struct text t = text_over(w->nonce, sizeof(w->nonce));
	struct vars_item item;

	if (vars_find(vars_over(a->data, a->len), "nonce", &item)) {
		text_escaped(&t, item.value, item.value_len);
	}
}

static bool fetch_nonce(struct shell *s, struct walk *w)
{
	w->nonce[0] = '\0';
	if (!shell_ask(s, MODE6_REQ_NONCE, 0, "")) {
		return false;
	}
	take_nonce(w, &s->answer);
	if (w->nonce[0] == '\0') {
		complain("***No nonce in the server's answer\n");
	}
	return w->nonce[0] != '\0';
}

/* As many marks as fit: the newest, then ever older ones. */
static void add_marks(const struct walk *w, struct text *out)
{
	unsigned number = 0;

	for (size_t back = 1; back <= MARKS && back <= w->marked;
	     back = back < 3 ? back + 1 : 2 * back) {
		const struct mark *m = &w->marks[(w->marked - back) % MARKS];
		char pair[2 * MARK_TEXT + 32];
		struct text t = text_over(pair, sizeof(pair));

		text_str(&t, ", addr.");
		text_u64(&t, number);
		text_char(&t, '=');
		text_str(&t, m->addr);
		text_str(&t, ", last.");
		text_u64(&t, number);
		text_char(&t, '=');
		text_str(&t, m->last);
		if (out->len + t.len > MODE6_DATA) {
			return;
		}
		text_str(out, pair);
		number++;
	}
}

static enum ctl_result ask_more(struct shell *s, const struct walk *w)
{
	char request[MODE6_DATA + 1];
	struct text t = text_over(request, sizeof(request));

	text_str(&t, "nonce=");
	text_str(&t, w->nonce);
	text_str(&t, ", frags=");
	text_u64(&t, w->fragments);
	text_str(&t, w->filters);
	add_marks(w, &t);
	INVARIANT(!t.cut);
	return shell_try(s, MODE6_READ_MRU, 0, request);
}

static void set_mark(struct walk *w, const struct row *row)
{
	struct mark *m = &w->marks[w->marked % MARKS];
	struct text addr = text_over(m->addr, sizeof(m->addr));
	struct text last = text_over(m->last, sizeof(m->last));

	const struct vars_item *a = &row->item[MRU_FIELD_ADDR];
	const struct vars_item *l = &row->item[MRU_FIELD_LAST];

	text_escaped(&addr, a->value, a->value_len);
	text_escaped(&last, l->value, l->value_len);
	if (!addr.cut && !last.cut) {
		w->marked++;
	}
}

static bool wanted(const struct walk *w, const struct mru_entry *e)
{
	return (!w->limited || e->restrictions & w->style.limited) &&
	       (!w->kod || e->restrictions & w->style.kod);
}

static void put_entry(struct shell *s, struct walk *w,
		      const struct mru_entry *e)
{
	w->style.now = moment_wall();
	if (s->transcript) {
		transcript_client(s->transcript, stdout, e);
	} else {
		mru_row(s->out, e, &w->style);
	}
}

/* False when the walk has to end here. */
static bool take_rows(struct shell *s, struct walk *w, bool *news)
{
	struct rows rows = mru_rows(vars_over(s->answer.data, s->answer.len));
	struct mru_entry e;
	struct row row;

	*news = false;
	while (rows_next(&rows, &row)) {
		if (!mru_entry_read(&e, &row)) {
			continue;
		}
		set_mark(w, &row);
		if (++w->rows > ROWS_MOST) {
			complain("***The list does not end\n");
			return false;
		}
		if (!wanted(w, &e)) {
			*news = true;
			continue;
		}
		if (s->direct) {
			put_entry(s, w, &e);
			*news = true;
			continue;
		}
		enum mru_added added = mru_add(&w->list, &e);

		if (added == MRU_FULL) {
			complain("***Too many entries; these are not all\n");
			return false;
		}
		*news = *news || added != MRU_KNOWN;
	}
	return true;
}

static bool take_end(struct shell *s, struct walk *w)
{
	struct vars v = vars_over(s->answer.data, s->answer.len);
	struct vars_item item;

	w->complete =
		vars_find(v, "now", &item) && vars_tstamp(&item, &w->style.now);
	return w->complete;
}

/* One answer. False when the walk has come to an end, good or bad. */
static bool take_answer(struct shell *s, struct walk *w)
{
	bool news;

	take_nonce(w, &s->answer);
	if (!take_rows(s, w, &news) || take_end(s, w)) {
		return false;
	}
	w->idle = news ? 0 : w->idle + 1;
	if (w->idle >= IDLE_ANSWERS) {
		complain("***The list brings nothing new and does not end\n");
		return false;
	}
	if (w->fragments < FRAGMENTS_MOST) {
		w->fragments++;
	}
	return true;
}

/* All that we could name has moved: from the list's beginning once more. */
static bool start_again(struct walk *w)
{
	w->marked = 0;
	if (++w->restarts <= RESTARTS) {
		return true;
	}
	complain("Giving up after %d restarts from the beginning.\n"
		 "With high-traffic NTP servers, this can occur if the\n"
		 "MRU list is limited to less than about 16 seconds' of\n"
		 "entries.  See the `mru' line of ntp.conf.\n",
		 RESTARTS);
	return false;
}

/* False when it cannot go on; that has been said then. */
static bool recover(struct shell *s, struct walk *w, enum ctl_result result)
{
	if (result == CTL_REFUSED && s->answer.error == MODE6_ERR_VARIABLE) {
		return start_again(w) && fetch_nonce(s, w);
	}
	if (result == CTL_INCOMPLETE && w->fragments > 1) {
		w->fragments /= 2; /* too many for the way or for our buffer */
		return fetch_nonce(s, w);
	}
	if (result != CTL_INTERRUPTED) {
		shell_complain(s, result, 0);
	}
	return false;
}

static void follow(struct shell *s, struct walk *w)
{
	bool going = true;

	while (going && !interrupt_seen()) {
		enum ctl_result result = ask_more(s, w);

		going = result == CTL_OK ? take_answer(s, w)
					 : recover(s, w, result);
	}
}

static void transcript_list(struct shell *s, const struct mru_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		transcript_client(s->transcript, stdout, &list->entries[i]);
	}
}

static void report(struct shell *s, struct walk *w)
{
	if (interrupt_seen()) {
		complain("mrulist retrieval interrupted by operator.\n"
			 "Displaying partial client list.\n");
		interrupt_forget();
	}
	if (s->direct) {
		return;
	}
	fprintf(stderr, "Retrieved %zu unique MRU entries and %zu updates.\n",
		w->list.count, w->list.updates);
	if (!w->complete) {
		w->style.now = moment_wall();
	}
	if (s->transcript) {
		transcript_list(s, &w->list);
	} else {
		mru_print(s->out, &w->list, &w->style);
	}
}

/* Filters that the daemon applies: passed on as they are. */
static bool is_filter(const char *word)
{
	static const char *const names[] = { "mincount=",  "resall=", "resany=",
					     "maxlstint=", "laddr=",  "recent=",
					     "minscore=",  "mindrop=" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strncmp(word, names[i], strlen(names[i])) == 0) {
			return true;
		}
	}
	return false;
}

static bool take_word(struct walk *w, const char *word, struct text *filters)
{
	uint64_t fragments;

	if (strncmp(word, "sort=", 5) == 0) {
		return mru_sort_word(&w->style, word + 5);
	}
	if (strncmp(word, "frags=", 6) == 0) {
		bool good =
			text_to_u64(word + 6, strlen(word + 6), &fragments) &&
			fragments >= 1 && fragments <= FRAGMENTS_MOST;

		w->fragments = good ? (unsigned)fragments : w->fragments;
		return good;
	}
	if (strcmp(word, "limited") == 0) {
		w->limited = true;
		return true;
	}
	if (strcmp(word, "kod") == 0) {
		w->kod = true;
		return true;
	}
	if (!is_filter(word)) {
		return false;
	}
	text_str(filters, ", ");
	text_str(filters, word);
	return !filters->cut;
}

static bool take_words(struct walk *w, const struct shell_words *args)
{
	struct text filters = text_over(w->filters, sizeof(w->filters));

	for (size_t i = 0; i < args->count; i++) {
		if (!take_word(w, args->word[i], &filters)) {
			complain("***mrulist: `%s' is not understood\n",
				 args->word[i]);
			return false;
		}
	}
	return true;
}

/* Daemons number their restrictions in two ways. */
static void learn_bits(struct shell *s, struct mru_style *style)
{
	struct vars_item item;
	bool old = false;

	if (shell_try(s, MODE6_READVAR, 0, "version") == CTL_OK &&
	    vars_find(vars_over(s->answer.data, s->answer.len), "version",
		      &item)) {
		old = memmem(item.value, item.value_len, "ntpsec", 6) ||
		      memmem(item.value, item.value_len, " 4.2.6", 6);
	}
	style->limited = old ? LIMITED_OLD : LIMITED_NOW;
	style->kod = old ? KOD_OLD : KOD_NOW;
}

static void walk_and_report(struct shell *s, struct walk *w)
{
	if (!fetch_nonce(s, w)) {
		return;
	}
	if (s->direct) {
		mru_header(s->out);
	} else {
		fputs("Ctrl-C will stop MRU retrieval and display partial "
		      "results.\n",
		      stderr);
	}
	follow(s, w);
	if (w->rows > 0 || w->complete || interrupt_seen()) {
		report(s, w);
	}
}

void shell_do_mrulist(struct shell *s, const struct shell_words *args)
{
	static struct walk walk;
	struct walk *w = &walk;

	memset(w, 0, sizeof(*w));
	mru_init(&w->list, rng_u64(&s->ctl.rng));
	w->fragments = FRAGMENTS_MOST;
	w->style.numeric = s->numeric;
	if (!take_words(w, args) || !shell_ready(s, "")) {
		return;
	}
	learn_bits(s, &w->style);
	interrupt_catch();
	walk_and_report(s, w);
	if (!s->interactive) {
		interrupt_release();
	}
	mru_end(&w->list);
}
