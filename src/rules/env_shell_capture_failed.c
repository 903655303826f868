/* SPDX-License-Identifier: MIT
 * The editor asks a login shell for its environment, and that fails, hangs, or mixes a banner into
 * the values.
 *
 * Proof: the shell, asked once more in the same way, does not answer, while the editor misses a tool
 * that an answer would have brought; or words and colours in the values themselves. A shell that
 * answers leaves env-go-not-on-path-gui; a fault of the shell that nobody suffers from is not
 * reported.
 */
#include "core/origin.h"
#include "core/rule.h"

/* The first thing in a value that is no part of a path or flag, as words; NULL when it is clean. */
static const char *dirt_in(struct arena *arena, const char *name, const char *value) {
	for (const char *p = value; *p; p++) {
		if (*p == '\r' && p[1] == '\0') {
			break; /* of a start-up file with Windows line ends, not of a banner */
		}
		if ((unsigned char)*p < ' ' && *p != '\t') {
			return *p == '\x1b' ? "a colour code"
			       : *p == '\n' ? "a line break"
			                    : "a control character";
		}
	}
	struct slice rest = slice_str(streq(name, "PATH") ? value : "");
	struct slice part;
	while (slice_cut(&rest, ':', &part)) {
		bool words = part.len > 0 && !strchr("/.~$", part.data[0]) && slice_has(part, " ");
		if (words) {
			return arena_printf(arena, "the words \"%.*s\"",
			                    (int)(part.len > 60 ? 60 : part.len), part.data);
		}
	}
	return NULL;
}

static bool is_place(const char *name) {
	return str_ends(name, "TMPDIR") || str_starts(name, "GO") || str_starts(name, "XDG_C") ||
	       streq(name, "HOME");
}

static const struct fact *harm(const struct facts *facts, const char *name) {
	if (streq(name, "PATH")) {
		bool missed = !facts_chosen(facts, "server-go") || !facts_chosen(facts, "gopls");
		return missed ? facts->first[FACT_tool] : NULL;
	}
	if (streq(name, "GOFLAGS")) {
		return facts->first[FACT_goflag_error];
	}
	facts_each (goroot, root, facts) {
		if (streq(name, "GOROOT") && !root->own && !root->complete) {
			return &root->base;
		}
	}
	const struct fact_place *p = facts_place(facts, name);
	bool bad = p && !streq(p->state, "ok") && !streq(p->state, "unknown");
	return bad ? &p->base : NULL;
}

static void check_dirt(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (var, v, facts) {
		bool watched = streq(v->name, "PATH") || is_place(v->name);
		const char *dirt = streq(v->scope, "judged") && watched
		                           ? dirt_in(out->arena, v->name, v->value)
		                           : NULL;
		const struct fact *proof = dirt ? harm(facts, v->name) : NULL;
		if (!proof) {
			continue;
		}
		const struct fact_editor_process *p = facts_first(editor_process, facts);
		struct finding *f = findings_add(
			out, self, CONF_CERTAIN, v->name,
			"%s%s has %s in it: what the login shell printed got into its environment",
			v->name,
			p ? arena_printf(out->arena, " of the editor (process %lld, %s)",
		                         (long long)p->pid, p->comm)
			  : "",
			dirt);
		finding_about(out, f, v->name);
		finding_cites(f, v);
		finding_cite(f, proof);
		if (p) {
			finding_cites(f, p);
		}
		finding_detail(out, f,
		               "such an editor runs the shell with env and takes all that it says "
		               "for variables");
		finding_fix(out, f,
		            "let the start-up files print only where somebody reads it, then "
		            "restart the editor: put the banner behind this",
		            "[ -t 1 ] || return 0");
	}
}

static void check_capture(const struct rule *self, const struct facts *facts,
                          struct findings *out) {
	const struct fact_shell_capture *c = facts_first(shell_capture, facts);
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	if (!c || !p || streq(c->state, "ok")) {
		return;
	}
	bool hangs = streq(c->state, "hangs");
	struct finding *f = findings_add(
		out, self, hangs ? CONF_LIKELY : CONF_CERTAIN,
		str_empty(c->file) ? c->shell : c->file,
		hangs ? "the editor (process %lld, %s) takes its environment from %s -i -l, and "
			"that "
			"does not come to an end%s"
		      : "the editor (process %lld, %s) takes its environment from %s -i -l, and "
			"that "
			"fails%s",
		(long long)p->pid, p->comm, c->shell,
		hangs ? arena_printf(out->arena, " (waited for %lld ms)", (long long)c->ms)
		: c->exit_code > 0
			? arena_printf(out->arena, " with status %lld", (long long)c->exit_code)
			: "");
	finding_about(out, f, "PATH");
	if (!str_empty(c->file)) {
		finding_detail(out, f, "look at %s line %lld: %s%s%s", c->file, (long long)c->line,
		               c->text, str_empty(c->said) ? "" : "; it says: ", c->said);
	} else if (!str_empty(c->said)) {
		finding_detail(out, f, "it says: %s", c->said);
	}
	finding_cites(f, c);
	finding_cites(f, p);
	origin_cite_judged(facts, f, "PATH");
	facts_each (startup_file, file, facts) {
		if (streq(file->file, c->file)) {
			finding_cites(f, file);
		}
	}
	if (!str_empty(c->file)) {
		finding_fix(out, f, "leave that line out when an editor asks, then restart it",
		            "sed -i.bak '%llds/^/[ -n \"$VSCODE_RESOLVING_ENVIRONMENT\" ] || /' %s",
		            (long long)c->line, str_shell_quote(out->arena, c->file));
	}
	finding_fix(out, f, "see it for yourself",
	            "VSCODE_RESOLVING_ENVIRONMENT=1 timeout 10 %s -i -l -c env </dev/null; echo "
	            "status $?",
	            str_shell_quote(out->arena, c->shell));
	finding_fix(out, f, "start the editor from a terminal, which needs no such question", "%s",
	            "code .");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	if (facts_healthy(facts)) {
		return;
	}
	check_dirt(self, facts, out);
	check_capture(self, facts, out);
}

const struct rule rule_env_shell_capture_failed = {
	.id = "env-shell-capture-failed",
	.title = "the editor did not get its environment from the login shell, or got a banner "
		 "with it",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(var) | FACT_BIT(tool),
	.explains =
		IDS("*env-go-not-on-path-gui", "*bin-gopls-missing", "*bin-wrong-bin-dir",
                    "*bin-go-missing", "*env-version-manager-shim", "env-tmpdir-invalid",
                    "env-goroot-wrong", "env-goflags-malformed", "cfg-cache-path-not-absolute",
                    "cfg-env-not-expanded", "env-stale-editor-process", "env-goroot-go-mismatch"),
	.check = check,
};
