/* SPDX-License-Identifier: MIT */
#include "probes/editors/vscode_tools.h"

#include "base/path.h"
#include "base/str.h"
#include "wire/jsonc.h"

static const struct jsonc_node *value_of(struct exam *exam, const struct fact_setting *setting) {
	return setting ? jsonc_parse(exam->arena, slice_str(setting->json))->root : NULL;
}

const char *vscode_text(struct exam *exam, const char *key) {
	const char *text = jsonc_string(value_of(exam, facts_setting(exam->facts, key)));
	return str_empty(text) ? NULL : text;
}

bool vscode_flag(struct exam *exam, const char *key, bool fallback) {
	const struct fact_setting *s = facts_setting(exam->facts, key);
	if (!s || !streq(s->type, "boolean")) {
		return fallback;
	}
	return streq(s->json, "true");
}

static bool expand_one(struct exam *exam, struct slice name, struct strbuf *out) {
	const struct target *t = exam->target;
	if (slice_eq(name, "workspaceFolder") || slice_eq(name, "workspaceRoot")) {
		strbuf_add(out, t->workspace);
		return true;
	}
	if (slice_eq(name, "workspaceFolderBasename")) {
		strbuf_add(out, path_base(t->workspace));
		return true;
	}
	if (slice_starts(name, "env:")) {
		const char *var = arena_strndup(exam->arena, name.data + 4, name.len - 4);
		const char *value = envset_get(&t->judged, var);
		strbuf_add(out, value ? value : "");
		return true;
	}
	return false;
}

const char *vscode_expand(struct exam *exam, const char *value) {
	struct strbuf out;
	strbuf_init(&out, exam->arena);
	const char *p = value;
	if (p[0] == '~' && (p[1] == '/' || p[1] == '\0')) {
		strbuf_add(&out, exam->target->home);
		p++;
	}
	while (*p) {
		const char *end = p[0] == '$' && p[1] == '{' ? strchr(p, '}') : NULL;
		if (end && expand_one(exam, slice_of(p + 2, (size_t)(end - p) - 2), &out)) {
			p = end + 1;
		} else {
			strbuf_add_char(&out, *p++);
		}
	}
	return out.data;
}

static void apply_env_vars(struct exam *exam, struct envset *env) {
	static const char prefix[] = "go.toolsEnvVars.";
	facts_each (setting, s, exam->facts) {
		if (!s->effective || !str_starts(s->key, prefix)) {
			continue;
		}
		const struct jsonc_node *value = value_of(exam, s);
		const char *name = s->key + strlen(prefix);
		if (value && value->type == JSONC_STRING) {
			envset_set(env, name, vscode_expand(exam, value->string));
		} else if (value && value->type != JSONC_NULL && name[0] != '\0') {
			envset_set(env, name, s->json); /* String(value) of a number or boolean */
		}
	}
}

static void apply_http_proxy(struct exam *exam, struct envset *env) {
	static const char *const names[] = {"http_proxy", "HTTP_PROXY", "https_proxy",
	                                    "HTTPS_PROXY"};
	const char *proxy = vscode_text(exam, "http.proxy");
	for (size_t i = 0; proxy && i < sizeof(names) / sizeof(*names); i++) {
		envset_set(env, names[i], proxy);
	}
}

/* goEnv.ts: "-json" in GOFLAGS would spoil the output of every go command the extension reads. */
static void drop_json_flag(struct exam *exam, struct envset *env) {
	const char *flags = envset_get(env, "GOFLAGS");
	if (!str_has(flags, "-json")) {
		return;
	}
	struct strbuf out;
	strbuf_init(&out, exam->arena);
	struct slice rest = slice_str(flags);
	struct slice word;
	while (slice_cut(&rest, ' ', &word)) {
		if (!slice_eq(word, "-json") && word.len > 0) {
			strbuf_printf(&out, "%s%.*s", out.len > 0 ? " " : "", (int)word.len,
			              word.data);
		}
	}
	envset_set(env, "GOFLAGS", out.data);
}

