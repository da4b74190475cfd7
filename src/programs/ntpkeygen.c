/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntpkeygen.c - makes a file of symmetric keys.
 *
 * Called as ntp-keygen it makes what the classic tool makes with -M: keys 1 to
 * 10 for MD5, 11 to 20 for SHA1. Called as ntpkeygen: keys for AES-128-CMAC
 * (RFC 8573), the better choice where nobody is old. The file is new, for its
 * owner and group alone, and is read back before anybody relies on it
 * (SECURITY.md C7).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/ntptime.h"
#include "client/version.h"
#include "host/system/entropy.h"
#include "programs/options.h"

#define KEYS 20
#define KEYS_OF_KIND 10
#define TEXT_KEY 20 /* letters: 20 of 93 are 130 bits */
#define HEX_KEY 40  /* digits */
#define AES_KEY 32  /* digits */
#define FILE_TEXT 4096
#define NAME_TEXT 256
#define HOST_TEXT 128
#define KEY_MODE 0640

enum kind { CLASSIC, MODERN };

struct file {
	char name[NAME_TEXT], link[NAME_TEXT];
	size_t len;
	char text[FILE_TEXT];
};

static int fail(const char *what, const char *name)
{
	fprintf(stderr, "ntp-keygen: %s %s: %s\n", what, name, strerror(errno));
	return EXIT_FAILURE;
}

static void append(struct file *f, const char *text, size_t len)
{
	INVARIANT(f->len + len < sizeof(f->text));
	memcpy(f->text + f->len, text, len);
	f->len += len;
}

/* Printable, and no '#': that begins a comment. Each is as likely. */
static bool draw_letter(char *letter)
{
	unsigned char byte;

	do {
		if (!entropy_draw(&byte, 1)) {
			return false;
		}
		byte &= 0x7f;
	} while (byte <= ' ' || byte > '~' || byte == '#');
	*letter = (char)byte;
	return true;
}

static bool draw_text(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!draw_letter(&text[i])) {
			return false;
		}
	}
	return true;
}

static bool draw_hex(char *text, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[HEX_KEY];

	if (!entropy_draw(bytes, len)) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		text[i] = digits[bytes[i] & 0xf];
	}
	return true;
}

static bool add_key(struct file *f, enum kind kind, int number)
{
	bool is_text = kind == CLASSIC && number <= KEYS_OF_KIND;
	size_t len = is_text ? TEXT_KEY : kind == CLASSIC ? HEX_KEY : AES_KEY;
	const char *type = is_text ? "MD5" : kind == CLASSIC ? "SHA1" : "AES";
	char secret[HEX_KEY], head[32];
	int head_len = snprintf(head, sizeof(head), "%2d %s ", number, type);

	if (is_text ? !draw_text(secret, len) : !draw_hex(secret, len)) {
		return false;
	}
	append(f, head, (size_t)head_len);
	append(f, secret, len);
	append(f, "\n", 1);
	explicit_bzero(secret, sizeof(secret));
	return true;
}

static bool fill(struct file *f, enum kind kind, time_t now)
{
	char head[NAME_TEXT + 64], date[64] = "";
	struct tm tm;

	if (localtime_r(&now, &tm)) {
		strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", &tm);
	}
	int len = snprintf(head, sizeof(head), "# %s\n# %s\n\n", f->name, date);

	append(f, head, (size_t)len);
	for (int number = 1; number <= KEYS; number++) {
		if (!add_key(f, kind, number)) {
			return false;
		}
	}
	return true;
}

/* Never over what is there, never through a link. */
static int write_file(const struct file *f)
{
	int fd = open(f->name,
		      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      KEY_MODE);

	if (fd < 0) {
		return fail("cannot make", f->name);
	}
	bool good = fchmod(fd, KEY_MODE) == 0 &&
		    write(fd, f->text, f->len) == (ssize_t)f->len &&
		    fsync(fd) == 0;

	if (close(fd) != 0 || !good) {
		return fail("cannot write", f->name);
	}
	return EXIT_SUCCESS;
}

static int read_back(const struct file *f)
{
	char text[FILE_TEXT];
	int fd = open(f->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		return fail("cannot read", f->name);
	}
	ssize_t len = read(fd, text, sizeof(text));
	bool same =
		len == (ssize_t)f->len && memcmp(text, f->text, f->len) == 0;

	close(fd);
	explicit_bzero(text, sizeof(text));
	if (!same) {
		fprintf(stderr, "ntp-keygen: %s is not what was written\n",
			f->name);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int make_link(const struct file *f)
{
	char new[NAME_TEXT + 8];

	snprintf(new, sizeof(new), "%s.new", f->link);
	if ((unlink(new) != 0 && errno != ENOENT) ||
	    symlink(f->name, new) != 0 || rename(new, f->link) != 0) {
		return fail("cannot link", f->link);
	}
	return EXIT_SUCCESS;
}

static int make(enum kind kind)
{
	static struct file f;
	time_t now = time(NULL);
	char host[HOST_TEXT] = "";
	const char *word = kind == CLASSIC ? "MD5" : "AES";
	const char *lower = kind == CLASSIC ? "md5" : "aes";

	if (gethostname(host, sizeof(host) - 1) != 0) {
		return fail("no name of", "this host");
	}
	snprintf(f.name, sizeof(f.name), "ntpkey_%skey_%s.%lld", word, host,
		 (long long)now + UNIX_TO_NTP);
	snprintf(f.link, sizeof(f.link), "ntp.keys");
	printf("Generating new %s file and link\n", lower);
	if (!fill(&f, kind, now)) {
		return fail("no random bytes for", f.name);
	}
	int err = write_file(&f);

	err = err != 0 ? err : read_back(&f);
	err = err != 0 ? err : make_link(&f);
	if (err == 0) {
		printf("%s->%s\n", f.link, f.name);
	}
	explicit_bzero(&f, sizeof(f));
	return err;
}

enum { AES = 256 };

static const struct option_line lines[] = {
#define OPTION(letter, name, takes, doc) { letter, name, takes, doc },
#include "programs/ntpkeygen_options.def"
#undef OPTION
};

static const struct option_table options = {
	.usage = "usage: ntp-keygen -M | ntpkeygen [-M]\n",
	.lines = lines,
	.count = ARRAY_LEN(lines),
	.after = "Certificates and identities of Autokey are not made: it is "
		 "broken and withdrawn.\n",
};

static int usage(FILE *out)
{
	options_help(&options, out);
	return out == stdout ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	bool modern = strcmp(slash ? slash + 1 : argv[0], "ntpkeygen") == 0;
	bool wanted = modern;
	int letter;

	while ((letter = options_next(&options, argc, argv)) != -1) {
		switch (letter) {
		case 'M':
			wanted = true;
			break;
		case AES:
			wanted = modern = true;
			break;
		case 'h':
			return usage(stdout);
		case 'V':
			puts(VERSION_LINE("ntp-keygen"));
			return EXIT_SUCCESS;
		default:
			return usage(stderr);
		}
	}
	umask(077);
	return wanted && optind == argc ? make(modern ? MODERN : CLASSIC)
					: usage(stderr);
}
