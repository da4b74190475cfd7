/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/files/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/record/record.h"
#include "host/files/normalform.h"

#define RECORDER_ROOM ((size_t)4 * RECORD_ROOM)

/* Nobody else's file, and not one that means something else. */
static int check(int fd)
{
	static const char magic[] = RECORD_MAGIC;
	char begin[sizeof(magic) - 1];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) != 0) {
		return -errno;
	}
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_nlink != 1) {
		return -EPERM;
	}
	n = pread(fd, begin, sizeof(begin), 0);
	if (n < 0) {
		return -errno;
	}
	if (n > 0 && memcmp(begin, magic, (size_t)n) != 0) {
		return -EEXIST;
	}
	return fchmod(fd, 0600) == 0 ? 0 : -errno;
}

/* The descriptor, or a negative errno. */
static int open_file(const char *path)
{
	int error;
	/* Non-blocking: a FIFO planted there must not hold the start up. */
	int fd = open(path,
		      O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK |
			      O_NOCTTY | O_CLOEXEC,
		      0600);

	if (fd < 0) {
		return -errno;
	}
	error = check(fd);
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

void recorder_open(struct recorder *r, struct journal *journal,
		   const char *path)
{
	*r = (struct recorder){ .fd = -1, .journal = journal, .path = path };
	if (!path) {
		return;
	}
	r->buffer = malloc(RECORDER_ROOM);
	r->fd = r->buffer ? open_file(path) : -ENOMEM;
	if (r->fd < 0) {
		journal_say(journal, NOTE_ERROR, "record %s: %s", path,
			    r->fd == -EEXIST ? "another kind of file"
					     : strerror(-r->fd));
		free(r->buffer);
		*r = (struct recorder){ .fd = -1, .journal = journal };
	}
}

static void give_up(struct recorder *r, int error)
{
	journal_say(r->journal, NOTE_ERROR,
		    "record %s: %s: nothing more is recorded", r->path,
		    strerror(error));
	close(r->fd);
	r->fd = -1;
}

static void put(struct recorder *r, const uint8_t *data, size_t len)
{
	while (len > 0 && r->fd >= 0) {
		ssize_t n = write(r->fd, data, len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			give_up(r, n < 0 ? errno : EIO);
			return;
		}
		data += n;
		len -= (size_t)n;
	}
}

static void flush(struct recorder *r)
{
	size_t used = r->used;

	r->used = 0;
	if (r->fd >= 0) {
		put(r, r->buffer, used);
	}
}

void recorder_close(struct recorder *r)
{
	flush(r);
	if (r->fd >= 0) {
		close(r->fd);
	}
	free(r->buffer);
	*r = (struct recorder){ .fd = -1, .journal = r->journal };
}

static char *config_text(const struct config *config)
{
	return normalform_by(config, record_config_print);
}

void recorder_start(struct recorder *r, const struct settings *settings,
		    const struct engine_start *start)
{
	struct record_start s = { .start = *start };
	char *text = r->fd < 0 ? NULL : config_text(settings->config);
	size_t len = text ? strlen(text) : 0;
	size_t room = len + start->snapshot_len + RECORD_ROOM;
	uint8_t *buffer = text ? malloc(room) : NULL;

	if (buffer) {
		struct writer w = writer_over(buffer, room);

		s.settings.config = (const uint8_t *)text;
		s.settings.config_len = len;
		record_take_settings(&s.settings, settings);
		record_put_start(&w, &s);
		put(r, buffer, (size_t)(w.at - buffer));
	} else if (r->fd >= 0) {
		give_up(r, ENOMEM);
	}
	free(text);
	free(buffer);
}

/* Room for one more item, whatever it is. */
static struct writer room(struct recorder *r)
{
	if (RECORDER_ROOM - r->used < RECORD_ROOM) {
		flush(r);
	}
	return r->fd < 0 ? writer_over(NULL, 0)
			 : writer_over(r->buffer + r->used,
				       RECORDER_ROOM - r->used);
}

static void keep(struct recorder *r, const struct writer *w)
{
	if (w->failed) {
		give_up(r, EMSGSIZE);
	} else {
		r->used = (size_t)(w->at - r->buffer);
	}
}

/* The configuration in it may be of any length. */
static void put_settings(struct recorder *r, const struct event *ev)
{
	char *text = ev->settings.settings
			     ? config_text(ev->settings.settings->config)
			     : NULL;
	size_t len = text ? strlen(text) : 0;
	uint8_t *buffer = malloc(len + RECORD_ROOM);
	struct event whole = *ev;
	struct writer w;

	flush(r);
	if (buffer && r->fd >= 0 && (text || !ev->settings.settings)) {
		w = writer_over(buffer, len + RECORD_ROOM);
		whole.settings.text = (const uint8_t *)text;
		whole.settings.text_len = len;
		record_put_event(&w, &whole);
		put(r, buffer, (size_t)(w.at - buffer));
	} else if (r->fd >= 0) {
		give_up(r, ENOMEM);
	}
	free(text);
	free(buffer);
}

void recorder_event(struct recorder *r, const struct event *ev)
{
	struct writer w;

	if (r->fd < 0) {
		return;
	}
	if (ev->kind == EVENT_SETTINGS) {
		put_settings(r, ev);
		return;
	}
	w = room(r);
	if (r->fd >= 0) {
		record_put_event(&w, ev);
		keep(r, &w);
		flush(r);
	}
}

void recorder_effects(struct recorder *r, const struct outbox *out,
		      instant deadline)
{
	struct record_done done = { deadline, out->count, out->lost };

	for (uint32_t i = 0; r->fd >= 0 && i < out->count; i++) {
		const struct effect *e = &out->effects[i];
		struct writer w = room(r);

		if (r->fd >= 0) {
			record_put_effect(&w, e, record_effect_bytes(out, e));
			keep(r, &w);
		}
	}
	if (r->fd >= 0) {
		struct writer w = room(r);

		if (r->fd >= 0) {
			record_put_done(&w, &done);
			keep(r, &w);
		}
	}
}
