/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stages.h - through what an event goes in the engine, and what each of its
 * files does for the others; private to them.
 *
 *   engine.c           events in, ticks, the next deadline
 *   observe.c          time goes by: jumps, sleep, strangers at the clock
 *   start.c            the first moment
 *   room.c             memory for what the settings name
 *   reload.c           other settings, while it runs
 *   leap.c             leap seconds: what is due, and the second itself
 *   names.c            addresses of names to sources, pool members
 *   gate.c             when enough have answered to decide
 *   clocks.c           reference clocks
 *   date.c             what date cannot be
 *   decide.c           who is right, and what that means for the clock
 *   apply.c            that, done to it; all that measures by it moves along
 *   others.c           what sources are to each other and to us; what to
 *                      serve when there is nobody to follow
 *   casts.c            broadcasts: ours, and those that we hear
 *   peers.c            symmetric peers, whose packets come to the server's port
 *   publish.c          view, kernel status, drift file, notes
 *   control.c          control requests: who may have what
 *   report.c           what they hear of the system and of sources
 *   wish.c             those that are to change something
 *   report_clocks.c    what they hear of reference clocks
 *   snapshot.c         what one life of the daemon leaves to the next
 *   stats.c            lines for the statistics files
 */
#ifndef CORE_ENGINE_STAGES_H
#define CORE_ENGINE_STAGES_H

#include "core/engine/state.h"

/* The configured sources that may be followed, while the gate is shut. */
struct engine_roll {
	size_t asked, heard, known, agree;
	bool complete; /* nobody is still to be found by name */
	bool awaited;  /* one that could bind the others is yet to be heard */
};

/* observe.c */
/* Takes the time from the event; who else has been at the clock? */
void engine_observe(struct engine *e, const struct event *ev,
		    struct outbox *out);
/* Whatever is asked now is void: its stamps would be of two clocks. */
void engine_abandon(struct engine *e, struct outbox *out);
/* Rules the clock again, at the rate that somebody else left. */
void engine_take_back(struct engine *e, struct outbox *out);

/* start.c */
void engine_first(struct engine *e, struct outbox *out);

/* A new association's number for control messages; never 0. */
uint16_t engine_number(struct engine *e);
enum family engine_family(const struct engine *e,
			  const struct source_config *c);
/* A source of a configured server, in a free slot. */
void engine_add_server(struct engine *e, const struct source_config *c);

/* room.c */
struct engine_shape {
	size_t sources, pools, clocks, casters;
};
bool engine_is_server(const struct source_config *c);
bool engine_is_pool(const struct source_config *c);
bool engine_is_clock(const struct source_config *c);
/* How many slots the associations of a configuration take. */
struct engine_shape engine_shape(const struct config *config);
size_t engine_shape_size(const struct config *config, struct engine_shape n);
/* Takes the settings over, with empty slots in memory of that size. */
void engine_furnish(struct engine *e, void *room, const struct settings *s,
		    struct engine_shape n);

/* reload.c */
/* Those that left: their sockets are closed, and it is said. */
void engine_bid_farewell(struct engine *e, struct outbox *out);
void engine_take_settings(struct engine *e, const struct event *ev,
			  struct outbox *out);

/* engine.c */
/* Somebody has told the time, as of `at`. */
void engine_heard(struct engine *e, instant at);
/* One answer, all the way from its verdict to the clock. */
void engine_judged(struct engine *e, struct source *s,
		   enum source_verdict verdict, const struct sample *sample,
		   struct outbox *out);

/* clocks.c */
struct refclock *engine_clock(const struct engine *e, uint16_t slot);
void engine_tick_clocks(struct engine *e, struct outbox *out);
void engine_take_reading(struct engine *e, const struct event *ev,
			 struct outbox *out);
/* One side of selection each, behind those of the sources. */
size_t engine_gather_clocks(struct engine *e, size_t n);
/* The clock was stepped, or its rate changed. */
void engine_shift_clocks(struct engine *e, double step_s, double freq);
/* It jumped: the reading that waits is void. */
void engine_abandon_clocks(struct engine *e);
void engine_restart_clocks(struct engine *e);
bool engine_hears_clocks(const struct engine *e);
/* Those that measure; `enough` samples make one known. */
void engine_enrol_clocks(const struct engine *e, unsigned enough,
			 struct engine_roll *roll);
void engine_crown_clock(struct engine *e, struct refclock *r,
			struct outbox *out);
/* LOCAL is the choice. */
void engine_follow_local(struct engine *e, const struct refclock *r,
			 struct outbox *out);

/* report_clocks.c */
void engine_report_clock(const struct engine *e, const struct refclock *c,
			 struct peer_report *r);
/* Of association 0: the system peer's clock, or the first. */
bool engine_report_device(const struct engine *e, uint16_t assoc,
			  struct clock_report *r);

