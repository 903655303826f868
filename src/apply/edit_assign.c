/* SPDX-License-Identifier: MIT */
#include "apply/edit_assign.h"

#include "base/ascii.h"
#include "base/path.h"
#include "base/str.h"

#include <string.h>

static const char *const exports[] = {"export",      "readonly",   "declare -x",
                                      "declare -gx", "typeset -x", NULL};

enum dialect { SHELL, FISH, FISH_UNIVERSAL, CSH, PLAIN, PAM, UNIT };

static enum dialect dialect_of(const char *file) {
	const char *base = path_base(file);
	if (str_ends(base, ".fish")) {
		return FISH;
	}
	if (streq(base, "fish_variables")) {
		return FISH_UNIVERSAL;
	}
	if (streq(base, ".cshrc") || streq(base, ".tcshrc") || streq(base, ".login") ||
	    str_ends(base, ".csh")) {
		return CSH;
	}
	if (streq(base, ".pam_environment") || streq(base, "pam_env.conf")) {
		return PAM;
	}
	if (str_has(file, "/systemd/") && (str_ends(base, ".service") || str_ends(base, ".conf"))) {
		return UNIT;
	}
	if (str_has(file, "/environment.d/") || streq(base, "environment") || streq(base, ".env")) {
		return PLAIN;
	}
	return SHELL;
}

static const char *skip_blanks(const char *p) {
	return p + strspn(p, " \t");
}

/* Behind the matching bracket of "$(", or NULL. */
static const char *skip_substitution(const char *p) {
	int depth = 1;
	for (; *p && depth > 0; p++) {
		depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
	}
	return depth == 0 ? p : NULL;
}

/* Behind one word of a shell, or NULL when its end is not on this line. */
static const char *skip_word(const char *p) {
	char quote = '\0';
	for (; p && *p; p++) {
		if (quote == '\'') {
			quote = *p == '\'' ? '\0' : quote;
		} else if (*p == '\\') {
			if (!*++p) {
				return NULL;
			}
		} else if (*p == '$' && p[1] == '(') {
			p = skip_substitution(p + 2);
			p = p ? p - 1 : NULL;
		} else if (*p == '`') {
			p = strchr(p + 1, '`');
		} else if (quote) {
			quote = *p == quote ? '\0' : quote;
		} else if (*p == '\'' || *p == '"') {
			quote = *p;
		} else if (strchr(" \t;&|<>()", *p)) {
			break;
		}
		if (!p) {
			return NULL;
		}
	}
	return quote ? NULL : p;
}

/* Nothing but a comment, or "; export NAME". */
static bool is_the_end(struct arena *arena, const char *p, const char *name) {
	p = skip_blanks(p);
	if (*p == ';') {
		const char *more = arena_printf(arena, "export %s", name);
		p = skip_blanks(p + 1);
		p += str_starts(p, more) ? strlen(more) : 0;
		p = skip_blanks(p);
		p += *p == ';';
		p = skip_blanks(p);
	}
	return *p == '\0' || *p == '#';
}

static const char *skip_keyword(const char *p, const char *const *words) {
	for (size_t i = 0; words[i]; i++) {
		size_t n = strlen(words[i]);
		if (str_starts(p, words[i]) && (p[n] == ' ' || p[n] == '\t')) {
			return skip_blanks(p + n);
		}
	}
	return p;
}

