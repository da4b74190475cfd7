/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other settings while the engine runs: what is named as before keeps its
 * number and all that it has measured; nothing of what was is looked at again.
 */
#include "core/engine/stages.h"
#include "tinyreload.h"

static struct tiny world;

#define FOUR \
	"server 10.0.0.1\nserver 10.0.0.2\nserver 10.0.0.3\nserver 10.0.0.4\n"

/* Four servers, three of them configured, and time to know them well. */
static struct tiny *settled(void)
{
	struct tiny *t = &world;

	tiny_config(t);
	for (int i = 0; i < 3; i++) {
		tiny_server(t, true);
	}
	t->own_freq = 20e-6;
	tiny_start(t);
	/* A fourth that answers, if somebody asks it. */
	t->servers[3] = t->servers[2];
	t->servers[3].addr = netaddr_v4(0x0a000004, 123);
	t->servers[3].asked = 0;
	t->server_count = 4;
	tiny_run(t, 1000);
	assert_int_equal(t->view.leap, LEAP_NONE);
	return t;
}

static struct source *source_of(struct tiny *t, uint32_t host)
{
	netaddr addr = netaddr_v4(host, 123);
	struct engine *e = t->engine;

	for (size_t i = 0; i < e->source_slots; i++) {
		struct source *s = &e->sources[i];

		if (s->used && netaddr_same_host(&s->addr, &addr)) {
			return s;
		}
	}
	return NULL;
}

static size_t sources_in_use(const struct tiny *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->engine->source_slots; i++) {
		n += t->engine->sources[i].used;
	}
	return n;
}

static void an_unchanged_source_keeps_all_that_it_has(void **state)
{
	(void)state;
	struct tiny *t = settled();
	struct source before = *source_of(t, 0x0a000002);
	unsigned asked = t->servers[1].asked;

	tiny_reload(t, FOUR);
	const struct source *s = source_of(t, 0x0a000002);

	assert_non_null(s);
	assert_int_equal(s->number, before.number);
	assert_int_equal(s->id.slot, before.id.slot);
	assert_int_equal(s->id.generation, before.id.generation);
	assert_int_equal(s->polling.reach, before.polling.reach);
	assert_int_equal(s->polling.due.v, before.polling.due.v);
	assert_int_equal(s->requests, before.requests);
	assert_memory_equal(&s->estimator, &before.estimator,
			    sizeof(s->estimator));
	assert_memory_equal(s->history, before.history, sizeof(s->history));
	assert_int_equal(t->servers[1].asked, asked);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_true(t->engine->has_peer);
	tiny_reload_end(t);
}

static void
a_new_source_is_asked_at_once_and_one_that_is_gone_never(void **state)
{
	(void)state;
	struct tiny *t = settled();
	unsigned gone = t->servers[0].asked;
	uint16_t number = source_of(t, 0x0a000001)->number;

	tiny_reload(t, "server 10.0.0.2\nserver 10.0.0.3\n"
		       "server 10.0.0.4 iburst\n");
	assert_int_equal(t->notes[NOTE_DEMOBILIZE], 1);
	assert_null(source_of(t, 0x0a000001));
	tiny_run(t, 1030);
	assert_true(t->servers[3].asked >= 5);
	tiny_run(t, 4000);
	assert_int_equal(t->servers[0].asked, gone);
	assert_int_equal(sources_in_use(t), 3);
	assert_int_not_equal(source_of(t, 0x0a000004)->number, number);
	assert_true(fabs(t->error_s) < 1e-3);
	tiny_check_bound(t);
	tiny_reload_end(t);
}

/* The answer that is under way finds nobody, and does no harm. */
static void a_source_goes_with_its_request_under_way(void **state)
{
	(void)state;
	struct tiny *t = settled();
	unsigned asked = t->servers[0].asked;

	while (t->servers[0].asked == asked) {
		tiny_run(t, t->now_s + 0.001);
	}
	assert_true(source_is_waiting(source_of(t, 0x0a000001)));
	tiny_reload(t, "server 10.0.0.4\n");
	tiny_run(t, t->now_s + 300);
	assert_int_equal(sources_in_use(t), 1);
	assert_int_equal(t->view.refid, 0x0a000004);
	tiny_reload_end(t);
}

