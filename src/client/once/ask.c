/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/once/ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "client/moment.h"
#include "client/once/pick.h"
#include "client/sock.h"
#include "core/estimate/exchange.h"
#include "wire/tail.h"

#define KISS_RATE 0x52415445u
#define KISS_DENY 0x44454e59u
#define KISS_RSTR 0x52535452u
#define STRATUM_NONE 16

/* A majority waits this long for the rest: for lower strata, say. */
#define GRACE SPAN_MS(100)

void ask_init(struct ask *a)
{
	uint8_t seed[RNG_SEED];

	memset(a, 0, sizeof(*a));
	a->version = 4;
	a->tries = 4;
	a->timeout = SPAN_S(2);
	moment_seed(seed);
	rng_init(&a->rng, seed);
}

int ask_add(struct ask *a, const netaddr *addr)
{
	if (a->count == ASK_SERVERS) {
		return -ENOBUFS;
	}
	int fd = sock_connect(addr, a->port);

	if (fd < 0) {
		return fd;
	}
	a->servers[a->count++] = (struct ask_server){ .addr = *addr, .fd = fd };
	return 0;
}

void ask_end(struct ask *a)
{
	for (size_t i = 0; i < a->count; i++) {
		close(a->servers[i].fd);
	}
	a->count = 0;
}

static void tell(const struct ask *a, const char *what,
		 const struct ask_server *s)
{
	char addr[NETADDR_TEXT];
	struct text t = text_over(addr, sizeof(addr));

	if (a->debug) {
		netaddr_print(&s->addr, &t);
		fprintf(a->debug, "%s(%s)\n", what, addr);
	}
}

/*
 * A fresh port for each request, where the port is ours to choose: an answer
 * that comes too late finds nobody.
 */
static void renew_socket(const struct ask *a, struct ask_server *s)
{
	if (a->port != 0 || s->tries == 0) {
		return;
	}
	int fd = sock_connect(&s->addr, 0);

	if (fd >= 0) {
		close(s->fd);
		s->fd = fd;
	}
}

/* The values that the classic tool sends; they tell nothing about us. */
static void send_request(struct ask *a, struct ask_server *s)
{
	uint8_t data[PACKET_LEN + TAIL_MAC_MAX];
	struct key_counts counts = { 0 };
	struct writer w = writer_over(data, sizeof(data));

	renew_socket(a, s);
	s->nonce = (tstamp){ rng_nonce(&a->rng) };
	packet_write(&(struct packet){ .leap = LEAP_UNSYNC,
				       .mode = MODE_CLIENT,
				       .version = a->version,
				       .poll = 3,
				       .precision = -6,
				       .root_delay = SPAN_S(1),
				       .root_disp = SPAN_S(1),
				       .transmit = s->nonce },
		     &w);
	INVARIANT(!a->key ||
		  keyring_sign(a->key, data, &w, KEYRING_V4, &counts));
	INVARIANT(!w.failed);
	tell(a, "transmit", s);
	s->tries++;
	s->state = ASK_WAITING;
	s->sent = moment_steady();
	s->sent_wall = moment_wall();
	if (sock_send(s->fd, data, (size_t)(w.at - data)) < 0) {
		s->state = ASK_IDLE; /* no way there now; perhaps later */
	}
}

static enum ask_state kiss_state(uint32_t code)
{
	if (code == KISS_RATE) {
		return ASK_LIMITED;
	}
	return code == KISS_DENY || code == KISS_RSTR ? ASK_DENIED : ASK_IDLE;
}

enum ask_verdict ask_receive(struct ask_server *s, const uint8_t *data,
			     size_t len, tstamp arrived)
{
	struct reader r = reader_over(data, len);
	struct packet p;

	if (packet_parse(&p, &r) != PACKET_OK || p.version < 1 ||
	    p.version > 4 ||
	    (p.mode != MODE_SERVER && p.mode != MODE_PASSIVE)) {
		return ASK_FORM;
	}
	if (s->state != ASK_WAITING || !tstamp_equal(p.origin, s->nonce)) {
		return ASK_NOT_OURS;
	}
	if (p.stratum == 0 && kiss_state(p.refid) != ASK_IDLE) {
		s->state = kiss_state(p.refid);
		return ASK_KISS;
	}
	if (p.stratum >= STRATUM_NONE || tstamp_is_zero(p.receive) ||
	    tstamp_is_zero(p.transmit) ||
	    tstamp_before(p.transmit, p.receive)) {
		s->state = ASK_IDLE;
		s->packet = p;
		return ASK_NO_TIME;
	}
	if (s->packet.leap == LEAP_UNSYNC) {
		s->count = 0; /* what it said before it knew the time */
	}
	struct exchange x = { .sent = s->sent_wall,
			      .received = p.receive,
			      .answered = p.transmit,
			      .returned = arrived };
	struct sample sample = exchange_sample(&x, s->sent, arrived);

	s->state = ASK_IDLE;
	s->packet = p;
	if (s->count < ASK_SAMPLES) {
		s->samples[s->count++] = (struct ask_sample){
			.offset = sample_offset(&sample),
			.delay = sample_delay(&sample),
		};
	}
	return ASK_ANSWER;
}

static void tell_verdict(const struct ask *a, const struct ask_server *s,
			 enum ask_verdict verdict)
{
	if (!a->debug) {
		return;
	}
	tell(a, "receive", s);
	switch (verdict) {
	case ASK_ANSWER:
	case ASK_KISS:
		break;
	case ASK_FORM:
		fputs("receive: no answer by its form\n", a->debug);
		break;
	case ASK_NO_TIME:
		fprintf(a->debug, "receive: mode %u stratum %u\n",
			(unsigned)s->packet.mode, s->packet.stratum);
		break;
	case ASK_NOT_OURS:
		fputs("receive: pkt.org and peer.xmt differ\n", a->debug);
		break;
	}
}

