/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The values of a report, octet by octet as classic lays them out. Golden
 * answers are written by hand.
 */
#include "talk.h"

static const struct clock_report plain_clock = {
	.type = 1,
	.device = "Undisciplined local clock",
	.stratum = 10,
	.refid = 0x4c4f434c,
};

static void rv_shows_the_defaults_in_classic_form(void **state)
{
	struct talk *t = *state;
	static const char golden[] =
		"version=\"ntpd 1.0\", processor=\"x86_64\", "
		"system=\"Linux/6.1\", leap=0,\r\n"
		"stratum=2, precision=-25, rootdelay=10.268, "
		"rootdisp=11.924,\r\n"
		"refid=10.99.0.11, reftime=0xeead82ea.b87c36e4,\r\n"
		"clock=0xeead82f0.bb6a9903, peer=41436, tc=6, mintc=3, "
		"offset=-0.012345,\r\n"
		"frequency=12.345, sys_jitter=0.565028, clk_jitter=0.000,"
		"\r\n"
		"clk_wander=0.000, owner=The Boss\r\n";

	t->system.setvars = &owner;
	ask(t, MODE6_READVAR, 0, "");
	assert_string_equal(t->data, golden);
	t->system.bound_known = true;
	t->system.clock_bound_s = 0.000123456;
	ask(t, MODE6_READVAR, 0, "clockbound");
	assert_string_equal(t->data, "clockbound=0.123456\r\n");
	ask(t, MODE6_READVAR, 0, "");
	assert_true(strstr(t->data, "clk_wander=0.000, clockbound=0.123456,"));
	assert_int_equal(t->datagrams, 1);
	assert_int_equal(t->headers[0].status, 0x0615);
	assert_int_equal(t->headers[0].version, 2);
	assert_int_equal(t->headers[0].leap, 0);
}

static void no_line_reaches_72_columns(void **state)
{
	struct talk *t = *state;
	char version[] = "123456789 123456789 123456789 123456789 "
			 "123456789 1234";

	/* 64 columns of version, 8 of ", leap=0": they would be 72. */
	t->system.version = version;
	ask(t, MODE6_READVAR, 0, "version,leap");
	assert_int_equal(strcspn(t->data, "\r"), 64 + 1);
	assert_non_null(strstr(t->data, "1234\",\r\nleap=0\r\n"));
	version[53] = '\0';
	ask(t, MODE6_READVAR, 0, "version,leap");
	assert_int_equal(strcspn(t->data, "\r"), 71);
	assert_non_null(strstr(t->data, "123\", leap=0\r\n"));
}

static void a_peer_has_its_defaults_and_its_status(void **state)
{
	struct talk *t = *state;
	static const char golden[] =
		"srcadr=10.99.0.1, srcport=123, srchost=\"time.example\", "
		"dstadr=10.99.0.2,\r\n"
		"dstport=123, leap=0, stratum=1, precision=-20, "
		"rootdelay=9.995,\r\n"
		"rootdisp=9.995, refid=GPS, reftime=0xeead82e0.b8bcd400,\r\n"
		"rec=0xeead82ea.b87c36e4, reach=0x3f, unreach=0, hmode=3, "
		"pmode=4,\r\n"
		"hpoll=6, ppoll=6, headway=0, flash=0x0, keyid=0, "
		"offset=1.133,\r\n"
		"delay=0.273, dispersion=0.141, jitter=0.565,\r\n"
		"filtdelay= 0.27 0.31 3.24 0.00 0.00 0.00 0.00 0.00,\r\n"
		"filtoffset= 1.13 -1.15 0.00 0.00 0.00 0.00 0.00 0.00,\r\n"
		"filtdisp= 0.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00\r\n";

	ask(t, MODE6_READVAR, 41436, "");
	assert_int_equal(t->need, CONTROL_NEEDS_PEER);
	assert_string_equal(t->data, golden);
	assert_int_equal(t->headers[0].status, 0x961a);
	assert_int_equal(t->headers[0].assoc, 41436);
	assert_int_equal(t->datagrams, 2);
	ask(t, MODE6_READSTAT, 41436, "");
	assert_string_equal(t->data, golden);
	t->subject.peer = NULL;
	ask(t, MODE6_READVAR, 7, "");
	assert_error(t, MODE6_ERR_ASSOC);
}

