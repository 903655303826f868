/* SPDX-License-Identifier: MIT */
#include "pin/store.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/vec.h"
#include "pin/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

const char *store_root(struct arena *arena) {
	const char *data = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");
	if (data && data[0] == '/') {
		return arena_printf(arena, "%s/dialtone", path_clean(arena, data));
	}
	return home && home[0] == '/'
	               ? arena_printf(arena, "%s/.local/share/dialtone", path_clean(arena, home))
	               : NULL;
}

const char *store_version_dir(struct arena *arena, const char *root, const struct pin_tool *tool,
                              const char *version) {
	return arena_printf(arena, "%s/versions/%s/%s", root, tool->name, version);
}

const char *store_current(struct arena *arena, const char *root, const struct pin_tool *tool) {
	return arena_printf(arena, "%s/current/%s", root, tool->name);
}

const char *store_previous(struct arena *arena, const char *root, const struct pin_tool *tool) {
	return arena_printf(arena, "%s/previous/%s", root, tool->name);
}

const char *store_shim(struct arena *arena, const char *root, const char *program) {
	return arena_printf(arena, "%s/bin/%s", root, path_base(program));
}

const char *store_shim_target(struct arena *arena, const struct pin_tool *tool,
                              const char *program) {
	return arena_printf(arena, "../current/%s/%s", tool->name, program);
}

static const char *prefix(struct arena *arena, const struct pin_tool *tool) {
	return arena_printf(arena, "../versions/%s/", tool->name);
}

const char *store_target(struct arena *arena, const struct pin_tool *tool, const char *version) {
	return arena_printf(arena, "%s%s", prefix(arena, tool), version);
}

const char *store_version_of_target(struct arena *arena, const struct pin_tool *tool,
                                    const char *target) {
	const char *before = prefix(arena, tool);
	struct pin_spec spec;
	struct err ignored;
	if (!target || !str_starts(target, before)) {
		return NULL;
	}
	const char *version = target + strlen(before);
	return pin_spec_parse(arena, arena_printf(arena, "%s@%s", tool->name, version), &spec,
	                      &ignored) == 0 &&
	                       streq(spec.version, version) && !pin_is_none(&spec)
	               ? arena_strdup(arena, version)
	               : NULL;
}

const char *store_link(struct arena *arena, const char *path) {
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof(text));
	return n < 0 || n == (ssize_t)sizeof(text) ? NULL : arena_strndup(arena, text, (size_t)n);
}

const char *store_linked(struct arena *arena, const char *link, const struct pin_tool *tool) {
	return store_version_of_target(arena, tool, store_link(arena, link));
}

static void insert(const struct pin_tool *tool, const char **versions, size_t count,
                   const char *version) {
	size_t i = count;
	for (; i > 0 && pin_version_compare(tool, versions[i - 1], version) < 0; i--) {
		versions[i] = versions[i - 1];
	}
	versions[i] = version;
}

const char *const *store_versions(struct arena *arena, const char *root,
                                  const struct pin_tool *tool) {
	const char **versions = NULL;
	size_t count = 0;
	size_t slots = 0;
	const struct dirent *entry;
	DIR *dir = opendir(arena_printf(arena, "%s/versions/%s", root, tool->name));
	while (dir && (entry = readdir(dir))) {
		const char *version = store_version_of_target(
			arena, tool, store_target(arena, tool, entry->d_name));
		if (version) {
			VEC_ROOM(arena, versions, count, &slots);
			insert(tool, versions, count++, version);
		}
	}
	if (dir) {
		closedir(dir);
	}
	VEC_ROOM(arena, versions, count, &slots);
	versions[count] = NULL;
	return versions;
}

int store_make_path(struct arena *arena, const char *dir) {
	struct stat st;
	if (stat(dir, &st) == 0) {
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	}
	int r = streq(dir, "/") ? 0 : store_make_path(arena, path_parent(arena, dir));
	return r == 0 && mkdir(dir, 0755) < 0 && errno != EEXIST ? -errno : r;
}

/* ---- work in progress ---- */

/* Nobody holds its lock: whoever worked there died. One that is being made has no lock yet and is young. */
static void sweep_one(struct arena *arena, const char *dir) {
	CLEANUP(fd_closep)
	int lock = open(path_join(arena, dir, "lock"), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0) {
		tree_remove(arena, dir);
	}
}

static void sweep(struct arena *arena, const char *tmp) {
	const struct dirent *entry;
	DIR *dir = opendir(tmp);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.') {
			sweep_one(arena, path_join(arena, tmp, entry->d_name));
		}
	}
	if (dir) {
		closedir(dir);
	}
}

const char *store_scratch(struct arena *arena, const char *root, int *ret_lock, struct err *err) {
	const char *tmp = arena_printf(arena, "%s/tmp", root);
	char *dir = arena_printf(arena, "%s/XXXXXX", tmp);
	int r = store_make_path(arena, tmp);
	if (r < 0) {
		err_set(err, r, "cannot make '%s': %s", tmp, strerror(-r));
		return NULL;
	}
	sweep(arena, tmp);
	if (!mkdtemp(dir)) {
		err_set(err, -errno, "cannot make a directory in '%s': %s", tmp, strerror(errno));
		return NULL;
	}
	*ret_lock = open(path_join(arena, dir, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*ret_lock < 0 || flock(*ret_lock, LOCK_EX | LOCK_NB) < 0) {
		err_set(err, -errno, "cannot lock '%s': %s", dir, strerror(errno));
		return NULL;
	}
	return dir;
}

static int sync_dir(const char *dir, bool filesystem) {
	CLEANUP(fd_closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || (filesystem ? syncfs(fd) : fsync(fd)) < 0 ? -errno : 0;
}

int store_publish(struct arena *arena, const char *root, const struct pin_spec *spec,
                  const char *dir, struct err *err) {
	const char *target = store_version_dir(arena, root, spec->tool, spec->version);
	const char *parent = path_parent(arena, target);
	int r = store_make_path(arena, parent);
	if (r < 0) {
		return err_set(err, r, "cannot make '%s': %s", parent, strerror(-r));
	}
	/* A toolchain has thousands of files. */
	r = spec->tool->is_go ? sync_dir(dir, true) : tree_sync(arena, dir);
	if (r < 0) {
		return err_set(err, r, "cannot write to '%s': %s", dir, strerror(-r));
	}
	/* What stands there is not the bytes that were installed, or nobody would install it again. */
	if (renameat2(AT_FDCWD, dir, AT_FDCWD, target, RENAME_NOREPLACE) < 0 &&
	    (errno != EEXIST || renameat2(AT_FDCWD, dir, AT_FDCWD, target, RENAME_EXCHANGE) < 0)) {
		return err_set(err, -errno, "cannot put '%s' into its place: %s", target,
		               strerror(errno));
	}
	r = sync_dir(parent, false);
	return r < 0 ? err_set(err, r, "cannot write to '%s': %s", parent, strerror(-r)) : 0;
}
