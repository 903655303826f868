/* SPDX-License-Identifier: MIT
 * Sources: Google, "Trace Event Format" (ph X, M, i; times in microseconds); opentelemetry-proto 1.0
 * trace.proto in its JSON form (ids as hexadecimal text, 64-bit numbers as text).
 */
#include "trace/export.h"

#include "base/str.h"
#include "trace/json.h"
#include "trace/render.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/wait.h>

#define SPAN_NS     1000000 /* a shorter call is no span of its own */
#define SLOTS_LEAST 64

/* A process as far as spans and tracks need it. */
struct life {
	pid_t pid, ppid;
	int64_t start_ns, last_ns;
	uint64_t span, parent_span;
	uint64_t calls, failed;
	int status;
	bool ended;
	char name[64];
};

struct export {
	enum export_format format;
	int64_t wall_offset_ns;
	int (*write)(void *data, struct slice text);
	void *data;
	struct arena *arena; /* of one event */
	struct strbuf out;
	struct life *lives;
	size_t count, slots;
	uint64_t spans;
	bool headed, begun;
	int failed;
};

bool export_format_find(const char *name, enum export_format *ret) {
	static const char *const names[] = {"strace", "jsonl", "perfetto", "otlp"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (streq(name, names[i])) {
			*ret = (enum export_format)i;
			return true;
		}
	}
	return false;
}

struct export *export_new(enum export_format format, int64_t wall_offset_ns,
                          int (*write)(void *data, struct slice text), void *data) {
	struct export *x = calloc(1, sizeof(*x));
	if (x) {
		x->format = format;
		x->wall_offset_ns = wall_offset_ns;
		x->write = write;
		x->data = data;
	}
	return x;
}

void export_free(struct export *x) {
	if (x) {
		free(x->lives);
		free(x);
	}
}

/* ---- pieces ---- */

static void text_member(struct strbuf *out, const char *key, const char *text) {
	strbuf_printf(out, ",\"%s\":", key);
	json_add_string(out, slice_str(text));
}

static const char *arguments_of(struct export *x, const struct event *e) {
	struct strbuf args;
	strbuf_init(&args, x->arena);
	render_arguments(&args, e);
	return args.data;
}

static void separate(struct export *x) {
	strbuf_add(&x->out, x->begun ? ",\n" : "");
	x->begun = true;
}

/* ---- processes ---- */

static struct life *life_of(struct export *x, pid_t pid) {
	for (size_t i = x->count; i-- > 0;) {
		if (x->lives[i].pid == pid) {
			return x->lives[i].ended ? NULL : &x->lives[i];
		}
	}
	return NULL;
}

static struct life *begin_life(struct export *x, pid_t pid, pid_t ppid, int64_t now_ns) {
	const struct life *parent = life_of(x, ppid);
	uint64_t parent_span = parent ? parent->span : 0;
	char name[64] = "";
	if (parent) {
		memcpy(name, parent->name, sizeof(name));
	}
	if (x->count == x->slots) {
		size_t more = x->slots > 0 ? x->slots * 2 : SLOTS_LEAST;
		struct life *bigger = realloc(x->lives, more * sizeof(*bigger));
		if (!bigger) {
			x->failed = -ENOMEM;
			return NULL;
		}
		x->lives = bigger;
		x->slots = more;
	}
	struct life *l = &x->lives[x->count++];
	*l = (struct life){.pid = pid,
	                   .ppid = ppid,
	                   .start_ns = now_ns,
	                   .last_ns = now_ns,
	                   .span = ++x->spans,
	                   .parent_span = parent_span};
	memcpy(l->name, name, sizeof(name));
	return l;
}

/* The name of a process: the last element of its program. Perfetto is told at once. */
static void name_life(struct export *x, struct life *l, struct slice path) {
	const char *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;
	struct slice base =
		slash ? slice_of(slash + 1, (size_t)(path.data + path.len - slash - 1)) : path;
	base.len = base.len < sizeof(l->name) ? base.len : sizeof(l->name) - 1;
	if (base.len > 0) {
		memcpy(l->name, base.data, base.len);
		l->name[base.len] = '\0';
	}
	if (x->format == EXPORT_PERFETTO) {
		separate(x);
		strbuf_printf(
			&x->out,
			"{\"ph\":\"M\",\"pid\":%d,\"name\":\"process_name\",\"args\":{\"name\":",
			l->pid);
		json_add_string(&x->out, slice_str(l->name));
		strbuf_add(&x->out, "}}");
	}
}

static const struct payload *program_of(const struct event *e) {
	if (e->kind == EVENT_STATE) {
		return event_payload(e, PAYLOAD_FILE, STATE_EXE);
	}
	bool words = false;
	const struct payload *path = NULL;
	for (size_t i = 0; i < e->payload_count; i++) {
		words = words || e->payloads[i].kind == PAYLOAD_STRINGS;
		path = !path && e->payloads[i].kind == PAYLOAD_STRING ? &e->payloads[i] : path;
	}
	bool execs = e->kind == EVENT_EXEC ||
	             (e->kind == EVENT_CALL && words && e->duration_ns >= 0 && e->result == 0);
	return execs ? path : NULL;
}