static void other_words_of_a_line_hold_at_once(void **state)
{
	(void)state;
	struct tiny *t = settled();
	uint64_t before = source_of(t, 0x0a000001)->requests;

	tiny_reload(t, "server 10.0.0.1 minpoll 3 maxpoll 3\n"
		       "server 10.0.0.2 noselect\nserver 10.0.0.3 prefer\n");
	tiny_run(t, 1100);
	assert_true(source_of(t, 0x0a000001)->requests >= before + 10);
	assert_int_equal(source_of(t, 0x0a000002)->reason, REASON_NOSELECT);
	assert_int_equal(t->view.refid, 0x0a000003);
	tiny_reload_end(t);
}

static void the_system_peer_may_go(void **state)
{
	(void)state;
	struct tiny *t = settled();
	struct engine *e = t->engine;
	uint32_t leader = t->view.refid;

	tiny_reload(t, leader == 0x0a000001 ? "server 10.0.0.2\n"
					    : "server 10.0.0.1\n");
	assert_true(e->has_peer);
	assert_int_not_equal(t->view.refid, leader);
	assert_int_equal(t->view.leap, LEAP_NONE);
	tiny_reload(t, "# nobody is left\n");
	assert_false(e->has_peer);
	assert_int_equal(sources_in_use(t), 0);
	tiny_run(t, 2000);
	tiny_check_bound(t);
	tiny_reload_end(t);
}

static void more_sources_than_ever_and_fewer_again(void **state)
{
	(void)state;
	struct tiny *t = settled();
	char lines[2000 * 32];
	struct text text = text_over(lines, sizeof(lines));
	uint16_t number = source_of(t, 0x0a000003)->number;

	text_str(&text, "server 10.0.0.3\n");
	for (unsigned i = 1; i < 2000; i++) {
		text_str(&text, "server 10.1.");
		text_u64(&text, i / 250);
		text_char(&text, '.');
		text_u64(&text, 1 + i % 250);
		text_char(&text, '\n');
	}
	assert_false(text.cut);
	tiny_reload(t, lines);
	assert_int_equal(sources_in_use(t), 2000);
	assert_int_equal(source_of(t, 0x0a000003)->number, number);
	tiny_reload(t, "server 10.0.0.3\n");
	/* They go as the outbox has room for it: none is lost. */
	tiny_run(t, t->now_s + 1);
	assert_int_equal(t->engine->leaving, 0);
	assert_int_equal(t->notes[NOTE_DEMOBILIZE], 2 + 1999);
	tiny_reload(t, FOUR);
	assert_true(t->engine->source_slots <= 8);
	assert_int_equal(source_of(t, 0x0a000003)->number, number);
	tiny_reload_end(t);
}

/* Every address of the old settings was filled with rubbish and freed. */
static void a_thousand_reloads_leave_nothing_behind(void **state)
{
	(void)state;
	struct tiny *t = settled();
	static const char *const lines[] = {
		FOUR "tos orphan 5\n",
		"server 10.0.0.2 iburst\nrestrict source nomodify\n"
		"restrict default noquery\n",
		"pool pool.example\nserver 10.0.0.2\nserver 127.127.1.0\n"
		"fudge 127.127.1.0 stratum 9\n",
		"server 127.127.28.0 minpoll 4\nserver 10.0.0.2\n"
		"server ntp.example iburst\nsetvar a = b\n",
		"server 127.127.1.0\nserver 127.127.28.0\nserver 10.0.0.2\n"
		"pool pool.example\npool other.example\n",
	};
	uint16_t number = source_of(t, 0x0a000002)->number;

	t->names[0] = netaddr_v4(0x0a000063, 123);
	t->names[1] = netaddr_v4(0x0a000064, 123);
	t->name_count = 2;
	for (int i = 0; i < 1000; i++) {
		tiny_reload(t, lines[check_rng() % ARRAY_LEN(lines)]);
		tiny_run(t, t->now_s + (double)(check_rng() % 100) / 10);
		tiny_check_bound(t);
		assert_int_equal(source_of(t, 0x0a000002)->number, number);
	}
	assert_true(source_of(t, 0x0a000002)->polling.reach == 0xff);
	assert_int_equal(t->steps, 0);
	tiny_reload_end(t);
}

