/* SPDX-License-Identifier: MIT
 */
#include "probes/modules/modules_graph.h"

#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"
#include "gofile/semver.h"
#include "probes/modules/git_memory.h"

#include <stdlib.h>

const char *modules_escape(struct arena *arena, const char *text) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (const char *p = text; *p; p++) {
		if (*p >= 'A' && *p <= 'Z') {
			strbuf_add_char(&out, '!');
			strbuf_add_char(&out, (char)(*p - 'A' + 'a'));
		} else {
			strbuf_add_char(&out, *p);
		}
	}
	return out.data;
}

static int by_path_and_version(const void *a, const void *b) {
	const struct modules_root *x = a;
	const struct modules_root *y = b;
	int by_path = strcmp(x->path, y->path);
	return by_path != 0 ? by_path : semver_compare(y->version, x->version);
}

static bool is_main(const struct modules_view *view, const char *path) {
	for (size_t i = 0; i < view->main_count; i++) {
		if (view->mains[i]->mod.module && streq(view->mains[i]->mod.module, path)) {
			return true;
		}
	}
	return false;
}

/* All requirements, the highest version of each path, sorted. */
static void collect_roots(struct modules_graph *graph) {
	const struct modules_view *view = graph->view;
	size_t slots = 0;
	for (size_t i = 0; i < view->main_count; i++) {
		const struct gomod *mod = &view->mains[i]->mod;
		for (size_t k = 0; k < mod->require_count && graph->count < MODULES_ROOTS_MAX;
		     k++) {
			const struct gomod_require *r = &mod->requires[k];
			if (is_main(view, r->path)) {
				continue;
			}
			VEC_ROOM(view->exam->arena, graph->roots, graph->count, &slots);
			graph->roots[graph->count++] =
				(struct modules_root){.path = r->path,
			                              .version = r->version,
			                              .gomod = view->mains[i]->path,
			                              .line = r->line,
			                              .indirect = r->indirect};
		}
	}
	if (graph->count < 2) {
		return;
	}
	qsort(graph->roots, graph->count, sizeof(*graph->roots), by_path_and_version);
	size_t kept = 1;
	for (size_t i = 1; i < graph->count; i++) {
		if (!streq(graph->roots[i].path, graph->roots[kept - 1].path)) {
			graph->roots[kept++] = graph->roots[i];
		}
	}
	graph->count = kept;
}

static void place_root(struct modules_graph *graph, struct modules_root *root) {
	const struct modules_view *view = graph->view;
	struct arena *arena = view->exam->arena;
	const char *dir = NULL;
	const char *file = NULL;
	const struct modfile_replace *r =
		modules_replacement(view, root->path, root->version, &dir, &file);
	root->sum_path = root->path;
	root->sum_version = root->version;
	if (r && str_empty(r->new_version)) {
		root->local = true;
		root->sum_version = "";
		root->dir = path_clean(arena, path_join(arena, dir, r->new_path));
		return;
	}
	if (r) {
		root->sum_path = r->new_path;
		root->sum_version = r->new_version;
	}
	root->dir = view->gomodcache[0] != '/'
	                    ? ""
	                    : arena_printf(arena, "%s/%s@%s", view->gomodcache,
	                                   modules_escape(arena, root->sum_path),
	                                   modules_escape(arena, root->sum_version));
}

static bool has_sum(const struct modules_graph *graph, const struct modules_root *root,
                    bool is_gomod) {
	for (size_t i = 0; i < graph->sum_count; i++) {
		if (gosum_has(&graph->sums[i], root->sum_path, root->sum_version, is_gomod)) {
			return true;
		}
	}
	return false;
}

static void read_sum(struct modules_graph *graph, const char *path, bool optional) {
	struct exam *exam = graph->view->exam;
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, LOOK_CAP_MODULE);
	bool exists = evidence_has_bytes(ev);
	graph->sum_paths[graph->sum_count] = path;
	struct gosum *sum = &graph->sums[graph->sum_count++];
	*sum = gosum_parse(exam->arena, exists ? ev->bytes : slice_of(NULL, 0));
	graph->gosum_known = graph->gosum_known && (exists || ev->state == EV_ABSENT) &&
	                     ev->state != EV_TRUNCATED && !sum->truncated;
	if (ev->state == EV_DENIED) {
		struct file_stat st = world_stat(exam->world, path);
		FACTS_ADD(exam->facts, unreadable, ev, .path = path, .what = "file",
		          .module_dir = path_parent(exam->arena, path), .uid = st.uid,
		          .mode = (int64_t)st.mode, .open = true);
	}
	if (!exists && optional) {
		return;
	}
	FACTS_ADD(exam->facts, gosum, ev, .path = path, .exists = exists,
	          .error_line = sum->malformed_line, .conflict_line = sum->conflict_line,
	          .ignored_by_git = git_ignores_gosum(exam, path_parent(exam->arena, path)),
	          .in_git = !exists && git_has(exam, path));
}

