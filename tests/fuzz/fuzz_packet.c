/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The headers of both protocols: whatever is accepted is written back as the
 * same octets, and a reader never stands behind the end.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/mode6.h"
#include "wire/packet.h"

static void try_packet(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(data, size);
	uint8_t again[PACKET_LEN];
	struct writer w = writer_over(again, sizeof(again));
	struct packet p;

	if (packet_parse(&p, &r) != PACKET_OK) {
		INVARIANT(size < PACKET_LEN);
		return;
	}
	packet_write(&p, &w);
	INVARIANT(!w.failed && reader_left(&r) == size - PACKET_LEN);
	INVARIANT(memcmp(again, data, PACKET_LEN) == 0);
}

static void try_mode6(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(data, size);
	uint8_t again[MODE6_HEADER];
	struct writer w = writer_over(again, sizeof(again));
	struct mode6 m;

	if (!mode6_parse(&m, &r)) {
		INVARIANT(size < MODE6_HEADER || (data[0] & 7) != MODE6_MODE);
		return;
	}
	mode6_write(&m, &w);
	INVARIANT(!w.failed && reader_left(&r) == size - MODE6_HEADER);
	INVARIANT(memcmp(again, data, MODE6_HEADER) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_packet(data, size);
	try_mode6(data, size);
	return 0;
}
