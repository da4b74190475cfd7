/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/note.h"

#include <string.h>

struct message {
	const char *name;
	enum note_class class;
	enum note_level level;
	const char *text;
};

static const struct message messages[NOTES] = {
#define NOTE(id, class, level, text) \
	[NOTE_##id] = { #id, CLASS_##class, NOTE_##level, text },
#include "core/notes.def"
#undef NOTE
};

enum note_level note_level(enum note_id id)
{
	return messages[id].level;
}

enum note_class note_class(enum note_id id)
{
	return messages[id].class;
}

const char *note_name(enum note_id id)
{
	return messages[id].name;
}

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

uint8_t note_event(enum note_id id)
{
	static const char *const starts[] = { "%addr %hex ", "0.0.0.0 %hex " };
	const char *text = messages[id].text;

	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		if (begins(text, starts[i])) {
			/* Of two digits the second: the first says whose. */
			char digit = text[strlen(starts[i]) + 1];

			return (uint8_t)(digit <= '9' ? digit - '0'
						      : digit - 'a' + 10);
		}
	}
	return 0;
}

struct field {
	const char *name;
	void (*print)(const struct note *n, struct text *out);
};

static void print_addr(const struct note *n, struct text *out)
{
	netaddr_print(&n->addr, out);
}

static void print_hex(const struct note *n, struct text *out)
{
	text_hex(out, (uint64_t)n->number, 4);
}

static void print_num(const struct note *n, struct text *out)
{
	text_i64(out, n->number);
}

static void print_num2(const struct note *n, struct text *out)
{
	text_i64(out, n->second);
}

static void print_val(const struct note *n, struct text *out)
{
	text_double(out, n->value, 6);
}

static void print_val3(const struct note *n, struct text *out)
{
	text_double(out, n->value, 3);
}

static void print_word(const struct note *n, struct text *out)
{
	text_escaped(out, n->word, strlen(n->word));
}

/* Longer names first: %num2 is not %num and a 2. */
static const struct field fields[] = {
	{ "%addr", print_addr }, { "%hex", print_hex },
	{ "%num2", print_num2 }, { "%num", print_num },
	{ "%val3", print_val3 }, { "%val", print_val },
	{ "%word", print_word },
};

void note_print(const struct note *n, struct text *out)
{
	const char *p = messages[n->id].text;

	while (*p) {
		const struct field *f = NULL;

		for (size_t i = 0; *p == '%' && i < ARRAY_LEN(fields); i++) {
			size_t len = strlen(fields[i].name);

			if (begins(p, fields[i].name)) {
				f = &fields[i];
				p += len;
				break;
			}
		}
		if (f) {
			f->print(n, out);
		} else {
			text_char(out, *p++);
		}
	}
}
