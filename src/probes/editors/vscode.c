/* SPDX-License-Identifier: MIT
 * VS Code with its Go extension, and everything that is built like it.
 * Source: golang/vscode-go v0.57.2, extension/src/utils/pathUtils.ts, goMain.ts,
 * language/goLanguageServer.ts.
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/associated.h"
#include "core/editor.h"
#include "core/probe.h"
#include "core/restricted.h"
#include "probes/editors/start.h"
#include "probes/editors/vscode_tools.h"
#include "probes/editors/vscode_window.h"
#include "probes/go/go_run.h"
#include "probes/go/govars.h"
#include "probes/search.h"
#include "wire/jsonc.h"

#define GO_ENV_DEADLINE_NS                                                                         \
	(1500 * NS_PER_MS) /* it takes 5 ms; longer means a toolchain download that hangs */

/* pathUtils.ts: an absolute alternate is one place to look at, a relative one another name to look
 * for. */
static void search_alternate(struct search *s) {
	struct exam *exam = s->exam;
	const char *key = arena_printf(exam->arena, "go.alternateTools.%s", s->tool);
	const char *value = vscode_text(exam, key);
	if (!value) {
		return;
	}
	value = vscode_expand(exam, value);
	if (value[0] == '/') {
		search_configured(s, value, facts_setting(exam->facts, key));
	} else {
		s->name = value;
	}
}

/* pathUtils.ts, getBinPathFromEnvVar: GOBIN is split like a PATH. */
static void search_gobin(struct search *s, const struct envset *env) {
	const char *gobin = envset_get(env, "GOBIN");
	if (gobin && strchr(gobin, ':')) {
		search_list(s, gobin, "", "gobin");
	} else {
		search_dir(s, gobin, "gobin", true);
	}
}

static const char *find_go_vscode(struct exam *exam, const struct envset *env) {
	struct search s;
	search_begin(&s, exam, "go");
	search_alternate(&s);
	search_gobin(&s, env);
	const char *goroot = envset_get(env, "GOROOT");
	if (!str_empty(goroot)) {
		search_dir(&s, path_join(exam->arena, goroot, "bin"), "goroot", true);
	}
	search_path(&s, env);
	search_file(&s, "/usr/local/go/bin/go", "default", false);
	search_file(&s, "/usr/local/bin/go", "default", false);
	if (!s.found) {
		search_elsewhere(&s);
	}
	return streq(s.found, "/snap/bin/go") ? "/snap/go/current/bin/go" : s.found;
}

static const char *find_gopls_vscode(struct exam *exam, const struct envset *env) {
	struct search s;
	search_begin(&s, exam, "gopls");
	search_alternate(&s);
	search_gobin(&s, env);
	const char *tools = vscode_text(exam, "go.toolsGopath");
	if (tools) {
		search_list(&s, vscode_expand(exam, tools), "/bin", "toolsgopath");
	}
	const char *gopath = vscode_text(exam, "go.gopath");
	gopath = gopath ? vscode_expand(exam, gopath) : envset_get(env, "GOPATH");
	search_list(&s, gopath ? gopath : "", "/bin", "gopath");
	const char *goroot = envset_get(env, "GOROOT");
	if (!str_empty(goroot)) {
		search_dir(&s, path_join(exam->arena, goroot, "bin"), "goroot", false);
	}
	search_path(&s, env);
	if (!s.found) {
		search_elsewhere(&s);
	}
	return s.found;
}

/* What it will find, as far as that is known before go was asked for its variables. */
static const char *gopls_before_go(struct exam *exam, const struct envset *env) {
	const char *named = vscode_text(exam, "go.alternateTools.gopls");
	if (named) {
		return search_program(exam, vscode_expand(exam, named), env);
	}
	const char *bin = envset_get(env, "GOBIN");
	const char *gopath = envset_get(env, "GOPATH");
	const char *home = envset_get(env, "HOME");
	const char *path = envset_get(env, "PATH");
	gopath = !str_empty(gopath) ? gopath : path_join(exam->arena, home ? home : "/", "go");
	return search_path_only(
		exam,
		arena_printf(exam->arena, "%s:%s/bin:%s", bin ? bin : "", gopath, path ? path : ""),
		"gopls");
}

static void fill_gap(struct envset *env, const char *name, const char *value) {
	if (!str_empty(value) && str_empty(envset_get(env, name))) {
		envset_set(env, name, value);
	}
}

/* What the extension asks go for. These need neither a build cache nor a directory for temporary files nor a platform. */
static const char *const asked[] = {"GOPATH", "GOROOT", "GOPROXY", "GOBIN", "GOMODCACHE"};

/* goMain.ts updateGoVarsFromConfig: what `go env` says fills the gaps of the extension's own
 * environment (own; tools is that with go.toolsEnvVars over it), and when the go that is used is not the one on PATH its directory is put in front.
 */
