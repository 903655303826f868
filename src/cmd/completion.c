/* SPDX-License-Identifier: MIT
 * `dialtone completion SHELL`: what the shell needs to complete dialtone's command line, made from
 * the same tables as --help. Sources: bash(1), "Programmable Completion"; zshcompsys(1); fish's
 * complete(1).
 */
#include "cmd/completion_words.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "core/registry.h"

static bool is_rest(const struct option_spec *spec) {
	return spec->type == OPTION_REST;
}

#define options_each(spec_, command_)                                                              \
	for (const struct option_spec *spec_ = (command_)->options; spec_ && (spec_)->name;        \
	     (spec_)++)

/* ---- bash ---- */

static void bash_values(struct strbuf *out, const struct command *command) {
	options_each(spec, command) {
		struct completion_words w = completion_of_option(out->arena, spec);
		if (is_rest(spec) || !spec->argument) {
			continue;
		}
		strbuf_printf(out, "\t\t%s:--%s", command->name, spec->name);
		if (spec->letter) {
			strbuf_printf(out, "|%s:-%c", command->name, spec->letter);
		}
		strbuf_printf(out, ") %s \"%s\"; return ;;\n",
		              w.files ? "_dialtone_files" : "_dialtone_words", w.words);
	}
}

static void bash_command(struct strbuf *out, const struct command *command) {
	struct completion_words w = completion_of_operands(out->arena, command);
	strbuf_printf(out, "\t%s) words=\"", command->name);
	options_each(spec, command) {
		if (!is_rest(spec)) {
			strbuf_printf(out, "--%s ", spec->name);
		}
	}
	strbuf_printf(out, "--help\" operands=\"%s\" directories=%d ;;\n", w.words, w.directories);
}

static void bash(struct strbuf *out) {
	strbuf_add(
		out,
		"# bash completion for dialtone: dialtone completion bash\n"
		"_dialtone_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n"
		"_dialtone_files() { compopt -o filenames 2>/dev/null; "
		"mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); }\n"
		"_dialtone() {\n"
		"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
		"\tlocal command=check words operands directories=1 i\n"
		"\tCOMPREPLY=()\n"
		"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		"\t\tcase ${COMP_WORDS[i]} in\n\t\t");
	for (size_t i = 0; registry_commands[i]; i++) {
		strbuf_printf(out, "%s%s", i > 0 ? " | " : "", registry_commands[i]->name);
	}
	strbuf_add(out, ") command=${COMP_WORDS[i]}; break ;;\n\t\tesac\n\tdone\n"
	                "\tcase $command:$prev in\n");
	for (size_t i = 0; registry_commands[i]; i++) {
		bash_values(out, registry_commands[i]);
	}
	strbuf_add(out, "\tesac\n\tcase $command in\n");
	for (size_t i = 0; registry_commands[i]; i++) {
		bash_command(out, registry_commands[i]);
	}
	strbuf_printf(out,
	              "\tesac\n"
	              "\tif ((COMP_CWORD == 1)); then operands=\"%s\"; directories=1; fi\n"
	              "\tif [[ $cur == -* ]]; then\n\t\t_dialtone_words \"$words\"\n"
	              "\telse\n\t\t_dialtone_words \"$operands\"\n"
	              "\t\tif ((directories)); then\n"
	              "\t\t\tcompopt -o filenames 2>/dev/null\n"
	              "\t\t\tlocal found\n\t\t\tmapfile -t found < <(compgen -d -- \"$cur\")\n"
	              "\t\t\tCOMPREPLY+=(\"${found[@]}\")\n\t\tfi\n\tfi\n}\n"
	              "complete -F _dialtone dialtone\n",
	              completion_commands(out->arena));
}

/* ---- zsh ---- */

/* For a text in '...' of an _arguments specification: quotes, brackets and colons mean something. */
static const char *zsh_text(struct arena *arena, const char *text) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (; *text; text++) {
		if (*text == '\'') {
			strbuf_add(&out, "'\\''");
		} else {
			strbuf_printf(&out, strchr("[]:\\", *text) ? "\\%c" : "%c", *text);
		}
	}
	return out.data;
}

static const char *zsh_action(struct arena *arena, const struct completion_words *w) {
	return w->files              ? "_files"
	       : w->directories      ? "_files -/"
	       : str_empty(w->words) ? " "
	                             : arena_printf(arena, "(%s)", zsh_text(arena, w->words));
}

static void zsh_option(struct strbuf *out, const struct option_spec *spec) {
	struct completion_words w = completion_of_option(out->arena, spec);
	const char *help = zsh_text(out->arena, spec->help);
	const char *many = spec->type == OPTION_LIST ? "*" : "";
	const char *value = spec->argument ? arena_printf(out->arena, ":%s:%s",
	                                                  zsh_text(out->arena, spec->argument),
	                                                  zsh_action(out->arena, &w))
	                                   : "";
	strbuf_printf(out, " \\\n\t\t\t'%s--%s%s[%s]%s'", many, spec->name,
	              spec->argument ? "=" : "", help, value);
	if (spec->letter) {
		strbuf_printf(out, " \\\n\t\t\t'%s-%c%s[%s]%s'", many, spec->letter,
		              spec->argument ? "+" : "", help, value);
	}
}

