/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config.h - what ntp.conf and the command line say, as one value.
 *
 * Everything hangs in the arena that config_parse() was given; lists keep the
 * order of the file. Durations are in seconds, polls in log2 seconds. What is
 * not said has its default already filled in (options.def is the truth).
 *
 * A line that cannot be read becomes a complaint with its place, and the rest
 * holds, as in classic. What a restrict line was to forbid that cannot be read
 * whole is forbidden all the same, or more: classic would leave it open.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/arena.h"
#include "base/netaddr.h"

/* Where a line stood: for complaints, at start and later. */
struct place {
	const char *file;
	unsigned line;   /* from 1 */
	unsigned column; /* from 0, in bytes */
};

enum source_kind {
	SOURCE_KIND_SERVER,
	SOURCE_KIND_POOL,
	SOURCE_KIND_PEER,
	SOURCE_KIND_BROADCAST, /* to whom we tell the time, unasked */
	SOURCE_KIND_MANYCAST,  /* a group, whose servers we find */
	SOURCE_KIND_REFCLOCK,  /* server 127.127.t.u */
};

enum family { FAMILY_ANY, FAMILY_V4, FAMILY_V6 };

struct fudge_config {
	double time1_s, time2_s, minjitter_s;
	uint8_t stratum;  /* 255: the driver's own */
	char refid[5];    /* "": the driver's own */
	bool flag[4];     /* flag1 .. flag4 */
	bool given;       /* a fudge line named this clock */
	const char *idle; /* words of that line without effect, or NULL */
};

struct source_config {
	struct source_config *next;
	struct place place;
	enum source_kind kind;
	enum family family;
	const char *host;  /* as written: a name or a literal */
	netaddr addr;      /* of a literal, port 123; none for a name */
	double bias_s;     /* added to its offsets */
	uint32_t key;      /* 0: none */
	int mode, subtype; /* of a reference clock's driver */
	bool iburst, burst, prefer, noselect, always_true, preempt, xleave;
	bool nts;
	uint8_t version; /* 1 to 4 */
	int8_t minpoll, maxpoll;
	uint8_t ttl;                          /* 0: none given */
	uint8_t refclock_type, refclock_unit; /* of 127.127.t.u */
	struct fudge_config fudge;
	const char *idle; /* words of the line without effect, or NULL */
};

/* A multicast group that we listen to. */
struct group_config {
	struct group_config *next;
	netaddr addr;
	bool finds; /* for who looks for servers; else for their broadcasts */
};

/* The words of a restrict line. */
enum restrict_flag {
	RESTRICT_IGNORE = 1 << 0,
	RESTRICT_NOSERVE = 1 << 1,
	RESTRICT_NOTRUST = 1 << 2,
	RESTRICT_VERSION = 1 << 3,
	RESTRICT_NOPEER = 1 << 4,
	RESTRICT_NOEPEER = 1 << 5,
	RESTRICT_LIMITED = 1 << 6,
	RESTRICT_NOQUERY = 1 << 7,
	RESTRICT_NOMODIFY = 1 << 8,
	RESTRICT_NOTRAP = 1 << 9,
	RESTRICT_LPTRAP = 1 << 10,
	RESTRICT_KOD = 1 << 11,
	RESTRICT_MSSNTP = 1 << 12,
	RESTRICT_FLAKE = 1 << 13,
	RESTRICT_NOMRULIST = 1 << 14,
	RESTRICT_FUZZ = 1 << 15,
	RESTRICT_NTPPORT = 1 << 16, /* matches only source port 123 */
};

enum restrict_kind {
	RESTRICT_DEFAULT, /* both families when family is FAMILY_ANY */
	RESTRICT_ADDRESS,
	RESTRICT_SOURCE, /* the template for each association's host */
	RESTRICT_NAME,   /* a host name; the host resolves it at start */
};

struct restrict_config {
	struct restrict_config *next;
	struct place place;
	enum restrict_kind kind;
	enum family family;
	const char *host; /* as written */
	netaddr addr;     /* the network, masked; of a literal only */
	uint8_t prefix;   /* of 128 bits: an IPv4 /24 is 120 */
	uint32_t flags;   /* of enum restrict_flag */
	int ippeerlimit;  /* -1: none */
};

enum nic_action { NIC_LISTEN, NIC_IGNORE, NIC_DROP, NIC_XDP };
enum nic_match {
	NIC_ALL,
	NIC_IPV4,
	NIC_IPV6,
	NIC_WILDCARD,
	NIC_NAME,
	NIC_ADDR
};

