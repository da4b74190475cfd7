/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as ntp.conf: the arena suffices, complaints lie in the file, and
 * the normal form reads back as itself without a warning that it did not
 * have. The unit test normalform feeds it texts of ntp.conf's own words.
 */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "fuzz/fuzz.h"

/* The normal form can be longer than the text: `tos` lines, quotes, masks. */
#define PRINTED(len) (4096 + 32 * (len))

static void require(bool holds)
{
	if (!holds) {
		abort();
	}
}

/* Every includefile holds a little of everything. */
static const char *load(void *context, const char *path, size_t *len)
{
	static const char text[] = "server i.example\nrestrict source\nbad\n";

	(void)context;
	(void)path;
	*len = sizeof(text) - 1;
	return text;
}

/* Reads the text and gives its normal form, to be freed. */
static char *normal_form(const char *in, size_t len, struct text *out,
			 struct config_result *result)
{
	const struct config_loader loader = { .load = load };
	/* Each includefile line takes at least 13 bytes and loads 40. */
	size_t size = config_arena_size(4 * len);
	void *memory = malloc(size);
	char *buffer = malloc(PRINTED(len));
	struct arena arena = arena_over(memory, size);
	struct config c;

	require(memory && buffer);
	*out = text_over(buffer, PRINTED(len));
	config_defaults(&c);
	*result = config_parse(&c, &arena, "f", in, len, &loader);
	require(!result->out_of_memory);
	for (const struct complaint *k = result->complaints; k; k = k->next) {
		require(k->text && k->place.file && k->place.line > 0);
	}
	config_print(&c, out);
	require(!out->cut);
	free(memory);
	result->complaints = NULL;
	return buffer;
}

static const struct source_config *find(void *context, uint16_t assoc)
{
	const struct config *c = context;

	return assoc % 2 ? c->sources : NULL;
}

/* I2: the same bytes from afar name no file, whatever else they do. */
static void as_request(const char *in, size_t len)
{
	static const char had[] = "server a.example\nserver 10.0.0.1\n"
				  "restrict default\nlogfile /var/log/ntp\n";
	size_t size = config_arena_size(len + sizeof(had));
	void *memory = malloc(size);
	struct arena arena = arena_over(memory, size);
	struct config was, c;
	const struct config_request request = { &was, find };
	struct config_result r;

	require(memory);
	config_defaults(&was);
	(void)config_parse(&was, &arena, "f", had, sizeof(had) - 1, NULL);
	c = was;
	r = config_parse_request(&c, &arena, in, len, &request);
	require(!r.out_of_memory);
	require(c.logfile == was.logfile && !c.driftfile && !c.keysfile &&
		!c.pidfile && !c.statsdir && !c.saveconfigdir && !c.leapfile);
	require(!c.trusted_keys && c.control_key == 0 && !c.nics);
	free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_result first, second;
	struct text once, twice;
	char *a = normal_form((const char *)data, size, &once, &first);
	char *b = normal_form(once.start, once.len, &twice, &second);

	require(second.fatals == 0);
	require(second.warnings <= first.warnings);
	require(once.len == twice.len && memcmp(a, b, once.len) == 0);
	free(a);
	free(b);
	as_request((const char *)data, size);
	return 0;
}
