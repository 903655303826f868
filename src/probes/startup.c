/* SPDX-License-Identifier: MIT
 * What the files that set up sessions and shells say about Go: who would set PATH, GOROOT …, and
 * since when. They are read as text; nothing of them is executed.
 */
#include "base/ascii.h"
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"

#include <stdio.h>

#define SOURCED_MAX 12 /* files that other startup files source */
#define LINES_MAX   4000
#define PARENTS_MAX 40

struct reader {
	struct exam *exam;
	const char *file;
	const char *kind;
	int64_t mtime_ns;
	int64_t line;
	const struct evidence *ev;
	struct envset seen; /* assignments so far, for $NAME in later ones */
	const char *sourced[SOURCED_MAX];
	const char *sourced_kind[SOURCED_MAX];
	size_t sourced_count;
};

static bool wanted(const char *name) {
	return str_starts(name, "GO") || streq(name, "PATH") || streq(name, "path") ||
	       str_starts(name, "CGO_") || streq(name, "TMPDIR") || str_starts(name, "XDG_CACHE") ||
	       str_starts(name, "XDG_CONFIG") || str_ends(name, "_PROXY") ||
	       str_ends(name, "_proxy") || streq(name, "CC") || streq(name, "PKG_CONFIG_PATH");
}

static const char *lookup(struct reader *r, const char *name) {
	const char *value = envset_get(&r->seen, name);
	if (value) {
		return value;
	}
	const struct target *t = r->exam->target;
	if (streq(name, "HOME")) {
		return target_home(t);
	}
	if (streq(name, "PWD") && streq(r->kind, "project")) {
		return path_parent(r->exam->arena, r->file);
	}
	if (streq(name, "PATH") || streq(name, "path")) {
		return ""; /* only what a file adds is of interest */
	}
	value = envset_get(&t->own, name);
	return value ? value : "";
}

/* At '$': the value of $NAME or ${NAME…}; *p moves behind it. Substitutions of commands give "". */
static const char *expand_dollar(struct reader *r, const char **p) {
	const char *s = *p + 1;
	bool brace = *s == '{';
	if (*s == '(') {
		const char *end = strchr(s, ')');
		*p = end ? end + 1 : s + strlen(s);
		return "";
	}
	s += brace;
	size_t n = 0;
	while (ascii_is_word(s[n])) {
		n++;
	}
	const char *name = arena_strndup(r->exam->arena, s, n);
	s += n;
	if (brace) {
		const char *end = strchr(s, '}');
		s = end ? end + 1 : s + strlen(s);
	}
	*p = s;
	return n > 0 ? lookup(r, name) : "";
}

/* pam_env and environment.d know no ~; /etc/environment knows no variables either. */
static bool knows_tilde(const struct reader *r) {
	return !str_ends(r->file, ".conf") && !str_ends(r->file, "environment");
}

static bool knows_variables(const struct reader *r) {
	return !streq(r->file, "/etc/environment");
}

/* One word as a shell would read it: quotes removed, variables and a leading ~ expanded. *p moves
 * behind it. */
static const char *read_word(struct reader *r, const char **p) {
	struct strbuf out;
	strbuf_init(&out, r->exam->arena);
	const char *s = *p;
	char quote = '\0';
	if (knows_tilde(r) && *s == '~' && (s[1] == '/' || s[1] == '\0' || s[1] == ':')) {
		strbuf_add(&out, lookup(r, "HOME"));
		s++;
	}
	while (*s && (quote || !strchr(" \t;&|#)", *s))) {
		if (*s == '$' && quote != '\'' && knows_variables(r)) {
			strbuf_add(&out, expand_dollar(r, &s));
			continue;
		}
		if (quote && *s == quote) {
			quote = '\0';
		} else if (!quote && (*s == '"' || *s == '\'')) {
			quote = *s;
		} else if (*s == '\\' && s[1] && quote != '\'') {
			strbuf_add_char(&out, *++s);
		} else {
			strbuf_add_char(&out, *s);
		}
		s++;
	}
	*p = s;
	return out.data;
}

