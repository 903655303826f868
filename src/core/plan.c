/* SPDX-License-Identifier: MIT */
#include "core/plan.h"

#include "base/path.h"
#include "base/str.h"

#include <signal.h>
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

struct step *plan_member(struct plan *plan, const char *file, int64_t line, const char *name,
                         const char *expected, const char *json) {
	const char *key = str_ends(name, "/[]")
	                          ? arena_strndup(plan->arena, name, strlen(name) - strlen("/[]"))
	                          : name;
	const char *of = key != name && expected ? expected : key;
	struct step *step =
		json ? plan_step(plan, STEP_MEMBER, file, "make `%s` in line %lld of %s %s", of,
	                         (long long)line, file, json)
		     : plan_step(plan, STEP_MEMBER, file, "take `%s` (line %lld) out of %s", of,
	                         (long long)line, file);
	if (step) {
		step->line = line;
		step->name = name;
		step->expected = expected;
		step->value = json;
	}
	return step;
}

struct step *plan_line(struct plan *plan, const char *file, int64_t line, const char *expected,
                       const char *value) {
	struct step *step =
		value ? plan_step(plan, STEP_LINE, file, "make line %lld of %s `%s`",
	                          (long long)line, file, value)
		      : plan_step(plan, STEP_LINE, file, "take line %lld (`%s`) out of %s",
	                          (long long)line, expected, file);
	if (step) {
		step->line = line;
		step->expected = expected;
		step->value = value;
	}
	return step;
}

struct step *plan_assign(struct plan *plan, const char *file, int64_t line, const char *name,
                         const char *value) {
	struct step *step =
		value ? plan_step(plan, STEP_ASSIGN, file, "make line %lld of %s assign %s to %s",
	                          (long long)line, file, value, name)
		      : plan_step(plan, STEP_ASSIGN, file,
	                          "take the effect from line %lld of %s, which assigns %s",
	                          (long long)line, file, name);
	if (step) {
		step->line = line;
		step->name = name;
		step->value = value;
	}
	return step;
}

