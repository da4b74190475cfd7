/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crowd.c - many clients that ask one server, each from an address of its own.
 *
 *     crowd ask SERVER ROUNDS SPACING_MS SPAN_MS COUNT FIRST...
 *     crowd spoof SERVER VICTIM RATE SECONDS
 *
 * `ask`: COUNT clients from each FIRST address on ask ROUNDS times, SPACING_MS
 * apart; the turns of all of them are spread over SPAN_MS. This host has to
 * have the addresses (ip route add local). Says "ready", then one line of JSON.
 *
 * `spoof`: requests in the name of another. Says "ready", then their number.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NTP_PORT 123
#define SPOOFED_PORT 124
#define REQUEST_LEN 48
#define AT_ORIGIN 24
#define AT_TRANSMIT 40
#define BATCH 64
#define ROUNDS_MOST 64 /* bits of a word */
#define GROUPS_MOST 8
#define CLIENTS_MOST 1000000
#define ROOM 268435456 /* octets to receive in: nothing is lost on our side */
#define NAP_NS 100000
#define PATIENCE_NS 1500000000 /* since the last answer */
#define NS 1000000000
#define NS_IN_MS 1000000
#define SALT UINT64_C(0x5ca1ab1e00000000) /* no time that is near */

/* One batch in one direction. */
struct batch {
	struct mmsghdr heads[BATCH];
	struct iovec pieces[BATCH];
	struct sockaddr_in who[BATCH]; /* the server */
	uint8_t data[BATCH][REQUEST_LEN + 1];
	_Alignas(struct cmsghdr)
		uint8_t control[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
};

struct client {
	uint64_t answered; /* a bit for each round */
};

struct group {
	uint32_t first; /* its lowest address */
	uint64_t answered, kissed, timeless;
};

struct crowd {
	struct sockaddr_in server;
	uint64_t rounds, spacing_ns, span_ns, count;
	uint64_t groups, clients; /* all of them */
	struct group group[GROUPS_MOST];
	struct client *client;
	uint64_t *sent_ns; /* of each request */
	uint64_t sent, heard, wrong, twice, most_waiting;
	uint64_t began_ns, ended_ns; /* the first request, and the last */
	uint64_t late_ns;            /* by so much, at most, a request left */
	uint64_t slowest_ns;         /* of the answers */
	uint64_t last_ns;            /* the last answer, or that we asked */
	int fd;
	struct batch out, in;
};

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "crowd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static void nap(uint64_t ns)
{
	const struct timespec t = { .tv_nsec = (long)ns };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

static void line_up(struct batch *b)
{
	for (size_t i = 0; i < BATCH; i++) {
		b->pieces[i] = (struct iovec){ b->data[i], sizeof(b->data[i]) };
		b->heads[i].msg_hdr = (struct msghdr){
			.msg_name = &b->who[i],
			.msg_namelen = sizeof(b->who[i]),
			.msg_iov = &b->pieces[i],
			.msg_iovlen = 1,
			.msg_control = b->control[i],
			.msg_controllen = sizeof(b->control[i]),
		};
	}
}

/* IP_TRANSPARENT: also in the name of others. */
static int open_socket(uint16_t port)
{
	const struct sockaddr_in any = { .sin_family = AF_INET,
					 .sin_port = htons(port) };
	const int on = 1, room = ROOM;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on)) ||
	    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    bind(fd, (const struct sockaddr *)&any, sizeof(any)) != 0) {
		die("socket");
	}
	return fd;
}

/* The i-th of the batch is to ask in the name of `from`. */
static void put_request(struct batch *b, size_t i,
			const struct sockaddr_in *server, uint32_t from,
			uint64_t stamp)
{
	const struct in_pktinfo info = { .ipi_spec_dst.s_addr = htonl(from) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&b->heads[i].msg_hdr);

	*c = (struct cmsghdr){ .cmsg_level = IPPROTO_IP,
			       .cmsg_type = IP_PKTINFO,
			       .cmsg_len = CMSG_LEN(sizeof(info)) };
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	b->who[i] = *server;
	memset(b->data[i], 0, REQUEST_LEN);
	b->data[i][0] = 0x23; /* version 4, client */
	memcpy(b->data[i] + AT_TRANSMIT, &stamp, sizeof(stamp));
	b->pieces[i].iov_len = REQUEST_LEN;
}

static void send_all(int fd, struct batch *b, unsigned count)
{
	for (unsigned at = 0; at < count;) {
		int n = sendmmsg(fd, b->heads + at, count - at, 0);

		if (n < 0 && errno != EINTR && errno != ENOBUFS) {
			die("send");
		}
		at += n > 0 ? (unsigned)n : 0;
	}
}

