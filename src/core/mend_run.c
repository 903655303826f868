/* SPDX-License-Identifier: MIT */
#include "base/path.h"
#include "base/str.h"
#include "core/mend.h"

#include <signal.h>

#define WORDS_MAX 15

/* ---- programs ---- */

const struct fact_tool *mend_go(const struct facts *facts) {
	const struct fact_tool *go = facts_chosen(facts, "server-go");
	return go ? go : facts_chosen(facts, "go");
}

struct step *mend_run_go(struct plan *plan, const struct facts *facts, const char *cwd,
                         const char *const *words, const char *const *announces) {
	const struct fact_tool *go = mend_go(facts);
	const char *argv[WORDS_MAX + 1] = {NULL};
	if (!go || go->path[0] != '/' || cwd[0] != '/') {
		plan_unable(plan, "there is no go command that could do it");
		return NULL;
	}
	argv[0] = go->path;
	for (size_t i = 0; words[i] && i + 1 < WORDS_MAX; i++) {
		argv[i + 1] = words[i];
	}
	return plan_run(plan, cwd, argv, announces);
}

/* go asks the checksum database about each version that go.sum does not have (go help module-auth). */
static bool asks_no_database(const struct facts *facts) {
	return streq(facts_govar_value(facts, "GOSUMDB"), "off") ||
	       !str_empty(facts_govar_value(facts, "GONOSUMDB")) ||
	       !str_empty(facts_govar_value(facts, "GOPRIVATE"));
}

void mend_fetch(struct plan *plan, const struct facts *facts, struct step *step, bool here,
                bool summed) {
	const char *proxy = facts_govar_value(facts, "GOPROXY");
	bool local = str_starts(proxy, "file://") && !strpbrk(proxy, ",|");
	if (!step || (local && (summed || asks_no_database(facts)))) {
		return;
	}
	step->network = !here;
	if (here) {
		step->env = PLAN_WORDS(plan, "GOPROXY=off", "GOTOOLCHAIN=local");
	}
}

bool mend_install(struct plan *plan, const struct facts *facts, const char *package,
                  const char *path) {
	const struct fact_target *t = facts_first(target, facts);
	if (!t || t->home[0] != '/' || path[0] != '/') {
		plan_unable(plan, "it is not known where %s could be installed", package);
		return false;
	}
	struct step *step =
		MEND_RUN_GO(plan, facts, t->home, PLAN_WORDS(plan, path), "install", package);
	if (!step) {
		return false;
	}
	step->network = true;
	step->env = PLAN_WORDS(
		plan, arena_printf(plan->arena, "GOBIN=%s", path_parent(plan->arena, path)),
		"GOFLAGS=", "GOWORK=off", "GOOS", "GOARCH", "GOROOT");
	step->what = arena_printf(plan->arena, "install %s as %s", package, path);
	return true;
}

bool mend_go_edit(struct plan *plan, const struct facts *facts, const char *file,
                  const char *flag) {
	const char *kind = str_ends(file, "go.work") ? "work" : "mod";
	struct step *step = MEND_RUN_GO(plan, facts, path_parent(plan->arena, file),
	                                PLAN_WORDS(plan, file), kind, "edit", flag, file);
	if (step) {
		step->env = PLAN_WORDS(plan, "GOTOOLCHAIN=local", "GOFLAGS=", "GOWORK=off",
		                       "GOENV=off");
	}
	return step != NULL;
}

/* ---- processes ---- */

static bool ask(struct plan *plan, int64_t pid, int64_t ticks, int signal, const char *who) {
	if (pid <= 1 || ticks <= 0) {
		plan_unable(plan, "it is not known for certain which process that is");
		return false;
	}
	plan_signal(plan, pid, (uint64_t)ticks, signal, who);
	return true;
}

bool mend_end(struct plan *plan, int64_t pid, int64_t ticks, const char *who) {
	return ask(plan, pid, ticks, SIGTERM, who);
}

bool mend_go_on(struct plan *plan, int64_t pid, int64_t ticks, const char *who) {
	return ask(plan, pid, ticks, SIGCONT, who);
}

bool mend_end_server(struct plan *plan, const struct facts *facts, int64_t pid) {
	facts_each (running_server, s, facts) {
		if (s->pid == pid) {
			plan->then = "the editor starts another one; if it does not, restart the "
				     "language server there";
			return mend_end(plan, pid, s->start_ticks, "gopls");
		}
	}
	plan_unable(plan, "process %lld is not known as a running server", (long long)pid);
	return false;
}
