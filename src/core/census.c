/* SPDX-License-Identifier: MIT */
#include "core/census.h"

#include "base/str.h"
#include "core/world.h"

#include <stdlib.h>

#define PROCESSES_MAX ((size_t)8192)

static int64_t number_in(struct arena *arena, struct slice block, const char *key) {
	const char *text = keyline_get(arena, block, key);
	int64_t number = 0;

	return text && str_to_int64(text, &number) == 0 ? number : 0;
}

static const char *text_in(struct arena *arena, struct slice block, const char *key) {
	const char *text = keyline_get(arena, block, key);

	return text ? text : "";
}

/* Up to max pids with commas between them. */
static size_t pids_read(const char *text, int64_t *ret, size_t max) {
	size_t count = 0;

	while (*text && count < max) {
		char *end;
		long long pid = strtoll(text, &end, 10);

		if (end == text || (*end != ',' && *end != '\0')) {
			break;
		}
		ret[count++] = pid;
		text = *end ? end + 1 : end;
	}
	return count;
}

static void end_read(struct arena *arena, struct slice block, int fd, struct census_end *end) {
	const char *line = text_in(arena, block, arena_printf(arena, "end%d", fd));
	struct slice rest = slice_str(line), word;

	end->kind = slice_cut(&rest, ' ', &word) ? arena_slicedup(arena, word) : "";
	if (slice_cut(&rest, ' ', &word)) {
		end->guessed = word.len > 0 && word.data[word.len - 1] == '~';
		end->state = arena_strndup(arena, word.data, word.len - end->guessed);
	} else {
		end->state = "";
	}
	end->pid_count = pids_read(arena_slicedup(arena, rest), end->pids, CENSUS_HOLDERS_MAX);
	end->target = text_in(arena, block, arena_printf(arena, "target%d", fd));
	end->because = text_in(arena, block, arena_printf(arena, "because%d", fd));
	end->unread = number_in(arena, block, arena_printf(arena, "unread%d", fd));
}

static void environment_read(struct arena *arena, struct slice block, struct envset *env) {
	struct slice line, key;

	envset_init(env, arena);
	while (slice_line(&block, &line)) {
		if (slice_starts(line, "env.") && slice_cut(&line, '=', &key)) {
			const char *name = arena_strndup(arena, key.data + 4, key.len - 4);
			const char *full = arena_slicedup(arena, key);
			struct slice whole =
				slice_of(key.data, (size_t)(line.data + line.len - key.data));
			const char *value = keyline_get(arena, whole, full);

			if (name[0] && value) {
				envset_set(env, name, value);
			}
		}
	}
}

static void process_read(struct arena *arena, struct slice block, struct census_process *p) {
	const char *state = text_in(arena, block, "state");

	p->pid = number_in(arena, block, "pid");
	p->ppid = number_in(arena, block, "ppid");
	p->uid = number_in(arena, block, "uid");
	p->session = number_in(arena, block, "session");
	p->start_wall_ns = number_in(arena, block, "start_wall_ns");
	p->cpu_ms = number_in(arena, block, "cpu_ms");
	p->rss_bytes = number_in(arena, block, "rss_bytes");
	p->tracer = number_in(arena, block, "tracer");
	p->kin = text_in(arena, block, "kin");
	p->state = state[0] ? state[0] : '?';
	p->comm = text_in(arena, block, "comm");
	p->cmdline = text_in(arena, block, "cmdline");
	p->cwd = text_in(arena, block, "cwd");
	p->exe = text_in(arena, block, "exe");
	p->gone = number_in(arena, block, "gone") != 0;
	p->denied = number_in(arena, block, "denied") != 0;
	p->package = text_in(arena, block, "package");
	p->module = text_in(arena, block, "module");
	p->module_version = text_in(arena, block, "module_version");
	p->go_version = text_in(arena, block, "go_version");
	p->build_id = text_in(arena, block, "build_id");
	p->now = number_in(arena, block, "now") != 0;
	p->now_module_version = text_in(arena, block, "now_module_version");
	p->now_go_version = text_in(arena, block, "now_go_version");
	for (int fd = 0; fd < 3; fd++) {
		end_read(arena, block, fd, &p->ends[fd]);
	}
	p->listen = text_in(arena, block, "listen");
	p->client_count =
		pids_read(text_in(arena, block, "clients"), p->clients, CENSUS_CLIENTS_MAX);
	p->waiting = number_in(arena, block, "waiting");
	environment_read(arena, block, &p->env);
	p->name = "";
	p->arguments = "";
	p->remote = "";
	p->editor = CENSUS_NONE;
}

/* Cuts the block up to the next empty line off *rest. */
static bool block_cut(struct slice *rest, struct slice *ret) {
	if (rest->len == 0) {
		return false;
	}
	const char *end = memmem(rest->data, rest->len, "\n\n", 2);
	size_t len = end ? (size_t)(end - rest->data) + 1 : rest->len;

	*ret = slice_of(rest->data, len);
	len += end ? 1 : 0;
	*rest = slice_of(rest->data + len, rest->len - len);
	return true;
}

struct census census_read(struct arena *arena, struct slice text) {
	struct census c = {.arena = arena};
	struct slice block, rest;
	size_t blocks = 0;

	if (block_cut(&text, &block)) {
		c.uid = number_in(arena, block, "uid");
		c.everybody = number_in(arena, block, "everybody") != 0;
		c.now_wall_ns = number_in(arena, block, "now_wall_ns");
		c.processes = number_in(arena, block, "processes");
		c.others = number_in(arena, block, "others");
		c.hidden = number_in(arena, block, "hidden") != 0;
		c.denied = number_in(arena, block, "denied");
		c.sockets_error = number_in(arena, block, "sockets_error");
	}
	for (rest = text; blocks < PROCESSES_MAX && block_cut(&rest, &block);) {
		blocks++;
	}
	c.items = arena_array_of(arena, struct census_process, blocks);
	while (c.count < blocks && block_cut(&text, &block)) {
		struct census_process *p = &c.items[c.count];

		process_read(arena, block, p);
		c.count += p->pid > 0;
	}
	census_roles(&c);
	census_marks(&c);
	return c;
}

const struct census_process *census_by_pid(const struct census *c, int64_t pid) {
	for (size_t i = 0; i < c->count; i++) {
		if (c->items[i].pid == pid) {
			return &c->items[i];
		}
	}
	return NULL;
}

const char *census_role_name(enum census_role role) {
	static const char *const names[] = {"other",   "editor",    "extension-host", "agent",
	                                    "wrapper", "server",    "forwarder",      "daemon",
	                                    "command", "telemetry", "debugger",       "debuggee",
	                                    "go",      "tool",      "helper"};

	return names[role];
}

const char *census_mark_name(enum census_mark_kind kind) {
	static const char *const names[] = {"orphan",  "deserted", "left-over", "zombie",
	                                    "stopped", "replaced", "duplicate"};

	return names[kind];
}

bool census_mark_is_left_over(enum census_mark_kind kind) {
	return kind == MARK_ORPHAN || kind == MARK_DESERTED || kind == MARK_LEFT_OVER;
}

bool census_is_listed(const struct census_process *p) {
	return p->role != ROLE_OTHER;
}