static void state(struct reader *r, const char *name, const char *value) {
	if (streq(name, "path")) {
		name = "PATH";
	}
	if (!streq(name, "PATH")) {
		envset_set(&r->seen, name, value);
		FACTS_ADD(r->exam->facts, startup, r->ev, .file = r->file, .line = r->line,
		          .kind = r->kind, .name = name, .value = value, .mtime_ns = r->mtime_ns);
		return;
	}
	struct slice rest = slice_str(value);
	struct slice dir;
	while (slice_cut(&rest, ':', &dir)) {
		if (dir.len > 0 && dir.data[0] == '/') {
			FACTS_ADD(r->exam->facts, startup, r->ev, .file = r->file, .line = r->line,
			          .kind = r->kind, .name = "PATH",
			          .value = arena_slicedup(r->exam->arena, dir),
			          .mtime_ns = r->mtime_ns);
		}
	}
}

/* NAME=value words, as after `export` or alone. Returns false when the word is no assignment. */
static bool read_assignment(struct reader *r, const char **p) {
	const char *s = *p;
	size_t n = 0;
	while (ascii_is_word(s[n])) {
		n++;
	}
	bool append = s[n] == '+' && s[n + 1] == '=';
	if (n == 0 || (s[n] != '=' && !append)) {
		return false;
	}
	const char *name = arena_strndup(r->exam->arena, s, n);
	s += n + 1 + append;
	bool array = *s == '('; /* zsh: path+=(dir …) */
	if (array) {
		s++;
	}
	const char *before = NULL;
	do {
		before = s;
		s += strspn(s, " \t");
		const char *value = read_word(r, &s);
		if (wanted(name)) {
			state(r, name, value);
		} else if (!array) {
			envset_set(&r->seen, name, value);
		}
		s += array ? strspn(s, " \t") : 0;
	} while (array && s > before && *s && *s != ')' && *s != ';' && *s != '#');
	*p = s;
	return true;
}

static void add_sourced(struct reader *r, const char *file, const char *kind) {
	if (file[0] != '/' || r->sourced_count == SOURCED_MAX) {
		return;
	}
	for (size_t i = 0; i < r->sourced_count; i++) {
		if (streq(r->sourced[i], file)) {
			return;
		}
	}
	r->sourced_kind[r->sourced_count] = kind;
	r->sourced[r->sourced_count++] = file;
}

static void read_source(struct reader *r, const char *p) {
	p += strspn(p, " \t");
	const char *file = read_word(r, &p);
	bool rc = str_ends(file, "shrc") || str_ends(file, "bash.bashrc");
	add_sourced(r, file, rc ? "interactive" : r->kind);
}

/* fish: set -gx NAME value…, fish_add_path dir… */
static void read_fish(struct reader *r, const char *p, bool add_path) {
	const char *name = add_path ? "PATH" : NULL;
	while (*(p += strspn(p, " \t")) && *p != '#' && *p != ';') {
		const char *before = p;
		const char *word = read_word(r, &p);
		if (p == before) {
			return;
		}
		if (word[0] == '-') {
			continue;
		}
		if (!name) {
			name = word;
		} else if (wanted(name)) {
			state(r, name, word);
		}
	}
}

/* direnv-stdlib(1): PATH_add DIR…, path_add VAR DIR…, dotenv [FILE], layout go. Directories are relative
 * to that of the .envrc. */
static bool read_direnv(struct reader *r, const char *p) {
	struct arena *arena = r->exam->arena;
	const char *dir = path_parent(arena, r->file);
	const char *command = read_word(r, &p);
	bool dotenv = streq(command, "dotenv") || streq(command, "dotenv_if_exists");
	bool path = streq(command, "PATH_add") || streq(command, "path_add");
	if (!dotenv && !path && !streq(command, "layout")) {
		return false;
	}
	const char *name = "PATH";
	if (streq(command, "path_add")) {
		p += strspn(p, " \t");
		name = read_word(r, &p);
	}
	bool any = false;
	while (*(p += strspn(p, " \t")) && *p != '#' && *p != ';') {
		const char *before = p;
		const char *word = read_word(r, &p);
		if (p == before) {
			break;
		}
		any = true;
		if (dotenv) {
			add_sourced(r, path_join(arena, dir, word), "project");
		} else if (path && wanted(name)) {
			state(r, name, path_clean(arena, path_join(arena, dir, word)));
		} else if (!path && streq(word, "go")) {
			state(r, "GOPATH", path_join(arena, dir, ".direnv/go"));
			state(r, "PATH", path_join(arena, dir, ".direnv/go/bin"));
		}
	}
	if (dotenv && !any) {
		add_sourced(r, path_join(arena, dir, ".env"), "project");
	}
	return true;
}

