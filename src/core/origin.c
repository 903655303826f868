/* SPDX-License-Identifier: MIT */
#include "core/origin.h"

#include "base/path.h"
#include "base/str.h"
#include "core/undefined.h"

const struct fact_startup *origin_startup(const struct facts *facts, const char *name,
                                          const char *value) {
	const struct fact_startup *found = NULL;
	facts_each (startup, s, facts) {
		bool session = !streq(s->kind, "project");
		if (session && streq(s->name, name) && (!value || streq(s->value, value))) {
			found = s;
		}
	}
	return found;
}

/* The unit that gives it, when no start-up file does. */
static const struct fact_unit_env *unit_of(const struct facts *facts, const char *name,
                                           const char *value) {
	facts_each (unit_env, u, facts) {
		if (streq(u->name, name) && streq(u->value, value)) {
			return u;
		}
	}
	return NULL;
}

/* The .envrc of the project, or what it reads, when nothing else does. */
static const struct fact_startup *project_of(const struct facts *facts, const char *name,
                                             const char *value) {
	facts_each (startup, s, facts) {
		if (streq(s->kind, "project") && streq(s->name, name) && streq(s->value, value)) {
			return s;
		}
	}
	return NULL;
}

static const char *line_words(const struct facts *facts, const char *where) {
	const char *colon = strrchr(where, ':');
	if (!colon) {
		return where;
	}
	return arena_printf(facts->arena, "%.*s line %s", (int)(colon - where), where, colon + 1);
}

const char *origin_setting_key(const struct facts *facts, const char *name) {
	static const char *const of_gopls[] = {"gopls.build.env", "gopls.env"};
	for (size_t i = 0; i < sizeof(of_gopls) / sizeof(*of_gopls); i++) {
		const struct fact_setting *s = facts_setting(facts, of_gopls[i]);
		if (s && str_has(s->json, arena_printf(facts->arena, "\"%s\":", name))) {
			return of_gopls[i];
		}
	}
	const char *key = arena_printf(facts->arena, "go.toolsEnvVars.%s", name);
	if (!facts_setting(facts, key) && streq(name, "GOROOT")) {
		return "go.goroot";
	}
	if (!facts_setting(facts, key) && streq(name, "GOPATH")) {
		return "go.gopath";
	}
	return key;
}

const char *origin_words(const struct facts *facts, const struct fact_govar *var) {
	struct arena *arena = facts->arena;
	if (streq(var->origin, "goenv")) {
		return arena_printf(arena, "in %s (written by go env -w)",
		                    line_words(facts, var->where));
	}
	if (streq(var->origin, "settings")) {
		return arena_printf(arena, "by %s in %s", origin_setting_key(facts, var->name),
		                    line_words(facts, var->where));
	}
	if (streq(var->origin, "goroot")) {
		return arena_printf(arena, "in %s", line_words(facts, var->where));
	}
	if (streq(var->origin, "wrapper")) {
		return arena_printf(arena, "by the script that stands for go, %s",
		                    line_words(facts, var->where));
	}
	if (streq(var->origin, "default")) {
		return "by default";
	}
	const struct fact_startup *s = origin_startup(facts, var->name, var->value);
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	const char *cr =
		str_ends(var->value, "\r")
			? " with a carriage return at its end, as Windows line ends give it"
			: "";
	const char *holder =
		p ? arena_printf(arena, "in the environment of process %lld", (long long)p->pid)
		  : "in the environment";
	const struct fact_unit_env *u = unit_of(facts, var->name, var->value);
	if (!s && u) {
		return arena_printf(arena, "%s, set by %s line %lld", holder, u->file,
		                    (long long)u->line);
	}
	s = s ? s : project_of(facts, var->name, var->value);
	return s ? arena_printf(arena, "%s, set by %s line %lld%s", holder, s->file,
	                        (long long)s->line, cr)
	         : arena_printf(arena, "%s%s", holder, cr);
}

void origin_cite_judged(const struct facts *facts, struct finding *finding, const char *name) {
	facts_each (var, v, facts) {
		if (streq(v->scope, "judged") && streq(v->name, name)) {
			finding_cites(finding, v);
		}
	}
}

