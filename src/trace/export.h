/* SPDX-License-Identifier: MIT
 * A recording in the forms other programs read. Each is fed all events in order (reader_each) and
 * writes as it goes: its memory grows with the processes, not with the events.
 */
#ifndef TRACE_EXPORT_H
#define TRACE_EXPORT_H

#include "base/err.h"
#include "trace/event.h"

enum export_format {
	EXPORT_STRACE,   /* lines as strace -f -o FILE writes them */
	EXPORT_JSONL,    /* one object a line: docs/query.md */
	EXPORT_PERFETTO, /* Trace Event Format, JSON: Perfetto UI, chrome://tracing */
	EXPORT_OTLP, /* OTLP/JSON: a span per process, a child span per call of a millisecond or more */
};

/* "strace", "jsonl", "perfetto", "otlp"; false for another word. */
bool export_format_find(const char *name, enum export_format *ret);

struct export;

/* wall_offset_ns: what turns the events' time into time since 1970. */
struct export *export_new(enum export_format format, int64_t wall_offset_ns,
                          int (*write)(void *data, struct slice text), void *data);
struct event_sink export_sink(struct export *export);
/* What remains to be written; frees. 0, or what write returned. */
int export_finish(struct export *export);
/* Frees without writing; NULL is fine. */
void export_free(struct export *export);

#endif