/* pam_env.conf(5): NAME DEFAULT=value OVERRIDE=value; ~/.pam_environment may say it so as well. */
static bool read_pam(struct reader *r, const char *p) {
	static const char word[] = "DEFAULT=";
	size_t n = strcspn(p, " \t=");
	const char *rest = p + n + strspn(p + n, " \t");
	if (n == 0 || *rest == '=' || !str_starts(rest, word)) {
		return false;
	}
	const char *name = arena_strndup(r->exam->arena, p, n);
	rest += strlen(word);
	const char *value = read_word(r, &rest);
	if (wanted(name)) {
		state(r, name, value);
	}
	return true;
}

/* The universal variables of fish, which `set -Ux` keeps: "SETUVAR --export NAME:value", with \x2f for
 * a '/' in older releases and \x1e between the members of a list (fish_variables, version 3.0). */
static void read_fish_universal(struct reader *r, const char *line) {
	static const char word[] = "SETUVAR --export ";
	const char *colon = str_starts(line, word) ? strchr(line, ':') : NULL;
	if (!colon) {
		return;
	}
	const char *name = arena_strndup(r->exam->arena, line + strlen(word),
	                                 (size_t)(colon - line) - strlen(word));
	struct strbuf value;
	strbuf_init(&value, r->exam->arena);
	for (const char *p = colon + 1; *p; p++) {
		unsigned byte = 0;
		if (p[0] == '\\' && p[1] == 'x' && sscanf(p + 2, "%2x", &byte) == 1 && p[2] &&
		    p[3]) {
			strbuf_add_char(&value, byte == 0x1e ? ':' : (char)byte);
			p += 3;
		} else {
			strbuf_add_char(&value, *p);
		}
	}
	if (wanted(name)) {
		state(r, name, value.data);
	}
}

static bool command_is(const char **p, const char *name) {
	size_t n = strlen(name);
	if (strncmp(*p, name, n) == 0 && ((*p)[n] == ' ' || (*p)[n] == '\t')) {
		*p += n + strspn(*p + n, " \t");
		return true;
	}
	return false;
}

static void read_command(struct reader *r, const char *p) {
	p += strspn(p, " \t");
	while (command_is(&p, "then") || command_is(&p, "else") || command_is(&p, "do") ||
	       command_is(&p, "{")) {
	}
	if (streq(r->kind, "project") && read_direnv(r, p)) {
		return;
	}
	if (command_is(&p, ".") || command_is(&p, "source")) {
		read_source(r, p);
		return;
	}
	if (command_is(&p, "set")) {
		read_fish(r, p, false);
		return;
	}
	if (command_is(&p, "fish_add_path")) {
		read_fish(r, p, true);
		return;
	}
	if (command_is(&p, "setenv")) {
		read_fish(r, p, false);
		return;
	}
	if (command_is(&p, "export") || command_is(&p, "declare") || command_is(&p, "typeset")) {
		while (*p == '-') {
			p += strcspn(p, " \t");
			p += strspn(p, " \t");
		}
	}
	while (*p && *p != '#' && *p != ';' && read_assignment(r, &p)) {
		p += strspn(p, " \t");
	}
}

/* A line may hold several commands: `[ -d x ] && PATH=…; export PATH`. Separators inside quotes do
 * not count. */
static void read_line(struct reader *r, const char *line) {
	const char *start = line;
	char quote = '\0';
	for (const char *p = line;; p++) {
		bool end = *p == '\0' || (!quote && *p == '#' && (p == line || p[-1] == ' '));
		if (!end && quote) {
			quote = *p == quote ? '\0' : quote;
			continue;
		}
		if (!end && (*p == '"' || *p == '\'')) {
			quote = *p;
			continue;
		}
		if (end || *p == ';' || *p == '&' || *p == '|') {
			read_command(r, arena_strndup(r->exam->arena, start, (size_t)(p - start)));
			start = p + 1;
		}
		if (end) {
			return;
		}
	}
}