/* An empty value is none to go, and leaves the line a line, whatever else is on it. */
static void fix_wrapper(const struct facts *facts, struct findings *out, struct finding *finding,
                        const struct fact_govar *var) {
	struct arena *arena = out->arena;
	const char *colon = strrchr(var->where, ':');
	const char *file =
		colon ? arena_strndup(arena, var->where, (size_t)(colon - var->where)) : "";
	const struct fact_target *t = facts_first(target, facts);
	bool own =
		t && !str_empty(t->home) && str_starts(file, arena_printf(arena, "%s/", t->home));
	const char *title =
		arena_printf(arena, "take %s out of %s", var->name, line_words(facts, var->where));
	if (!colon || strpbrk(var->value, " \t'\"\\;&|()")) {
		finding_fix(out, finding, title, "%s", "");
		return;
	}
	finding_fix(
		out, finding, title, "%ssed -i.bak '%ss/%s=\"\\{0,1\\}[^ ;\"]*\"\\{0,1\\}/%s=/' %s",
		own ? "" : "sudo ", colon + 1, var->name, var->name, str_shell_quote(arena, file));
}

/* systemctl(1): a changed unit is read again only when asked for. */
static void fix_unit(struct findings *out, struct finding *finding, const struct fact_unit_env *u) {
	const char *file = str_shell_quote(out->arena, u->file);
	bool own = !str_starts(u->file, "/etc/");
	const char *again = str_starts(u->file, "/etc/systemd/system/")
	                            ? "sudo systemctl daemon-reload"
	                            : "systemctl --user daemon-reload";
	finding_cites(finding, u);
	if (u->alone) {
		finding_fix(out, finding,
		            "switch that line of the unit off, then start the editor again",
		            "%ssed -i.bak '%llds/^/# /' %s && %s", own ? "" : "sudo ",
		            (long long)u->line, file, again);
	} else {
		finding_fix(out, finding,
		            arena_printf(out->arena,
		                         "take %s out of that line of the unit, then start the "
		                         "editor again",
		                         u->name),
		            "%s +%lld %s && %s", own ? "${EDITOR:-vi}" : "sudo ${EDITOR:-vi}",
		            (long long)u->line, file, again);
	}
}

static void fix_startup(const struct facts *facts, struct findings *out, struct finding *finding,
                        const struct fact_govar *var) {
	struct arena *arena = out->arena;
	const struct fact_startup *s = origin_startup(facts, var->name, var->value);
	if (s && str_ends(var->value, "\r")) {
		finding_cites(finding, s);
		finding_fix(out, finding,
		            arena_printf(arena,
		                         "take the Windows line ends out of %s, then log in "
		                         "again and restart the editor",
		                         s->file),
		            "%ssed -i.bak 's/\\r$//' %s",
		            str_starts(s->file, "/etc/") ? "sudo " : "",
		            str_shell_quote(arena, s->file));
	} else if (s) {
		finding_cites(finding, s);
		finding_fix(
			out, finding,
			arena_printf(
				arena,
				"switch that line off, then log in again and restart the editor"),
			"%ssed -i.bak '%llds/^/# /' %s",
			str_starts(s->file, "/etc/") ? "sudo " : "", (long long)s->line,
			str_shell_quote(arena, s->file));
	} else if (unit_of(facts, var->name, var->value)) {
		fix_unit(out, finding, unit_of(facts, var->name, var->value));
	} else {
		finding_fix(
			out, finding,
			arena_printf(
				arena,
				"take %s out of the environment, then start the editor from there",
				var->name),
			"unset %s", var->name);
	}
}

