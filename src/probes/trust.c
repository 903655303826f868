/* SPDX-License-Identifier: MIT */
#include "probes/trust.h"

#include "base/path.h"
#include "base/str.h"
#include "gofile/binary.h"
#include "probes/go/shim.h"

#define PARENTS_MAX 40

static bool is_git_root(struct exam *exam, const char *dir) {
	return world_stat(exam->world, path_join(exam->arena, dir, ".git")).exists;
}

/* HOME itself may be a repository (dotfiles): a boundary that holds HOME says nothing about who put
 * a file there. */
static bool holds_home(const struct target *t, const char *dir) {
	return (!str_empty(t->home) && path_below(t->home, dir)) ||
	       (!str_empty(t->passwd_home) && path_below(t->passwd_home, dir)) || streq(dir, "/");
}

static const char *boundary(struct exam *exam) {
	const struct target *t = exam->target;
	if (holds_home(t, t->workspace)) {
		return NULL;
	}
	const char *best = t->workspace;
	const char *dir = t->workspace;
	for (size_t i = 0; i < PARENTS_MAX && !holds_home(t, dir); i++) {
		if (is_git_root(exam, dir)) {
			best = dir;
			break;
		}
		dir = path_parent(exam->arena, dir);
	}
	return best;
}

static bool lies_below(struct exam *exam, const char *path, const char *root) {
	if (path_below(path_clean(exam->arena, path), root)) {
		return true;
	}
	struct file_stat real = world_stat(exam->world, path);
	struct file_stat real_root = world_stat(exam->world, root);
	return !str_empty(real.real) && !str_empty(real_root.real) &&
	       path_below(real.real, real_root.real);
}

bool trust_inside(struct exam *exam, const char *path) {
	const struct target *t = exam->target;
	const char *root = boundary(exam);
	if (str_empty(path)) {
		return false;
	}
	/* The other folders of a window are as foreign as this one. */
	for (size_t i = 0; t->window_folders && t->window_folders[i]; i++) {
		if (!holds_home(t, t->window_folders[i]) &&
		    lies_below(exam, path, t->window_folders[i])) {
			return true;
		}
	}
	return root && lies_below(exam, path, root);
}

/* The setting of a layer that travels with the workspace and sets this variable, or NULL. */
static const struct fact_setting *set_by_workspace(struct exam *exam, const char *key) {
	const struct fact_setting *s = facts_setting(exam->facts, key);
	bool travels = s && (streq(s->layer, "folder") || streq(s->layer, "workspace"));
	bool of_window = travels && streq(s->file, exam->target->window_file);
	return of_window || (travels && trust_inside(exam, s->file)) ? s : NULL;
}

static const char *refuse(struct exam *exam, const char *key, const char *program,
                          const struct fact_setting *setting) {
	FACTS_ADD(exam->facts, setting_program, setting ? setting->base.ev : NULL, .key = key,
	          .program = program, .file = setting ? setting->file : "",
	          .line = setting ? setting->line : 0, .inside = true);
	return arena_printf(exam->arena, "%s would run %s, which comes with the workspace", key,
	                    program);
}

/* The program behind -toolexec=P, -exec=P, -vettool=P; NULL for another flag. */
static const char *flag_program(struct arena *arena, struct slice flag) {
	static const char *const names[] = {"toolexec", "exec", "vettool"};
	while (flag.len > 0 &&
	       (flag.data[0] == '-' || flag.data[0] == '\'' || flag.data[0] == '"')) {
		flag = slice_of(flag.data + 1, flag.len - 1);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t n = strlen(names[i]);
		if (slice_starts(flag, names[i]) && (flag.len == n || flag.data[n] == '=')) {
			return flag.len > n
			               ? arena_strndup(arena, flag.data + n + 1, flag.len - n - 1)
			               : "";
		}
	}
	return NULL;
}

/* A program in a command line value: a word of it may be a path below the workspace. A relative one
 * counts when it is there: "~/sdk" names nothing inside. */
static bool names_inside(struct exam *exam, const char *command) {
	struct slice rest = slice_str(command);
	struct slice word;
	while (slice_cut(&rest, ' ', &word)) {
		const char *path = arena_slicedup(exam->arena, word);
		const char *full = path_join(exam->arena, exam->target->workspace, path);
		bool there = path[0] == '/' || world_stat(exam->world, full).exists;
		if (str_has(path, "/") && there && trust_inside(exam, full)) {
			return true;
		}
	}
	return false;
}