/* Where the value begins and ends in a line that assigns name and does nothing else; false when it does not, or more. */
static bool find_value(struct arena *arena, enum dialect dialect, const char *line,
                       const char *name, const char **ret_from, const char **ret_to) {
	static const char *const setenv_[] = {"setenv", NULL};
	static const char *const set_[] = {"set", NULL};
	const char *p = skip_blanks(line);
	bool spaced = dialect == FISH || dialect == CSH;
	if (dialect == SHELL) {
		p = skip_keyword(p, exports);
	} else if (spaced) {
		const char *behind = skip_keyword(p, dialect == FISH ? set_ : setenv_);
		if (behind == p) {
			return false;
		}
		for (p = behind; dialect == FISH && *p == '-';) {
			p = skip_blanks(p + strcspn(p, " \t"));
		}
	}
	size_t n = strlen(name);
	if (!str_starts(p, name) || (spaced ? p[n] != ' ' && p[n] != '\t' : p[n] != '=')) {
		return false;
	}
	*ret_from = spaced ? skip_blanks(p + n) : p + n + 1;
	if (dialect == PLAIN || dialect == PAM) {
		*ret_to = *ret_from + strlen(*ret_from);
		return true;
	}
	const char *end = skip_word(*ret_from);
	/* A list in fish is several words. */
	while (dialect == FISH && end && *skip_blanks(end) && !strchr("#;&|", *skip_blanks(end))) {
		end = skip_word(skip_blanks(end));
	}
	*ret_to = end;
	return end && is_the_end(arena, end, name);
}

/* ---- one of several assignments, or in a line that does more ---- */

/* A simple command of a shell, from p; false: its words cannot be told apart here. */
struct command {
	const char *from, *to;       /* with the word that exports, without what separates it */
	const char *next;            /* what separates it, or the end */
	const char *word, *word_end; /* that assigns the name, or NULL */
	const char *value;
	const char *before,
		*behind; /* ends of the word before it, begin of the one behind; or NULL */
	size_t assignments;
	size_t others;
	bool exports;
};

static bool is_assignment(const char *word, const char *end) {
	const char *p = word;
	while (p < end && (ascii_is_word(*p))) {
		p++;
	}
	return p > word && p < end && *p == '=' && !ascii_is_digit(*word);
}

static bool read_command(const char *p, const char *name, struct command *ret) {
	static const char *const leading[] = {"then", "do", "else", "{", NULL};
	size_t n = strlen(name);
	const char *end = NULL;
	*ret = (struct command){0};
	p = skip_keyword(skip_blanks(p), leading);
	ret->from = ret->to = p;
	const char *first = skip_keyword(p, exports);
	ret->exports = first != p;
	for (p = first; *p && !strchr(";&|#", *p); p = skip_blanks(end)) {
		const char *last = end;
		end = strchr("<>()", *p) ? NULL : skip_word(p);
		if (!end || end == p) {
			return false;
		}
		bool assigns = is_assignment(p, end);
		ret->behind = ret->word && !ret->behind ? p : ret->behind;
		if (assigns && str_starts(p, name) && p[n] == '=') {
			if (ret->word) {
				return false;
			}
			ret->word = p;
			ret->word_end = end;
			ret->value = p + n + 1;
			ret->before = last;
		}
		ret->assignments += assigns;
		ret->others += !assigns;
		ret->to = end;
	}
	ret->next = p;
	return true;
}

/* The only command of the line that assigns it, and to nobody else's environment. */
static bool find_command(const char *line, const char *name, struct command *ret) {
	struct command c;
	bool found = false;
	for (const char *p = line; *p && *p != '#';) {
		if (!read_command(p, name, &c) ||
		    (c.word && (found || (c.others > 0 && !c.exports)))) {
			return false;
		}
		if (c.word) {
			*ret = c;
			found = true;
		}
		p = c.next;
		if (*p == ';' && p[1] != ';') {
			p++;
		} else if ((*p == '&' || *p == '|') && p[1] == *p) {
			p += 2;
		} else if (*p && *p != '#') {
			return false;
		}
	}
	return found;
}

static bool part_of(const char *line, const char *name, bool away, struct assign *ret) {
	struct command c = {0};
	if (!find_command(line, name, &c)) {
		return false;
	}
	if (!away) {
		*ret = (struct assign){.from = (size_t)(c.value - line),
		                       .to = (size_t)(c.word_end - line)};
	} else if (c.assignments + c.others == 1) {
		/* A branch must not be empty. */
		*ret = (struct assign){
			.from = (size_t)(c.from - line), .to = (size_t)(c.to - line), .with = ":"};
	} else {
		const char *from = c.behind || !c.before ? c.word : c.before;
		const char *to = c.behind ? c.behind : c.word_end;
		*ret = (struct assign){
			.from = (size_t)(from - line), .to = (size_t)(to - line), .with = ""};
	}
	return true;
}

