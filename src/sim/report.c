/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/report.h"

#include <inttypes.h>

#include "sim/daemon.h"

static void size(FILE *out, double seconds)
{
	if (seconds < 1e-3) {
		(void)fprintf(out, "%8.1f us ", seconds * 1e6);
	} else if (seconds < 1) {
		(void)fprintf(out, "%8.2f ms ", seconds * 1e3);
	} else {
		(void)fprintf(out, "%8.2f s  ", seconds);
	}
}

static void report_node(const struct world *w, const struct node *n, FILE *out)
{
	const struct daemon *d = n->daemon;
	const struct meter *m = &n->meter;
	double hours = span_to_seconds(moment_diff(w->now, d->started)) / 3600;

	(void)fprintf(out, "%4u  %7u ", n->index,
		      daemon_synchronised(n) ? d->view.stratum : 16U);
	size(out, meter_rms_s(m));
	size(out, meter_percentile_s(m, 0.99));
	size(out, m->max_s);
	if (n->watch.within_since.v == MOMENT_NEVER.v) {
		(void)fprintf(out, "     never ");
	} else {
		(void)fprintf(out, "%8.1f s ",
			      moment_to_s(n->watch.within_since));
	}
	(void)fprintf(out, "%9.1f  %7.3f %%  %5u\n",
		      hours > 0 ? (double)d->sent / hours : 0,
		      100 * meter_coverage(m), d->steps);
}

void world_report(const struct world *w, FILE *out)
{
	(void)fprintf(out, "%4s  %7s %10s  %10s  %10s  %9s  %9s  %9s  %5s\n",
		      "node", "stratum", "RMS", "p99", "worst", "to 1 ms",
		      "packets/h", "in bound", "steps");
	for (unsigned i = 0; i < w->count; i++) {
		if (w->nodes[i]->daemon) {
			report_node(w, w->nodes[i], out);
		}
	}
}

void world_verdict(const struct world *w, FILE *out)
{
	const struct oracle *o = &w->oracle;

	if (!o->any) {
		(void)fprintf(out,
			      "all oracles hold (%" PRIu64
			      " events looked at)\n",
			      o->looked);
		return;
	}
	(void)fprintf(out, "BROKEN %s: %s\n", oracle_name(o->first),
		      oracle_words(o->first));
	(void)fprintf(out, "  at %.6f s", moment_to_s(o->at));
	if (o->node < w->count) {
		(void)fprintf(out, ", node %u", o->node);
	}
	(void)fprintf(out, ": %s\n", o->text);
	for (unsigned id = 0; id < ORACLES; id++) {
		if (o->broken[id] > 0) {
			(void)fprintf(out, "  %s: %" PRIu64 " times\n",
				      oracle_name(id), o->broken[id]);
		}
	}
}
