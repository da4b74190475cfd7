/* SPDX-License-Identifier: BSD-2-Clause */
#include "programs/ntpd_reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/files/normalform.h"
#include "programs/ntpd_config.h"
#include "programs/ntpd_mistakes.h"

#define SAID 8192 /* about a file of keys */

/* What one reading made; `settings` is what the others see of it. */
struct generation {
	struct settings settings;
	struct ntpd_config config;
	struct trusted_keys keys;
};

static void release(void *context, struct settings *s)
{
	struct generation *r = (struct generation *)s;

	(void)context;
	trusted_keys_free(&r->keys);
	ntpd_config_free(&r->config);
	free(r);
}

/* By what is wrong and not on the list; NULL: an empty one. */
static bool is_refused(const struct config_result *r, const char *known)
{
	for (const struct complaint *c = r->complaints; c; c = c->next) {
		if (c->severity == COMPLAINT_FATAL ||
		    (c->severity == COMPLAINT_WARN &&
		     !mistakes_have(known, c))) {
			return true;
		}
	}
	return r->out_of_memory;
}

/* "FILE:LINE:COLUMN: what is wrong", a line each; of what is refused only what
 * refuses it. */
static void say_complaints(const struct config_result *r, const char *known,
			   struct text *why)
{
	bool refused = is_refused(r, known);

	for (const struct complaint *c = r->complaints; c; c = c->next) {
		if (c->severity != COMPLAINT_INFO &&
		    !(refused && mistakes_have(known, c))) {
			complaint_print(c, why);
			text_char(why, '\n');
		}
	}
}

/* What is known of names on restrict lines is still true. */
static void take_names(struct config *next, const struct config *now)
{
	for (struct restrict_config *r = next->restricts; r; r = r->next) {
		const struct restrict_config *known = now->restricts;

		if (r->kind != RESTRICT_NAME) {
			continue;
		}
		while (known && strcmp(known->host, r->host) != 0) {
			known = known->next;
		}
		if (known) {
			r->kind = known->kind;
			r->addr = known->addr;
			r->prefix = known->prefix;
		}
	}
}

static void name_host(struct settings *s, const char *host, const netaddr *addr)
{
	struct generation *g = (struct generation *)s;
	struct restrict_config *r = g->config.config.restricts;

	for (; r; r = r->next) {
		if (r->kind == RESTRICT_NAME && strcmp(r->host, host) == 0) {
			r->kind = RESTRICT_ADDRESS;
			r->addr = *addr;
			r->prefix = 128;
		}
	}
}

/*
 * Of an unreadable or broken file none is used, and the settings are refused
 * with it: the old keys stay (C8). Where there were none before, there may be
 * none after.
 */
static bool read_keys(const struct ntpd_reload *d, const struct config *next,
		      const struct config *now, struct keyfile **file,
		      struct text *why)
{
	*file = next->keysfile ? keyfile_read(next->keysfile, why) : NULL;
	return *file || !next->keysfile ||
	       (!d->keys && now->keysfile &&
		strcmp(now->keysfile, next->keysfile) == 0);
}

/* What holds for as long as the process lives. */
static bool finish(struct generation *r, struct keyfile *keys,
		   const struct settings *now, struct text *why)
{
	struct config *c = &r->config.config;

	c->orders = now->config->orders;
	r->settings.config = c;
	r->settings.leaps = now->leaps;
	if (!trusted_keys_make(&r->keys, keys, c)) {
		text_str(why, "not enough memory\n");
		return false;
	}
	r->settings.keys = r->keys.ring;
	take_names(c, now->config);
	if (!engine_fits(&r->settings)) {
		text_str(why, "more sources than ntpd can ask\n");
		return false;
	}
	return true;
}

static bool read_files(struct ntpd_reload *d, struct generation *r,
		       const struct settings *now, struct text *why)
{
	struct ntpd_config *c = &r->config;
	struct keyfile *keys;
	bool good;

	if (!ntpd_config_load(c, d->options)) {
		text_str(why, "not enough memory\n");
		return false;
	}
	if (c->missing) {
		text_str(why, "getconfig: Couldn't open <");
		text_str(why, c->path);
		text_str(why, ">: ");
		text_str(why, strerror(c->missing));
		if (c->missing == EACCES) {
			text_str(why, "; uid ");
			text_u64(why, geteuid());
			text_str(why, " must be able to read it");
		}
		text_char(why, '\n');
		return false;
	}
	say_complaints(&c->result, d->mistakes, why);
	if (is_refused(&c->result, d->mistakes)) {
		return false;
	}
	if (ntpd_config_interfaces_clash(c, d->options)) {
		text_str(why, "interface/nic rules are not allowed with "
			      "--interface (-I) or --novirtualips (-L)\n");
		return false;
	}
	good = read_keys(d, &c->config, now->config, &keys, why) &&
	       finish(r, keys, now, why);
	keyfile_release(keys);
	return good;
}

