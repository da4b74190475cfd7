/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/files/keyfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/system/store.h"

static void say(struct text *said, const char *path, const char *what)
{
	text_str(said, "authreadkeys: file '");
	text_str(said, path);
	text_str(said, "': ");
	text_str(said, what);
	text_char(said, '\n');
}

static void wipe(void *memory, size_t size)
{
	if (memory) {
		explicit_bzero(memory, size);
		free(memory);
	}
}

/* Classic reads any file; who can write to it has the keys of our clock. */
static bool may_be_used(mode_t mode, const char *path, struct text *said)
{
	if (mode & S_IWOTH) {
		say(said, path, "everybody can write to it: it is not used");
		return false;
	}
	if (mode & S_IROTH) {
		say(said, path, "everybody can read it: chmod 640 would do");
	}
	return true;
}

static void say_complaints(const struct keysfile *k, const char *path,
			   struct text *said)
{
	for (const struct complaint *c = k->complaints; c; c = c->next) {
		complaint_print(c, said);
		text_char(said, '\n');
	}
	if (k->errors > 0) {
		text_str(said, "authreadkeys: rejecting file '");
		text_str(said, path);
		text_str(said, "' after ");
		text_u64(said, k->errors);
		text_str(said, " error(s)\n");
	}
}

static struct keyfile *parse(const char *path, const char *text, size_t len,
			     struct text *said)
{
	struct keyfile *file = calloc(1, sizeof(*file));
	size_t size = keysfile_arena_size(len);
	void *memory = file ? malloc(size) : NULL;
	struct arena arena;

	if (!memory) {
		free(file);
		say(said, path, "not enough memory");
		return NULL;
	}
	arena = arena_over(memory, size);
	*file = (struct keyfile){ .users = 1, .memory = memory, .size = size };
	file->parsed = keysfile_parse(&arena, path, text, len);
	say_complaints(&file->parsed, path, said);
	if (file->parsed.errors > 0 || file->parsed.out_of_memory) {
		keyfile_release(file);
		return NULL;
	}
	return file;
}

struct keyfile *keyfile_read(const char *path, struct text *said)
{
	struct keyfile *file = NULL;
	struct stat st;
	int fd = store_open(path, 0, &st);
	size_t len;
	char *text;

	if (fd < 0) {
		say(said, path,
		    errno == EPERM ? "not a file" : strerror(errno));
		return NULL;
	}
	if (may_be_used(st.st_mode, path, said)) {
		text = store_read_from(fd, &len);
		if (text) {
			file = parse(path, text, len, said);
			wipe(text, len);
		} else {
			say(said, path, strerror(errno));
		}
	}
	close(fd);
	return file;
}

void keyfile_release(struct keyfile *file)
{
	if (file && --file->users == 0) {
		wipe(file->memory, file->size);
		free(file);
	}
}

bool trusted_keys_make(struct trusted_keys *t, struct keyfile *file,
		       const struct config *config)
{
	struct arena arena;

	*t = (struct trusted_keys){ .file = NULL };
	if (!file) {
		return true;
	}
	t->size = keyring_size(&file->parsed);
	t->memory = malloc(t->size);
	if (!t->memory) {
		return false;
	}
	arena = arena_over(t->memory, t->size);
	t->ring = keyring_build(&arena, &file->parsed, config);
	t->file = file;
	file->users++;
	return t->ring != NULL;
}

void trusted_keys_free(struct trusted_keys *t)
{
	wipe(t->memory, t->size);
	keyfile_release(t->file);
	*t = (struct trusted_keys){ .file = NULL };
}
