/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as another daemon's configuration, the first one saying whose:
 * what is made of them is marked, ntpd reads it without a warning, and the
 * number of sources is not invented.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "fuzz/fuzz.h"
#include "migrate/migrate.h"

static struct config_result read_lines(const char *text, size_t len,
				       struct config *c, void **memory)
{
	size_t room = config_arena_size(len);

	*memory = malloc(room);
	INVARIANT(*memory != NULL);

	struct arena arena = arena_over(*memory, room);

	config_defaults(c);
	return config_parse(c, &arena, "made", text, len, NULL);
}

/*
 * Not ntp.conf's own: its lines stand in another order there, which `end`,
 * `simulate` and a `tos` that contradicts another may notice.
 */
static void check_made(enum migrate_from kind, const char *text, size_t len,
		       const struct migrate_result *r)
{
	struct config c;
	void *memory;
	struct config_result read = read_lines(text, len, &c, &memory);
	unsigned sources = 0;

	INVARIANT(!read.out_of_memory);
	INVARIANT(len > strlen(MIGRATE_MARK) &&
		  memcmp(text, MIGRATE_MARK, strlen(MIGRATE_MARK)) == 0);
	for (const struct source_config *s = c.sources; s; s = s->next) {
		sources++;
	}
	if (kind != MIGRATE_NTP) {
		INVARIANT(read.warnings + read.fatals == 0);
		/* `local` makes one that is not counted, each line its own. */
		INVARIANT(sources <= r->sources + 1);
	}
	free(memory);
}

/* Patterns would look for files everywhere. */
static void write_all(int fd, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t c = data[i];

		c = memchr("*?[{", c, 4) ? '+' : c;
		INVARIANT(write(fd, &c, 1) == 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[64];
	char *made = NULL;
	size_t len = 0;

	INVARIANT(fd >= 0);
	if (size < 1 || size > 65536) {
		(void)close(fd);
		return 0;
	}
	write_all(fd, data + 1, size - 1);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);

	enum migrate_from kind = (enum migrate_from)(data[0] % MIGRATE_KINDS);
	FILE *to = open_memstream(&made, &len);

	INVARIANT(to != NULL);
	struct migrate_result r = migrate(kind, path, to);

	INVARIANT(fclose(to) == 0 && r.err == 0);
	check_made(kind, made, len, &r);
	free(made);
	(void)close(fd);
	return 0;
}
