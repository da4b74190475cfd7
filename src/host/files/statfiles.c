/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/files/statfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/report/filegen.h"
#include "core/report/stats.h"

#define SAVED_NAMES 1000 /* more of one process and one name there are not */

void statfiles_init(struct statfiles *f, const struct config *config,
		    struct journal *journal)
{
	memset(f, 0, sizeof(*f));
	f->config = config;
	f->journal = journal;
}

/* Says it unless it was said since all was well. */
static void complain(struct statfiles *f, struct statfile *file,
		     const char *what, const char *path, int error)
{
	bool forbidden = error == EACCES || error == EPERM || error == EROFS;
	char who[80] = "";

	if (file->said) {
		return;
	}
	file->said = true;
	if (forbidden) {
		(void)snprintf(who, sizeof(who),
			       "; uid %ld must be able to write there",
			       (long)geteuid());
	}
	journal_say(f->journal, NOTE_ERROR, "%s %s: %s%s", what, path,
		    strerror(error), who);
}

static void close_file(struct statfile *file)
{
	if (file->open) {
		(void)close(file->fd);
		file->open = false;
	}
}

void statfiles_close(struct statfiles *f)
{
	for (size_t i = 0; i < STATS_KINDS; i++) {
		close_file(&f->files[i]);
	}
}

void statfiles_take(struct statfiles *f, const struct config *config)
{
	statfiles_close(f);
	f->config = config;
}

/*
 * Gives a file that is nobody's link another name: NAME.C<pid>, and a number
 * behind it when that is taken. Nothing is overwritten.
 */
static int save_aside(const char *base)
{
	char saved[STATFILES_PATH];
	int error = EEXIST;

	for (unsigned i = 0; i < SAVED_NAMES && error == EEXIST; i++) {
		struct text text = text_over(saved, sizeof(saved));

		text_str(&text, base);
		text_str(&text, ".C");
		text_u64(&text, (uint64_t)getpid());
		if (i > 0) {
			text_char(&text, '.');
			text_u64(&text, i);
		}
		if (text.cut) {
			return ENAMETOOLONG;
		}
		error = link(base, saved) == 0 ? 0 : errno;
	}
	if (error == 0 && unlink(base) != 0) {
		error = errno;
	}
	return error;
}

/* Makes the bare name a link to the file; 0 or an errno. */
static int link_base(const struct statfile *file, const char *base)
{
	struct stat ours, other;
	int error = 0;

	if (fstat(file->fd, &ours) != 0) {
		return errno;
	}
	if (lstat(base, &other) == 0) {
		if (other.st_dev == ours.st_dev &&
		    other.st_ino == ours.st_ino) {
			return 0;
		}
		if (!S_ISREG(other.st_mode)) {
			return EEXIST; /* not ours to remove */
		}
		if (other.st_nlink > 1) {
			error = unlink(base) == 0 ? 0 : errno;
		} else {
			error = save_aside(base);
		}
	}
	if (error == 0 && link(file->path, base) != 0) {
		error = errno;
	}
	return error;
}

/* Never through a link that somebody planted, never waiting (K3). */
static bool open_file(struct statfiles *f, struct statfile *file,
		      const char *path)
{
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK |
			      O_NOCTTY | O_CLOEXEC,
		      0644);

	if (fd < 0) {
		complain(f, file, "can't open", path, errno);
		return false;
	}
	file->fd = fd;
	file->open = true;
	(void)memcpy(file->path, path, strlen(path) + 1);
	return true;
}

/* The file of this record is open after this; false: it cannot be. */
static bool turn_to(struct statfiles *f, const struct effect *e)
{
	const struct filegen_config *g = &f->config->filegens[e->stats.kind];
	const struct filegen_moment m = {
		.date_s = stats_date(e->stats.wall),
		.age_s = (uint64_t)(e->stats.age.v >> 32),
		.pid = (uint64_t)getpid(),
	};
	struct statfile *file = &f->files[e->stats.kind];
	char base[STATFILES_PATH], path[STATFILES_PATH];
	struct text name = text_over(path, sizeof(path));

	filegen_print_base(f->config, e->stats.kind, &name);
	(void)memcpy(base, path, sizeof(base));
	filegen_print_suffix(g->type, &m, &name);
	if (name.cut) {
		complain(f, file, "can't open", path, ENAMETOOLONG);
		return false;
	}
	if (file->open && strcmp(path, file->path) == 0) {
		return true;
	}
	close_file(file);
	if (!open_file(f, file, path)) {
		return false;
	}
	if (g->link && g->type != FILEGEN_NONE) {
		int error = link_base(file, base);

		if (error) {
			complain(f, file, "can't link", base, error);
		}
	}
	return true;
}

/* All of it or nothing: half a line would spoil the next one too. */
static int append(int fd, const uint8_t *data, size_t len)
{
	size_t done = 0;
	int error;

	while (done < len) {
		ssize_t n = write(fd, data + done, len - done);

		if (n >= 0) {
			done += (size_t)n;
		} else if (errno != EINTR) {
			break;
		}
	}
	if (done == len) {
		return 0;
	}
	error = errno;
	off_t end = done > 0 ? lseek(fd, 0, SEEK_END) : -1;

	if (end >= (off_t)done && ftruncate(fd, end - (off_t)done) != 0) {
		error = errno;
	}
	return error;
}

void statfiles_write(struct statfiles *f, const struct outbox *out,
		     const struct effect *e)
{
	struct statfile *file = &f->files[e->stats.kind];
	int error;

	if (!turn_to(f, e)) {
		return;
	}
	error = append(file->fd, out->bytes + e->stats.at, e->stats.len);
	if (error) {
		complain(f, file, "can't write", file->path, error);
	} else {
		file->said = false;
	}
}
