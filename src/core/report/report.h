/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.h - what can be asked of the daemon, as plain values.
 *
 * The engine fills a struct; report.def names each of its values once, with
 * format, unit and meaning. Mode 6 text is one rendering, others read the
 * same lines.
 */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include "config/config.h"
#include "core/events.h"
#include "core/hostfacts.h"
#include "core/report/stats.h"
#include "core/select/selection.h"
#include "core/serve/refid.h"
#include "core/serve/server.h"

#define REPORT_FILTER 8     /* samples shown of a source, the newest first */
#define REPORT_NOT_NTS (-1) /* peer_report.cookies */

/* Where the system's time comes from (RFC 9327, section 3.1). */
enum clock_kind {
	CLOCK_KIND_UNKNOWN = 0,
	CLOCK_KIND_PPS = 1,
	CLOCK_KIND_LF_RADIO = 2,
	CLOCK_KIND_HF_RADIO = 3,
	CLOCK_KIND_UHF_RADIO = 4, /* and satellites */
	CLOCK_KIND_LOCAL = 5,
	CLOCK_KIND_NTP = 6,
	CLOCK_KIND_OTHER = 7,
	CLOCK_KIND_WATCH = 8,
	CLOCK_KIND_TELEPHONE = 9,
};

/* What was asked of the daemon. */
struct report_counts {
	uint64_t since_s;     /* when they began: of uptime_s */
	uint64_t auth_failed; /* of sources and clients */
	struct key_counts keys;
	uint64_t controls;                /* control requests, by any way */
	uint64_t served[SERVER_VERDICTS]; /* summed over the shards */
	uint64_t versions[8];             /* of what was answered */
	uint64_t firsts[8];               /* of version 1, by mode */
	uint64_t interleaved;             /* of what was answered */
};

struct system_report {
	const char *version; /* begins with "ntpd " */
	const char *processor, *system;
	enum leap leap;
	uint8_t stratum; /* 1 to 15, or STRATUM_UNKNOWN */
	int8_t precision;
	double root_delay_s, root_disp_s;
	uint32_t refid;
	tstamp reference, clock; /* clock: now */

	/* The status word. */
	enum clock_kind kind;
	struct events events; /* of enum system_event */

	uint16_t peer;     /* the system peer's association, or 0 */
	netaddr peer_addr; /* none: 0.0.0.0:0 */
	uint8_t peer_mode;
	int8_t poll;       /* log2 s, the time constant */
	bool synced_known; /* is it synchronised? */

	double offset_s;       /* of the clock, still to be corrected */
	double freq_ppm;       /* the correction in force */
	double jitter_s;       /* of the system peers among themselves */
	double clock_jitter_s; /* of one measurement after another */
	double wander_ppm;
	double broadcast_delay_s; /* -0.05: none was said, as in classic */

	bool bound_known;
	double clock_bound_s; /* the clock is right within this */

	bool tai_known;
	int tai;               /* TAI - UTC, s */
	int64_t leap_at;       /* s since 1970 of the table's last; 0: none */
	int64_t leap_expire;   /* of the table */
	unsigned smear_s;      /* how long one is smeared; 0: not at all */
	double smear_offset_s; /* of what clients are served now */

	/* What the kernel was told. */
	double max_error_s, est_error_s;

	size_t keys; /* in the keys file, trusted or not */
	uint64_t uptime_s;
	uint64_t synced_s;           /* for how long */
	struct report_counts counts; /* since the start */
	struct report_counts hour;   /* as they were when this hour began */

	uint64_t transmits; /* requests to all sources */
	uint64_t backwards; /* answers that left before they came */
	double wander_threshold_ppm;
	struct host_facts host;
	struct mru_config mru;

	const struct setvar_config *setvars;
};

struct peer_report {
	uint16_t assoc;
	netaddr addr, local; /* of a pool: none; of a clock: 127.127.t.u */
	const char *host;    /* as configured; NULL: by address */
	bool refclock;
	enum leap leap;
	uint8_t stratum; /* STRATUM_UNKNOWN before the first answer */
	int8_t precision;
	uint32_t refid;
	double root_delay_s, root_disp_s;
	/* Never a nonce: `sent` is when our last request left (A9). */
	tstamp reference, origin, received, sent;

	/* The status word; `reach` is the reach bit's. */
	bool configured, authenable, authentic;
	bool interleaves;
	bool solicits; /* a pool or broadcast entry: never reaches anybody */
	enum tally tally;
	const char *reason;   /* reason_words() */
	const char *verdict;  /* source_verdict_words(); NULL: of none */
	struct events events; /* of enum peer_event */

	uint8_t reach;
	uint32_t unreach; /* polls since the last answer */
	uint8_t our_mode, their_mode;
	int8_t our_poll, their_poll;
	uint32_t headway_s;
	uint16_t flash; /* enum flash */
	uint32_t key;
	uint32_t ttl; /* a refclock's mode word */
	int cookies;  /* NTS cookies in stock, or REPORT_NOT_NTS */
	double offset_s, delay_s, disp_s, jitter_s;
	uint64_t count_interleaved;
	double xleave_s, bias_s;
	double filt_delay_s[REPORT_FILTER];
	double filt_offset_s[REPORT_FILTER];
	double filt_disp_s[REPORT_FILTER];

