/* SPDX-License-Identifier: MIT */
#include "core/remedy.h"

#include "base/path.h"
#include "base/str.h"
#include "core/origin.h"
#include "core/storage.h"

#include <signal.h>

#define ENVIRONMENT_MAX 16

static const char restart[] =
	"log in again and restart the editor: what runs has the old environment";

bool remedy_where(struct arena *arena, const char *where, const char **ret_file,
                  int64_t *ret_line) {
	const char *colon = strrchr(where, ':');
	if (!colon || where[0] != '/' || str_to_int64(colon + 1, ret_line) != 0) {
		return false;
	}
	*ret_file = arena_strndup(arena, where, (size_t)(colon - where));
	return true;
}

/* ---- variables ---- */

void remedy_environment(struct plan *out, const char *word) {
	const char *words[ENVIRONMENT_MAX + 1] = {NULL};
	size_t n = 0;
	while (out->environment && out->environment[n] && n < ENVIRONMENT_MAX - 1) {
		words[n] = out->environment[n];
		n++;
	}
	words[n] = word;
	out->environment = plan_words(out, words);
}

/* The member of the settings that sets the variable, as a key path; NULL when none is known. */
static const char *setting_keys(const struct facts *facts, const char *file, const char *name,
                                struct arena *arena) {
	const char *tools = arena_printf(arena, "go.toolsEnvVars.%s", name);
	const char *quoted = arena_printf(arena, "\"%s\":", name);
	facts_each (setting, s, facts) {
		bool of_gopls = STR_IN(s->key, "gopls.build.env", "gopls.env");
		if (!s->effective || !streq(s->file, file)) {
			continue;
		}
		if (of_gopls && str_has(s->json, quoted)) {
			return arena_printf(arena, "gopls/%s/%s", s->key + strlen("gopls."), name);
		}
		if (streq(s->key, tools)) {
			return arena_printf(arena, "go.toolsEnvVars/%s", name);
		}
		if ((streq(name, "GOROOT") && streq(s->key, "go.goroot")) ||
		    (streq(name, "GOPATH") && streq(s->key, "go.gopath"))) {
			return s->key;
		}
	}
	return NULL;
}

static void change_setting(const struct facts *facts, struct plan *out,
                           const struct fact_govar *var, const char *value) {
	const char *file = NULL;
	int64_t line = 0;
	const char *keys = remedy_where(out->arena, var->where, &file, &line)
	                           ? setting_keys(facts, file, var->name, out->arena)
	                           : NULL;
	if (!keys || !(str_ends(file, ".json") || str_ends(file, ".code-workspace"))) {
		plan_unable(out, "%s is set %s, which is no settings file that can be edited",
		            var->name, origin_words(facts, var));
		return;
	}
	if (str_ends(file, ".code-workspace")) {
		keys = arena_printf(out->arena, "settings/%s", keys);
	}
	/* Paths and flags: nothing in them has to be escaped, or they are left alone. */
	if (value && strpbrk(value, "\"\\\n\t")) {
		plan_unable(out, "%s cannot be written into %s as %s", var->name, file, value);
		return;
	}
	plan_setting(out, file, keys, value ? arena_printf(out->arena, "\"%s\"", value) : NULL);
	out->then = "restart the language server";
}

static void change_startup(const struct facts *facts, struct plan *out,
                           const struct fact_govar *var, const char *value) {
	size_t count = 0;
	facts_each (startup, s, facts) {
		bool same = streq(s->name, var->name) && streq(s->value, var->value);
		if (same && !streq(s->kind, "project")) {
			plan_assign(out, s->file, s->line, s->name,
			            value ? str_shell_quote(out->arena, value) : NULL);
			count++;
		}
	}
	if (count == 0) {
		const struct fact_editor_process *p = facts_first(editor_process, facts);
		plan_unable(out,
		            "%s is set %s, and no start-up file that was read says where it comes "
		            "from: start %s without it (unset %s)",
		            var->name, origin_words(facts, var), p ? p->comm : "the editor",
		            var->name);
		return;
	}
	remedy_environment(out,
	                   value ? arena_printf(out->arena, "%s=%s", var->name, value) : var->name);
	out->then = restart;
}

