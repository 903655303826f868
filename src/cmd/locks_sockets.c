/* SPDX-License-Identifier: MIT
 * Sources: microsoft/vscode src/vs/base/parts/ipc/node/ipc.net.ts (createStaticIPCHandle, createRandomIPCHandle: names and
 * directories) and src/vs/code/electron-main/main.ts (a socket that refuses is removed); proc(5), /proc/net/unix.
 */
#include "cmd/locks_sockets.h"

#include "base/path.h"
#include "world/sockets.h"

#define TABLE_CAP ((size_t)4 * 1024 * 1024)
#define ROWS_MAX  32

struct hunt {
	struct world *world;
	struct locks_view *view;
	struct sockets sockets;
	size_t rows;
};

static bool is_listened_at(const struct hunt *h, const char *path) {
	for (size_t i = 0; i < h->sockets.unix_count; i++) {
		const struct unix_socket *s = &h->sockets.unixes[i];

		if (s->state == SOCKET_LISTENING && streq(s->path, path)) {
			return true;
		}
	}
	return false;
}

static void take_socket(struct hunt *h, const char *path, bool is_static) {
	bool alive = is_listened_at(h, path);

	if (alive && !is_static) {
		return;
	}
	struct file_stat st = world_stat(h->world, path);

	if (st.exists && h->rows < ROWS_MAX) {
		h->rows++;
		locks_view_existing(h->view, path, st.mtime_ns, 0, alive, false);
	}
}

static void take_dir(struct hunt *h, const char *dir) {
	struct arena *arena = h->view->arena;
	const struct evidence *ev = world_look(h->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes, line;

	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *name = line.len > 2 && line.data[0] == 'o'
		                           ? arena_strndup(arena, line.data + 2, line.len - 2)
		                           : "";
		bool is_static = str_ends(name, "-main.sock") || str_ends(name, "-shared.sock");

		if (lockfile_of(arena, path_join(arena, dir, name)).kind == LOCKFILE_EDITOR) {
			take_socket(h, path_join(arena, dir, name), is_static);
		}
	}
}

void locks_sockets(struct world *world, struct locks_view *view, const struct envset *env,
                   const char *const *data) {
	const char *runtime = envset_get(env, "XDG_RUNTIME_DIR");
	const char *tmp = envset_get(env, "TMPDIR");
	struct hunt h = {.world = world, .view = view, .sockets = {.arena = view->arena}};
	const struct evidence *table = world_look(world, LOOK_FILE, "/proc/net/unix", TABLE_CAP);

	/* Without the list, or with a part of it, who listens is not known. */
	if (table->state != EV_READ) {
		return;
	}
	sockets_parse_unix(&h.sockets, table->bytes);
	take_dir(&h, !str_empty(runtime) && runtime[0] == '/' ? runtime
	             : !str_empty(tmp) && tmp[0] == '/'       ? tmp
	                                                      : "/tmp");
	for (size_t i = 0; data[i]; i++) {
		take_dir(&h, data[i]);
	}
}
