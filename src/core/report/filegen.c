/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/report/filegen.h"

#include <string.h>

#include "base/date.h"
#include "config/options.h"

#define DAY_S 86400

bool filegen_is_on(const struct config *c, enum stats_kind kind)
{
	return c->stats && c->statsdir && c->filegens[kind].enabled;
}

void filegen_print_base(const struct config *c, enum stats_kind kind,
			struct text *out)
{
	const char *file = c->filegens[kind].file;
	size_t len = strlen(c->statsdir);

	text_str(out, c->statsdir);
	if (len > 0 && c->statsdir[len - 1] != '/') {
		text_char(out, '/');
	}
	text_str(out,
		 file ? file : option_of_bits(SCOPE_STATISTICS, kind)->word);
}

void filegen_print_suffix(enum filegen_type type,
			  const struct filegen_moment *m, struct text *out)
{
	struct date d = date_from_unix(m->date_s);
	struct date_week w;

	switch (type) {
	case FILEGEN_NONE:
		return;
	case FILEGEN_PID:
		text_str(out, ".#");
		text_u64(out, m->pid);
		return;
	case FILEGEN_AGE:
		text_str(out, ".a");
		text_padded(out, m->age_s - m->age_s % DAY_S, 8);
		return;
	case FILEGEN_WEEK:
		w = date_week_from_unix(m->date_s);
		text_char(out, '.');
		text_padded(out, (uint64_t)w.year, 4);
		text_char(out, 'w');
		text_padded(out, w.week, 2);
		return;
	case FILEGEN_DAY:
	case FILEGEN_MONTH:
	case FILEGEN_YEAR:
		break;
	}
	text_char(out, '.');
	text_padded(out, (uint64_t)d.year, 4);
	if (type != FILEGEN_YEAR) {
		text_padded(out, d.month, 2);
	}
	if (type == FILEGEN_DAY) {
		text_padded(out, d.day, 2);
	}
}
