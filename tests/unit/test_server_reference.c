/* SPDX-License-Identifier: BSD-2-Clause */
/* What an answer does not tell of our clock (restrict serverresponse fuzz). */
#include <string.h>

#include "check.h"
#include "core/serve/access.h"
#include "core/serve/server.h"

static const tstamp now = { UINT64_C(0xe98c5a10b0010000) };
static const tstamp corrected = { UINT64_C(0xe98c5a0012345678) };

struct fixture {
	uint8_t in[PACKET_LEN], out[PACKET_LEN];
	struct request req;
	struct server_shard shard;
	struct view view;
};

static struct fixture begin(void)
{
	return (struct fixture){
		.view = { .stratum = 2, .reference = corrected, .made = now },
		.req = { .len = PACKET_LEN,
			 .from = netaddr_v4(0xc0000201, 4711),
			 .to = netaddr_v4(0xc0000202, NTP_PORT),
			 .received = now },
		.in = { 4 << 3 | MODE_CLIENT },
	};
}

/* The reference time that is answered. */
static tstamp asked(struct fixture *f)
{
	struct writer w = writer_over(f->out, sizeof(f->out));
	struct reader r = reader_over(f->out, sizeof(f->out));
	struct packet p;

	f->req.data = f->in;
	assert_int_equal(server_respond(&f->view, &f->shard, &f->req, now, &w),
			 SERVER_ANSWERED);
	assert_int_equal(packet_parse(&p, &r), PACKET_OK);
	return p.reference;
}

/* F16: told to the second, and always the same second's part. */
static void fuzz_hides_when_the_clock_was_corrected(void **state)
{
	static uint64_t memory[256];
	struct restrict_config line = { .kind = RESTRICT_DEFAULT,
					.flags = RESTRICT_FUZZ };
	struct config config = { .restricts = &line };
	struct fixture plain = begin(), f = begin();
	uint64_t least = UINT64_MAX, most = 0;

	(void)state;
	assert_int_equal(asked(&plain).v, corrected.v);
	assert_true(access_size(&config, 0) <= sizeof(memory));
	f.view.access = access_build(memory, &config, NULL, 0);
	for (uint64_t i = 0; i < 1000; i++) {
		tstamp was;

		f.view.secret = (struct siphash_key){ i, ~i };
		was = asked(&f);
		uint64_t by = corrected.v - was.v;

		assert_true(by <= UINT32_MAX);
		least = by < least ? by : least;
		most = by > most ? by : most;
		f.in[47]++; /* whatever the client says */
		f.req.received.v += 12345;
		assert_int_equal(asked(&f).v, was.v);
		assert_memory_equal(f.out, plain.out, 16);
	}
	assert_true(least < UINT32_MAX / 50 && most > UINT32_MAX / 50 * 49);
}

static void a_clock_that_was_never_corrected_says_so(void **state)
{
	static uint64_t memory[256];
	struct restrict_config line = { .kind = RESTRICT_DEFAULT,
					.flags = RESTRICT_FUZZ };
	struct config config = { .restricts = &line };
	struct fixture f = begin();

	(void)state;
	f.view.access = access_build(memory, &config, NULL, 0);
	f.view.reference = (tstamp){ 0 };
	assert_true(tstamp_is_zero(asked(&f)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fuzz_hides_when_the_clock_was_corrected),
		cmocka_unit_test(a_clock_that_was_never_corrected_says_so),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