static const char *look_flags(struct exam *exam, const char *key, const char *flags,
                              const struct fact_setting *setting) {
	struct slice rest = slice_str(flags);
	struct slice word;
	while (slice_cut(&rest, ' ', &word)) {
		const char *program = flag_program(exam->arena, word);
		if (program &&
		    (setting || names_inside(exam, program) || names_inside(exam, flags))) {
			return refuse(exam, arena_printf(exam->arena, "%s -toolexec", key),
			              str_empty(program) ? flags : program, setting);
		}
	}
	return NULL;
}

/* Build flags in the settings, where each list member is one flag: JSON text, split at quotes and
 * commas. */
static const char *look_build_settings(struct exam *exam) {
	static const char *const keys[] = {"go.buildFlags", "gopls.build.buildFlags",
	                                   "gopls.buildFlags", "go.testFlags"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct fact_setting *s = facts_setting(exam->facts, keys[i]);
		if (!s) {
			continue;
		}
		char *flags = arena_strdup(exam->arena, s->json);
		for (char *p = flags; *p; p++) {
			*p = strchr("[],\"", *p) ? ' ' : *p;
		}
		/* Flags of tests reach neither gopls nor what is run here: only a program that
		 * comes along is worth a word. */
		const struct fact_setting *from =
			streq(keys[i], "go.testFlags") ? NULL : set_by_workspace(exam, keys[i]);
		const char *why = look_flags(exam, keys[i], flags, from);
		if (why) {
			return why;
		}
	}
	return NULL;
}

static const char *look_variables(struct exam *exam, const struct envset *env) {
	static const char *const names[] = {
		"GOPACKAGESDRIVER",
		"GOCACHEPROG",
		"GOAUTH",
		"CC",
		"CXX",
		"FC",
		"AR",
		"GCCGO",
		"PKG_CONFIG",
		"GOROOT",
		"GOENV",
		"GOTOOLDIR",
		"GIT_SSH",
		"GIT_SSH_COMMAND",
		"GIT_ASKPASS",
		"SSH_ASKPASS",
		"GIT_EXEC_PATH",
		"GIT_CONFIG_GLOBAL",
		"LD_PRELOAD",
		"LD_LIBRARY_PATH",
		"BASH_ENV",
		"ENV",
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct fact_govar *effective = facts_govar(exam->facts, names[i]);
		const char *value = envset_get(env, names[i]);
		value = effective && !streq(effective->origin, "default") ? effective->value
		                                                          : value;
		if (str_empty(value) || streq(value, "off")) {
			continue;
		}
		const char *key = arena_printf(exam->arena, "go.toolsEnvVars.%s", names[i]);
		const struct fact_setting *s = set_by_workspace(exam, key);
		/* A driver that is not there cannot be run; that it is missing is the trouble. */
		if (streq(names[i], "GOPACKAGESDRIVER") && value[0] == '/' &&
		    world_stat(exam->world, value).ev->state == EV_ABSENT) {
			continue;
		}
		bool inside = names_inside(exam, value);
		bool path_only = streq(names[i], "GOROOT") || streq(names[i], "GOENV");
		if (inside || (s && !path_only)) {
			return refuse(exam, names[i], value, s);
		}
	}
	return NULL;
}

/* gopls's own env setting reaches the go command, too. */
static const char *look_gopls_env(struct exam *exam) {
	static const char *const keys[] = {"gopls.build.env", "gopls.env"};
	static const char *const names[] = {"GOPACKAGESDRIVER", "GOCACHEPROG", "toolexec",
	                                    "GOAUTH",           "\"CC\"",      "\"CXX\"",
	                                    "GIT_SSH",          "LD_PRELOAD",  "PKG_CONFIG\""};
	for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
		const struct fact_setting *s = set_by_workspace(exam, keys[k]);
		for (size_t i = 0; s && i < sizeof(names) / sizeof(*names); i++) {
			if (str_has(s->json, names[i])) {
				return refuse(exam, keys[k], s->json, s);
			}
		}
	}
	return NULL;
}

