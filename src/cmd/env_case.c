/* SPDX-License-Identifier: MIT */
#include "cmd/env_case.h"

#include "cmd/options.h"
#include "world/casefile.h"
#include "world/redact.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int env_case_save(struct arena *arena, const struct env_options *options, const char *against,
                  const char *workspace, const char *home, const struct evidence_store *store,
                  struct err *err) {
	char *cwd = getcwd(NULL, 0);
	const char **args = arena_array_of(arena, const char *, 8);
	struct case_meta meta = {
		.tool = DIALTONE_VERSION,
		.uid = geteuid(),
		.raw = options->raw,
		.home = home,
		.cwd = arena_strdup(arena, cwd ? cwd : ""),
		.argv = args,
	};
	struct evidence_store clean;
	size_t n = 0;
	free(cwd);
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
	if (!options->raw) {
		evidence_store_init(&clean, arena);
		redact_case(store, &clean, &meta);
		store = &clean;
	}
	return casefile_write(options->save, &meta, store, err);
}

int env_case_open(struct arena *arena, struct evidence_store *store, struct env_options *options,
                  const char **ret_dir, struct err *err) {
	struct case_meta meta = {0};
	struct parsed_options parsed;
	struct err why = {0};
	size_t count = 0;
	int r = casefile_read(options->from, store, &meta, err);
	if (r < 0) {
		return r;
	}
	while (meta.argv && meta.argv[count]) {
		count++;
	}
	if (count > 0 && streq(meta.argv[0], "check")) {
		return err_set(
			err, -EBADMSG,
			"%s: it was recorded by `dialtone check --save`; use `dialtone check "
			"--from`",
			options->from);
	}
	if (count == 0 || !streq(meta.argv[0], command_env.name)) {
		return err_set(err, -EBADMSG, "%s: it was not recorded by `dialtone env --save`",
		               options->from);
	}
	if (options_parse(arena, &command_env, meta.argv + 1, count - 1, &parsed, &why) < 0 ||
	    parsed.operand_count != 1 || parsed.operands[0][0] != '/') {
		return err_set(err, -EBADMSG, "%s: its arguments make no sense%s%s", options->from,
		               why.code ? ": " : "", why.msg);
	}
	const struct env_options *recorded = parsed.options;
	options->against = recorded->against;
	options->trust = recorded->trust;
	options->no_shell = recorded->no_shell;
	*ret_dir = parsed.operands[0];
	return 0;
}