static const struct source_config *find(void *context, uint16_t assoc)
{
	return engine_line_of(context, assoc);
}

/* "column 18 syntax error, ..."; the line too where there are several. */
static void say_columns(const struct config_result *r, bool lines,
			struct text *why)
{
	for (const struct complaint *c = r->complaints; c; c = c->next) {
		bool refused = strstr(c->text, " configuration ignored");

		if (lines) {
			text_str(why, "line ");
			text_u64(why, c->place.line);
			text_char(why, ' ');
		}
		text_str(why, "column ");
		text_u64(why, c->place.column);
		text_char(why, ' ');
		text_str(why, c->severity == COMPLAINT_INFO || refused
				      ? ""
				      : "syntax error, ");
		text_str(why, c->text);
		text_char(why, '\n');
	}
}

/* The configuration as it is, and the lines on top of it. */
static bool read_lines(struct ntpd_reload *d, struct generation *r,
		       struct engine *e, const struct settings *now,
		       const struct settings_lines *lines, struct text *why)
{
	struct config *c = &r->config.config;
	const struct config_request request = { e, find };
	struct config_result result;
	struct arena arena;
	char *text = normalform(now->config);
	size_t len = text ? strlen(text) : 0;
	size_t size = config_arena_size(len + lines->len);

	r->config.memory = text ? malloc(size) : NULL;
	if (!r->config.memory) {
		free(text);
		text_str(why, "not enough memory\n");
		return false;
	}
	arena = arena_over(r->config.memory, size);
	config_defaults(c);
	(void)config_parse(c, &arena, "ntpd", text, len, NULL);
	free(text);
	result = config_parse_request(c, &arena, lines->text, lines->len,
				      &request);
	say_columns(&result, memchr(lines->text, '\n', lines->len) != NULL,
		    why);
	return !is_refused(&result, NULL) && finish(r, d->keys, now, why);
}

/* Only now, when nothing has refused what was read with them. */
static void keep_keys(struct ntpd_reload *d, struct keyfile *file)
{
	if (file) {
		file->users++;
	}
	keyfile_release(d->keys);
	d->keys = file;
}

static void keep_mistakes(struct ntpd_reload *d, const struct config_result *r)
{
	free(d->mistakes);
	d->mistakes = mistakes_list(r);
}

static struct settings *read_settings(void *context, struct engine *e,
				      const struct settings *now,
				      const struct settings_lines *lines,
				      struct text *why)
{
	struct generation *r = calloc(1, sizeof(*r));
	bool good;

	if (!r) {
		text_str(why, "not enough memory\n");
		return NULL;
	}
	good = lines ? read_lines(context, r, e, now, lines, why)
		     : read_files(context, r, now, why);
	if (!good) {
		release(context, &r->settings);
		return NULL;
	}
	keep_keys(context, r->keys.file);
	if (!lines) {
		keep_mistakes(context, &r->config.result);
	}
	return &r->settings;
}

bool ntpd_reload_begin(struct ntpd_reload *d, const struct ntpd_config *c,
		       struct trusted_keys *keys)
{
	const struct config *config = &c->config;
	char buffer[SAID];
	struct text said = text_over(buffer, sizeof(buffer));
	const char *line = buffer;

	keep_mistakes(d, &c->result);
	d->keys =
		config->keysfile ? keyfile_read(config->keysfile, &said) : NULL;
	while (*line) {
		size_t len = strcspn(line, "\n");

		journal_say(d->journal, NOTE_WARNING, "%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
	return trusted_keys_make(keys, d->keys, config);
}

void ntpd_reload_end(struct ntpd_reload *d)
{
	keyfile_release(d->keys);
	free(d->mistakes);
}

struct settings_reader ntpd_reload_reader(struct ntpd_reload *reload)
{
	return (struct settings_reader){
		.context = reload,
		.read = read_settings,
		.release = release,
		.name = name_host,
	};
}
