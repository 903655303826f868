/* SPDX-License-Identifier: MIT
 */
#include "probes/modules/modules_sums.h"

#include "base/str.h"

#define GAPS_MAX ((size_t)12) /* facts of one kind; the first few prove it */

void modules_sum_gap(struct modules_graph *graph, struct modules_root *root, const char *kind) {
	if (root->stated || graph->sum_gaps++ >= GAPS_MAX) {
		return;
	}
	root->stated = true;
	FACTS_ADD(graph->view->exam->facts, gosum_gap, NULL, .gosum = graph->gosum_path,
	          .module = root->sum_path, .version = root->sum_version, .kind = kind,
	          .in_cache = modules_root_present(graph, root), .gomod = root->gomod,
	          .line = root->line);
}

void modules_sum_absent(struct modules_graph *graph, struct modules_root *root) {
	if (root->stated || root->local || str_empty(root->dir) || graph->absent++ >= GAPS_MAX) {
		return;
	}
	root->stated = true;
	struct file_stat st = world_stat(graph->view->exam->world, root->dir);
	if (st.known && !st.exists) {
		FACTS_ADD(graph->view->exam->facts, mod_absent, st.ev, .module = root->sum_path,
		          .version = root->sum_version, .dir = root->dir, .gomod = root->gomod,
		          .line = root->line);
	}
}

void modules_sums_duplicates(const struct modules_graph *graph) {
	const struct modules_file *main = graph->view->mains[0];
	for (size_t i = 1; !graph->view->is_member && i < main->mod.require_count; i++) {
		const struct gomod_require *r = &main->mod.requires[i];
		const struct gomod_require *first = gomod_require_find(&main->mod, r->path);
		if (!first || first == r || streq(first->version, r->version)) {
			continue;
		}
		FACTS_ADD(graph->view->exam->facts, gomod_gap, main->ev, .gomod = main->path,
		          .kind = "duplicate", .module = r->path, .version = first->version,
		          .wanted = r->version, .file = main->path, .line = r->line,
		          .text = arena_printf(
				  graph->view->exam->arena,
				  "%s is required in line %d as %s and in line %d as %s", r->path,
				  first->line, first->version, r->line, r->version));
	}
}

/* Source: cmd/go/internal/modload/init.go, requirementsFromModFiles: such a requirement is ignored, so
 * go.mod must be updated, with a vendor directory too; in a workspace it counts. */
void modules_sums_excluded(const struct modules_graph *graph) {
	const struct modules_file *main = graph->view->mains[0];
	const struct gomod *mod = &main->mod;
	for (size_t i = 0; !graph->view->is_member && i < mod->exclude_count; i++) {
		const struct gomod_require *x = &mod->excludes[i];
		const struct gomod_require *r = gomod_require_find(mod, x->path);
		if (!r || !streq(r->version, x->version)) {
			continue;
		}
		FACTS_ADD(
			graph->view->exam->facts, gomod_gap, main->ev, .gomod = main->path,
			.kind = "excluded", .module = r->path, .version = r->version,
			.file = main->path, .line = r->line,
			.text = arena_printf(graph->view->exam->arena,
		                             "%s %s is required in line %d and excluded in line %d",
		                             r->path, r->version, r->line, x->line));
	}
}

void modules_sums_workspace(struct modules_graph *graph) {
	for (size_t i = 0; i < graph->count; i++) {
		struct modules_root *root = &graph->roots[i];
		if (root->local || root->stated || str_empty(root->dir) ||
		    modules_root_gomod(graph, root)->exists) {
			continue;
		}
		if (!root->has_gomod_sum) {
			modules_sum_gap(graph, root, "gomod");
		} else {
			modules_sum_absent(graph, root);
		}
	}
}
