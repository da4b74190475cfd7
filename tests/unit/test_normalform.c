/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Properties of ntp.conf as a whole, over random texts made of its own words:
 * the normal form is a fixed point, the arena suffices, no byte outside the
 * text is read. The fuzzer's entry runs here as a plain test.
 */
#include "config/options.h"
#include "configs.h"

/* tests/fuzz/fuzz_config.c: the property, for whatever bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {
	"1",
	"0",
	"-1",
	"5",
	"17",
	"300",
	"65535",
	"70000",
	"0x10",
	"0.128",
	"1e-7",
	"2.5e3",
	"123456789.125",
	"-4",
	"-6",
	"10.0.0.1",
	"10.0.0.0/8",
	"2001:db8::1",
	"fe80::/10",
	"::",
	"127.127.1.0",
	"127.127.28.1",
	"127.127.99.0",
	"224.0.1.1",
	"255.255.0.0",
	"ffff::",
	"mask",
	"default",
	"source",
	"a.example",
	"defualt",
	"\"default\"",
	"\"a b\"",
	"\"\"",
	"\"x",
	"#",
	"=",
	"(",
	")",
	"...",
	"{",
	"}",
	";",
	"+allall",
	"=syncall",
	"-peerinfo",
	"\xc2\xa0",
	"\r",
	"fuzz",
	"checkhash",
	"ignorehash",
	"eth*",
	"\"all\"",
	"unit",
	"x",
	"\"\xe5\x85\x81\"",
};

static void add_word(struct text *t)
{
	uint64_t r = check_rng();

	if (r % 3 == 0) {
		text_str(t, words[check_rng() % ARRAY_LEN(words)]);
	} else {
		text_str(t, option_at((enum option_id)(check_rng() % OPTIONS))
				    ->word);
	}
	text_char(t, r % 7 == 0 ? '\t' : ' ');
}

/* A line: a directive, then words that may follow it, and some that not. */
static void add_line(struct text *t)
{
	const struct option *o;
	unsigned left = (unsigned)(check_rng() % 8);

	do {
		o = option_at((enum option_id)(check_rng() % OPTIONS));
	} while (o->scope != SCOPE_DIRECTIVE ||
		 (o->type == TYPE_END && check_rng() % 20 != 0));
	text_str(t, o->word);
	text_char(t, ' ');
	for (enum option_scope scope = o->target.scope; left > 0; left--) {
		if (scope == SCOPE_DIRECTIVE) {
			scope = SCOPE_SOURCE;
		}
		o = option_at((enum option_id)(check_rng() % OPTIONS));
		if (o->scope == scope) {
			text_str(t, o->word);
			text_char(t, ' ');
		}
		if (check_rng() % 2) {
			add_word(t);
		}
	}
	text_char(t, '\n');
}

static void the_normal_form_is_a_fixed_point(void **state)
{
	(void)state;
	FORALL(4000) {
		char in[4096];
		struct text t = text_over(in, sizeof(in));

		for (uint64_t n = check_rng() % 12; n > 0; n--) {
			add_line(&t);
		}
		char *exact = malloc(t.len > 0 ? t.len : 1);

		assert_non_null(exact);
		memcpy(exact, in, t.len);
		LLVMFuzzerTestOneInput((const uint8_t *)exact, t.len);
		free(exact);
	}
}

static void random_bytes_are_no_danger(void **state)
{
	(void)state;
	FORALL(4000) {
		uint8_t in[200];
		size_t len = check_below(sizeof(in));

		for (size_t i = 0; i < len; i++) {
			in[i] = (uint8_t)check_rng();
		}
		LLVMFuzzerTestOneInput(in, len);
	}
}

static void every_prefix_of_the_seed_is_read(void **state)
{
	(void)state;
	size_t len;
	char *text = file_text("/seed/seed.ntp.conf", &len);

	for (size_t n = 0; n <= len; n++) {
		LLVMFuzzerTestOneInput((const uint8_t *)text, n);
	}
}

/* What costs most memory for its bytes; @ is another name each time. */
static const char *const costly[] = {
	"x\n",
	"=\n",
	"xx\n",
	"\"\"\n",
	"keys\n",
	"ty\n",
	"tos\n",
	"nic\n",
	"peer @\n",
	"peer @ x\n",
	"pool @\n",
	"fudge\n",
	"mru\n",
	"restrict @\n",
	"restrict @ x\n",
	"restrict source kod\n",
	"nic drop @\n",
	"setvar @=\n",
	"setvar @=1\n",
	"trap\n",
	"reset\n",
	"ttl\n",
	"trap \"\n",
	"fudge 127.127.1.0\n",
	"trustedkey 1 2 3 4 5 6 7 8 9 0 0 0 0\n",
	"enable pps\n",
	"logconfig a b c d e f g h i\n",
	"logfile\n",
	"peer 0\n",
	"server a minpoll 0 minpoll 0 minpoll 0\n",
	"tos cohort 2 cohort 2 cohort 2\n",
	"disable\n",
	"enable\n",
	"peer \"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\"\n",
};

/* The line over and over. */
static void repeat(const char *line, struct text *t)
{
	for (unsigned n = 0; t->len < 30000; n++) {
		for (const char *s = line; *s; s++) {
			if (*s == '@') {
				text_char(t, 'a');
				text_hex(t, n, 1);
			} else {
				text_char(t, *s);
			}
		}
	}
}

static void the_arena_suffices_and_grows_with_the_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(costly); i++) {
		static char in[40000];
		struct text t = text_over(in, sizeof(in));

		repeat(costly[i], &t);
		size_t size = config_arena_size(t.len);
		void *memory = malloc(size);
		struct arena arena = arena_over(memory, size);
		struct config c;

		assert_non_null(memory);
		assert_true(size <= 40000 + 64 * t.len);
		config_defaults(&c);
		struct config_result result =
			config_parse(&c, &arena, "f", in, t.len, NULL);

		assert_false(result.out_of_memory);
		print_message("# %3zu bytes a byte: %s",
			      (size_t)(arena.at - (uint8_t *)memory) / t.len,
			      costly[i]);
		free(memory);
	}
}

static void too_small_an_arena_is_told(void **state)
{
	(void)state;
	const char *text = "driftfile /a\nserver a\nserver b\nbad\n";

	for (size_t size = 0; size < 700; size++) {
		void *memory = malloc(size > 0 ? size : 1);
		struct arena arena = arena_over(memory, size);
		struct config c;

		assert_non_null(memory);
		config_defaults(&c);
		struct config_result result =
			config_parse(&c, &arena, "f", text, strlen(text), NULL);

		assert_true(result.out_of_memory || size > 300);
		free(memory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_normal_form_is_a_fixed_point),
		cmocka_unit_test(random_bytes_are_no_danger),
		cmocka_unit_test(every_prefix_of_the_seed_is_read),
		cmocka_unit_test(the_arena_suffices_and_grows_with_the_text),
		cmocka_unit_test(too_small_an_arena_is_told),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
