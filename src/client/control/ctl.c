/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/control/ctl.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/control/fragments.h"
#include "client/interrupt.h"
#include "client/moment.h"
#include "client/sock.h"
#include "client/unroot.h"

/* RFC 9327 has version in the header, and every known tool says 2 there. */
#define CLAIMED_VERSION 2

void ctl_init(struct ctl *c)
{
	uint8_t seed[RNG_SEED];

	memset(c, 0, sizeof(*c));
	c->fd = -1;
	c->version = CLAIMED_VERSION;
	c->first_wait = SPAN_S(5);
	c->next_wait = SPAN_S(3);
	c->tries = 2;
	c->word = MODE6_SIGNED_WORD;
	moment_seed(seed);
	rng_init(&c->rng, seed);
}

int ctl_open(struct ctl *c, const netaddr *daemon)
{
	ctl_close(c);
	unroot_before(daemon);
	int fd = sock_connect(daemon, 0);

	if (fd < 0) {
		return fd;
	}
	c->fd = fd;
	return 0;
}

int ctl_open_path(struct ctl *c, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	ctl_close(c);
	if (len >= sizeof(un.sun_path)) {
		return -ENAMETOOLONG;
	}
	memcpy(un.sun_path, path, len);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);

	if (fd < 0) {
		return -errno;
	}
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) != 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	c->fd = fd;
	c->local = true;
	return 0;
}

void ctl_close(struct ctl *c)
{
	if (c->fd >= 0) {
		close(c->fd);
	}
	c->fd = -1;
	c->local = false;
}

static void tell(const struct ctl *c, const char *what, const uint8_t *data,
		 size_t len)
{
	struct reader r = reader_over(data, len);
	struct mode6 m;

	if (!c->debug) {
		return;
	}
	if (!mode6_parse(&m, &r)) {
		fprintf(c->debug, "%s %zu octets, no control message\n", what,
			len);
		return;
	}
	fprintf(c->debug,
		"%s %zu octets: %s%s%sopcode %u, sequence %u, status %04x, "
		"association %u, %u octets at %u\n",
		what, len, m.response ? "response, " : "",
		m.error ? "error, " : "", m.more ? "more, " : "", m.opcode,
		m.sequence, m.status, m.assoc, m.count, m.offset);
}

static void write_mac(struct writer *w, const struct controlkey *key,
		      const uint8_t *packet)
{
	uint8_t mac[CONTROLKEY_MAC];
	size_t len =
		controlkey_sign(key, packet, (size_t)(w->at - packet), mac);

	for (size_t i = 0; i < len; i++) {
		write_u8(w, mac[i]);
	}
}

/* A wrong MAC of our own key: nobody who has the key wrote that. */
static bool forged(const struct ctl_request *q, const uint8_t *data, size_t len)
{
	return q->key && controlkey_check(q->key, data, len, MODE6_HEADER) ==
				 CONTROLKEY_FORGED;
}

/* Sends the question under a fresh sequence number. */
static int ask_once(struct ctl *c, const struct ctl_request *q,
		    struct mode6 *asked)
{
	uint8_t packet[CTL_PADDED];
	struct writer w = writer_over(packet, sizeof(packet));
	uint16_t sequence;

	INVARIANT(q->len <= MODE6_DATA);
	do {
		sequence = (uint16_t)rng_u64(&c->rng);
	} while (sequence == c->sequence || sequence == 0);
	c->sequence = sequence;
	*asked = (struct mode6){ .version = c->version,
				 .opcode = (uint8_t)q->opcode,
				 .sequence = sequence,
				 .assoc = q->assoc,
				 .count = (uint16_t)q->len };
	mode6_write(asked, &w);
	for (size_t i = 0; i < q->len; i++) {
		write_u8(&w, (uint8_t)q->data[i]);
	}
	while ((size_t)(w.at - packet) % (q->key ? c->word : 4) != 0 ||
	       (size_t)(w.at - packet) < q->pad_to) {
		write_u8(&w, 0);
	}
	if (q->key) {
		write_mac(&w, q->key, packet);
	}
	INVARIANT(!w.failed);
	tell(c, "sent", packet, (size_t)(w.at - packet));
	return sock_send(c->fd, packet, (size_t)(w.at - packet));
}

