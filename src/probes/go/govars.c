/* SPDX-License-Identifier: MIT */
#include "probes/go/govars.h"

#include "base/path.h"
#include "base/str.h"
#include "gofile/goenvfile.h"
#include "gofile/goflags.h"
#include "probes/go/goroot.h"
#include "probes/go/wrapper_vars.h"
#include "probes/search.h"
#include "wire/jsonc.h"

static const char *const names[] = {
	"GOROOT",       "GOPATH",       "GOCACHE",          "GOMODCACHE",  "GOENV",
	"GOFLAGS",      "GOTMPDIR",     "GOTOOLCHAIN",      "GOPROXY",     "GOSUMDB",
	"GOPRIVATE",    "GONOPROXY",    "GONOSUMDB",        "GOBIN",       "GOOS",
	"GOARCH",       "GOWORK",       "GO111MODULE",      "CGO_ENABLED", "GOEXPERIMENT",
	"GODEBUG",      "GOINSECURE",   "GOPACKAGESDRIVER", "GOCACHEPROG", "GOAUTH",
	"CC",           "CXX",          "PKG_CONFIG",       "GOAMD64",     "CGO_CFLAGS",
	"CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS",      "GOVCS",       "GOFIPS140",
};

const char *govars_own_goroot(struct exam *exam, const char *go_path) {
	struct file_stat st = world_stat(exam->world, go_path);
	const char *real = str_empty(st.real) ? go_path : st.real;
	const char *root = path_parent(exam->arena, path_parent(exam->arena, real));
	/* A wrapper or shim does not lie in a GOROOT; only a tree with the library's sources is
	 * one. */
	const char *mark = path_join(exam->arena, root, "pkg");
	const char *version = path_join(exam->arena, root, "VERSION");
	bool tree = world_stat(exam->world, version).exists || world_stat(exam->world, mark).is_dir;
	return tree && !streq(root, "/") && !streq(root, "/usr") ? root : NULL;
}

static struct slice read_text(struct exam *exam, const char *path, const struct evidence **ret_ev) {
	*ret_ev = NULL;
	if (str_empty(path) || path[0] != '/') {
		return slice_of(NULL, 0);
	}
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, GOENVFILE_MAX_BYTES);
	*ret_ev = ev;
	return evidence_has_bytes(ev) ? ev->bytes : slice_of(NULL, 0);
}

static const char *const gopls_env_keys[] = {"gopls.build.env", "gopls.env"};

void govars_gopls_env(struct exam *exam, struct envset *env) {
	for (size_t i = 0; i < sizeof(gopls_env_keys) / sizeof(*gopls_env_keys); i++) {
		const struct fact_setting *s = facts_setting(exam->facts, gopls_env_keys[i]);
		const struct jsonc_doc *doc =
			s ? jsonc_parse(exam->arena, slice_str(s->json)) : NULL;
		const struct jsonc_node *m = doc && doc->root ? doc->root->first_child : NULL;
		for (; m; m = m->next) {
			const char *value = jsonc_string(m);
			bool of_go =
				m->key && (str_starts(m->key, "GO") || str_starts(m->key, "CGO_"));
			if (value && of_go) {
				envset_set(env, m->key, value);
			}
		}
	}
}

static const struct fact_setting *gopls_setting_of(struct exam *exam, const char *name) {
	for (size_t i = 0; i < sizeof(gopls_env_keys) / sizeof(*gopls_env_keys); i++) {
		const struct fact_setting *s = facts_setting(exam->facts, gopls_env_keys[i]);
		const struct jsonc_doc *doc =
			s ? jsonc_parse(exam->arena, slice_str(s->json)) : NULL;
		if (doc && jsonc_string(jsonc_get(doc->root, name))) {
			return s;
		}
	}
	return NULL;
}

/* A variable that a setting put into the environment. */
static const struct fact_setting *setting_of(struct exam *exam, const char *name) {
	const char *key = arena_printf(exam->arena, "go.toolsEnvVars.%s", name);
	const struct fact_setting *s = gopls_setting_of(exam, name);
	if (s) {
		return s;
	}
	s = facts_setting(exam->facts, key);
	if (!s && streq(name, "GOROOT")) {
		s = facts_setting(exam->facts, "go.goroot");
	}
	if (!s && streq(name, "GOPATH")) {
		s = facts_setting(exam->facts, "go.gopath");
	}
	return s;
}