/* Signed with our key and no other (C1, C2)? What is not waits on (A5). */
static bool is_authentic(const struct ask *a, const uint8_t *data, size_t len)
{
	struct reader r = reader_over(data, len);
	struct key_counts counts = { 0 };
	struct packet p;
	struct tail t;

	if (!a->key) {
		return true;
	}
	if (packet_parse(&p, &r) != PACKET_OK) {
		return false;
	}
	t = tail_parse(p.version, &r);
	return t.kind == TAIL_MAC && t.fields == 0 && t.key == a->key->id &&
	       keyring_verify(a->key, data, PACKET_LEN, t.mac, t.mac_len,
			      &counts);
}

static void take(const struct ask *a, struct ask_server *s, const uint8_t *data,
		 size_t len, tstamp arrived)
{
	bool good = is_authentic(a, data, len);

	if (a->debug && a->key) {
		fprintf(a->debug, "receive: authentication %s\n",
			good ? "passed" : "failed");
	}
	if (good) {
		tell_verdict(a, s, ask_receive(s, data, len, arrived));
	}
}

/* Takes what the socket holds; bounded, for whoever floods it. */
static void drain(const struct ask *a, struct ask_server *s)
{
	for (int i = 0; i < 64; i++) {
		uint8_t data[1024];
		tstamp arrived;
		int len = sock_receive(s->fd, data, sizeof(data), &arrived);

		if (len == -EAGAIN) {
			return;
		}
		if (len < 0) {
			/* Nobody listens there (ICMP); this try is over. */
			s->state =
				s->state == ASK_WAITING ? ASK_IDLE : s->state;
			return;
		}
		take(a, s, data, (size_t)len, arrived);
	}
}

/* Do the servers that answered agree, as far as that can be asked of them? */
static bool agreed(const struct ask *a, size_t of)
{
	struct pick pick;

	pick_init(&pick, a);
	return pick.count > 0 && 2 * pick_agreeing(&pick) > of;
}

static size_t usable(const struct ask *a)
{
	size_t count = 0;

	for (size_t i = 0; i < a->count; i++) {
		count += pick_fault(&a->servers[i]) == PICK_GOOD ? 1 : 0;
	}
	return count;
}

/* `doubt`: those who answered do not agree, or nobody answered. */
static bool wants_more(const struct ask *a, const struct ask_server *s,
		       bool doubt)
{
	if (s->state != ASK_IDLE || s->tries >= a->tries) {
		return false;
	}
	return s->tries == 0 ||
	       (a->samples > 0 ? s->count < a->samples : doubt);
}

static span slowest(const struct ask *a)
{
	span slow = SPAN_ZERO;

	for (size_t i = 0; i < a->count; i++) {
		const struct ask_server *s = &a->servers[i];

		if (s->count > 0 && span_cmp(s->samples[0].delay, slow) > 0) {
			slow = s->samples[0].delay;
		}
	}
	return slow;
}

/* When those that answered may decide without those that have not. */
static instant early_end(const struct ask *a)
{
	span slow = slowest(a);
	span wait = { slow.v < INT64_MAX / 3 ? slow.v * 3 : INT64_MAX / 3 };

	wait = span_cmp(wait, GRACE) > 0 ? wait : GRACE;
	return instant_add(a->started, wait);
}

static bool may_end_early(const struct ask *a)
{
	return !a->listing && a->samples == 0 && agreed(a, a->count);
}

/*
 * Sends what is due and gives up what is overdue. False when nothing is left
 * to wait for; else *next is when to look again.
 */
static bool advance(struct ask *a, instant *next)
{
	instant now = moment_steady();
	bool doubt = !agreed(a, usable(a)), open = false;

	*next = instant_add(now, SPAN_S(60));
	for (size_t i = 0; i < a->count; i++) {
		struct ask_server *s = &a->servers[i];
		instant due = instant_add(s->sent, s->state == ASK_WAITING
							   ? a->timeout
							   : ASK_SPACING);

		if (s->state == ASK_WAITING && instant_diff(due, now).v <= 0) {
			s->state = ASK_IDLE;
			due = instant_add(s->sent, ASK_SPACING);
		}
		if (wants_more(a, s, doubt) &&
		    (s->tries == 0 || instant_diff(due, now).v <= 0)) {
			send_request(a, s);
			due = instant_add(s->sent, a->timeout);
		}
		if (s->state == ASK_WAITING || wants_more(a, s, doubt)) {
			open = true;
			*next = instant_earlier(*next, due);
		}
	}
	if (open && may_end_early(a)) {
		*next = instant_earlier(*next, early_end(a));
		open = instant_diff(early_end(a), now).v > 0;
	}
	return open;
}

void ask_run(struct ask *a)
{
	struct pollfd fds[ASK_SERVERS];
	instant next;

	a->started = moment_steady();
	while (advance(a, &next)) {
		for (size_t i = 0; i < a->count; i++) {
			fds[i] = (struct pollfd){ .fd = a->servers[i].fd,
						  .events = POLLIN };
		}
		int ready = poll(fds, (nfds_t)a->count,
				 moment_poll_ms(moment_steady(), next));

		for (size_t i = 0; ready > 0 && i < a->count; i++) {
			if (fds[i].revents != 0) {
				drain(a, &a->servers[i]);
			}
		}
	}
}
