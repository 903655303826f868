/* SPDX-License-Identifier: MIT */
#include "report/isolation.h"

#include "report/json_frame.h"

static void put_values(struct json *json, const struct isolation_environment *e) {
	json_open_member(json, "values", '{');
	for (int i = 0; i < THING_PLACES; i++) {
		const struct thing_value *v = &e->values[i];

		if (!v->path[0]) {
			continue;
		}
		json_open_member(json, thing_name((enum thing)i), '{');
		json_put(json, "place", v->path);
		json_put(json, "from", v->from);
		json_put_or_null(json, "state", v->place.state);
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void put_environment(struct json *json, const struct isolation *iso, size_t index) {
	const struct isolation_environment *e = &iso->environments[index];
	const struct census_process *p = e->process;

	json_newline(json, 1);
	json_open_element(json, '{');
	json_put_number(json, "id", (int64_t)index + 1);
	json_put_number(json, "pid", p->pid);
	json_put_number(json, "uid", p->uid);
	json_put(json, "user", isolation_user(iso, p->uid));
	json_put(json, "role", census_role_name(p->role));
	json_put(json, "name", p->name);
	json_put_or_null(json, "editor", e->editor);
	json_put_or_null(json, "workspace", p->cwd);
	json_put_bool(json, "uses_daemon", e->uses_daemon);
	json_put_number(json, "mount_namespace", p->mnt_ns);
	json_put_number(json, "network_namespace", p->net_ns);
	put_values(json, e);
	json_close(json, '}');
}

static void put_numbers(struct json *json, const char *key, const struct isolation_shared *s) {
	json_open_member(json, key, '[');
	for (size_t i = 0; i < s->member_count; i++) {
		json_element(json);
		strbuf_printf(json->out, "%zu", s->members[i] + 1);
	}
	json_close(json, ']');
}

static void put_shared(struct json *json, const struct isolation_shared *s) {
	json_newline(json, 1);
	json_open_element(json, '{');
	json_put(json, "what", thing_name(s->thing));
	json_put(json, "place", s->place);
	put_numbers(json, "environments", s);
	json_open_member(json, "pids", '[');
	for (size_t i = 0; s->pids && s->pids[i]; i++) {
		json_element(json);
		strbuf_printf(json->out, "%lld", (long long)s->pids[i]);
	}
	json_close(json, ']');
	json_put(json, "verdict", isolation_verdict_name(s->verdict));
	json_put(json, "reason", s->reason);
	json_close(json, '}');
}

static void put_step(struct json *json, const struct isolation_step *step) {
	json_newline(json, 1);
	json_open_element(json, '{');
	json_key(json, "environment");
	strbuf_printf(json->out, step->environment == CENSUS_NONE ? "null" : "%zu",
	              step->environment + 1);
	json_put(json, "what", thing_name(step->thing));
	json_put_or_null(json, "name", step->name);
	json_put_or_null(json, "value", step->value);
	json_put(json, "title", step->title);
	json_put_or_null(json, "command", step->command);
	json_close(json, '}');
}

void isolation_json(struct strbuf *out, const struct isolation_view *view) {
	struct json json = {.out = out};
	const struct isolation *iso = view->iso;

	json_begin(&json, "dialtone.isolation/1");
	json_put_tool(&json);
	json_put_number(&json, "uid", iso->census->uid);
	json_put_number(&json, "harmful", (int64_t)isolation_harmful(iso));
	json_open_member(&json, "environments", '[');
	for (size_t i = 0; i < iso->count; i++) {
		put_environment(&json, iso, i);
	}
	json_close(&json, ']');
	json_open_member(&json, "shared", '[');
	for (size_t i = 0; i < iso->shared_count; i++) {
		put_shared(&json, &iso->shared[i]);
	}
	json_close(&json, ']');
	json_open_member(&json, "plan", '[');
	for (size_t i = 0; i < iso->step_count; i++) {
		put_step(&json, &iso->steps[i]);
	}
	json_close(&json, ']');
	json_put_names(&json, "not_seen", isolation_unseen(iso));
	json_open_timing(&json, &view->timings);
	json_close(&json, '}');
	json_end(&json);
}