void origin_fix(const struct facts *facts, struct findings *out, struct finding *finding,
                const struct fact_govar *var) {
	struct arena *arena = out->arena;
	if (streq(var->origin, "wrapper")) {
		fix_wrapper(facts, out, finding, var);
		return;
	}
	if (streq(var->origin, "goenv")) {
		const char *title = arena_printf(arena, "forget the stored %s", var->name);
		const char *colon = strrchr(var->where, ':');
		/* With these wrong `go env -u` does not even start. */
		bool stuck = streq(var->name, "GOROOT") || streq(var->name, "GOTOOLCHAIN") ||
		             streq(var->name, "GOPATH");
		if (stuck && colon) {
			const char *file =
				arena_strndup(arena, var->where, (size_t)(colon - var->where));
			finding_fix(out, finding, title, "sed -i.bak '/^%s=/d' %s", var->name,
			            str_shell_quote(arena, file));
		} else {
			finding_fix(out, finding, title, "go env -u %s", var->name);
		}
		return;
	}
	if (streq(var->origin, "settings")) {
		finding_fix(out, finding,
		            arena_printf(arena, "remove or correct %s in %s",
		                         origin_setting_key(facts, var->name),
		                         line_words(facts, var->where)),
		            "%s", "");
		return;
	}
	fix_startup(facts, out, finding, var);
}

bool origin_is_hidden_go(const struct facts *facts, const struct fact_tool *tool) {
	struct arena *arena = facts->arena;
	const char *bin = path_parent(arena, tool->path);
	const char *root = path_parent(arena, bin);
	const char *name = path_base(root);
	/* Below somebody's home it is his. */
	bool home = path_below(root, "/root") || path_below(root, "/home");
	bool named =
		str_starts(name, "go") && strspn(name + 2, "lang-.0123456789") == strlen(name + 2);
	return streq(tool->tool, "go") && streq(tool->state, "unreachable") && !home && named &&
	       streq(path_base(bin), "bin");
}

static bool is_usable_go(const struct fact_tool *t) {
	return streq(t->tool, "go") && streq(t->state, "ok");
}

static bool blocked_on_path(const struct facts *facts) {
	facts_each (tool, t, facts) {
		bool on_path = streq(t->via, "path") || streq(t->via, "goroot") || t->configured;
		if (streq(t->tool, "go") && on_path && !streq(t->state, "ok") &&
		    !streq(t->state, "absent")) {
			return true;
		}
	}
	return false;
}

/* How surely this is the one the user means: a start-up file leads to it, or his shell's PATH. */
static int is_meant(const struct facts *facts, const struct fact_tool *t) {
	if (origin_path_line(facts, t)) {
		return 2;
	}
	const char *path = facts_var(facts, "own", "PATH");
	struct slice rest = slice_str(path ? path : "");
	struct slice dir;
	while (slice_cut(&rest, ':', &dir)) {
		if (slice_eq(dir, path_parent(facts->arena, t->path))) {
			return 1;
		}
	}
	return 0;
}

static bool is_program(const struct facts *facts, const struct fact_tool *t) {
	const struct fact_binary *b = facts_binary(facts, t->path);
	return !b || streq(b->format, "elf") || streq(b->format, "script");
}

const struct fact_tool *origin_gopls_elsewhere(const struct facts *facts) {
	const struct fact_tool *best = NULL;
	bool best_runs = false;
	facts_each (tool, t, facts) {
		if (!streq(t->tool, "gopls") || !streq(t->via, "elsewhere") ||
		    !streq(t->state, "ok") || !is_program(facts, t)) {
			continue;
		}
		const struct fact_binary *b = facts_binary(facts, t->path);
		bool runs = !b || b->machine_ok || !streq(b->format, "elf");
		if (!best || (runs && !best_runs)) {
			best = t;
			best_runs = runs;
		}
	}
	return facts_chosen(facts, "gopls") ? NULL : best;
}

const struct fact_tool *origin_go_off_path(const struct facts *facts) {
	const struct fact_tool *server = facts_chosen(facts, "server-go");
	if (server || blocked_on_path(facts)) {
		return NULL;
	}
	const struct fact_tool *best = NULL;
	facts_each (tool, t, facts) {
		if (!is_usable_go(t)) {
			continue;
		}
		if (!best || is_meant(facts, t) > is_meant(facts, best)) {
			best = t;
		}
	}
	return best;
}