static void cv_shows_a_clock(void **state)
{
	struct talk *t = *state;

	ask(t, MODE6_READCLOCK, 0, "");
	assert_int_equal(t->need, CONTROL_NEEDS_CLOCK);
	assert_error(t, MODE6_ERR_ASSOC);
	t->subject.clock = &plain_clock;
	ask(t, MODE6_READCLOCK, 41432, "");
	assert_string_equal(
		t->data,
		"device=\"Undisciplined local clock\", timecode=\"\", poll=0, "
		"noreply=0,\r\nbadformat=0, baddata=0, stratum=10, "
		"refid=LOCL, flags=0\r\n");
	assert_int_equal(t->headers[0].status, 0);
	ask(t, MODE6_READCLOCK, 0, "type,device");
	assert_string_equal(t->data,
			    "device=\"Undisciplined local clock\"\r\n");
}

/* Every list that a client of either generation sends. */
static void the_lists_of_both_ntpqs_are_known(void **state)
{
	struct talk *t = *state;
	static const char *const lists[] = {
		"peeradr,peermode,leap,stratum,precision,rootdelay,rootdisp,"
		"refid,reftime,sys_jitter,clk_jitter,clk_wander,bcastdelay,"
		"authdelay",
		"peeradr,peermode,leap,stratum,precision,rootdelay,rootdisp,"
		"rootdist,refid,reftime,sys_jitter,clk_jitter,clk_wander,"
		"authdelay",
		"ss_uptime,ss_reset,ss_received,ss_thisver,ss_oldver,"
		"ss_badformat,ss_badauth,ss_declined,ss_restricted,ss_limited,"
		"ss_kodsent,ss_processed",
		"ss_uptime,ss_numctlreq",
		"ss_reset,ss_received,ss_thisver,ss_oldver,ss_ver1,"
		"ss_ver1client,ss_ver1zero,ss_ver1symm,ss_badformat,"
		"ss_badauth,ss_declined,ss_restricted,ss_limited,ss_kodsent,"
		"ss_processed,ss_received_r,ss_thisver_r,ss_oldver_r,"
		"ss_ver1_r,ss_ver1client_r,ss_ver1zero_r,ss_ver1symm_r",
		"ss_reset_r,ss_badformat_r,ss_badauth_r,ss_declined_r,ss_"
		"restricted_r,"
		"ss_limited_r,ss_kodsent_r,ss_processed_r,ss_numctlreq_r",
		"koffset,kfreq,kmaxerr,kesterr,kstflags,ktimeconst,kprecis,"
		"kfreqtol,kppsfreq,kppsstab,kppsjitter,kppscalibdur,"
		"kppscalibs,kppsjitexc,kppsstbexc,kppscaliberrs",
		"iostats_reset,total_rbuf,free_rbuf,used_rbuf,rbuf_lowater,"
		"io_dropped,io_ignored,io_received,io_sent,io_sendfailed,"
		"io_wakeups,io_goodwakeups",
		"timerstats_reset,timer_overruns,timer_xmts",
		"authreset,authkeys,authfreek,authklookups,authknotfound,"
		"authkuncached,authkexpired,authencrypts,authdecrypts",
		"authdigestencrypts,authcmacencrypts,authdigestdecrypts,"
		"authdigestfails,authcmacdecrypts,authcmacfails",
		"mru_enabled,mru_depth,mru_deepest,mru_maxdepth,mru_mindepth,"
		"mru_maxage,mru_mem,mru_maxmem",
		"mru_hashslots,mru_minage,mru_exists,mru_new,mru_recycleold,"
		"mru_recyclefull,mru_none,mru_oldest_age",
		"stratum,offset,jitter",
	};

	for (size_t i = 0; i + 1 < ARRAY_LEN(lists); i++) {
		ask(t, MODE6_READVAR, 0, lists[i]);
		assert_false(t->headers[0].error);
	}
	ask(t, MODE6_READVAR, 41436, lists[ARRAY_LEN(lists) - 1]);
	assert_false(t->headers[0].error);
	ask(t, MODE6_READVAR, 41436,
	    "srcadr,srcport,dstadr,dstport,timerec,timer,timereach,sent,"
	    "received,badauth,bogusorg,oldpkt,seldisp,selbroken,candidate,"
	    "ntscookies");
	assert_false(t->headers[0].error);
}

