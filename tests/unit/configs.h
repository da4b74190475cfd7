/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * configs.h - a configuration read from text or file, for tests.
 */
#ifndef TESTS_CONFIGS_H
#define TESTS_CONFIGS_H

#include <string.h>

#include "check.h"
#include "config/config.h"

struct reading {
	struct config config;
	struct config_result result;
	struct arena arena;
	void *memory;
	size_t used; /* of the arena */
	char normal[1 << 16];
};

/* An includefile that is there and empty, as distributions have it. */
static const char *load_nothing(void *context, const char *path, size_t *len)
{
	(void)context;
	(void)path;
	*len = 0;
	return "";
}

static inline struct reading *reading_of(const char *text, size_t len,
					 const struct config_loader *loader)
{
	struct reading *r = calloc(1, sizeof(*r));
	struct config_loader nothing = { .load = load_nothing };
	size_t size = config_arena_size(len);
	struct text out;

	assert_non_null(r);
	r->memory = malloc(size);
	assert_non_null(r->memory);
	r->arena = arena_over(r->memory, size);
	config_defaults(&r->config);
	r->result = config_parse(&r->config, &r->arena, "t.conf", text, len,
				 loader ? loader : &nothing);
	r->used = (size_t)(r->arena.at - (uint8_t *)r->memory);
	out = text_over(r->normal, sizeof(r->normal));
	config_print(&r->config, &out);
	assert_false(out.cut);
	return r;
}

static inline struct reading *reading_of_text(const char *text)
{
	return reading_of(text, strlen(text), NULL);
}

static inline char *file_text(const char *name, size_t *len)
{
	static char buffer[1 << 16];
	char path[512];
	struct text t = text_over(path, sizeof(path));

	text_str(&t, TESTS_DIR);
	text_str(&t, name);
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	*len = fread(buffer, 1, sizeof(buffer) - 1, f);
	buffer[*len] = '\0';
	assert_int_equal(fclose(f), 0);
	return buffer;
}

static inline void reading_end(struct reading *r)
{
	free(r->memory);
	free(r);
}

static inline unsigned reading_complaints(const struct reading *r)
{
	unsigned n = 0;

	for (const struct complaint *c = r->result.complaints; c; c = c->next) {
		n++;
	}
	return n;
}

/* Text in, normal form out; no complaint but remarks. */
static inline void reads_as(const char *in, const char *normal)
{
	struct reading *r = reading_of_text(in);

	assert_int_equal(r->result.warnings + r->result.fatals, 0);
	assert_string_equal(r->normal, normal);
	reading_end(r);
}

/* Text in: its one warning or fatal "line:column: text", and the rest. */
static inline void complains(const char *in, const char *complaint,
			     const char *normal)
{
	struct reading *r = reading_of_text(in);
	char buffer[512];
	struct text t = text_over(buffer, sizeof(buffer));

	for (const struct complaint *c = r->result.complaints; c; c = c->next) {
		if (c->severity != COMPLAINT_INFO) {
			complaint_print(c, &t);
		}
	}
	assert_string_equal(buffer, complaint);
	assert_int_equal(r->result.warnings + r->result.fatals, 1);
	assert_string_equal(r->normal, normal);
	reading_end(r);
}

#endif