const struct fact_tool *origin_gopls_off_path(const struct facts *facts) {
	if (facts_chosen(facts, "gopls")) {
		return NULL;
	}
	facts_each (tool, t, facts) {
		bool usable = streq(t->tool, "gopls") && streq(t->state, "ok");
		if (usable && origin_path_line(facts, t)) {
			return t;
		}
	}
	return NULL;
}

const struct fact_startup *origin_path_line(const struct facts *facts,
                                            const struct fact_tool *tool) {
	const char *slash = strrchr(tool->path, '/');
	size_t len = slash ? (size_t)(slash - tool->path) : 0;
	const struct fact_startup *found = NULL;
	facts_each (startup, s, facts) {
		bool same = strncmp(s->value, tool->path, len) == 0 && str_empty(s->value + len);
		if (streq(s->name, "PATH") && len > 0 && strlen(s->value) == len && same &&
		    !streq(s->kind, "project")) {
			found = s;
		}
	}
	return found;
}

const char *origin_login_file(const struct facts *facts) {
	if (str_ends(facts_var(facts, "judged", "SHELL"), "/zsh")) {
		return "~/.zprofile";
	}
	facts_each (startup_file, file, facts) {
		if (str_ends(file->file, "/.bash_profile")) {
			return "~/.bash_profile"; /* bash then reads no ~/.profile */
		}
	}
	return "~/.profile";
}

/* A constraint that this value decides: it names the value (as !windows does), or what the machine
 * is without it. */
static bool decides(const char *name, const char *value, const char *text) {
	static const char *const machines[] = {"amd64", "arm64", "386", "arm"};
	if (streq(name, "CGO_ENABLED")) {
		return str_has(text, "cgo");
	}
	if (!str_empty(value) && str_has(text, value)) {
		return true;
	}
	if (streq(name, "GOOS")) {
		return str_has(text, "linux") || str_has(text, "unix");
	}
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		if (str_has(text, machines[i])) {
			return true;
		}
	}
	return false;
}

const struct fact *origin_excluded(const struct facts *facts, const char *name, const char *value) {
	const char *reason = streq(name, "GOOS")     ? "goos"
	                     : streq(name, "GOARCH") ? "goarch"
	                                             : "cgo";
	const struct fact_open_file *file = facts_first(open_file, facts);
	bool by_tag = file && streq(file->reason, "tag") && decides(name, value, file->excluded_by);
	if (file && (streq(file->reason, reason) || by_tag) && facts_hurt(facts)) {
		return &file->base;
	}
	facts_each (excluded, x, facts) {
		/* A file of a package does harm when one of its names is missed, a whole package by
		 * itself. */
		const char *missed = NULL;
		bool harms = streq(x->what, "package") || undefined_find(facts, x->name, &missed);
		bool tag = streq(x->reason, "tag") && decides(name, value, x->tag);
		if (harms && (streq(x->reason, reason) || tag)) {
			return &x->base;
		}
	}
	/* Nothing of the module is left out, but the code is not for that platform: it misses names of
	 * the standard library, or counts beyond 32 bits. */
	const struct fact_trial *here = facts_trial(facts, "compile for this machine");
	bool platform = streq(name, "GOOS") || streq(name, "GOARCH");
	return platform && here && here->better ? &here->base : NULL;
}

/* A file or package that is only left out because such a tag is set. */
const struct fact *origin_tag_harm(const struct facts *facts, const char *flags) {
	const struct fact_open_file *file = facts_first(open_file, facts);
	const char *tags = strstr(flags, "-tags=");
	if (!tags) {
		return NULL;
	}
	struct slice rest = slice_of(tags + 6, strcspn(tags + 6, " '\""));
	struct slice tag;
	while (slice_cut(&rest, ',', &tag)) {
		const char *unwanted = arena_printf(facts->arena, "!%.*s", (int)tag.len, tag.data);
		if (file && facts_hurt(facts) && str_has(file->excluded_by, unwanted)) {
			return &file->base;
		}
		facts_each (excluded, x, facts) {
			if (str_has(x->tag, unwanted) || str_has(x->expression, unwanted)) {
				return &x->base;
			}
		}
	}
	return NULL;
}