/* Words of the documented line that switches a version manager or direnv on. */
static void state_hook(struct reader *r, const char *line) {
	static const struct {
		const char *program, *words;
		const char *name;
	} hooks[] = {
		{"mise", "activate", "mise"},  {"rtx", "activate", "mise"},
		{"goenv", "init", "goenv"},    {"asdf", "asdf.sh", "asdf"},
		{"asdf", "asdf.fish", "asdf"}, {"asdf", "/shims", "asdf"},
		{"gvm", "scripts/gvm", "gvm"}, {".g/", "/.g/env", "g"},
		{"direnv", "hook", "direnv"},  {"gobrew", "current", "gobrew"},
		{"goenv", "/shims", "goenv"},  {"mise", "/shims", "mise"},
	};
	for (size_t i = 0; line[0] != '#' && i < sizeof(hooks) / sizeof(*hooks); i++) {
		if (str_has(line, hooks[i].program) && str_has(line, hooks[i].words)) {
			FACTS_ADD(r->exam->facts, startup, r->ev, .file = r->file, .line = r->line,
			          .kind = r->kind, .name = "hook", .value = hooks[i].name,
			          .mtime_ns = r->mtime_ns);
			return;
		}
	}
}

/* Debian's /usr/lib/environment.d/99-environment.conf is a link to /etc/environment. */
static bool is_read_already(const struct reader *r, const char *path, const char *real) {
	facts_each (startup_file, f, r->exam->facts) {
		if (!str_empty(real) && !streq(path, real) && streq(f->file, real)) {
			return true;
		}
	}
	return false;
}

static void read_file(struct reader *r, const char *path, const char *kind) {
	struct exam *exam = r->exam;
	struct file_stat st = world_stat(exam->world, path);
	if (!st.is_file || is_read_already(r, path, st.real)) {
		return;
	}
	r->ev = world_look(exam->world, LOOK_FILE, path, LOOK_CAP_SETTINGS);
	r->file = path;
	r->kind = kind;
	r->mtime_ns = st.mtime_ns;
	r->line = 0;
	bool pam = str_ends(path, "/pam_env.conf") || str_ends(path, "/.pam_environment");
	bool universal = str_ends(path, "/fish_variables");
	if (!universal) { /* fish writes it for its own ends as well */
		FACTS_ADD(exam->facts, startup_file, st.ev, .file = path, .kind = kind,
		          .mtime_ns = st.mtime_ns);
	}
	struct slice rest = r->ev->bytes;
	struct slice line;
	while (evidence_has_bytes(r->ev) && r->line < LINES_MAX && slice_line(&rest, &line)) {
		r->line++;
		bool cr = line.data + line.len < rest.data && line.data[line.len] == '\r';
		const char *text = arena_slicedup(exam->arena, slice_trim(line));
		if (cr && !universal && knows_tilde(r)) {
			text = arena_printf(exam->arena, "%s\r", text); /* as the shell does */
		}
		if (universal) {
			read_fish_universal(r, text);
			continue;
		}
		if (pam && read_pam(r, text)) {
			continue;
		}
		read_line(r, text);
		state_hook(r, text);
	}
}

/* Every *.conf or *.sh of a directory. The directory itself is younger when one was removed. */
static void read_dir(struct reader *r, const char *dir, const char *suffix, const char *kind) {
	struct file_stat st = world_stat(r->exam->world, dir);
	if (st.is_dir) {
		FACTS_ADD(r->exam->facts, startup_file, st.ev, .file = dir, .kind = kind,
		          .mtime_ns = st.mtime_ns);
	}
	const struct evidence *ev = world_look(r->exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *name = line.len > 2 ? arena_slicedup(r->exam->arena, line) + 2 : "";
		if (str_ends(name, suffix)) {
			read_file(r, path_join(r->exam->arena, dir, name), kind);
		}
	}
}

/* What direnv or nix would load for the workspace: the nearest of each at or above it. HOME and what
 * is above belong to no project. */
static void read_project(struct reader *r) {
	static const char *const of_nix[] = {"devenv.nix", "flake.nix", "shell.nix"};
	struct exam *exam = r->exam;
	const struct target *t = exam->target;
	const char *dir = t->workspace;
	bool envrc = false;
	for (size_t i = 0; i < PARENTS_MAX && !streq(dir, "/") && !streq(dir, t->passwd_home);
	     i++) {
		const char *file = path_join(exam->arena, dir, ".envrc");
		if (!envrc && world_stat(exam->world, file).is_file) {
			envrc = true;
			read_file(r, file, "project");
		}
		for (size_t k = 0; k < sizeof(of_nix) / sizeof(*of_nix); k++) {
			file = path_join(exam->arena, dir, of_nix[k]);
			struct file_stat st = world_stat(exam->world, file);
			if (st.is_file) {
				FACTS_ADD(exam->facts, startup_file, st.ev, .file = file,
				          .kind = "project", .mtime_ns = st.mtime_ns);
			}
		}
		if (world_stat(exam->world, path_join(exam->arena, dir, ".git")).exists) {
			return;
		}
		dir = path_parent(exam->arena, dir);
	}
}

