/* SPDX-License-Identifier: MIT
 * `dialtone guard run`: the cheap probes, no server, and what is a precaution by what they state.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "cmd/exam.h"
#include "cmd/guard.h"
#include "core/registry.h"
#include "report/harmless.h"
#include "report/json_frame.h"
#include "world/live.h"

#include <errno.h>
#include <sys/resource.h>

#define LIMIT_NS     (10 * NS_PER_S)
#define LIMIT_TEXT   "10"
#define FORGOTTEN_NS (2 * 24 * 3600 * NS_PER_S) /* workspaces that were not visited for so long */

/* What the facts of precautions come from, and nothing else. */
static const char *const wanted[] = {"environment", "settings", "tools",        "source",
                                     "goroot",      "modules",  "toolchain",    "tools_age",
                                     "places",      "servers",  "watch_budget", NULL};

static const struct probe *const *cheap_probes(struct arena *arena) {
	size_t count = 0;
	size_t n = 0;
	while (registry_probes[count]) {
		count++;
	}
	const struct probe **list = arena_array_of(arena, const struct probe *, count + 1);
	for (size_t i = 0; i < count; i++) {
		if (str_in(registry_probes[i]->id, wanted)) {
			list[n++] = registry_probes[i];
		}
	}
	return list;
}

struct view {
	struct evidence_store store;
	struct facts facts;
	struct target target;
	struct exam exam;
};

/* What is true for the workspace of the visit. -errno with a sentence. */
static int look(struct guard *g, struct guard_visit *visit, const struct precautions *known,
                struct precautions *found, struct err *err) {
	const char *dir = visit->dir;
	struct view *v = arena_new_of(g->arena, struct view);
	const struct exam_plan plan = {.probes = cheap_probes(g->arena), .limit = LIMIT_TEXT};
	exam_init(&v->exam, g->arena, &v->facts, &v->target);
	evidence_store_init(&v->store, g->arena);
	v->target.workspace = dir;
	v->target.no_server = true;
	v->target.precautions = true;
	v->exam.rules = registry_rules;
	v->exam.deadline_ns = clock_now_ns() + LIMIT_NS;
	v->exam.world = world_live_open(g->arena, &v->store, g->interrupt.fd, err);
	if (!v->exam.world) {
		return err->code;
	}
	struct file_stat st = world_stat(v->exam.world, dir);
	int r = st.is_dir ? exam_run(&v->exam, &plan, err)
	                  : err_set(err, -ENOENT, "'%s' is no directory%s", dir,
	                            st.known ? "" : " that can be looked at");
	if (r == 0) {
		const struct guard_view view = {.world = v->exam.world,
		                                .facts = &v->facts,
		                                .target = &v->target,
		                                .store = &v->store};
		guard_compare(g, &view, visit);
	}
	world_close(v->exam.world);
	if (r == 0) {
		precautions_judge(&v->facts, dir, known, found);
	}
	return r;
}

/* Ours and that of the processes that looked for us. */
static int64_t cpu_ns(void) {
	struct rusage children;
	int64_t ns = clock_cpu_ns();
	if (getrusage(RUSAGE_CHILDREN, &children) == 0) {
		ns += (children.ru_utime.tv_sec + children.ru_stime.tv_sec) * NS_PER_S +
		      (children.ru_utime.tv_usec + children.ru_stime.tv_usec) *
		              (NS_PER_S / 1000000);
	}
	return ns;
}

/* ---- what came of it ---- */

void guard_json_begin(struct json *json, const struct guard *g) {
	static const char *const verbs[] = {"install", "remove", "status", "run"};
	json_begin(json, "dialtone.guard/1");
	json_put_tool(json);
	json_put(json, "verb", verbs[g->verb]);
}

void guard_json_precautions(struct json *json, const struct precautions *list,
                            const struct precautions *fresh) {
	json_open_member(json, "precautions", '[');
	for (size_t i = 0; i < list->count; i++) {
		const struct precaution *p = &list->items[i];
		json_newline(json, 2);
		json_open_element(json, '{');
		json_put(json, "id", p->id);
		json_put(json, "cause", p->cause);
		json_put(json, "subject", p->key);
		json_put(json, "title", p->title);
		json_put_or_null(json, "fix", p->fix);
		json_put(json, "workspace", p->dir);
		json_put_number(json, "since_ms", p->since_ns / NS_PER_MS);
		if (fresh) {
			json_put_bool(json, "new",
			              precautions_find(fresh, p->id, p->key, NULL) != NULL);
		}
		json_close(json, '}');
	}
	json_close(json, ']');
}

