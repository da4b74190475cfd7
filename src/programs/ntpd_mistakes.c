/* SPDX-License-Identifier: BSD-2-Clause */
#include "programs/ntpd_mistakes.h"

#include <stdlib.h>
#include <string.h>

/* With what ends the line, and a NUL. */
static size_t size_of(const struct complaint *c)
{
	return strlen(c->place.file) + 1 + strlen(c->text) + 2;
}

static void print(const struct complaint *c, struct text *out)
{
	text_str(out, c->place.file);
	text_char(out, ' ');
	text_str(out, c->text);
	text_char(out, '\n');
}

char *mistakes_list(const struct config_result *r)
{
	size_t size = 1;
	struct text out;
	char *list;

	for (const struct complaint *c = r->complaints; c; c = c->next) {
		size += c->severity == COMPLAINT_INFO ? 0 : size_of(c);
	}
	list = malloc(size);
	out = text_over(list, list ? size : 0);
	for (const struct complaint *c = r->complaints; c; c = c->next) {
		if (c->severity != COMPLAINT_INFO) {
			print(c, &out);
		}
	}
	return list;
}

bool mistakes_have(const char *list, const struct complaint *c)
{
	size_t file = strlen(c->place.file), text = strlen(c->text);

	while (list && *list) {
		size_t len = strcspn(list, "\n");

		if (len == file + 1 + text &&
		    memcmp(list, c->place.file, file) == 0 &&
		    memcmp(list + file + 1, c->text, text) == 0) {
			return true;
		}
		list += len + (list[len] == '\n');
	}
	return false;
}