/* --- asking --- */

/* Requests are numbered as they are due: all clients' first, their second. */
static uint64_t due_ns(const struct crowd *c, uint64_t number)
{
	return c->began_ns + number / c->clients * c->spacing_ns +
	       number % c->clients * c->span_ns / c->clients;
}

/* Neighbours in time are of different groups. */
static uint32_t address_of(const struct crowd *c, uint64_t client)
{
	return c->group[client % c->groups].first +
	       (uint32_t)(client / c->groups);
}

/* What is due of a batch; how many. */
static unsigned ask(struct crowd *c, uint64_t now)
{
	unsigned count = 0;

	while (count < BATCH && c->sent < c->clients * c->rounds &&
	       due_ns(c, c->sent) <= now) {
		put_request(&c->out, count++, &c->server,
			    address_of(c, c->sent % c->clients),
			    SALT ^ c->sent);
		c->sent_ns[c->sent++] = now;
	}
	if (count > 0) {
		uint64_t late = now - due_ns(c, c->sent - count);

		c->late_ns = late > c->late_ns ? late : c->late_ns;
		send_all(c->fd, &c->out, count);
		c->ended_ns = now;
	}
	return count;
}

/* Which address of ours it came to. */
static uint32_t came_to(struct msghdr *head)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(head);
	struct in_pktinfo info = { .ipi_ifindex = 0 };

	if (c && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		memcpy(&info, CMSG_DATA(c), sizeof(info));
	}
	return ntohl(info.ipi_addr.s_addr);
}

static void note(struct crowd *c, uint64_t number, const uint8_t *data,
		 uint64_t now)
{
	struct client *who = &c->client[number % c->clients];
	struct group *g = &c->group[number % c->clients % c->groups];
	uint64_t bit = UINT64_C(1) << (number / c->clients);
	uint64_t took = now - c->sent_ns[number];

	if (who->answered & bit) {
		c->twice++;
		return;
	}
	who->answered |= bit;
	g->answered++;
	g->kissed += data[1] == 0;
	g->timeless += data[0] >> 6 == 3;
	c->heard++;
	c->slowest_ns = took > c->slowest_ns ? took : c->slowest_ns;
	c->last_ns = now;
}

/* An answer of the server's to a request of who has it now, or it is wrong. */
static void hear_one(struct crowd *c, size_t i, uint64_t now)
{
	const uint8_t *data = c->in.data[i];
	const struct sockaddr_in *from = &c->in.who[i];
	uint64_t number;

	memcpy(&number, data + AT_ORIGIN, sizeof(number));
	number ^= SALT;
	if (c->in.heads[i].msg_len != REQUEST_LEN || (data[0] & 63) != 0x24 ||
	    number >= c->sent || from->sin_port != c->server.sin_port ||
	    from->sin_addr.s_addr != c->server.sin_addr.s_addr ||
	    came_to(&c->in.heads[i].msg_hdr) !=
		    address_of(c, number % c->clients)) {
		c->wrong++;
		return;
	}
	note(c, number, data, now);
}

static bool hear(struct crowd *c)
{
	int n;
	uint64_t now;

	for (size_t i = 0; i < BATCH; i++) {
		c->in.heads[i].msg_hdr.msg_controllen =
			sizeof(c->in.control[i]);
	}
	n = recvmmsg(c->fd, c->in.heads, BATCH, MSG_DONTWAIT, NULL);
	now = now_ns();
	for (int i = 0; i < n; i++) {
		hear_one(c, (size_t)i, now);
	}
	return n > 0;
}

static void run(struct crowd *c)
{
	const uint64_t all = c->clients * c->rounds;

	c->began_ns = c->last_ns = now_ns();
	while (c->sent < all ||
	       (c->heard < all && now_ns() - c->last_ns < PATIENCE_NS)) {
		bool busy = ask(c, now_ns()) > 0;

		if (c->sent - c->heard > c->most_waiting) {
			c->most_waiting = c->sent - c->heard;
		}
		if (c->sent < all) {
			c->last_ns = now_ns();
		}
		busy |= hear(c);
		if (!busy) {
			nap(NAP_NS);
		}
	}
}

/* How often it changed from round to round whether there was an answer. */
static unsigned changes(const struct crowd *c, uint64_t answered)
{
	unsigned count = 0;

	for (uint64_t i = 1; i < c->rounds; i++) {
		count += (answered >> i & 1) != (answered >> (i - 1) & 1);
	}
	return count;
}

