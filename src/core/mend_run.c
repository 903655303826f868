/* SPDX-License-Identifier: MIT */
#include "base/path.h"
#include "base/str.h"
#include "core/gopls_choice.h"
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

/* ---- where modules come from ---- */

/* Nothing listens there (discard, RFC 863): who is kept from the network ends at once instead of reaching it. */
#define NOWHERE "HTTPS_PROXY=http://127.0.0.1:9", "HTTP_PROXY=http://127.0.0.1:9"

void mend_fetch(struct plan *plan, const struct facts *facts, struct step *step, bool here,
                bool summed) {
	bool folder = goproxy_folder(facts->arena, facts_govar_value(facts, "GOPROXY")) != NULL;
	if (!step || (folder && (summed || streq(facts_govar_value(facts, "GOSUMDB"), "off")))) {
		return;
	}
	plan->offline = (here || folder) && !plan->online;
	step->network = !plan->offline;
	if (plan->offline) {
		step->env = folder ? PLAN_WORDS(plan, NOWHERE)
		                   : PLAN_WORDS(plan, "GOPROXY=off", "GOTOOLCHAIN=local", NOWHERE);
	}
}

/* That very version, else the newest that the Go at hand compiles. */
static const struct fact_tool_source *source_of(const struct facts *facts, const char *package,
                                                const char *version) {
	const struct fact_tool_source *best = NULL;
	facts_each (tool_source, s, facts) {
		size_t n = strlen(s->module);
		if (!str_starts(package, s->module) || (package[n] && package[n] != '/') ||
		    strpbrk(s->dir, ",|")) {
			continue;
		}
		if (streq(s->version, version)) {
			return s;
		}
		best = !best && s->builds && !strchr(s->version, '-') ? s : best;
	}
	return best;
}

bool mend_install(struct plan *plan, const struct facts *facts, const char *package,
                  const char *version, const char *path) {
	const struct fact_target *t = facts_first(target, facts);
	const struct fact_tool_source *source =
		plan->online ? NULL : source_of(facts, package, version);
	if (!t || t->home[0] != '/' || path[0] != '/') {
		plan_unable(plan, "it is not known where %s could be installed", package);
		return false;
	}
	package = arena_printf(plan->arena, "%s@%s", package, source ? source->version : version);
	struct step *step =
		MEND_RUN_GO(plan, facts, t->home, PLAN_WORDS(plan, path), "install", package);
	if (!step) {
		return false;
	}
	const char *bin = arena_printf(plan->arena, "GOBIN=%s", path_parent(plan->arena, path));
	step->what = arena_printf(plan->arena, "install %s as %s", package, path);
	step->network = !source;
	plan->offline = source != NULL;
	step->env = PLAN_WORDS(plan, bin, "GOFLAGS=", "GOWORK=off", "GOOS", "GOARCH", "GOROOT");
	if (source) {
		/* A module cache is laid out as a proxy is, and unlike "off" it can be asked for the list of versions. */
		const char *proxy = arena_printf(plan->arena, "GOPROXY=%s",
		                                 path_to_uri(plan->arena, source->dir));
		step->env = PLAN_WORDS(plan, bin, proxy, "GOFLAGS=", "GOWORK=off", "GOOS", "GOARCH",
		                       "GOROOT", NOWHERE);
		step->what = arena_printf(plan->arena, "install %s as %s, from %s", package, path,
		                          source->dir);
	}
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
