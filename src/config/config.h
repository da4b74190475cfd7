/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config.h - what ntp.conf and the command line say, as one value.
 *
 * Everything hangs in the arena that config_parse() was given; lists keep the
 * order of the file. Durations are in seconds, polls in log2 seconds. What is
 * not said has its default already filled in (options.def is the truth).
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
	SOURCE_KIND_REFCLOCK, /* server 127.127.t.u */
};

enum family { FAMILY_ANY, FAMILY_V4, FAMILY_V6 };

struct fudge_config {
	double time1_s, time2_s;
	uint8_t stratum; /* 255: the driver's own */
	char refid[5];   /* "": the driver's own */
	bool flag[4];    /* flag1 .. flag4 */
	bool given;      /* a fudge line named this clock */
};

struct source_config {
	struct source_config *next;
	struct place place;
	enum source_kind kind;
	enum family family;
	const char *host; /* as written: a name or a literal */
	netaddr addr;     /* of a literal, port 123; none for a name */
	bool iburst, burst, prefer, noselect, always_true, preempt, xleave;
	bool nts;
	uint8_t version; /* 1 to 4 */
	int8_t minpoll, maxpoll;
	uint32_t key;                         /* 0: none */
	uint8_t refclock_type, refclock_unit; /* of 127.127.t.u */
	int mode;
	struct fudge_config fudge;
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
	netaddr addr;     /* the network, masked */
	uint8_t prefix;   /* of 128 bits: an IPv4 /24 is 120 */
	uint32_t flags;   /* of enum restrict_flag */
	int ippeerlimit;  /* -1: none */
};

enum nic_action { NIC_LISTEN, NIC_IGNORE, NIC_DROP };
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

struct tos_config {
	unsigned minclock, maxclock, minsane;
	unsigned floor, ceiling, orphan; /* strata; orphan 16: off */
	double mindist_s, maxdist_s, orphanwait_s;
	bool cohort;
};

struct tinker_config {
	double panic_s;                 /* 0: never */
	double step_fwd_s, step_back_s; /* 0: never step */
	double stepout_s;
	double dispersion_ppm; /* PHI */
	double freq_ppm;       /* given: overrides the drift file */
	bool freq_given;
};

struct limit_config { /* discard */
	int average;  /* log2 s */
	double minimum_s;
	unsigned monitor;
};

struct mru_config {
	unsigned maxdepth, mindepth, maxage_s;
};

struct setvar_config {
	struct setvar_config *next;
	const char *name, *value;
	bool by_default; /* shown by a plain rv */
};

struct config {
	struct source_config *sources;
	struct restrict_config *restricts;
	struct nic_config *nics;
	struct setvar_config *setvars;
	struct tos_config tos;
	struct tinker_config tinker;
	struct limit_config limit;
	struct mru_config mru;

	/* Files; NULL: none given. */
	const char *driftfile, *leapfile, *logfile, *pidfile, *statsdir;
	const char *keysfile;

	uint64_t logconfig;   /* see LOGCONFIG_* in options.def's reader */
	double nonvolatile_s; /* least change of frequency worth a write */

	/* enable and disable. */
	bool auth, monitor, ntp, kernel, stats;

	/* The command line's say in how the daemon behaves. */
	bool panic_once;  /* -g: the first offset may exceed panic */
	bool step_once;   /* -G: step the first offset whatever its size */
	bool slew_only;   /* -x: step threshold 600 s */
	bool quit;        /* -q: set the clock once, then end */
	bool no_clock;    /* --no-clock: measure and serve, never set */
	enum family only; /* -4 or -6 */
};

enum severity {
	COMPLAINT_INFO,  /* once: accepted, not in effect yet, or obsolete */
	COMPLAINT_WARN,  /* the line was changed or skipped; the rest holds */
	COMPLAINT_FATAL, /* a line that guards access is broken: do not start */
};

struct complaint {
	struct complaint *next;
	struct place place;
	enum severity severity;
	const char *text; /* what is wrong, and a hint: "did you mean ..." */
};

/* How includefile reads: the pure parser cannot. NULL: it could not. */
struct config_loader {
	void *context;
	const char *(*load)(void *context, const char *path, size_t *len);
};

struct config_result {
	struct complaint *complaints;
	unsigned warnings, fatals;
	bool out_of_memory;
};

/* All defaults, as of an empty file. */
void config_defaults(struct config *c);

/*
 * Reads the text of `file` on top of what `c` already has. The text and the
 * name must outlive `c`. Never stops at an error: each becomes one complaint.
 */
struct config_result config_parse(struct config *c, struct arena *arena,
				  const char *file, const char *text,
				  size_t len,
				  const struct config_loader *loader);

/* How large an arena holds whatever `len` bytes of text can say. */
size_t config_arena_size(size_t len);

/* The normalised form, as classic's --saveconfigquit writes it. */
void config_print(const struct config *c, struct text *out);

#endif