static const char *goenv_file(const struct facts *facts, struct arena *arena) {
	const struct fact_govar *file = facts_govar(facts, "GOENV");
	const struct fact_target *t = facts_first(target, facts);
	if (file && file->value[0] == '/') {
		return file->value;
	}
	bool usual = !file || str_empty(file->value);
	return usual && t && t->home[0] == '/' ? path_join(arena, t->home, ".config/go/env") : NULL;
}

void remedy_variable(const struct facts *facts, struct plan *out, const char *name,
                     const char *value) {
	const struct fact_govar *var = facts_govar(facts, name);
	const struct fact_govar plain = origin_of_var(facts, name);
	const char *file = NULL;
	int64_t line = 0;
	bool bare = !var || STR_IN(var->origin, "default", "goroot");
	if (!var && !str_empty(plain.value)) {
		var = &plain;
		bare = false;
	}
	if (bare && value) {
		file = goenv_file(facts, out->arena);
		if (file) {
			plan_goenv(out, file, name, value);
		} else {
			plan_unable(out, "it is not known where `go env -w` would store %s", name);
		}
	} else if (bare) {
		plan_unable(out, "it is not known what sets %s", name);
	} else if (streq(var->origin, "goenv")) {
		if (remedy_where(out->arena, var->where, &file, &line)) {
			plan_goenv(out, file, name, value);
		} else {
			plan_unable(out, "it is not known which file holds %s", name);
		}
	} else if (streq(var->origin, "settings")) {
		change_setting(facts, out, var, value);
	} else if (streq(var->origin, "wrapper")) {
		plan_unable(out, "%s is set %s; what else that script does is not known", name,
		            origin_words(facts, var));
	} else {
		change_startup(facts, out, var, value);
	}
}

void remedy_settings_variable(const struct facts *facts, struct plan *out, const char *name,
                              const char *where) {
	const struct fact_govar var = {
		.name = name, .value = "", .origin = "settings", .where = where};
	change_setting(facts, out, &var, NULL);
}

/* "gopls.build.env" is the member build.env of the object gopls, unless it stands so in the file. */
static const char *keys_of(struct arena *arena, const struct fact_setting *s) {
	const char *keys = str_starts(s->key, "gopls.")
	                           ? arena_printf(arena, "gopls/%s", s->key + strlen("gopls."))
	                           : s->key;
	return str_ends(s->file, ".code-workspace") ? arena_printf(arena, "settings/%s", keys)
	                                            : keys;
}

void remedy_list_setting(const struct facts *facts, struct plan *out, const char *key,
                         const char *entry) {
	const struct fact_setting *s = facts_setting(facts, key);
	const char *quoted = arena_printf(out->arena, "\"%s\"", entry);
	const char *p = s ? s->json : "";
	struct strbuf left;
	bool found = false;
	bool open = *p == '[';
	strbuf_init(&left, out->arena);
	while (open && *(p += 1 + strspn(p + 1, " \n")) == '"') {
		const char *end = p + 1;
		while (*end && *end != '"') {
			end += *end == '\\' && end[1] ? 2 : 1;
		}
		size_t len = *end ? (size_t)(end - p) + 1 : 0;
		bool same = len == strlen(quoted) && memcmp(p, quoted, len) == 0;
		found = found || same;
		if (!same && len > 0) {
			strbuf_printf(&left, "%s%.*s", left.len > 0 ? ", " : "", (int)len, p);
		}
		p += len + strspn(p + len, " \n");
		open = *p == ',' && len > 0;
	}
	if (!found || *p != ']' ||
	    !(str_ends(s->file, ".json") || str_ends(s->file, ".code-workspace"))) {
		plan_unable(out, "%s is no list of words that can be edited", key);
		return;
	}
	plan_setting(out, s->file, keys_of(out->arena, s),
	             left.len > 0 ? arena_printf(out->arena, "[%s]", left.data) : NULL);
	out->then = "restart the language server";
}

void remedy_flag_setting(const struct facts *facts, struct plan *out, const char *key,
                         const char *flag) {
	static const char *const keys[] = {"gopls.build.buildFlags", "gopls.buildFlags",
	                                   "go.buildFlags"};
	for (size_t i = 0; str_empty(key) && i < sizeof(keys) / sizeof(*keys); i++) {
		const struct fact_setting *s = facts_setting(facts, keys[i]);
		key = s && str_has(s->json, flag) ? keys[i] : key;
	}
	remedy_list_setting(facts, out, key, flag);
}

