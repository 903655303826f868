/* SPDX-License-Identifier: MIT */
#include "cmd/options.h"
#include "cmd/ps.h"
#include "world/casefile.h"
#include "world/redact.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int ps_case_save(struct arena *arena, const struct ps_options *options,
                 const struct evidence_store *store, struct err *err) {
	char *cwd = getcwd(NULL, 0);
	const char *home = getenv("HOME");
	const char **args = arena_array_of(arena, const char *, 3);
	struct case_meta meta = {
		.tool = DIALTONE_VERSION,
		.uid = geteuid(),
		.raw = options->raw,
		.home = home ? home : "",
		.cwd = arena_strdup(arena, cwd ? cwd : ""),
		.argv = args,
	};
	struct evidence_store clean;

	free(cwd);
	args[0] = command_ps.name;
	args[1] = options->all ? "--all" : NULL;
	if (!options->raw) {
		evidence_store_init(&clean, arena);
		redact_case(store, &clean, &meta);
		store = &clean;
	}
	return casefile_write(options->save, &meta, store, err);
}

int ps_case_open(struct arena *arena, struct evidence_store *store, struct ps_options *options,
                 struct err *err) {
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
	if (count == 0 || !streq(meta.argv[0], command_ps.name)) {
		const char *other = count > 0 ? meta.argv[0] : "check";

		return err_set(
			err, -EBADMSG,
			"%s: it was recorded by `dialtone %s --save`; use `dialtone %s --from`",
			options->from, other, other);
	}
	if (options_parse(arena, &command_ps, meta.argv + 1, count - 1, &parsed, &why) < 0 ||
	    parsed.operand_count != 0) {
		return err_set(err, -EBADMSG, "%s: its arguments make no sense%s%s", options->from,
		               why.code ? ": " : "", why.msg);
	}
	options->all = ((const struct ps_options *)parsed.options)->all;
	return 0;
}
