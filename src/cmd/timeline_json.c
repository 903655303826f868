/* SPDX-License-Identifier: MIT
 * A recorded start for programs; docs/timeline.md says what the members mean.
 */
#include "cmd/timeline.h"
#include "report/json_frame.h"

#define NAME_BYTES ((size_t)4096)

static int64_t us(const struct timeline *line, int64_t ns) {
	return (ns - line->start_ns) / 1000;
}

static void put_phase(struct json *json, const struct timeline *line, const struct phase *p) {
	json_open_element(json, '{');
	json_put(json, "name", phase_name(p->kind));
	json_put_number(json, "start_us", us(line, p->start_ns));
	json_put_number(json, "end_us", us(line, p->end_ns));
	json_put_bool(json, "open", p->is_open);
	json_put_number(json, "calls", (int64_t)p->calls);
	json_put_number(json, "failed", (int64_t)p->failed);
	json_put_number(json, "programs", (int64_t)p->children);
	json_put_number(json, "read_bytes", (int64_t)p->read_bytes);
	json_put_number(json, "written_bytes", (int64_t)p->written_bytes);
	json_put_number(json, "file_us", p->file_ns / 1000);
	json_put_number(json, "lock_us", p->lock_ns / 1000);
	json_put_number(json, "network_us", p->net_ns / 1000);
	json_put_number(json, "sleep_us", p->sleep_ns / 1000);
	json_close(json, '}');
}

static void put_process(struct json *json, const struct timeline *line,
                        const struct timeline_process *p) {
	json_open_element(json, '{');
	json_put_number(json, "pid", p->pid);
	json_put_number(json, "ppid", p->ppid);
	json_put(json, "program", p->program);
	json_put(json, "arguments", p->words);
	json_put_number(json, "start_us", us(line, p->start_ns));
	json_put_number(json, "end_us", us(line, p->end_ns));
	json_put_bool(json, "ended", p->ended);
	json_put_number(json, "wait_status", p->status);
	json_put_bool(json, "server", p->is_server);
	json_close(json, '}');
}

static const char *kind_name(enum episode_kind kind) {
	static const char *const names[] = {"search",  "refused", "lock",  "connect",
	                                    "silence", "sleep",   "death", "in_call"};
	return names[kind];
}

static void put_episode(struct json *json, struct arena *arena, const struct timeline *line,
                        const struct episode *e) {
	json_open_element(json, '{');
	json_put(json, "kind", kind_name(e->kind));
	json_put(json, "text", episode_sentence(arena, e));
	json_put_number(json, "pid", e->pid);
	json_put(json, "program", e->program);
	json_put_or_null(json, "call", e->call);
	json_put_or_null(json, "subject", e->path);
	json_put_number_or_null(json, "errno", e->error);
	json_put_number(json, "count", (int64_t)e->count);
	json_put_number(json, "start_us", us(line, e->start_ns));
	json_put_number(json, "waited_us", e->waited_ns / 1000);
	json_put_bool(json, "to_the_end", e->to_the_end);
	json_put_bool(json, "noise", e->is_noise);
	json_close(json, '}');
}

static void put_messages(struct json *json, const struct timeline *line) {
	json_open_member(json, "messages", '[');
	for (size_t i = 0; i < line->message_count; i++) {
		const struct timeline_message *m = &line->messages[i];
		json_open_element(json, '{');
		json_put_number(json, "at_us", us(line, m->at_ns));
		json_put(json, "from", m->from_client ? "client" : "server");
		json_put(json, "name", m->name);
		json_put_or_null(json, "text", m->text);
		json_put_number(json, "bytes", (int64_t)m->bytes);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_line(struct json *json, struct arena *arena, const char *file,
                     const struct timeline *line) {
	json_put(json, "file", file);
	json_put(json, "summary", timeline_summary(arena, line));
	json_put_or_null(json, "server", line->server);
	json_put_or_null(json, "workspace", line->workspace);
	json_put_number(json, "length_us", us(line, line->end_ns));
	json_put_number(json, "lost", (int64_t)line->lost);
	json_open_member(json, "phases", '[');
	for (size_t i = 0; i < line->phase_count; i++) {
		put_phase(json, line, &line->phases[i]);
	}
	json_close(json, ']');
	json_open_member(json, "processes", '[');
	for (size_t i = 0; i < line->process_count; i++) {
		put_process(json, line, &line->processes[i]);
	}
	json_close(json, ']');
	put_messages(json, line);
	json_open_member(json, "episodes", '[');
	for (size_t i = 0; i < line->episodes.count; i++) {
		put_episode(json, arena, line, &line->episodes.items[i]);
	}
	json_close(json, ']');
}

void timeline_json(struct strbuf *out, const struct timeline_view *view) {
	struct arena *arena = arena_new();
	struct json json = {.out = out};
	json_begin(&json, TIMELINE_SCHEMA);
	json_put_tool(&json);
	put_line(&json, arena, view->file, view->line);
	if (view->other) {
		json_open_member(&json, "other", '{');
		put_line(&json, arena, view->other_file, view->other);
		json_close(&json, '}');
		json_open_member(&json, "divergence", '{');
		json_put_bool(&json, "found", view->divergence.found);
		json_put(&json, "text", view->divergence.what);
		json_put_number(&json, "at_us", view->divergence.at_ns / 1000);
		json_close(&json, '}');
	}
	json_end(&json);
	arena_free(arena);
}
