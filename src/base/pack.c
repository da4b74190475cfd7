/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/pack.h"

#include <string.h>

struct pack pack_to(struct writer *w)
{
	return (struct pack){ .writer = w };
}

struct pack pack_from(const uint8_t *data, size_t len)
{
	return (struct pack){ .reader = reader_over(data, len) };
}

bool pack_failed(const struct pack *p)
{
	return p->bad || (p->writer ? p->writer->failed : p->reader.failed);
}

uint64_t pack_uint(struct pack *p, uint64_t v, uint64_t most)
{
	if (p->writer) {
		write_u64(p->writer, v);
		return v;
	}
	v = read_u64(&p->reader);
	if (v > most) {
		p->bad = true;
		v = 0;
	}
	return v;
}

int64_t pack_int(struct pack *p, int64_t v, int64_t least, int64_t most)
{
	v = (int64_t)pack_uint(p, (uint64_t)v, UINT64_MAX);
	if (v < least || v > most) {
		p->bad = true;
		v = least;
	}
	return v;
}

bool pack_bool(struct pack *p, bool v)
{
	return pack_uint(p, v, 1) != 0;
}

int64_t pack_time(struct pack *p, int64_t v)
{
	return pack_int(p, v, INT64_MIN, INT64_MAX);
}

double pack_double(struct pack *p, double v, double least, double most)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	bits = pack_uint(p, bits, UINT64_MAX);
	memcpy(&v, &bits, sizeof(v));
	if (!(v >= least && v <= most)) {
		p->bad = true;
		v = least;
	}
	return v;
}

void pack_bytes(struct pack *p, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p->writer) {
			write_u8(p->writer, bytes[i]);
		} else {
			bytes[i] = read_u8(&p->reader);
		}
	}
}

netaddr pack_addr(struct pack *p, netaddr a)
{
	pack_bytes(p, a.ip, sizeof(a.ip));
	a.scope = (uint32_t)pack_uint(p, a.scope, UINT32_MAX);
	a.port = (uint16_t)pack_uint(p, a.port, UINT16_MAX);
	return a;
}
