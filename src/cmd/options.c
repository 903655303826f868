/* SPDX-License-Identifier: MIT */
#include "cmd/options.h"

#include <errno.h>

#define HELP_COLUMN ((size_t)25)

struct parser {
	struct arena *arena;
	const struct command *command;
	const char *const *args;
	size_t count;
	size_t next;
	struct parsed_options *ret;
	struct err *err;
};

const char *options_nearest(const char *word, const char *const *names) {
	size_t limit = strlen(word) <= 4 ? 1 : 1 + strlen(word) / 4;
	const char *best = NULL;
	for (size_t i = 0; names[i]; i++) {
		size_t distance = str_distance(word, names[i]);
		if (distance <= limit && (!best || distance < str_distance(word, best))) {
			best = names[i];
		}
	}
	return best;
}

static size_t options_count(const struct command *command) {
	size_t n = 0;
	while (command->options && command->options[n].name) {
		n++;
	}
	return n;
}

static int unknown_option(const struct parser *p, const char *name, size_t len) {
	size_t n = options_count(p->command);
	const char **names = arena_array_of(p->arena, const char *, n + 3);
	for (size_t i = 0; i < n; i++) {
		names[i] = p->command->options[i].name;
	}
	names[n] = "help";
	names[n + 1] = "version";
	const char *word = arena_strndup(p->arena, name, len);
	const char *near = options_nearest(word, names);
	if (near) {
		return err_set(p->err, -EINVAL, "there is no option '--%s'; did you mean '--%s'?",
		               word, near);
	}
	return err_set(p->err, -EINVAL,
	               "there is no option '--%s'; `dialtone help %s` lists the options", word,
	               p->command->name);
}

/* Stores the value (NULL for a flag). shown: the option as the user wrote it. */
static int store(const struct parser *p, const struct option_spec *spec, const char *shown,
                 const char *value) {
	char *at = (char *)p->ret->options + spec->offset;
	switch (spec->type) {
	case OPTION_FLAG:
		*(bool *)at = true;
		break;
	case OPTION_TEXT:
		*(const char **)(void *)at = value;
		break;
	case OPTION_REST:
		break; /* store_rest */
	case OPTION_LIST: {
		struct option_list *list = (struct option_list *)(void *)at;
		if (list->count == OPTION_LIST_MAX) {
			return err_set(p->err, -EINVAL, "option '%s' is given more than %d times",
			               shown, OPTION_LIST_MAX);
		}
		list->items[list->count++] = value;
		break;
	}
	}
	return 0;
}

/* Everything behind "--", when the command has a use for it. */
static bool store_rest(struct parser *p) {
	for (size_t i = 0; i < options_count(p->command); i++) {
		if (p->command->options[i].type != OPTION_REST) {
			continue;
		}
		const char **rest = arena_array_of(p->arena, const char *, p->count - p->next + 1);
		size_t n = 0;
		while (p->next < p->count) {
			rest[n++] = p->args[p->next++];
		}
		char *at = (char *)p->ret->options + p->command->options[i].offset;
		*(const char *const **)(void *)at = rest;
		return true;
	}
	return false;
}

/* The argument of an option that did not bring it along. Another option is hardly meant. */
static int next_value(struct parser *p, const struct option_spec *spec, const char *shown,
                      const char **ret_value) {
	if (p->next == p->count) {
		return err_set(p->err, -EINVAL, "option '%s' needs a value: %s", shown,
		               spec->argument);
	}
	const char *value = p->args[p->next];
	if (str_starts(value, "--")) {
		return err_set(p->err, -EINVAL,
		               "option '%s' needs a value (%s), but '%s' follows it; "
		               "write %s=%s if that is the value",
		               shown, spec->argument, value, shown, value);
	}
	p->next++;
	*ret_value = value;
	return 0;
}

