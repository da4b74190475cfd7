/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any restrict lines and hosts: the table says of every address near them what
 * a walk over all lines says, in the memory that it asked for, and lists its
 * entries in order (threat F5). An item is 18 octets: a kind, a prefix, and an
 * address, whose family is in the kind.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "naiveaccess.h"

#define ITEM 18
#define ITEMS 64
#define HOSTS 4

static netaddr addr_of(const uint8_t *item)
{
	netaddr a = netaddr_v4(0, 0);

	memcpy(a.ip + 12, item + 2, 4);
	if (item[0] & 1) {
		a = (netaddr){ .port = 0 };
		memcpy(a.ip, item + 2, sizeof(a.ip));
	}
	return a;
}

static struct restrict_config line_of(const uint8_t *item)
{
	struct restrict_config r = {
		.kind = (item[0] & 0xc) == 0   ? RESTRICT_DEFAULT
			: (item[0] & 0xe) == 4 ? RESTRICT_SOURCE
					       : RESTRICT_ADDRESS,
		.family = (enum family)((item[0] >> 4) % 3),
		.flags = 1u << item[0] % 16 |
			 (item[0] & 2 ? RESTRICT_NTPPORT : 0u),
		.addr = addr_of(item),
	};
	unsigned least = netaddr_is_v4(&r.addr) ? 96 : 0;

	r.prefix = (uint8_t)(least + item[1] % (129 - least));
	return r;
}

static void check(const struct access *a, const struct config *config,
		  const netaddr *hosts, size_t count, netaddr from)
{
	for (unsigned bit = 0; bit <= 128; bit++) {
		netaddr beside = from;

		if (bit < 128) {
			beside.ip[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		}
		beside.port = bit % 2 ? NTP_PORT : 1024;
		struct access_match got = access_match(a, &beside);
		struct access_match want =
			naive_match(config, hosts, count, &beside);

		INVARIANT(naive_agrees(&got, &want));
		INVARIANT(got.counter < access_counters(config));
	}
}

static void check_order(const struct access *a)
{
	for (size_t i = 1; i < access_count(a); i++) {
		struct access_entry was = access_entry(a, i - 1);
		struct access_entry e = access_entry(a, i);
		int order = memcmp(was.net.ip, e.net.ip, sizeof(e.net.ip));

		INVARIANT(order < 0 || (order == 0 && was.prefix <= e.prefix));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct restrict_config lines[ITEMS];
	netaddr hosts[HOSTS];
	struct config config = { .restricts = NULL };
	size_t items = size / ITEM, count = 0;

	if (items > ITEMS) {
		return 0;
	}
	for (size_t i = 0; i < items; i++) {
		lines[i] = line_of(data + i * ITEM);
		lines[i].next = i > 0 ? &lines[i - 1] : NULL;
		config.restricts = &lines[i];
		if (count < HOSTS && data[i * ITEM] & 0x80) {
			hosts[count++] = lines[i].addr;
		}
	}
	void *memory = malloc(access_size(&config, count));

	INVARIANT(memory);
	const struct access *a = access_build(memory, &config, hosts, count);

	check_order(a);
	for (size_t i = 0; i < items; i++) {
		check(a, &config, hosts, count, lines[i].addr);
	}
	free(memory);
	return 0;
}
