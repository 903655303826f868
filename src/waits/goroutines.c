/* SPDX-License-Identifier: MIT
 * What a Go program waits for inside of itself, in the words of its runtime: of its goroutines the one that tells most.
 *
 * That is the main one when it sleeps or waits for a lock; a server's main one waits for connections all day, and that of
 * a program with workers for these, so then it is one that waits for a lock, or another one. The lines are those
 * of a traceback (runtime/traceback.go, goroutineheader), the reasons those of waitReasonStrings in runtime/runtime2.go.
 */
#include "waits/private.h"

#include "base/ascii.h"

#include <stdlib.h>
#include <string.h>

struct goroutine {
	struct goroutine_line head;
	const char *function, *place; /* of the program's own code; NULL none yet */
	bool own;                     /* the next line has the place of that function */
};

struct choice {
	struct goroutine main, lock, mutex, other;
	size_t others;
};

bool waits_goroutine_line(struct arena *a, struct slice line, struct goroutine_line *ret) {
	struct slice number;

	if (!slice_starts(line, "goroutine ")) {
		return false;
	}
	line = slice_from(line, 10);
	if (!slice_cut(&line, ' ', &number) ||
	    str_to_int64(arena_slicedup(a, number), &ret->number) < 0) {
		return false;
	}
	const char *rest = arena_slicedup(a, line);
	const char *open = strchr(rest, '[');
	const char *comma = strstr(rest, ", ");

	ret->waited_ms = -1;
	ret->reason = open ? arena_strndup(a, open + 1, strcspn(open + 1, ",]")) : "";
	if (comma && strstr(comma, " minutes") && ascii_is_digit(comma[2])) {
		ret->waited_ms = strtoll(comma + 2, NULL, 10) * 60000;
	}
	return true;
}

