/* SPDX-License-Identifier: MIT */
#include "probes/go/shim.h"

#include "base/path.h"
#include "base/str.h"
#include "gofile/binary.h"

#define PARENTS_MAX 40
#define SCRIPT_CAP  ((size_t)16 * 1024)

const char *const shim_managers[] = {"asdf", "mise", "goenv", "gvm", "g", "gobrew", NULL};

/* What the name of the program behind a link, a directory on its path, or words of a script tell. */
static const struct {
	const char *manager;
	const char *program;
	const char *dir;
	const char *words;
} marks[] = {
	{"asdf", "asdf", "/.asdf/shims/", "asdf exec"},
	{"asdf", "asdf", "/asdf/shims/", "asdf-plugin"},
	{"mise", "mise", "/mise/shims/", "mise x "},
	{"mise", "rtx", "/rtx/shims/", "mise exec"},
	{"goenv", "goenv", "/.goenv/shims/", "goenv exec"},
	{"goenv", "goenv", "/goenv/shims/", "GOENV_VERSION"},
	{"gvm", "gvm", "/.gvm/bin/", ".gvm/"},
	{"gobrew", "gobrew", "/.gobrew/bin/", ".gobrew/"},
	{"snap", "snap", "/snap/bin/", "snap run "},
};

static const char *manager_of_path(const char *path, const char *real) {
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (streq(path_base(real), marks[i].program) || str_has(path, marks[i].dir)) {
			return marks[i].manager;
		}
	}
	return "";
}

static const char *manager_of_script(struct slice text) {
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (slice_has(text, marks[i].words)) {
			return marks[i].manager;
		}
	}
	return "";
}

bool shim_identify(struct exam *exam, const char *path, struct shim_identity *ret) {
	struct file_stat st = world_stat(exam->world, path);
	ret->real = str_empty(st.real) ? path : st.real;
	ret->manager = manager_of_path(path, ret->real);
	const struct evidence *ev = world_look(exam->world, LOOK_BINARY, path, LOOK_CAP_SMALL);
	if (!st.is_file || !evidence_has_bytes(ev)) {
		return false;
	}
	struct binary bin = binary_from_text(exam->arena, ev->bytes);
	if (bin.kind == BINARY_SCRIPT) {
		const struct evidence *text = world_look(exam->world, LOOK_FILE, path, SCRIPT_CAP);
		if (str_empty(ret->manager) && evidence_has_bytes(text)) {
			ret->manager = manager_of_script(text->bytes);
		}
		return true;
	}
	/* A go below ~/.gvm or an installation of mise is the program itself. */
	bool of_go = streq(bin.package, "cmd/go") || streq(bin.module, "golang.org/x/tools/gopls");
	bool renamed = !streq(path_base(path), path_base(ret->real));
	bool other = bin.kind == BINARY_ELF && streq(path_base(path), "go");
	return !of_go && (other || (renamed && !str_empty(ret->manager)));
}

static const char *var_or(const struct envset *env, const char *name, const char *fallback) {
	const char *value = envset_get(env, name);
	return value && value[0] == '/' ? value : fallback;
}

static const char *home_of(const struct exam *exam, const struct envset *env) {
	const char *home = envset_get(env, "HOME");
	return str_empty(home) ? exam->target->passwd_home : home;
}

const char *shim_data_dir(struct exam *exam, const char *manager, const struct envset *env) {
	const char *home = home_of(exam, env);
	if (str_empty(home)) {
		return NULL;
	}
	struct arena *arena = exam->arena;
	if (streq(manager, "asdf")) {
		return var_or(env, "ASDF_DATA_DIR", path_join(arena, home, ".asdf"));
	}
	if (streq(manager, "mise")) {
		const char *share =
			var_or(env, "XDG_DATA_HOME", path_join(arena, home, ".local/share"));
		return var_or(env, "MISE_DATA_DIR", path_join(arena, share, "mise"));
	}
	if (streq(manager, "goenv")) {
		return var_or(env, "GOENV_ROOT", path_join(arena, home, ".goenv"));
	}
	if (streq(manager, "gvm")) {
		return var_or(env, "GVM_ROOT", path_join(arena, home, ".gvm"));
	}
	return streq(manager, "g")        ? path_join(arena, home, ".g")
	       : streq(manager, "gobrew") ? path_join(arena, home, ".gobrew")
	                                  : NULL;
}

