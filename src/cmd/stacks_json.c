/* SPDX-License-Identifier: MIT */
#include "cmd/stacks.h"

#include "report/json_frame.h"

static void put_place(struct json *json, const struct go_line *line) {
	json_put(json, "function", line->function);
	json_put(json, "file", line->file);
	json_put_number(json, "line", line->line);
	if ((line->marks & LINE_INLINED) != 0) {
		json_put_bool(json, "inlined", true);
	} else {
		json_put_number(json, "offset", line->offset);
	}
}

static void put_frames(struct json *json, struct gostack *s, uint32_t index,
                       const struct traceback_options *options) {
	struct traceback_lines lines = traceback_lines(s, index, options);
	json_open_member(json, "frames", '[');
	for (size_t i = 0; i < lines.count; i++) {
		if (i == lines.head && lines.elided > 0) {
			i += lines.elided;
		}
		json_open_element(json, '{');
		put_place(json, lines.items[i].line);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_put_number(json, "elided_after", lines.elided > 0 ? (int64_t)lines.head : 0);
	json_put_number(json, "elided", (int64_t)lines.elided);
}

static void put_creator(struct json *json, struct gostack *s, const struct goroutine *g) {
	static const struct traceback_options all = {.system = true};
	struct go_line creator;
	json_key(json, "created_by");
	if (traceback_creator(s, g, &all, &creator)) {
		json_open(json, '{');
		put_place(json, &creator);
		json_close(json, '}');
	} else {
		strbuf_add(json->out, "null");
		json->filled = true;
	}
}

static void put_labels(struct json *json, struct gostack *s, const struct goroutine *g) {
	struct go_label labels[LABELS_MAX];
	size_t n = gostack_labels(s, g, labels);
	if (n == 0) {
		return;
	}
	json_open_member(json, "labels", '[');
	for (size_t i = 0; i < n; i++) {
		json_open_element(json, '{');
		json_put(json, "key", labels[i].key);
		json_put(json, "value", labels[i].value);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_optional(struct json *json, const char *key, int64_t value, bool known) {
	if (known) {
		json_put_number(json, key, value);
	} else {
		json_put(json, key, NULL);
	}
}

static void put_goroutine(struct json *json, struct gostack *s, const struct goroutine *g) {
	int64_t waited_s = gostack_waited_s(s, g);
	char state[2] = {g->thread_state, '\0'};
	json_newline(json, 2);
	json_open(json, '{');
	json_put_number(json, "id", (int64_t)g->id);
	json_put(json, "status", gostack_status(s, g));
	json_put(json, "state", goroutine_state_name(g->state));
	put_optional(json, "waited_at_least_s", waited_s, waited_s >= 0);
	put_optional(json, "stack", g->stack, g->stack != STACK_NONE);
	put_optional(json, "parent", (int64_t)g->parent, g->parent != 0);
	put_creator(json, s, g);
	json_put_bool(json, "system", gostack_is_system(s, g));
	json_put_bool(json, "locked_to_thread", g->locked_m != 0);
	if (g->thread != 0) {
		json_put_number(json, "thread", (int64_t)g->thread);
		json_put(json, "thread_state", g->thread_state != '\0' ? state : NULL);
	}
	if (g->group != 0) {
		json_put_number(json, "synctest", (int64_t)g->group);
	}
	put_labels(json, s, g);
	json_close(json, '}');
}

static void put_group(struct json *json, struct gostack *s, const struct summary_group *group) {
	json_newline(json, 2);
	json_open(json, '{');
	json_put_number(json, "count", (int64_t)group->count);
	json_put(json, "status", group->status);
	json_put(json, "state", goroutine_state_name(group->state));
	put_optional(json, "longest_wait_s", group->longest_s, group->longest_s >= 0);
	put_optional(json, "shortest_wait_s", group->shortest_s, group->shortest_s >= 0);
	put_optional(json, "stack", group->stack, group->stack != STACK_NONE);
	json_open_member(json, "ids", '[');
	for (size_t i = 0; i < group->id_count; i++) {
		json_element(json);
		strbuf_printf(json->out, "%llu", (unsigned long long)group->ids[i]);
	}
	json_close(json, ']');
	put_creator(json, s, group->first);
	json_close(json, '}');
}

static void put_counts(struct json *json, const struct gostack *s) {
	size_t states[4] = {0};
	for (size_t i = 0; i < s->all.count; i++) {
		states[s->all.items[i].state]++;
	}
	json_open_member(json, "counts", '{');
	json_put_number(json, "listed", (int64_t)s->all.listed);
	json_put_number(json, "alive", (int64_t)s->all.count);
	json_put_number(json, "dead", (int64_t)s->all.dead);
	json_put_number(json, "unreadable", (int64_t)s->all.unreadable);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		json_put_number(json, goroutine_state_name((enum goroutine_state)i),
		                (int64_t)states[i]);
	}
	json_close(json, '}');
}

/* Only the stacks that are spoken of. */
static bool *stacks_used(struct gostack *s, const struct summary *summary,
                         const struct traceback_options *options) {
	bool *used = arena_array_of(s->arena, bool, s->all.stack_count);
	for (size_t i = 0; i < s->all.count && !summary; i++) {
		const struct goroutine *g = &s->all.items[i];
		if (g->stack != STACK_NONE && traceback_shows(s, g, options)) {
			used[g->stack] = true;
		}
	}
	for (size_t i = 0; summary && i < summary->count; i++) {
		if (summary->groups[i].stack != STACK_NONE) {
			used[summary->groups[i].stack] = true;
		}
	}
	return used;
}

static void put_stacks(struct json *json, struct gostack *s, const struct summary *summary,
                       const struct traceback_options *options) {
	const bool *used = stacks_used(s, summary, options);
	json_newline(json, 1);
	json_open_member(json, "stacks", '[');
	for (size_t i = 0; i < s->all.stack_count; i++) {
		if (used[i]) {
			json_newline(json, 2);
			json_open(json, '{');
			json_put_number(json, "id", (int64_t)i);
			put_frames(json, s, (uint32_t)i, options);
			json_close(json, '}');
		}
	}
	json_close(json, ']');
}

/* A process, or a core file and the program that goes with it. */
void stacks_put_source(struct json *json, const struct stacks_source *source) {
	static const char *const words[] = {"same", "not known", "in the core"};
	put_optional(json, "pid", source->pid, !source->core);
	if (source->core) {
		const char *program = source->notes->program_path;
		json_put(json, "core", source->core);
		json_put_or_null(json, "program", program);
		json_put(json, "program_fits", words[source->notes->program]);
		json_put_number(json, "missing_bytes",
		                source->notes->missing_bytes <= INT64_MAX
		                        ? (int64_t)source->notes->missing_bytes
		                        : INT64_MAX);
	}
}

void stacks_json(struct strbuf *out, struct gostack *s, const struct stacks_source *source,
                 const struct summary *summary, const struct traceback_options *options) {
	struct json json = {.out = out};
	json_begin(&json, "dialtone.stacks/1");
	stacks_put_source(&json, source);
	json_put_or_null(&json, "go", s->version);
	json_put(&json, "goarch", s->arch->name);
	json_put_bool(&json, "version_known", s->version_known);
	json_put_number(&json, "took_us", source->took_ns / 1000);
	put_counts(&json, s);
	put_stacks(&json, s, summary, options);
	json_newline(&json, 1);
	json_open_member(&json, summary ? "groups" : "goroutines", '[');
	for (size_t i = 0; summary && i < summary->count; i++) {
		put_group(&json, s, &summary->groups[i]);
	}
	for (size_t i = 0; !summary && i < s->all.count; i++) {
		if (traceback_shows(s, &s->all.items[i], options)) {
			put_goroutine(&json, s, &s->all.items[i]);
		}
	}
	json_close(&json, ']');
	json_end(&json);
}
