/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/files/saveconfig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/files/normalform.h"
#include "host/system/store.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static bool is_safe(const char *name)
{
	for (const char *c = name; *c; c++) {
		if (!is_letter(*c) && (c == name || !strchr("-.+", *c))) {
			return false;
		}
	}
	return *name != '\0';
}

/* With the date in it; false when that is not a name for a file. */
static bool expand(const char *name, size_t len, char out[SAVECONFIG_NAME])
{
	char plain[SAVECONFIG_NAME];
	time_t now = time(NULL);
	struct tm tm;

	if (len == 0 || len >= sizeof(plain) || memchr(name, '\0', len) ||
	    !gmtime_r(&now, &tm)) {
		return false;
	}
	memcpy(plain, name, len);
	plain[len] = '\0';
	/* The format is checked by what comes out of it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	size_t made = strftime(out, SAVECONFIG_NAME, plain, &tm);
#pragma GCC diagnostic pop

	return made > 0 && is_safe(out);
}

/* 0 or a negative errno. */
static int write_new(const char *dir, const char *name, const char *text)
{
	int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error;

	if (folder < 0) {
		return -errno;
	}
	error = store_create(folder, name, text, strlen(text), 0600, true);
	close(folder);
	return error;
}

void saveconfig(const struct config *c, const char *name, size_t len,
		struct text *out)
{
	char file[SAVECONFIG_NAME];
	char *text;
	int error;

	if (!c->saveconfigdir) {
		text_str(out,
			 "saveconfig prohibited, no saveconfigdir configured");
		return;
	}
	if (!expand(name, len, file)) {
		text_str(out, "saveconfig rejects unsafe file name '");
		text_escaped(out, name, len);
		text_char(out, '\'');
		return;
	}
	text = normalform(c);
	error = text ? write_new(c->saveconfigdir, file, text) : -ENOMEM;
	free(text);
	text_str(out, error ? "cannot save configuration to '"
			    : "Configuration saved to '");
	text_str(out, file);
	text_char(out, '\'');
	if (error) {
		text_str(out, ": ");
		text_str(out, strerror(-error));
	}
}
