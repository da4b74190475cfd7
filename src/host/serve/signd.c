/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/signd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/net/udp.h"

#define SIGN_TO_CLIENT 0
#define SIGNING_SUCCESS 3
/* A request: where its parts are, and how long it is. */
#define ASKED_KEY 16
#define ASKED_PACKET 20
#define ASKED (ASKED_PACKET + PACKET_LEN)

#define HEAD 12 /* of a reply, behind its length */

void signd_init(struct signd *s, const char *dir, struct journal *j)
{
	size_t room = sizeof(s->path.sun_path);
	int len;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->journal = j;
	s->path.sun_family = AF_UNIX;
	len = snprintf(s->path.sun_path, room, "%s/socket",
		       dir ? dir : SIGND_DIR);
	s->usable = len > 0 && (size_t)len < room;
	if (!s->usable) {
		journal_say(j, NOTE_ERROR,
			    "the path of ntpsigndsocket is too long");
	}
}

/* All that is with Samba is lost: the clients ask again. */
static void hang_up(struct signd *s, instant now)
{
	for (size_t i = 0; i < SIGND_JOBS; i++) {
		s->lost += s->jobs[i].used;
		s->jobs[i].used = false;
	}
	if (s->fd >= 0) {
		close(s->fd);
	}
	s->fd = -1;
	s->in_len = 0;
	s->next = instant_add(now, SPAN_S(SIGND_PATIENCE_S));
}

void signd_close(struct signd *s)
{
	if (s->fd >= 0) {
		close(s->fd);
	}
	s->fd = -1;
}

static void complain(struct signd *s, int error)
{
	if (!s->said) {
		s->said = true;
		journal_say(s->journal, NOTE_WARNING,
			    "clients of Active Directory are not answered: "
			    "%s: %s",
			    s->path.sun_path, strerror(error));
	}
}

static void connect_to(struct signd *s, instant now)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0) {
		return;
	}
	fd_prepare(fd);
	if (connect(fd, (const struct sockaddr *)&s->path, sizeof(s->path)) !=
	    0) {
		complain(s, errno);
		close(fd);
		s->next = instant_add(now, SPAN_S(SIGND_PATIENCE_S));
		return;
	}
	s->fd = fd;
	s->said = false;
}

/* It has had one for longer than any client waits. */
static bool has_hung(const struct signd *s, instant now)
{
	for (size_t i = 0; i < SIGND_JOBS; i++) {
		span age = instant_diff(now, s->jobs[i].since);

		if (s->jobs[i].used &&
		    span_cmp(age, SPAN_S(SIGND_PATIENCE_S)) >= 0) {
			return true;
		}
	}
	return false;
}

static struct signd_job *free_job(struct signd *s)
{
	for (size_t i = 0; i < SIGND_JOBS; i++) {
		if (!s->jobs[i].used) {
			return &s->jobs[i];
		}
	}
	return NULL;
}

/* False: it takes no more just now. */
static bool send_job(const struct signd *s, const struct signd_job *job)
{
	uint8_t frame[ASKED];
	struct writer w = writer_over(frame, sizeof(frame));

	write_u32(&w, sizeof(frame) - 4);
	write_u32(&w, 0); /* version */
	write_u32(&w, SIGN_TO_CLIENT);
	write_u32(&w, (uint32_t)job->number << 16);
	memcpy(frame + ASKED_KEY, job->key, sizeof(job->key));
	memcpy(frame + ASKED_PACKET, job->packet, sizeof(job->packet));
	return send(s->fd, frame, sizeof(frame), MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       (ssize_t)sizeof(frame);
}

void signd_ask(struct signd *s, const struct request *req,
	       const uint8_t answer[PACKET_LEN], instant now)
{
	struct signd_job *job;

	s->asked++;
	if (s->fd >= 0 && has_hung(s, now)) {
		complain(s, ETIMEDOUT);
		hang_up(s, now);
	}
	if (s->fd < 0 && s->usable && instant_diff(now, s->next).v >= 0) {
		connect_to(s, now);
	}
	job = s->fd >= 0 ? free_job(s) : NULL;
	if (!job) {
		s->lost++;
		return;
	}
	*job = (struct signd_job){ .used = true,
				   .number = ++s->number,
				   .since = now,
				   .from = req->from,
				   .to = req->to };
	memcpy(job->packet, answer, sizeof(job->packet));
	memcpy(job->key, req->data + PACKET_LEN, sizeof(job->key));
	if (!send_job(s, job)) {
		hang_up(s, now); /* a part of it may be there */
	}
}

static struct signd_job *find_job(struct signd *s, uint32_t number)
{
	for (size_t i = 0; i < SIGND_JOBS; i++) {
		if (s->jobs[i].used && s->jobs[i].number == number) {
			return &s->jobs[i];
		}
	}
	return NULL;
}

/* The length of the first frame, 0: not there yet; too much: no frame. */
static size_t first_frame(const struct signd *s)
{
	struct reader r = reader_over(s->in, s->in_len);
	uint32_t len;

	if (s->in_len < 4) {
		return 0;
	}
	len = read_u32(&r);
	if (len < HEAD || len > SIGND_FRAME - 4) {
		return SIGND_FRAME + 1;
	}
	return s->in_len >= 4 + len ? 4 + len : 0;
}

/* Our own packet, with this client's key behind it, and a code. */
static bool is_ours(const struct signd_job *job, const uint8_t *packet,
		    size_t len)
{
	return len == SIGND_SIGNED &&
	       memcmp(packet, job->packet, PACKET_LEN) == 0 &&
	       memcmp(packet + PACKET_LEN, job->key, sizeof(job->key)) == 0;
}

/* One frame; true: it is a packet to be sent. */
static bool read_frame(struct signd *s, size_t len, struct signd_job *done,
		       uint8_t packet[SIGND_SIGNED])
{
	struct reader r = reader_over(s->in + 4, len - 4);
	uint32_t version = read_u32(&r), op = read_u32(&r);
	struct signd_job *job = find_job(s, read_u32(&r));

	if (!job) {
		return false;
	}
	job->used = false;
	*done = *job;
	if (version != 0 || op != SIGNING_SUCCESS ||
	    !is_ours(job, r.at, reader_left(&r))) {
		s->refused++; /* no machine of the domain has this key */
		return false;
	}
	memcpy(packet, r.at, SIGND_SIGNED);
	s->granted++;
	return true;
}

/* False: nothing more has come. */
static bool fill(struct signd *s, instant now)
{
	ssize_t n = recv(s->fd, s->in + s->in_len, sizeof(s->in) - s->in_len,
			 MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return false;
	}
	if (n <= 0) {
		hang_up(s, now);
		return false;
	}
	s->in_len += (size_t)n;
	return true;
}

bool signd_take(struct signd *s, instant now, struct signd_job *job,
		uint8_t packet[SIGND_SIGNED])
{
	while (s->fd >= 0) {
		size_t len = first_frame(s);
		bool good;

		if (len > sizeof(s->in)) {
			hang_up(s, now);
			return false;
		}
		if (len == 0) {
			if (!fill(s, now)) {
				return false;
			}
			continue;
		}
		good = read_frame(s, len, job, packet);
		s->in_len -= len;
		memmove(s->in, s->in + len, s->in_len);
		if (good) {
			return true;
		}
	}
	return false;
}
