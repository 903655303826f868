/* SPDX-License-Identifier: MIT
 * Which go and which server the editor takes, with what arguments, environment and options.
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "gofile/binary.h"
#include "probes/go_run.h"
#include "probes/govars.h"
#include "probes/search.h"
#include "probes/trust.h"
#include "probes/vscode.h"
#include "wire/jsonc.h"

#define GO_ENV_DEADLINE_NS                                                                         \
	(1500 * NS_PER_MS) /* it takes 5 ms; longer means a toolchain download that hangs */
#define GO_ENV_CAP_BYTES ((size_t)64 * 1024)
#define HEAD_CAP_BYTES   ((size_t)512) /* of a program that is none */

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

static void search_path(struct search *s, const struct envset *env) {
	const char *path = envset_get(env, "PATH");
	search_list(s, path ? path : "", "", "path");
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

static const char *find_on_path(struct exam *exam, const char *tool, const struct envset *env) {
	struct search s;
	search_begin(&s, exam, tool);
	search_path(&s, env);
	if (!s.found) {
		search_elsewhere(&s);
	}
	return s.found;
}

/* goMain.ts updateGoVarsFromConfig: what `go env` says fills the gaps of the extension's own
 * environment, and when the go that is used is not the one on PATH its directory is put in front.
 */
static void fill_from_go_env(struct exam *exam, struct envset *env, struct slice json) {
	static const char *const names[] = {"GOPATH", "GOROOT", "GOPROXY", "GOBIN", "GOMODCACHE"};
	struct target *t = exam->target;
	const struct jsonc_doc *doc = jsonc_parse(exam->arena, json);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = jsonc_string(jsonc_get(doc->root, names[i]));
		if (!str_empty(value) && str_empty(envset_get(env, names[i]))) {
			envset_set(env, names[i], value);
		}
	}
	const char *path = envset_get(env, "PATH");
	const char *on_path = search_path_only(exam, path ? path : "", "go");
	const char *goroot = envset_get(env, "GOROOT");
	bool other = !streq(on_path, t->go_path);
	if (other && !str_empty(goroot) &&
	    vscode_flag(exam, "go.terminal.activateEnvironment", true)) {
		envset_set(env, "PATH",
		           arena_printf(exam->arena, "%s/bin:%s", goroot, path ? path : ""));
	}
}

static void run_go_env(struct exam *exam, struct envset *env) {
	struct target *t = exam->target;
	const char *const argv[] = {t->go_path, "env", "-json", NULL};
	struct run_result run =
		go_run_state(exam, "env", argv, env, t->workspace, GO_ENV_DEADLINE_NS);
	if (run.started && run.exit_code == 0) {
		fill_from_go_env(exam, env, run.out);
	}
}

/* Without an answer of go the extension goes no further; where the tools lie is worth knowing all
 * the same. */
static void fill_from_govars(struct exam *exam, struct envset *env) {
	static const char *const names[] = {"GOPATH", "GOBIN"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct fact_govar *v = facts_govar(exam->facts, names[i]);
		if (v && !str_empty(v->value) && str_empty(envset_get(env, names[i]))) {
			envset_set(env, names[i], v->value);
		}
	}
}

static void arrange_vscode(struct exam *exam) {
	struct target *t = exam->target;
	vscode_tools_env(exam, &t->server);
	t->go_path = find_go_vscode(exam, &t->server);
	struct envset of_go; /* what go gets from gopls; the extension's own calls do without */
	envset_copy(&of_go, &t->server);
	govars_gopls_env(exam, &of_go);
	govars_state(exam, &of_go, t->go_path);
	const char *why = t->trusted ? NULL : trust_look_env(exam, &of_go);
	if (!why && t->go_path && !t->trusted) {
		why = trust_look_tool(exam, "go", t->go_path);
	}
	t->do_not_run_go = why != NULL;
	t->do_not_start = why;
	if (t->go_path && !t->do_not_run_go) {
		run_go_env(exam, &t->server);
	}
	fill_from_govars(exam, &t->server);
	t->gopls_path = find_gopls_vscode(exam, &t->server);
	govars_gopls_env(exam, &t->server);
	const char *const *flags = vscode_server_flags(exam, &t->server_flags_error);
	size_t count = 0;
	while (flags && flags[count]) {
		count++;
	}
	const char **argv = arena_array_of(exam->arena, const char *, count + 2);
	argv[0] = t->gopls_path;
	for (size_t i = 0; i < count; i++) {
		argv[i + 1] = flags[i];
	}
	t->server_argv = argv;
	t->init_options = vscode_init_options(exam);
	/* goLanguageServer.ts, buildLanguageServerConfig: enabled only when it is just true. */
	const struct fact_setting *use = facts_setting(exam->facts, "go.useLanguageServer");
	if (use && !streq(use->json, "true")) {
		t->do_not_start =
			"go.useLanguageServer is false: the editor starts no language server";
	} else if (t->server_flags_error) {
		t->do_not_start = t->server_flags_error;
	}
}

