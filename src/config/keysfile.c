/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/keysfile.h"

#include <string.h>

#define LITERAL_MAX 20 /* characters: longer secrets are hex */
#define HEX_OCTETS 32  /* of such a one, as classic */
#define SHORT_OCTETS 8
#define ARENA_FLOOR 4096
/* A line of one octet costs a complaint; one of eight can be a key. */
#define ARENA_FACTOR 128
#define SAID_MAX 128

struct piece {
	const char *text;
	size_t len;
};

struct parse {
	struct keysfile *out;
	struct arena *arena;
	struct place place;
	struct piece rest; /* of the line */
	struct key_line **key_end;
	struct complaint **complaint_end;
	bool broken;                                /* this line */
	uint32_t seen[(KEYSFILE_ID_MAX + 32) / 32]; /* ids, a bit each */
};

static void complain(struct parse *p, enum severity severity, const char *what,
		     const struct piece *word)
{
	char buffer[SAID_MAX];
	struct text t = text_over(buffer, sizeof(buffer));
	struct complaint *c = arena_take(p->arena, sizeof(*c));

	text_str(&t, what);
	if (word) {
		text_str(&t, " '");
		text_escaped(&t, word->text, word->len < 32 ? word->len : 32);
		text_str(&t, "'");
	}
	if (!c) {
		return;
	}
	c->place = p->place;
	c->severity = severity;
	c->text = arena_copy(p->arena, t.start, t.len);
	if (!c->text) {
		return;
	}
	*p->complaint_end = c;
	p->complaint_end = &c->next;
}