/* leap.c */
/* What is announced when our sources vote so (E12). */
enum leap engine_leap(struct engine *e, enum leap voted, struct outbox *out);
/* What the kernel is to do at the end of the day. */
enum leap engine_armed(const struct engine *e);
/* Does what is due and the kernel does not do. */
void engine_tick_leap(struct engine *e, struct outbox *out);
instant engine_leap_deadline(const struct engine *e);
/* Is this jump of the wall clock the leap second that was due? If so, it is
 * over. */
bool engine_has_leapt(struct engine *e, double jump_s, struct outbox *out);
/* What is made of it for clients. */
struct smear engine_smear(const struct engine *e);
/* Is one so near that others may be a second off? */
bool engine_is_leaping(const struct engine *e);
void engine_tell_tai(const struct engine *e, struct effect *status);
void engine_report_leaps(const struct engine *e, struct system_report *r);
void engine_note_leaps(struct engine *e, struct outbox *out);
void engine_take_leaps(struct engine *e, const struct leap_table *leaps,
		       struct outbox *out);

/* names.c */
/* Whose handle that is; NULL: nobody's, or one of long ago. */
struct source *engine_source(const struct engine *e, source_id id);
struct pool *engine_pool(const struct engine *e, source_id id);
struct source *engine_free_slot(struct engine *e);
/* Does a source of ours have this address already? */
bool engine_asks(const struct engine *e, const netaddr *addr);
/* May the pool have this address? */
bool engine_may_add(const struct engine *e, const struct pool *p,
		    const netaddr *addr);
/* A free slot for one more of the pool; NULL: there is none. */
struct source *engine_new_member(struct engine *e, const struct pool *p);
/* Makes a member of it; false: there is no room. */
bool engine_add_member(struct engine *e, struct pool *p, const netaddr *addr,
		       struct outbox *out);
/* Sources in use. */
size_t engine_members(const struct engine *e);
/* One of no use goes, when there are too many. */
void engine_preempt(struct engine *e, struct outbox *out);
void engine_resolved(struct engine *e, const struct event *ev,
		     struct outbox *out);
void engine_tables(struct engine *e);
/* The restrict lines are others than before. */
void engine_guard(struct engine *e);

/* gate.c */
/* Has somebody answered, and are others still to be heard? */
bool engine_is_gated(const struct engine *e);
/* Closes it when all are silent. */
void engine_close_gate(struct engine *e);
/* After a choice was found: is it to be followed? */
bool engine_gate_opens(struct engine *e);

/* date.c */
/* May the clock be stepped by as much? (E4) */
bool engine_date_is_possible(const struct engine *e, double step_s);

/* apply.c */
/* Tells every estimator, and nobody else. */
void engine_shift(struct engine *e, double step_s, double freq);
/* Tells the kernel the rate that it is to run at. */
void engine_steer(struct engine *e, struct outbox *out);
/* Applies to the clock and to all that measures with it. */
void engine_apply(struct engine *e, const struct adjustment *adj,
		  struct outbox *out);
/* All that was measured is void; the clock was moved by `by_s`. */
void engine_measure_anew(struct engine *e, double by_s, struct outbox *out);
/* E4: nobody's word makes it a time before this program, or far after it; then
 * the daemon ends. */
bool engine_refuses(struct engine *e, double step_s, struct outbox *out);
/* -q: sets the clock by what is known now, and ends. */
void engine_finish_once(struct engine *e, struct outbox *out);

/* decide.c */
/* `sampled`: one of the network's sources has just measured. */
void engine_decide(struct engine *e, bool sampled, struct outbox *out);
/* The system peer is none any more, if there was one. */
void engine_lose_peer(struct engine *e, struct outbox *out);
/* From when on a local clock may lead. */
instant engine_local_at(const struct engine *e);

/* others.c */
/* Who smears a leap second and who does not have two times: one is used. */
void engine_part_smeared(struct engine *e, struct outbox *out);
/* The clock by all survivors together learns from one's exchange. */
void engine_learn(struct engine *e, const struct source *s,
		  const struct sample *sample);
/* Who it is to others, for selection. */
void engine_identify(const struct source *s, struct candidate *c);
/* Nobody leads: serves our own time after `tos orphanwait`. */
void engine_orphan(struct engine *e, struct outbox *out);
/* When to look again whether a local clock or nobody is to lead. */
instant engine_lonely_deadline(const struct engine *e);

/* casts.c */
/* As the lines have them; those that there were stay as they are. */
void engine_place_casters(struct engine *e, const struct caster *was,
			  size_t count);
void engine_report_caster(const struct engine *e, const struct caster *c,
			  struct peer_report *r);
/* How the source and we speak. */
enum mode engine_mode(const struct source *s);
/* Calls for servers (manycast), and what answers. */
void engine_tick_calls(struct engine *e, struct outbox *out);
instant engine_calls_deadline(const struct engine *e);
void engine_answer_call(struct engine *e, const struct event *ev,
			struct outbox *out);
