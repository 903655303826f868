/* SPDX-License-Identifier: MIT
 * Where the schemas come from. What gopls says of itself is kept in the cache directory under its build id, so that it is
 * asked once. A cache that cannot be written costs a few milliseconds each time and nothing else.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/settings.h"
#include "gofile/binary.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define API_DEADLINE_NS (5 * NS_PER_S)            /* it takes 60 ms */
#define API_CAP         ((size_t)4 * 1024 * 1024) /* 325 kB in v0.24 */

/* The newest installed extension, by its version. */
static void take_installed_extension(struct settings_view *view) {
	struct arena *arena = view->arena;
	static const char prefix[] = "golang.go-";
	const char *best = NULL;
	const char *best_dir = NULL;
	if (str_empty(view->where.home)) {
		return;
	}
	const struct fact_install *install = facts_first(install, &view->facts);
	const char *const own[] = {install ? install->extensions : "", NULL};
	const char *const *dirs = own;
	if (!install || str_empty(own[0])) {
		dirs = layers_extension_dirs(arena, view->where.home);
	}
	for (size_t i = 0; dirs[i]; i++) {
		const struct evidence *ev =
			world_look(view->exam.world, LOOK_DIR, dirs[i], LOOK_CAP_DIR);
		struct slice rest = ev->bytes;
		struct slice line;
		while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
			const char *name = line.len > 2 ? arena_slicedup(arena, line) + 2 : "";
			if (str_starts(name, prefix) && (!best || strverscmp(name, best) > 0)) {
				best = name;
				best_dir = dirs[i];
			}
		}
	}
	if (!best) {
		return;
	}
	const char *file = arena_printf(arena, "%s/%s/package.json", best_dir, best);
	const struct evidence *ev =
		world_look(view->exam.world, LOOK_FILE, file, LOOK_CAP_SETTINGS);
	if (ev->state == EV_READ) {
		(void)schema_take_extension(&view->schema, ev->bytes, file);
	}
}

/* "gopls-BUILDID.json" in the cache directory of the user, or NULL. */
static const char *cache_file(const struct settings_view *view, const char *build_id) {
	struct arena *arena = view->arena;
	const char *cache = envset_get(&view->target.own, "XDG_CACHE_HOME");
	const char *home = envset_get(&view->target.own, "HOME");
	char *name = arena_strdup(arena, build_id);
	if (str_empty(build_id) || (str_empty(cache) && str_empty(home))) {
		return NULL;
	}
	for (char *p = name; *p; p++) {
		*p = isalnum((unsigned char)*p) || *p == '_' || *p == '-' ? *p : '.';
	}
	return arena_printf(arena, "%s/dialtone/gopls-%.200s.json",
	                    str_empty(cache) ? path_join(arena, home, ".cache") : cache, name);
}

static void cache_write(struct arena *arena, const char *file, struct slice text) {
	const char *dir = path_parent(arena, file);
	const char *temporary = arena_printf(arena, "%s.%d.tmp", file, (int)getpid());
	(void)mkdir(path_parent(arena, dir), 0700);
	(void)mkdir(dir, 0700);
	CLEANUP(fd_closep)
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		return;
	}
	if (fd_write_all(fd, text.data, text.len) < 0 || rename(temporary, file) < 0) {
		(void)unlink(temporary);
	}
}

static bool take_answer(struct settings_view *view, const char *gopls, const char *version,
                        const char *cache) {
	const char *const argv[] = {gopls, "api-json", NULL};
	struct run_spec spec = {
		.label = "gopls api-json",
		.argv = argv,
		.env = &view->target.server,
		.cwd = "/",
		.deadline_ns = API_DEADLINE_NS,
		.cap_bytes = API_CAP,
	};
	struct run_result run = world_run(view->exam.world, &spec);
	if (!run.started || run.exit_code != 0 ||
	    !schema_take_gopls(&view->schema, run.out, version, gopls)) {
		return false;
	}
	if (cache) {
		cache_write(view->arena, cache, run.out);
	}
	return true;
}

static void take_gopls(struct settings_view *view) {
	const struct target *t = &view->target;
	if (!t->gopls_path) {
		return;
	}
	const struct evidence *ev =
		world_look(view->exam.world, LOOK_BINARY, t->gopls_path, LOOK_CAP_SMALL);
	struct binary bin = binary_from_text(view->arena, ev->bytes);
	const char *cache = cache_file(view, bin.build_id);
	schema_use_builtin_gopls(&view->schema, bin.module_version);
	if (cache) {
		const struct evidence *kept =
			world_look(view->exam.world, LOOK_FILE, cache, API_CAP);
		if (kept->state == EV_READ &&
		    schema_take_gopls(&view->schema, kept->bytes, bin.module_version,
		                      t->gopls_path)) {
			return;
		}
	}
	/* do_not_start says that it is not the user's own choice to run this program. */
	if (!t->do_not_start) {
		(void)take_answer(view, t->gopls_path, bin.module_version, cache);
	}
}

void settings_schema_fill(struct settings_view *view) {
	take_installed_extension(view);
	take_gopls(view);
}
