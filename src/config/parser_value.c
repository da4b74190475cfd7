/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <string.h>

#include "base/date.h"
#include "config/parser.h"

/* Beyond this a double has no nanoseconds to keep. */
#define FINE_MAX 9e6
#define HEX_MAX 10 /* characters, with the 0x */

/*
 * Reals are kept to 1e-9, so that nine decimals in the normal form say the
 * whole value and reading them back gives it again.
 */
static double to_nano(double v)
{
	if (fabs(v) >= FINE_MAX) {
		return floor(v + 0.5);
	}
	return floor(v * 1e9 + 0.5) / 1e9;
}

static bool whole_number(const struct word *w, double *v)
{
	uint64_t hex;
	int64_t i;

	if (text_to_i64(w->text, w->len, &i)) {
		*v = (double)i;
		return true;
	}
	if (w->len > HEX_MAX || !text_0x_to_u64(w->text, w->len, &hex)) {
		return false;
	}
	*v = (double)hex;
	return true;
}

static enum value store_number(struct parser *p, const struct option *o,
			       void *base, const struct word *w, double v)
{
	bool within = v >= o->low && v <= o->high;

	if (!within && o->type == TYPE_BIT) {
		parser_complain(p, COMPLAINT_WARN, w, o,
				"@ is neither 0 nor 1: taken as 1");
		v = 1;
	} else if (!within && o->beyond == BEYOND_CLAMP) {
		parser_complain(p, COMPLAINT_WARN, w, o,
				"@ is out of its range $: % was changed to "
				"the nearest value");
		v = v < o->low ? o->low : o->high;
	} else if (!within && o->beyond == BEYOND_DROP) {
		parser_broken(p, w, o, "@ is out of its range $: line skipped");
		return VALUE_LOST;
	} else if (!within) {
		parser_complain(p, COMPLAINT_WARN, w, o,
				"@ is out of its range $: % was ignored");
		return VALUE_IGNORED;
	}
	if (o->target.field == FIELD_NONE) {
		parser_idle(p, o->word, strlen(o->word));
		parser_idle(p, w->text, w->len);
		return VALUE_TAKEN;
	}
	option_set(o, base, v);
	if (o->type == TYPE_STEP) {
		option_set(option_at(OPTION_TINKER_stepback), base, v);
	} else if (o->type == TYPE_GIVEN) {
		option_give(o, base);
	}
	return VALUE_TAKEN;
}

static enum value read_number(struct parser *p, const struct option *o,
			      void *base)
{
	bool real = o->type == TYPE_REAL || o->type == TYPE_STEP ||
		    o->type == TYPE_GIVEN;
	struct word w;
	double v;

	if (!parser_string(p, &w)) {
		parser_broken(p, &w, o, "@ needs a number behind it");
		return VALUE_LOST;
	}
	if (o->type == TYPE_AUTO && text_equal("auto", w.text, w.len)) {
		option_set(o, base, -1);
		return VALUE_TAKEN;
	}
	if (w.quoted || !(real ? text_to_double(w.text, w.len, &v)
			       : whole_number(&w, &v))) {
		parser_broken(p, &w, o,
			      real ? "@ needs a number, not %"
			      : o->type == TYPE_AUTO
				      ? "@ needs a whole number or auto, not %"
				      : "@ needs a whole number, not %");
		return VALUE_LOST;
	}
	return store_number(p, o, base, &w, real ? to_nano(v) : v);
}

static enum value read_string(struct parser *p, const struct option *o,
			      void *base)
{
	struct word w;

	if (!parser_string(p, &w)) {
		parser_broken(p, &w, o, "@ needs a word behind it");
		return VALUE_LOST;
	}
	if (o->type == TYPE_DATE &&
	    !date_parse(w.text, w.len, &(int64_t){ 0 })) {
		parser_broken(p, &w, o,
			      "@ needs a date, year-month-day, not %");
		return VALUE_LOST;
	}
	if (o->type == TYPE_REFID && w.len > 4) {
		parser_complain(p, COMPLAINT_WARN, &w, o,
				"@ has at most four characters: % was cut");
		w.len = 4;
	}
	if (o->target.field == FIELD_NONE) {
		parser_idle(p, o->word, strlen(o->word));
		parser_idle(p, w.text, w.len);
		return VALUE_TAKEN;
	}
	const char *kept = parser_keep(p, &w);

	if (kept) {
		option_set_string(o, base, kept);
	}
	return VALUE_TAKEN;
}

static enum value read_policy(struct parser *p, const struct option *o,
			      void *base)
{
	struct word w;

	if (!parser_string(p, &w)) {
		parser_broken(p, &w, o, "@ needs a word behind it");
		return VALUE_LOST;
	}
	for (unsigned i = 0; i < AUTHSELECTS; i++) {
		const char *word = authselect_word(i);

		if (text_equal(word, w.text, w.len)) {
			option_set(o, base, i);
			return VALUE_TAKEN;
		}
	}
	parser_broken(p, &w, o,
		      "@ needs ignore, mix, prefer or require, not %");
	return VALUE_LOST;
}

enum value parser_value(struct parser *p, const struct option *o, void *base)
{
	if (o->type == TYPE_STRING || o->type == TYPE_REFID ||
	    o->type == TYPE_DATE) {
		return read_string(p, o, base);
	}
	if (o->type == TYPE_POLICY) {
		return read_policy(p, o, base);
	}
	if (o->type != TYPE_FLAG) {
		return read_number(p, o, base);
	}
	if (o->target.field == FIELD_NONE) {
		parser_idle(p, o->word, strlen(o->word));
	} else {
		option_set(o, base, 1);
	}
	return VALUE_TAKEN;
}