struct step *plan_append(struct plan *plan, const char *file, const char *lines) {
	struct step *step = plan_step(plan, STEP_APPEND, file, "add `%s` to %s", lines, file);
	if (step) {
		step->value = lines;
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

struct step *plan_link(struct plan *plan, const char *path, const char *expected,
                       const char *value) {
	struct step *step = plan_step(plan, STEP_LINK, path, "make %s a link to %s", path, value);
	if (step) {
		step->expected = expected;
		step->value = value;
	}
	return step;
}

struct step *plan_remove(struct plan *plan, const char *path) {
	return plan_step(plan, STEP_REMOVE, path, "remove %s", path);
}

struct step *plan_move(struct plan *plan, const char *path, const char *to) {
	struct step *step = to ? plan_step(plan, STEP_MOVE, path, "move %s to %s", path, to)
	                       : plan_step(plan, STEP_MOVE, path, "put %s aside", path);
	if (step) {
		step->to = to;
	}
	return step;
}

struct step *plan_mkdir(struct plan *plan, const char *path, mode_t mode) {
	struct step *step = plan_step(plan, STEP_MKDIR, path, "make the directory %s", path);
	if (step) {
		step->mode = mode;
	}
	return step;
}

/* "u+rw,o-w": bits as chmod(1) has them. */
static const char *bits_text(struct arena *arena, mode_t on, mode_t off) {
	static const char *const who[] = {"o", "g", "u"};
	struct strbuf out;
	strbuf_init(&out, arena);
	for (int i = 2; i >= 0; i--) {
		const mode_t parts[] = {(on >> (3 * i)) & 7, (off >> (3 * i)) & 7};
		for (int k = 0; k < 2; k++) {
			if (parts[k]) {
				strbuf_printf(&out, "%s%s%c%s%s%s", out.len > 0 ? "," : "", who[i],
				              k == 0 ? '+' : '-', parts[k] & 4 ? "r" : "",
				              parts[k] & 2 ? "w" : "", parts[k] & 1 ? "x" : "");
			}
		}
	}
	if ((on | off) & 07000) {
		strbuf_printf(&out, "%s+%o-%o", out.len > 0 ? "," : "", (unsigned)(on & 07000),
		              (unsigned)(off & 07000));
	}
	return out.data;
}

struct step *plan_mode(struct plan *plan, const char *path, mode_t on, mode_t off, bool below) {
	struct step *step =
		plan_step(plan, STEP_MODE, path, "change the mode of %s%s by %s",
	                  below ? "all below " : "", path, bits_text(plan->arena, on, off));
	if (step) {
		step->mode = on;
		step->mode_off = off;
		step->below = below;
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
		step->argv = plan_words(plan, argv);
		step->cwd = cwd;
		step->announces = plan_words(plan, announces);
	}
	return step;
}

struct step *plan_signal(struct plan *plan, int64_t pid, uint64_t start_ticks, int signal,
                         const char *who) {
	struct step *step = plan_step(plan, STEP_SIGNAL, "", "send %s to process %lld (%s)",
	                              step_signal_name(plan->arena, signal), (long long)pid, who);
	if (step) {
		step->pid = pid;
		step->start_ticks = start_ticks;
		step->signal = signal;
	}
	return step;
}

const char *const *plan_words(struct plan *plan, const char *const *words) {
	size_t count = 0;
	while (words[count]) {
		count++;
	}
	const char **copy = arena_array_of(plan->arena, const char *, count + 1);
	for (size_t i = 0; i < count; i++) {
		copy[i] = arena_strdup(plan->arena, words[i]);
	}
	return copy;
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
		[STEP_SETTING] = "setting", [STEP_MEMBER] = "member", [STEP_LINE] = "line",
		[STEP_ASSIGN] = "assign",   [STEP_APPEND] = "append", [STEP_GOENV] = "goenv",
		[STEP_LINK] = "link",       [STEP_REMOVE] = "remove", [STEP_MOVE] = "move",
		[STEP_MKDIR] = "mkdir",     [STEP_MODE] = "mode",     [STEP_RUN] = "run",
		[STEP_SIGNAL] = "signal",
	};
	return names[kind];
}

const char *step_signal_name(struct arena *arena, int signal) {
	const char *name = sigabbrev_np(signal);
	return name ? name : arena_printf(arena, "signal %d", signal);
}

static void put_text(struct strbuf *out, const char *key, const char *value) {
	if (value) {
		strbuf_printf(out, " %s=%s", key, str_shell_quote(out->arena, value));
	}
}

static void put_words(struct strbuf *out, const char *key, const char *const *words) {
	for (size_t i = 0; words && words[i]; i++) {
		put_text(out, key, words[i]);
	}
}

const char *step_text(struct arena *arena, const struct step *step) {
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add(&out, step_kind_name(step->kind));
	if (step->kind != STEP_SIGNAL && step->kind != STEP_RUN) {
		put_text(&out, "path", step->path);
	}
	put_text(&out, "to", step->to);
	if (step->line > 0) {
		strbuf_printf(&out, " line=%lld", (long long)step->line);
	}
	put_text(&out, "name", step->name);
	put_text(&out, "expected", step->expected);
	put_text(&out, "value", step->value);
	if (step->kind == STEP_MKDIR || step->kind == STEP_MODE) {
		put_text(&out, "mode", bits_text(arena, step->mode, step->mode_off));
	}
	strbuf_add(&out, step->below ? " below" : "");
	put_words(&out, "argv", step->argv);
	put_words(&out, "env", step->env);
	put_text(&out, "cwd", step->cwd);
	put_words(&out, "announces", step->announces);
	strbuf_add(&out, step->network ? " network" : "");
	if (step->kind == STEP_SIGNAL) {
		strbuf_printf(&out, " pid=%lld start=%llu signal=%s", (long long)step->pid,
		              (unsigned long long)step->start_ticks,
		              step_signal_name(arena, step->signal));
	}
	return out.data;
}
