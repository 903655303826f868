/* SPDX-License-Identifier: MIT */
#include "cmd/case.h"

#include "base/fd.h"
#include "cmd/snapshot.h"
#include "world/casefile.h"
#include "world/codec.h"
#include "world/redact.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int case_save(struct arena *arena, const struct case_wish *wish, const struct evidence_store *store,
              struct err *err) {
	char *here = wish->cwd ? NULL : getcwd(NULL, 0);
	struct case_meta meta = {
		.tool = DIALTONE_VERSION,
		.uid = geteuid(),
		.raw = wish->raw,
		.home = wish->home,
		.cwd = wish->cwd ? wish->cwd : arena_strdup(arena, here ? here : ""),
		.argv = wish->args,
	};
	struct evidence_store clean;

	free(here);
	if (!wish->raw) {
		evidence_store_init(&clean, arena);
		redact_case(store, &clean, &meta);
		store = &clean;
	}
	return casefile_write(wish->path, &meta, store, err);
}

int case_hand_over(const struct evidence_store *store, const char *const *argv, int fd,
                   size_t *ret_bytes, struct err *err) {
	const struct case_meta meta = {.tool = DIALTONE_VERSION,
	                               .created = "",
	                               .raw = true,
	                               .home = "",
	                               .cwd = "",
	                               .argv = argv};
	struct codec *codec CLEANUP(codec_closep) = codec_open(err);
	char *text = NULL;
	int code = codec ? casefile_format(codec, &meta, store, &text, ret_bytes, err) : -ENOSYS;

	code = code < 0 ? code : fd_write_all(fd, text, *ret_bytes);
	free(text);
	return code;
}

int case_senseless(const char *path, const struct err *why, struct err *err) {
	return err_set(err, -EBADMSG, "%s: its arguments make no sense%s%s", path,
	               why->code ? ": " : "", why->msg);
}

int case_open(struct arena *arena, const char *path, const struct command *command,
              struct evidence_store *store, struct parsed_options *ret, struct err *err) {
	struct case_meta meta = {0};
	struct err why = {0};
	size_t count = 0;
	int r = casefile_read(path, store, &meta, err);

	if (r < 0) {
		return r;
	}
	while (meta.argv && meta.argv[count]) {
		count++;
	}
	if (count > 0 && streq(meta.argv[0], command_snapshot.name) &&
	    !streq(command->name, command_snapshot.name)) {
		return err_set(
			err, -EBADMSG,
			"%s: it is a snapshot of a process tree (`dialtone snapshot`), and does "
			"not hold what `dialtone %s` looks at",
			path, command->name);
	}
	if (count > 0 && !streq(meta.argv[0], command->name)) {
		return err_set(
			err, -EBADMSG,
			"%s: it was recorded by `dialtone %s --save`; use `dialtone %s --from`",
			path, meta.argv[0], meta.argv[0]);
	}
	if (count == 0 || options_parse(arena, command, meta.argv + 1, count - 1, ret, &why) < 0) {
		return case_senseless(path, &why, err);
	}
	return 0;
}
