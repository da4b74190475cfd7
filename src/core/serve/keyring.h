/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keyring.h - the symmetric keys that are trusted, each prepared for use, and
 * what each is for.
 *
 * Immutable, and shared by the engine and all who serve. A key is for what it
 * is named for (C3): a source's line, `controlkey`, and serving, unless its
 * line of trustedkey says `noserve`. No key stands in for another (C1).
 */
#ifndef CORE_KEYRING_H
#define CORE_KEYRING_H

#include "base/bytes.h"
#include "config/keysfile.h"

/* What became of signatures; each thread has its own. */
struct key_counts {
	uint64_t lookups,
		unknown; /* keys looked for, and not trusted or there */
	uint64_t digests_made, cmacs_made;
	uint64_t digests_right, digests_wrong;
	uint64_t cmacs_right, cmacs_wrong;
};

void key_counts_add(struct key_counts *sum, const struct key_counts *counts);

enum key_role {
	KEY_FOR_SOURCE, /* we ask, or peer, by a line that names it */
	KEY_TO_SERVE,
	KEY_FOR_CONTROL, /* controlkey */
};

struct keyring_key {
	uint32_t id;
	bool serves;
	struct mac_key mac;
	const struct key_address *addresses; /* NULL: anybody's */
};

struct keyring {
	const struct keyring_key *keys; /* by id */
	size_t count;
	size_t stored;    /* keys in the file, trusted or not */
	uint32_t control; /* 0: nobody may change anything by UDP */
};

/* Bytes of an arena for the keys of a file. */
size_t keyring_size(const struct keysfile *file);
/*
 * Those of the file that the configuration trusts; NULL: no room. The lists of
 * addresses stay the file's.
 */
const struct keyring *keyring_build(struct arena *arena,
				    const struct keysfile *file,
				    const struct config *config);

/*
 * The key of this number for this use with this host; NULL: there is none.
 * `keys` may be NULL, and then there is none.
 */
const struct keyring_key *keyring_find(const struct keyring *keys, uint32_t id,
				       enum key_role role, const netaddr *host,
				       struct key_counts *counts);

/*
 * Appends the key's number and the code of all from `start` to w->at: whole,
 * or its first 20 octets when `most` (without the number) says so.
 */
#define KEYRING_V4 20
#define KEYRING_WHOLE MAC_LEN_MAX
MUST_USE bool keyring_sign(const struct keyring_key *key, const uint8_t *start,
			   struct writer *w, size_t most,
			   struct key_counts *counts);
MUST_USE bool keyring_verify(const struct keyring_key *key, const uint8_t *data,
			     size_t len, const uint8_t *mac, size_t mac_len,
			     struct key_counts *counts);

/* A control request. */
struct keyring_request {
	const uint8_t *octets; /* the caller's */
	size_t len, count;     /* of all of it; of its data */
	const netaddr *from;
};

/*
 * Is it signed by the control key? Its code begins at the next multiple of 8
 * octets, or of 4: `word`, which the answer has too. The key, to sign the
 * answer with; NULL: unauthenticated.
 */
const struct keyring_key *keyring_control(const struct keyring *keys,
					  const struct keyring_request *q,
					  struct key_counts *counts,
					  size_t *word);

#endif