void guard_text_precautions(struct strbuf *out, const struct guard *g,
                            const struct precautions *list) {
	for (size_t i = 0; i < list->count; i++) {
		const struct precaution *p = &list->items[i];
		strbuf_printf(out, "%s: %s\n", p->id,
		              harmless(g->arena, p->title, g->terminal.utf8));
		if (*p->fix) {
			strbuf_printf(out, "    %s\n",
			              harmless_lines(g->arena, p->fix, g->terminal.utf8));
		}
	}
}

struct outcome {
	struct precautions now; /* of the workspaces that were visited, each thing once */
	struct precautions fresh;
	struct precautions over;
	size_t failed;
};

static int report(struct guard *g, const struct outcome *o) {
	struct strbuf out;
	strbuf_init(&out, g->arena);
	int status = o->failed > 0      ? STATUS_UNKNOWN
	             : o->now.count > 0 ? STATUS_FOUND
	                                : STATUS_HEALTHY;
	if (g->options->json) {
		struct json json = {.out = &out};
		guard_json_begin(&json, g);
		json_put_names(&json, "directories", g->dirs);
		json_put_ms(&json, "own_cpu_ms", cpu_ns() / NS_PER_MS);
		guard_json_precautions(&json, &o->now, &o->fresh);
		json_end(&json);
	} else if (!g->options->quiet && o->now.count == 0 && o->failed == 0) {
		strbuf_add(&out, "No precaution is needed.\n");
	} else {
		guard_text_precautions(&out, g, g->options->quiet ? &o->fresh : &o->now);
	}
	return output_write(&out, status);
}

static void visit(struct guard *g, const char *dir, struct guard_memory *memory,
                  struct outcome *o) {
	struct precautions found;
	struct err err;
	int64_t before_ns = cpu_ns();
	struct guard_visit v = {.dir = dir, .at_ns = clock_wall_ns()};
	precautions_init(&found, g->arena);
	if (look(g, &v, &memory->known, &found, &err) < 0) {
		output_complain("%s", err.msg);
		o->failed++;
		return;
	}
	v.cpu_ns = cpu_ns() - before_ns;
	guard_memory_take(g->arena, memory, &v, &found, &o->fresh, &o->over);
	for (size_t i = 0; i < found.count; i++) {
		const struct precaution *p = &found.items[i];
		if (!precautions_find(&o->now, p->id, p->key, NULL)) {
			precautions_add(&o->now,
			                precautions_find(&memory->known, p->id, p->key, dir));
		}
	}
}

int guard_run(struct guard *g) {
	struct guard_memory memory;
	struct outcome o = {0};
	struct err err;
	CLEANUP(fd_closep) int lock = guard_lock(g);
	if (lock == -EBUSY) {
		return g->options->quiet ? STATUS_HEALTHY
		                         : (output_complain("another run of the guard is at work"),
		                            STATUS_UNKNOWN);
	}
	precautions_init(&o.now, g->arena);
	precautions_init(&o.fresh, g->arena);
	precautions_init(&o.over, g->arena);
	guard_recall(g, &memory);
	for (size_t i = 0; g->dirs[i] && interrupt_signal(&g->interrupt) == 0; i++) {
		visit(g, g->dirs[i], &memory, &o);
	}
	int signal = interrupt_signal(&g->interrupt);
	if (signal != 0) {
		return 128 + signal;
	}
	guard_memory_forget(g->arena, &memory, clock_wall_ns() - FORGOTTEN_NS);
	/* What cannot be remembered would be told again and again. */
	if (guard_keep(g, &memory, &err) < 0) {
		output_complain("%s; so nothing is told of what is new", err.msg);
		o.failed++;
	} else {
		guard_tell(g, &o.fresh, &o.over);
	}
	return report(g, &o);
}
