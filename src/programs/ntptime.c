/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntptime.c - what the kernel knows of its clock, and, for root, sets it.
 *
 * Exit code 0 where the kernel answers; whether its clock is synchronised is
 * in what is printed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include "client/once/setclock.h"
#include "client/stamp.h"
#include "client/version.h"
#include "programs/options.h"

#define PPM 65536.0 /* the kernel's unit: 2^-16 ppm */

struct word {
	unsigned bit;
	const char *name;
};

static const struct word status_words[] = {
	{ STA_PLL, "PLL" },
	{ STA_PPSFREQ, "PPSFREQ" },
	{ STA_PPSTIME, "PPSTIME" },
	{ STA_FLL, "FLL" },
	{ STA_INS, "INS" },
	{ STA_DEL, "DEL" },
	{ STA_UNSYNC, "UNSYNC" },
	{ STA_FREQHOLD, "FREQHOLD" },
	{ STA_PPSSIGNAL, "PPSSIGNAL" },
	{ STA_PPSJITTER, "PPSJITTER" },
	{ STA_PPSWANDER, "PPSWANDER" },
	{ STA_PPSERROR, "PPSERROR" },
	{ STA_CLOCKERR, "CLOCKERR" },
	{ STA_NANO, "NANO" },
	{ STA_MODE, "MODE=FLL" },
	{ STA_CLK, "CLK=B" },
	{ 0, NULL },
};

static const struct word mode_words[] = {
	{ ADJ_OFFSET, "OFFSET" },     { ADJ_FREQUENCY, "FREQUENCY" },
	{ ADJ_MAXERROR, "MAXERROR" }, { ADJ_ESTERROR, "ESTERROR" },
	{ ADJ_STATUS, "STATUS" },     { ADJ_TIMECONST, "TIMECONST" },
	{ ADJ_TAI, "TAI" },           { 0, NULL },
};

static const char *state_name(int state)
{
	switch (state) {
	case TIME_OK:
		return "OK";
	case TIME_INS:
		return "INS";
	case TIME_DEL:
		return "DEL";
	case TIME_OOP:
		return "OOP";
	case TIME_WAIT:
		return "WAIT";
	default:
		return "ERROR";
	}
}

static void print_words(unsigned value, const struct word *words)
{
	const char *before = "";

	printf("0x%x (", value);
	for (; words->name; words++) {
		if (value & words->bit) {
			printf("%s%s", before, words->name);
			before = ",";
		}
	}
	putchar(')');
}

/* The kernel's units are ns or us, as its status says. */
static double in_us(const struct timex *t, long long value)
{
	return t->status & STA_NANO ? (double)value / 1000 : (double)value;
}

/* Its fields are as wide as time is, here or there. */
static void print_errors(const struct timex *t)
{
	printf("  maximum error %lld us, estimated error %lld us,",
	       (long long)t->maxerror, (long long)t->esterror);
}

static void print_time(const struct timex *t, int state, bool raw)
{
	long ns = (long)t->time.tv_usec * (t->status & STA_NANO ? 1 : 1000);
	tstamp at = tstamp_from_unix(t->time.tv_sec, (uint32_t)ns);
	char shown[96];
	struct text text = text_over(shown, sizeof(shown));

	stamp_print(at, &text);
	printf("ntp_gettime() returns code %d (%s)\n", state,
	       state_name(state));
	if (t->status & STA_NANO) {
		printf("  time %s, (.%09ld),\n", shown, ns);
	} else {
		printf("  time %s, (.%06ld),\n", shown, ns / 1000);
	}
	print_errors(t);
	printf(" TAI offset %d\n", t->tai);
	if (raw) {
		printf("ntptime=%x.%x unixtime=%llx.%0*ld %s",
		       (unsigned)(at.v >> 32), (unsigned)at.v,
		       (unsigned long long)t->time.tv_sec,
		       t->status & STA_NANO ? 9 : 6, (long)t->time.tv_usec,
		       ctime(&t->time.tv_sec));
	}
}

