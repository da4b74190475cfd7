/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program in the kernel against server_respond(): the same octets for
 * every request that it answers, and no answer to any that it must leave alone
 * (F1, F2, F3, F5, F9, F10, F14). Root alone can load it; else this is skipped.
 */
#include "fastworld.h"

#define WORLDS 250
#define REQUESTS 400 /* in each of them: 10^5 together */
#define CLIENTS 12

static netaddr clients[CLIENTS];

static const char *const addresses[CLIENTS] = {
	"10.0.0.1",    "10.0.0.2",       "10.0.1.3",    "172.16.5.6",
	"203.0.113.9", "198.51.100.77",  "10.255.0.1",  "2001:db8::5",
	"2001:db8::6", "2001:db8:1::77", "fd00:1::1:2", "2a00:1:2:3:4:5:6:7",
};

static const char *const nets[] = {
	"10.0.0.0 mask 255.0.0.0",
	"10.0.0.0 mask 255.255.255.0",
	"10.0.0.1",
	"172.16.0.0 mask 255.240.0.0",
	"203.0.113.9",
	"2001:db8:: mask ffff:ffff::",
	"2001:db8::5",
	"fd00:: mask ff00::",
	"default",
	"-4 default",
	"-6 default",
	"2001:db8:1:: mask ffff:ffff:ffff::",
};

static const char *const flags[] = {
	"",
	"nomodify notrap nopeer noquery",
	"kod",
	"noserve",
	"ignore",
	"notrust",
	"version",
	"flake",
	"limited",
	"limited kod",
	"nomrulist lowpriotrap",
	"noquery",
};

static size_t pick(size_t count)
{
	return (size_t)(check_rng() % count);
}

static bool luck(unsigned one_in)
{
	return check_rng() % one_in == 0;
}

/* Lines over a few networks, so that they meet and nest: the table of them. */
static const struct access *random_access(bool *ntpport)
{
	static uint8_t memory[1 << 18], table[1 << 14];
	char buffer[2048];
	struct text t = text_over(buffer, sizeof(buffer));
	struct arena arena = arena_over(memory, sizeof(memory));
	struct config_loader nothing = { .load = NULL };
	struct config config;
	struct config_result result;

	*ntpport = luck(3);
	for (size_t i = pick(8); i > 0; i--) {
		text_str(&t, "restrict ");
		text_str(&t, nets[pick(ARRAY_LEN(nets))]);
		text_char(&t, ' ');
		text_str(&t, luck(2) ? "" : flags[pick(ARRAY_LEN(flags))]);
		text_str(&t, *ntpport && luck(3) ? " ntpport\n" : "\n");
	}
	config_defaults(&config);
	result = config_parse(&config, &arena, "t.conf", buffer, t.len,
			      &nothing);
	assert_int_equal(result.fatals, 0);
	assert_true(access_size(&config, 0) <= sizeof(table));
	return access_build(table, &config, NULL, 0);
}

static struct view random_view(void)
{
	struct view v = {
		.leap = (enum leap)pick(3),
		.stratum = (uint8_t)(1 + pick(15)),
		.precision = (int8_t)check_rng(),
		.refid = (uint32_t)check_rng(),
		.reference = { check_rng() },
		.made = sysclock_wall(),
		.root_delay = { (int64_t)(check_rng() >> (17 + pick(32))) },
		.root_disp = { (int64_t)(check_rng() >> (17 + pick(32))) },
		.drift_ppm = luck(4) ? 0 : (double)pick(1000000) * 5e-4,
		.smear.length_s = luck(4) ? 3600 : 0,
	};

	/* As old as any may be, or made by a clock that was ahead. */
	v.made = tstamp_add(
		v.made, span_from_ns((int64_t)pick(2000000000) -
				     INT64_C(1000000000) * (int64_t)pick(40)));
	return v;
}

/* --- requests --- */

/* One thing that the program must leave alone: in the frame, ... */
static void spoil_frame(struct frame_plan *p)
{
	bool v4 = netaddr_is_v4(&p->to);

	switch (pick(11)) {
	case 0: /* runts, MACs, extension fields, jumbos */
		do {
			p->len = luck(2) ? pick(100) : pick(3000);
		} while (p->len == PACKET_LEN);
		break;
	case 1:
		p->sum = v4 || luck(2) ? SUM_WRONG : SUM_NONE;
		break;
	case 2:
		p->options = (uint8_t)(v4 ? 4 * (1 + pick(10)) : 8);
		break;
	case 3:
		p->hops = 0;
		break;
	case 4: /* a fragment: of IPv4, or said to be longer */
		p->fragment = luck(2) ? 0x2000 : (uint16_t)(1 + pick(0x1fff));
		p->ip_length = v4 ? 0 : 8;
		break;
	case 5:
		p->bad_header = true;
		p->cut = v4 ? 0 : 1;
		break;
	case 6:
		p->tags = 2;
		p->outer = luck(2) ? 0x88a8 : 0x8100;
		break;
	case 7:
		p->tags = 1;
		p->vlan = (uint16_t)(VLAN + 1 + pick(4000));
		break;
	case 8:
		p->group_mac = true;
		break;
	case 9:
		p->udp_length = (uint16_t)(1 + pick(65000));
		break;
	default:
		p->ip_length = (uint16_t)(1 + pick(1000));
		break;
	}
}

