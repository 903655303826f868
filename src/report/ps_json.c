/* SPDX-License-Identifier: MIT */
#include "report/ps.h"

#include "base/clock.h"
#include "base/str.h"
#include "report/json_frame.h"

#define TEXT_MAX  4096
#define VALUE_MAX 65536

static void put_pids(struct json *json, const char *key, const int64_t *pids, size_t count) {
	json_open_member(json, key, '[');
	for (size_t i = 0; i < count; i++) {
		json_element(json);
		strbuf_printf(json->out, "%lld", (long long)pids[i]);
	}
	json_close(json, ']');
}

static void put_ends(struct json *json, const struct census_process *p) {
	static const char *const names[] = {"stdin", "stdout", "stderr"};

	for (int fd = 0; fd < 3; fd++) {
		const struct census_end *end = &p->ends[fd];

		json_open_member(json, names[fd], '{');
		json_put_or_null(json, "kind", end->kind);
		json_put_or_null(json, "peer", end->state);
		json_put_bool(json, "guessed", end->guessed);
		put_pids(json, "pids", end->pids, end->pid_count);
		json_put_or_null(json, "target", end->target);
		json_put_or_null(json, "because", end->because);
		json_put_number(json, "unread_bytes", end->unread);
		json_close(json, '}');
	}
}

static const char *masked(const struct ps_view *view, struct arena *arena, const char *name,
                          const char *value) {
	bool secret;

	return value && view->mask_fn ? view->mask_fn(arena, name, value, &secret) : value;
}

static void put_marks(struct json *json, const struct ps_view *view,
                      const struct census_process *p) {
	struct arena *arena = json->out->arena;

	json_open_member(json, "marks", '[');
	for (size_t i = 0; i < p->mark_count; i++) {
		const struct census_mark *m = &p->marks[i];

		json_open_element(json, '{');
		json_put(json, "kind", census_mark_name(m->kind));
		json_put_bool(json, "left_over", census_mark_is_left_over(m->kind));
		json_put(json, "evidence", m->evidence);
		if (m->kind == MARK_DUPLICATE) {
			json_put_number(json, "of", m->other);
			json_open_member(json, "splits", '[');
			for (size_t k = 0; k < m->split_count; k++) {
				const struct census_split *s = &m->splits[k];

				json_open_element(json, '{');
				json_put(json, "name", s->name);
				json_put(json, "there", masked(view, arena, s->name, s->a));
				json_put(json, "here", masked(view, arena, s->name, s->b));
				json_close(json, '}');
			}
			json_close(json, ']');
		}
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_arguments(struct json *json, const char *cmdline) {
	struct slice rest = slice_str(cmdline), word;

	json_open_member(json, "argv", '[');
	while (slice_cut(&rest, '\x1f', &word)) {
		json_element(json);
		json_string(json, arena_slicedup(json->out->arena, word), TEXT_MAX);
	}
	json_close(json, ']');
}

static void put_program(struct json *json, const struct census_process *p) {
	json_open_member(json, "program", '{');
	json_put_or_null(json, "path", p->exe);
	json_put_bool(json, "deleted", p->gone);
	json_put_or_null(json, "package", p->package);
	json_put_or_null(json, "module", p->module);
	json_put_or_null(json, "version", p->module_version);
	json_put_or_null(json, "go_version", p->go_version);
	json_put_or_null(json, "build_id", p->build_id);
	json_put_or_null(json, "version_at_path_now", p->now_module_version);
	json_put_or_null(json, "go_version_at_path_now", p->now_go_version);
	json_close(json, '}');
}

static void put_listen(struct json *json, const struct census_process *p) {
	struct slice rest = slice_str(p->listen), address;

	json_open_member(json, "listens", '[');
	while (slice_cut(&rest, '\x1f', &address)) {
		json_element(json);
		json_string(json, arena_slicedup(json->out->arena, address), TEXT_MAX);
	}
	json_close(json, ']');
	put_pids(json, "clients", p->clients, p->client_count);
	json_put_number(json, "waiting", p->waiting);
}

static void put_process(struct json *json, const struct ps_view *view, size_t index) {
	const struct census *c = view->census;
	const struct census_process *p = &c->items[index];
	const struct census_process *editor =
		p->editor == CENSUS_NONE ? NULL : &c->items[p->editor];
	const char state[2] = {p->state, '\0'};

	json_open(json, '{');
	json_put_number(json, "pid", p->pid);
	json_put_number(json, "ppid", p->ppid);
	json_put_number(json, "uid", p->uid);
	json_put(json, "role", census_role_name(p->role));
	json_put(json, "name", p->name);
	json_put(json, "comm", p->comm);
	put_arguments(json, p->cmdline);
	json_put(json, "state", state);
	json_put_ms(json, "age_ms", (c->now_wall_ns - p->start_wall_ns) / NS_PER_MS);
	json_put_ms(json, "cpu_ms", p->cpu_ms);
	json_put_number(json, "rss_bytes", p->rss_bytes);
	json_put_number_or_null(json, "editor_pid", editor ? editor->pid : 0);
	json_put_or_null(json, "editor", editor ? editor->name : NULL);
	json_put_or_null(json, "workspace", p->cwd);
	if (streq(p->kin, "self")) {
		put_program(json, p);
		json_put_bool(json, "denied", p->denied);
		json_put_number(json, "tracer_pid", p->tracer);
		put_ends(json, p);
		put_listen(json, p);
		json_put_or_null(json, "remote", p->remote);
		json_put_number(json, "daemon_pid", p->server_of);
		json_put_or_null(json, "remote_auto_socket",
		                 view->sockets ? view->sockets[index] : NULL);
	}
	put_marks(json, view, p);
	json_close(json, '}');
}

void ps_json(struct strbuf *out, const struct ps_view *view) {
	struct json json = {.out = out};
	const struct census *c = view->census;
	size_t *order, *depth;
	struct ps_view all = *view;

	all.tree = true;
	size_t count = ps_order(out->arena, &all, &order, &depth);

	json_begin(&json, "dialtone.ps/1");
	json_put_tool(&json);
	json_put_number(&json, "uid", c->uid);
	json_put_bool(&json, "all_users", c->everybody);
	json_put_number(&json, "processes_looked_at", c->processes);
	json_open_member(&json, "processes", '[');
	for (size_t i = 0; i < count; i++) {
		json_newline(&json, 1);
		put_process(&json, view, order[i]);
	}
	json_close(&json, ']');
	json_put_names(&json, "not_seen", ps_unseen(out->arena, view));
	json_open_timing(&json, &view->timings);
	json_close(&json, '}');
	json_end(&json);
}