static void print_pps(const struct timex *t)
{
	if (t->shift == 0) {
		return; /* there has never been a pulse */
	}
	printf("  pps frequency %.3f ppm, stability %.3f ppm, jitter %.3f us,\n"
	       "  intervals %lld, jitter exceeded %lld, "
	       "stability exceeded %lld, errors %lld.\n",
	       (double)t->ppsfreq / PPM, (double)t->stabil / PPM,
	       in_us(t, t->jitter), (long long)t->calcnt, (long long)t->jitcnt,
	       (long long)t->stbcnt, (long long)t->errcnt);
}

static void print_clock(const struct timex *t, int state, unsigned modes)
{
	printf("ntp_adjtime() returns code %d (%s)\n  modes ", state,
	       state_name(state));
	print_words(modes, mode_words);
	printf(",\n  offset %.3f us, frequency %.3f ppm, interval %d s,\n",
	       in_us(t, t->offset), (double)t->freq / PPM, 1 << t->shift);
	print_errors(t);
	printf("\n  status ");
	print_words((unsigned)t->status, status_words);
	printf(",\n  time constant %lld, precision %.3f us, tolerance %.0f "
	       "ppm,\n",
	       (long long)t->constant, (double)t->precision,
	       (double)t->tolerance / PPM);
	print_pps(t);
}

/* One of the values that root may set; false: it is no number. */
static bool take(struct timex *t, int letter, const char *value)
{
	double number;

	if (!text_to_double(value, strlen(value), &number) || number < -1e9 ||
	    number > 1e9) {
		return false;
	}
	switch (letter) {
	case 'e':
		t->modes |= ADJ_ESTERROR;
		t->esterror = (long)number;
		break;
	case 'f':
		t->modes |= ADJ_FREQUENCY;
		t->freq = (long)(number * PPM);
		break;
	case 'm':
		t->modes |= ADJ_MAXERROR;
		t->maxerror = (long)number;
		break;
	case 'o':
		t->modes |= ADJ_OFFSET;
		t->offset = (long)number;
		break;
	case 's':
		t->modes |= ADJ_STATUS;
		t->status = (int)number;
		break;
	case 'T':
		t->modes |= ADJ_TAI;
		t->constant = (long)number;
		break;
	default:
		t->modes |= ADJ_TIMECONST;
		t->constant = (long)number;
		break;
	}
	return true;
}

static const struct option_line lines[] = {
#define OPTION(letter, name, takes, doc) { letter, name, takes, doc },
#include "programs/ntptime_options.def"
#undef OPTION
};

static const struct option_table options = {
	.usage = "usage: ntptime [-r] [-e ESTERROR_US] [-f PPM] [-m "
		 "MAXERROR_US] "
		 "[-o OFFSET_US] [-s STATUS] [-t CONSTANT] [-T TAI]\n",
	.lines = lines,
	.count = ARRAY_LEN(lines),
	.after = "Without a letter that sets something it only shows the "
		 "kernel's "
		 "clock.\n",
};

static int usage(FILE *out)
{
	options_help(&options, out);
	return out == stdout ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct timex set = { .modes = 0 }, now = { .modes = 0 };
	bool raw = false;
	int letter;

	while ((letter = options_next(&options, argc, argv)) != -1) {
		switch (letter) {
		case 'c': /* how long reading takes: of no use any more */
			break;
		case 'r':
			raw = true;
			break;
		case 'h':
			return usage(stdout);
		case 'V':
			puts(VERSION_LINE("ntptime"));
			return EXIT_SUCCESS;
		default:
			if (!optarg || !take(&set, letter, optarg)) {
				return usage(stderr);
			}
			break;
		}
	}
	unsigned modes = set.modes;
	int err = modes != 0 ? setclock_kernel(&set) : 0;

	if (err < 0) {
		fprintf(stderr,
			"ntptime: must be root to set kernel values: %s\n",
			strerror(-err));
		return EXIT_FAILURE;
	}
	int state = adjtimex(&now);

	if (state < 0) {
		perror("ntptime: ntp_adjtime()");
		return EXIT_FAILURE;
	}
	print_time(&now, state, raw);
	print_clock(&now, state, modes);
	return EXIT_SUCCESS;
}
