/* SPDX-License-Identifier: MIT */
#include "base/ascii.h"
#include "core/editor.h"
#include "core/setup.h"

#define VALUE_SHOWN_MAX ((size_t)1500)
#define PART_OF_HASH    UINT64_C(0xfffff) /* see the top of setup.h */

struct take {
	struct arena *arena;
	const struct facts *facts;
	const struct target *target;
	const struct evidence_store *store;
	const uint8_t *key;
	struct setup *into;
};

/* ---- what may be kept as it is ---- */

/* Variables whose values say how Go is set up, where things are or how to get there. */
static bool is_known_name(const char *name) {
	return STR_IN(name, "PATH", "HOME", "SHELL", "TMPDIR", "LANG", "LC_ALL", "GOROOT", "GOPATH",
	              "GOCACHE", "GOMODCACHE", "GOBIN", "GOFLAGS", "GOENV", "GOTOOLCHAIN", "GOWORK",
	              "GO111MODULE", "GOOS", "GOARCH", "GOEXPERIMENT", "GODEBUG", "GOTMPDIR",
	              "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOPROXY", "GOINSECURE",
	              "GOPACKAGESDRIVER", "GOPLSCACHE", "GOMAXPROCS", "GOMEMLIMIT", "GOGC", "CC",
	              "CXX", "PKG_CONFIG", "PKG_CONFIG_PATH", "CGO_ENABLED", "XDG_CONFIG_HOME",
	              "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR",
	              "LD_LIBRARY_PATH", "LD_PRELOAD", "SSL_CERT_FILE", "SSL_CERT_DIR", "NO_PROXY",
	              "no_proxy");
}

static bool has_word(const char *text, const char *lower) {
	size_t len = strlen(lower);
	for (; *text; text++) {
		size_t i = 0;
		while (i < len && text[i] && (text[i] | 0x20) == lower[i]) {
			i++;
		}
		if (i == len) {
			return true;
		}
	}
	return false;
}

/* Nothing of it looks like a password, a token or a place that is reached with one. */
static bool looks_harmless(const char *value) {
	return strlen(value) <= VALUE_SHOWN_MAX && !strchr(value, '@') &&
	       !has_word(value, "token") && !has_word(value, "secret") &&
	       !has_word(value, "passw") && !has_word(value, "key=");
}

const char *setup_hash(struct arena *arena, const uint8_t key[SIPHASH_KEY_BYTES],
                       struct slice bytes) {
	return arena_printf(arena, "%016llx", (unsigned long long)siphash(key, bytes));
}

static const char *hash_of(const struct take *t, struct slice bytes) {
	return setup_hash(t->arena, t->key, bytes);
}

static const char *part_of_hash(const struct take *t, const char *value) {
	return arena_printf(t->arena, "#%05llx",
	                    (unsigned long long)(siphash(t->key, slice_str(value)) & PART_OF_HASH));
}

static const char *shown(const struct take *t, const char *value) {
	return looks_harmless(value) ? value : part_of_hash(t, value);
}

static void add(struct take *t, enum item_kind kind, const char *name, const char *value,
                const char *path, const char *id) {
	setup_add(t->arena, t->into,
	          &(struct setup_item){
			  .kind = kind, .name = name, .value = value, .path = path, .id = id});
}

static void cover(struct take *t, enum item_kind kind, enum fact_kind fact) {
	if (!t->facts->coverage[fact].refused) {
		t->into->covers |= 1U << kind;
	}
}

static const struct evidence *found(const struct take *t, const char *prefix, const char *path) {
	const struct evidence *ev =
		evidence_find(t->store, arena_printf(t->arena, "%s%s", prefix, path));
	return ev && evidence_has_bytes(ev) ? ev : NULL;
}

/* ---- programs ---- */

static const char *version_of(const struct take *t, const char *tool, const char *path) {
	const struct fact_binary *b = facts_binary(t->facts, path);
	if (streq(tool, "go")) {
		facts_each (go_version, v, t->facts) {
			if (streq(v->source, "local") && *v->version) {
				return arena_printf(t->arena, "go%s", v->version);
			}
		}
	}
	return !b ? "" : *b->version ? b->version : b->go_version;
}