static void follow(struct export *x, const struct event *e) {
	if (e->kind == EVENT_LOST) {
		return;
	}
	struct life *l = life_of(x, e->pid);
	l = l ? l : begin_life(x, e->pid, 0, e->start_ns);
	if (!l) {
		return;
	}
	int64_t end =
		e->start_ns + (e->kind == EVENT_CALL && e->duration_ns > 0 ? e->duration_ns : 0);
	l->last_ns = end > l->last_ns ? end : l->last_ns;
	l->calls += e->kind == EVENT_CALL;
	l->failed += event_failed(e);
	if (e->kind == EVENT_EXIT) {
		l->status = e->status;
	}
	const struct payload *program = program_of(e);
	if (program) {
		name_life(x, l, program->bytes);
	}
	if (e->kind == EVENT_FORK && e->child_pid != e->pid) {
		struct life *old = life_of(x, e->child);
		if (old) {
			old->ended = true; /* the number is used again */
		}
		(void)begin_life(x, e->child, e->pid, e->start_ns);
	}
}

/* ---- formats ---- */

static void put_strace(struct export *x, const struct event *e) {
	if (render_line(&x->out, e)) {
		strbuf_add_char(&x->out, '\n');
	}
}

static void put_jsonl(struct export *x, const struct event *e) {
	struct strbuf *out = &x->out;
	strbuf_printf(out, "{\"kind\":\"%s\",\"start_ns\":%" PRId64 ",\"pid\":%d,\"tid\":%d",
	              render_kind(e->kind), e->start_ns, e->pid, e->tid);
	if (e->kind == EVENT_CALL) {
		text_member(out, "call", render_name(x->arena, e));
		text_member(out, "args", arguments_of(x, e));
		if (e->duration_ns >= 0) {
			strbuf_printf(out, ",\"duration_ns\":%" PRId64 ",\"result\":%" PRId64,
			              e->duration_ns, e->result);
		}
		if (render_errno(e)) {
			text_member(out, "errno", render_errno(e));
		}
		strbuf_add(out, e->injected ? ",\"injected\":true" : "");
	} else if (e->kind == EVENT_FORK) {
		strbuf_printf(out, ",\"child\":%d,\"thread\":%s", e->child,
		              e->child_pid == e->pid ? "true" : "false");
	} else if (e->kind == EVENT_LOST) {
		strbuf_printf(out, ",\"lost\":%" PRIu64, e->lost);
	} else if (e->kind == EVENT_EXIT || e->kind == EVENT_SIGNAL || e->kind == EVENT_STOP) {
		strbuf_printf(out, ",\"status\":%d", e->status);
	}
	const struct payload *program = program_of(e);
	if (program && e->kind != EVENT_CALL) {
		strbuf_add(out, ",\"program\":");
		json_add_string(out, program->bytes);
	}
	strbuf_add(out, "}\n");
}

static void put_perfetto(struct export *x, const struct event *e) {
	struct strbuf *out = &x->out;
	double at = (double)e->start_ns / 1000;
	if (e->kind == EVENT_CALL && e->duration_ns >= 0) {
		separate(x);
		strbuf_printf(out, "{\"ph\":\"X\",\"pid\":%d,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f",
		              e->pid, e->tid, at, (double)e->duration_ns / 1000);
		text_member(out, "name", render_name(x->arena, e));
		text_member(out, "cat", event_failed(e) ? "failed" : "call");
		struct strbuf result;
		strbuf_init(&result, x->arena);
		render_result(&result, e);
		strbuf_add(out, ",\"args\":{\"args\":");
		json_add_string(out, slice_str(arguments_of(x, e)));
		text_member(out, "result", result.data);
		strbuf_add(out, "}}");
	} else if (e->kind == EVENT_SIGNAL || e->kind == EVENT_LOST) {
		struct strbuf name;
		strbuf_init(&name, x->arena);
		if (e->kind == EVENT_SIGNAL) {
			render_signal(&name, e->status);
		} else {
			strbuf_printf(&name, "%" PRIu64 " events lost", e->lost);
		}
		separate(x);
		strbuf_printf(out, "{\"ph\":\"i\",\"s\":\"%s\",\"pid\":%d,\"tid\":%d,\"ts\":%.3f",
		              e->kind == EVENT_LOST ? "g" : "t", e->pid, e->tid, at);
		text_member(out, "name", name.data);
		strbuf_add_char(out, '}');
	}
}