/* Code that is left out and would not be with these tags, this system, this machine. */
static const struct fact *excluded_without(const struct facts *facts, const char *name,
                                           const char *value) {
	const char *reason = streq(name, "GOFLAGS")  ? "tag"
	                     : streq(name, "GOOS")   ? "goos"
	                     : streq(name, "GOARCH") ? "goarch"
	                                             : "cgo";
	const struct fact_open_file *file = facts_first(open_file, facts);
	bool tags = !streq(name, "GOFLAGS") || str_has(value, "-tags");
	if (file && streq(file->reason, reason) && tags) {
		return &file->base;
	}
	facts_each (excluded, x, facts) {
		if (streq(x->reason, reason) && tags && str_has(value, x->tag)) {
			return &x->base;
		}
	}
	return NULL;
}

static bool is_for_modules(const char *name) {
	static const char *const names[] = {"GOPROXY",   "GOPRIVATE", "GOMODCACHE", "GOPATH",
	                                    "GONOSUMDB", "GOSUMDB",   "GONOPROXY",  "GOINSECURE"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (streq(name, names[i])) {
			return true;
		}
	}
	return str_ends(name, "_PROXY") || str_ends(name, "_proxy");
}

const struct fact *origin_need(const struct facts *facts, const char *name, const char *value) {
	if ((streq(name, "GOPATH") || streq(name, "GOBIN")) && !facts_chosen(facts, "gopls")) {
		return facts->first[FACT_tool];
	}
	bool modules = is_for_modules(name);
	if (modules && facts_first(mod_absent, facts)) {
		return &facts_first(mod_absent, facts)->base;
	}
	const struct fact_toolchain *t = facts_first(toolchain, facts);
	bool stuck = t && !streq(t->verdict, "none") && !t->present;
	if (stuck && (streq(name, "GOTOOLCHAIN") || modules)) {
		return &t->base;
	}
	bool building = streq(name, "GOFLAGS") || streq(name, "GOOS") || streq(name, "GOARCH") ||
	                streq(name, "CGO_ENABLED");
	const struct fact *excluded = building ? excluded_without(facts, name, value) : NULL;
	if (excluded) {
		return excluded;
	}
	facts_each (gomod_gap, g, facts) {
		/* A module of the project that no go.work in force names. */
		if (streq(name, "GOWORK") && !streq(value, "off") && streq(g->kind, "local")) {
			return &g->base;
		}
	}
	const struct fact_vendor_gap *gap = facts_first(vendor_gap, facts);
	bool vendor = streq(name, "GOFLAGS") && gap && str_has(value, "-mod=mod");
	return vendor ? &gap->base : NULL;
}

bool origin_is_remote(const struct facts *facts) {
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	if (p && (streq(p->kind, "vscode-remote") || streq(p->kind, "code-server"))) {
		return true;
	}
	const char *path = facts_var(facts, "judged", "PATH");
	bool server_path = str_has(path, "/.vscode-server") || str_has(path, "/.cursor-server") ||
	                   str_has(path, "/.vscodium-server");
	bool ssh = facts_var(facts, "judged", "SSH_CONNECTION") ||
	           facts_var(facts, "judged", "SSH_CLIENT");
	bool vscode = facts_var(facts, "judged", "VSCODE_AGENT_FOLDER") || server_path;
	return vscode || (ssh && p && str_starts(p->kind, "vscode"));
}

struct fact_govar origin_of_var(const struct facts *facts, const char *name) {
	const struct fact_govar *known = facts_govar(facts, name);
	if (known) {
		return *known;
	}
	struct fact_govar var = {.name = name, .value = "", .origin = "default", .where = ""};
	const char *value = facts_var(facts, "server", name);
	if (!value) {
		return var;
	}
	var.value = value;
	var.origin = "env";
	const struct fact_setting *s =
		facts_setting(facts, arena_printf(facts->arena, "go.toolsEnvVars.%s", name));
	if (s) {
		var.origin = "settings";
		var.where = arena_printf(facts->arena, "%s:%lld", s->file, (long long)s->line);
	}
	return var;
}