/* ---- NAME DEFAULT=value, pam_env.conf(5) ---- */

static bool find_default(const char *line, const char *name, const char **ret_from,
                         const char **ret_to) {
	static const char word[] = "DEFAULT=";
	const char *p = skip_blanks(line);
	size_t n = strlen(name);
	if (!str_starts(p, name) || !strchr(" \t", p[n]) || !p[n]) {
		return false;
	}
	p = skip_blanks(p + n);
	if (!str_starts(p, word)) {
		return false;
	}
	*ret_from = p + strlen(word);
	*ret_to = skip_word(*ret_from);
	return *ret_to != NULL;
}

/* ---- Environment= of a unit, systemd.exec(5): words, each in quotes when it has blanks ---- */

static const char *skip_unit_word(const char *p) {
	char quote = *p == '"' || *p == '\'' ? *p : '\0';
	for (p += quote != '\0'; *p && (quote ? *p != quote : !strchr(" \t", *p)); p++) {
		p += *p == '\\' && p[1];
	}
	return quote && *p == quote ? p + 1 : quote ? NULL : p;
}

/* Only away: how a value would have to be quoted is not said here. */
static bool part_of_unit(const char *line, const char *name, struct assign *ret) {
	static const char key[] = "Environment=";
	const char *p = skip_blanks(line);
	const char *word = NULL;
	const char *behind = NULL;
	size_t count = 0;
	size_t n = strlen(name);
	if (!str_starts(p, key)) {
		return false;
	}
	for (p = skip_blanks(p + strlen(key)); *p; p = skip_blanks(behind)) {
		const char *text = p + (*p == '"' || *p == '\'');
		bool ours = str_starts(text, name) && text[n] == '=';
		behind = skip_unit_word(p);
		if (!behind || behind == p || (ours && word)) {
			return false;
		}
		word = ours ? p : word;
		count++;
	}
	if (!word) {
		return false;
	}
	if (count == 1) {
		*ret = (struct assign){.with = "# taken out by dialtone: "};
		return true;
	}
	const char *end = skip_blanks(skip_unit_word(word));
	while (!*end && word > line && strchr(" \t", word[-1])) {
		word--;
	}
	*ret = (struct assign){
		.from = (size_t)(word - line), .to = (size_t)(end - line), .with = ""};
	return true;
}

/* "SETUVAR --export NAME:value", escaped; fish takes lines that begin with # for comments, and writes the file anew without
 * them (fish_variables, version 3.0). */
static bool is_universal(const char *line, const char *name) {
	static const char word[] = "SETUVAR --export ";
	const char *p = line + strlen(word);
	return str_starts(line, word) && str_starts(p, name) && p[strlen(name)] == ':';
}

bool assign_find(struct arena *arena, const char *file, const char *line, const char *name,
                 bool away, struct assign *ret) {
	enum dialect dialect = dialect_of(file);
	const char *from = NULL;
	const char *to = NULL;
	if (dialect == UNIT) {
		return away && part_of_unit(line, name, ret);
	}
	if (dialect == FISH_UNIVERSAL) {
		*ret = (struct assign){.with = "# taken out by dialtone: "};
		return away && is_universal(line, name);
	}
	bool whole = find_value(arena, dialect, line, name, &from, &to) ||
	             (dialect == PAM && find_default(line, name, &from, &to));
	if (!whole) {
		return dialect == SHELL && part_of(line, name, away, ret);
	}
	if (away) {
		/* In a shell an empty branch is an error; a command that does nothing is not. */
		bool branch = dialect == SHELL && !str_ends(file, ".env");
		*ret = (struct assign){.with = branch ? ": # taken out by dialtone: "
		                                      : "# taken out by dialtone: "};
	} else {
		*ret = (struct assign){.from = (size_t)(from - line), .to = (size_t)(to - line)};
	}
	return true;
}
