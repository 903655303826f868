/* SPDX-License-Identifier: MIT
 * The module files: which are in force, and what in them go will refuse or miss.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "gofile/gomod.h"
#include "probes/modules/modules_options.h"
#include "probes/modules/modules_walk.h"

#define REPLACES_MAX 64

static const char *dependency_error(struct arena *arena, const struct modules_file *file) {
	struct modfile_error e = gomod_dependency_error(arena, file->ev->bytes);
	return e.kind == MODFILE_ERROR_NONE ? ""
	                                    : arena_printf(arena, "line %d: %s", e.line, e.message);
}

/* What people write, and what go mod tidy writes (module.ZeroPseudoVersion of golang.org/x/mod),
 * for a module that is had from a replacement alone. */
static bool stands_for_replacement(const char *version) {
	return streq(version, "v0.0.0") || str_ends(version, "-00010101000000-000000000000");
}

static void state_target(const struct modules_view *view, struct modules_graph *graph,
                         const struct modfile_replace *r, const char *dir, const char *file,
                         const struct evidence *ev) {
	struct exam *exam = view->exam;
	if (!str_empty(r->new_version)) {
		return;
	}
	const char *target = path_clean(exam->arena, path_join(exam->arena, dir, r->new_path));
	struct file_stat st = world_stat(exam->world, target);
	const struct modules_file *mod = modules_file_read(exam, target);
	const struct modules_root *root = modules_graph_find(graph, r->old_path);
	bool needed = root && root->reached && root->local && streq(root->dir, target);
	if (needed && modules_view_is_refused(view, target)) {
		return;
	}
	if (!st.known || (mod->ev->state != EV_READ && mod->ev->state != EV_ABSENT && st.is_dir)) {
		return;
	}
	const char *error = mod->exists ? dependency_error(exam->arena, mod) : "";
	FACTS_ADD(exam->facts, replace_target, ev, .file = file, .line = r->line,
	          .module = r->old_path, .version = r->old_version, .target = target,
	          .written = r->new_path, .exists = st.is_dir, .has_gomod = mod->exists,
	          .needed = needed, .error = error,
	          .placeholder = root && stands_for_replacement(root->version));
	if (needed && mod->exists && !str_empty(error)) {
		FACTS_ADD(exam->facts, gomod, mod->ev, .path = mod->path, .role = "replaced",
		          .module = mod->mod.module, .go = mod->mod.go_version,
		          .has_module = mod->mod.has_module, .empty = mod->mod.empty,
		          .conflict_line = mod->mod.conflict_line,
		          .error_line = mod->mod.error.line, .error = error);
	}
}

static void state_replaces(const struct modules_view *view, struct modules_graph *graph) {
	size_t count = 0;
	if (view->is_member) {
		for (size_t i = 0; i < view->work.replace_count && count++ < REPLACES_MAX; i++) {
			state_target(view, graph, &view->work.replaces[i], view->work_dir,
			             view->work_path, view->work_ev);
		}
	}
	for (size_t m = 0; m < view->main_count; m++) {
		const struct modules_file *f = view->mains[m];
		for (size_t i = 0; i < f->mod.replace_count && count++ < REPLACES_MAX; i++) {
			state_target(view, graph, &f->mod.replaces[i], f->dir, f->path, f->ev);
		}
	}
}

/* go stops at such a file, so nothing behind it is a fault of its own. */
static bool readable(const struct modules_view *view) {
	for (size_t i = 0; i < view->main_count; i++) {
		const struct gomod *m = &view->mains[i]->mod;
		if (m->error.kind != MODFILE_ERROR_NONE || m->loose_version_line > 0) {
			return false;
		}
	}
	return view->work.error.kind == MODFILE_ERROR_NONE || !view->is_member;
}

static int look(struct exam *exam, struct err *err) {
	struct modules_view *view = arena_new_of(exam->arena, struct modules_view);
	struct modules_graph *graph = arena_new_of(exam->arena, struct modules_graph);
	struct modules_vendor vendor;
	(void)err;
	modules_view_init(view, exam);
	modules_view_state(view);
	modules_options_state(view);
	if (view->modules_off || view->other_modfile || !readable(view)) {
		return 0;
	}
	modules_vendor_state(view, &vendor);
	modules_graph_init(graph, view, vendor.used);
	modules_walk(graph, &vendor);
	if (!vendor.used) {
		state_replaces(view, graph);
		exam->modules = graph;
	}
	return 0;
}

const struct probe probe_modules = {
	.id = "modules",
	.title = "go.mod, go.work, go.sum, vendor and what imports need of them",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(gomod) | FACT_BIT(gowork) | FACT_BIT(work_use) | FACT_BIT(work_member) |
                  FACT_BIT(replace_target) | FACT_BIT(vendor) | FACT_BIT(vendor_gap) |
                  FACT_BIT(gosum) | FACT_BIT(gosum_gap) | FACT_BIT(gomod_gap) |
                  FACT_BIT(mod_absent) | FACT_BIT(excluded) | FACT_BIT(file_import) |
                  FACT_BIT(mod_flag) | FACT_BIT(dir_filter) | FACT_BIT(cgo_use) |
                  FACT_BIT(odd_path) | FACT_BIT(unreadable),
	.look = look,
};
