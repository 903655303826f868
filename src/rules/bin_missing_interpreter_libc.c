/* SPDX-License-Identifier: MIT
 * The program exists, but what it needs to be started does not: the ELF loader, a library, a newer
 * C library, or the interpreter of a #! line.
 *
 * The kernel says ENOENT for a file that is there; a program that is absent is another cause
 * (bin-gopls-missing, cfg-alternate-tools-stale). "unexpected PLT reloc type" and the like are
 * words about damaged bytes (bin-truncated-corrupt).
 */
#include "core/rule.h"

#include <errno.h>

/* The line of stderr that holds word, without its end. */
static const char *line_with(struct arena *arena, const char *text, const char *word) {
	struct slice rest = slice_str(text);
	struct slice line;
	while (slice_line(&rest, &line)) {
		const char *s = arena_slicedup(arena, line);
		if (str_has(s, word)) {
			return s;
		}
	}
	return NULL;
}

static const char *loader_words(struct arena *arena, const char *err) {
	const char *line = line_with(arena, err, "cannot open shared object file");
	line = line ? line : line_with(arena, err, "version `");
	line = line ? line : line_with(arena, err, "Error relocating ");
	line = line ? line : line_with(arena, err, "Error loading shared library ");
	return line;
}

/* What env(1) says when the program is missing that it shall look for; a script that goes on to run
 * something else may speak of that in the same words ("goenv: 'go' command not found"). */
static const char *env_words(struct arena *arena, const struct fact_binary *b, const char *err) {
	struct slice rest = slice_str(err);
	struct slice line;
	while (str_ends(b->interpreter, "/env") && slice_line(&rest, &line)) {
		const char *s = arena_slicedup(arena, line);
		if (str_starts(s, "env: ") || str_has(s, "/env: ")) {
			return s;
		}
	}
	return NULL;
}

/* A CR before the line's end belongs to the name of the interpreter. */
static bool has_cr(const struct fact_binary *b, const char *err) {
	return str_has(b->interpreter, "\r") || str_has(b->argument, "\r") || str_has(err, "\\r") ||
	       str_has(err, "\r'");
}

static void advise(struct findings *out, struct finding *f, const struct fact_binary *b,
                   const char *err) {
	bool script = streq(b->format, "script");
	if (streq(b->format, "unreadable")) {
		finding_fix(out, f,
		            "see what it names: the loader of a program, the first line of "
		            "a script",
		            "file %s", str_shell_quote(out->arena, b->path));
	} else if (script && has_cr(b, err)) {
		finding_fix(out, f, "take the CRs of Windows out of it", "sed -i.bak 's/\\r$//' %s",
		            str_shell_quote(out->arena, b->path));
	} else if (script) {
		finding_fix(out, f, "name an interpreter that exists in its first line", "%s", "");
	} else if (streq(b->tool, "gopls")) {
		finding_fix(out, f, "install one that needs no C library",
		            "CGO_ENABLED=0 go install golang.org/x/tools/gopls@latest");
	} else {
		finding_fix(out, f,
		            "install the Go of the Go download page, which needs no C library",
		            "%s", "");
	}
}

struct start {
	const struct fact *fact;
	bool refused; /* execve said ENOENT */
	int64_t exit_code;
	const char *err;
};

static void judge(const struct rule *self, const struct facts *facts, struct findings *out,
                  const struct fact_tool *t, const struct start *start) {
	const struct fact_binary *b = facts_binary(facts, t->path);
	if (!b || !start->fact) {
		return;
	}
	struct arena *arena = out->arena;
	bool script = streq(b->format, "script");
	const char *loader = start->refused ? NULL : loader_words(arena, start->err);
	const char *env = NULL;
	if (script && (start->exit_code == 127 || start->exit_code == 126)) {
		env = env_words(arena, b, start->err);
	}
	struct finding *f = NULL;
	if (start->refused && !b->interpreter_present && !str_empty(b->interpreter)) {
		size_t len = strlen(b->interpreter);
		bool crlf = b->interpreter[len - 1] == '\r';
		const char *shown =
			crlf ? arena_printf(arena, "%.*s\\r", (int)len - 1, b->interpreter)
			     : b->interpreter;
		f = findings_add(out, self, CONF_CERTAIN, t->path,
		                 script ? "%s cannot start: its first line asks for %s, which does "
		                          "not exist%s"
		                        : "%s cannot start: it needs the loader %s, which this "
		                          "system does not have%s",
		                 t->path, shown, crlf ? " (the line ends like on Windows)" : "");
	} else if (start->refused && streq(b->format, "unreadable")) {
		/* Of a recording: execve(2) said so, and nobody read what the file names. */
		f = findings_add(out, self, CONF_LIKELY, t->path,
		                 "%s cannot start: it is there, but the loader or interpreter it "
		                 "names is not",
		                 t->path);
	} else if (loader) {
		f = findings_add(out, self, CONF_CERTAIN, t->path, "%s cannot start: %s", t->path,
		                 loader);
	} else if (env) {
		f = findings_add(
			out, self, CONF_CERTAIN, t->path,
			"%s cannot start: the interpreter of its first line is missing: %s",
			t->path, env);
	} else {
		return;
	}
	finding_cites(f, b);
	finding_cite(f, start->fact);
	if (!str_empty(b->needs_glibc)) {
		finding_detail(out, f, "it was linked against glibc %s", b->needs_glibc);
	}
	advise(out, f, b, start->err);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_tool *gopls = facts_chosen(facts, "gopls");
	const struct fact_server *s = facts_first(server, facts);
	if (gopls && s && !streq(s->state, "answered")) {
		struct start start = {
			.fact = &s->base,
			.refused = streq(s->state, "not_executed") && s->error == ENOENT,
			.exit_code = s->exit_code,
			.err = s->err,
		};
		judge(self, facts, out, gopls, &start);
	}
	const struct fact_tool *go = facts_chosen(facts, "server-go");
	go = go ? go : facts_chosen(facts, "go");
	const struct fact_go_run *run = facts_run(facts, "version");
	run = run ? run : facts_run(facts, "env");
	if (go && run && !run->timed_out && (!run->started || run->exit_code != 0)) {
		struct start start = {
			.fact = &run->base,
			.refused = !run->started && run->error == ENOENT,
			.exit_code = run->exit_code,
			.err = run->err,
		};
		judge(self, facts, out, go, &start);
	}
}

const struct rule rule_bin_missing_interpreter_libc = {
	.id = "bin-missing-interpreter-libc",
	.title = "the loader, library or interpreter of the program is missing",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool) | FACT_BIT(binary),
	.explains = IDS("*bin-shadowed-duplicate"),
	.check = check,
};