static void report_group(const struct crowd *c, size_t at)
{
	const struct group *g = &c->group[at];
	unsigned most = 0;

	for (uint64_t i = at; i < c->clients; i += c->groups) {
		unsigned n = changes(c, c->client[i].answered);

		most = n > most ? n : most;
	}
	printf("%s{\"sent\": %" PRIu64 ", \"answered\": %" PRIu64
	       ", \"kissed\": %" PRIu64 ", \"timeless\": %" PRIu64
	       ", \"changes\": %u}",
	       at > 0 ? ", " : "", c->count * c->rounds, g->answered, g->kissed,
	       g->timeless, most);
}

static void report(const struct crowd *c)
{
	printf("{\"sent\": %" PRIu64 ", \"answered\": %" PRIu64
	       ", \"wrong\": %" PRIu64 ", \"twice\": %" PRIu64
	       ", \"took\": %.6f, \"late\": %.6f, \"slowest\": %.6f"
	       ", \"most_waiting\": %" PRIu64 ", \"groups\": [",
	       c->sent, c->heard, c->wrong, c->twice,
	       (double)(c->ended_ns - c->began_ns) / NS,
	       (double)c->late_ns / NS, (double)c->slowest_ns / NS,
	       c->most_waiting);
	for (size_t i = 0; i < c->groups; i++) {
		report_group(c, i);
	}
	printf("]}\n");
}

/* --- in the name of another --- */

/* `rate` is requests a second. */
static void spoof(const struct sockaddr_in *server, uint32_t victim,
		  double rate, double seconds)
{
	static struct batch b;
	uint64_t sent = 0, began = now_ns(), all = (uint64_t)(rate * seconds);
	int fd = open_socket(SPOOFED_PORT);

	line_up(&b);
	while (sent < all) {
		double passed = (double)(now_ns() - began) / NS;
		uint64_t due = (uint64_t)(rate * passed);
		unsigned count = 0;

		if (passed > 2 * seconds) {
			break; /* this machine cannot do more */
		}
		while (count < BATCH && sent < all && sent < due) {
			put_request(&b, count++, server, victim, SALT ^ sent++);
		}
		if (count == 0) {
			nap(NAP_NS);
		}
		send_all(fd, &b, count);
	}
	close(fd);
	printf("%" PRIu64 "\n", sent);
}

/* --- */

static uint32_t address(const char *word)
{
	struct in_addr a;

	if (inet_pton(AF_INET, word, &a) != 1) {
		errno = EINVAL;
		die(word);
	}
	return ntohl(a.s_addr);
}

static void *memory(uint64_t count, size_t each)
{
	void *p = calloc((size_t)count, each);

	if (!p) {
		die("memory");
	}
	return p;
}

static void ready(void)
{
	printf("ready\n");
	(void)fflush(stdout);
}

static int ask_all(const struct sockaddr_in *server, char **words, int groups)
{
	static struct crowd c;

	c.server = *server;
	c.rounds = strtoul(words[0], NULL, 10);
	c.spacing_ns = strtoul(words[1], NULL, 10) * NS_IN_MS;
	c.span_ns = strtoul(words[2], NULL, 10) * NS_IN_MS;
	c.count = strtoul(words[3], NULL, 10);
	c.groups = (uint64_t)groups;
	c.clients = c.count * c.groups;
	if (c.rounds < 1 || c.rounds > ROUNDS_MOST || c.count < 1 ||
	    c.groups > GROUPS_MOST || c.clients > CLIENTS_MOST ||
	    c.span_ns > c.spacing_ns) {
		errno = EINVAL;
		die("no such crowd");
	}
	for (size_t i = 0; i < c.groups; i++) {
		c.group[i].first = address(words[4 + i]);
	}
	c.client = memory(c.clients, sizeof(*c.client));
	c.sent_ns = memory(c.clients * c.rounds, sizeof(*c.sent_ns));
	/* So that it is real memory before the first request, not meanwhile. */
	memset(c.sent_ns, 1,
	       (size_t)(c.clients * c.rounds) * sizeof(*c.sent_ns));
	c.fd = open_socket(0);
	line_up(&c.out);
	line_up(&c.in);
	ready();
	run(&c);
	report(&c);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in server = { .sin_family = AF_INET,
				      .sin_port = htons(NTP_PORT) };

	if (argc < 6) {
		(void)fprintf(stderr, "crowd: see the head of crowd.c\n");
		return 2;
	}
	server.sin_addr.s_addr = htonl(address(argv[2]));
	if (argc > 7 && strcmp(argv[1], "ask") == 0) {
		return ask_all(&server, argv + 3, argc - 7);
	}
	ready();
	spoof(&server, address(argv[3]), strtod(argv[4], NULL),
	      strtod(argv[5], NULL));
	return 0;
}