/* A toolchain that go takes from PATH when go.mod asks for that version: its name starts with
 * "go1." (cmd/go/internal/toolchain, PathVersion). NULL when dir has none. */
static const char *toolchain_in(struct exam *exam, const char *dir) {
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (slice_starts(line, "f go1") || slice_starts(line, "l go1")) {
			return path_join(exam->arena, dir,
			                 arena_strndup(exam->arena, line.data + 2, line.len - 2));
		}
	}
	return NULL;
}

/* A directory of the workspace on PATH that holds something go or the server would start by name.
 */
static const char *look_path(struct exam *exam, const struct envset *env) {
	static const char *const names[] = {
		"go",  "gopls", "gopackagesdriver", "git", "gcc", "cc",
		"g++", "clang", "pkg-config",       "ssh", "hg",  "gofmt"};
	const char *path = envset_get(env, "PATH");
	struct slice rest = slice_str(path ? path : "");
	struct slice dir;
	while (slice_cut(&rest, ':', &dir)) {
		const char *d = arena_slicedup(exam->arena, dir);
		if (d[0] != '/' || !trust_inside(exam, d)) {
			continue;
		}
		const char *toolchain = toolchain_in(exam, d);
		if (toolchain) {
			return refuse(exam, "PATH", toolchain,
			              set_by_workspace(exam, "go.toolsEnvVars.PATH"));
		}
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
			const char *file = path_join(exam->arena, d, names[i]);
			struct file_stat st = world_stat(exam->world, file);
			if (st.is_file && st.can_exec) {
				return refuse(exam, "PATH", file,
				              set_by_workspace(exam, "go.toolsEnvVars.PATH"));
			}
		}
	}
	return NULL;
}

const char *trust_look_env(struct exam *exam, const struct envset *env) {
	const struct fact_govar *goflags = facts_govar(exam->facts, "GOFLAGS");
	const char *flags = goflags ? goflags->value : envset_get(env, "GOFLAGS");
	const char *why = NULL;
	if (!str_empty(flags)) {
		why = look_flags(exam, "GOFLAGS", flags,
		                 set_by_workspace(exam, "go.toolsEnvVars.GOFLAGS"));
	}
	why = why ? why : look_build_settings(exam);
	why = why ? why : look_variables(exam, env);
	why = why ? why : look_gopls_env(exam);
	return why ? why : look_path(exam, env);
}

static bool is_official(struct exam *exam, const char *tool, const char *path) {
	const struct evidence *ev = world_look(exam->world, LOOK_BINARY, path, LOOK_CAP_SMALL);
	if (!evidence_has_bytes(ev)) {
		return false;
	}
	struct binary bin = binary_from_text(exam->arena, ev->bytes);
	return streq(tool, "go") ? streq(bin.package, "cmd/go")
	                         : streq(bin.module, "golang.org/x/tools/gopls");
}

/* A shim runs what the version files of the workspace say: a version is harmless, a directory or
 * code is not. */
static const char *look_shim(struct exam *exam, const char *path) {
	struct shim_identity id;
	if (!shim_identify(exam, path, &id)) {
		return NULL;
	}
	struct shim_choice choice = shim_choose(exam, id.manager, &exam->target->server);
	if (!choice.odd_file || !trust_inside(exam, choice.odd_file)) {
		return NULL;
	}
	return refuse(exam, arena_printf(exam->arena, "the %s shim %s", id.manager, path),
	              str_empty(choice.version) ? choice.odd_file : choice.version, NULL);
}

const char *trust_look_tool(struct exam *exam, const char *tool, const char *path) {
	const char *key = arena_printf(exam->arena, "go.alternateTools.%s", tool);
	const struct fact_setting *s = set_by_workspace(exam, key);
	if (trust_inside(exam, path)) {
		const struct fact_setting *any = facts_setting(exam->facts, key);
		return refuse(exam, any ? key : "PATH", path, s ? s : any);
	}
	bool named =
		s && facts_chosen(exam->facts, tool) && facts_chosen(exam->facts, tool)->configured;
	bool by_path = set_by_workspace(exam, "go.toolsEnvVars.PATH") != NULL;
	if ((named || by_path) && !is_official(exam, tool, path)) {
		return refuse(exam, named ? key : "go.toolsEnvVars.PATH", path, s);
	}
	return look_shim(exam, path);
}
