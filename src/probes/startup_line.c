/* SPDX-License-Identifier: MIT */
#include "probes/startup_line.h"

#include "base/ascii.h"
#include "base/path.h"
#include "base/str.h"

#include <stdio.h>

static bool wanted(const char *name) {
	return str_starts(name, "GO") || streq(name, "PATH") || streq(name, "path") ||
	       str_starts(name, "CGO_") || streq(name, "TMPDIR") || str_starts(name, "XDG_CACHE") ||
	       str_starts(name, "XDG_CONFIG") || str_ends(name, "_PROXY") ||
	       str_ends(name, "_proxy") || streq(name, "CC") || streq(name, "PKG_CONFIG_PATH");
}

static const char *lookup(struct startup_reader *r, const char *name) {
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
static const char *expand_dollar(struct startup_reader *r, const char **p) {
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
bool startup_knows_tilde(const struct startup_reader *r) {
	return !str_ends(r->file, ".conf") && !str_ends(r->file, "environment");
}

static bool knows_variables(const struct startup_reader *r) {
	return !streq(r->file, "/etc/environment");
}

/* One word as a shell would read it: quotes removed, variables and a leading ~ expanded. *p moves
 * behind it. */
static const char *read_word(struct startup_reader *r, const char **p) {
	struct strbuf out;
	strbuf_init(&out, r->exam->arena);
	const char *s = *p;
	char quote = '\0';
	/* environment.d(5): a value goes on to the end of its line. */
	const char *stops = str_has(r->file, "/environment.d/") ? "" : " \t;&|#)";
	if (startup_knows_tilde(r) && *s == '~' && (s[1] == '/' || s[1] == '\0' || s[1] == ':')) {
		strbuf_add(&out, lookup(r, "HOME"));
		s++;
	}
	while (*s && (quote || !strchr(stops, *s))) {
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

static void state(struct startup_reader *r, const char *name, const char *value) {
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
static bool read_assignment(struct startup_reader *r, const char **p) {
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

static void add_sourced(struct startup_reader *r, const char *file, const char *kind) {
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

/* for NAME in WORDS: files that its body may read in turn. */
static void read_for(struct startup_reader *r, const char *p) {
	size_t n = 0;
	while (ascii_is_word(p[n])) {
		n++;
	}
	r->loop_name = arena_strndup(r->exam->arena, p, n);
	r->loop_files = NULL;
	p += n + strspn(p + n, " \t");
	if (n == 0 || !str_starts(p, "in ")) {
		r->loop_name = NULL;
		return;
	}
	for (p += strlen("in "); *(p += strspn(p, " \t")) && *p != '#';) {
		const char *before = p;
		const char *word = read_word(r, &p);
		const char *star = strchr(word, '*');
		if (word[0] == '/' && star && !strchr(star, '/') && !strchr(star + 1, '*')) {
			r->loop_files = word;
		}
		if (p == before) {
			return;
		}
	}
}

/* $NAME, "$NAME", ${NAME} of that loop? */
static bool is_loop_name(const struct startup_reader *r, const char *p) {
	size_t n = strlen(r->loop_name);
	p += *p == '"';
	bool dollar = *p == '$';
	p += dollar;
	p += *p == '{';
	return dollar && str_starts(p, r->loop_name) && !ascii_is_word(p[n]);
}

static void add_loop_files(struct startup_reader *r) {
	struct arena *arena = r->exam->arena;
	const char *dir = path_parent(arena, r->loop_files);
	const char *base = path_base(r->loop_files);
	const char *star = strchr(base, '*');
	const char *begin = arena_strndup(arena, base, (size_t)(star - base));
	const struct evidence *ev = world_look(r->exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *entry = line.len > 2 ? arena_slicedup(arena, line) : "d .";
		const char *name = entry + 2;
		bool fits = strlen(name) >= strlen(base) - 1 && str_starts(name, begin) &&
		            str_ends(name, star + 1) && (name[0] != '.' || begin[0] == '.');
		if (fits && entry[0] != 'd') {
			add_sourced(r, path_join(arena, dir, name), r->kind);
		}
	}
}

static void read_source(struct startup_reader *r, const char *p) {
	p += strspn(p, " \t");
	if (r->loop_name && r->loop_files && is_loop_name(r, p)) {
		add_loop_files(r);
		return;
	}
	const char *file = read_word(r, &p);
	bool rc = str_ends(file, "shrc") || str_ends(file, "bash.bashrc");
	add_sourced(r, file, rc ? "interactive" : r->kind);
}

/* fish: set -gx NAME value…, fish_add_path dir… */
static void read_fish(struct startup_reader *r, const char *p, bool add_path) {
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
static bool read_direnv(struct startup_reader *r, const char *p) {
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
bool startup_read_pam(struct startup_reader *r, const char *p) {
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
void startup_read_fish_universal(struct startup_reader *r, const char *line) {
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

static void read_command(struct startup_reader *r, const char *p) {
	p += strspn(p, " \t");
	while (command_is(&p, "then") || command_is(&p, "else") || command_is(&p, "do") ||
	       command_is(&p, "{")) {
	}
	if (streq(r->kind, "project") && read_direnv(r, p)) {
		return;
	}
	if (command_is(&p, "for")) {
		read_for(r, p);
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
void startup_read_line(struct startup_reader *r, const char *line) {
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
void startup_state_hook(struct startup_reader *r, const char *line) {
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