/* One datagram, or a negative errno; -ETIMEDOUT when `until` has come. */
static int next_datagram(const struct ctl *c, instant until, uint8_t *data,
			 size_t size)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	tstamp at;

	for (;;) {
		instant now = moment_steady();

		if (instant_diff(until, now).v <= 0) {
			return -ETIMEDOUT;
		}
		int ready = interrupt_poll(&p, 1, moment_poll_ms(now, until));

		if (ready < 0) {
			return ready;
		}
		int len = sock_receive(c->fd, data, size, &at);

		if (len == 0 && c->local) {
			return -ECONNRESET;
		}
		if (len != -EAGAIN && len != -EINTR) {
			return len;
		}
	}
}

/* Collects fragments until they are whole or the time has come. */
static enum ctl_result collect(struct ctl *c, const struct ctl_request *q,
			       struct fragments *f, instant deadline,
			       struct ctl_answer *answer)
{
	uint8_t data[MODE6_HEADER + MODE6_DATA + 64]; /* 64: a MAC */
	instant until = deadline;

	for (;;) {
		int len = next_datagram(c, until, data, sizeof(data));

		if (len == -ETIMEDOUT) {
			return f->count > 0 ? CTL_INCOMPLETE : CTL_SILENCE;
		}
		if (len < 0) {
			answer->system = -len;
			return len == -EINTR ? CTL_INTERRUPTED : CTL_SYSTEM;
		}
		tell(c, "received", data, (size_t)len);
		if (forged(q, data, (size_t)len)) {
			continue;
		}
		switch (fragments_add(f, data, (size_t)len, answer)) {
		case FRAGMENTS_FOREIGN:
			break;
		case FRAGMENTS_MORE:
			until = instant_earlier(
				deadline,
				instant_add(moment_steady(), c->next_wait));
			break;
		case FRAGMENTS_DONE:
			return CTL_OK;
		case FRAGMENTS_ERROR:
			return CTL_REFUSED;
		case FRAGMENTS_MALFORMED:
			return CTL_MALFORMED;
		}
	}
}

static void answer_clear(struct ctl_answer *answer)
{
	answer->len = 0;
	answer->status = 0;
	answer->error = 0;
	answer->system = 0;
}

/*
 * Silence earns another full wait. An answer with a hole is asked for again
 * only inside the wait that it began in: whoever sends pieces for ever gets
 * no more of our time than one wait.
 */
static enum ctl_result ask(struct ctl *c, const struct ctl_request *q,
			   struct ctl_answer *answer)
{
	instant deadline = moment_steady();
	bool partial = false;

	for (unsigned i = 0; i < c->tries; i++) {
		struct fragments f;
		struct mode6 asked;
		int err = ask_once(c, q, &asked);

		answer_clear(answer);
		if (err < 0) {
			answer->system = -err;
			return CTL_SYSTEM;
		}
		if (!partial) {
			deadline = instant_add(moment_steady(), c->first_wait);
		}
		fragments_init(&f, &asked);
		enum ctl_result result = collect(c, q, &f, deadline, answer);

		if (result != CTL_SILENCE && result != CTL_INCOMPLETE) {
			return result;
		}
		partial = partial || result == CTL_INCOMPLETE;
		if (partial && instant_diff(deadline, moment_steady()).v <= 0) {
			break;
		}
	}
	return partial ? CTL_INCOMPLETE : CTL_SILENCE;
}

/* Does it matter to this question which word a code begins at? */
static bool words_differ(const struct ctl_request *q)
{
	size_t left = (MODE6_HEADER + q->len) % MODE6_SIGNED_WORD;

	return q->key && left > 0 && left <= MODE6_SIGNED_HALF;
}

static bool not_permitted(enum ctl_result result,
			  const struct ctl_answer *answer)
{
	return result == CTL_REFUSED && answer->error == MODE6_ERR_PERMISSION;
}

enum ctl_result ctl_ask(struct ctl *c, const struct ctl_request *q,
			struct ctl_answer *answer)
{
	enum ctl_result result = ask(c, q, answer);
	size_t word = c->word;

	if (!not_permitted(result, answer) || !words_differ(q)) {
		return result;
	}
	c->word = MODE6_SIGNED_WORD + MODE6_SIGNED_HALF - word;
	result = ask(c, q, answer);
	if (not_permitted(result, answer)) {
		c->word = word;
	}
	return result;
}
