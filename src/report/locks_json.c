/* SPDX-License-Identifier: MIT
 * `dialtone locks` for programs: dialtone.locks/1.
 */
#include "core/rights.h"
#include "report/json_frame.h"
#include "report/locks_view.h"

#define TEXT_MAX ((size_t)4096)

static const char *const state_names[] = {[LOCK_WAITED] = "waited_for",
                                          [LOCK_HELD] = "held",
                                          [LOCK_PRESENT] = "in_use",
                                          [LOCK_LEFT_OVER] = "left_over"};

static void put_person(struct json *json, const struct locks_view *v, const struct lock *l) {
	char state[2] = {l->state, '\0'};

	json_open_element(json, '{');
	json_put_number(json, "pid", l->pid);
	json_put(json, "proof", l->proof);
	json_put_or_null(json, "unseen", l->unseen);
	json_put(json, "class", l->class);
	json_put(json, "mode", l->mode);
	json_put_number(json, "fd", l->fd);
	json_put_number(json, "uid", l->uid);
	json_put_ms(json, "start_ms", l->start_wall_ns / 1000000);
	json_put(json, "state", state);
	json_put(json, "comm", l->comm);
	json_key(json, "command");
	json_string(json, lock_command(v->arena, l, TEXT_MAX), TEXT_MAX);
	json_put(json, "cwd", l->cwd);
	json_put(json, "doing", lock_doing(v->arena, l));
	json_put_or_null(json, "peer", l->peer);
	json_close(json, '}');
}

static void put_people(struct json *json, const struct locks_view *v, const char *key,
                       const struct lock *const *list, size_t count) {
	json_open_member(json, key, '[');
	for (size_t i = 0; i < count; i++) {
		put_person(json, v, list[i]);
	}
	json_close(json, ']');
}

static void put_row(struct json *json, const struct locks_view *v, const struct lock_row *row) {
	json_open_element(json, '{');
	json_put(json, "state", state_names[row->state]);
	json_put_or_null(json, "path", row->path);
	json_put(json, "kind", row->file.name);
	json_put(json, "what", row->file.what);
	json_put_or_null(json, "module", row->file.module);
	json_put_or_null(json, "version", row->file.version);
	json_put_bool(json, "in_the_way", row->in_the_way);
	json_put_number(json, "owner_pid", row->owner_pid);
	json_put_ms(json, "mtime_ms", row->mtime_ns / 1000000);
	put_people(json, v, "holders", row->holders, row->holder_count);
	put_people(json, v, "waiters", row->waiters, row->waiter_count);
	json_close(json, '}');
}

void locks_json(struct strbuf *out, const struct locks_view *view) {
	struct json json = {.out = out};

	json_begin(&json, "dialtone.locks/1");
	json_put_tool(&json);
	json_put(&json, "table", view->locks.table);
	json_put_number(&json, "waited_for", (int64_t)view->waited);
	json_put_number(&json, "held", (int64_t)view->held);
	json_open_member(&json, "locks", '[');
	for (const struct lock_row *row = view->rows; row; row = row->next) {
		put_row(&json, view, row);
	}
	json_close(&json, ']');
	json_open_member(&json, "left_over", '{');
	json_put_or_null(&json, "directory", view->left_over_dir);
	json_put_number(&json, "files", (int64_t)view->left_over_files);
	json_put_bool(&json, "complete", !view->left_over_cut);
	json_close(&json, '}');
	json_open_member(&json, "not_seen", '{');
	json_put_number(&json, "processes", view->locks.denied);
	json_put(&json, "needs", view->locks.denied > 0 ? RIGHTS_TO_SEE_OTHERS : NULL);
	json_close(&json, '}');
	json_open_member(&json, "plan", '[');
	for (size_t i = 0; i < view->plan_count; i++) {
		json_open_element(&json, '{');
		json_put(&json, "title", view->plan[i].title);
		json_put(&json, "command", view->plan[i].command);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_end(&json);
}