void vscode_own_env(struct exam *exam, struct envset *env) {
	const char *goroot = vscode_text(exam, "go.goroot");
	if (goroot) {
		goroot = vscode_expand(exam, goroot);
		/* A missing directory is ignored with a warning; only an existing one is exported.
		 */
		if (world_stat(exam->world, goroot).is_dir) {
			envset_set(env, "GOROOT", goroot);
		}
	}
}

void vscode_tools_env(struct exam *exam, struct envset *env) {
	vscode_own_env(exam, env);
	apply_env_vars(exam, env);
	apply_http_proxy(exam, env);
	const char *gopath = vscode_text(exam, "go.gopath");
	if (gopath) {
		envset_set(env, "GOPATH", vscode_expand(exam, gopath));
	}
	drop_json_flag(exam, env);
}

const char *const *vscode_server_flags(struct exam *exam, const char **ret_error) {
	*ret_error = NULL;
	size_t count = 0;
	facts_each (go_flag_setting, f, exam->facts) {
		if (!f->is_string) {
			*ret_error =
				f->index < 0
					? "go.languageServerFlags is not a list"
					: "go.languageServerFlags holds a value that is not a text";
			return NULL;
		}
		count++;
	}
	const char **flags = arena_array_of(exam->arena, const char *, count + 1);
	size_t i = 0;
	facts_each (go_flag_setting, f, exam->facts) {
		flags[i++] = f->value;
	}
	return flags;
}

/* ["-a", "-b"] of go.buildFlags, plus "-tags", "x" of go.buildTags; "" when there is nothing. */
static const char *build_flags(struct exam *exam) {
	struct strbuf out;
	strbuf_init(&out, exam->arena);
	const struct jsonc_node *list = value_of(exam, facts_setting(exam->facts, "go.buildFlags"));
	bool tags = false;
	for (const struct jsonc_node *m = list ? list->first_child : NULL; m; m = m->next) {
		const char *text = jsonc_string(m);
		tags = tags || streq(text, "-tags") || streq(text, "--tags");
		strbuf_printf(&out, "%s%s", out.len > 0 ? "," : "", jsonc_to_json(exam->arena, m));
	}
	const struct jsonc_node *extra = value_of(exam, facts_setting(exam->facts, "go.buildTags"));
	if (!tags && !str_empty(jsonc_string(extra))) {
		strbuf_printf(&out, "%s\"-tags\",%s", out.len > 0 ? "," : "",
		              jsonc_to_json(exam->arena, extra));
	}
	return out.data;
}

const char *vscode_init_options(struct exam *exam) {
	static const char prefix[] = "gopls.";
	struct strbuf out;
	strbuf_init(&out, exam->arena);
	bool has_flags = false;
	const struct fact_setting *whole = facts_setting(exam->facts, "gopls");
	if (whole && !streq(whole->type, "object")) {
		return whole->json; /* gopls itself says what it thinks of it */
	}
	facts_each (setting, s, exam->facts) {
		if (!s->effective || !str_starts(s->key, prefix)) {
			continue;
		}
		const char *name = s->key + strlen(prefix);
		has_flags =
			has_flags || streq(name, "build.buildFlags") || streq(name, "buildFlags");
		struct strbuf key;
		strbuf_init(&key, exam->arena);
		for (const char *p = name; *p; p++) {
			strbuf_printf(&key, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
		}
		strbuf_printf(&out, "%s\"%s\":%s", out.len > 0 ? "," : "", key.data, s->json);
	}
	const char *flags = has_flags ? "" : build_flags(exam);
	if (flags[0] != '\0') {
		strbuf_printf(&out, "%s\"build.buildFlags\":[%s]", out.len > 0 ? "," : "", flags);
	}
	return arena_printf(exam->arena, "{%s}", out.data);
}