static const char *where(struct exam *exam, const char *file, int64_t line) {
	return arena_printf(exam->arena, "%s:%lld", file, (long long)line);
}

/* Which of the scripts on the way from the editor to go has the last word on name, the one nearest to go first; NULL
 * when none says anything. */
static const struct wrapper_vars *setter_of(const struct wrapper_vars wrappers[2],
                                            const char *name) {
	for (size_t i = 0; i < 2; i++) {
		if (script_env_find(&wrappers[i].vars, name)) {
			return &wrappers[i];
		}
	}
	return NULL;
}

static void state_one(struct exam *exam, const struct goenv *goenv, const char *name,
                      const char *user_path, const struct evidence *user_ev,
                      const struct evidence *root_ev, const struct wrapper_vars *wrappers) {
	struct goenv_value v = goenv_get(goenv, name);
	const struct fact_setting *setting = setting_of(exam, name);
	const char *judged = envset_get(&exam->target->judged, name);
	const char *origin = "default";
	const char *place = "";
	const struct evidence *ev = NULL;
	const struct wrapper_vars *wrapper = setter_of(wrappers, name);
	const struct script_set *set = wrapper ? script_env_find(&wrapper->vars, name) : NULL;
	switch (v.origin) {
	case GOENV_UNSET:
		return;
	case GOENV_ENVIRONMENT:
		origin = "env";
		if (set && streq(set->value, v.value)) {
			origin = "wrapper";
			place = where(exam, wrapper->script, set->line);
			ev = wrapper->ev;
		} else if (setting && !streq(judged, v.value)) {
			origin = "settings";
			place = where(exam, setting->file, setting->line);
			ev = setting->base.ev;
		}
		break;
	case GOENV_USER_FILE:
		origin = "goenv";
		place = where(exam, user_path, v.line);
		ev = user_ev;
		break;
	case GOENV_GOROOT_FILE:
		origin = "goroot";
		place = where(exam, path_join(exam->arena, goenv_goroot_dir(goenv), "go.env"),
		              v.line);
		ev = root_ev;
		break;
	case GOENV_DEFAULT:
		break;
	}
	if (streq(origin, "env") && !ev) {
		facts_each (var, var, exam->facts) {
			if (streq(var->scope, "judged") && streq(var->name, name)) {
				ev = var->base.ev;
			}
		}
	}
	FACTS_ADD(exam->facts, govar, ev, .name = name, .value = v.value, .origin = origin,
	          .where = place);
}

static const char *const fault_words[] = {
	[GOFLAGS_OK] = "",
	[GOFLAGS_UNTERMINATED] = "unterminated",
	[GOFLAGS_NON_FLAG] = "non_flag",
	[GOFLAGS_UNKNOWN] = "unknown",
};

/* go executes the program of -toolexec for every compiler and asks it for its version first (cmd/go/internal/work/
 * buildid.go, toolID): true when it is not there. */
static bool lacks_toolexec(struct exam *exam, const struct envset *env,
                           const struct goflags *flags) {
	const char *command = goflags_value(flags, "toolexec");
	if (str_empty(command) || strpbrk(command, "'\"")) {
		return false;
	}
	const char *name = arena_strndup(exam->arena, command, strcspn(command, " \t"));
	if (name[0] == '/') {
		struct file_stat st = world_stat(exam->world, name);
		return st.known && !st.exists;
	}
	const char *path = envset_get(env, "PATH");
	return !str_has(name, "/") && path && !search_path_only(exam, path, name);
}

/* The flag whose file go reads before anything else, and which is not there; NULL when there is none. A relative one is
 * meant from where go is started, which for a server is the workspace first (cmd/go/internal/modload/init.go and
 * cmd/go/internal/fsys/fsys.go). */
