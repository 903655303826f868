/* SPDX-License-Identifier: MIT */
#include "cmd/case.h"

#include "cmd/options.h"
#include "world/casefile.h"
#include "world/redact.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

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

int case_save(struct arena *arena, const struct check_options *options, const struct target *target,
              const struct evidence_store *store, struct err *err) {
	char *cwd = getcwd(NULL, 0);
	struct case_meta meta = {
		.tool = DIALTONE_VERSION,
		.uid = geteuid(),
		.raw = options->raw,
		.home = target->home,
		.cwd = arena_strdup(arena, cwd ? cwd : ""),
		.argv = case_arguments(arena, options, target),
	};
	struct evidence_store clean;
	free(cwd);
	if (!options->raw) {
		evidence_store_init(&clean, arena);
		redact_case(store, &clean, &meta);
		store = &clean;
	}
	return casefile_write(options->save, &meta, store, err);
}

static void take_over(struct check_options *options, const struct check_options *recorded) {
	options->editor = recorded->editor;
	options->environment = recorded->environment;
	options->file = recorded->file;
	options->trust = recorded->trust;
	options->no_server = recorded->no_server;
	options->logs = recorded->logs;
	for (size_t i = 0; i < recorded->without.count && options->without.count < OPTION_LIST_MAX;
	     i++) {
		options->without.items[options->without.count++] = recorded->without.items[i];
	}
}

int case_open(struct arena *arena, struct evidence_store *store, struct check_options *options,
              const char **ret_dir, struct err *err) {
	struct case_meta meta = {0};
	struct parsed_options parsed;
	struct err why = {0};
	int r = casefile_read(options->from, store, &meta, err);
	if (r < 0) {
		return r;
	}
	size_t count = 0;
	while (meta.argv && meta.argv[count]) {
		count++;
	}
	if (count > 0 && !streq(meta.argv[0], command_check.name)) {
		return err_set(
			err, -EBADMSG,
			"%s: it was recorded by `dialtone %s --save`; use `dialtone %s --from`",
			options->from, meta.argv[0], meta.argv[0]);
	}
	const struct check_options *recorded = NULL;
	if (count > 0 &&
	    options_parse(arena, &command_check, meta.argv + 1, count - 1, &parsed, &why) == 0 &&
	    parsed.operand_count == 1 && parsed.operands[0][0] == '/') {
		recorded = parsed.options;
	}
	if (!recorded || check_options_validate(arena, recorded, 1, &why) < 0) {
		return err_set(err, -EBADMSG, "%s: its arguments make no sense%s%s", options->from,
		               why.code ? ": " : "", why.msg);
	}
	take_over(options, recorded);
	*ret_dir = parsed.operands[0];
	return 0;
}
