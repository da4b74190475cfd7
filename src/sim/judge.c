/* SPDX-License-Identifier: BSD-2-Clause */
/* What all exchanges say after the fact, and how both builds fared by that. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/resteer.h"
#include "wire/packet.h"

#define LOOK_S 16.0   /* how often both clocks are looked at ... */
#define LOOKS 500000  /* ... but no more often than this in all */
#define FIRST_S 1800  /* the start is judged apart ... */
#define ENOUGH_S 3600 /* ... if there is more than this */
#define MANY 0.1      /* of the questions: without answer for no fault */
#define DELAY_LEAST_S (-0.001)
#define DELAY_MOST_S 10.0

/* --- the reference --- */

static double since_s(const struct record_start *start, instant at)
{
	return span_to_seconds(instant_diff(at, start->start.now));
}

/* An answer to the question that can be one of somebody who knows the time. */
static bool is_answer(const struct past_ask *ask, const struct event *ev,
		      struct packet *packet)
{
	struct reader r = reader_over(ev->packet.data, ev->packet.len);

	return packet_parse(packet, &r) == PACKET_OK &&
	       packet->mode == MODE_SERVER && packet->leap != LEAP_UNSYNC &&
	       packet->stratum > 0 && packet->stratum < STRATUM_UNKNOWN &&
	       packet->origin.v == ask->nonce && packet->receive.v != 0;
}

/* The exchange itself: what it says of the recorded wall clock at `at`. */
struct measured {
	tstamp returned; /* by the recorded wall clock */
	double away_s;   /* from the question to that */
	double offset_s, delay_s, distance_s;
};

static bool measure_packet(const struct past_ask *ask, const struct event *ev,
			   tstamp sent, struct measured *m)
{
	struct packet packet;

	if (!is_answer(ask, ev, &packet)) {
		return false;
	}
	double out_s = span_to_seconds(tstamp_diff(packet.receive, sent));
	double back_s =
		span_to_seconds(tstamp_diff(ev->packet.at, packet.transmit));

	*m = (struct measured){
		.returned = ev->packet.at,
		.away_s = span_to_seconds(tstamp_diff(ev->packet.at, sent)),
		.offset_s = (out_s - back_s) / 2,
		.delay_s = out_s + back_s,
		.distance_s = span_to_seconds(packet.root_delay) / 2 +
			      span_to_seconds(packet.root_disp),
	};
	return m->delay_s > DELAY_LEAST_S && m->delay_s < DELAY_MOST_S;
}

static double fudge_s(const struct config *config, const netaddr *addr)
{
	for (const struct source_config *c = config->sources; c; c = c->next) {
		if (netaddr_same_host(&c->addr, addr)) {
			return c->fudge.time1_s;
		}
	}
	return 0;
}

static bool measure_clock(const struct config *config, const netaddr *addr,
			  const struct event *ev, struct measured *m)
{
	*m = (struct measured){
		.returned = ev->refclock.received,
		.offset_s =
			span_to_seconds(tstamp_diff(ev->refclock.reference,
						    ev->refclock.received)) +
			fudge_s(config, addr),
	};
	return ev->refclock.reading == READING_GOOD;
}

/* False: there was no good answer. */
static bool sample_of(const struct past *p, const struct rerun *run,
		      const struct past_ask *ask, struct reference_sample *out)
{
	static struct record_event r;
	const struct past_event *asked = &p->events[ask->event];
	const struct event *ev = &r.event;
	tstamp sent = asked->wall;

	for (size_t i = ask->first; i != PAST_NONE; i = p->events[i].next) {
		const struct past_event *was = &p->events[i];
		struct measured m;

		if (was->segment != asked->segment ||
		    was->stepped.v != span_add(asked->stepped, asked->step).v ||
		    record_get_event(&was->item, &r) != FIELDS_FINE) {
			return false;
		}
		if (ev->kind == EVENT_SENT) {
			sent = ev->sent.at;
		}
		if ((ev->kind == EVENT_PACKET &&
		     measure_packet(ask, ev, sent, &m)) ||
		    (ev->kind == EVENT_REFCLOCK &&
		     measure_clock(&run->held[run->now].config,
				   &p->hosts[ask->host].addr, ev, &m))) {
			double age_s = m.away_s / 2 +
				       span_to_seconds(tstamp_diff(was->wall,
								   m.returned));
			instant at =
				instant_add(was->at, span_from_seconds(-age_s));
			double level_s =
				m.offset_s + track_at(&p->moved, was->at);

			*out = (struct reference_sample){
				.at_s = since_s(&run->began, at),
				.value_s = level_s + track_at(&p->gain, at),
				.steered_s = level_s,
				.delay_s = m.delay_s,
				.distance_s = m.distance_s,
				.source = ask->host,
				.segment = was->segment,
			};
			return true;
		}
	}
	return false;
}

