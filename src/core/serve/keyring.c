/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serve/keyring.h"

#include "base/counter.h"
#include "wire/mode6.h"

#define MAC_LEAST 16
#define ALIGNMENT 16

size_t keyring_size(const struct keysfile *file)
{
	return sizeof(struct keyring) +
	       file->count * sizeof(struct keyring_key) + (size_t)4 * ALIGNMENT;
}

/* The last line that names it says whether it serves. */
static bool is_trusted(const struct config *config, uint32_t id, bool *serves)
{
	bool trusted = false;

	for (const struct key_range *r = config->trusted_keys; r; r = r->next) {
		if (id >= r->first && id <= r->last) {
			trusted = true;
			*serves = !r->noserve;
		}
	}
	return trusted;
}

/* Where each key of a file comes by its number, in one pass. */
struct order {
	uint32_t taken[(KEYSFILE_ID_MAX + 1) / 32];
	uint32_t before[(KEYSFILE_ID_MAX + 1) / 32]; /* each word */
	size_t count;
};

static size_t bits_of(uint32_t word)
{
	size_t n = 0;

	for (; word != 0; word &= word - 1) {
		n++;
	}
	return n;
}

static void order_keys(struct order *o, const struct keysfile *file,
		       const struct config *config)
{
	*o = (struct order){ .count = 0 };
	for (const struct key_line *k = file->keys; k; k = k->next) {
		bool serves;

		if (is_trusted(config, k->id, &serves)) {
			o->taken[k->id / 32] |= UINT32_C(1) << k->id % 32;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(o->taken); i++) {
		o->before[i] = (uint32_t)o->count;
		o->count += bits_of(o->taken[i]);
	}
}

static size_t place_of(const struct order *o, uint32_t id)
{
	uint32_t below = (UINT32_C(1) << id % 32) - 1;

	return o->before[id / 32] + bits_of(o->taken[id / 32] & below);
}

static void fill(struct keyring_key *key, const struct key_line *line,
		 bool serves)
{
	*key = (struct keyring_key){
		.id = line->id,
		.serves = serves,
		.addresses = line->addresses,
	};
	if (!mac_prepare(&key->mac, line->type, line->secret, line->len)) {
		key->mac.type = MAC_NONE; /* authenticates nothing */
	}
}

const struct keyring *keyring_build(struct arena *arena,
				    const struct keysfile *file,
				    const struct config *config)
{
	struct keyring *ring = arena_take(arena, sizeof(*ring));
	struct keyring_key *keys =
		arena_take(arena, file->count * sizeof(*keys));
	struct order order;

	if (!ring || !keys) {
		return NULL;
	}
	order_keys(&order, file, config);
	for (const struct key_line *k = file->keys; k; k = k->next) {
		bool serves;

		if (is_trusted(config, k->id, &serves)) {
			fill(&keys[place_of(&order, k->id)], k, serves);
		}
	}
	ring->keys = keys;
	ring->count = order.count;
	ring->stored = file->count;
	ring->control = config->control_key;
	return ring;
}

static const struct keyring_key *find(const struct keyring *keys, uint32_t id)
{
	size_t low = 0, high = keys ? keys->count : 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (keys->keys[mid].id == id) {
			return &keys->keys[mid];
		}
		if (keys->keys[mid].id < id) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return NULL;
}

static bool is_for_host(const struct keyring_key *key, const netaddr *host)
{
	const struct key_address *a = key->addresses;

	for (; a; a = a->next) {
		if (netaddr_in_prefix(host, &a->net, a->prefix)) {
			return true;
		}
	}
	return !key->addresses;
}

static bool is_for(const struct keyring *keys, const struct keyring_key *key,
		   enum key_role role)
{
	switch (role) {
	case KEY_FOR_SOURCE:
		return true; /* the line has named it */
	case KEY_TO_SERVE:
		return key->serves;
	case KEY_FOR_CONTROL:
		return keys->control != 0 && key->id == keys->control;
	}
	return false;
}

const struct keyring_key *keyring_find(const struct keyring *keys, uint32_t id,
				       enum key_role role, const netaddr *host,
				       struct key_counts *counts)
{
	const struct keyring_key *key = find(keys, id);

	counter_up(&counts->lookups);
	if (!key || !is_for(keys, key, role) || !is_for_host(key, host)) {
		counter_up(&counts->unknown);
		return NULL;
	}
	return key;
}

bool keyring_sign(const struct keyring_key *key, const uint8_t *start,
		  struct writer *w, size_t most, struct key_counts *counts)
{
	uint8_t mac[MAC_LEN_MAX];
	size_t len = mac_sign(&key->mac, start, (size_t)(w->at - start), mac);

	if (len == 0) {
		return false;
	}
	if (mac_is_prefix(key->mac.type)) {
		counter_up(&counts->digests_made);
	} else {
		counter_up(&counts->cmacs_made);
	}
	write_u32(w, key->id);
	for (size_t i = 0; i < len && i < most; i++) {
		write_u8(w, mac[i]);
	}
	return !w->failed;
}

bool keyring_verify(const struct keyring_key *key, const uint8_t *data,
		    size_t len, const uint8_t *mac, size_t mac_len,
		    struct key_counts *counts)
{
	bool right = mac_verify(&key->mac, data, len, mac, mac_len);

	if (mac_is_prefix(key->mac.type)) {
		counter_up(right ? &counts->digests_right
				 : &counts->digests_wrong);
	} else {
		counter_up(right ? &counts->cmacs_right : &counts->cmacs_wrong);
	}
	return right;
}

void key_counts_add(struct key_counts *sum, const struct key_counts *counts)
{
	sum->lookups += counter_read(&counts->lookups);
	sum->unknown += counter_read(&counts->unknown);
	sum->digests_made += counter_read(&counts->digests_made);
	sum->cmacs_made += counter_read(&counts->cmacs_made);
	sum->digests_right += counter_read(&counts->digests_right);
	sum->digests_wrong += counter_read(&counts->digests_wrong);
	sum->cmacs_right += counter_read(&counts->cmacs_right);
	sum->cmacs_wrong += counter_read(&counts->cmacs_wrong);
}

/* The control key whose code, right, is at `at`. */
static const struct keyring_key *signer_at(const struct keyring *keys,
					   const struct keyring_request *q,
					   size_t at, struct key_counts *counts)
{
	if (at + 4 + MAC_LEAST > q->len || q->len - at > 4 + MAC_LEN_MAX) {
		return NULL;
	}
	struct reader r = reader_over(q->octets + at, q->len - at);
	uint32_t id = read_u32(&r);
	const struct keyring_key *key =
		keyring_find(keys, id, KEY_FOR_CONTROL, q->from, counts);

	if (!key || !keyring_verify(key, q->octets, at, r.at, reader_left(&r),
				    counts)) {
		return NULL;
	}
	return key;
}

const struct keyring_key *keyring_control(const struct keyring *keys,
					  const struct keyring_request *q,
					  struct key_counts *counts,
					  size_t *word)
{
	size_t tried = 0; /* no code is there: a header is */

	for (*word = MODE6_SIGNED_WORD; *word >= MODE6_SIGNED_HALF;
	     *word /= 2) {
		size_t at =
			(MODE6_HEADER + q->count + *word - 1) / *word * *word;

		if (at == tried) {
			break;
		}
		const struct keyring_key *key = signer_at(keys, q, at, counts);

		if (key) {
			return key;
		}
		tried = at;
	}
	return NULL;
}
