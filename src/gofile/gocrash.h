/* SPDX-License-Identifier: MIT
 * The traceback with which a Go program ends. Source: runtime/panic.go, traceback.go, signal_unix.go of
 * Go 1.18 to 1.27; the text is not a stable format, so whatever is not there stays empty.
 */
#ifndef GOFILE_GOCRASH_H
#define GOFILE_GOCRASH_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdint.h>

struct gocrash {
	const char *kind;   /* panic, fatal (error of the runtime), signal (SIGQUIT, SIGABRT …) */
	const char *text;   /* what follows "panic: ", "fatal error: ", or the signal's line */
	const char *signal; /* "SIGSEGV: segmentation violation", or "" */
	int64_t goroutine;  /* number of the first one that is listed, 0 when none is */
	const char *state;  /* "running" */
	const char *frame;  /* its first function that is not the runtime's, or "" */
	const char *file;   /* of that frame, or "" */
	int64_t line;
	const char *version; /* of golang.org/x/tools/gopls in the paths of the frames, or "" */
	bool telemetry;      /* the frame is in golang.org/x/telemetry */
};

/* The first traceback in text: a line that says why, and behind it goroutines with frames, or at least
 * the line. False when there is none. Any bytes will do; texts live in the arena. */
bool gocrash_parse(struct arena *arena, struct slice text, struct gocrash *ret);

#endif
