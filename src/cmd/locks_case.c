/* SPDX-License-Identifier: MIT
 */
#include "cmd/locks_case.h"

#include "cmd/options.h"
#include "world/casefile.h"
#include "world/redact.h"

#include <errno.h>
#include <unistd.h>

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
	struct case_meta meta = {
		.tool = DIALTONE_VERSION,
		.uid = geteuid(),
		.raw = options->raw,
		.home = home,
		.cwd = workspace,
		.argv = args,
	};
	struct evidence_store clean;
	size_t n = 0;

	args[n++] = command_locks.name;
	if (options->all) {
		args[n++] = "--all";
	}
	args[n++] = "--";
	for (size_t i = 0; paths && paths[i]; i++) {
		args[n++] = paths[i];
	}
	if (!options->raw) {
		evidence_store_init(&clean, arena);
		redact_case(store, &clean, &meta);
		store = &clean;
	}
	return casefile_write(options->save, &meta, store, err);
}

int locks_case_open(struct arena *arena, struct evidence_store *store,
                    struct locks_options *options, const char *const **ret_paths, struct err *err) {
	struct case_meta meta = {0};
	struct parsed_options parsed;
	struct err why = {0};
	int r = casefile_read(options->from, store, &meta, err);

	if (r < 0) {
		return r;
	}
	size_t count = count_of(meta.argv);

	if (count == 0 || !streq(meta.argv[0], command_locks.name)) {
		return err_set(err, -EBADMSG, "%s: it was not recorded by `dialtone locks --save`",
		               options->from);
	}
	if (options_parse(arena, &command_locks, meta.argv + 1, count - 1, &parsed, &why) < 0) {
		return err_set(err, -EBADMSG, "%s: its arguments make no sense%s%s", options->from,
		               why.code ? ": " : "", why.msg);
	}
	options->all = ((const struct locks_options *)parsed.options)->all;
	*ret_paths = parsed.operand_count > 0 ? parsed.operands : NULL;
	return 0;
}