	/* Counts since it was mobilised, and ages in s. */
	uint64_t time_received_s, time_next_s, time_reach_s;
	uint64_t count_sent, count_received, count_bad_auth, count_bogus;
	uint64_t count_old, count_bad_disp, count_bad_reference;
};

/* A reference clock, as READCLOCK has it. */
struct clock_report {
	uint8_t type, unit;
	const char *device; /* "Undisciplined local clock" */
	const char *timecode;
	uint64_t poll, no_reply, bad_format, bad_data;
	double time1_s, time2_s, minjitter_s;
	uint8_t stratum;
	uint32_t refid;
	bool flag[4];
	uint8_t state, last; /* the status word: codes of clock events */
};

/* The words of 16 bits that go with every answer (RFC 9327, section 3). */
uint16_t report_system_status(const struct system_report *s);
uint16_t report_peer_status(const struct peer_report *p);
uint16_t report_clock_status(const struct clock_report *c);

/* Adds what a serving thread counted; call it once for each of them. */
void report_add_shard(struct report_counts *counts,
		      const struct server_shard *shard);

/* What was asked since the start, for sysstats. */
void report_traffic(const struct report_counts *n,
		    uint64_t counts[STATS_TRAFFIC]);

enum report_format {
	FORMAT_NUMBER,
	FORMAT_INTEGER,
	FORMAT_HEX,    /* 0x1f */
	FORMAT_FIXED3, /* a double with 3 decimals */
	FORMAT_FIXED6,
	FORMAT_GENERAL, /* six digits, without idle zeros */
	FORMAT_TSTAMP,  /* 0xe98c5a10.b0000000 */
	FORMAT_DATE,    /* of s since 1970: YYYYMMDDhhmm */
	FORMAT_QUOTED,
	FORMAT_ADDR,
	FORMAT_ENDPOINT, /* an address and its port */
	FORMAT_REFID,
	FORMAT_FILTER, /* REPORT_FILTER doubles with 2 decimals */
	FORMAT_NAMES,  /* of the variables of a table */
	FORMAT_KERNEL, /* the words of a kernel's status */
};

struct report_variable;

struct report_refid {
	uint32_t id;
	bool is_text;
};

struct report_names {
	const struct report_variable *of;
	size_t count;
};

/* A value on its way to text, in the unit that report.def says. */
struct report_value {
	bool known; /* false: an optional one that there is not now */
	enum report_format format;
	union {
		uint64_t number;
		int64_t integer;
		double real;
		tstamp at;
		const char *text;
		netaddr addr;
		struct report_refid refid;
		const double *filter; /* s; printed in ms */
		struct report_names names;
	};
};

enum report_list { LIST_DEFAULT, LIST_ASKED }; /* asked: only by its name */

struct report_variable {
	const char *name, *unit, *meaning;
	enum report_list list;
};

enum system_variable {
#define SYSTEM(name, format, value, known, list, unit, meaning) \
	SYSTEM_VAR_##name,
#define PEER(name, format, value, known, list, unit, meaning)
#define CLOCK(name, format, value, known, list, unit, meaning)
#include "core/report/report.def"
#undef SYSTEM
#undef PEER
#undef CLOCK
	SYSTEM_VARS
};

enum peer_variable {
#define SYSTEM(name, format, value, known, list, unit, meaning)
#define PEER(name, format, value, known, list, unit, meaning) PEER_VAR_##name,
#define CLOCK(name, format, value, known, list, unit, meaning)
#include "core/report/report.def"
#undef SYSTEM
#undef PEER
#undef CLOCK
	PEER_VARS
};

enum clock_variable {
#define SYSTEM(name, format, value, known, list, unit, meaning)
#define PEER(name, format, value, known, list, unit, meaning)
#define CLOCK(name, format, value, known, list, unit, meaning) CLOCK_VAR_##name,
#include "core/report/report.def"
#undef SYSTEM
#undef PEER
#undef CLOCK
	CLOCK_VARS
};

/* Indexed by the enums above; constant. */
extern const struct report_variable report_system_variables[SYSTEM_VARS];
extern const struct report_variable report_peer_variables[PEER_VARS];
extern const struct report_variable report_clock_variables[CLOCK_VARS];

void report_system_values(const struct system_report *s,
			  struct report_value values[SYSTEM_VARS]);
void report_peer_values(const struct peer_report *p,
			struct report_value values[PEER_VARS]);
void report_clock_values(const struct clock_report *c,
			 struct report_value values[CLOCK_VARS]);

/* One known value alone, as mode 6 has it. */
void report_print(const struct report_value *v, struct text *out);
void report_print_quoted(const char *s, struct text *out);
void report_print_tstamp(tstamp t, struct text *out);

#endif