struct nic_config {
	struct nic_config *next;
	struct place place;
	enum nic_action action;
	enum nic_match match;
	const char *name; /* NIC_NAME: an interface, with globs */
	netaddr addr;     /* NIC_ADDR */
	uint8_t prefix;   /* of 128 bits */
};

/* Where requests are answered in the driver. */
enum xdp_mode { XDP_AUTO, XDP_NATIVE, XDP_GENERIC };

struct xdp_config {
	struct xdp_config *next;
	const char *name; /* of an interface */
	enum xdp_mode mode;
};

/* What sources that sign are worth more than others (core/select/authority.h).
 */
enum authselect {
	AUTHSELECT_IGNORE,
	AUTHSELECT_MIX,
	AUTHSELECT_PREFER,
	AUTHSELECT_REQUIRE,
	AUTHSELECTS,
};

#define TOS_NEVER_SET_BACK 255

struct tos_config {
	unsigned minclock, maxclock, minsane;
	unsigned floor, ceiling, orphan; /* strata; orphan 16: off */
	unsigned beacon_s;
	unsigned authselect;  /* enum authselect */
	unsigned bcpollbstep; /* or TOS_NEVER_SET_BACK */
	bool cohort;
	double mindist_s, maxdist_s, maxdisp_s, orphanwait_s;
	const char *basedate;  /* 2026-11-24; NULL: when this was built */
	bool orphanwait_given; /* else LOCAL waits only a short grace */
};

struct tinker_config {
	double panic_s;                 /* 0: never */
	double step_fwd_s, step_back_s; /* 0: never step */
	double stepout_s;
	double dispersion_ppm; /* PHI */
	double freq_ppm;       /* given: overrides the drift file */
	double slew_ppm, start_slew_ppm;
	bool freq_given;
};

struct limit_config { /* discard */
	int average;  /* log2 s */
	double minimum_s;
	unsigned monitor;
	/* limit: when `rate` is not 0 it takes the place of the others. */
	double rate, kiss_rate; /* per second */
	unsigned burst;
	unsigned budget; /* answers per second to all of them; 0: no end */
};

struct mru_config {
	unsigned maxdepth, mindepth, maxage_s, minage_s;
};

struct rlimit_config {
	int memlock_mb;   /* -1: do not lock */
	unsigned filenum; /* 0: as the system has it */
};

struct setvar_config {
	struct setvar_config *next;
	const char *name, *value;
	bool by_default; /* shown by a plain rv */
};

/* trustedkey 1 2 (10 ... 20): every line adds. */
struct key_range {
	struct key_range *next;
	uint32_t first, last;
	bool noserve; /* behind that word: not for those who ask us (C3) */
};

enum stats_kind {
	STATS_LOOP,
	STATS_PEER,
	STATS_CLOCK,
	STATS_RAW,
	STATS_SYS,
	STATS_PROTO,
	STATS_CRYPTO,
	STATS_TIMING,
	STATS_USE,
	STATS_NTS,
	STATS_NTSKE,
	STATS_NTSKELOG,
	STATS_KINDS
};

enum filegen_type {
	FILEGEN_NONE,
	FILEGEN_PID,
	FILEGEN_DAY,
	FILEGEN_WEEK,
	FILEGEN_MONTH,
	FILEGEN_YEAR,
	FILEGEN_AGE
};

/* One kind of statistics: what `statistics` and `filegen` lines say of it. */
struct filegen_config {
	const char *file; /* NULL: the name of the kind */
	enum filegen_type type;
	bool link;
	bool enabled;
	bool said; /* by a filegen line, which outranks statistics */
};

/*
 * logconfig: one bit for each class and type of message. The classes stand in
 * the order of enum note_class. By default all bits are set, as in 4.2.6:
 * event lines are printed.
 */
enum log_class {
	LOGCLASS_SYS,
	LOGCLASS_SYNC,
	LOGCLASS_PEER,
	LOGCLASS_CLOCK,
	LOGCLASSES
};
enum log_type {
	LOGTYPE_INFO,
	LOGTYPE_EVENTS,
	LOGTYPE_STATISTICS,
	LOGTYPE_STATUS,
	LOGTYPES
};

#define LOG_BIT(class, type) \
	(UINT32_C(1) << ((int)(class) * (int)LOGTYPES + (int)(type)))
#define LOG_EVERYTHING ((UINT32_C(1) << ((int)LOGCLASSES * (int)LOGTYPES)) - 1)

/* A line that is accepted but changes nothing (yet), in normal form. */
struct idle_config {
	struct idle_config *next;
	struct place place;
	const char *line;
};

#define CONFIG_TTLS 8