/* ... in its ends, in who asks whom, or in the request. */
static void spoil_request(struct frame_plan *p, uint8_t *data)
{
	bool v4 = netaddr_is_v4(&p->to);

	switch (pick(11)) {
	case 0:
		p->padding = 1 + pick(64);
		break;
	case 1:
		p->cut = 1 + pick(p->len + 8);
		break;
	case 2:
		p->protocol = (uint8_t)(18 + pick(100));
		break;
	case 3:
		p->to.ip[15] ^= (uint8_t)(4 + pick(8));
		break;
	case 4:
		p->to.port ^= (uint16_t)(1 + pick(65535));
		break;
	case 5: /* nobody, or ourselves to all appearances */
		p->from.port = 0;
		break;
	case 6:
		p->from = v4 ? netaddr_v4(luck(2) ? 0x7f000001 : 0, 4711)
			     : (netaddr){ .ip[15] = (uint8_t)pick(2),
					  .port = 4711 };
		break;
	case 7:
		p->from = v4 ? netaddr_v4(0xe0000000 | (uint32_t)check_rng(),
					  4711)
			     : (netaddr){ .ip = { luck(2) ? 0xff : 0xfe, 0x80 },
					  .ip[15] = 9,
					  .port = 4711 };
		break;
	case 8: /* any other mode or version */
		do {
			data[0] = (uint8_t)check_rng();
		} while ((data[0] & 7) == 3 && (data[0] >> 3 & 7) > 2 &&
			 (data[0] >> 3 & 7) < 5);
		break;
	default: /* interleaved, to all appearances: it names an odd stamp */
		data[31] |= 1;
		data[32 + pick(8)] ^= (uint8_t)(1 + pick(255));
		break;
	}
}

/* True: the form is that of a plain request. */
static bool random_request(struct frame_plan *p, uint8_t data[3000])
{
	for (size_t i = 0; i < 3000; i++) {
		data[i] = (uint8_t)check_rng();
	}
	data[0] = (uint8_t)((data[0] & 0xc0) | (luck(2) ? 0x23 : 0x1b));
	switch (pick(3)) { /* basic: no origin, equal stamps, or as classic */
	case 0:
		memset(data + 24, 0, 8);
		break;
	case 1:
		memcpy(data + 32, data + 40, 8);
		break;
	default:
		data[31] &= 0xfe; /* a transmit stamp of ours */
		break;
	}
	*p = (struct frame_plan){ .from = clients[pick(CLIENTS)],
				  .hops = (uint8_t)(1 + pick(255)),
				  .data = data,
				  .len = PACKET_LEN };
	p->from.port = luck(4) ? NTP_PORT : (uint16_t)(1 + pick(65535));
	p->to = netaddr_is_v4(&p->from) ? world.served4 : world.served6;
	if (netaddr_is_v4(&p->from) && luck(3)) {
		p->to = world.tagged4;
		p->tags = 1;
		p->vlan = (uint16_t)(VLAN | pick(16) << 12);
		p->outer = luck(2) ? 0x88a8 : 0x8100;
	}
	p->fragment = luck(2) ? 0x4000 : 0;
	p->sum = luck(3)                            ? SUM_PARTIAL
		 : netaddr_is_v4(&p->to) && luck(3) ? SUM_NONE
						    : SUM_RIGHT;
	if (luck(2)) {
		return true;
	}
	if (luck(2)) {
		spoil_frame(p);
	} else {
		spoil_request(p, data);
	}
	return false;
}

/* --- both ways --- */

/* What must be answered if the form is plain; with ntpport it may go up. */
static bool must_answer(const struct view *v, const netaddr *from)
{
	uint32_t never = RESTRICT_IGNORE | RESTRICT_NOSERVE | RESTRICT_NOTRUST |
			 RESTRICT_VERSION | RESTRICT_FLAKE | RESTRICT_LIMITED;

	return (access_flags(v->access, from) & never) == 0;
}

static uint32_t disp_of(const uint8_t *data)
{
	struct reader r = reader_over(data + 8, 4);

	return read_u32(&r);
}

