/* SPDX-License-Identifier: MIT */
#include "cmd/options.h"

/* What scdoc(5) would take for markup. */
static const char *plain(struct arena *arena, const char *text) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (; *text; text++) {
		strbuf_printf(&out, strchr("*_\\#~`[]|<", *text) ? "\\%c" : "%c", *text);
	}
	return out.data;
}

static void put_option(struct strbuf *out, const struct option_spec *spec) {
	struct arena *arena = out->arena;
	if (spec->type == OPTION_REST) {
		strbuf_printf(out, "*--* _%s_\n", plain(arena, spec->argument));
	} else {
		if (spec->letter) {
			strbuf_printf(out, "*-%c*, ", spec->letter);
		}
		strbuf_printf(out, "*--%s*", spec->name);
		if (spec->argument) {
			strbuf_printf(out, " _%s_", plain(arena, spec->argument));
		}
		strbuf_add_char(out, '\n');
	}
	/* A dash in front would begin a list. */
	strbuf_printf(out, "\t%s%s%s\n\n", spec->help[0] == '-' ? "\\" : "",
	              plain(arena, spec->help),
	              spec->type == OPTION_LIST ? "; may be given several times" : "");
}

void options_manual(struct strbuf *out, const struct command *command) {
	struct arena *arena = out->arena;
	strbuf_printf(out, "dialtone-%s(1)\n\n# NAME\n\ndialtone-%s - %s\n\n# SYNOPSIS\n\n",
	              command->name, command->name, plain(arena, command->summary));
	strbuf_printf(out, "*dialtone %s*%s %s\n\n# OPTIONS\n\n", command->name,
	              command->options ? " \\[_OPTION_...\\]" : "",
	              plain(arena, command->synopsis));
	for (const struct option_spec *spec = command->options; spec && spec->name; spec++) {
		put_option(out, spec);
	}
	strbuf_add(out, "*-h*, *--help*\n\tHow to use it.\n");
	if (command->notes) {
		strbuf_printf(out, "\n# NOTES\n\n```\n%s```\n", command->notes);
	}
}
