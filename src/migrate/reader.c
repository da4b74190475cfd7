/* SPDX-License-Identifier: BSD-2-Clause */
#include "migrate/reader.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"

#define PRINTED(len) (4096 + 32 * (len)) /* of a normal form, at most */

/* What stands in the memory that `*memory` will be, to be freed. */
static struct config_result read_lines(const char *lines, struct config *c,
				       void **memory)
{
	size_t len = strlen(lines), room = config_arena_size(len);

	*memory = malloc(room);

	struct arena arena = arena_over(*memory, *memory ? room : 0);

	config_defaults(c);
	return config_parse(c, &arena, "", lines, len, NULL);
}

static const struct complaint *first(const struct config_result *r)
{
	const struct complaint *x = r->complaints;

	while (x && x->severity == COMPLAINT_INFO) {
		x = x->next;
	}
	return x;
}

static char *normal_form(const struct config *c, size_t len)
{
	char *buffer = malloc(PRINTED(len));
	struct text out = text_over(buffer, buffer ? PRINTED(len) : 0);

	if (buffer) {
		config_print(c, &out);
	}
	return buffer;
}

static bool is_good(const char *lines)
{
	struct config c;
	void *memory;
	struct config_result r = read_lines(lines, &c, &memory);

	free(memory);
	return r.warnings + r.fatals == 0 && !r.out_of_memory;
}

char *reader_complaint(const char *lines, char **form)
{
	struct config c;
	void *memory;
	struct config_result r = read_lines(lines, &c, &memory);
	const struct complaint *x = first(&r);
	char *why = NULL;

	*form = NULL;
	if (x) {
		why = strdup(x->text);
		*form = normal_form(&c, strlen(lines));
	}
	if (*form && !is_good(*form)) {
		(*form)[0] = '\0';
	}
	free(memory);
	return why;
}
