/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests that are to change something: who may, what becomes of them, and
 * how the answer finds its way back.
 */
#include "core/engine/state.h"
#include "keyrings.h"
#include "tinyreload.h"
#include "wire/mode6.h"

static struct tiny world;

static struct tiny *fresh(void)
{
	struct tiny *t = &world;

	tiny_config(t);
	tiny_server(t, true);
	tiny_start(t);
	tiny_run(t, 20);
	t->settings.keys = keyring_trusting("1 MD5 sesame-oeffne\n",
					    "trustedkey 1\ncontrolkey 1\n");
	return t;
}

struct asked {
	enum mode6_opcode opcode;
	uint16_t assoc;
	bool may_modify, by_network;
	const char *data;
	size_t len; /* 0: strlen(data) */
};

/* One request; what it wishes is in t->wish, an answer in t->answer. */
static void ask(struct tiny *t, const struct asked *a)
{
	static uint8_t bytes[MODE6_HEADER + 2 * OUTBOX_WISH + 128];
	size_t len = a->len ? a->len : strlen(a->data);
	struct writer w = writer_over(bytes, sizeof(bytes));
	const struct mode6 m = { .version = 2,
				 .opcode = (uint8_t)a->opcode,
				 .sequence = 4711,
				 .assoc = a->assoc,
				 .count = (uint16_t)len };
	struct event ev = { .kind = EVENT_CONTROL };

	memset(bytes, 0, sizeof(bytes));
	mode6_write(&m, &w);
	memcpy(w.at, a->data, len);
	if (a->by_network) {
		ev.control.from = netaddr_v4(0x7f000001, 5000);
	}
	ev.control.may_modify = a->may_modify && !a->by_network;
	ev.control.data = bytes;
	ev.control.len = MODE6_HEADER + (len + 3) / 4 * 4;
	if (a->may_modify && a->by_network) {
		ev.control.len = (ev.control.len + 7) / 8 * 8;
		ev.control.len = sign_with(t->settings.keys, 1, bytes,
					   ev.control.len, MAC_LEN_MAX);
	}
	t->wish = WISH_NONE;
	t->answers = 0;
	tiny_handle(t, &ev);
}

/* Lines, or a word, of who may change the configuration. */
static void configure(struct tiny *t, const char *data)
{
	ask(t, &(struct asked){ .opcode = MODE6_CONFIGURE,
				.may_modify = true,
				.data = data });
}

static void configure_by_network(struct tiny *t, const char *data)
{
	ask(t, &(struct asked){ .opcode = MODE6_CONFIGURE,
				.may_modify = true,
				.by_network = true,
				.data = data });
}

static struct mode6 answered(const struct tiny *t)
{
	struct reader r = reader_over(t->answer, t->answer_len);
	struct mode6 m;

	assert_true(t->answers >= 1);
	assert_true(mode6_parse(&m, &r));
	assert_true(m.response);
	assert_int_equal(m.sequence, 4711);
	return m;
}

static void assert_refused(const struct tiny *t, enum mode6_error error)
{
	struct mode6 m = answered(t);

	assert_int_equal(t->wish, WISH_NONE);
	assert_true(m.error);
	assert_int_equal(m.status >> 8, error);
	assert_int_equal(m.count, 0);
}

static void assert_said(const struct tiny *t, const char *text)
{
	struct mode6 m = answered(t);

	assert_false(m.error);
	assert_int_equal(m.count, strlen(text));
	assert_memory_equal(t->answer + MODE6_HEADER, text, strlen(text));
}

static void reply(struct tiny *t, const char *text)
{
	struct event ev = { .kind = EVENT_SETTINGS };

	ev.settings.reply = text;
	ev.settings.reply_len = strlen(text);
	t->answers = 0;
	t->wish = WISH_NONE;
	tiny_handle(t, &ev);
}

/* I1, I4: nothing changes for who may not. */
static void who_may_not_changes_nothing(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	static const enum mode6_opcode all[] = { MODE6_WRITEVAR,
						 MODE6_CONFIGURE,
						 MODE6_SAVECONFIG };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		for (int net = 0; net < 2; net++) {
			ask(t, &(struct asked){ .opcode = all[i],
						.by_network = net,
						.data = "reload" });
			assert_refused(t, MODE6_ERR_PERMISSION);
		}
	}
	tiny_end(t);
}

static void lines_go_to_the_host_and_its_answer_comes_back(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	configure_by_network(t, "server 10.0.0.9 iburst \r\n");
	assert_int_equal(t->wish, WISH_LINES);
	assert_string_equal(t->wish_text, "server 10.0.0.9 iburst");
	assert_int_equal(t->answers, 0);
	reply(t, "Config Succeeded");
	assert_said(t, "Config Succeeded");
	/* Only once. */
	reply(t, "again");
	assert_int_equal(t->answers, 0);
	/* Whom nobody answers is forgotten, with the key he signed with. */
	configure(t, "server 10.0.0.9");
	assert_true(t->engine->wishes);
	t->engine->wish.signer.key = (const struct keyring_key *)&world;
	tiny_handle(t, &(struct event){ .kind = EVENT_SETTINGS });
	assert_false(t->engine->wishes);
	assert_null(t->engine->wish.signer.key);
	tiny_end(t);
}

