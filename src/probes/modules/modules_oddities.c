/* SPDX-License-Identifier: MIT
 */
#include "probes/modules/modules_oddities.h"

#include "base/path.h"
#include "base/str.h"
#include "gofile/importpath.h"

#include <strings.h>

#define C_LINES_MAX 2000 /* of a file that are searched for #cgo lines */

/* "sqlite3 zlib" of `#cgo [constraint] pkg-config: sqlite3 zlib`: cmd/cgo's documentation. */
static const char *pkg_config_of(struct arena *arena, struct slice text) {
	struct strbuf out;
	struct slice line;
	strbuf_init(&out, arena);
	for (int i = 0; i < C_LINES_MAX && slice_line(&text, &line); i++) {
		const char *s = slice_has(line, "#cgo") && slice_has(line, "pkg-config:")
		                        ? arena_slicedup(arena, line)
		                        : NULL;
		const char *names = s ? strstr(s, "pkg-config:") : NULL;
		if (names) {
			names += strlen("pkg-config:");
			strbuf_add(&out, out.len > 0 ? " " : "");
			strbuf_add(&out, names + strspn(names, " \t"));
		}
	}
	return out.data;
}

static void state_c(const struct modules_view *view, const struct modules_package *package,
                    const struct modules_site *site) {
	struct arena *arena = view->exam->arena;
	FACTS_ADD(view->exam->facts, cgo_use, package->c_ev, .dir = site->dir,
	          .import = site->import ? site->import->path : "", .file = package->c_file,
	          .line = package->c_line, .open = !site->import,
	          .pkg_config = pkg_config_of(arena, package->c_ev->bytes));
}

static void state_refused(const struct modules_view *view, const char *path, const char *what,
                          const struct evidence *ev, bool open) {
	struct file_stat st = world_stat(view->exam->world, path);
	FACTS_ADD(view->exam->facts, unreadable, ev, .path = path, .what = what,
	          .module_dir = view->file ? view->file->dir : "", .uid = st.exists ? st.uid : 0,
	          .mode = st.exists ? (int64_t)st.mode : 0, .open = open);
}

/* A directory beside the missing one whose name differs in case only, or NULL. */
static const char *case_sibling(struct exam *exam, const char *dir) {
	const char *parent = path_parent(exam->arena, dir);
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, parent, LOOK_CAP_DIR);
	struct slice rest = evidence_has_bytes(ev) ? ev->bytes : slice_of(NULL, 0);
	struct slice line;
	const char *name = path_base(dir);
	size_t n = strlen(name);
	while (slice_line(&rest, &line)) {
		bool fits = line.len == n + 2 && (line.data[0] == 'd' || line.data[0] == 'l') &&
		            strncasecmp(line.data + 2, name, n) == 0;
		if (fits && strncmp(line.data + 2, name, n) != 0) {
			return path_join(exam->arena, parent,
			                 arena_strndup(exam->arena, line.data + 2, n));
		}
	}
	return NULL;
}

static void state_name(const struct modules_view *view, const struct modules_package *package,
                       const struct modules_site *site) {
	struct exam *exam = view->exam;
	const struct modules_import *i = site->import;
	const char *fault = importpath_fault(exam->arena, i->path);
	bool there = world_stat(exam->world, site->dir).is_dir;
	if (fault && there) {
		FACTS_ADD(exam->facts, odd_path, i->ev, .path = site->dir, .what = "import",
		          .name = i->path, .file = i->file, .line = i->line, .text = fault);
		return;
	}
	const char *other = there || package->exists ? NULL : case_sibling(exam, site->dir);
	if (other) {
		FACTS_ADD(exam->facts, odd_path, i->ev, .path = site->dir, .what = "case",
		          .name = i->path, .there = other, .file = i->file, .line = i->line);
	}
}

void modules_oddities_state(const struct modules_view *view, const struct modules_package *package,
                            const struct modules_site *site) {
	const struct evidence *ev = package->ev;
	if (package->c_file) {
		state_c(view, package, site);
	}
	if (ev && ev->state == EV_DENIED) {
		state_refused(view, site->dir, "package", ev, !site->import);
	}
	struct file_stat at = package->refused_file ? world_stat(view->exam->world, site->dir)
	                                            : (struct file_stat){0};
	if (at.known && at.is_dir && !at.can_exec) {
		/* It can be listed and not entered: no file of it has an owner that could be known. */
		state_refused(view, site->dir, "package", package->refused_ev, !site->import);
	} else if (package->refused_file) {
		bool link = package->refused_ev->state == EV_ABSENT;
		state_refused(view, package->refused_file, link ? "dangling" : "file",
		              package->refused_ev, !site->import);
	}
	if (site->import) {
		state_name(view, package, site);
	}
}

static bool same_but_case(const char *path, const char *import) {
	size_t n = strlen(path);
	return n > 0 && strncasecmp(import, path, n) == 0 && strncmp(import, path, n) != 0 &&
	       (import[n] == '\0' || import[n] == '/');
}

bool modules_other_case(const struct modules_view *view, const struct modules_import *import) {
	for (size_t i = 0; i < view->main_count; i++) {
		const struct gomod *m = &view->mains[i]->mod;
		const char *there =
			m->module && same_but_case(m->module, import->path) ? m->module : NULL;
		for (size_t k = 0; k < m->require_count && !there; k++) {
			const char *path = m->requires[k].path;
			there = same_but_case(path, import->path) ? path : NULL;
		}
		if (there) {
			FACTS_ADD(view->exam->facts, odd_path, import->ev, .path = import->path,
			          .what = "case", .name = import->path, .there = there,
			          .file = import->file, .line = import->line,
			          .text = view->mains[i]->path);
			return true;
		}
	}
	return false;
}
