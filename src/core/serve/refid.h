/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refid.h - who a clock follows, in four octets (RFC 5905, section 7.3).
 */
#ifndef CORE_REFID_H
#define CORE_REFID_H

#include "base/netaddr.h"

#define REFID_INIT UINT32_C(0x494e4954) /* "INIT": never synchronised */
#define REFID_STEP UINT32_C(0x53544550) /* "STEP": jumped, not confirmed */
#define REFID_RATE UINT32_C(0x52415445)
#define REFID_DENY UINT32_C(0x44454e59)
#define REFID_RSTR UINT32_C(0x52535452)
#define REFID_LOCL UINT32_C(0x4c4f434c)
#define REFID_LOOP UINT32_C(0x4c4f4f50)     /* an orphan at stratum 1 ... */
#define REFID_LOOPBACK UINT32_C(0x7f000001) /* ... and at any other */
#define REFID_NKEY UINT32_C(0x4e4b4559)     /* no key to ask with */
#define REFID_POOL UINT32_C(0x504f4f4c)
#define REFID_BCST UINT32_C(0x42435354)
#define REFID_MCST UINT32_C(0x4d435354)
#define REFID_ACST UINT32_C(0x41435354)

/* IPv4: the address; IPv6: the first four octets of its MD5. */
uint32_t refid_of_address(const netaddr *addr);
/* Is it one of these? */
bool refid_is_among(uint32_t refid, const uint32_t *all, size_t count);
/* Up to four characters, left-justified, zero-padded. */
uint32_t refid_of_text(const char *s);

/* Characters, not an address: of a reference clock, or nobody at all. */
bool refid_is_text(uint8_t stratum);
/*
 * As characters or as a dotted quad. A character that could be taken for
 * syntax comes out as a dot: they may be a stranger's.
 */
void refid_print(uint32_t refid, bool is_text, struct text *out);

#endif
