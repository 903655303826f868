/* SPDX-License-Identifier: MIT */
#include "core/census.h"

#include "base/str.h"
#include "core/world.h"

#include <stdlib.h>

#define PROCESSES_MAX ((size_t)8192)

/* Up to max numbers with commas between them. */
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
	const char *line = keyline_text(arena, block, arena_printf(arena, "end%d", fd));
	struct slice rest = slice_str(line), word;

	end->kind = slice_cut(&rest, ' ', &word) ? arena_slicedup(arena, word) : "";
	if (slice_cut(&rest, ' ', &word)) {
		end->guessed = word.len > 0 && word.data[word.len - 1] == '~';
		end->state = arena_strndup(arena, word.data, word.len - end->guessed);
	} else {
		end->state = "";
	}
	end->pid_count = pids_read(arena_slicedup(arena, rest), end->pids, CENSUS_HOLDERS_MAX);
	end->target = keyline_text(arena, block, arena_printf(arena, "target%d", fd));
	end->because = keyline_text(arena, block, arena_printf(arena, "because%d", fd));
	end->unread = keyline_number(arena, block, arena_printf(arena, "unread%d", fd), 0);
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
	const char *state = keyline_text(arena, block, "state");

	p->pid = keyline_number(arena, block, "pid", 0);
	p->ppid = keyline_number(arena, block, "ppid", 0);
	p->uid = keyline_number(arena, block, "uid", 0);
	p->session = keyline_number(arena, block, "session", 0);
	p->start_wall_ns = keyline_number(arena, block, "start_wall_ns", 0);
	p->start_ticks = keyline_number(arena, block, "start_ticks", 0);
	p->cpu_ms = keyline_number(arena, block, "cpu_ms", 0);
	p->rss_bytes = keyline_number(arena, block, "rss_bytes", 0);
	p->tracer = keyline_number(arena, block, "tracer", 0);
	p->kin = keyline_text(arena, block, "kin");
	p->state = state[0] ? state[0] : '?';
	p->comm = keyline_text(arena, block, "comm");
	p->cmdline = keyline_text(arena, block, "cmdline");
	p->cwd = keyline_text(arena, block, "cwd");
	p->root = keyline_text(arena, block, "root");
	p->exe = keyline_text(arena, block, "exe");
	p->gid = keyline_number(arena, block, "gid", -1);
	p->group_count =
		pids_read(keyline_text(arena, block, "groups"), p->groups, CENSUS_GROUPS_MAX);
	p->mnt_ns = keyline_number(arena, block, "mnt_ns", 0);
	p->net_ns = keyline_number(arena, block, "net_ns", 0);
	p->gone = keyline_number(arena, block, "gone", 0) != 0;
	p->denied = keyline_number(arena, block, "denied", 0) != 0;
	p->package = keyline_text(arena, block, "package");
	p->module = keyline_text(arena, block, "module");
	p->module_version = keyline_text(arena, block, "module_version");
	p->go_version = keyline_text(arena, block, "go_version");
	p->build_id = keyline_text(arena, block, "build_id");
	p->now = keyline_number(arena, block, "now", 0) != 0;
	p->now_module_version = keyline_text(arena, block, "now_module_version");
	p->now_go_version = keyline_text(arena, block, "now_go_version");
	for (int fd = 0; fd < 3; fd++) {
		end_read(arena, block, fd, &p->ends[fd]);
	}
	p->listen = keyline_text(arena, block, "listen");
	p->client_count =
		pids_read(keyline_text(arena, block, "clients"), p->clients, CENSUS_CLIENTS_MAX);
	p->waiting = keyline_number(arena, block, "waiting", 0);
	environment_read(arena, block, &p->env);
	p->name = "";
	p->arguments = "";
	p->remote = "";
	p->editor = CENSUS_NONE;
}

struct census census_read(struct arena *arena, struct slice text) {
	struct census c = {.arena = arena};
	struct slice block, rest;
	size_t blocks = 0;

	if (keyline_block(&text, &block)) {
		c.uid = keyline_number(arena, block, "uid", 0);
		c.everybody = keyline_number(arena, block, "everybody", 0) != 0;
		c.now_wall_ns = keyline_number(arena, block, "now_wall_ns", 0);
		c.processes = keyline_number(arena, block, "processes", 0);
		c.others = keyline_number(arena, block, "others", 0);
		c.hidden = keyline_number(arena, block, "hidden", 0) != 0;
		c.denied = keyline_number(arena, block, "denied", 0);
		c.sockets_error = keyline_number(arena, block, "sockets_error", 0);
		c.net_ns = keyline_number(arena, block, "net_ns", 0);
	}
	for (rest = text; blocks < PROCESSES_MAX && keyline_block(&rest, &block);) {
		blocks++;
	}
	c.items = arena_array_of(arena, struct census_process, blocks);
	while (c.count < blocks && keyline_block(&text, &block)) {
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
