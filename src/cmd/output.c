/* SPDX-License-Identifier: MIT */
#include "cmd/output.h"

#include "base/fd.h"
#include "base/file.h"
#include "report/harmless.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80
#define COLUMNS_MIN     20
#define COLUMNS_MAX     500

static size_t columns_find(bool tty) {
	struct winsize size;
	int64_t columns = 0;
	const char *asked = getenv("COLUMNS");
	if (!asked || str_to_int64(asked, &columns) < 0) {
		columns = 0;
	}
	if (columns <= 0 && tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
		columns = size.ws_col;
	}
	if (columns <= 0) {
		return COLUMNS_DEFAULT;
	}
	return columns < COLUMNS_MIN   ? COLUMNS_MIN
	       : columns > COLUMNS_MAX ? COLUMNS_MAX
	                               : (size_t)columns;
}

static bool locale_is_utf8(void) {
	const char *codeset = nl_langinfo(CODESET);
	return streq(codeset, "UTF-8") || streq(codeset, "utf8");
}

struct terminal terminal_find(const char *color) {
	const char *term = getenv("TERM");
	bool tty = isatty(STDOUT_FILENO) == 1;
	bool able = !str_empty(term) && !streq(term, "dumb");
	struct terminal t = {
		.colour = tty && able && str_empty(getenv("NO_COLOR")),
		.progress = tty && able && isatty(STDERR_FILENO) == 1,
		.utf8 = locale_is_utf8(),
		.is_tty = tty,
		.columns = columns_find(tty),
	};
	if (streq(color, "always") || streq(color, "never")) {
		t.colour = streq(color, "always");
	}
	return t;
}

bool color_is_valid(const char *color) {
	if (!color || streq(color, "auto") || streq(color, "always") || streq(color, "never")) {
		return true;
	}
	output_complain("option '--color': expected auto, always or never, got '%s'", color);
	return false;
}

int output_write(const struct strbuf *text, int status) {
	int r = fd_write_all(STDOUT_FILENO, text->data, text->len);
	if (r == 0 || r == -EPIPE) {
		return status;
	}
	output_complain("cannot write to standard output: %s", strerror(-r));
	return STATUS_UNKNOWN;
}

void output_complain(const char *fmt, ...) {
	struct arena *arena = arena_new();
	struct strbuf out;
	va_list ap;
	va_start(ap, fmt);
	const char *text = arena_vprintf(arena, fmt, ap);
	va_end(ap);
	strbuf_init(&out, arena);
	strbuf_printf(&out, "dialtone: %s\n", harmless(arena, text, locale_is_utf8()));
	(void)fd_write_all(STDERR_FILENO, out.data, out.len);
	arena_free(arena);
}

/* 0 when there is nothing at path that anybody would miss. */
static int target_check(const char *path, const char *mark, struct err *err) {
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char head[128];
	struct stat st;
	if (fd < 0 && errno == ENOENT) {
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		return err_set(err, -errno, "cannot write '%s': %s", path, strerror(errno));
	}
	ssize_t n = S_ISREG(st.st_mode) ? read(fd, head, sizeof(head)) : -1;
	if (n < 0) {
		return err_set(err, -EEXIST, "'%s' is not a regular file; give another name", path);
	}
	if (n > 0 && !slice_starts(slice_of(head, (size_t)n), mark)) {
		return err_set(err, -EEXIST,
		               "'%s' exists and is not one of ours; it is left as it is", path);
	}
	return 0;
}

int output_file(const char *path, const struct strbuf *text, const char *mark, struct err *err) {
	int r = target_check(path, mark, err);
	return r < 0 ? r : file_replace(path, slice_of(text->data, text->len), err);
}
