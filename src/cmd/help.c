/* SPDX-License-Identifier: MIT
 * `dialtone help [COMMAND]` and what `dialtone --help` prints.
 */
#include "cmd/help.h"

#include "cmd/options.h"
#include "cmd/output.h"
#include "core/registry.h"

struct help_options {
	bool manual;
};

const struct command *help_find_command(const char *name) {
	for (size_t i = 0; registry_commands[i]; i++) {
		if (streq(registry_commands[i]->name, name)) {
			return registry_commands[i];
		}
	}
	return NULL;
}

const char *help_nearest_command(struct arena *arena, const char *word) {
	size_t n = 0;
	while (registry_commands[n]) {
		n++;
	}
	const char **names = arena_array_of(arena, const char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		names[i] = registry_commands[i]->name;
	}
	return options_nearest(word, names);
}

int help_print(const struct command *command) {
	struct arena *arena = arena_new();
	struct strbuf out;
	strbuf_init(&out, arena);
	if (command) {
		options_help(&out, command);
	} else {
		strbuf_add(&out,
		           "Usage: dialtone [DIR] [OPTION...]      the same as `dialtone check`\n"
		           "       dialtone COMMAND [ARGUMENT...]\n"
		           "\n"
		           "Says in one sentence why the Go language server does not work in your "
		           "editor,\n"
		           "proves it, and says what to do. Looking changes nothing.\n"
		           "\n");
		for (size_t i = 0; registry_commands[i]; i++) {
			const struct command *c = registry_commands[i];
			strbuf_printf(&out, "  %-11s %s\n", c->name, c->summary);
		}
		strbuf_add(&out,
		           "\n"
		           "dialtone help COMMAND: its options. A folder called like a command: "
		           "./check\n"
		           "Exit status: 0 healthy, 1 trouble, 2 usage, 3 no verdict, "
		           "4 not done, 70 a bug.\n");
	}
	int status = output_write(&out, STATUS_HEALTHY);
	arena_free(arena);
	return status;
}

static int print_manual(const struct command *command) {
	struct arena *arena = arena_new();
	struct strbuf out;
	strbuf_init(&out, arena);
	options_manual(&out, command);
	int status = output_write(&out, STATUS_HEALTHY);
	arena_free(arena);
	return status;
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	const struct help_options *o = options;
	if (operand_count == 0 && !o->manual) {
		return help_print(NULL);
	}
	const struct command *command =
		help_find_command(operand_count > 0 ? operands[0] : "check");
	if (command) {
		return o->manual ? print_manual(command) : help_print(command);
	}
	struct arena *arena = arena_new();
	const char *near = help_nearest_command(arena, operands[0]);
	if (near) {
		output_complain("there is no command '%s'; did you mean '%s'?", operands[0], near);
	} else {
		output_complain("there is no command '%s'; `dialtone help` lists them",
		                operands[0]);
	}
	arena_free(arena);
	return STATUS_USAGE;
}

static const struct option_spec help_specs[] = {
	{"manual", 0, NULL, OPTION_FLAG, offsetof(struct help_options, manual),
         "as the source of a manual page, for scdoc(1)"},
	{0},
};

const struct command command_help = {
	.name = "help",
	.synopsis = "[COMMAND]",
	.summary = "Tell how to use dialtone or a command",
	.options = help_specs,
	.options_size = sizeof(struct help_options),
	.max_operands = 1,
	.run = run,
};