static void arrange_plain(struct exam *exam) {
	struct target *t = exam->target;
	t->go_path = find_on_path(exam, "go", &t->server);
	t->gopls_path = find_on_path(exam, "gopls", &t->server);
	govars_state(exam, &t->server, t->go_path);
	const char *why = t->trusted ? NULL : trust_look_env(exam, &t->server);
	if (!why && t->go_path && !t->trusted) {
		why = trust_look_tool(exam, "go", t->go_path);
	}
	t->do_not_run_go = why != NULL;
	t->do_not_start = why;
	const char **argv = arena_array_of(exam->arena, const char *, 2);
	argv[0] = t->gopls_path;
	t->server_argv = argv;
	t->init_options = "{}";
}

/* An amd64 kernel also runs 386 programs. Nothing is said of machines Go does not know. */
static bool runs_here(const char *goarch) {
#if defined(__x86_64__)
	return str_empty(goarch) || streq(goarch, "amd64") || streq(goarch, "386");
#elif defined(__aarch64__)
	return str_empty(goarch) || streq(goarch, "arm64") || streq(goarch, "arm");
#else
	return true;
#endif
}

/* Blocks that were never written read as zeros. */
static bool begins_with_zeros(struct exam *exam, const char *path) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, HEAD_CAP_BYTES);
	for (size_t i = 0; i < ev->bytes.len; i++) {
		if (ev->bytes.data[i] != '\0') {
			return false;
		}
	}
	return evidence_has_bytes(ev) && ev->bytes.len > 0;
}

static void state_binary(struct exam *exam, const char *tool, const char *path, bool chosen) {
	const struct evidence *ev = world_look(exam->world, LOOK_BINARY, path, LOOK_CAP_SMALL);
	if (!evidence_has_bytes(ev)) {
		return;
	}
	struct binary bin = binary_from_text(exam->arena, ev->bytes);
	const char *interpreter =
		bin.kind == BINARY_SCRIPT ? bin.script_interpreter : bin.interpreter;
	bool zeros = bin.kind == BINARY_OTHER && begins_with_zeros(exam, path);
	bool there = str_empty(interpreter) || world_stat(exam->world, interpreter).exists;
	FACTS_ADD(exam->facts, binary, ev, .tool = tool, .path = path,
	          .format = binary_kind_name(bin.kind), .machine = bin.goarch,
	          .interpreter = interpreter, .argument = bin.script_argument,
	          .interpreter_present = there, .truncated = bin.truncated,
	          .fault = zeros ? "zeros" : bin.fault,
	          .machine_ok = bin.kind != BINARY_ELF || runs_here(bin.goarch),
	          .go_version = bin.go_version, .module = bin.module, .version = bin.module_version,
	          .needs_glibc = bin.glibc, .chosen = chosen, .size = (int64_t)bin.size_bytes);
}

/* The program files behind what was found; a few, since each costs a read. */
static void state_binaries(struct exam *exam) {
	size_t budget = 12;
	facts_each (tool, t, exam->facts) {
		bool readable = !streq(t->tool, "server-go") &&
		                (streq(t->state, "ok") || streq(t->state, "noexec_mount") ||
		                 streq(t->state, "no_exec_bit"));
		if (readable && budget > 0 && !facts_binary(exam->facts, t->path)) {
			state_binary(exam, t->tool, t->path, t->chosen);
			budget--;
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	struct target *t = exam->target;
	envset_copy(&t->server, &t->judged);
	t->server_cwd = t->workspace;
	if (t->editor == EDITOR_VSCODE) {
		arrange_vscode(exam);
	} else {
		arrange_plain(exam);
	}
	if (!t->do_not_start && !t->trusted && t->gopls_path) {
		t->do_not_start = trust_look_tool(exam, "gopls", t->gopls_path);
	}
	const char *path = envset_get(&t->server, "PATH");
	t->server_go = search_path_only(exam, path ? path : "", "go");
	for (size_t i = 0; i < t->server.count; i++) {
		const char *value = NULL;
		struct slice name = envset_name(&t->server, i, &value);
		if (slice_starts(name, "GO") || slice_eq(name, "PATH") || slice_eq(name, "HOME") ||
		    slice_eq(name, "TMPDIR") || slice_starts(name, "XDG_")) {
			FACTS_ADD(exam->facts, var, NULL, .scope = "server",
			          .name = arena_slicedup(exam->arena, name), .value = value);
		}
	}
	FACTS_ADD(exam->facts, tool, NULL, .tool = "server-go", .path = t->server_go, .via = "path",
	          .state = t->server_go ? "ok" : "absent", .chosen = t->server_go != NULL);
	state_binaries(exam);
	return 0;
}

const struct probe probe_tools = {
	.id = "tools",
	.title = "which go and which server the editor takes, and how it starts them",
	.stage = STAGE_TOOLS,
	.yields = FACT_BIT(tool) | FACT_BIT(binary) | FACT_BIT(govar) | FACT_BIT(setting_program),
	.required = true,
	.look = look,
};