void remedy_goflags(const struct facts *facts, struct plan *out, const char *beginning) {
	const struct fact_govar *var = facts_govar(facts, "GOFLAGS");
	struct strbuf left;
	struct slice rest = slice_str(var ? var->value : "");
	struct slice word;
	bool found = false;
	strbuf_init(&left, out->arena);
	if (!var || strpbrk(var->value, "'\"\t\r\n")) {
		plan_unable(out, "GOFLAGS has quotes in it, or is not known: edit it by hand");
		return;
	}
	while (slice_cut(&rest, ' ', &word)) {
		/* The flag package takes two dashes for one. */
		bool twice = word.len > 1 && word.data[0] == '-' && word.data[1] == '-';
		if (slice_starts(slice_of(word.data + twice, word.len - twice), beginning)) {
			found = true;
		} else if (word.len > 0) {
			strbuf_printf(&left, "%s%.*s", left.len > 0 ? " " : "", (int)word.len,
			              word.data);
		}
	}
	if (!found) {
		plan_unable(out, "GOFLAGS (%s) has no %s", var->value, beginning);
		return;
	}
	remedy_variable(facts, out, "GOFLAGS", left.len > 0 ? left.data : NULL);
}

void remedy_export(const struct facts *facts, struct plan *out, const char *name,
                   const char *value) {
	const struct fact_target *t = facts_first(target, facts);
	const char *file = origin_login_file(facts);
	if (!t || t->home[0] != '/' || !str_starts(file, "~/") ||
	    str_ends(facts_var(facts, "judged", "SHELL"), "/fish")) {
		plan_unable(out, "it is not known which start-up file could export %s=%s", name,
		            value);
		return;
	}
	plan_append(
		out, path_join(out->arena, t->home, file + 2),
		arena_printf(out->arena, "export %s=%s", name, str_shell_quote(out->arena, value)));
	remedy_environment(out, arena_printf(out->arena, "%s=%s", name, value));
	out->then = restart;
}

/* ---- places ---- */

const char *remedy_room(const struct facts *facts, const char *name, const char *not_on_mount) {
	const struct fact_place *home = facts_place(facts, "HOME");
	if (!home || !streq(home->state, "ok") || !home->write || home->read_only ||
	    storage_is_full(home) || (not_on_mount && streq(home->mount, not_on_mount))) {
		return NULL;
	}
	return path_join(facts->arena, home->path, name);
}

void remedy_cache(const struct facts *facts, struct plan *out, const char *name, bool away) {
	const struct fact_place *now = facts_place(facts, name);
	const char *dir =
		remedy_room(facts, streq(name, "GOCACHE") ? "go-build-cache" : "gopls-cache",
	                    away && now ? now->mount : NULL);
	if (!dir) {
		plan_unable(out,
		            "no directory is known that could take the place of %s: the home is "
		            "on the same file system, or takes nothing either",
		            now ? now->path : name);
		return;
	}
	plan_mkdir(out, dir, 0755);
	if (streq(name, "GOCACHE")) {
		remedy_variable(facts, out, name, dir);
	} else {
		remedy_export(facts, out, name, dir);
	}
	out->keeps = arena_printf(out->arena, "%s and what lies in it", now ? now->path : name);
}

void remedy_tmp(const struct facts *facts, struct plan *out) {
	const struct fact_govar *own = facts_govar(facts, "GOTMPDIR");
	const struct fact_place *tmp = facts_place(facts, "TMPDIR");
	const struct fact_place *now = facts_place(facts, "GOTMPDIR");
	bool named = own && !str_empty(own->value);
	bool sound = tmp && streq(tmp->state, "ok") && tmp->write && !tmp->read_only &&
	             !storage_is_full(tmp);
	if (named && sound) {
		remedy_variable(facts, out, "GOTMPDIR", NULL);
		return;
	}
	now = named && now ? now : tmp;
	const char *dir = remedy_room(facts, "go-tmp", now ? now->mount : NULL);
	if (!dir) {
		plan_unable(out, "no directory is known that could take temporary files");
		return;
	}
	plan_mkdir(out, dir, 0700);
	remedy_variable(facts, out, "GOTMPDIR", dir);
}

bool remedy_is_own(const struct facts *facts, int64_t uid) {
	const struct fact_target *t = facts_first(target, facts);
	return t && t->uid == uid;
}