/* Makes the file void. Secrets are not repeated. */
static void broken(struct parse *p, const char *what, const struct piece *word)
{
	if (!p->broken) {
		p->broken = true;
		p->out->errors++;
		complain(p, COMPLAINT_WARN, what, word);
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* The next word; empty at the end of the line. */
static struct piece take_word(struct parse *p)
{
	struct piece *r = &p->rest, w;

	while (r->len > 0 && is_blank(*r->text)) {
		r->text++;
		r->len--;
		p->place.column++;
	}
	w = (struct piece){ r->text, 0 };
	while (w.len < r->len && !is_blank(w.text[w.len])) {
		w.len++;
	}
	r->text += w.len;
	r->len -= w.len;
	return w;
}

static bool read_hex(struct parse *p, struct key_line *k, struct piece w,
		     size_t most)
{
	if (w.len % 2 != 0) {
		broken(p, "an odd number of hex digits", NULL);
		return false;
	}
	if (w.len == 0) {
		broken(p, "no key for this number", NULL);
		return false;
	}
	for (size_t i = 0; i < w.len; i++) {
		int digit = text_hex_digit(w.text[i]);

		if (digit < 0) {
			broken(p, "invalid hex digit", NULL);
			return false;
		}
		if (i / 2 < most) {
			k->secret[i / 2] =
				(uint8_t)(k->secret[i / 2] << 4 | digit);
		}
	}
	k->len = w.len / 2 < most ? w.len / 2 : most;
	return true;
}

static bool starts(const struct piece *w, const char *with)
{
	size_t len = strlen(with);

	return w->len >= len && memcmp(w->text, with, len) == 0;
}

static bool read_secret(struct parse *p, struct key_line *k, struct piece w)
{
	bool literal = w.len <= LITERAL_MAX;
	size_t most = HEX_OCTETS;

	if (starts(&w, "HEX:") || starts(&w, "ASCII:")) {
		size_t skip = w.text[0] == 'H' ? 4 : 6;

		literal = w.text[0] != 'H';
		w.text += skip;
		w.len -= skip;
		most = MAC_SECRET_MAX;
		if (w.len > (literal ? 1u : 2u) * most) {
			broken(p, "a secret of more than 64 octets", NULL);
			return false;
		}
	}
	if (w.len == 0) {
		broken(p, "no key for this number", NULL);
		return false;
	}
	if (!literal) {
		if (!read_hex(p, k, w, most)) {
			return false;
		}
		if (w.len > 2 * most) {
			complain(p, COMPLAINT_WARN,
				 "only the first 64 hex digits of the secret "
				 "count",
				 NULL);
		}
		return true;
	}
	memcpy(k->secret, w.text, w.len);
	k->len = w.len;
	return true;
}

/* ADDRESS or ADDRESS/LENGTH. */
static bool read_address(struct key_address *a, struct piece w)
{
	const char *slash = memchr(w.text, '/', w.len);
	size_t len = slash ? (size_t)(slash - w.text) : w.len;
	uint64_t prefix;

	if (!netaddr_parse(&a->net, w.text, len)) {
		return false;
	}
	a->prefix = 128;
	if (!slash) {
		return true;
	}
	unsigned room = netaddr_is_v4(&a->net) ? 32 : 128;

	if (!text_to_u64(slash + 1, w.len - len - 1, &prefix) ||
	    prefix > room) {
		return false;
	}
	a->prefix = 128 - room + (unsigned)prefix;
	return true;
}

static void read_addresses(struct parse *p, struct key_line *k, struct piece w)
{
	struct key_address **end = &k->addresses;

	while (w.len > 0) {
		const char *comma = memchr(w.text, ',', w.len);
		size_t len = comma ? (size_t)(comma - w.text) : w.len;
		struct piece one = { w.text, len };
		struct key_address *a = arena_take(p->arena, sizeof(*a));

		if (!a) {
			return;
		}
		if (!read_address(a, one)) {
			broken(p, "not an address:", &one);
			return;
		}
		*end = a;
		end = &a->next;
		w.text += len + (comma ? 1 : 0);
		w.len -= len + (comma ? 1 : 0);
		if (comma && w.len == 0) {
			broken(p, "an address is missing behind the comma",
			       NULL);
		}
	}
}

static bool read_id(struct parse *p, struct piece w, uint32_t *id)
{
	uint64_t v;

	if (!text_to_u64(w.text, w.len, &v) || v == 0) {
		broken(p, "cannot change key", &w);
		return false;
	}
	if (v > KEYSFILE_ID_MAX) {
		broken(p, "keys have numbers from 1 to 65535, not", &w);
		return false;
	}
	if (p->seen[v / 32] & UINT32_C(1) << v % 32) {
		broken(p, "there is a key of this number already:", &w);
		return false;
	}
	p->seen[v / 32] |= UINT32_C(1) << v % 32;
	*id = (uint32_t)v;
	return true;
}

static void keep(struct parse *p, const struct key_line *k)
{
	struct key_line *kept = arena_take(p->arena, sizeof(*kept));

	if (kept) {
		*kept = *k;
		*p->key_end = kept;
		p->key_end = &kept->next;
		p->out->count++;
	}
}

static void read_line(struct parse *p)
{
	struct key_line k = { .place = p->place };
	struct piece id = take_word(p), type;

	if (id.len == 0 || !read_id(p, id, &k.id)) {
		return;
	}
	type = take_word(p);
	if (type.len == 0) {
		broken(p, "no type for key", &id);
		return;
	}
	k.type = mac_type_find(type.text, type.len);
	if (k.type == MAC_NONE) {
		complain(p, COMPLAINT_WARN, "key skipped: invalid type", &type);
		return;
	}
	if (!read_secret(p, &k, take_word(p))) {
		return;
	}
	if (k.len < SHORT_OCTETS) {
		complain(p, COMPLAINT_INFO,
			 "a secret of less than 8 octets is easily guessed",
			 NULL);
	}
	read_addresses(p, &k, take_word(p));
	struct piece more = take_word(p);

	if (more.len > 0) {
		broken(p, "too many words: lists of addresses have no blanks",
		       NULL);
	}
	if (!p->broken) {
		keep(p, &k);
	}
}

/* Without its comment. */
static void begin_line(struct parse *p, const char *text, size_t len)
{
	const char *comment = memchr(text, '#', len);

	p->place.line++;
	p->place.column = 0;
	p->broken = false;
	p->rest = (struct piece){ text, len };
	if (len > KEYSFILE_LINE_MAX) {
		broken(p, "a line of more than 1024 octets", NULL);
	} else if (memchr(text, '\0', len)) {
		broken(p, "a NUL in the line", NULL);
	} else {
		p->rest.len = comment ? (size_t)(comment - text) : len;
		read_line(p);
	}
}

size_t keysfile_arena_size(size_t len)
{
	return len > (SIZE_MAX - ARENA_FLOOR) / ARENA_FACTOR
		       ? SIZE_MAX
		       : ARENA_FLOOR + len * ARENA_FACTOR;
}

struct keysfile keysfile_parse(struct arena *arena, const char *file,
			       const char *text, size_t len)
{
	struct keysfile out = { .keys = NULL };
	struct parse p = { .out = &out,
			   .arena = arena,
			   .place.file = file,
			   .key_end = &out.keys,
			   .complaint_end = &out.complaints };

	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len;

		begin_line(&p, text, line);
		text += line + (end ? 1 : 0);
		len -= line + (end ? 1 : 0);
	}
	if (out.errors > 0) {
		out.keys = NULL;
		out.count = 0;
	}
	out.out_of_memory = arena->failed;
	return out;
}