/* I9: what others chose cannot pose as syntax or reach a terminal. */
static void strange_bytes_are_made_harmless(void **state)
{
	struct talk *t = *state;

	t->peer.host = "a\"b\x1b[2J\\";
	t->peer.refid = 0x1b2c2241; /* ESC , " A */
	ask(t, MODE6_READVAR, 41436, "srchost,refid");
	assert_string_equal(t->data,
			    "srchost=\"a'b\\x1b[2J\\x5c\", refid=...A\r\n");
}

static void special_formats(void **state)
{
	struct talk *t = *state;

	t->system.leap_at = 1483228800;     /* 2017-01-01 00:00 */
	t->system.leap_expire = 1709164740; /* 2024-02-28 23:59 */
	t->system.tai_known = true;
	t->system.tai = 37;
	ask(t, MODE6_READVAR, 0, "tai,leapsec,expire");
	assert_string_equal(t->data, "tai=37, leapsec=201701010000, "
				     "expire=202402282359\r\n");
	t->system.leap_expire = 1709164800 + 86399; /* the leap day's end */
	ask(t, MODE6_READVAR, 0, "expire");
	assert_string_equal(t->data, "expire=202402292359\r\n");
	t->system.max_error_s = 16;
	t->system.est_error_s = 0.0123456789;
	t->system.host.kernel = (struct kernel_clock){
		.known = true,
		.status = 0x41,
		.freq_ppm = -3.25,
		.max_error_s = 16,
		.est_error_s = 0.0123456789,
		.precision_s = 1e-6,
		.tolerance_ppm = 500,
	};
	ask(t, MODE6_READVAR, 0,
	    "kfreq,kmaxerr,kesterr,kstflags,kprecis,kfreqtol,koffset");
	assert_string_equal(t->data,
			    "koffset=0, kfreq=-3.25, kmaxerr=16000, "
			    "kesterr=12.3457,\r\nkstflags=\"pll unsync\", "
			    "kprecis=0.001, kfreqtol=500\r\n");
	t->system.host.kernel.known = false; /* a container */
	ask(t, MODE6_READVAR, 0, "kfreq,kmaxerr,kstflags,kprecis");
	assert_string_equal(t->data, "kfreq=12.345, kmaxerr=16000, "
				     "kprecis=0.000029802\r\n");
	ask(t, MODE6_READVAR, 0, "peeradr");
	assert_string_equal(t->data, "peeradr=0.0.0.0:0\r\n");
	assert_true(netaddr_parse(&t->system.peer_addr, "2001:db8::1", 11));
	t->system.peer_addr.port = 123;
	ask(t, MODE6_READVAR, 0, "peeradr");
	assert_string_equal(t->data, "peeradr=[2001:db8::1]:123\r\n");
	t->peer.addr = (netaddr){ .port = 123 }; /* a pool's */
	t->peer.stratum = STRATUM_UNKNOWN;
	t->peer.refid = 0x504f4f4c;
	ask(t, MODE6_READVAR, 41436, "srcadr,refid");
	assert_string_equal(t->data, "srcadr=0.0.0.0, refid=POOL\r\n");
	t->peer.stratum = 3;
	t->peer.refid = 0xa63000b0;
	ask(t, MODE6_READVAR, 41436, "refid");
	assert_string_equal(t->data, "refid=166.48.0.176\r\n");
}

/* What the clients of both generations ask for: one unknown name, and nothing
 * is shown at all; one without a value, and a "?" is. */
