/* SPDX-License-Identifier: MIT
 * -remote=auto: can the daemon's socket be made where gopls wants it?
 */
#include "base/path.h"
#include "base/str.h"
#include "core/gopls_call.h"
#include "core/probe.h"

#define SUN_PATH_MAX 107 /* unix(7): 108 bytes with the NUL */
#define SOCKETS_MAX  8

static const char *auto_flag(struct exam *exam, const char **ret_from) {
	const char *const *argv = exam->target->server_argv;

	for (size_t i = 1; argv && argv[0] && argv[i]; i++) {
		const char *flag = argv[i] + strspn(argv[i], "-");

		if (flag != argv[i] && str_starts(flag, "remote=auto")) {
			*ret_from = "go.languageServerFlags";
			return flag + strlen("remote=");
		}
		if (flag != argv[i] && streq(flag, "remote") && argv[i + 1] &&
		    str_starts(argv[i + 1], "auto")) {
			*ret_from = "go.languageServerFlags";
			return argv[i + 1];
		}
	}
	facts_each (binary, b, exam->facts) {
		if (b->chosen && streq(b->tool, "gopls") && streq(b->format, "script")) {
			const struct evidence *ev =
				world_look(exam->world, LOOK_FILE, b->path, LOOK_CAP_SMALL);

			if (evidence_has_bytes(ev) && slice_has(ev->bytes, "-remote=auto")) {
				*ret_from = b->path;
				return "auto";
			}
		}
	}
	return NULL;
}

/* Somebody's daemon that could be the one answers: then nothing has to be made. */
static bool answers(struct exam *exam, const char *dir, const char *middle) {
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	size_t count = 0;

	while (evidence_has_bytes(ev) && count < SOCKETS_MAX && slice_line(&rest, &line)) {
		if (!slice_has(line, middle) || line.len < 3) {
			continue;
		}
		const char *path =
			arena_printf(exam->arena, "%s/%.*s", dir, (int)line.len - 2, line.data + 2);

		count++;
		if (world_look(exam->world, LOOK_CONNECT,
		               arena_printf(exam->arena, "unix:%s", path), LOOK_CAP_SMALL)
		            ->state == EV_READ) {
			return true;
		}
	}
	return false;
}

static int look(struct exam *exam, struct err *err) {
	const char *from = "";
	const char *address = auto_flag(exam, &from);
	const struct envset *env = &exam->target->server;

	(void)err;
	if (!address) {
		return 0;
	}
	struct gopls_socket place =
		gopls_socket_place(exam->arena, envset_get(env, "XDG_RUNTIME_DIR"),
	                           envset_get(env, "TMPDIR"), envset_get(env, "USER"), address);
	const char *base = path_base(exam->target->gopls_path ? exam->target->gopls_path : "gopls");
	size_t length = strlen(place.dir) + 1 + strlen(base) + 1 + GOPLS_SOCKET_HASH_DIGITS +
	                strlen(place.tail);
	struct file_stat st = world_stat(exam->world, place.dir);
	const char *state = !st.known                       ? "ok"
	                    : !st.exists                    ? "absent"
	                    : !st.is_dir                    ? "not_dir"
	                    : length > SUN_PATH_MAX         ? "long"
	                    : !st.can_write || !st.can_exec ? "denied"
	                                                    : "ok";

	FACTS_ADD(exam->facts, daemon_place, st.ev, .dir = place.dir, .origin = place.origin,
	          .state = state, .user = place.user, .uid = st.exists ? st.uid : -1,
	          .reachable = streq(state, "denied") && answers(exam, place.dir, place.tail),
	          .from = from);
	return 0;
}

const struct probe probe_remote_auto = {
	.id = "remote_auto",
	.title = "whether -remote=auto can have its socket",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(daemon_place),
	.look = look,
};
