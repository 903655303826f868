/* SPDX-License-Identifier: MIT */
#include "cmd/completion_words.h"

#include "core/editor.h"
#include "core/probe.h"
#include "core/registry.h"
#include "core/rule.h"

static void add_word(struct strbuf *out, const char *word) {
	strbuf_printf(out, "%s%s", out->len > 0 ? " " : "", word);
}

static const char *editors(struct arena *arena) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = 0; registry_editors[i]; i++) {
		add_word(&out, registry_editors[i]->name);
	}
	return out.data;
}

static const char *probes(struct arena *arena) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = 0; registry_probes[i]; i++) {
		add_word(&out, registry_probes[i]->id);
	}
	return out.data;
}

static const char *causes(struct arena *arena) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = 0; registry_rules[i]; i++) {
		add_word(&out, registry_rules[i]->id);
	}
	return out.data;
}

const char *completion_commands(struct arena *arena) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = 0; registry_commands[i]; i++) {
		add_word(&out, registry_commands[i]->name);
	}
	return out.data;
}

/* "[a|b] DIR" gives "a b": lower-case words beside a bar. */
static const char *alternatives(struct arena *arena, const char *text) {
	struct strbuf out;
	strbuf_init(&out, arena);
	while (*text) {
		size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz-");
		bool beside = text[len] == '|' || (out.len > 0 && len > 0 && text[-1] == '|');
		if (len > 0 && beside) {
			add_word(&out, arena_strndup(arena, text, len));
		}
		text += len > 0 ? len : 1;
	}
	return out.data;
}

struct completion_words completion_of_option(struct arena *arena, const struct option_spec *spec) {
	const char *argument = spec->argument ? spec->argument : "";
	struct completion_words w = {
		.words = alternatives(arena, argument),
		.files = streq(argument, "FILE") || streq(argument, "FILE...") ||
	                 streq(argument, "F") || streq(argument, "PATH"),
	};
	if (streq(argument, "WHEN")) {
		w.words = "auto always never";
	} else if (streq(spec->name, "editor")) {
		w.words = editors(arena);
	} else if (streq(spec->name, "environment")) {
		w.words = "self shell desktop pid: file:";
	} else if (streq(spec->name, "against")) {
		w.words = "shell desktop systemd pid: file:";
	} else if (streq(spec->name, "good") || streq(spec->name, "bad")) {
		w.words = "self shell desktop systemd editor pid: file:";
	} else if (streq(argument, "PROBE")) {
		w.words = probes(arena);
	} else if (streq(argument, "WHAT")) {
		w.words = arena_printf(arena, "never broken degraded note %s", causes(arena));
	}
	return w;
}

struct completion_words completion_of_operands(struct arena *arena, const struct command *command) {
	struct completion_words w = {.words = alternatives(arena, command->synopsis)};
	w.directories = str_has(command->synopsis, "DIR");
	if (str_has(command->synopsis, "CAUSE")) {
		w.words = causes(arena);
	} else if (str_has(command->synopsis, "COMMAND")) {
		w.words = completion_commands(arena);
	} else if (str_has(command->synopsis, "TOOL@V")) {
		w.words = "gopls@ dlv@ go@";
	} else if (str_has(command->synopsis, "VERB")) {
		w.words = "get set unset";
	}
	return w;
}