/* What holds for all users: pam_env(8), environment.d(5), the global files of bash(1), zsh(1) and
 * fish(1), where Debian, Fedora and Arch have them. */
static void read_machine(struct reader *r) {
	static const struct {
		const char *path;
		const char *kind;
	} files[] = {
		{"/etc/security/pam_env.conf", "session"},
		{"/etc/environment", "session"},
		{"/etc/profile", "login"},
		{"/etc/zsh/zshenv", "login"},
		{"/etc/zshenv", "login"},
		{"/etc/zsh/zprofile", "login"},
		{"/etc/zsh/zshrc", "interactive"},
		{"/etc/bash.bashrc", "interactive"},
		{"/etc/bashrc", "interactive"},
		{"/etc/fish/config.fish", "login"},
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		read_file(r, files[i].path, files[i].kind);
	}
	read_dir(r, "/usr/lib/environment.d", ".conf", "session");
	read_dir(r, "/etc/environment.d", ".conf", "session");
	read_dir(r, "/etc/profile.d", ".sh", "login");
	read_dir(r, "/etc/fish/conf.d", ".fish", "login");
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	static const struct {
		const char *name;
		const char *kind;
	} files[] = {
		{".profile", "login"},
		{".bash_profile", "login"},
		{".bash_login", "login"},
		{".zshenv", "login"},
		{".zprofile", "login"},
		{".zlogin", "login"},
		{".xprofile", "session"},
		{".xsessionrc", "session"},
		{".pam_environment", "session"},
		{".bashrc", "interactive"},
		{".zshrc", "interactive"},
		{".config/fish/config.fish", "interactive"},
		{".bash_aliases", "interactive"},
		{".cshrc", "interactive"},
		{".tcshrc", "interactive"},
		{".config/fish/fish_variables", "login"},
	};
	static const char *const of_zsh[] = {".zshenv", ".zprofile", ".zshrc", ".zlogin"};
	struct reader *r = arena_new_of(exam->arena, struct reader);
	r->exam = exam;
	envset_init(&r->seen, exam->arena);
	read_machine(r);
	const struct target *t = exam->target;
	const char *home = str_empty(t->passwd_home) ? t->home : t->passwd_home;
	if (!str_empty(home)) {
		for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
			read_file(r, path_join(exam->arena, home, files[i].name), files[i].kind);
		}
		read_dir(r, path_join(exam->arena, home, ".config/environment.d"), ".conf",
		         "session");
		read_dir(r, path_join(exam->arena, home, ".config/fish/conf.d"), ".fish",
		         "interactive");
		read_dir(r, path_join(exam->arena, home, ".config/plasma-workspace/env"), ".sh",
		         "session");
	}
	const char *zdotdir = envset_get(&t->own, "ZDOTDIR");
	for (size_t i = 0; zdotdir && zdotdir[0] == '/' && !streq(zdotdir, home) &&
	                   i < sizeof(of_zsh) / sizeof(*of_zsh);
	     i++) {
		read_file(r, path_join(exam->arena, zdotdir, of_zsh[i]),
		          streq(of_zsh[i], ".zshrc") ? "interactive" : "login");
	}
	read_project(r);
	for (size_t i = 0; i < r->sourced_count; i++) {
		bool known = false;
		facts_each (startup_file, f, exam->facts) {
			known = known || streq(f->file, r->sourced[i]);
		}
		if (!known) {
			read_file(r, r->sourced[i], r->sourced_kind[i]);
		}
	}
	return 0;
}

const struct probe probe_startup = {
	.id = "startup",
	.title = "what shell and session start-up files say about Go",
	.stage = STAGE_ENVIRONMENT,
	.yields = FACT_BIT(startup) | FACT_BIT(startup_file),
	.look = look,
};
