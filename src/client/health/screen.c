/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/health/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* The other screen, without a cursor. */
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define END_OF_LINE "\033[K\n"
#define REST "\033[J"
#define WIDTH_USUAL 80
#define HEIGHT_USUAL 24

static const int endings[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static volatile sig_atomic_t ended;
static struct termios before;
static struct sigaction actions[ARRAY_LEN(endings)], resize;
static bool is_open;

bool screen_has_colours(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(out)) && !(no && no[0] != '\0') && term &&
	       strcmp(term, "dumb") != 0;
}

static void note_end(int number)
{
	ended = number;
}

/* Only that poll(2) returns. */
static void note_resize(int number)
{
	(void)number;
}

static void catch_signals(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = note_end;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		(void)sigaction(endings[i], &action, &actions[i]);
	}
	action.sa_handler = note_resize;
	(void)sigaction(SIGWINCH, &action, &resize);
}

static void put(const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n < 0 && errno != EINTR) {
			ended = SIGHUP; /* nobody looks any more */
			return;
		}
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

bool screen_open(void)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &before) != 0) {
		return false;
	}
	ended = 0;
	catch_signals();
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	raw.c_cc[VSUSP] = _POSIX_VDISABLE; /* it would leave the screen as is */
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	put(ENTER, strlen(ENTER));
	is_open = true;
	return true;
}

void screen_close(void)
{
	int number = ended;

	if (!is_open) {
		return;
	}
	is_open = false;
	put(LEAVE, strlen(LEAVE));
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		(void)sigaction(endings[i], &actions[i], NULL);
	}
	(void)sigaction(SIGWINCH, &resize, NULL);
	if (number != 0 && number != SIGINT) {
		(void)raise(number);
	}
}

static struct winsize size(void)
{
	struct winsize w;

	memset(&w, 0, sizeof(w));
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col == 0 ||
	    w.ws_row == 0) {
		w.ws_col = WIDTH_USUAL;
		w.ws_row = HEIGHT_USUAL;
	}
	return w;
}

unsigned screen_width(void)
{
	return size().ws_col;
}

/* In one write, each line over its predecessor: nothing is blank meanwhile. */
void screen_show(const char *text, size_t len)
{
	const char *end = text + len;
	unsigned room = size().ws_row;
	char *frame = NULL;
	size_t framed = 0;
	FILE *out = open_memstream(&frame, &framed);

	if (!out) {
		return;
	}
	fputs(HOME, out);
	for (unsigned line = 1; text < end && line < room; line++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		stop = stop ? stop : end;
		(void)fwrite(text, 1, (size_t)(stop - text), out);
		fputs(END_OF_LINE, out);
		text = stop + 1;
	}
	fputs(REST, out);
	(void)fclose(out);
	put(frame, framed);
	free(frame);
}

bool screen_wait(double seconds)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	struct timespec timeout = { .tv_sec = (time_t)seconds };
	sigset_t blocked, open;
	char key = '\0';
	int ready = -1;

	timeout.tv_nsec = (long)((seconds - (double)timeout.tv_sec) * 1e9);
	sigemptyset(&blocked);
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		sigaddset(&blocked, endings[i]);
	}
	/* A signal between the look and the wait must end the wait. */
	(void)sigprocmask(SIG_BLOCK, &blocked, &open);
	if (ended == 0) {
		ready = ppoll(&p, 1, &timeout, &open);
	}
	(void)sigprocmask(SIG_SETMASK, &open, NULL);
	if (ready > 0 && read(STDIN_FILENO, &key, 1) <= 0) {
		return false; /* the terminal has gone */
	}
	return ended == 0 && key != 'q' && key != 'Q';
}
