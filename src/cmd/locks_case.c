/* SPDX-License-Identifier: MIT */
#include "cmd/locks_case.h"

#include "cmd/case.h"

#define FLAGS_MAX 4

static size_t count_of(const char *const *list) {
	size_t n = 0;

	while (list && list[n]) {
		n++;
	}
	return n;
}

int locks_case_save(struct arena *arena, const struct locks_options *options,
                    const char *const *paths, const char *workspace, const char *home,
                    const struct evidence_store *store, struct err *err) {
	const char **args = arena_array_of(arena, const char *, count_of(paths) + FLAGS_MAX + 1);
	struct case_wish wish = {
		.path = options->save,
		.raw = options->raw,
		.home = home,
		.cwd = workspace,
		.args = args,
	};
	size_t n = 0;

	args[n++] = command_locks.name;
	if (options->all) {
		args[n++] = "--all";
	}
	args[n++] = "--";
	for (size_t i = 0; paths && paths[i]; i++) {
		args[n++] = paths[i];
	}
	return case_save(arena, &wish, store, err);
}

int locks_case_open(struct arena *arena, struct evidence_store *store,
                    struct locks_options *options, const char *const **ret_paths, struct err *err) {
	struct parsed_options parsed;
	int r = case_open(arena, options->from, &command_locks, store, &parsed, err);

	if (r < 0) {
		return r;
	}
	options->all = ((const struct locks_options *)parsed.options)->all;
	*ret_paths = parsed.operand_count > 0 ? parsed.operands : NULL;
	return 0;
}
