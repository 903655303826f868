/* SPDX-License-Identifier: MIT
 * An event as a line, as strace(1) 6.1 writes it: name(arguments) = result. What was not copied is
 * an address.
 */
#ifndef TRACE_RENDER_H
#define TRACE_RENDER_H

#include "base/str.h"
#include "trace/call.h"
#include "trace/event.h"

#define RENDER_STRING_BYTES 32 /* of a string shown, as strace */
#define RENDER_WORDS        32 /* of an argv or array */

/* "4711  openat(AT_FDCWD, "go.mod", O_RDONLY) = 3", without an end of line. Events that strace has
 * no line for (forks, execs, what /proc said) give "" and false. */
bool render_line(struct strbuf *out, const struct event *event);

/* What stands between the brackets; what stands behind the "=". */
void render_arguments(struct strbuf *out, const struct event *event);
void render_result(struct strbuf *out, const struct event *event);

/* "call", "fork", … */
const char *render_kind(enum event_kind kind);
/* "openat", or "syscall_500". */
const char *render_name(struct arena *arena, const struct event *event);
/* "ENOENT" of a failed call, NULL of others. */
const char *render_errno(const struct event *event);
/* "SIGTERM", or "SIGRT_3". */
void render_signal(struct strbuf *out, int signal);

#endif
