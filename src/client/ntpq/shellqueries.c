/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shellqueries.c - the list of associations.
 */
#include <string.h>

#include "client/control/complaint.h"
#include "client/ntpq/shell.h"

bool shell_list(struct shell *s)
{
	s->listed = false;
	if (!shell_ask(s, MODE6_READSTAT, 0, "")) {
		return false;
	}
	if (s->answer.len % 4 != 0) {
		complain("***Server returned %zu octets, should be multiple of "
			 "4\n",
			 s->answer.len);
		return false;
	}
	associations_parse(&s->associations, s->answer.data, s->answer.len);
	s->listed = true;
	return true;
}

bool shell_listed(struct shell *s)
{
	if (s->listed && s->associations.count == 0) {
		fputs("No association ID's returned\n", stderr);
		return false;
	}
	return s->listed;
}

static void do_associations(struct shell *s, bool fetch, bool all)
{
	if ((fetch || !s->listed) && !shell_list(s)) {
		return;
	}
	if (shell_listed(s)) {
		associations_print(s->out, &s->associations, all);
	}
}

void shell_do_associations(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_associations(s, true, false);
}

void shell_do_lassociations(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_associations(s, true, true);
}

void shell_do_passociations(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_associations(s, false, false);
}

void shell_do_lpassociations(struct shell *s, const struct shell_words *args)
{
	(void)args;
	do_associations(s, false, true);
}

/* &N: the Nth of the list, which is fetched when there is none yet. */
static bool indexed_assoc(struct shell *s, const char *word, uint16_t *assoc)
{
	uint64_t index;

	if (!text_to_u64(word + 1, strlen(word + 1), &index)) {
		complain("***Association index `%s' invalid\n", word);
		return false;
	}
	if ((!s->listed && !shell_list(s)) || !shell_listed(s)) {
		return false;
	}
	if (index < 1 || index > s->associations.count) {
		complain("***Association for `%s' unknown (max &%zu)\n", word,
			 s->associations.count);
		return false;
	}
	*assoc = s->associations.list[index - 1].id;
	return true;
}

static bool is_assoc(const char *word)
{
	return word[0] == '&' || (word[0] >= '0' && word[0] <= '9');
}

bool shell_assoc(struct shell *s, const char *word, uint16_t *assoc)
{
	uint64_t id;

	if (word[0] == '&') {
		return indexed_assoc(s, word, assoc);
	}
	if (!text_to_u64(word, strlen(word), &id) || id > UINT16_MAX) {
		complain("***Invalid association ID %s specified\n", word);
		return false;
	}
	*assoc = (uint16_t)id;
	return true;
}

bool shell_take_assoc(struct shell *s, const struct shell_words *args,
		      uint16_t *assoc, size_t *rest)
{
	*assoc = 0;
	*rest = 0;
	if (args->count == 0 || !is_assoc(args->word[0])) {
		return true;
	}
	*rest = 1;
	return shell_assoc(s, args->word[0], assoc);
}