/* What tells this build from every other; of a program without a build id its length. */
static const char *build_of(const struct take *t, const char *path) {
	const struct evidence *ev = found(t, "binary:", path);
	const char *id = ev ? keyline_text(t->arena, ev->bytes, "build_id") : "";
	if (*id) {
		return hash_of(t, slice_str(id));
	}
	const struct fact_binary *b = facts_binary(t->facts, path);
	return b ? arena_printf(t->arena, "%s %lld bytes", b->format, (long long)b->size) : "";
}

static void take_tools(struct take *t) {
	static const char *const tools[] = {"go", "gopls", "server-go"};
	cover(t, ITEM_TOOL, FACT_tool);
	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++) {
		const struct fact_tool *tool = facts_chosen(t->facts, tools[i]);
		const struct fact_tool *go = facts_chosen(t->facts, "go");
		if (i == 2 && (!tool || (go && streq(go->path, tool->path)))) {
			continue;
		}
		if (tool) {
			add(t, ITEM_TOOL, tools[i], version_of(t, tools[i], tool->path), tool->path,
			    build_of(t, tool->path));
		}
	}
	facts_each (shim, s, t->facts) {
		if (*s->version && *s->manager) {
			add(t, ITEM_TOOL, arena_printf(t->arena, "%s of %s", s->tool, s->manager),
			    s->version, s->where, "");
		}
	}
	const struct fact_toolchain *chain = facts_first(toolchain, t->facts);
	if (chain && *chain->runs) {
		add(t, ITEM_TOOL, "toolchain", arena_printf(t->arena, "go%s", chain->runs), "", "");
	}
}

static void take_server(struct take *t) {
	const char *const *argv = t->target->server_argv;
	struct strbuf out;
	if (!argv || !argv[0]) {
		return;
	}
	strbuf_init(&out, t->arena);
	for (size_t i = 1; argv[i]; i++) {
		strbuf_printf(&out, "%s%s", i > 1 ? " " : "", argv[i]);
	}
	add(t, ITEM_SERVER, "arguments", shown(t, out.data), "", "");
	/* With settings known one by one the whole says nothing more; without an editor it is our own. */
	if (!facts_first(setting, t->facts) && !streq(t->into->editor, "none") &&
	    !str_empty(t->target->init_options)) {
		add(t, ITEM_SERVER, "initialization options", "", "",
		    hash_of(t, slice_str(t->target->init_options)));
	}
}

/* ---- files ---- */

static void take_file(struct take *t, enum item_kind kind, const char *path, const char *value) {
	const struct evidence *ev = found(t, "file:", path);
	if (*path && ev && ev->state == EV_READ && !setup_find(t->into, kind, path)) {
		add(t, kind, path, value, path, hash_of(t, ev->bytes));
	}
}

static void take_files(struct take *t) {
	facts_each (gomod, m, t->facts) {
		if (STR_IN(m->role, "root", "file", "member")) {
			take_file(t, ITEM_FILE, m->path,
			          *m->go ? arena_printf(t->arena, "go %s", m->go) : "");
		}
	}
	facts_each (gowork, w, t->facts) {
		if (streq(w->role, "active")) {
			take_file(t, ITEM_FILE, w->path,
			          *w->go ? arena_printf(t->arena, "go %s", w->go) : "");
		}
	}
	facts_each (gosum, s, t->facts) {
		take_file(t, ITEM_FILE, s->path, "");
	}
	facts_each (vendor, v, t->facts) {
		if (v->modules_txt) {
			take_file(t, ITEM_FILE, arena_printf(t->arena, "%s/modules.txt", v->dir),
			          "");
		}
	}
	facts_each (startup_file, f, t->facts) {
		take_file(t, ITEM_STARTUP, f->file, "");
	}
	cover(t, ITEM_FILE, FACT_gomod);
	cover(t, ITEM_STARTUP, FACT_startup_file);
}

/* ---- settings and the editor ---- */

/* Such a setting holds an environment, and with it perhaps secrets. */
static bool is_environment(const char *key) {
	return str_ends(key, "EnvVars") || str_ends(key, ".env") || str_ends(key, "Env");
}