static const char *file_flag_without_file(struct exam *exam, const struct goflags *flags) {
	static const char *const file_flags[] = {"modfile", "overlay"};
	for (size_t i = 0; i < sizeof(file_flags) / sizeof(*file_flags); i++) {
		const char *file = goflags_value(flags, file_flags[i]);
		/* A placeholder that nobody expanded is no name of a file. */
		if (str_empty(file) || streq(file, "true") || strchr(file, '$')) {
			continue;
		}
		const char *path = path_join(exam->arena, exam->target->workspace, file);
		struct file_stat st = world_stat(exam->world, file[0] == '/' ? file : path);
		if (st.known && !st.exists) {
			return arena_printf(exam->arena, "-%s=%s", file_flags[i], file);
		}
	}
	return NULL;
}

static void state_goflags(struct exam *exam, const struct envset *env) {
	const struct fact_govar *v = facts_govar(exam->facts, "GOFLAGS");
	if (!v) {
		return;
	}
	struct goflags flags = goflags_parse(exam->arena, v->value);
	const char *no_file = file_flag_without_file(exam, &flags);
	if (flags.fault != GOFLAGS_OK) {
		FACTS_ADD(exam->facts, goflag_error, v->base.ev, .source = "GOFLAGS",
		          .flag = flags.bad, .value = v->value, .error = fault_words[flags.fault],
		          .origin = v->origin, .where = v->where);
	} else if (lacks_toolexec(exam, env, &flags)) {
		FACTS_ADD(exam->facts, goflag_error, v->base.ev, .source = "GOFLAGS",
		          .flag = arena_printf(exam->arena, "-toolexec=%s",
		                               goflags_value(&flags, "toolexec")),
		          .value = v->value, .error = "no_program", .origin = v->origin,
		          .where = v->where);
	} else if (no_file) {
		FACTS_ADD(exam->facts, goflag_error, v->base.ev, .source = "GOFLAGS",
		          .flag = no_file, .value = v->value, .error = "no_file",
		          .origin = v->origin, .where = v->where);
	}
}

/* Build flags in settings are arguments of go list, each word one argument: no splitting, so "-tags
 * x" in one text is one unknown flag. A word behind a flag without '=' is its value. */
static void state_build_flags(struct exam *exam, const char *key) {
	const struct fact_setting *s = facts_setting(exam->facts, key);
	if (!s || !streq(s->type, "array")) {
		return;
	}
	const struct jsonc_doc *doc = jsonc_parse(exam->arena, slice_str(s->json));
	bool value_follows = false;
	for (const struct jsonc_node *m = doc->root ? doc->root->first_child : NULL; m;
	     m = m->next) {
		const char *word = jsonc_string(m);
		if (!word) {
			return; /* wrong type: the server says so itself */
		}
		bool flag = word[0] == '-';
		bool blank_in_name = flag && strcspn(word, " \t") < strcspn(word, "=");
		const char *error = blank_in_name             ? "unknown"
		                    : !flag && !value_follows ? "non_flag"
		                                              : "";
		if (str_empty(error) && flag) {
			const char *name = arena_strndup(exam->arena, word, strcspn(word, "="));
			struct goflags parsed = goflags_parse(exam->arena, name);
			error = fault_words[parsed.fault];
		}
		if (!str_empty(error)) {
			FACTS_ADD(exam->facts, goflag_error, s->base.ev, .source = key,
			          .flag = word, .value = s->json, .error = error,
			          .origin = "settings", .where = where(exam, s->file, s->line));
			return;
		}
		value_follows = flag && !str_has(word, "=");
	}
}

#define PLATFORMS_MAX_BYTES (64 * 1024)

static bool is_chosen(const struct fact_govar *v) {
	return v && !streq(v->origin, "default") && !str_empty(v->value);
}

#define RECORDED_MAX 16 /* of trace/testimony_runs.c */

/* In a recording that list is not read, but go has said what it thinks of the pair. */
static void state_told_platform(struct exam *exam, const char *os, const char *arch) {
	const char *words =
		arena_printf(exam->arena, "unsupported GOOS/GOARCH pair %s/%s", os, arch);
	const char *const argv[] = {"go", NULL};
	for (int i = 1; exam->target->recorded && i <= RECORDED_MAX; i++) {
		const struct run_spec spec = {
			.label = arena_printf(exam->arena, "go recorded %d", i),
			.argv = argv,
			.env = &exam->target->server};
		struct run_result run = world_run(exam->world, &spec);
		if (slice_has(run.err, words)) {
			FACTS_ADD(exam->facts, platform, run.ev, .goos = os, .goarch = arch,
			          .known = false, .os_known = streq(os, "linux"), .file = "");
			return;
		}
	}
}