static int parse_long(struct parser *p, const char *name) {
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	const struct option_spec *spec = NULL;
	for (size_t i = 0; i < options_count(p->command) && !spec; i++) {
		if (slice_eq(slice_of(name, len), p->command->options[i].name)) {
			spec = &p->command->options[i];
		}
	}
	if (!spec) {
		if (streq(name, "help") || streq(name, "version")) {
			p->ret->wish = streq(name, "help") ? OPTIONS_HELP : OPTIONS_VERSION;
			return 0;
		}
		return unknown_option(p, name, len);
	}
	const char *shown = arena_printf(p->arena, "--%s", spec->name);
	if (spec->type == OPTION_FLAG) {
		if (value) {
			return err_set(p->err, -EINVAL, "option '%s' takes no value, got '%s'",
			               shown, value);
		}
	} else if (!value) {
		int r = next_value(p, spec, shown, &value);
		if (r < 0) {
			return r;
		}
	}
	return store(p, spec, shown, value);
}

static int parse_letters(struct parser *p, const char *letters) {
	for (const char *c = letters; *c; c++) {
		const struct option_spec *spec = NULL;
		for (size_t i = 0; i < options_count(p->command) && !spec; i++) {
			if (p->command->options[i].letter == *c) {
				spec = &p->command->options[i];
			}
		}
		if (!spec && *c == 'h') {
			p->ret->wish = OPTIONS_HELP;
			return 0;
		}
		if (!spec) {
			return err_set(
				p->err, -EINVAL,
				"there is no option '-%c'; `dialtone help %s` lists the options",
				*c, p->command->name);
		}
		const char *shown = arena_printf(p->arena, "-%c", *c);
		if (spec->type == OPTION_FLAG) {
			store(p, spec, shown, NULL);
			continue;
		}
		const char *value = c + 1;
		if (*value == '\0') {
			int r = next_value(p, spec, shown, &value);
			if (r < 0) {
				return r;
			}
		}
		return store(p, spec, shown, value);
	}
	return 0;
}

int options_parse(struct arena *arena, const struct command *command, const char *const *args,
                  size_t count, struct parsed_options *ret, struct err *err) {
	*ret = (struct parsed_options){
		.options = arena_alloc(arena, command->options_size),
		.operands = arena_array_of(arena, const char *, count + 1),
	};
	struct parser p = {
		.arena = arena,
		.command = command,
		.args = args,
		.count = count,
		.ret = ret,
		.err = err,
	};
	bool ended = false;
	while (p.next < count && ret->wish == OPTIONS_RUN) {
		const char *arg = args[p.next++];
		int r = 0;
		if (ended || arg[0] != '-' || arg[1] == '\0') {
			ret->operands[ret->operand_count++] = arg;
		} else if (streq(arg, "--")) {
			ended = !store_rest(&p);
		} else {
			r = arg[1] == '-' ? parse_long(&p, arg + 2) : parse_letters(&p, arg + 1);
		}
		if (r < 0) {
			return r;
		}
	}
	if (ret->wish == OPTIONS_RUN && ret->operand_count > command->max_operands) {
		return err_set(err, -EINVAL, "'%s' is one argument too many; usage: dialtone %s %s",
		               ret->operands[command->max_operands], command->name,
		               command->synopsis);
	}
	return 0;
}

void options_help(struct strbuf *out, const struct command *command) {
	strbuf_printf(out, "Usage: dialtone %s%s%s%s\n%s.\n", command->name,
	              options_count(command) > 0 ? " [OPTION...]" : "",
	              *command->synopsis ? " " : "", command->synopsis, command->summary);
	if (options_count(command) > 0) {
		strbuf_add(out, "\n");
	}
	for (size_t i = 0; i < options_count(command); i++) {
		const struct option_spec *spec = &command->options[i];
		size_t start = out->len;
		if (spec->letter) {
			strbuf_printf(out, " -%c, ", spec->letter);
		} else {
			strbuf_add(out, spec->type == OPTION_REST ? " " : "     ");
		}
		strbuf_printf(out, "--%s", spec->name);
		if (spec->argument) {
			strbuf_printf(out, " %s", spec->argument);
		}
		if (out->len - start >= HELP_COLUMN) { /* then its text is below it */
			strbuf_add_char(out, '\n');
			start = out->len;
		}
		while (out->len - start < HELP_COLUMN) {
			strbuf_add_char(out, ' ');
		}
		strbuf_printf(out, "%s\n", spec->help);
	}
	if (command->notes) {
		strbuf_printf(out, "\n%s", command->notes);
	}
}
