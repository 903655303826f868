/* SPDX-License-Identifier: MIT */
#include "cmd/env_case.h"

#include "cmd/case.h"

int env_case_save(struct arena *arena, const struct env_options *options, const char *against,
                  const char *workspace, const char *home, const struct evidence_store *store,
                  struct err *err) {
	const char **args = arena_array_of(arena, const char *, 8);
	struct case_wish wish = {
		.path = options->save,
		.raw = options->raw,
		.home = home,
		.args = args,
	};
	size_t n = 0;

	args[n++] = command_env.name;
	if (against) {
		args[n++] = arena_printf(arena, "--against=%s", against);
	}
	if (options->trust) {
		args[n++] = "--trust";
	}
	if (options->no_shell) {
		args[n++] = "--no-shell";
	}
	args[n++] = "--";
	args[n++] = workspace;
	return case_save(arena, &wish, store, err);
}

int env_case_open(struct arena *arena, struct evidence_store *store, struct env_options *options,
                  const char **ret_dir, struct err *err) {
	struct parsed_options parsed;
	struct err why = {0};
	int r = case_open(arena, options->from, &command_env, store, &parsed, err);

	if (r < 0) {
		return r;
	}
	if (parsed.operand_count != 1 || parsed.operands[0][0] != '/') {
		return case_senseless(options->from, &why, err);
	}
	const struct env_options *recorded = parsed.options;

	options->against = recorded->against;
	options->trust = recorded->trust;
	options->no_shell = recorded->no_shell;
	*ret_dir = parsed.operands[0];
	return 0;
}
