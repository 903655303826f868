/* SPDX-License-Identifier: MIT
 * The gopls (or go) that is there cannot be executed: no x bit, a directory, or a directory above
 * it that lets nobody in.
 *
 * access(2) says EACCES for all of them and for a noexec mount (sec-noexec-mount); mode, type and
 * mount flags tell them apart.
 */
#include "base/path.h"
#include "core/origin.h"
#include "core/rule.h"

static const char *fault_of(const struct fact_tool *t) {
	return streq(t->state, "no_exec_bit")   ? "may not be executed by this user"
	       : streq(t->state, "directory")   ? "is a directory, not the program in it"
	       : streq(t->state, "special")     ? "is no regular file"
	       : streq(t->state, "unreachable") ? "lies below a directory that may not be searched"
	                                        : NULL;
}

/* A place where this program is, as far as anybody may see: a link of its name, this user's own
 * directories, an installation of Go. Not just some directory of another user on PATH. */
static bool is_likely(const struct facts *facts, const struct fact_tool *t) {
	if (!str_empty(t->real) || origin_is_hidden_go(facts, t)) {
		return true;
	}
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
		if (hidden && !is_likely(facts, t)) {
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

/* No gopls is found, and none that works lies elsewhere either: one of this user's own, where the editor does not look
 * (GOBIN, say), that has lost its x, is at least how the missing one comes to be missing. */
static const struct fact_tool *blocked_elsewhere(const struct facts *facts) {
	const struct fact_target *target = facts_first(target, facts);
	const struct fact_tool *found = NULL;
	facts_each (tool, t, facts) {
		if (!streq(t->tool, "gopls") || !streq(t->via, "elsewhere")) {
			continue;
		}
		if (streq(t->state, "ok")) {
			return NULL;
		}
		bool home = target && !str_empty(target->home) && path_below(t->path, target->home);
		if (!found && home && streq(t->state, "no_exec_bit")) {
			found = t;
		}
	}
	return found;
}

static bool is_own(const struct facts *facts, const char *path) {
	const struct fact_target *target = facts_first(target, facts);
	return target && !str_empty(target->home) &&
	       (path_below(path, target->home) || streq(path, target->home));
}

static void fix_hidden(const struct facts *facts, struct findings *out, struct finding *f,
                       const struct fact_tool *t) {
	const char *dir = str_empty(t->shut) ? path_parent(out->arena, t->path) : t->shut;
	const char *quoted = str_shell_quote(out->arena, dir);
	if (is_own(facts, dir)) {
		finding_fix(out, f, "let its owner in again", "chmod u+x %s", quoted);
	} else if (!str_empty(t->real)) {
		finding_fix(out, f, "put the program itself in the place of the link",
		            "sudo install -m 755 %s %s", str_shell_quote(out->arena, t->real),
		            str_shell_quote(out->arena, t->path));
	} else {
		finding_fix(out, f, "let everybody in", "sudo chmod -R a+rX %s", quoted);
	}
}

static void report(const struct rule *self, const struct facts *facts, struct findings *out,
                   const struct fact_tool *t) {
	bool hidden = streq(t->state, "unreachable");
	const char *setting =
		t->configured ? arena_printf(out->arena, "%s (%s line %lld) names it: ", t->setting,
	                                     t->file, (long long)t->line)
			      : "";
	bool link = hidden && !str_empty(t->real);
	const char *fault = fault_of(t);
	if (hidden && !str_empty(t->shut)) {
		fault = arena_printf(out->arena, "lies below %s, where this user may not look",
		                     t->shut);
	}
	struct finding *f =
		findings_add(out, self, hidden && !link ? CONF_LIKELY : CONF_CERTAIN, t->path,
	                     link ? "%s%s is a link to %s, which %s" : "%s%s%s %s", setting,
	                     t->path, link ? t->real : "", fault);
	finding_cites(f, t);
	const char *quoted = str_shell_quote(out->arena, t->path);
	if (streq(t->state, "no_exec_bit") && !is_own(facts, t->path)) {
		finding_fix(out, f, "let everybody execute it (gopls must read itself, too)",
		            "sudo chmod a+rx %s", quoted);
	} else if (streq(t->state, "no_exec_bit")) {
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
		fix_hidden(facts, out, f, t);
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	static const char *const tools[] = {"gopls", "go"};
	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++) {
		const struct fact_tool *t = blocked(facts, tools[i]);
		t = t || i > 0 ? t : blocked_elsewhere(facts);
		if (!t || facts_healthy(facts)) {
			continue;
		}
		bool needed = !facts_chosen(facts, tools[i]) ||
		              (i == 1 && !facts_chosen(facts, "server-go"));
		if (needed) {
			report(self, facts, out, t);
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