static void a_long_answer_is_cut_into_fragments(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	static char text[14000];

	memset(text, 'x', sizeof(text) - 1);
	configure(t, "reload");
	reply(t, text);
	assert_int_equal(t->answers, (sizeof(text) - 1 + 467) / 468);
	assert_int_equal(t->out.lost, 0);
	assert_false(answered(t).more);
	tiny_end(t);
}

/* I2: files are read again for who sits at this host's socket. */
static void reload_is_a_word_of_the_unix_socket(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	configure(t, "reload");
	assert_int_equal(t->wish, WISH_RELOAD);
	configure_by_network(t, "reload");
	assert_int_equal(t->wish, WISH_LINES);
	tiny_end(t);
}

/* I2: CVE-2015-7703, 7850, 7851, 7976: no file is written from afar. */
static void the_network_never_saves(void **state)
{
	(void)state;
	struct tiny *t = fresh();

	ask(t, &(struct asked){ .opcode = MODE6_SAVECONFIG,
				.may_modify = true,
				.by_network = true,
				.data = "x.conf" });
	assert_refused(t, MODE6_ERR_PERMISSION);
	ask(t, &(struct asked){ .opcode = MODE6_SAVECONFIG,
				.may_modify = true,
				.data = "x.conf" });
	assert_int_equal(t->wish, WISH_SAVE);
	assert_string_equal(t->wish_text, "x.conf");
	tiny_end(t);
}

/* I3: CVE-2015-5146, a NUL in the text; and what is no text. */
static void unprintable_and_endless_requests_are_told_so(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	static const char bad[][8] = { "server\0x", "tos \x01xx", "restri\x7f",
				       "set\xff\xfex" };
	static char many[OUTBOX_WISH + 8];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ask(t, &(struct asked){ .opcode = MODE6_CONFIGURE,
					.may_modify = true,
					.data = bad[i],
					.len = 8 });
		assert_int_equal(t->wish, WISH_NONE);
		assert_said(t, "runtime configuration failed: request "
			       "contains an unprintable character");
	}
	memset(many, 'x', sizeof(many) - 1);
	configure(t, many);
	assert_int_equal(t->wish, WISH_NONE);
	assert_said(t, "runtime configuration failed: request too long");
	tiny_end(t);
}

static void only_variables_that_setvar_made_are_written(void **state)
{
	(void)state;
	struct tiny *t = fresh();
	static const struct {
		const char *data;
		uint16_t assoc;
		enum mode6_error error;
	} refused[] = {
		{ "stratum=1", 0, MODE6_ERR_UNSPEC },
		{ "owner=x, leap=0", 0, MODE6_ERR_UNSPEC },
		{ "nonsense=1", 0, MODE6_ERR_VARIABLE },
		{ "owner", 0, MODE6_ERR_FORMAT },
		{ "owner=a\"b", 0, MODE6_ERR_FORMAT },
		{ "owner=a\nlogfile /x", 0, MODE6_ERR_FORMAT },
		{ " , ", 0, MODE6_ERR_FORMAT },
		{ "owner=x", 7, MODE6_ERR_PERMISSION },
	};

	tiny_reload(t, "server 10.0.0.1\nsetvar owner = me default\n"
		       "setvar quiet = 1\n");
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		ask(t, &(struct asked){ .opcode = MODE6_WRITEVAR,
					.assoc = refused[i].assoc,
					.may_modify = true,
					.data = refused[i].data });
		assert_refused(t, refused[i].error);
	}
	ask(t, &(struct asked){ .opcode = MODE6_WRITEVAR,
				.may_modify = true,
				.data = "owner=The Boss, quiet=" });
	assert_int_equal(t->wish, WISH_LINES);
	assert_string_equal(t->wish_text,
			    "setvar owner = \"The Boss\" default\n"
			    "setvar quiet = \"\"\n");
	/* Nobody took it: then it was a bad value. */
	reply(t, "not enough memory");
	assert_refused(t, MODE6_ERR_VALUE);
	tiny_reload_end(t);
}

static void an_association_leads_to_its_line(void **state)
{
	(void)state;
	struct tiny *t = &world;

	tiny_config(t);
	tiny_server(t, true);
	tiny_source(t, SOURCE_KIND_POOL)->host = "pool.example";
	tiny_local(t);
	t->names[0] = netaddr_v4(0x0a000063, 123);
	t->name_count = 1;
	tiny_start(t);
	tiny_run(t, 20);
	const struct engine *e = t->engine;

	assert_ptr_equal(engine_line_of(e, e->sources[0].number),
			 &t->sources[0]);
	assert_ptr_equal(engine_line_of(e, e->pools[0].number), &t->sources[1]);
	assert_ptr_equal(engine_line_of(e, e->clocks[0].number),
			 &t->sources[2]);
	/* The member has none of its own. */
	assert_true(e->sources[1].used);
	assert_null(engine_line_of(e, e->sources[1].number));
	assert_null(engine_line_of(e, 0));
	tiny_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_not_changes_nothing),
		cmocka_unit_test(
			lines_go_to_the_host_and_its_answer_comes_back),
		cmocka_unit_test(a_long_answer_is_cut_into_fragments),
		cmocka_unit_test(reload_is_a_word_of_the_unix_socket),
		cmocka_unit_test(the_network_never_saves),
		cmocka_unit_test(unprintable_and_endless_requests_are_told_so),
		cmocka_unit_test(only_variables_that_setvar_made_are_written),
		cmocka_unit_test(an_association_leads_to_its_line),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
