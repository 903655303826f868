/* SPDX-License-Identifier: MIT
 * sec-flatpak-snap-sandbox: the editor is a Flatpak or a strict snap, and the Go of the host is not
 * to be seen from within.
 * Proof: the environment (or the root) of the editor is that of such a sandbox, and its PATH leads to
 * no go, or to one that is only there outside.
 * Counter-checks: a classic snap sees the host and is not meant; an editor of the desktop whose PATH
 * was never set has no such environment (env-go-not-on-path-gui); with a go inside all is well.
 */
#include "base/path.h"
#include "core/rule.h"

static bool path_has(const char *list, const char *prefix) {
	const char *at = strstr(list, prefix);
	return at && (at == list || at[-1] == ':');
}

/* "Flatpak" or "snap" with its name, or NULL. */
static const char *sandbox_of(const struct facts *facts, const struct fact_confined *editor) {
	const char *id = facts_var(facts, "judged", "FLATPAK_ID");
	const char *container = facts_var(facts, "judged", "container");
	const char *path = facts_var(facts, "judged", "PATH");
	const char *snap = facts_var(facts, "judged", "SNAP");
	const char *home = facts_var(facts, "judged", "HOME");
	const char *data = facts_var(facts, "judged", "SNAP_USER_DATA");
	path = path ? path : "";
	if (!str_empty(id) || streq(container, "flatpak") || (editor && editor->flatpak) ||
	    path_has(path, "/app/bin")) {
		return arena_printf(facts->arena, "Flatpak%s%s", str_empty(id) ? "" : " ",
		                    id ? id : "");
	}
	bool strict = !str_empty(snap) && snap[0] == '/' &&
	              (path_has(path, arena_printf(facts->arena, "%s/", snap)) ||
	               (!str_empty(data) && streq(home, data)) || (editor && editor->mounts));
	const char *name = facts_var(facts, "judged", "SNAP_NAME");
	return strict ? arena_printf(facts->arena, "snap %s", name ? name : path_base(snap)) : NULL;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_confined *editor = NULL;
	const struct fact_confined_path *gone = NULL;
	facts_each (confined, c, facts) {
		editor = streq(c->who, "editor") ? c : editor;
	}
	const char *sandbox = sandbox_of(facts, editor);
	const struct fact_tool *go = facts_chosen(facts, "go");
	const struct fact_tool *server_go = facts_chosen(facts, "server-go");
	facts_each (confined_path, p, facts) {
		bool tool = streq(p->role, "go") || streq(p->role, "server");
		if (!gone && streq(p->who, "editor") && tool && streq(p->own, "ok") &&
		    (streq(p->state, "absent") || p->other)) {
			gone = p;
		}
	}
	/* What lies in a fixed place of the host is not in the sandbox; what its own PATH leads to is. */
	bool on_path = go && streq(go->via, "path");
	bool named = go && go->configured;
	bool lost = facts_hurt(facts) && !facts_chosen(facts, "gopls");
	bool none = !(on_path || named) || !server_go || lost;
	if (!sandbox || (!gone && !none)) {
		return;
	}
	const char *path = gone ? gone->path : "go";
	const struct fact_tool *outside = NULL;
	facts_each (tool, t, facts) {
		bool there = streq(t->tool, "go") && streq(t->state, "ok");
		outside = !outside && there ? t : outside;
	}
	if (!gone && outside) {
		path = outside->path;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, path,
		"the editor is the %s, whose sandbox does not show it the Go of this machine%s%s",
		sandbox, streq(path, "go") ? "" : ": ", streq(path, "go") ? "" : path);
	finding_cite(f, (const struct fact *)editor);
	finding_cite(f, (const struct fact *)gone);
	finding_cite(f, (const struct fact *)outside);
	static const char *const names[] = {"FLATPAK_ID", "container", "SNAP", "PATH"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		facts_each (var, v, facts) {
			if (streq(v->scope, "judged") && streq(v->name, names[i])) {
				finding_cites(f, v);
			}
		}
	}
	if (str_starts(sandbox, "Flatpak")) {
		const char *id = facts_var(facts, "judged", "FLATPAK_ID");
		id = str_empty(id) ? "com.visualstudio.code" : id;
		finding_fix(
			out, f, "give it Go as an extension of the runtime",
			"flatpak install flathub org.freedesktop.Sdk.Extension.golang && flatpak "
			"override --user --env=FLATPAK_ENABLE_SDK_EXT=golang %s",
			str_shell_quote(out->arena, id));
	}
	finding_fix(out, f, "use the editor as a package of the distribution, which sees it", "%s",
	            "");
}

const struct rule rule_sec_flatpak_snap_sandbox = {
	.id = "sec-flatpak-snap-sandbox",
	.title = "The editor is a Flatpak or snap that does not see the Go of the host",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool),
	.explains = IDS("*env-go-not-on-path-gui", "*bin-go-missing", "*bin-gopls-missing",
                        "*bin-wrong-bin-dir", "*env-stale-editor-process",
                        "*env-remote-noninteractive-shell", "*bin-dlv-missing"),
	.check = check,
};
