/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load.c - asks a server for the time, as often as it is told.
 *
 *     load gro INTERFACE
 *     load swallow INTERFACE
 *     load run INTERFACE SERVER-MAC SERVER-IPV4 frames|packets
 *
 * `gro` lets a veth take frames that never were a socket's; `swallow` drops
 * all that comes, until the end of input. `run` says "ready" and reads lines
 *
 *     RATE SECONDS SOURCES plain|interleaved|same BATCH SAMPLE [PAYLOAD]
 *
 * and writes one line of JSON after each run. SAMPLE: one answer in so many is
 * measured, a power of two: how long it took, and how wrong its stamps are, of
 * which the least, quantiles and the worst are told. PAYLOAD is in hex.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "sender.h"

#define NTP_PORT 123
#define LATE_US 100
#define SETTLE_US 20000
#define LINE 1024
#define PLAIN_LEN 48
#define READINGS 100 /* of two clocks */
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct order {
	double rate, seconds;
	unsigned sources, batch, sample;
	const char *kind, *payload;
};

/* From whom to whom. */
struct path {
	struct ether_addr from, to;
	struct in_addr server;
};

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void switch_gro_on(const char *interface)
{
	struct ethtool_value on = { .cmd = ETHTOOL_SGRO, .data = 1 };
	struct ifreq request = { .ifr_data = (char *)&on };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s",
		       interface);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &request) != 0) {
		die(interface);
	}
	close(fd);
}