void modules_graph_init(struct modules_graph *graph, const struct modules_view *view,
                        bool vendored) {
	struct arena *arena = view->exam->arena;
	*graph = (struct modules_graph){.view = view, .gosum_known = true};
	collect_roots(graph);
	graph->sums_needed = !vendored && view->flag != MODULES_FLAG_MOD;
	if (view->main_count == 0) {
		return;
	}
	if (!vendored) {
		for (size_t i = 0; i < view->main_count; i++) {
			read_sum(graph, path_join(arena, view->mains[i]->dir, "go.sum"),
			         graph->count == 0 || view->is_member);
		}
	}
	graph->gosum_path =
		path_join(arena, view->file ? view->file->dir : view->mains[0]->dir, "go.sum");
	if (view->is_member && !vendored) {
		read_sum(graph, path_join(arena, view->work_dir, "go.work.sum"), true);
	}
	for (size_t i = 0; i < graph->count; i++) {
		struct modules_root *root = &graph->roots[i];
		place_root(graph, root);
		bool exempt = root->local || vendored || !graph->gosum_known;
		root->has_zip_sum = exempt || has_sum(graph, root, false);
		root->has_gomod_sum = exempt || has_sum(graph, root, true);
	}
}

struct modules_root *modules_graph_next(struct modules_graph *graph, const char *import,
                                        const struct modules_root *from) {
	struct modules_root *best = NULL;
	size_t limit = from ? strlen(from->path) : (size_t)-1;
	for (size_t i = 0; i < graph->count; i++) {
		struct modules_root *r = &graph->roots[i];
		size_t n = strlen(r->path);
		if (n < limit && modules_covers(r->path, import) &&
		    (!best || n > strlen(best->path))) {
			best = r;
		}
	}
	return best;
}

bool modules_root_present(struct modules_graph *graph, struct modules_root *root) {
	if (!str_empty(root->dir) && !root->present) {
		root->present = world_stat(graph->view->exam->world, root->dir).is_dir;
	}
	return root->present;
}

const struct modules_root *modules_graph_find(const struct modules_graph *graph, const char *path) {
	for (size_t i = 0; i < graph->count; i++) {
		if (streq(graph->roots[i].path, path)) {
			return &graph->roots[i];
		}
	}
	return NULL;
}

const char *modules_graph_ziphash(const struct modules_graph *graph,
                                  const struct modules_root *root) {
	struct exam *exam = graph->view->exam;
	const char *path =
		arena_printf(exam->arena, "%s/cache/download/%s/@v/%s.ziphash",
	                     graph->view->gomodcache, modules_escape(exam->arena, root->sum_path),
	                     modules_escape(exam->arena, root->sum_version));
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, LOOK_CAP_SMALL);
	return evidence_has_bytes(ev) ? arena_slicedup(exam->arena, slice_trim(ev->bytes)) : NULL;
}

bool modules_graph_mismatch(const struct modules_graph *graph, const struct modules_root *root) {
	if (root->local || !graph->sums_needed || str_empty(root->dir)) {
		return false;
	}
	const char *hash = modules_graph_ziphash(graph, root);
	if (!hash || !str_starts(hash, "h1:")) {
		return false;
	}
	bool any = false;
	for (size_t s = 0; s < graph->sum_count; s++) {
		for (size_t i = 0; i < graph->sums[s].count; i++) {
			const struct gosum_entry *e = &graph->sums[s].entries[i];
			if (e->is_gomod || !slice_starts(e->hash, "h1:") ||
			    !slice_eq(e->path, root->sum_path) ||
			    !slice_eq(e->version, root->sum_version)) {
				continue;
			}
			if (slice_eq(e->hash, hash)) {
				return false;
			}
			any = true;
			if (!graph->view->is_member) {
				return true; /* go stops at the first */
			}
		}
	}
	return any;
}

const char *modules_graph_sum(const struct modules_graph *graph, const struct modules_root *root,
                              bool is_gomod) {
	for (size_t s = 0; s < graph->sum_count; s++) {
		for (size_t i = 0; i < graph->sums[s].count; i++) {
			const struct gosum_entry *e = &graph->sums[s].entries[i];
			if (e->is_gomod == is_gomod && slice_starts(e->hash, "h1:") &&
			    slice_eq(e->path, root->sum_path) &&
			    slice_eq(e->version, root->sum_version)) {
				return arena_slicedup(graph->view->exam->arena, e->hash);
			}
		}
	}
	return "";
}

bool modules_graph_complete(struct modules_graph *graph) {
	if (graph->complete == 0) {
		graph->complete = 1;
		for (size_t i = 0; i < graph->count && graph->complete > 0; i++) {
			struct modules_root *r = &graph->roots[i];
			if (!r->has_zip_sum || !r->has_gomod_sum ||
			    !modules_root_present(graph, r)) {
				graph->complete = -1;
			}
		}
	}
	return graph->complete > 0;
}

struct modules_file *modules_root_gomod(struct modules_graph *graph,
                                        const struct modules_root *root) {
	struct exam *exam = graph->view->exam;
	struct modules_file *file = arena_new_of(exam->arena, struct modules_file);
	if (root->local) {
		return modules_file_read(exam, root->dir);
	}
	if (str_empty(root->dir)) {
		return file;
	}
	file->path =
		arena_printf(exam->arena, "%s/cache/download/%s/@v/%s.mod", graph->view->gomodcache,
	                     modules_escape(exam->arena, root->sum_path),
	                     modules_escape(exam->arena, root->sum_version));
	file->ev = world_look(exam->world, LOOK_FILE, file->path, LOOK_CAP_MODULE);
	file->exists = evidence_has_bytes(file->ev);
	if (file->exists) {
		file->mod = gomod_parse(exam->arena, file->ev->bytes);
	}
	return file;
}