/* The first elements of import paths of the standard library; programs have a dot there, or are "main". */
static bool is_standard(const char *function) {
	static const char *const roots[] = {
		"archive",  "bufio",   "bytes",    "compress", "container", "context", "crypto",
		"database", "debug",   "encoding", "errors",   "expvar",    "flag",    "fmt",
		"go",       "hash",    "html",     "image",    "internal",  "io",      "iter",
		"log",      "maps",    "math",     "mime",     "net",       "os",      "path",
		"reflect",  "regexp",  "runtime",  "slices",   "sort",      "strconv", "strings",
		"sync",     "syscall", "testing",  "text",     "time",      "unicode", "unique",
		"vendor",   NULL};
	size_t slash = strcspn(function, "/"), dot = strcspn(function, ".");

	for (size_t i = 0; roots[i]; i++) {
		size_t len = strlen(roots[i]);

		if (len == (slash < dot ? slash : dot) && strncmp(function, roots[i], len) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_lock(const char *reason) {
	return str_starts(reason, "sync.Mutex") || str_starts(reason, "sync.RWMutex") ||
	       streq(reason, "semacquire");
}

/* Nobody keeps one of these for longer than a piece of work takes; others serve to wait for one another. */
static bool is_mutex(const char *reason) {
	return str_starts(reason, "sync.Mutex") || str_starts(reason, "sync.RWMutex");
}

/* The runtime's own have no code of the program. */
static void choose(struct choice *c, const struct goroutine *g) {
	if (!g->function) {
		return;
	}
	if (is_mutex(g->head.reason) && !c->mutex.function) {
		c->mutex = *g;
	}
	if (g->head.number == 1) {
		c->main = *g;
		return;
	}
	/* One that waits for a connection itself tells less than one that serves it. */
	if (c->others++ == 0 || !streq(g->head.reason, "IO wait")) {
		c->other = *g;
	}
	if (is_lock(g->head.reason) && !c->lock.function) {
		c->lock = *g;
	}
}

/* "main.(*asker).ask(0xc000012345)" and, in the next line, "\t/src/ask/main.go:19 +0x1d". */
static void take_line(struct arena *a, struct goroutine *g, struct slice line) {
	if (slice_starts(line, "\t")) {
		struct slice rest = slice_from(line, 1), place;

		if (g->own && !g->place) {
			g->place = slice_cut(&rest, ' ', &place) ? arena_slicedup(a, place) : "";
		}
		g->own = false;
		return;
	}
	const char *text = arena_slicedup(a, line);
	const char *args = strrchr(text, '(');

	if (!g->function && args && !str_starts(text, "created by ") && !is_standard(text)) {
		g->function = arena_strndup(a, text, (size_t)(args - text));
		g->own = true;
	}
}

static const struct goroutine *telling(const struct choice *c) {
	const char *reason = c->main.function ? c->main.head.reason : "";

	if (streq(reason, "sleep") || is_lock(reason)) {
		return &c->main;
	}
	if (c->lock.function) {
		return &c->lock;
	}
	if (c->others == 1 || (c->others > 0 && streq(reason, "IO wait"))) {
		return &c->other;
	}
	return c->main.function ? &c->main : NULL;
}

/* The code of the server itself is all below golang.org/x/tools/gopls, and what of it waits tells nobody anything; a
 * program of somebody else's that goes by its name has a main package of its own. */
static bool tells_of(const struct waits *w, int64_t pid, const struct goroutine *g) {
	const struct wait_process *p = waits_process(w, pid);

	return !p || !waits_serves(waits_role(w->arena, p)) || str_starts(g->function, "main.");
}

static struct choice choices_in(const struct waits *w, struct slice text) {
	struct choice choice = {0};
	struct goroutine at = {0};
	struct slice line;

	while (slice_line(&text, &line)) {
		struct goroutine_line head;

		if (waits_goroutine_line(w->arena, line, &head)) {
			choose(&choice, &at);
			at = (struct goroutine){.head = head};
		} else if (line.len > 0) {
			take_line(w->arena, &at, line);
		}
	}
	choose(&choice, &at);
	return choice;
}

static void add_inner(struct waits *w, int64_t pid, const struct goroutine *g) {
	if (w->inner_count < WAITS_INNER_MAX) {
		w->inner[w->inner_count++] = (struct wait_inner){
			pid, g->head.number, g->head.reason, g->function, g->place ? g->place : ""};
	}
}

void waits_take_inner(struct waits *w, int64_t pid, struct slice text) {
	struct choice choice = choices_in(w, text);
	const struct goroutine *g = telling(&choice);

	if (g && tells_of(w, pid, g)) {
		add_inner(w, pid, g);
	}
}

void waits_take_locked(struct waits *w, int64_t pid, struct slice text) {
	struct choice choice = choices_in(w, text);

	if (choice.mutex.function) {
		add_inner(w, pid, &choice.mutex);
	}
}

bool waits_is_locked(const struct wait_inner *inner) {
	return inner && is_mutex(inner->reason);
}

const struct wait_inner *waits_inner_of(const struct waits *w, const struct wait_process *p) {
	for (size_t i = 0; i < w->inner_count; i++) {
		if (w->inner[i].pid == p->pid) {
			return &w->inner[i];
		}
	}
	return NULL;
}

const char *waits_inner_words(struct arena *a, const struct wait_inner *inner) {
	const char *in = str_empty(inner->place)
	                         ? inner->function
	                         : arena_printf(a, "%s (%s)", inner->function, inner->place);

	return streq(inner->reason, "sleep") ? arena_printf(a, "sleeps in %s", in)
	       : is_lock(inner->reason) ? arena_printf(a, "waits for a lock of its own in %s", in)
	       : str_starts(inner->reason, "chan ") || str_starts(inner->reason, "select") ||
	                       str_starts(inner->reason, "sync.")
	               ? arena_printf(a, "waits for another part of itself (%s) in %s",
	                              inner->reason, in)
	               : arena_printf(a, "waits in %s (%s)", in, inner->reason);
}
