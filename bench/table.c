/* SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"

#include <math.h>

#define CELL 24

static const char *const heads[] = {
	"RMS",       "p99",      "max",         "to 1 ms",    "to 100 us",
	"packets/h", "in bound", "in distance", "in service", "bound +-",
};

/* Three digits and a unit. */
static void size(char cell[CELL], double seconds)
{
	static const struct {
		double unit_s;
		const char *unit;
	} units[] = { { 1, "s" }, { 1e-3, "ms" }, { 1e-6, "us" } };
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(units) && seconds < units[i].unit_s) {
		i++;
	}
	double v = seconds / units[i].unit_s;

	(void)snprintf(cell, CELL, "%.*f %s",
		       v < 10    ? 2
		       : v < 100 ? 1
				 : 0,
		       v, units[i].unit);
}

static void duration(char cell[CELL], double seconds)
{
	if (isfinite(seconds)) {
		(void)snprintf(cell, CELL, "%.0f s", seconds);
	} else {
		(void)snprintf(cell, CELL, "never");
	}
}

/* Rounded down: 100 % is all of it. */
static void percent(char cell[CELL], double share)
{
	(void)snprintf(cell, CELL, "%.3f %%",
		       share < 1 ? floor(share * 1e5) / 1e3 : 100);
}

static void line(enum table_style style, const char *name,
		 const char *const *cells, const char *words, FILE *out)
{
	bool markdown = style == TABLE_MARKDOWN;

	(void)fprintf(out, markdown ? "| %s |" : "%-18s", name);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		(void)fprintf(out, markdown ? " %s |" : " %11s", cells[i]);
	}
	(void)fprintf(out, markdown ? " %s |\n" : "\n", words);
}

void table_head(enum table_style style, FILE *out)
{
	line(style, "course", heads, "what it is", out);
	if (style == TABLE_MARKDOWN) {
		(void)fputs("|---|", out);
		for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
			(void)fputs("---:|", out);
		}
		(void)fputs("---|\n", out);
	}
}

void table_row(enum table_style style, const struct course *c,
	       const struct figures *f, FILE *out)
{
	char text[ARRAY_LEN(heads)][CELL];
	const char *cells[ARRAY_LEN(heads)];

	size(text[0], meter_rms_s(&f->error));
	size(text[1], meter_percentile_s(&f->error, 0.99));
	size(text[2], f->error.max_s);
	duration(text[3], figures_median_s(f, GAUGE_MS));
	duration(text[4], figures_median_s(f, GAUGE_100US));
	(void)snprintf(text[5], CELL, "%.1f", figures_packets(f));
	percent(text[6], figures_in_bound(f));
	percent(text[7], figures_in_distance(f));
	percent(text[8], figures_in_service(f));
	size(text[9], meter_percentile_s(&f->width, 0.5));
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		cells[i] = text[i];
	}
	line(style, c->name, cells, c->words, out);
}