/* The command line's say in how the daemon behaves: no line can say it. */
struct orders {
	bool panic_once;  /* -g: the first offset may exceed panic */
	bool step_once;   /* -G: step the first offset whatever its size */
	bool slew_only;   /* -x: step threshold 600 s */
	bool quit;        /* -q: set the clock once, then end */
	bool no_clock;    /* --no-clock: measure and serve, never set */
	enum family only; /* -4 or -6 */
};

struct config {
	struct source_config *sources;
	struct known *known; /* the same, for who reads more lines: known.h */
	struct restrict_config *restricts;
	struct nic_config *nics;
	struct xdp_config *xdps; /* each interface once */
	struct setvar_config *setvars;
	struct key_range *trusted_keys;
	struct idle_config *idles;
	struct group_config *groups;
	struct tos_config tos;
	struct tinker_config tinker;
	struct limit_config limit;
	struct mru_config mru;
	struct rlimit_config rlimit;
	struct filegen_config filegens[STATS_KINDS];

	/* Files; NULL: none given. */
	const char *driftfile, *statefile, *leapfile, *logfile, *pidfile,
		*statsdir;
	const char *keysfile, *saveconfigdir, *signd_dir;
	/* statefile "" is empty, not NULL: then there is none. */
	bool leap_check_hash; /* leapfile ... checkhash, the default */
	unsigned leapsmear_s; /* 0: leap seconds are served as they are */

	uint32_t control_key, request_key; /* 0: none */
	uint32_t logconfig;                /* of LOG_BIT() */
	double nonvolatile_s; /* least change of frequency worth a write */
	unsigned dscp;        /* of what we send */
	int server_threads;   /* -1: as many as are of use */
	unsigned extra_port;  /* to serve on as well; 0: none */

	/* Broadcast and manycast. */
	bool broadcast_client, no_volley;
	double broadcast_delay_s; /* one way */
	bool broadcast_delay_given;
	uint8_t ttls[CONFIG_TTLS]; /* that a manycast call tries in turn */
	uint8_t ttl_count;         /* 0: the usual ones */

	/* enable and disable. */
	bool auth, monitor, ntp, kernel, stats;
	uint32_t disabled; /* what a disable line named: it wins, always */

	struct orders orders;
};

enum severity {
	COMPLAINT_INFO,  /* once: accepted, not in effect yet, or obsolete */
	COMPLAINT_WARN,  /* the line was changed or skipped; the rest holds */
	COMPLAINT_FATAL, /* lines that guard access may be hidden: do not start
			  */
};

struct complaint {
	struct complaint *next;
	struct place place;
	enum severity severity;
	const char *text; /* what is wrong, and a hint: "did you mean ..." */
};

/*
 * How includefile reads: the pure parser cannot. The path is as written, so
 * relative to the working directory. NULL: it could not. The text must stay
 * until config_parse() returns.
 */
struct config_loader {
	void *context;
	const char *(*load)(void *context, const char *path, size_t *len);
};

#define CONFIG_INCLUDE_DEPTH 5 /* as classic; also ends circles */

struct config_result {
	struct complaint *complaints; /* in the order they were found */
	unsigned warnings, fatals;
	bool out_of_memory;
};

/* All defaults, as of an empty file. */
void config_defaults(struct config *c);

/*
 * Reads the text of `file` on top of what `c` already has. The name must
 * outlive `c`; the text need not. Without a loader an includefile line is a
 * complaint. Never stops at an error: each becomes one complaint. When the
 * arena was too small, `c` is not to be used.
 */
struct config_result config_parse(struct config *c, struct arena *arena,
				  const char *file, const char *text,
				  size_t len,
				  const struct config_loader *loader);

/*
 * Lines that came with a request, while the daemon runs. Who sent them finds a
 * source by the number of its association too, and may name no file (I2).
 */
struct config_request {
	void *context;
	/* NULL: no line of the configuration made that association. */
	const struct source_config *(*find)(void *context, uint16_t assoc);
};

/* As config_parse(); what was disabled may be enabled again. */
struct config_result config_parse_request(struct config *c, struct arena *arena,
					  const char *text, size_t len,
					  const struct config_request *request);

/*
 * How large an arena holds whatever `len` bytes of text can say. Included
 * files count too: who does not know them yet tries again, with the bytes
 * loaded added, when the result says out_of_memory.
 */
size_t config_arena_size(size_t len);

/*
 * The normalised form, as classic's --saveconfigquit writes it. What is left
 * at its default is not in it. Reading it gives the same configuration.
 */
void config_print(const struct config *c, struct text *out);

/* "/etc/ntp.conf:3:15: unknown word 'ibrst': did you mean 'iburst'?" */
void complaint_print(const struct complaint *c, struct text *out);

#endif