/* The list of all pairs a Go knows, one `{"linux", "amd64"},` a line, lies in its sources since 1.21
 * (src/internal/platform/zosarch.go); an older one is not asked. */
static void state_platform(struct exam *exam, const char *root) {
	const struct fact_govar *os = facts_govar(exam->facts, "GOOS");
	const struct fact_govar *arch = facts_govar(exam->facts, "GOARCH");
	if (!os || !arch || (!is_chosen(os) && !is_chosen(arch)) || str_empty(root)) {
		return;
	}
	const char *file = path_join(exam->arena, root, "src/internal/platform/zosarch.go");
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, PLATFORMS_MAX_BYTES);
	static const char head[] = "var List = ";
	if (!evidence_has_bytes(ev) ||
	    !memmem(ev->bytes.data, ev->bytes.len, head, sizeof(head) - 1)) {
		state_told_platform(exam, os->value, arch->value);
		return;
	}
	const char *start = arena_printf(exam->arena, "{\"%s\", ", os->value);
	const char *pair = arena_printf(exam->arena, "%s\"%s\"}", start, arch->value);
	FACTS_ADD(exam->facts, platform, ev, .goos = os->value, .goarch = arch->value,
	          .known = memmem(ev->bytes.data, ev->bytes.len, pair, strlen(pair)) != NULL,
	          .os_known = memmem(ev->bytes.data, ev->bytes.len, start, strlen(start)) != NULL,
	          .file = file);
}

/* What is no variable of go and decides where it writes, when a script sets it: whom to blame. */
static void state_given(struct exam *exam, const struct envset *env,
                        const struct wrapper_vars wrappers[2]) {
	static const char *const given[] = {"TMPDIR", "HOME", "XDG_CACHE_HOME"};
	for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++) {
		const struct wrapper_vars *w = setter_of(wrappers, given[i]);
		const struct script_set *set = w ? script_env_find(&w->vars, given[i]) : NULL;
		if (set && set->value && streq(set->value, envset_get(env, given[i]))) {
			FACTS_ADD(exam->facts, govar, w->ev, .name = given[i], .value = set->value,
			          .origin = "wrapper", .where = where(exam, w->script, set->line));
		}
	}
}

void govars_state(struct exam *exam, const struct envset *given, const char *go_path,
                  const char *server) {
	struct envset of_go;
	envset_copy(&of_go, given);
	struct wrapper_vars wrappers[2];
	wrappers[1] = wrapper_vars_of_server(exam, given, server);
	wrapper_vars_apply(&wrappers[1], &of_go);
	wrappers[0] = wrapper_vars_of(exam, &of_go, go_path);
	wrapper_vars_apply(&wrappers[0], &of_go);
	const struct envset *env = &of_go;
	const char *go = wrappers[0].go ? wrappers[0].go : go_path;
	const struct evidence *user_ev = NULL;
	const struct evidence *root_ev = NULL;
	const char *user_path = goenv_user_file_path(exam->arena, env);
	struct slice user = read_text(exam, user_path, &user_ev);
	const char *own = go ? govars_own_goroot(exam, go) : NULL;
	struct goenv goenv = goenv_of(exam->arena, env, user, slice_of(NULL, 0), own ? own : "",
	                              "linux", goroot_host_arch());
	const char *root = goenv_goroot_dir(&goenv);
	struct slice root_file = read_text(
		exam, str_empty(root) ? NULL : path_join(exam->arena, root, "go.env"), &root_ev);
	goenv = goenv_of(exam->arena, env, user, root_file, own ? own : "", "linux",
	                 goroot_host_arch());
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		state_one(exam, &goenv, names[i], user_path ? user_path : "", user_ev, root_ev,
		          wrappers);
	}
	state_given(exam, env, wrappers);
	state_platform(exam, root);
	state_goflags(exam, env);
	state_build_flags(exam, "go.buildFlags");
	state_build_flags(exam, "gopls.build.buildFlags");
	state_build_flags(exam, "gopls.buildFlags");
}