void resteer_reference(const struct past *p, const struct rerun *run,
		       struct reference *ref)
{
	struct reference_sample *samples =
		calloc(p->ask_count + 1, sizeof(*samples));
	size_t n = 0;

	INVARIANT(samples != NULL);
	for (size_t i = 0; i < p->ask_count; i++) {
		n += sample_of(p, run, &p->asks[i], &samples[n]);
	}
	reference_begin(ref, samples, n, (unsigned)p->host_count);
}

/* --- both clocks against it --- */

struct marks {
	double *errors_s; /* by size, after mark() */
	double squares, rate_squares, freq, freq_squares;
	size_t count;
};

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double error_of(const struct past *p, const struct reference *ref,
		       const struct resteered *s, instant at, double at_s)
{
	const struct past_event *ev = &p->events[past_event_at(p, at)];
	double shown_s = track_at(&p->gain, at) + track_at(&p->moved, at);

	if (s) {
		double stepped_s = track_at(&s->moved, at);

		/* The recorded one's steps out, ours in. */
		shown_s +=
			track_at(&s->gain, at) + stepped_s -
			span_to_seconds(
				p->events[past_event_at(p, at)].stepped) -
			span_to_seconds(p->events[past_event_at(p, at)].step);
	}
	return shown_s - reference_at(ref, at_s, ev->segment);
}

struct stretch {
	instant from, to;
};

/* Looks at one build's clock every so often; s: this one, NULL: recorded. */
static void mark(struct marks *m, const struct past *p,
		 const struct record_start *start, const struct reference *ref,
		 const struct resteered *s, const struct stretch *stretch)
{
	double span_s =
		span_to_seconds(instant_diff(stretch->to, stretch->from));
	double look_s = fmax(LOOK_S, span_s / LOOKS);
	size_t most = span_s > 0 ? (size_t)(span_s / look_s) + 1 : 1;
	double before_s = 0;

	*m = (struct marks){ .errors_s = calloc(most, sizeof(double)) };
	INVARIANT(m->errors_s != NULL);
	for (size_t i = 0; i < most; i++) {
		instant at = instant_add(stretch->from,
					 span_from_seconds(look_s * (double)i));
		double error_s = error_of(p, ref, s, at, since_s(start, at));
		double freq = track_at(s ? &s->freq : &p->freq, at);
		double rate = (error_s - before_s) / look_s;

		m->errors_s[i] = fabs(error_s);
		m->squares += error_s * error_s;
		m->rate_squares += i > 0 ? rate * rate : 0;
		m->freq += freq;
		m->freq_squares += freq * freq;
		before_s = error_s;
	}
	m->count = most;
	qsort(m->errors_s, most, sizeof(double), by_size);
}

static double rms(double squares, size_t count)
{
	return count > 0 ? sqrt(squares / (double)count) : 0;
}

static double percentile(const struct marks *m, double share)
{
	return m->errors_s[(size_t)((double)(m->count - 1) * share)];
}

static void row(FILE *out, const char *what, double was, double is)
{
	(void)fprintf(out, "  %-34s %14.3f %14.3f\n", what, was, is);
}

