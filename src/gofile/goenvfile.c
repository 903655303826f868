/* SPDX-License-Identifier: MIT */
#include "gofile/goenvfile.h"

#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"
#include "gofile/golex.h"

struct goenvfile goenvfile_parse(struct arena *arena, struct slice text) {
	struct goenvfile file = {0};
	if (text.len > GOENVFILE_MAX_BYTES) {
		text.len = GOENVFILE_MAX_BYTES;
		file.truncated = true;
	}
	size_t slots = 0;
	struct slice line;
	for (int number = 1; slice_cut(&text, '\n', &line); number++) {
		const char *equals = line.len > 0 ? memchr(line.data, '=', line.len) : NULL;
		if (!equals || line.data[0] < 'A' || line.data[0] > 'Z') {
			bool silent = golex_trim(line).len == 0 || line.data[0] == '#';
			if (!silent && file.ignored_line == 0) {
				file.ignored_line = number;
			}
			continue;
		}
		size_t n = (size_t)(equals - line.data);
		VEC_ROOM(arena, file.entries, file.count, &slots);
		file.entries[file.count++] = (struct goenvfile_entry){
			arena_strndup(arena, line.data, n),
			arena_strndup(arena, equals + 1, line.len - n - 1),
			number,
		};
	}
	return file;
}

const struct goenvfile_entry *goenvfile_find(const struct goenvfile *file, const char *key) {
	for (size_t i = file->count; i > 0; i--) {
		if (streq(file->entries[i - 1].key, key)) {
			return &file->entries[i - 1];
		}
	}
	return NULL;
}

struct goenv goenv_of(struct arena *arena, const struct envset *env, struct slice user_file,
                      struct slice goroot_file, const char *goroot_default, const char *goos,
                      const char *goarch) {
	return (struct goenv){
		.arena = arena,
		.env = env,
		.user = goenvfile_parse(arena, user_file),
		.goroot = goenvfile_parse(arena, goroot_file),
		.goroot_default = goroot_default,
		.goos = goos,
		.goarch = goarch,
	};
}

/* $XDG_…_HOME when it is absolute, else HOME and the usual name; NULL when neither tells. */
static const char *home_dir(struct arena *arena, const struct envset *env, const char *xdg,
                            const char *usual) {
	const char *dir = envset_get(env, xdg);
	if (!str_empty(dir)) {
		return dir[0] == '/' ? dir : NULL;
	}
	const char *home = envset_get(env, "HOME");
	return str_empty(home) ? NULL : arena_printf(arena, "%s/%s", home, usual);
}

const char *goenv_user_file_path(struct arena *arena, const struct envset *env) {
	const char *file = envset_get(env, "GOENV");
	if (file && file[0] != '\0') {
		return streq(file, "off") ? NULL : arena_strdup(arena, file);
	}
	const char *dir = home_dir(arena, env, "XDG_CONFIG_HOME", ".config");
	return dir ? path_clean(arena, path_join(arena, dir, "go/env")) : NULL;
}

static const char *clean(const struct goenv *env, const char *path) {
	return path[0] == '/' ? path_clean(env->arena, path) : path;
}

const char *goenv_goroot_dir(const struct goenv *env) {
	const struct goenvfile_entry *e = goenvfile_find(&env->user, "GOROOT");
	const char *variable = envset_get(env->env, "GOROOT");
	if (e && e->value[0] != '\0') {
		return clean(env, e->value);
	}
	return clean(env, str_empty(variable) ? env->goroot_default : variable);
}

static struct goenv_value default_of(const char *value) {
	bool known = !str_empty(value);
	return (struct goenv_value){known ? value : "", known ? GOENV_DEFAULT : GOENV_UNSET, 0};
}

/* $HOME/go, unless that is GOROOT. */
static const char *default_gopath(const struct goenv *env) {
	const char *home = envset_get(env->env, "HOME");
	if (str_empty(home)) {
		return "";
	}
	const char *dir = path_join(env->arena, home, "go");
	return streq(clean(env, dir), clean(env, env->goroot_default)) ? "" : clean(env, dir);
}

static const char *default_modcache(const struct goenv *env) {
	const char *gopath = goenv_get(env, "GOPATH").value;
	const char *first = arena_strndup(env->arena, gopath, strcspn(gopath, ":"));
	return first[0] == '\0' ? "" : clean(env, path_join(env->arena, first, "pkg/mod"));
}

static const char *default_in_home(const struct goenv *env, const char *xdg, const char *usual,
                                   const char *name) {
	const char *dir = home_dir(env->arena, env->env, xdg, usual);
	return dir ? clean(env, path_join(env->arena, dir, name)) : NULL;
}

static struct goenv_value default_value(const struct goenv *env, const char *name) {
	if (streq(name, "GOROOT")) {
		return default_of(clean(env, env->goroot_default));
	}
	if (streq(name, "GOPATH")) {
		return default_of(default_gopath(env));
	}
	if (streq(name, "GOMODCACHE")) {
		return default_of(default_modcache(env));
	}
	if (streq(name, "GOCACHE")) {
		const char *dir = default_in_home(env, "XDG_CACHE_HOME", ".cache", "go-build");
		return default_of(dir ? dir : "off");
	}
	if (streq(name, "GOENV")) {
		return default_of(goenv_user_file_path(env->arena, env->env));
	}
	if (streq(name, "GOTELEMETRYDIR")) {
		return default_of(
			default_in_home(env, "XDG_CONFIG_HOME", ".config", "go/telemetry"));
	}
	if (streq(name, "GOOS") || streq(name, "GOARCH")) {
		return default_of(name[2] == 'O' ? env->goos : env->goarch);
	}
	return default_of(NULL);
}

struct goenv_value goenv_get(const struct goenv *env, const char *name) {
	const char *variable = envset_get(env->env, name);
	/* An empty variable counts as none. */
	if (!str_empty(variable)) {
		return (struct goenv_value){variable, GOENV_ENVIRONMENT, 0};
	}
	const struct goenvfile_entry *user = goenvfile_find(&env->user, name);
	if (user) {
		/* The user's file shadows go.env even with an empty value; then the default counts.
		 */
		if (user->value[0] != '\0') {
			bool root = streq(name, "GOROOT");
			return (struct goenv_value){root ? clean(env, user->value) : user->value,
			                            GOENV_USER_FILE, user->line};
		}
		return default_value(env, name);
	}
	const struct goenvfile_entry *root = goenvfile_find(&env->goroot, name);
	if (root && root->value[0] != '\0' && !streq(name, "GOROOT")) {
		return (struct goenv_value){root->value, GOENV_GOROOT_FILE, root->line};
	}
	return default_value(env, name);
}