/* All of a recording is one trace; its id is the moment it began at. */
static void open_span(struct export *x, uint64_t span, uint64_t parent, const char *name,
                      int64_t start_ns, int64_t end_ns) {
	separate(x);
	strbuf_printf(&x->out,
	              "{\"traceId\":\"%016" PRIx64 "%016" PRIx64 "\",\"spanId\":\"%016" PRIx64 "\"",
	              (uint64_t)x->wall_offset_ns, UINT64_C(0x6469616c746f6e65), span);
	if (parent) {
		strbuf_printf(&x->out, ",\"parentSpanId\":\"%016" PRIx64 "\"", parent);
	}
	text_member(&x->out, "name", name);
	strbuf_printf(&x->out,
	              ",\"kind\":1,\"startTimeUnixNano\":\"%" PRId64
	              "\",\"endTimeUnixNano\":\"%" PRId64 "\"",
	              start_ns + x->wall_offset_ns, end_ns + x->wall_offset_ns);
}

static void number_attribute(struct strbuf *out, const char *key, int64_t number, bool first) {
	strbuf_printf(out, "%s{\"key\":\"%s\",\"value\":{\"intValue\":\"%" PRId64 "\"}}",
	              first ? "" : ",", key, number);
}

static void put_otlp(struct export *x, const struct event *e) {
	const struct life *l = life_of(x, e->pid);
	if (e->kind != EVENT_CALL || e->duration_ns < SPAN_NS || !l) {
		return;
	}
	open_span(x, ++x->spans, l->span, render_name(x->arena, e), e->start_ns,
	          e->start_ns + e->duration_ns);
	strbuf_add(&x->out, ",\"attributes\":[");
	number_attribute(&x->out, "process.pid", e->pid, true);
	number_attribute(&x->out, "thread.id", e->tid, false);
	strbuf_add(&x->out, ",{\"key\":\"syscall.args\",\"value\":{\"stringValue\":");
	json_add_string(&x->out, slice_str(arguments_of(x, e)));
	strbuf_add(&x->out, "}}]");
	if (event_failed(e)) {
		strbuf_add(&x->out, ",\"status\":{\"code\":2");
		text_member(&x->out, "message", render_errno(e) ? render_errno(e) : "error");
		strbuf_add_char(&x->out, '}');
	}
	strbuf_add_char(&x->out, '}');
}

static void put_life(struct export *x, const struct life *l) {
	open_span(x, l->span, l->parent_span, *l->name ? l->name : "process", l->start_ns,
	          l->last_ns);
	strbuf_add(&x->out, ",\"attributes\":[");
	number_attribute(&x->out, "process.pid", l->pid, true);
	number_attribute(&x->out, "process.parent_pid", l->ppid, false);
	number_attribute(&x->out, "syscall.count", (int64_t)l->calls, false);
	number_attribute(&x->out, "syscall.failed", (int64_t)l->failed, false);
	number_attribute(&x->out, "process.wait_status", l->status, false);
	strbuf_printf(&x->out, "],\"status\":{\"code\":%d}}", l->status != 0 ? 2 : 0);
}

static void head(struct export *x) {
	if (x->format == EXPORT_PERFETTO) {
		strbuf_add(&x->out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
	} else if (x->format == EXPORT_OTLP) {
		strbuf_add(&x->out,
		           "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service."
		           "name\","
		           "\"value\":{\"stringValue\":\"dialtone\"}}]},\"scopeSpans\":[{\"scope\":"
		           "{\"name\":\"dialtone.trace\"},\"spans\":[\n");
	}
}

static int flush(struct export *x) {
	int r = x->out.len > 0 ? x->write(x->data, slice_of(x->out.data, x->out.len)) : 0;
	x->failed = x->failed < 0 ? x->failed : r;
	arena_free(x->arena);
	x->arena = NULL;
	return x->failed;
}

static void open_text(struct export *x) {
	x->arena = arena_new();
	strbuf_init(&x->out, x->arena);
	if (!x->headed) {
		x->headed = true;
		head(x);
	}
}

static int take(void *data, const struct event *e) {
	struct export *x = data;
	open_text(x);
	follow(x, e);
	switch (x->format) {
	case EXPORT_STRACE:
		put_strace(x, e);
		break;
	case EXPORT_JSONL:
		put_jsonl(x, e);
		break;
	case EXPORT_PERFETTO:
		put_perfetto(x, e);
		break;
	case EXPORT_OTLP:
		put_otlp(x, e);
		break;
	}
	return flush(x);
}

struct event_sink export_sink(struct export *x) {
	return (struct event_sink){.data = x, .take = take};
}

int export_finish(struct export *x) {
	open_text(x);
	for (size_t i = 0; x->format == EXPORT_OTLP && i < x->count; i++) {
		put_life(x, &x->lives[i]);
	}
	if (x->format == EXPORT_PERFETTO) {
		strbuf_add(&x->out, "\n]}\n");
	} else if (x->format == EXPORT_OTLP) {
		strbuf_add(&x->out, "\n]}]}]}\n");
	}
	int r = flush(x);
	export_free(x);
	return r;
}