static void count_row(FILE *out, const char *what, uint64_t was, uint64_t is)
{
	(void)fprintf(out, "  %-34s %14" PRIu64 " %14" PRIu64 "\n", what, was,
		      is);
}

static double wander(const struct marks *m)
{
	double n = (double)m->count, mean = m->freq / n;

	return sqrt(fmax(m->freq_squares / n - mean * mean, 0));
}

static void say_clocks(const struct marks *was, const struct marks *is,
		       FILE *out)
{
	row(out, "clock error, RMS, us", 1e6 * rms(was->squares, was->count),
	    1e6 * rms(is->squares, is->count));
	row(out, "clock error, 99 % below, us", 1e6 * percentile(was, 0.99),
	    1e6 * percentile(is, 0.99));
	row(out, "clock error, largest, us", 1e6 * percentile(was, 1),
	    1e6 * percentile(is, 1));
	row(out, "rate error over 16 s, RMS, ppm",
	    1e6 * rms(was->rate_squares, was->count - 1),
	    1e6 * rms(is->rate_squares, is->count - 1));
	row(out, "frequency steered, mean, ppm",
	    1e6 * was->freq / (double)was->count,
	    1e6 * is->freq / (double)is->count);
	row(out, "frequency steered, spread, ppm", 1e6 * wander(was),
	    1e6 * wander(is));
}

static void say_notes(const struct tally *was, const struct tally *is,
		      FILE *out)
{
	char name[64];

	for (unsigned i = 0; i < NOTES; i++) {
		if (was->notes[i] != is->notes[i]) {
			(void)snprintf(name, sizeof(name), "note %s",
				       note_name((enum note_id)i));
			count_row(out, name, was->notes[i], is->notes[i]);
		}
	}
}

static void say_exchanges(const struct past *p, const struct resteered *s,
			  FILE *out)
{
	uint64_t answered = 0;

	for (size_t i = 0; i < p->ask_count; i++) {
		bool any = false;

		for (size_t e = p->asks[i].first; e != PAST_NONE;
		     e = p->events[e].next) {
			any |= past_is_answer(p->events[e].kind);
		}
		answered += any;
	}
	count_row(out, "questions", p->tally.asked, s->tally.asked);
	count_row(out, "  answered as it was recorded", answered,
		  s->as_recorded);
	count_row(out, "  answered by an exchange moved", 0, s->displaced);
	count_row(out, "  unanswered then too", p->tally.asked - answered,
		  s->unanswered);
	count_row(out, "  without any exchange near", 0, s->unrecorded);
	if (s->displaced > 0) {
		row(out, "  moved by, RMS, s", 0,
		    sqrt(s->displaced_squares / (double)s->displaced));
	}
	if ((double)s->unrecorded > MANY * (double)s->tally.asked) {
		(void)fprintf(out, "  (this build asks more than was recorded: "
				   "with answers it would do better)\n");
	}
}

/* Both are compared from the moment that both knew the time. */
static bool both_since(const struct past *p, const struct resteered *s,
		       instant *from)
{
	*from = p->tally.since;
	if (instant_diff(s->tally.since, *from).v > 0) {
		*from = s->tally.since;
	}
	return p->tally.synchronised && s->tally.synchronised;
}

/* Who is compared by what. */
struct court {
	const struct rerun *run;
	const struct past *p;
	const struct reference *ref;
	const struct resteered *s;
};

static void say_stretch(const struct court *c, const struct stretch *stretch,
			bool first, FILE *out)
{
	const struct record_start *start = &c->run->began;
	struct marks was, is;

	mark(&was, c->p, start, c->ref, NULL, stretch);
	mark(&is, c->p, start, c->ref, c->s, stretch);
	if (first) {
		row(out, "error in the first half hour, us",
		    1e6 * rms(was.squares, was.count),
		    1e6 * rms(is.squares, is.count));
		row(out, "  largest, us", 1e6 * percentile(&was, 1),
		    1e6 * percentile(&is, 1));
	} else {
		say_clocks(&was, &is, out);
	}
	free(was.errors_s);
	free(is.errors_s);
}