static void take_settings(struct take *t) {
	facts_each (setting, s, t->facts) {
		if (s->effective) {
			add(t, ITEM_SETTING, s->key,
			    is_environment(s->key) ? part_of_hash(t, s->json) : shown(t, s->json),
			    s->file, "");
		}
	}
	cover(t, ITEM_SETTING, FACT_setting);
}

static void take_editor(struct take *t) {
	const struct fact_install *install = facts_first(install, t->facts);
	const struct fact_editor_process *process = facts_first(editor_process, t->facts);
	if (install) {
		add(t, ITEM_EDITOR, "product", install->name, install->data, install->profile);
		cover(t, ITEM_EXTENSION, FACT_extension);
	}
	if (process && *process->exe) {
		const struct evidence *ev = found(t, "stat:", process->exe);
		add(t, ITEM_EDITOR, "program", "", process->exe,
		    ev ? arena_printf(t->arena, "%s bytes of %s",
		                      keyline_text(t->arena, ev->bytes, "size"),
		                      keyline_text(t->arena, ev->bytes, "mtime_ns"))
		       : "");
	}
	facts_each (extension, e, t->facts) {
		add(t, ITEM_EXTENSION, e->id,
		    arena_printf(t->arena, "%s%s", e->version, e->enabled ? "" : ", switched off"),
		    e->dir, "");
	}
}

/* ---- the go command and the environment ---- */

static void take_goenv(struct take *t) {
	facts_each (govar, v, t->facts) {
		add(t, ITEM_GOENV, v->name, shown(t, v->value), v->where, v->origin);
	}
	cover(t, ITEM_GOENV, FACT_govar);
}

/* ` "NAME": "value",` of `go env -json`, one a line. GOGCCFLAGS names a directory that is another one each time. */
static void take_gocmd(struct take *t) {
	const struct fact_go_run *run = facts_run(t->facts, "env");
	struct slice rest = slice_str(run && run->exit_code == 0 ? run->out : "");
	struct slice line;
	while (slice_line(&rest, &line)) {
		struct slice text = slice_trim(line);
		struct slice part[4]; /* before the name, the name, between, value and the rest */
		size_t n = 0;
		while (n < 3 && slice_cut(&text, '"', &part[n])) {
			n++;
		}
		while (text.len > 0 && text.data[text.len - 1] != '"') {
			text.len--;
		}
		if (n != 3 || text.len == 0) {
			continue;
		}
		text.len--;
		const char *name = arena_slicedup(t->arena, part[1]);
		if (!streq(name, "GOGCCFLAGS") && !setup_find(t->into, ITEM_GOENV, name)) {
			add(t, ITEM_GOCMD, name, shown(t, arena_slicedup(t->arena, text)), "", "");
		}
	}
}

/* What is another one in each terminal, session or window, and tells nothing. */
static bool is_fleeting(const char *name) {
	static const char *const beginnings[] = {
		"VSCODE_",   "SSH_",     "TMUX",    "KITTY_",    "ALACRITTY_",    "WEZTERM_",
		"KONSOLE_",  "GNOME_",   "ITERM_",  "WT_",       "STARSHIP_",     "DIRENV_",
		"NVIM",      "XDG_SE",   "XDG_VT",  "DBUS_",     "GIO_LAUNCHED_", "DESKTOP_STARTUP",
		"__",        "ELECTRON", "CHROME_", "GPG_AGENT", "BASH_FUNC_",    "COLORTERM",
		"TERM",      "P9K_",     "FZF_",    "LS_COLORS", "LESS",          "DISPLAY",
		"WAYLAND_",  "XAUTH",    "SESSION", "MEMORY_",   "SYSTEMD_",      "MANAGER",
		"LIBVIRT_",  "PS1",      "PROMPT",  "VTE_",      "SUDO_",         "ZELLIJ",
		"DIALTONE_",
	};
	if (STR_IN(name, "_", "SHLVL", "PWD", "OLDPWD", "WINDOWID", "COLUMNS", "LINES", "STY",
	           "INVOCATION_ID", "JOURNAL_STREAM", "WINDOW", "MAIL", "LOGNAME", "GPG_TTY")) {
		return true;
	}
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++) {
		if (str_starts(name, beginnings[i])) {
			return true;
		}
	}
	return false;
}