/* The daemon, at the same moment, says the same. */
static void same_answer(const struct frame_plan *p, const uint8_t *answer)
{
	static struct server_shard shard;
	struct reader r = reader_over(answer, PACKET_LEN);
	uint8_t expected[PACKET_LEN];
	struct writer w = writer_over(expected, sizeof(expected));
	struct request req = {
		.data = p->data, .len = p->len, .from = p->from, .to = p->to
	};
	struct packet a;

	assert_int_equal(packet_parse(&a, &r), PACKET_OK);
	req.received = a.receive;
	assert_int_equal(
		server_respond(&world.view, &shard, &req, a.transmit, &w),
		SERVER_ANSWERED);
	assert_int_equal(w.at - expected, PACKET_LEN);
	/* Root dispersion grows in fixed point: one unit more, at most. */
	assert_in_range(disp_of(answer) - disp_of(expected), 0, 1);
	memcpy(expected + 8, answer + 8, 4);
	assert_memory_equal(answer, expected, PACKET_LEN);
	/* D4: no thread holds such a stamp, nor takes the other for one. */
	assert_int_equal(a.receive.v & 15, FAST_MARK);
	assert_int_equal(a.transmit.v, a.receive.v + 1);
}

static bool ask_both(bool ntpport)
{
	static struct frame in, out;
	static uint8_t data[3000];
	struct frame_plan plan;
	bool plain = random_request(&plan, data), answered;

	frame_build(&in, &plan);
	answered = world_ask(&in, &out);
	if (answered) {
		assert_true(plain);
		assert_true(must_answer(&world.view, &plan.from));
		same_answer(&plan, frame_is_answer(&in, &out, TRAFFIC << 2));
	} else if (plain && !ntpport) {
		assert_false(must_answer(&world.view, &plan.from));
	}
	return answered;
}

static void the_program_says_what_the_daemon_says(void **state)
{
	unsigned answered = 0, limited = 0;
	struct view plain = world.view;

	(void)state;
	FORALL(WORLDS) {
		bool ntpport;

		world.view = random_view();
		world.view.access = random_access(&ntpport);
		world_restrict(world.view.access);
		world_publish();
		for (unsigned i = 0; i < REQUESTS; i++) {
			answered += ask_both(ntpport);
		}
	}
	limited = (unsigned)world_counters().verdicts[FAST_LIMITED];
	print_message("# %u of %u answered, %u limited\n", answered,
		      WORLDS * REQUESTS, limited);
	assert_in_range(answered, WORLDS * REQUESTS / 5, WORLDS * REQUESTS / 2);
	assert_true(limited > 0);
	for (unsigned i = 0; i < FAST_VERDICTS; i++) {
		/* Each way out was taken, but for the two below. */
		assert_true(world_counters().verdicts[i] > 0 ||
			    i == FAST_SILENT || i == FAST_TORN);
	}
	world.view = plain;
	world_serve_all();
	world_publish();
}

/* Who asks whom, by what is in the frame. */
static void read_hosts(const struct frame *f, struct frame_plan *p)
{
	bool v4 = f->bytes[f->ip] >> 4 == 4;
	size_t at = v4 ? 12 : 0, size = v4 ? 4 : 16;
	const uint8_t *from = f->bytes + f->ip + (v4 ? 12 : 8);
	const uint8_t *port = f->bytes + f->udp;

	memcpy(p->from.ip + at, from, size);
	memcpy(p->to.ip + at, from + size, size);
	p->from.port = (uint16_t)(port[0] << 8 | port[1]);
	p->to.port = (uint16_t)(port[2] << 8 | port[3]);
	p->data = f->bytes + f->udp + 8;
}

/* Octets at random in what was plain: whatever is answered is still right. */
static void what_is_damaged_is_answered_rightly_or_left_alone(void **state)
{
	static struct frame in, out;
	static uint8_t data[3000];
	struct frame_plan plan;
	unsigned answered = 0;

	(void)state;
	FORALL(20000) {
		while (!random_request(&plan, data)) {
		}
		frame_build(&in, &plan);
		for (size_t i = 1 + pick(3); i > 0; i--) {
			in.bytes[pick(in.len)] ^= (uint8_t)(1 + pick(255));
		}
		if (world_ask(&in, &out)) {
			read_hosts(&in, &plan);
			same_answer(&plan,
				    frame_is_answer(&in, &out, TRAFFIC << 2));
			answered++;
		}
	}
	print_message("# %u still answered\n", answered);
	assert_in_range(answered, 1000, 10000); /* MACs, no checksum */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_says_what_the_daemon_says),
		cmocka_unit_test(
			what_is_damaged_is_answered_rightly_or_left_alone),
	};

	for (size_t i = 0; i < CLIENTS; i++) {
		if (!netaddr_parse(&clients[i], addresses[i],
				   strlen(addresses[i]))) {
			return 1;
		}
	}
	if (!world_load()) {
		return 0;
	}
	return cmocka_run_group_tests(tests, world_start, world_end);
}
