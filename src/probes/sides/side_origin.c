/* SPDX-License-Identifier: MIT */
#include "probes/sides/side_origin.h"

#include "base/ascii.h"
#include "base/path.h"
#include "base/str.h"
#include "core/origin.h"
#include "wire/jsonc.h"

#define ANCESTORS_MAX 8

static struct side_origin at_line(struct exam *exam, const char *file, int64_t line,
                                  const char *note) {
	return (struct side_origin){
		.words = arena_printf(exam->arena, "%s line %lld%s", file, (long long)line, note),
		.file = file,
		.line = line};
}

static const struct side_origin nowhere = {.words = "", .file = ""};

/* ---- settings ---- */

static struct side_origin from_settings(struct exam *exam, const struct side *side,
                                        const char *name, const char *value) {
	bool gets_them = side->kind == SIDE_SERVER || side_is_vscode(side);
	const struct fact_setting *s = NULL;
	if (gets_them) {
		s = facts_setting(exam->facts,
		                  arena_printf(exam->arena, "go.toolsEnvVars.%s", name));
	}
	const char *text =
		s ? jsonc_string(jsonc_parse(exam->arena, slice_str(s->json))->root) : NULL;
	/* What has ${…} in it was expanded on its way. */
	if (!text || (!streq(text, value) && !strchr(text, '$') && text[0] != '~')) {
		return nowhere;
	}
	return at_line(exam, s->file, s->line, arena_printf(exam->arena, " (%s)", s->key));
}

/* ---- units ---- */

/* One word of an assignment list: quotes around it or inside, backslash escapes. */
static const char *unit_word(struct arena *arena, struct slice *rest) {
	struct strbuf out;
	char quote = '\0';
	size_t i = 0;
	strbuf_init(&out, arena);
	*rest = slice_trim(*rest);
	for (; i < rest->len; i++) {
		char c = rest->data[i];
		if (quote ? c == quote : (c == '"' || c == '\'')) {
			quote = quote ? '\0' : c;
		} else if (c == '\\' && i + 1 < rest->len) {
			strbuf_add_n(&out, &rest->data[++i], 1);
		} else if (!quote && (c == ' ' || c == '\t')) {
			break;
		} else {
			strbuf_add_n(&out, &c, 1);
		}
	}
	*rest = slice_of(rest->data + i, rest->len - i);
	return out.data;
}

int64_t side_origin_unit_line(struct arena *arena, struct slice text, const char *name,
                              const char *value) {
	const char *wanted = arena_printf(arena, "%s=%s", name, value);
	struct slice line;
	int64_t number = 0, found = 0;
	while (slice_line(&text, &line)) {
		static const char key[] = "Environment=";
		number++;
		line = slice_trim(line);
		if (!slice_starts(line, key)) {
			continue;
		}
		struct slice rest =
			slice_of(line.data + sizeof(key) - 1, line.len - sizeof(key) + 1);
		while (slice_trim(rest).len > 0) {
			if (streq(unit_word(arena, &rest), wanted)) {
				found = number;
			}
		}
	}
	return found;
}

static struct side_origin from_unit_file(struct exam *exam, const char *file, const char *name,
                                         const char *value) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, LOOK_CAP_SETTINGS);
	int64_t line = evidence_has_bytes(ev)
	                       ? side_origin_unit_line(exam->arena, ev->bytes, name, value)
	                       : 0;
	return line > 0 ? at_line(exam, file, line, "") : nowhere;
}

static struct side_origin from_unit(struct exam *exam, const struct side *side, const char *name,
                                    const char *value) {
	if (str_empty(side->unit)) {
		return nowhere;
	}
	const char *dir = arena_printf(exam->arena, "%s.d", side->unit);
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes, line;
	struct side_origin found = from_unit_file(exam, side->unit, name, value);
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *entry = arena_slicedup(exam->arena, line);
		if (str_ends(entry, ".conf") && line.len > 2) {
			struct side_origin drop_in = from_unit_file(
				exam, path_join(exam->arena, dir, entry + 2), name, value);
			found = drop_in.line > 0 ? drop_in : found;
		}
	}
	return found;
}

/* ---- start-up files ---- */

/* The startup probe knows the variables that rules ask for; here any may be asked for, so the same
 * files are read again, with a few more that set up sessions. */
static const char *const more_files[] = {
	"/etc/zsh/zshenv",    "/etc/zsh/zprofile", "/etc/zsh/zshrc", "/etc/zshenv",
	"/etc/zprofile",      "/etc/bash.bashrc",  "/etc/bashrc",    "/etc/security/pam_env.conf",
	"/etc/default/locale"};
static const char *const more_dirs[] = {"/etc/environment.d", "/usr/lib/environment.d"};

/* A word at text, quotes removed, $HOME and a leading ~ expanded. */
static const char *word_of(struct arena *arena, const char *text, const char *home) {
	static const char *const homes[] = {"${HOME}", "$HOME", "@{HOME}"};
	struct strbuf out;
	char quote = '\0';
	strbuf_init(&out, arena);
	if (text[0] == '~' && (text[1] == '/' || text[1] == '\0')) {
		strbuf_add(&out, home);
		text++;
	}
	while (*text && (quote || !strchr(" \t;&|#)", *text))) {
		size_t skip = 0;
		for (size_t i = 0; quote != '\'' && skip == 0 && i < 3; i++) {
			skip = str_starts(text, homes[i]) ? strlen(homes[i]) : 0;
		}
		if (skip > 0) {
			strbuf_add(&out, home);
			text += skip;
			continue;
		}
		if (quote ? *text == quote : (*text == '"' || *text == '\'')) {
			quote = quote ? '\0' : *text;
		} else if (*text == '\\' && text[1] && quote != '\'') {
			strbuf_add_char(&out, *++text);
		} else {
			strbuf_add_char(&out, *text);
		}
		text++;
	}
	return out.data;
}