static void pool_members_stay(void **state)
{
	(void)state;
	struct tiny *t = &world;

	tiny_config(t);
	tiny_source(t, SOURCE_KIND_POOL)->host = "pool.example";
	for (int i = 0; i < 3; i++) {
		t->servers[i] = (struct tiny_server){
			.addr = netaddr_v4(0x0a000001u + (uint32_t)i, 123),
			.manner = TINY_GOOD,
			.stratum = 2,
			.refid = 0x55555555,
		};
		t->names[i] = t->servers[i].addr;
	}
	t->server_count = t->name_count = 3;
	tiny_start(t);
	tiny_run(t, 600);
	assert_int_equal(sources_in_use(t), 3);
	uint16_t number = source_of(t, 0x0a000002)->number;

	/* The pool gets another slot, and its members know. */
	tiny_reload(t, "pool new.example\npool pool.example minpoll 4\n");
	const struct source *s = source_of(t, 0x0a000002);

	assert_int_equal(s->number, number);
	assert_int_equal(s->pool, t->engine->pools[1].id.slot);
	assert_int_equal(s->polling.min, 4);
	assert_int_equal(t->notes[NOTE_DEMOBILIZE], 0);
	tiny_reload(t, "server 10.0.0.9\n");
	assert_int_equal(t->notes[NOTE_DEMOBILIZE], 3);
	assert_int_equal(sources_in_use(t), 1);
	tiny_reload_end(t);
}

static void
clocks_keep_their_measurements_unless_their_time_is_another(void **state)
{
	(void)state;
	struct tiny *t = &world;

	tiny_config(t);
	tiny_clock(t);
	tiny_local(t);
	tiny_start(t);
	tiny_run(t, 300);
	const struct refclock *r = &t->engine->clocks[0];
	uint16_t number = r->number;

	assert_true(r->estimator.samples > 100);
	tiny_reload(t, "server 127.127.1.0\nfudge 127.127.1.0 stratum 5\n"
		       "server 127.127.28.0 minpoll 4 prefer\nserver "
		       "10.0.0.1\n");
	r = &t->engine->clocks[1];
	assert_int_equal(r->number, number);
	assert_true(r->estimator.samples > 100);
	assert_int_equal(t->engine->clocks[0].stratum, 5);
	assert_true(t->engine->has_peer);
	assert_int_equal(t->engine->peer_slot, r->id.slot);
	tiny_run(t, 400);
	assert_true(r->estimator.samples > 200);
	assert_int_equal(t->view.stratum, 1);
	tiny_reload(t, "server 127.127.28.0 minpoll 4\n"
		       "fudge 127.127.28.0 time1 0.1\n");
	assert_int_equal(t->engine->clocks[0].estimator.samples, 0);
	tiny_reload_end(t);
}

static uint32_t flags_of(const struct tiny *t, uint32_t host)
{
	netaddr from = netaddr_v4(host, 123);

	return access_flags(t->view.access, &from);
}

/* The view that is out after the event has the new table, whatever comes. */
static void restrict_lines_hold_at_once(void **state)
{
	(void)state;
	struct tiny *t = settled();

	for (unsigned i = 0; i < 20; i++) {
		tiny_reload(t, i % 2 ? FOUR "restrict default ignore\n"
					    "restrict source\n"
				     : FOUR "restrict default noquery\n");
		assert_int_equal(flags_of(t, 0x0b000001),
				 i % 2 ? RESTRICT_IGNORE : RESTRICT_NOQUERY);
		assert_int_equal(flags_of(t, 0x0a000004),
				 i % 2 ? 0 : RESTRICT_NOQUERY);
	}
	tiny_reload_end(t);
}

static void the_clock_may_be_left_alone_and_taken_again(void **state)
{
	(void)state;
	struct tiny *t = settled();
	double freq = t->engine->discipline.base;
	unsigned steers;

	tiny_reload(t, FOUR "disable ntp\n");
	assert_true(fabs(t->freq - freq) < 1e-15); /* no slew is left on */
	steers = t->steers;
	tiny_run(t, 2000);
	assert_int_equal(t->steers, steers);
	tiny_check_bound(t);
	tiny_reload(t, FOUR);
	tiny_run(t, 4000);
	assert_true(t->steers > steers);
	assert_true(fabs(t->error_s) < 1e-4);
	assert_int_equal(t->notes[NOTE_FOREIGN_RATE], 0);
	tiny_check_bound(t);
	tiny_reload_end(t);
}

