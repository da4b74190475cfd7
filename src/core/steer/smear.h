/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smear.h - a leap second as clients get it who cannot bear one: the time that
 * is served leaves the true one little by little, and is a second away when
 * the clock leaps to meet it.
 *
 * The way is half a period of a cosine, as the classic daemon has it, so that
 * servers of both kinds agree: it begins and ends without a bend, and is at
 * most smear_rate() steep, pi/2 times what a straight line were. It ends at the
 * leap second, so that afterwards everybody has the true time.
 */
#ifndef CORE_SMEAR_H
#define CORE_SMEAR_H

#include "base/ntptime.h"
#include "wire/packet.h"

struct smear {
	unsigned length_s; /* 0: this server does not smear at all */
	enum leap leap;    /* what is due; none: nothing to smear now */
	tstamp end;        /* when the clock leaps, as it shows before it */
};

/* What is served less what the clock shows. */
span smear_offset(const struct smear *s, tstamp shown);
/*
 * The last second before an insertion and its repetition look the same: until
 * somebody says that the clock has leapt, nobody knows what to serve.
 */
bool smear_is_blind(const struct smear *s, tstamp shown);
/* The steepest part of it, s/s; of a length that is not zero. */
double smear_rate(unsigned length_s);

/* 254.x.y.z, whose last three octets are the offset in 2^-22 s. */
uint32_t smear_refid(span offset);
/* Is it such a one? One in 512 hashes of an IPv6 address looks so. */
bool smear_is_refid(uint32_t refid);

#endif
