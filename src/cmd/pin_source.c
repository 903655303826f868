/* SPDX-License-Identifier: MIT
 * Where a version comes from: a folder with the ready program, a folder in the layout of a proxy, or a proxy.
 */
#include "cmd/pin_source.h"

#include "base/path.h"
#include "core/gopls_choice.h"
#include "core/lore.h"
#include "gofile/goversion.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_dir(const char *path) {
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path) {
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* ---- ready ---- */

/* The folder that a program of this name lies in is FROM, FROM/bin, or that of FROM itself. */
static bool find_ready(struct pin_run *run, const struct pin_item *item, const char *from,
                       struct pin_source *ret) {
	const struct pin_tool *tool = item->spec.tool;
	const char *name = path_base(tool->programs[0]);
	const char *const at[] = {
		path_join(run->arena, from, tool->programs[0]),
		path_join(run->arena, path_join(run->arena, from, "bin"), name),
		is_file(from) ? from : "",
	};
	for (size_t i = 0; i < 3; i++) {
		if (*at[i] && is_file(at[i])) {
			ret->kind = SOURCE_READY;
			ret->program = at[i];
			ret->dir = path_parent(run->arena, at[i]);
			ret->dir = tool->is_go ? path_parent(run->arena, ret->dir) : ret->dir;
			ret->words = arena_printf(run->arena, "%s, as it lies there", ret->program);
			return !tool->is_go || is_file(path_join(run->arena, ret->dir, "VERSION"));
		}
	}
	return false;
}

int pin_check_copies(struct pin_run *run, const char *dir, const char *copies, size_t *bytes,
                     struct err *err) {
	const char *file = path_join(run->arena, dir, STORE_SUMS);
	const struct evidence *ev = world_look(run->world, LOOK_FILE, file, SUMS_MAX_BYTES);
	char hex[SHA256_HEX_SIZE];
	struct sums sums;
	if (ev->state == EV_ABSENT) {
		return err_set(err, -ENOENT, "there is no '%s'", file);
	}
	if (ev->state != EV_READ || sums_parse(run->arena, ev->bytes, &sums, err) < 0) {
		return err_set(err, -EBADMSG, "'%s' is no list of checksums", file);
	}
	size_t held = 0;
	for (size_t i = 0; i < sums.count; i++) {
		const char *path = path_join(run->arena, copies, sums.entries[i].path);
		int r = pin_hash_file(run, path, hex, bytes);
		if (r == -ENOENT) {
			continue; /* of something else that lies there */
		}
		if (r < 0 || !streq(hex, sums.entries[i].hex)) {
			return err_set(err, -EBADMSG, "'%s' is not what '%s' says",
			               sums.entries[i].path, file);
		}
		held++;
	}
	return held > 0 ? 0 : err_set(err, -ENOENT, "'%s' names none of it", file);
}

/* ---- proxies ---- */

/* A folder that has the module: the root of a proxy, or a module cache. */
static const char *find_proxy(struct pin_run *run, const struct pin_item *item, const char *from) {
	static const char *const below[] = {"", "cache/download", "pkg/mod/cache/download"};
	for (size_t i = 0; i < sizeof(below) / sizeof(*below); i++) {
		const char *root = *below[i] ? path_join(run->arena, from, below[i]) : from;
		if (is_dir(arena_printf(run->arena, "%s/%s/@v", root, item->spec.tool->module))) {
			return root;
		}
	}
	return NULL;
}

static bool is_proxy_text(const char *text) {
	return str_has(text, "://") || str_has(text, ",") || str_has(text, "|") ||
	       streq(text, "direct") || streq(text, "off");
}

static const char *go_sum_in(struct pin_run *run, const char *dir) {
	const char *file = dir ? path_join(run->arena, dir, STORE_GOSUM) : "";
	return *file && is_file(file) ? file : NULL;
}

/* ---- may it be built? ---- */

static bool may_switch(const struct pin_run *run) {
	return streq(run->go.toolchain, "auto") || str_ends(run->go.toolchain, "+auto") ||
	       streq(run->go.toolchain, "path") || str_ends(run->go.toolchain, "+path");
}

static int check_matrix(struct pin_run *run, const struct pin_item *item, struct err *err) {
	struct matrix matrix = matrix_parse(run->arena, slice_str(lore_data("gopls-releases.tsv")));
	const struct matrix_row *row = streq(item->spec.tool->name, "gopls") && !item->builder
	                                       ? matrix_find(&matrix, item->spec.version)
	                                       : NULL;
	if (!row) {
		return 0;
	}
	const struct matrix_want want = {.builder = run->go.version, .serves = run->go.version};
	bool too_old = goversion_compare(run->go.version, row->needs) < 0;
	const char *why = matrix_why_not(run->arena, row, &want);
	if (!*why || (too_old && may_switch(run))) {
		return 0;
	}
	return err_set(err, -ENOEXEC, "%s (GOTOOLCHAIN=%s); `dialtone pin --compatible` finds one",
	               why, run->go.toolchain);
}

static int check_verifiable(struct pin_run *run, const struct pin_item *item,
                            const struct pin_source *source, struct err *err) {
	bool database = !streq(run->go.sumdb, "off");
	const char *folder = goproxy_folder(run->arena, source->proxy);
	/* cmd/go, useSumDB: a toolchain from a single file:// proxy is not looked up. */
	if (item->spec.tool->is_go && folder) {
		database = false;
	}
	if (source->sums || database) {
		return 0;
	}
	return err_set(err, -EPERM, "nothing would verify it: %s, and there is no '%s'",
	               streq(run->go.sumdb, "off") ? "GOSUMDB is off"
	                                           : "go asks no checksum database for a toolchain "
	                                             "from a folder",
	               folder ? path_join(run->arena, folder, STORE_GOSUM) : STORE_GOSUM);
}

static int find_built(struct pin_run *run, const struct pin_item *item, const char *proxy,
                      const char *sums_dir, struct pin_source *ret, struct err *err) {
	int r = run->go_known && run->go.path ? 0 : pin_go_ask(run, err);
	if (r == -ENOENT) {
		return err_set(
			err, r,
			"%s, so nothing can be built; a folder with the ready program can be "
			"pinned: --from DIR",
			err->msg[0] ? "there is no go on PATH" : "");
	}
	if (r < 0) {
		return r;
	}
	ret->kind = SOURCE_PROXY;
	ret->proxy = proxy ? proxy : run->go.proxy;
	ret->sums = go_sum_in(run, sums_dir ? sums_dir : goproxy_folder(run->arena, ret->proxy));
	ret->network = !goproxy_folder(run->arena, ret->proxy) || !ret->sums;
	const char *by =
		item->builder ? item->builder : arena_printf(run->arena, "go%s", run->go.version);
	ret->words = item->spec.tool->is_go
	                     ? arena_printf(run->arena, "%s", ret->proxy)
	                     : arena_printf(run->arena, "%s, built by %s", ret->proxy, by);
	if (streq(ret->proxy, "off")) {
		return err_set(err, -ENOENT,
		               "GOPROXY is off; --from names a proxy or a folder instead");
	}
	r = check_verifiable(run, item, ret, err);
	return r < 0 ? r : check_matrix(run, item, err);
}

int pin_source_find(struct pin_run *run, const struct pin_item *item, struct pin_source *ret,
                    struct err *err) {
	const char *from = run->options->from;
	*ret = (struct pin_source){.words = ""};
	from = from ? from : item->at_hand;
	if (!from || is_proxy_text(from)) {
		return find_built(run, item, from, NULL, ret, err);
	}
	char *cwd = realpath(from, NULL);
	if (!cwd) {
		return err_set(err, -errno, "'%s': %s", from, strerror(errno));
	}
	from = arena_strdup(run->arena, cwd);
	free(cwd);
	if (find_ready(run, item, from, ret)) {
		return 0;
	}
	const char *root = find_proxy(run, item, from);
	if (!root) {
		return err_set(err, -ENOENT, "'%s' holds neither %s nor %s/@v of a proxy", from,
		               item->spec.tool->programs[0], item->spec.tool->module);
	}
	const char *sums_dir = go_sum_in(run, root) ? root : from;
	return find_built(run, item, arena_printf(run->arena, "file://%s", root), sums_dir, ret,
	                  err);
}