static void take_variables(struct take *t) {
	const struct envset *env = &t->target->judged;
	for (size_t i = 0; i < env->count; i++) {
		const char *value = "";
		const char *name = arena_slicedup(t->arena, envset_name(env, i, &value));
		if (!is_fleeting(name)) {
			add(t, ITEM_VARIABLE, name,
			    is_known_name(name) && looks_harmless(value) ? value : "", "",
			    part_of_hash(t, value));
		}
	}
	if (env->count > 0) {
		t->into->covers |= 1U << ITEM_VARIABLE;
	}
}

/* ---- the machine ---- */

static void take_places(struct take *t) {
	facts_each (place, p, t->facts) {
		bool there = streq(p->state, "ok") || streq(p->state, "absent");
		if (there && *p->fstype && !setup_find(t->into, ITEM_PLACE, p->role)) {
			add(t, ITEM_PLACE, p->role,
			    arena_printf(t->arena, "%s on %s%s%s%s", p->fstype, p->mount,
			                 p->read_only || p->bound_ro ? ", read-only" : "",
			                 p->noexec ? ", noexec" : "",
			                 p->write || p->read_only || p->bound_ro
			                         ? ""
			                         : ", not writable"),
			    p->path, "");
		}
	}
}

static const char *limit_text(const struct take *t, int64_t limit) {
	return limit < 0 ? "unlimited" : arena_printf(t->arena, "%lld", (long long)limit);
}

/* That of the editor where it is known, else ours. */
static void take_limits(struct take *t) {
	static const char *const scopes[] = {"judged", "own"};
	for (size_t i = 0; i < sizeof(scopes) / sizeof(*scopes); i++) {
		facts_each (limit, l, t->facts) {
			if (streq(l->scope, scopes[i]) &&
			    !setup_find(t->into, ITEM_LIMIT, l->name)) {
				add(t, ITEM_LIMIT, l->name,
				    arena_printf(t->arena, "%s:%s", limit_text(t, l->soft),
				                 limit_text(t, l->hard)),
				    "", "");
			}
		}
		facts_each (cpu_quota, q, t->facts) {
			if (streq(q->scope, scopes[i]) &&
			    !setup_find(t->into, ITEM_LIMIT, "processor time")) {
				add(t, ITEM_LIMIT, "processor time",
				    arena_printf(t->arena, "%lld of %lld us",
				                 (long long)q->quota_us, (long long)q->period_us),
				    q->where, "");
			}
		}
	}
	facts_each (memory_group, g, t->facts) {
		if (g->limit >= 0 && !setup_find(t->into, ITEM_LIMIT, "memory")) {
			add(t, ITEM_LIMIT, "memory", limit_text(t, g->limit), g->file, "");
		}
	}
}

static void take_kernel(struct take *t) {
	const struct evidence *ev = found(t, "file:", SETUP_KERNEL_FILE);
	if (ev) {
		add(t, ITEM_KERNEL, "release", arena_slicedup(t->arena, slice_trim(ev->bytes)), "",
		    "");
	}
}

struct setup *setup_take(struct arena *arena, const struct facts *facts,
                         const struct target *target, const struct evidence_store *store,
                         const uint8_t key[SIPHASH_KEY_BYTES], int64_t now_ns) {
	struct take t = {.arena = arena,
	                 .facts = facts,
	                 .target = target,
	                 .store = store,
	                 .key = key,
	                 .into = setup_new(arena)};
	const char *side = target->environment_label ? target->environment_label : "self";

	t.into->at_ns = t.into->until_ns = now_ns;
	t.into->editor = target->editor ? target->editor->name : "none";
	t.into->side = arena_strndup(arena, side, strcspn(side, ":"));
	take_tools(&t);
	take_server(&t);
	take_files(&t);
	take_settings(&t);
	take_goenv(&t);
	take_editor(&t);
	take_kernel(&t);
	take_places(&t);
	take_limits(&t);
	take_gocmd(&t);
	take_variables(&t);
	return t.into;
}