void remedy_chown(const struct facts *facts, struct plan *out, const char *path) {
	const struct fact_target *t = facts_first(target, facts);
	if (!t || str_empty(t->user)) {
		plan_unable(out, "it is not known to whom %s should belong", path);
		return;
	}
	const char *owner = arena_printf(out->arena, "%s:", t->user);
	const char *const argv[] = {"/bin/chown", "-R", owner, path, NULL};
	const char *const announces[] = {arena_printf(out->arena, "%s/", path), NULL};
	plan_run(out, "/", argv, announces);
	out->needs_root = true;
}

/* ---- programs and processes ---- */

struct step *remedy_go(const struct facts *facts, struct plan *out, const char *cwd,
                       const char *const *words, const char *const *announces) {
	const struct fact_tool *go = facts_chosen(facts, "server-go");
	const char *argv[16] = {NULL};
	go = go ? go : facts_chosen(facts, "go");
	if (!go || go->path[0] != '/' || cwd[0] != '/') {
		plan_unable(out, "there is no go command that could do it");
		return NULL;
	}
	argv[0] = go->path;
	for (size_t i = 0; words[i] && i + 2 < sizeof(argv) / sizeof(*argv); i++) {
		argv[i + 1] = words[i];
	}
	return plan_run(out, cwd, argv, announces);
}

void remedy_fetch(const struct facts *facts, struct plan *out, struct step *step, bool here) {
	const struct fact_govar *proxy = facts_govar(facts, "GOPROXY");
	bool local = proxy && str_starts(proxy->value, "file://") && !strpbrk(proxy->value, ",|");
	if (!step || local) {
		return;
	}
	step->network = !here;
	if (here) {
		step->env = PLAN_WORDS(out, "GOPROXY=off", "GOTOOLCHAIN=local");
	}
}

void remedy_end(struct plan *out, int64_t pid, int64_t ticks, const char *who) {
	if (pid <= 1 || ticks <= 0) {
		plan_unable(out, "it is not known for certain which process that is");
		return;
	}
	plan_signal(out, pid, (uint64_t)ticks, SIGTERM, who);
}

void remedy_go_on(struct plan *out, int64_t pid, int64_t ticks, const char *who) {
	if (pid <= 1 || ticks <= 0) {
		plan_unable(out, "it is not known for certain which process that is");
		return;
	}
	plan_signal(out, pid, (uint64_t)ticks, SIGCONT, who);
}

void remedy_end_server(const struct facts *facts, struct plan *out, int64_t pid) {
	facts_each (running_server, s, facts) {
		if (s->pid == pid) {
			remedy_end(out, pid, s->start_ticks, "gopls");
			out->then = "the editor starts another one; if it does not, restart the "
				    "language server there";
			return;
		}
	}
	plan_unable(out, "process %lld is not known as a running server", (long long)pid);
}

/* sed(1) finds the command by itself: which words stand beside it on the line is not known here. */
void remedy_limit(struct plan *out, const struct fact_limit_source *source) {
	int64_t number = 0;
	if (!source || source->file[0] != '/' || str_to_int64(source->value, &number) != 0 ||
	    source->line <= 0 || str_ends(source->file, ".conf")) {
		plan_unable(out, "it is not known which line sets the limit");
		return;
	}
	if (!source->script) {
		plan_unable(
			out,
			"%s line %lld sets it for sessions to come: take it out there and log in "
			"again; what runs now keeps its limit, so that nothing could be tried",
			source->file, (long long)source->line);
		return;
	}
	/* A call of ulimit becomes a command that does nothing; of prlimit the value is lifted. */
	const char *words = arena_printf(
		out->arena,
		"%llds/(^|[^[:alnum:]_])ulimit([[:space:]]+-[[:alpha:]]+)*[[:space:]]+%s($|[^0-9])/"
		"\\1:\\3/;"
		"%llds/(--[a-z]+=)%s(:%s)?($|[^0-9])/\\1unlimited\\3/",
		(long long)source->line, source->value, (long long)source->line, source->value,
		source->value);
	const char *const argv[] = {"/bin/sed",   "-i", "--follow-symlinks", "-E", words,
	                            source->file, NULL};
	const char *const announces[] = {source->file, NULL};
	struct step *step = plan_run(out, path_parent(out->arena, source->file), argv, announces);
	if (step) {
		step->what = arena_printf(out->arena, "take the limit %s out of %s line %lld",
		                          source->value, source->file, (long long)source->line);
	}
	out->then = "start the editor again from there";
}
