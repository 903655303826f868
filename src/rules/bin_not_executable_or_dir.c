/* SPDX-License-Identifier: MIT
 * The gopls (or go) that is there cannot be executed: no x bit, a directory, or a directory above
 * it that lets nobody in.
 *
 * access(2) says EACCES for all of them and for a noexec mount (sec-noexec-mount); mode, type and
 * mount flags tell them apart.
 */
#include "base/path.h"
#include "core/rule.h"

static const char *fault_of(const struct fact_tool *t) {
	return streq(t->state, "no_exec_bit")   ? "has no permission to be executed"
	       : streq(t->state, "directory")   ? "is a directory, not the program in it"
	       : streq(t->state, "special")     ? "is no regular file"
	       : streq(t->state, "unreachable") ? "lies below a directory that may not be searched"
	                                        : NULL;
}

/* Where this user's programs lie: not just some directory of another user on PATH. */
static bool is_own_place(const struct facts *facts, const struct fact_tool *t) {
	const struct fact_target *target = facts_first(target, facts);
	bool home = target && !str_empty(target->home) && path_below(t->path, target->home);
	return home || (!streq(t->via, "path") && !streq(t->via, "default"));
}

/* The first place of the search order where something is and cannot be executed. */
static const struct fact_tool *blocked(const struct facts *facts, const char *tool) {
	const struct fact_tool *found = NULL;
	facts_each (tool, t, facts) {
		if (!streq(t->tool, tool) || !fault_of(t) || streq(t->via, "elsewhere")) {
			continue;
		}
		bool hidden = streq(t->state, "unreachable");
		if (hidden && !is_own_place(facts, t)) {
			continue; /* nobody knows whether there is one */
		}
		if (streq(tool, "go") && streq(t->state, "directory") && !t->configured) {
			continue; /* /usr/local on PATH, with /usr/local/go in it: a decoy */
		}
		if (!found || (streq(found->state, "unreachable") && !hidden)) {
			found = t;
		}
	}
	return found;
}

static void report(const struct rule *self, struct findings *out, const struct fact_tool *t) {
	bool hidden = streq(t->state, "unreachable");
	const char *setting =
		t->configured ? arena_printf(out->arena, "%s (%s line %lld) names it: ", t->setting,
	                                     t->file, (long long)t->line)
			      : "";
	struct finding *f = findings_add(out, self, hidden ? CONF_LIKELY : CONF_CERTAIN, t->path,
	                                 "%s%s %s", setting, t->path, fault_of(t));
	finding_cites(f, t);
	const char *quoted = str_shell_quote(out->arena, t->path);
	if (streq(t->state, "no_exec_bit")) {
		finding_fix(out, f, "make it executable again", "chmod +x %s", quoted);
	} else if (streq(t->state, "directory") && t->configured) {
		struct fix_advice *fix =
			finding_fix(out, f, "name the program, not its directory", "%s",
		                    arena_printf(out->arena, "\"%s\": {\"%s\": \"%s/%s\"}",
		                                 "go.alternateTools", t->tool, t->path, t->tool));
		fix->reversible = true;
	} else if (streq(t->state, "directory")) {
		finding_fix(out, f, "move the directory away and install the program",
		            "mv %s %s.moved && go install golang.org/x/tools/gopls@latest", quoted,
		            quoted);
	} else if (hidden) {
		size_t len = (size_t)(strrchr(t->path, '/') - t->path);
		const char *dir = arena_strndup(out->arena, t->path, len);
		finding_fix(out, f, "let its owner in again", "chmod u+x %s",
		            str_shell_quote(out->arena, dir));
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	static const char *const tools[] = {"gopls", "go"};
	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++) {
		const struct fact_tool *t = blocked(facts, tools[i]);
		if (!t || facts_healthy(facts)) {
			continue;
		}
		bool needed = !facts_chosen(facts, tools[i]) ||
		              (i == 1 && !facts_chosen(facts, "server-go"));
		if (needed) {
			report(self, out, t);
		}
	}
}

const struct rule rule_bin_not_executable_or_dir = {
	.id = "bin-not-executable-or-dir",
	.title = "the program is there but cannot be executed",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool),
	.explains = IDS("*env-go-not-on-path-gui"),
	.check = check,
};