static void fill_from_go_env(struct exam *exam, struct envset *own, struct envset *tools,
                             struct slice json) {
	struct target *t = exam->target;
	const struct jsonc_doc *doc = jsonc_parse(exam->arena, json);
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		const char *value = jsonc_string(jsonc_get(doc->root, asked[i]));
		fill_gap(own, asked[i], value);
		fill_gap(tools, asked[i], value);
	}
	const char *path = envset_get(own, "PATH");
	const char *on_path = search_path_only(exam, path ? path : "", "go");
	const char *goroot = jsonc_string(jsonc_get(doc->root, "GOROOT"));
	bool snap = streq(on_path, "/snap/bin/go"); /* still counts as found on PATH */
	if (streq(on_path, t->go_path) || snap || str_empty(goroot) ||
	    !vscode_flag(exam, "go.terminal.activateEnvironment", true)) {
		return;
	}
	const char *longer = arena_printf(exam->arena, "%s/bin:%s", goroot, path ? path : "");
	if (streq(envset_get(tools, "PATH"), path)) {
		envset_set(tools, "PATH", longer); /* else go.toolsEnvVars has its own */
	}
	envset_set(own, "PATH", longer);
}

static void run_go_env(struct exam *exam, struct envset *own, struct envset *tools) {
	struct target *t = exam->target;
	const char *const argv[] = {t->go_path, "env", "-json", NULL};
	struct run_result run =
		go_run_state(exam, "env", argv, tools, t->workspace, GO_ENV_DEADLINE_NS);
	if (run.started && run.exit_code > 0) {
		const char *const few[] = {t->go_path, "env",    "-json",  asked[0], asked[1],
		                           asked[2],   asked[3], asked[4], NULL};
		run = go_run_state(exam, FACTS_RUN_EXTENSION, few, tools, t->workspace,
		                   GO_ENV_DEADLINE_NS);
	}
	if (run.started && run.exit_code == 0) {
		fill_from_go_env(exam, own, tools, run.out);
	}
}

/* Without an answer of go the extension goes no further; where the tools lie is worth knowing all
 * the same. */
static void fill_from_govars(struct exam *exam, struct envset *env) {
	static const char *const names[] = {"GOPATH", "GOBIN"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct fact_govar *v = facts_govar(exam->facts, names[i]);
		fill_gap(env, names[i], v ? v->value : NULL);
	}
}

void vscode_arrange(struct exam *exam) {
	struct target *t = exam->target;
	struct envset own; /* the extension looks for tools with its own, without go.toolsEnvVars */
	envset_copy(&own, &t->judged);
	vscode_own_env(exam, &own);
	vscode_tools_env(exam, &t->server);
	t->go_path = find_go_vscode(exam, &own);
	struct envset of_go; /* what go gets from gopls; the extension's own calls do without */
	envset_copy(&of_go, &t->server);
	govars_gopls_env(exam, &of_go);
	govars_state(exam, &of_go, t->go_path, gopls_before_go(exam, &own));
	start_judge(exam, &of_go);
	if (t->go_path && !t->do_not_run_go) {
		run_go_env(exam, &own, &t->server);
	}
	fill_from_govars(exam, &own);
	fill_from_govars(exam, &t->server);
	t->gopls_path = find_gopls_vscode(exam, &own);
	govars_gopls_env(exam, &t->server);
	start_with(exam, vscode_server_flags(exam, &t->server_flags_error));
	t->init_options = vscode_init_options(exam);
	if (t->window_folders) {
		t->root = t->window_folders[0];
		t->server_cwd = t->window_folders[0];
		t->client_folders = t->window_folders;
	}
	const char *differ = vscode_window_state(exam);
	/* goLanguageServer.ts, buildLanguageServerConfig: enabled only when it is just true. */
	const struct fact_setting *use = facts_setting(exam->facts, "go.useLanguageServer");
	if (use && !streq(use->json, "true")) {
		t->do_not_start =
			"go.useLanguageServer is not true: the editor starts no language server";
	} else if (associated_elsewhere(exam->facts, t->open_file)) {
		t->do_not_start = "the editor takes the file for another language than Go";
	} else if (restricted_by(exam->facts) && restricted_starts_nothing(exam->facts)) {
		t->do_not_start =
			"the folder is not trusted: in Restricted Mode the editor does not "
			"start its Go extension";
	} else if (differ) {
		t->do_not_start = differ;
	} else if (t->server_flags_error) {
		t->do_not_start = t->server_flags_error;
	}
}

static const char *const kinds[] = {"vscode", "vscode-remote", NULL};

const struct editor editor_vscode = {
	.name = "vscode",
	.title = "VS Code",
	.kinds = kinds,
	.order = 10,
	.configured = vscode_configured,
	.read_settings = vscode_read_settings,
	.arrange = vscode_arrange,
};
