/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/select/votes.h"

#include "base/bytes.h"
#include "wire/packet.h"

#define DEPTH_MOST 16 /* strata end there; claims may go around */

/*
 * Networks that anybody may use, or one link's own: 10/8, 127/8, 100.64/10,
 * 169.254/16, 172.16/12, 192.168/16; ::1, fc00::/7, fe80::/10.
 */
static bool is_private(const netaddr *a)
{
	static const struct {
		netaddr net;
		unsigned prefix;
	} nets[] = {
#define V4(a, b) { .ip = { [10] = 0xff, [11] = 0xff, [12] = (a), [13] = (b) } }
		{ V4(10, 0), 96 + 8 },
		{ V4(127, 0), 96 + 8 },
		{ V4(100, 64), 96 + 10 },
		{ V4(169, 254), 96 + 16 },
		{ V4(172, 16), 96 + 12 },
		{ V4(192, 168), 96 + 16 },
		{ { .ip = { 0xfc } }, 7 },
		{ { .ip = { 0xfe, 0x80 } }, 10 },
		{ { .ip = { [15] = 1 } }, 128 },
#undef V4
	};

	for (size_t i = 0; i < ARRAY_LEN(nets); i++) {
		if (netaddr_in_prefix(a, &nets[i].net, nets[i].prefix)) {
			return true;
		}
	}
	return false;
}

uint64_t votes_network(const netaddr *addr)
{
	struct reader r = reader_over(addr->ip, sizeof(addr->ip));

	if (netaddr_is_none(addr) || is_private(addr)) {
		return 0;
	}
	if (netaddr_is_v4(addr)) {
		return netaddr_v4_bits(addr) & UINT32_C(0xffffff00);
	}
	return read_u64(&r) & UINT64_C(0xffffffffffff0000);
}

/*
 * Some servers with a receiver of their own say its name at strata above 1
 * too: GPS, PPS0. No host has an address that reads like that, or hardly any.
 */
static bool is_word(uint32_t refid)
{
	bool padding = false;

	for (unsigned at = 0; at < 4; at++) {
		uint8_t c = (uint8_t)(refid >> (24 - 8 * at));
		bool plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (padding ? c != 0 : !plain && (c != 0 || at == 0)) {
			return false;
		}
		padding |= c == 0;
	}
	return true;
}

/* Zero: it does not say, or what it says names nobody (127.x is a code). */
static uint32_t upstream_of(const struct candidate *c)
{
	if (c->last_resort || c->stratum < 2 || c->stratum >= STRATUM_UNKNOWN ||
	    c->refid >> 24 == 127 || is_word(c->refid)) {
		return 0;
	}
	return c->refid;
}

/* Another of our sources that it says it follows; `count` when there is none.
 */
static size_t followed_by(const struct candidate *candidates, size_t count,
			  size_t one)
{
	uint32_t upstream = upstream_of(&candidates[one]);

	for (size_t i = 0; i < count && upstream != 0; i++) {
		if (i != one && candidates[i].identity == upstream) {
			return i;
		}
	}
	return count;
}

/*
 * A vote is named by the upstream that all its sources have; if that is one
 * of ours with no upstream to name, by that.
 */
static uint64_t vote_of(const struct candidate *candidates, size_t count,
			size_t one)
{
	for (unsigned depth = 0; depth < DEPTH_MOST; depth++) {
		size_t next = followed_by(candidates, count, one);

		if (next == count) {
			break;
		}
		one = next;
	}
	uint32_t upstream = upstream_of(&candidates[one]);

	return upstream != 0 ? upstream : candidates[one].identity;
}

void votes_find(struct candidate *candidates, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		candidates[i].vote = vote_of(candidates, count, i);
	}
}