/* E1: -g is spent at the first correction, whatever is read later. */
static void what_minus_g_allows_it_allows_once(void **state)
{
	(void)state;
	struct tiny *t = &world;

	tiny_config(t);
	for (int i = 0; i < 4; i++) {
		tiny_server(t, true);
	}
	t->config.orders.panic_once = true;
	t->error_s = -5000;
	tiny_start(t);
	tiny_run(t, 300);
	assert_int_equal(t->steps, 1);
	tiny_reload(t, FOUR "tinker stepout 300 panic 900\n");
	struct discipline d = t->engine->discipline;
	const struct estimate far = { .offset_s = 2000, .freq_sd = 1e-9 };

	assert_true(d.panic_s == 900);
	assert_int_equal(
		discipline_update(&d, &far, 64, tiny_instant(t->now_s)).kind,
		ADJUST_PANIC);
	tiny_reload_end(t);
}

static void rules_of_selection_and_steps_hold_at_once(void **state)
{
	(void)state;
	struct tiny *t = settled();

	tiny_reload(t, FOUR "tos minsane 6 minclock 7 maxclock 9\n"
			    "tinker step 0.4 panic 7\n");
	tiny_run(t, 1100);
	assert_false(t->engine->has_peer);
	assert_true(t->engine->discipline.step_fwd_s == 0.4);
	assert_true(t->engine->discipline.panic_s == 7);
	tiny_reload(t, FOUR);
	tiny_run(t, 1200);
	assert_true(t->engine->has_peer);
	tiny_reload_end(t);
}

static unsigned closes(const struct tiny *t, source_id id)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < t->out.count; i++) {
		const struct effect *e = &t->out.effects[i];

		n += e->kind == EFFECT_CLOSE && e->source.slot == id.slot &&
		     e->source.generation == id.generation;
	}
	return n;
}

/* Nobody else would: the socket has a name that is nobody's any more. */
static void a_call_under_way_is_hung_up(void **state)
{
	(void)state;
	struct tiny *t = settled();
	const struct call *c;
	source_id id;

	tiny_reload(t, "manycastclient 224.0.1.1\n");
	tiny_run(t, t->now_s + 1);
	assert_int_not_equal(t->engine->pools[0].call.nonce, 0);
	id = t->engine->pools[0].id;
	tiny_reload(t, FOUR "manycastclient 224.0.1.1\n");
	assert_int_equal(closes(t, id), 1);
	c = &t->engine->pools[0].call;
	assert_int_equal(c->nonce, 0);
	tiny_run(t, t->now_s + 1);
	assert_int_not_equal(c->nonce, 0); /* called again */
	id = t->engine->pools[0].id;
	tiny_reload(t, FOUR);
	assert_int_equal(closes(t, id), 1);
	tiny_reload_end(t);
}

/* A lost one would leave whoever serves with tables that are gone. */
static void a_view_that_finds_no_room_comes_next(void **state)
{
	(void)state;
	struct tiny *t = settled();
	struct event tick = { .kind = EVENT_TICK };

	t->engine->view_due = true;
	t->out.count = OUTBOX_EFFECTS - 3;
	engine_publish(t->engine, &t->out);
	assert_int_equal(t->out.count, OUTBOX_EFFECTS - 3);
	assert_int_equal(t->out.lost, 0);
	assert_true(t->engine->view_due);
	t->view = (struct view){ .leap = LEAP_UNSYNC };
	tiny_handle(t, &tick);
	assert_int_equal(t->view.leap, LEAP_NONE);
	assert_false(t->engine->view_due);
	tiny_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unchanged_source_keeps_all_that_it_has),
		cmocka_unit_test(
			a_new_source_is_asked_at_once_and_one_that_is_gone_never),
		cmocka_unit_test(a_source_goes_with_its_request_under_way),
		cmocka_unit_test(other_words_of_a_line_hold_at_once),
		cmocka_unit_test(the_system_peer_may_go),
		cmocka_unit_test(more_sources_than_ever_and_fewer_again),
		cmocka_unit_test(a_thousand_reloads_leave_nothing_behind),
		cmocka_unit_test(pool_members_stay),
		cmocka_unit_test(
			clocks_keep_their_measurements_unless_their_time_is_another),
		cmocka_unit_test(restrict_lines_hold_at_once),
		cmocka_unit_test(the_clock_may_be_left_alone_and_taken_again),
		cmocka_unit_test(what_minus_g_allows_it_allows_once),
		cmocka_unit_test(rules_of_selection_and_steps_hold_at_once),
		cmocka_unit_test(a_call_under_way_is_hung_up),
		cmocka_unit_test(a_view_that_finds_no_room_comes_next),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
