/* SPDX-License-Identifier: MIT
 * `dialtone guard status`: what starts it, when it looked last, which precautions are true.
 */
#include "base/clock.h"
#include "base/str.h"
#include "cmd/guard.h"
#include "report/harmless.h"
#include "report/json_frame.h"
#include "world/live.h"

#include <unistd.h>

struct state {
	enum guard_by by;
	bool whole;         /* all of what install writes is there */
	const char *active; /* of the timer: active, inactive, or "" not known */
	struct guard_memory memory;
};

static void look(struct guard *g, struct state *s) {
	static const char *const ask[] = {"is-active", "--quiet", GUARD_TIMER, NULL};
	struct evidence_store store;
	struct guard_place p;
	struct err err;
	s->active = "";
	evidence_store_init(&store, g->arena);
	struct world *world = world_live_open(g->arena, &store, g->interrupt.fd, &err);
	if (!world) {
		output_complain("%s", err.msg);
		return;
	}
	guard_place_find(g, world, &p);
	if (p.units_there) {
		s->by = BY_SYSTEMD;
		s->whole = access(p.service, R_OK) == 0 && access(p.timer, R_OK) == 0 &&
		           access(p.wanted, R_OK) == 0;
		int status = p.manager ? guard_systemctl(g, world, &p, "active", ask) : -1;
		s->active = status == 0 ? "active" : status > 0 ? "inactive" : "";
	} else if (p.cron.found) {
		s->by = BY_CRON;
		s->whole = p.cron.whole;
	}
	world_close(world);
}

/* Beside the state in which all worked last. */
static void put_good(struct strbuf *out, const struct guard_visit *v) {
	if (v->good_ns == 0) {
		return;
	}
	strbuf_printf(out, "    all worked there %s", guard_time_text(out->arena, v->good_ns));
	if (v->same_ns > 0) {
		strbuf_printf(out, "; seen unchanged until %s",
		              guard_time_text(out->arena, v->same_ns));
	}
	if (v->differs > 0) {
		strbuf_printf(out, "; %lld thing%s otherwise now: dialtone changed",
		              (long long)v->differs, v->differs == 1 ? " is" : "s are");
	}
	strbuf_add_char(out, '\n');
}

static void put_text(struct strbuf *out, const struct guard *g, const struct state *s) {
	if (s->by == BY_NONE) {
		strbuf_add(out, "Not installed; `dialtone guard install` shows what would be.\n");
	} else {
		strbuf_printf(out, "Installed, by %s%s%s%s.\n", guard_by_name(s->by),
		              *s->active ? "; the timer is " : "", s->active,
		              s->whole ? "" : "; not all of it is as it was written");
	}
	for (size_t i = 0; i < s->memory.visit_count; i++) {
		const struct guard_visit *v = &s->memory.visits[i];
		strbuf_printf(out, "%s: looked at %s, in %.0f ms of processor time\n",
		              harmless(out->arena, v->dir, g->terminal.utf8),
		              guard_time_text(out->arena, v->at_ns),
		              (double)v->cpu_ns / (double)NS_PER_MS);
		put_good(out, v);
	}
	if (s->memory.visit_count == 0) {
		strbuf_add(out, "It has not looked yet.\n");
	} else if (s->memory.known.count == 0) {
		strbuf_add(out, "No precaution is needed.\n");
	}
	guard_text_precautions(out, g, &s->memory.known);
}

static void put_json(struct strbuf *out, const struct guard *g, const struct state *s) {
	struct json json = {.out = out};
	guard_json_begin(&json, g);
	json_put(&json, "by", guard_by_name(s->by));
	json_put_bool(&json, "whole", s->whole);
	json_put_or_null(&json, "timer", s->active);
	json_put(&json, "log", guard_log_path(g));
	json_open_member(&json, "runs", '[');
	for (size_t i = 0; i < s->memory.visit_count; i++) {
		const struct guard_visit *v = &s->memory.visits[i];
		json_newline(&json, 2);
		json_open_element(&json, '{');
		json_put(&json, "workspace", v->dir);
		json_put_number(&json, "at_ms", v->at_ns / NS_PER_MS);
		json_put_ms(&json, "own_cpu_ms", v->cpu_ns / NS_PER_MS);
		json_put_ms(&json, "good_ms", v->good_ns > 0 ? v->good_ns / NS_PER_MS : -1);
		json_put_ms(&json, "same_ms", v->same_ns > 0 ? v->same_ns / NS_PER_MS : -1);
		json_put_number(&json, "differs", v->differs);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	guard_json_precautions(&json, &s->memory.known, NULL);
	json_end(&json);
}

int guard_status(struct guard *g) {
	struct state s = {0};
	struct strbuf out;
	strbuf_init(&out, g->arena);
	look(g, &s);
	guard_recall(g, &s.memory);
	if (g->options->json) {
		put_json(&out, g, &s);
	} else {
		put_text(&out, g, &s);
	}
	return output_write(&out, s.memory.known.count > 0 ? STATUS_FOUND : STATUS_HEALTHY);
}