static void zsh(struct strbuf *out) {
	strbuf_add(out,
	           "#compdef dialtone\n# zsh completion for dialtone: dialtone completion zsh\n"
	           "_dialtone() {\n\tlocal command=check\n"
	           "\tlocal -a commands\n\tcommands=(\n");
	for (size_t i = 0; registry_commands[i]; i++) {
		strbuf_printf(out, "\t\t'%s:%s'\n", registry_commands[i]->name,
		              zsh_text(out->arena, registry_commands[i]->summary));
	}
	strbuf_add(out, "\t)\n\tif ((CURRENT == 2)) && [[ $words[2] != -* ]]; then\n"
	                "\t\t_describe command commands\n\t\t_files -/\n\t\treturn\n\tfi\n"
	                "\tif ((${commands[(I)$words[2]:*]})); then\n"
	                "\t\tcommand=$words[2]\n\t\tshift words\n\t\t((CURRENT--))\n\tfi\n"
	                "\tcase $command in\n");
	for (size_t i = 0; registry_commands[i]; i++) {
		struct completion_words w =
			completion_of_operands(out->arena, registry_commands[i]);
		strbuf_printf(out, "\t%s)\n\t\t_arguments -s", registry_commands[i]->name);
		options_each(spec, registry_commands[i]) {
			if (!is_rest(spec)) {
				zsh_option(out, spec);
			}
		}
		strbuf_printf(out, " \\\n\t\t\t'*:operand:%s'\n\t\t;;\n",
		              zsh_action(out->arena, &w));
	}
	strbuf_add(out, "\tesac\n}\nif [[ $funcstack[1] == _dialtone ]]; then _dialtone \"$@\"; "
	                "else compdef _dialtone dialtone; fi\n");
}

/* ---- fish ---- */

static const char *fish_text(struct arena *arena, const char *text) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (; *text; text++) {
		strbuf_printf(&out, strchr("'\\", *text) ? "\\%c" : "%c", *text);
	}
	return out.data;
}

static void fish_command(struct strbuf *out, const struct command *command) {
	struct arena *arena = out->arena;
	struct completion_words w = completion_of_operands(arena, command);
	const char *when =
		streq(command->name, "check")
			? arena_printf(arena,
	                               "not __fish_seen_subcommand_from %s; or "
	                               "__fish_seen_subcommand_from check",
	                               completion_commands(arena))
			: arena_printf(arena, "__fish_seen_subcommand_from %s", command->name);
	strbuf_printf(out, "complete -c dialtone -n __fish_use_subcommand -a %s -d '%s'\n",
	              command->name, fish_text(arena, command->summary));
	if (!str_empty(w.words)) {
		strbuf_printf(out, "complete -c dialtone -n '%s' -a '%s'\n", when,
		              fish_text(arena, w.words));
	}
	if (w.directories) {
		strbuf_printf(out,
		              "complete -c dialtone -n '%s' -a '(__fish_complete_directories)'\n",
		              when);
	}
	options_each(spec, command) {
		if (is_rest(spec)) {
			continue;
		}
		struct completion_words value = completion_of_option(arena, spec);
		strbuf_printf(out, "complete -c dialtone -n '%s' -l %s", when, spec->name);
		if (spec->letter) {
			strbuf_printf(out, " -s %c", spec->letter);
		}
		if (spec->argument) {
			strbuf_add(out, value.files ? " -r -F" : " -x");
		}
		if (!str_empty(value.words)) {
			strbuf_printf(out, " -a '%s'", fish_text(arena, value.words));
		}
		strbuf_printf(out, " -d '%s'\n", fish_text(arena, spec->help));
	}
}

static void fish(struct strbuf *out) {
	strbuf_add(out, "# fish completion for dialtone: dialtone completion fish\n"
	                "complete -c dialtone -f\n"
	                "complete -c dialtone -n __fish_use_subcommand -a "
	                "'(__fish_complete_directories)'\n");
	for (size_t i = 0; registry_commands[i]; i++) {
		fish_command(out, registry_commands[i]);
	}
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	static const struct {
		const char *name;
		void (*write)(struct strbuf *out);
	} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
	int status = STATUS_USAGE;
	struct arena *arena = arena_new();
	struct strbuf out;
	strbuf_init(&out, arena);
	(void)options;
	for (size_t i = 0; operand_count > 0 && i < sizeof(shells) / sizeof(*shells); i++) {
		if (streq(operands[0], shells[i].name)) {
			shells[i].write(&out);
			status = output_write(&out, STATUS_HEALTHY);
		}
	}
	if (status == STATUS_USAGE) {
		output_complain("completion: expected bash, zsh or fish%s%s",
		                operand_count > 0 ? ", got " : "",
		                operand_count > 0 ? operands[0] : "");
	}
	arena_free(arena);
	return status;
}

const struct command command_completion = {
	.name = "completion",
	.synopsis = "bash|zsh|fish",
	.summary = "Print the shell's completion of dialtone's options",
	.max_operands = 1,
	.run = run,
};
