/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/control/query.h"

#include "base/text.h"

struct query query_over(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;

	return (struct query){ text, text + len };
}

bool query_is_empty(const struct query *q)
{
	return q->at == q->end;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void take_value(struct query *q, struct query_item *item)
{
	const char *end;

	q->at++; /* the equals sign */
	while (q->at < q->end && is_blank(*q->at)) {
		q->at++;
	}
	item->value = q->at;
	while (q->at < q->end && *q->at != ',') {
		q->at++;
	}
	/* A NUL ends it too: what pads a request may be counted in it. */
	for (end = item->value; end < q->at && *end != '\0';) {
		end++;
	}
	while (end > item->value && is_blank(end[-1])) {
		end--;
	}
	item->value_len = (size_t)(end - item->value);
}

bool query_next(struct query *q, struct query_item *item)
{
	while (q->at < q->end && (*q->at == ',' || is_blank(*q->at))) {
		q->at++;
	}
	if (q->at == q->end) {
		return false;
	}
	*item = (struct query_item){ .name = q->at };
	while (q->at < q->end && *q->at != ',' && *q->at != '=') {
		q->at++;
	}
	item->name_len = (size_t)(q->at - item->name);
	if (q->at < q->end && *q->at == '=') {
		take_value(q, item);
	}
	return true;
}

bool query_names(struct query q, const char *word)
{
	struct query_item item;

	while (query_next(&q, &item)) {
		if (text_equal(word, item.name, item.name_len)) {
			return true;
		}
	}
	return false;
}