static void every_name_that_clients_ask_for_has_a_value(void **state)
{
	struct talk *t = *state;
	static const char *const asked[] = {
		"peeradr,peermode,leap,stratum,precision,rootdelay,rootdisp,"
		"rootdist,refid,reftime,sys_jitter,clk_jitter,clk_wander,"
		"bcastdelay,authdelay",
		"ss_uptime,ss_reset,ss_received,ss_thisver,ss_oldver,"
		"ss_badformat,ss_badauth,ss_declined,ss_restricted,ss_limited,"
		"ss_kodsent,ss_processed,ss_lamport,ss_tsrounding",
		"ss_numctlreq,ss_ver1,ss_ver1client,ss_ver1zero,ss_ver1symm",
		"ss_reset_r,ss_received_r,ss_thisver_r,ss_oldver_r,"
		"ss_badformat_r,ss_badauth_r,ss_declined_r,ss_restricted_r,"
		"ss_limited_r,ss_kodsent_r,ss_processed_r,ss_numctlreq_r,"
		"ss_ver1_r,ss_ver1client_r,ss_ver1zero_r,ss_ver1symm_r",
		"koffset,kfreq,kmaxerr,kesterr,kstflags,ktimeconst,kprecis,"
		"kfreqtol,kppsfreq,kppsstab,kppsjitter,kppscalibdur,"
		"kppscalibs,kppsjitexc,kppsstbexc,kppscaliberrs",
		"iostats_reset,total_rbuf,free_rbuf,used_rbuf,rbuf_lowater,"
		"io_dropped,io_ignored,io_received,io_sent,io_sendfailed,"
		"io_wakeups,io_goodwakeups,io_pkt_reads,io_ref_reads",
		"timerstats_reset,timer_overruns,timer_xmts",
		"authreset,authkeys,authfreek,authklookups,authknotfound,"
		"authkuncached,authkexpired,authencrypts,authdecrypts,"
		"authdigestencrypts,authcmacencrypts,authdigestdecrypts,"
		"authdigestfails,authcmacdecrypts,authcmacfails",
		"mru_enabled,mru_depth,mru_deepest,mru_maxdepth,mru_mindepth,"
		"mru_maxage,mru_mem,mru_maxmem,mru_hashslots,mru_minage,"
		"mru_exists,mru_new,mru_recycleold,mru_recyclefull,mru_none,"
		"mru_oldest_age",
		"nts_client_send,nts_client_recv_good,nts_client_recv_bad,"
		"nts_server_send,nts_server_recv_good,nts_server_recv_bad,"
		"nts_cookie_make,nts_cookie_not_server,nts_cookie_decode_total,"
		"nts_cookie_decode_current,nts_cookie_decode_old,"
		"nts_cookie_decode_old2,nts_cookie_decode_older,"
		"nts_cookie_decode_too_old,nts_cookie_decode_error",
		("nts_ke_serves_good,nts_ke_serves_bad,nts_ke_probes_good,"
		 "nts_ke_probes_bad"),
		"release,fuzz,clk_wander_threshold,lockclock",
	};

	t->system.host.kernel.known = true;
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		size_t len;

		ask(t, MODE6_READVAR, 0, asked[i]);
		assert_false(t->headers[0].error);
		for (const char *name = asked[i]; *name; name += len) {
			char item[64] = "";

			name += *name == ',';
			len = strcspn(name, ",");
			memcpy(item, name, len);
			item[len] = '=';
			if (!strstr(t->data, item)) {
				print_message("no %s\n", item);
			}
			assert_non_null(strstr(t->data, item));
		}
	}
	assert_non_null(strstr(t->data, "release=\"6.1\""));
}

static void the_host_counts_what_goes_through_it(void **state)
{
	struct talk *t = *state;

	t->system.counts.served[SERVER_ANSWERED] = 3;
	t->system.counts.firsts[3] = 2;
	t->system.transmits = 9;
	t->system.host = (struct host_facts){
		.io = { 10, 11, 1, 2, 20, 15, 4 },
		.lists_clients = true,
		.clients = { .depth = 500,
			     .deepest = 600,
			     .room = 1000,
			     .slots = 2000,
			     .bytes = 1024000 },
	};
	t->system.mru.mindepth = 600;
	ask(t, MODE6_READVAR, 0,
	    "io_received,io_sent,io_sendfailed,io_dropped,io_wakeups,"
	    "io_goodwakeups,io_ref_reads,timer_xmts,ss_ver1client");
	assert_string_equal(t->data,
			    "ss_ver1client=2, io_dropped=2, io_received=10, "
			    "io_sent=11,\r\nio_sendfailed=1, io_wakeups=20, "
			    "io_goodwakeups=15, io_ref_reads=4,\r\n"
			    "timer_xmts=9\r\n");
	ask(t, MODE6_READVAR, 0,
	    "mru_enabled,mru_depth,mru_deepest,mru_maxdepth,mru_mindepth,"
	    "mru_mem,mru_maxmem,mru_hashslots");
	assert_string_equal(t->data,
			    "mru_enabled=0x1, mru_depth=500, mru_deepest=600, "
			    "mru_mindepth=600,\r\nmru_maxdepth=1000, "
			    "mru_mem=500, mru_maxmem=1000, "
			    "mru_hashslots=2000\r\n");
}

