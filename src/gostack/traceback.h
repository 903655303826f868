/* SPDX-License-Identifier: MIT
 * Goroutines as text: as the runtime prints them itself (debug=2 of net/http/pprof, SIGQUIT), so
 * that tools which read those read this, or grouped by what they do. Source: Go 1.20-1.27
 * src/runtime/traceback.go.
 */
#ifndef GOSTACK_TRACEBACK_H
#define GOSTACK_TRACEBACK_H

#include "base/str.h"
#include "gostack/gostack.h"

struct traceback_options {
	bool system; /* also the runtime's own goroutines and frames */
	bool full;   /* all frames, however many; the runtime prints 100 */
};

/* The lines of a stack a traceback shows; indices into the stack's frames and their lines. */
struct traceback_line {
	const struct go_line *line;
	const struct go_pc *pc;
};

struct traceback_lines {
	struct traceback_line *items;
	size_t count;
	size_t head;   /* so many are shown, then the elided ones are left out, then the rest */
	size_t elided; /* 0: all are shown */
	bool cut;      /* as go1.20 and older do: nothing behind the first 100 frames */
};

struct traceback_lines traceback_lines(struct gostack *stack, uint32_t index,
                                       const struct traceback_options *options);

/* How far a text in pieces has come; zero to begin. */
struct traceback_place {
	size_t index;
	bool begun;
	struct traceback_piece *cache; /* the text of each stack, made once */
};

#define TRACEBACK_PIECE ((size_t)128 * 1024) /* bytes, more or less */

/* True when a traceback has this goroutine: system ones only when asked for. */
bool traceback_shows(struct gostack *stack, const struct goroutine *g,
                     const struct traceback_options *options);

/* Who made it; false when nobody did or it is not told. */
bool traceback_creator(struct gostack *stack, const struct goroutine *g,
                       const struct traceback_options *options, struct go_line *ret);

/* All goroutines, a blank line between them, in pieces: *next counts on from 0. False, with nothing
 * written, when there are no more. */
bool traceback_text(struct strbuf *out, struct gostack *stack,
                    const struct traceback_options *options, struct traceback_place *next);
/* One block of lines "function(...)\n\tfile:line +0x1\n". */
void traceback_stack(struct strbuf *out, struct gostack *stack, uint32_t index,
                     const struct traceback_options *options);
void traceback_creator_text(struct strbuf *out, const struct go_line *line, uint64_t parent);

#endif