/* A packet of one of them left. */
void engine_cast(struct engine *e, const struct event *ev);
void engine_tick_casters(struct engine *e, const struct event *ev,
			 struct outbox *out);
/* Does it want to hear what is told unasked? */
bool engine_listens(const struct config *config);
/* A broadcast: of a source of ours, or of one to be. */
void engine_hear(struct engine *e, const struct event *ev, struct outbox *out);
/* Those that have fallen silent go. */
void engine_tick_listeners(struct engine *e, struct outbox *out);

/* peers.c */
/* Tells the server threads whose packets are ours, in this memory. */
void engine_list_peers(struct engine *e, void *memory);
/* A packet on the server's port. */
void engine_take_peer(struct engine *e, const struct event *ev,
		      struct outbox *out);
/* Of peers that are asked as servers are. */
void engine_note_unsigned(struct engine *e, struct outbox *out);

/* publish.c */
/* When the view is to be made anew at the latest. */
instant engine_view_end(const struct engine *e);
void engine_note(struct engine *e, enum note_id id, double value,
		 const char *word, struct outbox *out);
void engine_publish(struct engine *e, struct outbox *out);
void engine_save(struct engine *e, struct outbox *out);
/* log2 s: how often the system peer is asked. */
int8_t engine_poll(const struct engine *e);

/* wish.c */
/* Of who may change something. */
void engine_wish(struct engine *e, const struct event *ev,
		 const struct control_request *q, struct outbox *out);
/* What came of it is in the event. */
void engine_answer_wish(struct engine *e, const struct event *ev,
			struct outbox *out);

/* control.c */
/* Keeps what had been counted when an hour began. */
void engine_count_hour(struct engine *e, const struct event *ev);
void engine_control(struct engine *e, const struct event *ev,
		    struct outbox *out);

/* report.c */
/* What has this number in control messages: one of these, or none. */
struct association {
	struct source *source;
	struct pool *pool;
	struct refclock *clock;
	struct caster *caster;
};
struct association engine_association(const struct engine *e, uint16_t number);
void engine_report_system(const struct engine *e, const struct event *ev,
			  struct system_report *r);
/* False: there is no such association. */
bool engine_report_peer(const struct engine *e, uint16_t assoc,
			struct peer_report *r);
/* All associations into e->listed; how many. */
size_t engine_list(struct engine *e);
/* Of an association; NULL: there is none. */
struct events *engine_events(const struct engine *e, uint16_t assoc);

/* snapshot.c */
/* Asks for a snapshot when there is reason to. */
void engine_keep(struct engine *e, struct outbox *out);
/* At the start: takes up what an earlier life left, if that can be true. */
void engine_resume(struct engine *e);
void engine_note_resumed(struct engine *e, struct outbox *out);

/* stats.c */
void engine_stats_start(struct engine *e);
/* Which kinds are written is another matter from now on. */
void engine_stats_choose(struct engine *e);
/* What became of an answer: it is the one that the source holds. */
void engine_stats_exchange(struct engine *e, const struct source *s,
			   enum source_verdict verdict, struct outbox *out);
/* The source has learnt from one more sample. */
void engine_stats_sample(struct engine *e, const struct source *s,
			 struct outbox *out);
/*
 * A poll of a clock that measures is over: one line for all its readings, in
 * loopstats too when it leads.
 */
void engine_stats_poll(struct engine *e, const struct refclock *r,
		       struct outbox *out);
/* Our own clock was asked, and says that it is right. */
void engine_stats_local(struct engine *e, const struct refclock *r,
			struct outbox *out);
/* The clock was corrected by what was this far off. */
void engine_stats_loop(struct engine *e, double offset_s, struct outbox *out);
void engine_stats_tick(struct engine *e, const struct event *ev,
		       struct outbox *out);
instant engine_stats_deadline(const struct engine *e);
/* The notes in the outbox, as far as they are event lines. */
void engine_stats_events(struct engine *e, struct outbox *out);

static inline struct source_world engine_world(struct engine *e)
{
	return (struct source_world){
		.rng = &e->rng,
		.own = e->own,
		.own_count = e->own_count,
		.precision = e->start.precision,
		.slew = e->discipline.slew,
		.base = e->discipline.base,
		.leaping = engine_is_leaping(e),
		.bcpollbstep = e->config->tos.bcpollbstep,
		.access = e->access,
		.standing = &e->standing,
		.must_sign = e->config->auth,
		.keys = e->settings->keys,
		.key_counts = &e->key_counts,
	};
}

static inline double engine_phi(const struct engine *e)
{
	return e->config->tinker.dispersion_ppm * 1e-6;
}

static inline double engine_age_s(const struct engine *e, instant since)
{
	return span_to_seconds(instant_diff(e->now, since));
}

/* As reports count it: nothing is negative. */
static inline uint64_t engine_whole_s(double s)
{
	return s > 0 ? (uint64_t)s : 0;
}

#endif