/* ---- the files that name a version ---- */

struct asked {
	const char *version;
	const char *where;
	const char *odd_file; /* see shim_choice */
};

/* The text behind KEY: "golang 1.26.8", `go = "1.26"`, `go = ["1.26"]`, `go = { version = "1.26" }`. */
static const char *value_behind(struct exam *exam, struct slice line, const char *key) {
	size_t n = strlen(key);
	if (!slice_starts(line, key) || line.len == n || !strchr(" \t=", line.data[n])) {
		return NULL;
	}
	const char *p = arena_strndup(exam->arena, line.data + n, line.len - n);
	p += strspn(p, " \t=[{");
	if (str_starts(p, "version")) {
		p += strlen("version");
		p += strspn(p, " \t=");
	}
	p += strspn(p, "\"'");
	return arena_strndup(exam->arena, p, strcspn(p, " \t\"',]}#"));
}

/* mise runs what these say, once it was told to trust the file. */
static bool runs_code(struct slice line) {
	return slice_starts(line, "_.") || slice_starts(line, "[hooks") ||
	       slice_has(line, "exec(") || slice_starts(line, "env._.");
}

static bool read_version_file(struct exam *exam, const char *path, struct asked *ret) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, LOOK_CAP_SMALL);
	if (!evidence_has_bytes(ev)) {
		return false;
	}
	bool plain = str_ends(path, ".go-version") || str_ends(path, "/version");
	bool found = false;
	int64_t number = 0;
	struct slice rest = ev->bytes;
	struct slice line;
	while (slice_line(&rest, &line)) {
		number++;
		line = slice_trim(line);
		if (!ret->odd_file && str_ends(path, ".toml") && runs_code(line)) {
			ret->odd_file = path;
		}
		if (found || line.len == 0 || line.data[0] == '#') {
			continue;
		}
		const char *value = plain ? arena_slicedup(exam->arena, line)
		                          : value_behind(exam, line, "golang");
		value = value ? value : value_behind(exam, line, "go");
		value = value ? value : value_behind(exam, line, "tools.go");
		if (!str_empty(value)) {
			found = true;
			ret->version = value;
			ret->where = arena_printf(exam->arena, "%s:%lld", path, (long long)number);
			bool odd = strchr(value, '/') || strchr(value, ':');
			ret->odd_file = !ret->odd_file && odd ? path : ret->odd_file;
		}
	}
	return found;
}

/* The nearest of these files at or above the workspace, in this order within a directory. */
static bool ask_upwards(struct exam *exam, const char *const *names, struct asked *ret) {
	const char *dir = exam->target->workspace;
	for (size_t i = 0; i < PARENTS_MAX; i++) {
		for (const char *const *name = names; *name; name++) {
			if (read_version_file(exam, path_join(exam->arena, dir, *name), ret)) {
				return true;
			}
		}
		if (streq(dir, "/") || streq(dir, ".")) {
			return false;
		}
		dir = path_parent(exam->arena, dir);
	}
	return false;
}

static bool ask_variable(const struct envset *env, const char *name, struct asked *ret) {
	const char *value = envset_get(env, name);
	if (str_empty(value)) {
		return false;
	}
	ret->version = value;
	ret->where = name;
	return true;
}

static void ask(struct exam *exam, const char *manager, const struct envset *env, const char *data,
                struct asked *ret) {
	static const char *const of_asdf[] = {".tool-versions", NULL};
	static const char *const of_mise[] = {"mise.toml",        ".mise.toml",
	                                      "mise/config.toml", ".config/mise.toml",
	                                      ".tool-versions",   NULL};
	static const char *const of_goenv[] = {".go-version", NULL};
	const char *home = home_of(exam, env);
	struct arena *arena = exam->arena;
	if (streq(manager, "asdf")) {
		(void)(ask_variable(env, "ASDF_GOLANG_VERSION", ret) ||
		       ask_upwards(exam, of_asdf, ret) ||
		       read_version_file(exam, path_join(arena, home, ".tool-versions"), ret));
	} else if (streq(manager, "mise")) {
		const char *config =
			var_or(env, "XDG_CONFIG_HOME", path_join(arena, home, ".config"));
		(void)(ask_variable(env, "MISE_GO_VERSION", ret) ||
		       ask_upwards(exam, of_mise, ret) ||
		       read_version_file(exam, path_join(arena, config, "mise/config.toml"), ret));
	} else if (streq(manager, "goenv")) {
		(void)(ask_variable(env, "GOENV_VERSION", ret) ||
		       ask_upwards(exam, of_goenv, ret) ||
		       read_version_file(exam, path_join(arena, data, "version"), ret));
	}
}