static void the_counts_of_all_shards_add_up(void **state)
{
	struct talk *t = *state;
	struct server_shard shard = { .limit = NULL };

	shard.verdicts[SERVER_ANSWERED] = 10;
	shard.verdicts[SERVER_KISSED] = 2;
	shard.verdicts[SERVER_LIMITED] = 3;
	shard.verdicts[SERVER_NOQUERY] = 4;
	shard.versions[4] = 9;
	shard.versions[3] = 3;
	report_add_shard(&t->system.counts, &shard);
	report_add_shard(&t->system.counts, &shard);
	ask(t, MODE6_READVAR, 0,
	    "ss_received,ss_thisver,ss_oldver,ss_restricted,ss_limited,"
	    "ss_kodsent,ss_processed");
	assert_string_equal(t->data,
			    "ss_received=38, ss_thisver=18, ss_oldver=6, "
			    "ss_restricted=8,\r\nss_limited=10, ss_kodsent=4, "
			    "ss_processed=20\r\n");
}

/* What ntpsec's sysstats shows beside: it fails where a twin is missing. */
static void this_hour_has_counts_of_its_own(void **state)
{
	struct talk *t = *state;

	t->system.uptime_s = 4000;
	t->system.counts.served[SERVER_ANSWERED] = 10;
	t->system.counts.controls = 5;
	t->system.hour = t->system.counts;
	t->system.hour.since_s = 3600;
	t->system.counts.served[SERVER_ANSWERED] = 17;
	ask(t, MODE6_READVAR, 0,
	    "ss_reset,ss_processed,ss_numctlreq,ss_reset_r,ss_processed_r,"
	    "ss_numctlreq_r");
	assert_string_equal(t->data,
			    "ss_reset=4000, ss_processed=17, ss_numctlreq=5, "
			    "ss_reset_r=400,\r\nss_processed_r=7, "
			    "ss_numctlreq_r=0\r\n");
	for (unsigned i = 0; i < SYSTEM_VARS; i++) {
		struct report_value values[SYSTEM_VARS];
		const char *name = report_system_variables[i].name;
		char twin[64];
		struct text text = text_over(twin, sizeof(twin));

		report_system_values(&t->system, values);
		text_str(&text, name);
		text_str(&text, "_r");
		if (strncmp(name, "ss_", 3) != 0 || !values[i].known ||
		    strcmp(name, "ss_uptime") == 0 ||
		    strcmp(name, "ss_lamport") == 0 || /* classic's alone */
		    strcmp(name, "ss_tsrounding") == 0 ||
		    strcmp(name + strlen(name) - 2, "_r") == 0) {
			continue;
		}
		ask(t, MODE6_READVAR, 0, twin);
		assert_true(t->data_len > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rv_shows_the_defaults_in_classic_form),
		TEST(no_line_reaches_72_columns),
		TEST(a_peer_has_its_defaults_and_its_status),
		TEST(cv_shows_a_clock),
		TEST(the_lists_of_both_ntpqs_are_known),
		TEST(strange_bytes_are_made_harmless),
		TEST(special_formats),
		TEST(every_name_that_clients_ask_for_has_a_value),
		TEST(the_host_counts_what_goes_through_it),
		TEST(the_counts_of_all_shards_add_up),
		TEST(this_hour_has_counts_of_its_own),
	};

	return cmocka_run_group_tests(tests, check_seed, NULL);
}
