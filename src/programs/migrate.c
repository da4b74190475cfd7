/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * truechimer-migrate - prints the ntp.conf that does what another daemon's
 * configuration does, and all that could not be carried over; or writes it,
 * and takes that back.
 */
#include "migrate/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/version.h"
#include "host/system/store.h"
#include "programs/options.h"

#define OUTPUT "/etc/ntp.conf"
#define BEFORE ".before-migrate"
#define PATH_MAX_HERE 1024

static const struct option_line lines[] = {
#define OPTION(letter, name, takes, doc) { letter, name, takes, doc },
#include "programs/migrate_options.def"
#undef OPTION
};

static const struct option_table options = {
	.usage = "usage: truechimer-migrate [--from KIND] [--write] [FILE]\n"
		 "       truechimer-migrate --undo\n"
		 "Prints the ntp.conf that does what FILE does, and what could "
		 "not be carried\nover. FILE: that of the daemon which is "
		 "installed here.\n",
	.lines = lines,
	.count = ARRAY_LEN(lines),
};

struct wishes {
	bool write, undo, kind_known;
	enum migrate_from kind;
	const char *from, *output;
	char before[PATH_MAX_HERE], fresh[PATH_MAX_HERE];
};

static int fail(const char *what, const char *path)
{
	(void)fprintf(stderr, "truechimer-migrate: %s%s%s\n", path,
		      path[0] != '\0' ? ": " : "", what);
	return EXIT_FAILURE;
}

static int usage(FILE *out)
{
	options_help(&options, out);
	return out == stdout ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Did we write this file? */
static bool is_ours(const char *path)
{
	char line[sizeof(MIGRATE_MARK)] = "";
	FILE *f = fopen(path, "re");
	bool ours = f && fgets(line, sizeof(line), f) &&
		    strcmp(line, MIGRATE_MARK) == 0;

	if (f) {
		(void)fclose(f);
	}
	return ours;
}

static int undo(const struct wishes *w)
{
	if (!is_ours(w->output)) {
		return fail("not made by truechimer-migrate: left alone",
			    w->output);
	}
	bool kept = access(w->before, F_OK) == 0;

	if (kept ? rename(w->before, w->output) : unlink(w->output)) {
		return fail(strerror(errno), w->output);
	}
	(void)fprintf(stderr, "%s: %s\n", w->output,
		      kept ? "as it was before" : "removed; there was none");
	return EXIT_SUCCESS;
}

/* The file that is there, under another name too, instead of an older one. */
static bool keep(const struct wishes *w)
{
	return (unlink(w->before) == 0 || errno == ENOENT) &&
	       link(w->output, w->before) == 0;
}

/*
 * Complete or not at all: at every moment the name has the one file or the
 * other.
 */
static int replace(const struct wishes *w, const char *text, size_t len)
{
	struct stat old;
	bool there = stat(w->output, &old) == 0;
	mode_t mode = there ? old.st_mode & 0777 : 0644;
	int err = store_create(AT_FDCWD, w->fresh, text, len, mode, true);

	if (err != 0) {
		return fail(strerror(-err), w->fresh);
	}
	if (chmod(w->fresh, mode) != 0 ||
	    (there && !is_ours(w->output) && !keep(w)) ||
	    rename(w->fresh, w->output) != 0) {
		err = errno;
		(void)unlink(w->fresh);
		return fail(strerror(err), w->output);
	}
	return EXIT_SUCCESS;
}

static void say(const struct wishes *w, const struct migrate_result *r)
{
	(void)fprintf(stderr, "%s (%s): %u source%s", w->from,
		      migrate_name(w->kind), r->sources,
		      r->sources == 1 ? "" : "s");
	if (r->left > 0) {
		(void)fprintf(stderr,
			      "; %u remark%s on what could not be carried "
			      "over: see the end",
			      r->left, r->left == 1 ? "" : "s");
	}
	(void)fputc('\n', stderr);
	if (w->write) {
		(void)fprintf(stderr,
			      "%s is written. Check it: ntpd --check -c %s\n"
			      "Then: systemctl enable --now ntpd. Back: "
			      "truechimer-migrate --undo\n",
			      w->output, w->output);
	}
}

static int convert(struct wishes *w)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out) {
		return fail(strerror(errno), "");
	}
	struct migrate_result r = migrate(w->kind, w->from, out);
	int code = EXIT_SUCCESS;

	(void)fclose(out);
	if (r.err != 0) {
		code = fail(strerror(-r.err), w->from);
	} else if (w->write) {
		code = replace(w, text, len);
	} else if (fwrite(text, 1, len, stdout) != len || fflush(stdout) != 0) {
		code = fail(strerror(errno), "");
	}
	free(text);
	if (code == EXIT_SUCCESS) {
		say(w, &r);
	}
	return code;
}

static bool read_kind(struct wishes *w, const char *name)
{
	for (size_t i = 0; i < MIGRATE_KINDS; i++) {
		w->kind = (enum migrate_from)i;
		w->kind_known =
			strcmp(migrate_name(w->kind), name) == 0 ||
			(i == MIGRATE_NTP && strcmp(name, "ntpsec") == 0);
		if (w->kind_known) {
			return true;
		}
	}
	return false;
}

/* False: the names are too long. */
static bool name_files(struct wishes *w)
{
	int before =
		snprintf(w->before, sizeof(w->before), "%s" BEFORE, w->output);
	int fresh = snprintf(w->fresh, sizeof(w->fresh), "%s.new.%ld",
			     w->output, (long)getpid());

	return before < PATH_MAX_HERE && fresh < PATH_MAX_HERE;
}

static int run(struct wishes *w)
{
	if (!name_files(w)) {
		return fail("the name is too long", w->output);
	}
	if (w->undo) {
		return undo(w);
	}
	if (!w->from) {
		w->from = migrate_find();
	}
	if (!w->from) {
		return fail("no configuration of another daemon is here", "");
	}
	if (!w->kind_known && !migrate_kind_of(w->from, &w->kind)) {
		return fail("of which daemon? --from KIND", w->from);
	}
	return convert(w);
}

int main(int argc, char **argv)
{
	struct wishes w = { .output = OUTPUT };
	int letter;

	while ((letter = options_next(&options, argc, argv)) != -1) {
		switch (letter) {
		case 'f':
			if (!read_kind(&w, optarg)) {
				return fail("no such kind", optarg);
			}
			break;
		case 'o':
			w.output = optarg;
			break;
		case 'w':
			w.write = true;
			break;
		case 'u':
			w.undo = true;
			break;
		case 'h':
			return usage(stdout);
		case 'V':
			puts(VERSION_LINE("truechimer-migrate"));
			return EXIT_SUCCESS;
		default:
			return usage(stderr);
		}
	}
	if (argc - optind > 1 || (w.undo && (w.write || optind < argc))) {
		return usage(stderr);
	}
	w.from = argv[optind];
	return run(&w);
}