/* ---- where the versions lie ---- */

/* ~/.gvm/environments/default says gvm_go_name="go1.26"; the others keep a link to the one in use. */
static const char *fixed_root(struct exam *exam, const char *manager, const char *data,
                              struct asked *ret) {
	struct arena *arena = exam->arena;
	if (!streq(manager, "gvm")) {
		ret->where = path_join(arena, data, streq(manager, "g") ? "go" : "current/go");
		return ret->where;
	}
	const char *file = path_join(arena, data, "environments/default");
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, LOOK_CAP_SMALL);
	static const char name[] = "gvm_go_name=\"";
	const char *at = evidence_has_bytes(ev) && ev->bytes.len > 0
	                         ? memmem(ev->bytes.data, ev->bytes.len, name, strlen(name))
	                         : NULL;
	if (!at) {
		return "";
	}
	at += strlen(name);
	ret->where = file;
	ret->version = arena_strndup(arena, at, strcspn(at, "\"\n"));
	return arena_printf(arena, "%s/gos/%s", data, ret->version);
}

static const char *root_of(struct exam *exam, const char *manager, const char *data,
                           const char *version) {
	struct arena *arena = exam->arena;
	return streq(manager, "asdf")
	               ? arena_printf(arena, "%s/installs/golang/%s/go", data, version)
	       : streq(manager, "mise") ? arena_printf(arena, "%s/installs/go/%s", data, version)
	                                : arena_printf(arena, "%s/versions/%s", data, version);
}

/* goenv takes "1.26" for the newest 1.26.x that is installed (goenv 2.2, goenv-version-name). */
static const char *newest_below(struct exam *exam, const char *dir, const char *prefix) {
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	const char *best = "";
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *name = line.len > 2 ? arena_slicedup(exam->arena, line) + 2 : "";
		if (str_starts(name, prefix) && name[strlen(prefix)] == '.' &&
		    (strlen(name) > strlen(best) || strcmp(name, best) > 0)) {
			best = name;
		}
	}
	return best;
}

struct shim_choice shim_choose(struct exam *exam, const char *manager, const struct envset *env) {
	struct shim_choice choice = {.version = "", .where = "", .root = ""};
	struct asked asked = {.version = "", .where = ""};
	const char *data = shim_data_dir(exam, manager, env);
	if (!data) {
		return choice;
	}
	bool by_file = streq(manager, "asdf") || streq(manager, "mise") || streq(manager, "goenv");
	const char *root = "";
	if (by_file) {
		ask(exam, manager, env, data, &asked);
		root = str_empty(asked.version) || streq(asked.version, "system")
		               ? ""
		               : root_of(exam, manager, data, asked.version);
	} else {
		root = fixed_root(exam, manager, data, &asked);
	}
	if (!str_empty(root) && !world_stat(exam->world, root).is_dir && streq(manager, "goenv")) {
		const char *versions = path_join(exam->arena, data, "versions");
		const char *name = newest_below(exam, versions, asked.version);
		root = str_empty(name) ? root : path_join(exam->arena, versions, name);
	}
	bool there = !str_empty(root) && world_stat(exam->world, root).is_dir;
	choice.version = asked.version;
	choice.where = asked.where;
	choice.odd_file = asked.odd_file;
	choice.root = there ? root : "";
	return choice;
}

void shim_keep_still(struct envset *env) {
	static const char *const names[] = {"MISE_AUTO_INSTALL", "MISE_EXEC_AUTO_INSTALL",
	                                    "MISE_NOT_FOUND_AUTO_INSTALL"};
	const char *path = envset_get(env, "PATH");
	bool mise = str_has(path, "mise") || str_has(path, "rtx");
	for (size_t i = 0; mise && i < sizeof(names) / sizeof(*names); i++) {
		envset_set(env, names[i], "0");
	}
}