static void say_why_not(const struct court *c, FILE *out)
{
	(void)fprintf(out, "  (the clocks cannot be compared: %s)\n",
		      c->ref->count == 0 ? "there is no good answer"
		      : c->p->tally.synchronised
			      ? "this build never knew the time"
			      : "the recorded one never knew the time");
}

static void compare_clocks(const struct court *c, FILE *out)
{
	const struct past *p = c->p;
	const struct record_start *start = &c->run->began;
	struct stretch all = { .to = p->events[p->event_count - 1].at };
	struct stretch first;

	if (c->ref->count == 0 || !both_since(p, c->s, &all.from)) {
		say_why_not(c, out);
		return;
	}
	row(out, "synchronised after, s", since_s(start, p->tally.since),
	    since_s(start, c->s->tally.since));
	if (span_to_seconds(instant_diff(all.to, all.from)) > ENOUGH_S) {
		first.from = all.from;
		first.to = all.from = instant_add(all.from, SPAN_S(FIRST_S));
		say_stretch(c, &first, true, out);
	}
	say_stretch(c, &all, false, out);
}

/* The table: how the recorded build and this one fared. */
static void judge(const struct rerun *r, const struct past *p,
		  const struct reference *ref, const struct resteered *s,
		  FILE *out)
{
	struct court court = { r, p, ref, s };

	(void)fprintf(out,
		      "  reference: %zu exchanges with %u sources, %u of them "
		      "left out for contradicting the others; good to %.1f us\n"
		      "  %-34s %14s %14s\n",
		      ref->count, ref->sources, reference_excluded(ref),
		      1e6 * reference_sd_s(ref), "", "recorded", "this build");
	compare_clocks(&court, out);
	count_row(out, "changes of frequency", p->tally.steers,
		  s->tally.steers);
	count_row(out, "steps", p->tally.steps, s->tally.steps);
	say_exchanges(p, s, out);
	say_notes(&p->tally, &s->tally, out);
	if (r->began.settings.orders.no_clock) {
		(void)fprintf(out, "  (with --no-clock: neither steered)\n");
	}
}

/* --- all runs --- */

static bool one_run(struct rerun *r, const struct record_view *item,
		    struct reader *rest, unsigned number, FILE *out)
{
	struct past p = { .event_count = 0 };
	bool good = rerun_begin(r, item, out);

	if (good) {
		good = past_load(&p, &r->began, rest, out);
	}
	if (good) {
		struct reference ref;
		struct resteered s;
		instant last = p.events[p.event_count - 1].at;

		resteer_reference(&p, r, &ref);
		(void)fprintf(out, "run %u, %s: %.2f hours, %zu events\n",
			      number, r->began.version,
			      since_s(&r->began, last) / 3600, p.event_count);
		resteer_live(r, &p, &ref, &s);
		judge(r, &p, &ref, &s, out);
		resteered_end(&s);
		reference_end(&ref);
	}
	past_end(&p);
	return good;
}

bool resteer_run(const uint8_t *data, size_t len, FILE *out)
{
	struct reader r = reader_over(data, len);
	struct rerun rerun = { .memory = NULL };
	struct record_view item;
	unsigned runs = 0;
	bool good = true;

	if (len < 4 || memcmp(data, RECORD_MAGIC, 4) != 0) {
		(void)fprintf(out, "this is no record\n");
		return false;
	}
	for (;;) {
		enum record_verdict v = record_next(&r, &item);

		if (v == RECORD_OVER) {
			break;
		}
		if (v == RECORD_GOOD && item.kind == RECORD_START) {
			good &= one_run(&rerun, &item, &r, ++runs, out);
			continue;
		}
		if (v != RECORD_GOOD) {
			(void)fprintf(out, "at byte %zu: the record is %s\n",
				      (size_t)(r.at - data),
				      v == RECORD_CUT ? "cut short"
						      : "damaged");
			good = false;
			if (!record_seek_start(&r)) {
				break;
			}
		}
	}
	rerun_end(&rerun);
	return good && runs > 0;
}
