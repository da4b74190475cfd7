/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/control/status.h"

static const char *const leaps[] = { "leap_none", "leap_add_sec",
				     "leap_del_sec", "leap_alarm" };
static const char *const syncs[] = { "sync_unspec",     "sync_pps",
				     "sync_lf_radio",   "sync_hf_radio",
				     "sync_uhf_radio",  "sync_local",
				     "sync_ntp",        "sync_other",
				     "sync_wristwatch", "sync_telephone" };
static const char *const system_events[] = {
	"unspecified",   "freq_not_set",
	"freq_set",      "spike_detect",
	"freq_mode",     "clock_sync",
	"restart",       "panic_stop",
	"no_sys_peer",   "leap_armed",
	"leap_disarmed", "leap_event",
	"clock_step",    "kern",
	"TAI",           "stale_leapsecond_values",
};
static const char *const peer_events[] = {
	"",
	"mobilize",
	"demobilize",
	"unreachable",
	"reachable",
	"restart",
	"no_reply",
	"rate_exceeded",
	"access_denied",
	"leap_armed",
	"sys_peer",
	"clock_event",
	"bad_auth",
	"popcorn",
	"interleave_mode",
	"interleave_error",
};
static const char *const clock_codes[] = { "clk_unspec",     "clk_no_reply",
					   "clk_bad_format", "clk_fault",
					   "clk_bad_signal", "clk_bad_date",
					   "clk_bad_time" };
static const char *const selections[] = { "reject",   "falsetick", "excess",
					  "outlier",  "candidate", "backup",
					  "sys.peer", "pps.peer" };

static const char *word_at(const char *const *words, size_t count, unsigned i)
{
	return i < count ? words[i] : "unknown";
}

#define WORD(table, i) word_at(table, ARRAY_LEN(table), i)

enum leap status_leap(uint16_t word)
{
	return (enum leap)(word >> 14);
}

unsigned status_source(uint16_t word)
{
	return word >> 8 & 0x3fu;
}

unsigned status_event(uint16_t word)
{
	return word & 0xfu;
}

unsigned status_events(uint16_t word)
{
	return word >> 4 & 0xfu;
}

unsigned status_select(uint16_t word)
{
	return word >> 8 & 7u;
}

char status_tally(uint16_t word)
{
	return " x.-+#*o"[status_select(word)];
}

const char *status_selection(uint16_t word)
{
	return selections[status_select(word)];
}

const char *status_peer_event(uint16_t word)
{
	return peer_events[status_event(word)];
}

static void print_events(unsigned count, struct text *out)
{
	if (count == 0) {
		text_str(out, "no events");
		return;
	}
	text_u64(out, count);
	text_str(out, count == 1 ? " event" : " events");
}

static void print_system(uint16_t word, struct text *out)
{
	text_str(out, leaps[status_leap(word)]);
	text_str(out, ", ");
	text_str(out, WORD(syncs, status_source(word)));
	text_str(out, ", ");
	print_events(status_events(word), out);
	text_str(out, ", ");
	text_str(out, system_events[status_event(word)]);
}

static void print_peer(uint16_t word, struct text *out)
{
	static const struct {
		unsigned bit;
		const char *word;
	} flags[] = {
		{ STATUS_CONFIGURED, "conf, " },
		{ STATUS_AUTHENABLE, "authenb, " },
		{ STATUS_AUTHENTIC, "auth, " },
		{ STATUS_REACHABLE, "reach, " },
		{ STATUS_BROADCAST, "bcast, " },
	};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (word & flags[i].bit) {
			text_str(out, flags[i].word);
		}
	}
	text_str(out, "sel_");
	text_str(out, status_selection(word));
	text_str(out, ", ");
	print_events(status_events(word), out);
	if (status_peer_event(word)[0] != '\0') {
		text_str(out, ", ");
		text_str(out, status_peer_event(word));
	}
}

void status_print(enum status_kind kind, uint16_t word, struct text *out)
{
	switch (kind) {
	case STATUS_SYSTEM:
		print_system(word, out);
		break;
	case STATUS_PEER:
		print_peer(word, out);
		break;
	case STATUS_CLOCK:
		print_events(status_events(word), out);
		text_str(out, ", ");
		text_str(out, WORD(clock_codes, status_event(word)));
		break;
	}
}