static uint16_t header_sum(const struct iphdr *ip)
{
	uint16_t words[sizeof(*ip) / 2];
	uint32_t sum = 0;

	memcpy(words, ip, sizeof(words));
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		sum += words[i];
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

/* Octets of the payload, or 0 when it is none. */
static size_t put_payload(uint8_t *at, size_t room, const char *hex)
{
	size_t len = strlen(hex) / 2;

	if (len == 0) {
		at[0] = 0x23; /* version 4, client */
		at[2] = 6;
		return PLAIN_LEN;
	}
	for (size_t i = 0; i < len && i < room; i++) {
		const char digits[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
		char *end;

		at[i] = (uint8_t)strtoul(digits, &end, 16);
		if (*end != '\0') {
			return 0;
		}
	}
	return len < PLAIN_LEN || len > room ? 0 : len;
}

/* The source is for the sender to fill in; the checksum is without it. */
static bool put_frame(struct load *l, const struct path *path, const char *hex)
{
	uint8_t frame[LOAD_FRAME] = { 0 };
	struct ether_header eth = { .ether_type = htons(ETHERTYPE_IP) };
	struct iphdr ip = { .version = 4,
			    .ihl = 5,
			    .ttl = 64,
			    .frag_off = htons(IP_DF),
			    .protocol = IPPROTO_UDP,
			    .daddr = path->server.s_addr };
	struct udphdr udp = { .uh_sport = htons(LOAD_PORT),
			      .uh_dport = htons(NTP_PORT) };
	size_t len = put_payload(frame + LOAD_HEADERS,
				 sizeof(frame) - LOAD_HEADERS, hex);

	memcpy(eth.ether_dhost, &path->to, ETH_ALEN);
	memcpy(eth.ether_shost, &path->from, ETH_ALEN);
	ip.tot_len = htons((uint16_t)(sizeof(ip) + sizeof(udp) + len));
	ip.check = header_sum(&ip);
	udp.uh_ulen = htons((uint16_t)(sizeof(udp) + len));
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + sizeof(eth), &ip, sizeof(ip));
	memcpy(frame + sizeof(eth) + sizeof(ip), &udp, sizeof(udp));
	memcpy(l->frame, frame, sizeof(l->frame));
	l->frame_len = (uint32_t)(LOAD_HEADERS + len);
	return len > 0;
}

static enum load_kind kind_of(const char *name)
{
	return strcmp(name, "interleaved") == 0 ? LOAD_INTERLEAVED
	       : strcmp(name, "same") == 0      ? LOAD_SAME
						: LOAD_PLAIN;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The pair of readings that lie nearest to each other says it best. */
static int64_t real_ahead_ns(void)
{
	int64_t ahead = 0, closest = INT64_MAX;

	for (int i = 0; i < READINGS; i++) {
		int64_t before = clock_ns(CLOCK_MONOTONIC);
		int64_t real = clock_ns(CLOCK_REALTIME);
		int64_t width = clock_ns(CLOCK_MONOTONIC) - before;

		if (width < closest) {
			closest = width;
			ahead = real - before - width / 2;
		}
	}
	return ahead;
}

/* False: it makes no sense. */
static bool prepare(struct load *l, const struct order *o,
		    const struct path *path)
{
	if (o->rate < 1 || o->rate > 1e8 || o->seconds <= 0 ||
	    o->seconds > 60 || o->sources < 1 || o->sources > LOAD_SOURCES ||
	    o->sample < 1 || !o->kind || (o->sample & (o->sample - 1)) != 0) {
		return false;
	}
	memset(l, 0, sizeof(*l));
	l->step = (uint64_t)(1e9 * (1 << LOAD_NS_LOG) / o->rate);
	l->length = (uint64_t)(o->seconds * 1e9) << LOAD_NS_LOG;
	l->late = (uint64_t)LATE_US * 1000 << LOAD_NS_LOG;
	l->late = l->late > l->step ? l->late : l->step;
	l->sources = o->sources;
	l->sample = o->sample - 1;
	l->real_ns = real_ahead_ns();
	l->kind = kind_of(o->kind);
	return put_frame(l, path, o->payload ? o->payload : "");
}

static int by_size(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

/* Of `count` errors: the least, quantiles, the worst. */
static void report_errors(const char *name, const int32_t *errors, size_t count)
{
	static const double shares[] = { 0, 0.01, 0.5, 0.99, 1 };
	static int32_t sorted[LOAD_ERRORS];

	memcpy(sorted, errors, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_size);
	printf(", \"%s\": [", name);
	for (size_t i = 0; count > 0 && i < ARRAY_LEN(shares); i++) {
		double at = shares[i] * (double)(count - 1);

		printf("%s%" PRId32, i ? ", " : "", sorted[(size_t)at]);
	}
	printf("]");
}

/* In us: the upper end of the bucket that so many are not above. */
static double quantile_us(const struct load *l, double share)
{
	uint64_t all = 0, below = 0;

	for (size_t i = 0; i < LOAD_LATENCIES; i++) {
		all += l->latencies[i];
	}
	for (size_t i = 0; i < LOAD_LATENCIES; i++) {
		below += l->latencies[i];
		if (all > 0 && (double)below >= share * (double)all) {
			uint64_t fine = i & ((1u << LOAD_FINE_LOG) - 1);
			double octave =
				(double)(UINT64_C(1) << (i >> LOAD_FINE_LOG));

			return 1e-3 * octave *
			       (1 + (double)(fine + 1) / (1 << LOAD_FINE_LOG));
		}
	}
	return 0;
}

static void report(const struct load *l)
{
	struct load_tally sum = { .answers = 0 };
	double ran_s = (double)((l->last - l->began) >> LOAD_NS_LOG) * 1e-9;
	size_t errors;

	for (size_t i = 0; i < LOAD_CPUS; i++) {
		const struct load_tally *t = &l->tallies[i];

		sum.answers += t->answers;
		sum.interleaved += t->interleaved;
		sum.timeless += t->timeless;
		sum.wrong += t->wrong;
		sum.octets += t->octets;
	}
	printf("{\"sent\": %" PRIu64 ", \"left_out\": %" PRIu64
	       ", \"seconds\": %.6f, \"answers\": %" PRIu64
	       ", \"interleaved\": %" PRIu64 ", \"timeless\": %" PRIu64
	       ", \"wrong\": %" PRIu64 ", \"octets_in\": %" PRIu64
	       ", \"octets_out\": %" PRIu64 ", \"began_ns\": %" PRIu64
	       ", \"first_answer_ns\": %" PRIu64 ", \"first_time_ns\": %" PRIu64
	       ", \"p50_us\": %.3f, \"p99_us\": %.3f, \"worst_us\": %.3f",
	       l->sent, l->left_out, ran_s, sum.answers, sum.interleaved,
	       sum.timeless, sum.wrong, sum.octets,
	       l->sent * (l->frame_len - LOAD_HEADERS), l->began >> LOAD_NS_LOG,
	       l->first_answer, l->first_time, quantile_us(l, 0.5),
	       quantile_us(l, 0.99), quantile_us(l, 1));
	errors = l->errors < LOAD_ERRORS ? l->errors : LOAD_ERRORS;
	report_errors("left_ns", l->left_ns, errors);
	report_errors("came_ns", l->came_ns, errors);
	printf("}\n");
	(void)fflush(stdout);
}

static unsigned number(const char *word)
{
	unsigned long v = word ? strtoul(word, NULL, 10) : 0;

	return v > UINT32_MAX ? 0 : (unsigned)v;
}

/* What is missing is zero, and makes no sense to prepare(). */
static struct order read_order(char *line)
{
	char *rest;
	const char *rate = strtok_r(line, " \n", &rest);
	const char *seconds = strtok_r(NULL, " \n", &rest);
	struct order o = { .rate = rate ? strtod(rate, NULL) : 0,
			   .seconds = seconds ? strtod(seconds, NULL) : 0 };

	o.sources = number(strtok_r(NULL, " \n", &rest));
	o.kind = strtok_r(NULL, " \n", &rest);
	o.batch = number(strtok_r(NULL, " \n", &rest));
	o.sample = number(strtok_r(NULL, " \n", &rest));
	o.payload = strtok_r(NULL, " \n", &rest);
	return o;
}

static int obey(struct kernelhalf *k, const struct path *path, bool frames)
{
	char line[LINE];

	printf("ready\n");
	(void)fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		struct order o = read_order(line);
		int error = -EINVAL;

		if (prepare(k->load, &o, path)) {
			error = k->load->kind == LOAD_INTERLEAVED
					? kernelhalf_forget(k)
					: 0;
		}
		if (error == 0) {
			error = frames ? sender_frames(k, o.batch)
				       : sender_packets(k, o.batch);
		}
		if (error) {
			errno = -error;
			die("cannot do that");
		}
		usleep(SETTLE_US);
		report(k->load);
	}
	return 0;
}

static void find_path(struct path *path, const char *interface,
		      const char *to_mac, const char *server)
{
	struct ifreq request = { .ifr_flags = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s",
		       interface);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request) != 0) {
		die(interface);
	}
	close(fd);
	memcpy(&path->from, request.ifr_hwaddr.sa_data, ETH_ALEN);
	if (!ether_aton_r(to_mac, &path->to) ||
	    inet_pton(AF_INET, server, &path->server) != 1) {
		errno = EINVAL;
		die("no such address");
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "", *interface = argv[2];
	struct kernelhalf k;
	int status = 2;

	if (argc == 3 && strcmp(what, "gro") == 0) {
		switch_gro_on(interface);
		return 0;
	}
	if (argc == 3 && strcmp(what, "swallow") == 0) {
		if (kernelhalf_open(&k, what, (int)if_nametoindex(interface))) {
			return 1;
		}
		printf("ready\n");
		(void)fflush(stdout);
		while (getchar() != EOF) {
		}
		status = 0;
	} else if (argc == 6 && strcmp(what, "run") == 0) {
		struct path path;

		find_path(&path, interface, argv[3], argv[4]);
		if (kernelhalf_open(&k, "collect",
				    (int)if_nametoindex(interface))) {
			return 1;
		}
		status = obey(&k, &path, strcmp(argv[5], "frames") == 0);
	} else {
		(void)fprintf(stderr, "load: see the head of load.c\n");
		return status;
	}
	kernelhalf_close(&k);
	return status;
}
