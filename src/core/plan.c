/* SPDX-License-Identifier: MIT */
#include "core/plan.h"

#include "base/path.h"
#include "base/str.h"

#include <stdarg.h>

void plan_init(struct plan *plan, struct arena *arena, const char *cause, const char *subject) {
	*plan = (struct plan){
		.arena = arena,
		.cause = cause,
		.subject = subject,
		.why = "",
		.keeps = "",
		.then = "",
	};
}

void plan_unable(struct plan *plan, const char *fmt, ...) {
	va_list args;
	va_start(args, fmt);
	plan->unable = arena_vprintf(plan->arena, fmt, args);
	va_end(args);
}

struct step *plan_step(struct plan *plan, enum step_kind kind, const char *path, const char *fmt,
                       ...) {
	static const char *const nothing[] = {NULL};
	if (plan->step_count == PLAN_STEPS_MAX) {
		plan_unable(plan, "it would take more than %d steps", PLAN_STEPS_MAX);
		return NULL;
	}
	struct step *step = &plan->steps[plan->step_count++];
	va_list args;
	va_start(args, fmt);
	*step = (struct step){
		.kind = kind,
		.path = path,
		.what = arena_vprintf(plan->arena, fmt, args),
		.announces = nothing,
	};
	va_end(args);
	return step;
}

struct step *plan_setting(struct plan *plan, const char *file, const char *keys, const char *json) {
	struct step *step =
		json ? plan_step(plan, STEP_SETTING, file, "set \"%s\" to %s in %s", keys, json,
	                         file)
		     : plan_step(plan, STEP_SETTING, file, "take \"%s\" out of %s", keys, file);
	if (step) {
		step->name = keys;
		step->value = json;
	}
	return step;
}

struct step *plan_goenv(struct plan *plan, const char *file, const char *name, const char *value) {
	struct step *step =
		value ? plan_step(plan, STEP_GOENV, file, "set %s to %s in %s", name, value, file)
		      : plan_step(plan, STEP_GOENV, file, "take %s out of %s", name, file);
	if (step) {
		step->name = name;
		step->value = value;
	}
	return step;
}

struct step *plan_run(struct plan *plan, const char *cwd, const char *const *argv,
                      const char *const *announces) {
	struct strbuf words;
	strbuf_init(&words, plan->arena);
	strbuf_add(&words, path_base(argv[0]));
	for (size_t i = 1; argv[i]; i++) {
		strbuf_printf(&words, " %s", str_shell_quote(plan->arena, argv[i]));
	}
	struct step *step = plan_step(plan, STEP_RUN, argv[0], "run `%s` in %s", words.data, cwd);
	if (step) {
		step->argv = argv;
		step->cwd = cwd;
		step->announces = announces;
	}
	return step;
}

bool plan_reversible(const struct plan *plan) {
	for (size_t i = 0; i < plan->step_count; i++) {
		if (plan->steps[i].kind == STEP_SIGNAL) {
			return false;
		}
	}
	return plan->step_count > 0;
}

bool plan_disruptive(const struct plan *plan) {
	for (size_t i = 0; i < plan->step_count; i++) {
		if (plan->steps[i].kind == STEP_SIGNAL) {
			return true;
		}
	}
	return false;
}

bool plan_network(const struct plan *plan) {
	for (size_t i = 0; i < plan->step_count; i++) {
		if (plan->steps[i].network) {
			return true;
		}
	}
	return false;
}

const char *step_kind_name(enum step_kind kind) {
	static const char *const names[] = {
		[STEP_SETTING] = "setting", [STEP_LINE] = "line",     [STEP_APPEND] = "append",
		[STEP_GOENV] = "goenv",     [STEP_REMOVE] = "remove", [STEP_MOVE] = "move",
		[STEP_MKDIR] = "mkdir",     [STEP_MODE] = "mode",     [STEP_RUN] = "run",
		[STEP_SIGNAL] = "signal",
	};
	return names[kind];
}
