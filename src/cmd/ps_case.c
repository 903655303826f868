/* SPDX-License-Identifier: MIT */
#include "cmd/case.h"
#include "cmd/ps.h"

#include <errno.h>
#include <stdlib.h>

int ps_case_save(struct arena *arena, const struct ps_options *options,
                 const struct evidence_store *store, struct err *err) {
	const char *home = getenv("HOME");
	const char *const args[] = {command_ps.name,
	                            options->isolation ? "--isolation"
	                            : options->all     ? "--all"
	                                               : NULL,
	                            NULL};
	struct case_wish wish = {
		.path = options->save,
		.raw = options->raw,
		.home = home ? home : "",
		.args = args,
	};

	return case_save(arena, &wish, store, err);
}

int ps_case_open(struct arena *arena, struct evidence_store *store, struct ps_options *options,
                 struct err *err) {
	struct parsed_options parsed;
	struct err why = {0};
	int r = case_open(arena, options->from, &command_ps, store, &parsed, err);

	if (r < 0) {
		return r;
	}
	if (parsed.operand_count != 0) {
		return case_senseless(options->from, &why, err);
	}
	const struct ps_options *recorded = parsed.options;

	if (options->isolation && !recorded->isolation) {
		return err_set(err, -EBADMSG,
		               "%s: it was recorded without --isolation, and does not hold what "
		               "that looks at",
		               options->from);
	}
	options->all = recorded->all || recorded->isolation;
	return 0;
}