bool side_origin_line_sets(struct arena *arena, const char *line, const char *name,
                           const char *value, const char *home) {
	size_t len = strlen(name);
	line += strspn(line, " \t");
	for (const char *p = line; *line != '#' && (p = strstr(p, name)); p += len) {
		const char *rest = p + len;
		bool start = p == line || !ascii_is_word(p[-1]);
		if (!start || p > line + 4096) {
			continue;
		}
		if (str_starts(rest, " DEFAULT=") || str_starts(rest, "\tDEFAULT=")) {
			rest += strlen(" DEFAULT"); /* pam_env.conf(5) */
		}
		bool assigns = *rest == '=';
		/* csh: setenv NAME value; fish: set -gx NAME value */
		bool sets = (*rest == ' ' || *rest == '\t') && str_starts(line, "set");
		if ((assigns || sets) &&
		    streq(word_of(arena, rest + 1 + strspn(rest + 1, sets ? " \t" : ""), home),
		          value)) {
			return true;
		}
	}
	return false;
}

static struct side_origin from_file(struct exam *exam, const char *file, const char *name,
                                    const char *value) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, LOOK_CAP_SETTINGS);
	const struct target *t = exam->target;
	const char *home = target_home(t);
	struct side_origin found = nowhere;
	struct slice rest = ev->bytes, line;
	int64_t number = 0;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		number++;
		if (slice_has(line, name) &&
		    side_origin_line_sets(exam->arena, arena_slicedup(exam->arena, line), name,
		                          value, home ? home : "")) {
			found = at_line(exam, file, number, "");
		}
	}
	return found;
}

static void from_dir(struct exam *exam, const char *dir, const char *name, const char *value,
                     struct side_origin *found) {
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes, line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *entry = arena_slicedup(exam->arena, line);
		if (line.len > 2 && str_ends(entry, ".conf")) {
			struct side_origin o = from_file(
				exam, path_join(exam->arena, dir, entry + 2), name, value);
			*found = o.line > 0 ? o : *found;
		}
	}
}

/* The last one that counts: the user's own files come behind those of the machine. */
static struct side_origin from_startup(struct exam *exam, const char *name, const char *value) {
	const struct fact_startup *s = origin_startup(exam->facts, name, value);
	struct side_origin found = nowhere, o;
	if (s) {
		return at_line(exam, s->file, s->line, "");
	}
	for (size_t i = 0; i < sizeof(more_files) / sizeof(*more_files); i++) {
		o = from_file(exam, more_files[i], name, value);
		found = o.line > 0 ? o : found;
	}
	for (size_t i = 0; i < sizeof(more_dirs) / sizeof(*more_dirs); i++) {
		from_dir(exam, more_dirs[i], name, value, &found);
	}
	facts_each (startup_file, file, exam->facts) {
		if (!streq(file->kind, "project")) {
			o = from_file(exam, file->file, name, value);
			found = o.line > 0 ? o : found;
		}
	}
	return found;
}

/* ---- ancestors ---- */

static const char *process_key(struct exam *exam, const char *pid, const char *key) {
	const struct evidence *ev = world_look(exam->world, LOOK_PROCESS, pid, LOOK_CAP_SMALL);
	const char *value =
		evidence_has_bytes(ev) ? keyline_get(exam->arena, ev->bytes, key) : NULL;
	return value ? value : "";
}

/* The oldest ancestor that was started with this value; the one above it set it. */
static struct side_origin from_ancestors(struct exam *exam, const struct side *side,
                                         const char *name, const char *value) {
	struct side_origin found = nowhere;
	const char *pid = arena_printf(exam->arena, "%lld", (long long)side->pid);
	for (int i = 0; i < ANCESTORS_MAX && side->pid > 0; i++) {
		const char *parent = process_key(exam, pid, "ppid");
		if (str_empty(parent) || streq(parent, "0") || streq(parent, "1")) {
			return nowhere; /* it came with the session */
		}
		const struct evidence *ev =
			world_look(exam->world, LOOK_ENVIRON, parent, LOOK_CAP_SETTINGS);
		if (!evidence_has_bytes(ev) || ev->bytes.len == 0) {
			return nowhere;
		}
		struct envset env;
		envset_init(&env, exam->arena);
		envset_add_block(&env, ev->bytes);
		const char *theirs = envset_get(&env, name);
		if (!theirs || !streq(theirs, value)) {
			found.words =
				arena_printf(exam->arena, "set in %s %s, which was started %s",
			                     process_key(exam, parent, "comm"), parent,
			                     theirs ? "with another value" : "without it");
			return found;
		}
		pid = parent;
	}
	return found;
}

struct side_origin side_origin_find(struct exam *exam, const struct side *side, const char *name,
                                    const char *value) {
	if (side->kind == SIDE_FILE && side->foreign) {
		return nowhere;
	}
	struct side_origin origin = from_settings(exam, side, name, value);
	if (origin.line == 0) {
		origin = from_unit(exam, side, name, value);
	}
	if (origin.line == 0) {
		origin = from_startup(exam, name, value);
	}
	return origin.line == 0 ? from_ancestors(exam, side, name, value) : origin;
}
