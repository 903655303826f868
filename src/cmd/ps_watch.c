/* SPDX-License-Identifier: MIT
 * `dialtone ps --watch`: the table again and again, on a screen of its own.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "cmd/check_options.h"
#include "cmd/ps.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define LINES_DEFAULT 24

/* xterm control sequences: the other screen, no cursor; home; the rest of the line, of the screen. */
static const char screen_open[] = "\033[?1049h\033[?25l";
static const char screen_close[] = "\033[?25h\033[?1049l";
static const char screen_home[] = "\033[H";
static const char line_end[] = "\033[K\r\n";
static const char screen_rest[] = "\033[J";

struct screen {
	struct termios before;
	bool has_keys; /* stdin is a terminal: its mode was changed */
};

static void write_text(const char *text, size_t len) {
	/* A terminal that went away ends the loop by its signal. */
	(void)fd_write_all(STDOUT_FILENO, text, len);
}

static void screen_begin(struct screen *s) {
	struct termios keys;

	*s = (struct screen){0};
	if (isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &s->before) == 0) {
		keys = s->before;
		keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		keys.c_cc[VMIN] = 1;
		keys.c_cc[VTIME] = 0;
		s->has_keys = tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0;
	}
	write_text(screen_open, sizeof screen_open - 1);
}

static void screen_end(const struct screen *s) {
	write_text(screen_close, sizeof screen_close - 1);
	if (s->has_keys) {
		tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
	}
}

static size_t screen_lines(void) {
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row
	                                                                       : LINES_DEFAULT;
}

static void draw(struct arena *arena, const struct strbuf *text, size_t lines) {
	struct slice rest = slice_of(text->data, text->len), line;
	struct strbuf out;

	strbuf_init(&out, arena);
	strbuf_add(&out, screen_home);
	for (size_t i = 0; i + 1 < lines && slice_line(&rest, &line); i++) {
		strbuf_add_n(&out, line.data, line.len);
		strbuf_add(&out, line_end);
	}
	strbuf_add(&out, screen_rest);
	write_text(out.data, out.len);
}

/* True when the user has seen enough. */
static bool wait_for_end(const struct screen *s, const struct interrupt *interrupt,
                         int64_t until_ns) {
	struct pollfd fds[2] = {{.fd = interrupt->fd, .events = POLLIN},
	                        {.fd = s->has_keys ? STDIN_FILENO : -1, .events = POLLIN}};

	for (;;) {
		int64_t left_ns = until_ns - clock_now_ns();

		if (left_ns <= 0) {
			return false;
		}
		if (poll(fds, 2, (int)(left_ns / NS_PER_MS) + 1) <= 0) {
			continue;
		}
		char key = 0;
		bool hung_up = (fds[1].revents & (POLLHUP | POLLERR)) != 0;

		if (fds[0].revents || hung_up ||
		    (fds[1].revents & POLLIN && read(STDIN_FILENO, &key, 1) <= 0) || key == 'q' ||
		    key == 'Q') {
			return true;
		}
		if (fds[1].revents) {
			return false; /* any other key: at once */
		}
	}
}

int ps_watch(const struct ps_options *options, int64_t every_ns) {
	struct interrupt interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1};
	struct screen screen;
	int status = STATUS_HEALTHY;
	bool ends = false;

	interrupt_open(&interrupt, INT64_MAX);
	screen_begin(&screen);
	while (!ends && status == STATUS_HEALTHY) {
		struct arena *arena = arena_new();
		struct terminal terminal = terminal_find(options->color);
		size_t lines = screen_lines();
		struct strbuf out;

		strbuf_init(&out, arena);
		status = ps_once(arena, options, &interrupt, &terminal, lines - 1, &out);
		if (status == STATUS_HEALTHY) {
			draw(arena, &out, lines);
			ends = wait_for_end(&screen, &interrupt, clock_now_ns() + every_ns);
		}
		arena_free(arena);
	}
	screen_end(&screen);
	int signal = interrupt_signal(&interrupt);

	interrupt_close(&interrupt);
	/* Ctrl-C is how one leaves such a screen: no error. */
	return signal != 0 && signal != SIGINT ? STATUS_SIGNAL_BASE + signal
	       : signal == SIGINT              ? STATUS_HEALTHY
	                                       : status;
}
