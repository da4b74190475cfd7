/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/fastprog.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/counter.h"

#include "ntp.bpf.h"

#define CLIENTS 65536 /* buckets, when somebody is limited; and as many */

struct taker {
	void (*take)(void *context, const struct fast_sample *s);
	void *context;
};

struct fastprog {
	struct bpf_object *object;
	int program, addresses, nets4, nets6;
	struct fast_state *state; /* shared with the kernel */
	struct fast_cpu *counters;
	size_t cpus;
	struct ring_buffer *samples;
	struct taker taker;
	struct fast_net *held_nets; /* what the kernel has of them */
	struct fast_address *held_addresses;
	struct fast_address homes[2][FAST_HOMES]; /* of each view */
	size_t net_count, address_count;
	uint64_t hits[FAST_LINES]; /* that were told */
	bool unsure;               /* whether the kernel has just these nets */
};

/* --- loading --- */

/* What libbpf said last is the reason, mostly. */
static char last_words[FASTPROG_WHY];

__attribute__((format(printf, 2, 0))) static int
keep_words(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN && !last_words[0]) {
		(void)vsnprintf(last_words, sizeof(last_words), format, args);
		last_words[strcspn(last_words, "\n")] = '\0';
	}
	return 0;
}

static void *share(const struct fastprog *p, const char *name, size_t size)
{
	int fd = bpf_object__find_map_fd_by_name(p->object, name);
	void *at = fd < 0 ? MAP_FAILED
			  : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
				 fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

static int take_sample(void *context, void *data, size_t size)
{
	const struct fastprog *p = context;

	if (size >= sizeof(struct fast_sample)) {
		p->taker.take(p->taker.context, data);
	}
	return 0;
}

static bool resize(struct fastprog *p, bool limited)
{
	struct bpf_map *counters =
		bpf_object__find_map_by_name(p->object, "counters");
	struct bpf_map *hosts =
		bpf_object__find_map_by_name(p->object, "hosts");
	struct bpf_map *networks =
		bpf_object__find_map_by_name(p->object, "networks");
	int cpus = libbpf_num_possible_cpus();
	unsigned limited_to;

	if (cpus <= 0 || !counters || !hosts || !networks) {
		return false;
	}
	p->cpus = (size_t)cpus;
	limited_to = limited ? CLIENTS : (unsigned)cpus;
	return bpf_map__set_max_entries(counters, (unsigned)cpus) == 0 &&
	       bpf_map__set_max_entries(hosts, limited_to) == 0 &&
	       bpf_map__set_max_entries(networks, limited_to) == 0;
}

static bool find_parts(struct fastprog *p)
{
	const struct bpf_program *program =
		bpf_object__find_program_by_name(p->object, "ntp");
	int ring = bpf_object__find_map_fd_by_name(p->object, "samples");

	p->program = bpf_program__fd(program);
	p->addresses = bpf_object__find_map_fd_by_name(p->object, "addresses");
	p->nets4 = bpf_object__find_map_fd_by_name(p->object, "nets4");
	p->nets6 = bpf_object__find_map_fd_by_name(p->object, "nets6");
	p->state = share(p, "state", sizeof(*p->state));
	p->counters = share(p, "counters", p->cpus * sizeof(*p->counters));
	p->samples = ring_buffer__new(ring, take_sample, p, NULL);
	return p->program >= 0 && p->addresses >= 0 && p->nets4 >= 0 &&
	       p->nets6 >= 0 && p->state && p->counters && p->samples;
}

static void say_why(char why[FASTPROG_WHY], int error)
{
	const char *hint =
		error == EPERM ? " (it takes root: CAP_BPF, CAP_NET_ADMIN)"
		: error == EINVAL || error == ENOSYS || error == EACCES
			? " (it takes Linux 6.1)"
			: "";

	(void)snprintf(why, FASTPROG_WHY, "the kernel refuses it: %s%s%s%.120s",
		       strerror(error), hint, last_words[0] ? ": " : "",
		       last_words);
}

static bool load(struct fastprog *p, bool limited)
{
	const struct bpf_object_open_opts options = { .sz = sizeof(options),
						      .object_name = "ntp" };

	p->object = bpf_object__open_mem(program_bytes, sizeof(program_bytes),
					 &options);
	if (!p->object || !resize(p, limited)) {
		return false;
	}
	int error = bpf_object__load(p->object);

	errno = -error;
	return error == 0 && find_parts(p);
}

struct fastprog *fastprog_load(uint16_t port, bool limited,
			       char why[FASTPROG_WHY])
{
	struct fastprog *p = calloc(1, sizeof(*p));

	if (!p) {
		say_why(why, ENOMEM);
		return NULL;
	}
	last_words[0] = '\0';
	(void)libbpf_set_print(keep_words);
	if (!load(p, limited)) {
		say_why(why, errno);
		fastprog_free(p);
		return NULL;
	}
	p->state->port = (uint16_t)(port << 8 | port >> 8);
	return p;
}

void fastprog_free(struct fastprog *p)
{
	if (!p) {
		return;
	}
	if (p->state) {
		(void)munmap(p->state, sizeof(*p->state));
	}
	if (p->counters) {
		(void)munmap(p->counters, p->cpus * sizeof(*p->counters));
	}
	ring_buffer__free(p->samples);
	bpf_object__close(p->object);
	free(p->held_nets);
	free(p->held_addresses);
	free(p);
}

int fastprog_fd(const struct fastprog *p)
{
	return p->program;
}

/* --- what it answers --- */

void fastprog_publish(struct fastprog *p, const struct fast_view *v)
{
	uint64_t next = p->state->generation + 1;
	struct fast_view *slot = &p->state->views[next % FAST_VIEWS];

	*slot = *v;
	memcpy(slot->homes, p->homes, sizeof(slot->homes));
	__atomic_store_n(&p->state->generation, next, __ATOMIC_RELEASE);
}

/* What is answered stays; to which addresses is new. */
static void publish_again(struct fastprog *p)
{
	const struct fast_view now =
		p->state->views[p->state->generation % FAST_VIEWS];

	fastprog_publish(p, &now);
}

void fastprog_silence(struct fastprog *p)
{
	const struct fast_view none = { .until_ns = 0 };

	for (unsigned i = 0; i < FAST_VIEWS - 1; i++) {
		fastprog_publish(p, &none);
	}
}

/* --- whom it answers --- */

static int put_net(const struct fastprog *p, const struct fast_net *n,
		   bool here)
{
	struct fast_net4 key4 = { .prefix = n->prefix };
	struct fast_net6 key6 = { .prefix = n->prefix };
	const void *key = n->v4 ? (const void *)&key4 : (const void *)&key6;
	int fd = n->v4 ? p->nets4 : p->nets6, error;
	uint32_t value = fast_value(n->line, n->rule);

	memcpy(key4.ip, n->ip, sizeof(key4.ip));
	memcpy(key6.ip, n->ip, sizeof(key6.ip));
	error = here ? bpf_map_update_elem(fd, key, &value, BPF_ANY)
		     : bpf_map_delete_elem(fd, key);
	return error == -ENOENT ? 0 : error;
}

/* A copy, to compare the next with; NULL: no memory. */
static void *copy(const void *list, size_t count, size_t size)
{
	void *memory = malloc(count > 0 ? count * size : 1);

	if (memory && count > 0) {
		memcpy(memory, list, count * size);
	}
	return memory;
}

static int empty(int fd, void *key)
{
	while (bpf_map_get_next_key(fd, NULL, key) == 0) {
		int error = bpf_map_delete_elem(fd, key);

		if (error != 0) {
			return error;
		}
	}
	return 0;
}

static int start_anew(struct fastprog *p)
{
	struct fast_net4 key4;
	struct fast_net6 key6;
	int error = empty(p->nets4, &key4);

	p->net_count = 0;
	return error ? error : empty(p->nets6, &key6);
}

/* One walk over both lists, which have the same order. */
static int put_differences(struct fastprog *p, const struct fast_net *nets,
			   size_t count)
{
	size_t i = 0, k = 0;
	int error = 0;

	while (error == 0 && (i < count || k < p->net_count)) {
		const struct fast_net *net = i < count ? &nets[i] : NULL;
		const struct fast_net *was =
			k < p->net_count ? &p->held_nets[k] : NULL;
		int order = !net ? 1 : !was ? -1 : fastpath_order(net, was);

		if (order > 0) {
			error = put_net(p, was, false);
			k++;
			continue;
		}
		if (order < 0 || net->rule != was->rule ||
		    net->line != was->line) {
			error = put_net(p, net, true);
		}
		i++;
		k += order == 0;
	}
	return error;
}

int fastprog_nets(struct fastprog *p, const struct fast_net *nets, size_t count)
{
	struct fast_net *next = copy(nets, count, sizeof(*nets));
	int error = next ? 0 : -ENOMEM;

	fastpath_others(p->state, NULL, 0);
	if (error == 0 && p->unsure) {
		error = start_anew(p);
	}
	if (error == 0) {
		error = put_differences(p, nets, count);
	}
	p->unsure = error != 0;
	if (error != 0) {
		free(next);
		return error;
	}
	fastpath_others(p->state, nets, count);
	free(p->held_nets);
	p->held_nets = next;
	p->net_count = count;
	return 0;
}

static bool has_address(const struct fast_address *list, size_t count,
			const struct fast_address *a)
{
	for (size_t i = 0; i < count; i++) {
		if (memcmp(&list[i], a, sizeof(*a)) == 0) {
			return true;
		}
	}
	return false;
}

/* Most hosts have no more; what finds its place taken is in the map alone. */
static void set_homes(struct fastprog *p)
{
	memset(p->homes, 0, sizeof(p->homes));
	for (size_t i = 0; i < p->address_count; i++) {
		const struct fast_address *a = &p->held_addresses[i];
		netaddr ip = { .port = 0 };
		struct fast_address *home;

		memcpy(ip.ip, a->ip, sizeof(ip.ip));
		home = &p->homes[netaddr_is_v4(&ip)]
				[fast_home(a->ip[15], a->vlan)];
		if (home->interface == 0) {
			*home = *a;
		}
	}
}

int fastprog_addresses(struct fastprog *p, const struct fast_address *list,
		       size_t count)
{
	struct fast_address *next = copy(list, count, sizeof(*list));
	uint8_t one = 1;
	int error = next ? 0 : -ENOMEM;

	for (size_t i = 0; error == 0 && i < p->address_count; i++) {
		const struct fast_address *a = &p->held_addresses[i];

		if (!has_address(list, count, a)) {
			error = bpf_map_delete_elem(p->addresses, a);
			error = error == -ENOENT ? 0 : error;
		}
	}
	for (size_t i = 0; error == 0 && i < count; i++) {
		error = bpf_map_update_elem(p->addresses, &list[i], &one,
					    BPF_ANY);
	}
	if (!next) {
		return error;
	}
	free(p->held_addresses);
	p->held_addresses = next;
	p->address_count = count;
	set_homes(p);
	publish_again(p);
	return error;
}

int fastprog_attach(struct fastprog *p, unsigned interface,
		    enum fastprog_way way)
{
	const struct bpf_link_create_opts options = {
		.sz = sizeof(options),
		.flags = way == FASTPROG_NATIVE ? XDP_FLAGS_DRV_MODE
						: XDP_FLAGS_SKB_MODE,
	};

	return bpf_link_create(p->program, (int)interface, BPF_XDP, &options);
}

/* --- what became of it --- */

void fastprog_count(const struct fastprog *p, struct fast_counters *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (size_t cpu = 0; cpu < p->cpus; cpu++) {
		const struct fast_counters *c = &p->counters[cpu].counters;

		for (size_t i = 0; i < FAST_VERDICTS; i++) {
			sum->verdicts[i] += __atomic_load_n(&c->verdicts[i],
							    __ATOMIC_RELAXED);
		}
		for (size_t i = 0; i < ARRAY_LEN(c->versions); i++) {
			sum->versions[i] += __atomic_load_n(&c->versions[i],
							    __ATOMIC_RELAXED);
		}
		sum->lost += __atomic_load_n(&c->lost, __ATOMIC_RELAXED);
	}
}

void fastprog_hits(struct fastprog *p, uint64_t *hits, size_t count)
{
	for (size_t line = 0; line < FAST_LINES; line++) {
		uint64_t sum = 0, more;

		for (size_t cpu = 0; cpu < p->cpus; cpu++) {
			sum += __atomic_load_n(&p->counters[cpu].hits[line],
					       __ATOMIC_RELAXED);
		}
		more = sum - p->hits[line];
		p->hits[line] = sum;
		if (line < count) {
			counter_add(&hits[line], more);
		}
	}
}

int fastprog_samples_fd(const struct fastprog *p)
{
	return ring_buffer__epoll_fd(p->samples);
}

void fastprog_samples(struct fastprog *p,
		      void (*take)(void *context, const struct fast_sample *s),
		      void *context)
{
	p->taker = (struct taker){ take, context };
	(void)ring_buffer__consume(p->samples);
}
