/* SPDX-License-Identifier: MIT */
#include "cmd/check_case.h"

#include "cmd/case.h"

/* Absolute paths, nothing about the form of the report. NULL-terminated. */
static const char *const *case_arguments(struct arena *arena, const struct check_options *o,
                                         const struct target *target) {
	const struct {
		const char *name;
		const char *value;
	} texts[] = {
		{"editor", o->editor},
		{"environment", target->environment},
		{"file", target->file},
		{"timeout", o->timeout},
	};
	const char **args =
		arena_array_of(arena, const char *, 16 + o->without.count + o->logs.count);
	size_t n = 0;
	args[n++] = command_check.name;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].value) {
			args[n++] = arena_printf(arena, "--%s=%s", texts[i].name, texts[i].value);
		}
	}
	for (size_t i = 0; i < o->without.count; i++) {
		args[n++] = arena_printf(arena, "--without=%s", o->without.items[i]);
	}
	for (size_t i = 0; target->logs && target->logs[i]; i++) {
		args[n++] = arena_printf(arena, "--logs=%s", target->logs[i]);
	}
	if (o->trust) {
		args[n++] = "--trust";
	}
	if (o->no_server) {
		args[n++] = "--no-server";
	}
	args[n++] = "--";
	args[n++] = target->workspace;
	return args;
}

int check_case_save(struct arena *arena, const struct check_options *options,
                    const struct target *target, const struct evidence_store *store,
                    struct err *err) {
	struct case_wish wish = {
		.path = options->save,
		.raw = options->raw,
		.home = target->home,
		.args = case_arguments(arena, options, target),
	};

	return case_save(arena, &wish, store, err);
}

static void take_over(struct check_options *options, const struct check_options *recorded) {
	options->editor = recorded->editor;
	options->environment = recorded->environment;
	options->file = recorded->file;
	options->timeout = recorded->timeout;
	options->trust = recorded->trust;
	options->no_server = recorded->no_server;
	options->logs = recorded->logs;
	for (size_t i = 0; i < recorded->without.count && options->without.count < OPTION_LIST_MAX;
	     i++) {
		options->without.items[options->without.count++] = recorded->without.items[i];
	}
}

int check_case_open(struct arena *arena, struct evidence_store *store,
                    struct check_options *options, const char **ret_dir, struct err *err) {
	struct parsed_options parsed;
	struct err why = {0};
	int r = case_open(arena, options->from, &command_check, store, &parsed, err);

	if (r < 0) {
		return r;
	}
	if (parsed.operand_count != 1 || parsed.operands[0][0] != '/' ||
	    check_options_validate(arena, parsed.options, 1, &why) < 0) {
		return case_senseless(options->from, &why, err);
	}
	take_over(options, parsed.options);
	*ret_dir = parsed.operands[0];
	return 0;
}
