/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/serve/spread.h"

#include <errno.h>
#include <linux/filter.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "host/net/udp.h"
#include "host/serve/serversock.h"
#include "host/system/entropy.h"
#include "wire/mode6.h"

/* Where the source address is, from the header of IP on. */
#define V4_SOURCE (SKF_NET_OFF + 12)
#define V6_SOURCE (SKF_NET_OFF + 8)
/* Odd, with bits everywhere. */
#define FIRST_FACTOR 0x9e3779b1u
#define SECOND_FACTOR 0x85ebca6bu
#define MODE_MASK 7

void spread_init(struct spread *s, unsigned threads)
{
	*s = (struct spread){ .threads = threads };
	if (!entropy_draw(s->key, sizeof(s->key))) {
		s->threads = 0;
	}
}

static size_t sockets_of(unsigned threads)
{
	return (size_t)threads * SPREAD_SOCKETS;
}

/* An A that is a source, or a mix of one, to the number of a thread. */
#define MIX_TO_THREAD(key, threads) \
	BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, (key)), \
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, FIRST_FACTOR), \
		BPF_STMT(BPF_MISC | BPF_TAX, 0), \
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 15), \
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0), \
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, SECOND_FACTOR), \
		BPF_STMT(BPF_MISC | BPF_TAX, 0), \
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16), \
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0), \
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, (threads))

/* And from there to its socket for what the first octet says; ends. */
#define SOCKET_OF_THREAD \
	BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, SPREAD_SOCKETS), \
		BPF_STMT(BPF_MISC | BPF_TAX, 0), \
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), \
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, MODE_MASK), \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MODE6_MODE, 0, 3), \
		BPF_STMT(BPF_MISC | BPF_TXA, 0), \
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, SPREAD_CONTROL), \
		BPF_STMT(BPF_RET | BPF_A, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0), \
		BPF_STMT(BPF_RET | BPF_A, 0)

static bool attach(int fd, struct sock_filter *code, size_t len)
{
	const struct sock_fprog program = { .len = (unsigned short)len,
					    .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
			  sizeof(program)) == 0;
}

static bool attach_program(const struct spread *s, int fd, const netaddr *addr,
			   unsigned threads)
{
	struct sock_filter v4[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)V4_SOURCE),
		MIX_TO_THREAD(s->key[0], threads),
		SOCKET_OF_THREAD,
	};
	struct sock_filter v6[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)V6_SOURCE),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, s->key[1]),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, SECOND_FACTOR),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)V6_SOURCE + 4),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
		MIX_TO_THREAD(s->key[0], threads),
		SOCKET_OF_THREAD,
	};

	return netaddr_is_v4(addr) ? attach(fd, v4, ARRAY_LEN(v4))
				   : attach(fd, v6, ARRAY_LEN(v6));
}

/* --- the same, by us --- */

static uint32_t mix(uint32_t a, uint32_t factor, unsigned shift)
{
	a *= factor;
	return a ^ a >> shift;
}

unsigned spread_thread(const struct spread *s, const netaddr *from)
{
	uint32_t a;

	if (s->threads < 2) {
		return 0;
	}
	if (netaddr_is_v4(from)) {
		a = bytes_be32(from->ip + 12);
	} else {
		a = mix(bytes_be32(from->ip) ^ s->key[1], SECOND_FACTOR, 16) +
		    bytes_be32(from->ip + 4);
	}
	a = mix(mix(a ^ s->key[0], FIRST_FACTOR, 15), SECOND_FACTOR, 16);
	return a % s->threads;
}

static void close_from(int *fds, size_t keep, size_t count)
{
	/* The last first: so the others stay the ones they are. */
	while (count > keep) {
		close(fds[--count]);
	}
}

/* For mode 6 (F4), and where somebody could pretend to be loopback (F2). */
static bool wants_interface(const netaddr *addr, size_t at)
{
	return at % SPREAD_SOCKETS == SPREAD_CONTROL ||
	       netaddr_is_loopback(addr);
}

/* Opens until there are `wanted`; how many there are. */
static size_t open_others(int *fds, size_t count, size_t wanted,
			  const netaddr *addr, unsigned dscp)
{
	while (count < wanted) {
		int fd = serversock_bind(addr, dscp, BIND_SHARED);

		if (fd < 0) {
			errno = -fd;
			break;
		}
		udp_want_destination(fd, addr, wants_interface(addr, count));
		fds[count++] = fd;
	}
	return count;
}

/* Sockets share an address when they are of one user: one of our last life may
 * be of whom we have not become yet. */
static size_t open_beside(int *fds, size_t wanted, const netaddr *addr,
			  unsigned dscp)
{
	struct stat first;
	size_t count;

	if (fstat(fds[0], &first) != 0) {
		return 1;
	}
	uid_t was = (uid_t)setfsuid(first.st_uid);

	count = open_others(fds, 1, wanted, addr, dscp);
	(void)setfsuid(was);
	return count;
}

int *spread_open(const struct spread *s, int first, const netaddr *addr,
		 unsigned dscp)
{
	size_t wanted = sockets_of(s->threads), count = 0;
	int *fds = calloc(wanted + 1, sizeof(*fds)), on = 1, off = 0, error;

	/* Only now: whoever binds before is refused, as ever. */
	if (fds &&
	    setsockopt(first, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0) {
		fds[0] = first;
		count = open_beside(fds, wanted, addr, dscp);
		if (count == wanted &&
		    attach_program(s, first, addr, s->threads)) {
			udp_want_destination(first, addr,
					     wants_interface(addr, 0));
			return fds;
		}
		error = errno;
		close_from(fds, 1, count);
		(void)setsockopt(first, SOL_SOCKET, SO_REUSEPORT, &off,
				 sizeof(off));
		errno = error;
	}
	error = errno;
	free(fds);
	errno = error;
	return NULL;
}

void spread_end(const struct spread *s, int *fds)
{
	close_from(fds, 1, sockets_of(s->threads));
}

bool spread_shrink(const struct spread *s, int *fds, const netaddr *addr,
		   unsigned threads)
{
	if (!attach_program(s, fds[0], addr, threads)) {
		int error = errno;

		spread_end(s, fds);
		errno = error;
		return false;
	}
	close_from(fds, sockets_of(threads), sockets_of(s->threads));
	return true;
}

void spread_gather(const int *fds)
{
	struct sock_filter first[] = { BPF_STMT(BPF_RET | BPF_K, 0) };

	(void)attach(fds[0], first, ARRAY_LEN(first));
}

bool spread_is_gathered(const int *fds, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct pollfd other = { .fd = fds[i], .events = POLLIN };

		if (poll(&other, 1, 0) > 0) {
			return false;
		}
	}
	return true;
}
