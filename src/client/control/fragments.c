/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/control/fragments.h"

#include <string.h>

void fragments_init(struct fragments *f, const struct mode6 *asked)
{
	memset(f, 0, sizeof(*f));
	f->asked = *asked;
}

static bool is_answer_to(const struct mode6 *m, const struct mode6 *asked)
{
	return m->response && m->opcode == asked->opcode &&
	       m->sequence == asked->sequence && m->assoc == asked->assoc;
}

/*
 * The network may bring the same fragment twice; that is no contradiction.
 * Every other overlap is.
 */
static bool overlaps(const struct fragments *f, const struct mode6 *m,
		     bool *repeated)
{
	*repeated = false;
	for (unsigned i = 0; i < f->count; i++) {
		unsigned start = f->parts[i].offset;
		unsigned end = start + f->parts[i].count;

		if (start == m->offset && f->parts[i].count == m->count) {
			*repeated = true;
			return false;
		}
		if (m->offset < end && start < (unsigned)m->offset + m->count) {
			return true;
		}
	}
	return false;
}

static bool fits(const struct fragments *f, const struct mode6 *m, size_t left)
{
	size_t end = (size_t)m->offset + m->count;

	if (m->count > left || m->count > MODE6_DATA || end > CTL_ANSWER) {
		return false;
	}
	if (m->count == 0 && (m->more || m->offset != 0)) {
		return false; /* an empty part says nothing and costs a slot */
	}
	return !f->last_seen || (m->more && end <= f->total);
}

static enum fragments_verdict progress(const struct fragments *f,
				       const struct ctl_answer *answer)
{
	return f->last_seen && answer->len == f->total ? FRAGMENTS_DONE
						       : FRAGMENTS_MORE;
}

enum fragments_verdict fragments_add(struct fragments *f, const uint8_t *data,
				     size_t len, struct ctl_answer *answer)
{
	struct reader r = reader_over(data, len);
	struct mode6 m;
	bool repeated;

	if (!mode6_parse(&m, &r) || !is_answer_to(&m, &f->asked)) {
		return FRAGMENTS_FOREIGN;
	}
	if (m.error) {
		answer->error = (uint8_t)(m.status >> 8);
		answer->status = m.status;
		return FRAGMENTS_ERROR;
	}
	if (overlaps(f, &m, &repeated)) {
		return FRAGMENTS_MALFORMED;
	}
	if (repeated) {
		return ++f->repeats > CTL_FRAGMENTS ? FRAGMENTS_MALFORMED
						    : FRAGMENTS_MORE;
	}
	if (f->count == CTL_FRAGMENTS || !fits(f, &m, reader_left(&r))) {
		return FRAGMENTS_MALFORMED;
	}
	f->parts[f->count].offset = m.offset;
	f->parts[f->count].count = m.count;
	f->count++;
	memcpy(answer->data + m.offset, r.at, m.count);
	answer->len += m.count;
	answer->status = m.status;
	answer->assoc = m.assoc;
	if (!m.more) {
		f->last_seen = true;
		f->total = (size_t)m.offset + m.count;
		for (unsigned i = 0; i < f->count; i++) {
			if (f->parts[i].offset + f->parts[i].count > f->total) {
				return FRAGMENTS_MALFORMED;
			}
		}
	}
	return progress(f, answer);
}
