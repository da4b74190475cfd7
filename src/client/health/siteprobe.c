/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * siteprobe.c - asks for the time, once each, the sources that are silent to
 * the daemon: do they answer somebody else on this machine, is the port
 * closed, is there no way, or is there only silence?
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "client/health/siteparts.h"
#include "client/moment.h"
#include "client/names.h"
#include "client/sock.h"
#include "wire/packet.h"

#define PROBES 4
#define NAMES_MOST 3
#define PATIENCE SPAN_S(2)

struct probe {
	int fd;
	bool done;
};

static void note(struct site *s, struct probe *p, int error)
{
	p->done = true;
	if (error == 0) {
		s->probe_answered++;
	} else if (error == -ECONNREFUSED) {
		s->probe_refused++;
	} else {
		s->probe_no_route++;
	}
}

static void begin(struct site *s, struct probe *p, const netaddr *to,
		  struct rng *rng)
{
	uint8_t data[PACKET_LEN];
	struct writer w = writer_over(data, sizeof(data));

	packet_write(&(struct packet){ .mode = MODE_CLIENT,
				       .version = 4,
				       .transmit = { rng_nonce(rng) } },
		     &w);
	s->probed++;
	p->fd = sock_connect(to, 0);
	p->done = false;
	int result = p->fd < 0 ? p->fd : sock_send(p->fd, data, sizeof(data));

	if (result < 0) {
		note(s, p, result);
	}
}

static void receive(struct site *s, struct probe *p)
{
	uint8_t data[1024];
	tstamp at;
	int len = sock_receive(p->fd, data, sizeof(data), &at);

	if (len != -EAGAIN && len != -EINTR) {
		note(s, p, len < 0 ? len : 0);
	}
}

static void wait_for_all(struct site *s, struct probe *probes, size_t count)
{
	instant end = instant_add(moment_steady(), PATIENCE);

	for (;;) {
		struct pollfd fds[PROBES];
		int wait = moment_poll_ms(moment_steady(), end);
		bool open = false;

		for (size_t i = 0; i < count; i++) {
			fds[i] = (struct pollfd){
				.fd = probes[i].done ? -1 : probes[i].fd,
				.events = POLLIN,
			};
			open = open || !probes[i].done;
		}
		if (!open || wait == 0 || poll(fds, (nfds_t)count, wait) <= 0) {
			return;
		}
		for (size_t i = 0; i < count; i++) {
			if (fds[i].revents != 0) {
				receive(s, &probes[i]);
			}
		}
	}
}

static void look_up(struct site *s, const struct overview_source *source)
{
	netaddr found[4], literal;
	size_t count = 0;

	if (s->names == NAMES_MOST || source->refclock ||
	    source->name[0] == '\0' ||
	    netaddr_parse(&literal, source->name, strlen(source->name))) {
		return;
	}
	s->names++;
	if (names_resolve(source->name, NAMES_ANY, found, ARRAY_LEN(found),
			  &count) != 0 ||
	    count == 0) {
		struct text t =
			text_over(s->name_failed, sizeof(s->name_failed));

		s->names_failed++;
		text_str(&t, source->name);
	}
}

void site_probe(struct site *s, const struct overview *o)
{
	struct probe probes[PROBES];
	uint8_t seed[RNG_SEED];
	size_t count = 0;
	struct rng rng;

	moment_seed(seed);
	rng_init(&rng, seed);
	for (size_t i = 0; i < o->count; i++) {
		const struct overview_source *source = &o->sources[i];
		netaddr a;

		look_up(s, source);
		if (count < PROBES && source->reach_known &&
		    source->reach == 0 && !source->refclock &&
		    netaddr_parse(&a, source->address,
				  strlen(source->address)) &&
		    !netaddr_is_nonsense(&a)) {
			a.port = NTP_PORT;
			begin(s, &probes[count++], &a, &rng);
		}
	}
	wait_for_all(s, probes, count);
	for (size_t i = 0; i < count; i++) {
		if (probes[i].fd >= 0) {
			(void)close(probes[i].fd);
		}
	}
}
