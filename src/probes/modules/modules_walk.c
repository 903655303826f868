/* SPDX-License-Identifier: MIT
 * Source: cmd/go/internal/modload/import.go and load.go of Go 1.26: an import is looked for in the
 * main modules, then in the required modules whose path covers it, the longest first; each of
 * those must have its checksums.
 */
#include "probes/modules/modules_walk.h"

#include "base/path.h"
#include "base/str.h"
#include "gofile/goversion.h"
#include "gofile/semver.h"
#include "gofile/stdlist.h"
#include "probes/modules/modules_local.h"
#include "probes/modules/modules_oddities.h"
#include "probes/modules/modules_packages.h"
#include "probes/modules/modules_sums.h"

#define PRUNED_SINCE  "1.17" /* from here on go.mod lists all modules that packages come from */
#define GO_LINE_SINCE "1.21" /* from here on a go line binds those who require the module */
#define SEEN_SLOTS    ((size_t)4096)
#define SEEN_MAX      (SEEN_SLOTS / 2)
#define GAPS_MAX      ((size_t)12) /* facts of one kind; the first few prove it */
#define OWN_DIRS_MAX  ((size_t)100)

struct need {
	const char *import;
	const struct modules_import *site;
	const struct modules_root *by; /* the dependency whose package imports it; NULL: own code */
	bool open;                     /* the open file's package needs it, directly or not */
	struct need *next;
};

struct walk {
	struct modules_graph *graph;
	const struct modules_view *view;
	const struct modules_vendor *vendor;
	struct modules_reader reader;
	struct need *first, *last;
	const char **seen; /* open addressing by import path */
	size_t seen_count;
	size_t mod_gaps;
	bool open; /* the round in which the open file's package is followed */
};

static bool seen_before(struct walk *w, const char *import) {
	size_t h = 5381;
	for (const char *p = import; *p; p++) {
		h = h * 33 + (unsigned char)*p;
	}
	for (size_t i = h % SEEN_SLOTS;; i = (i + 1) % SEEN_SLOTS) {
		if (!w->seen[i]) {
			if (w->seen_count < SEEN_MAX) {
				w->seen[i] = import;
				w->seen_count++;
				return false;
			}
			return true;
		}
		if (streq(w->seen[i], import)) {
			return true;
		}
	}
}

static bool is_standard(const char *import) {
	const char *slash = strchr(import, '/');
	const char *dot = strchr(import, '.');
	bool dotted = dot && (!slash || dot < slash);
	return streq(import, "C") || (!dotted && stdlist_find(import)) ||
	       (!dotted && str_has(import, "internal"));
}

/* Tests beside the open file are not what it needs; they come in the second round. */
static void push(struct walk *w, const struct modules_package *package,
                 const struct modules_root *by) {
	for (const struct modules_import *i = package->imports; i; i = i->next) {
		bool side = str_ends(i->file, "_test.go") && !streq(i->file, w->view->open_file);
		if ((w->open && side) || i->path[0] == '.' || i->path[0] == '/' ||
		    is_standard(i->path) || seen_before(w, i->path)) {
			continue;
		}
		struct need *need = arena_new_of(w->view->exam->arena, struct need);
		*need = (struct need){.import = i->path, .site = i, .by = by, .open = w->open};
		if (w->last) {
			w->last->next = need;
		} else {
			w->first = need;
		}
		w->last = need;
	}
}

static void state_mod_gap(struct walk *w, const struct need *need, const char *kind,
                          const struct modules_root *root, const char *wanted, const char *local,
                          const char *text) {
	if (w->mod_gaps++ >= GAPS_MAX) {
		return;
	}
	const struct modules_file *main = w->view->mains[0];
	const struct modules_file *file = w->view->file ? w->view->file : main;
	FACTS_ADD(w->view->exam->facts, gomod_gap, root ? file->ev : need->site->ev,
	          .gomod = root ? root->gomod : file->path, .kind = kind, .import = need->import,
	          .module = root ? root->path : "", .version = root ? root->version : "",
	          .wanted = wanted, .local = local, .text = text, .file = need->site->file,
	          .line = need->site->line);
}

static const char *main_go(const struct walk *w) {
	const struct modules_view *view = w->view;
	return view->is_member ? view->work.go_version : view->mains[0]->mod.go_version;
}

/* Requirements of a dependency that the one main module's go.mod must meet. */
static void check_requirements(struct walk *w, const struct need *need, struct modules_root *root) {
	struct arena *arena = w->view->exam->arena;
	const char *main_line = main_go(w);
	if (w->view->is_member || !w->graph->sums_needed) {
		return;
	}
	const struct modules_file *file = modules_root_gomod(w->graph, root);
	if (!file->exists) {
		return;
	}
	const char *go = file->mod.go_version;
	bool counts = go && goversion_compare(go, GO_LINE_SINCE) >= 0;
	if (counts && goversion_minor(go) > w->reader.ctx.go_minor) {
		state_mod_gap(w, need, "newer_go", root, go, "",
		              arena_printf(arena, "%s wants Go %s", file->path, go));
	} else if (counts && goversion_compare(go, main_line) > 0) {
		state_mod_gap(w, need, "go", root, go, "",
		              arena_printf(arena, "%s %s has the go line %s, go.mod has %s",
		                           root->path, root->version, go,
		                           main_line ? main_line : "none"));
	}
	if (goversion_compare(main_line, PRUNED_SINCE) < 0) {
		return;
	}
	for (size_t i = 0; i < file->mod.require_count; i++) {
		const struct gomod_require *r = &file->mod.requires[i];
		for (size_t k = 0; k < w->graph->count; k++) {
			struct modules_root *low = &w->graph->roots[k];
			if (streq(low->path, r->path) &&
			    semver_compare(low->version, r->version) < 0 && !low->stated) {
				low->stated = true;
				state_mod_gap(w, need, "version", low, r->version, "",
				              arena_printf(arena, "%s %s requires %s %s, go.mod %s",
				                           root->path, root->version, r->path,
				                           r->version, low->version));
			}
		}
	}
}

/* A version nobody published: go.work or a replace must provide the module. */
static bool is_placeholder(const char *version) {
	return str_starts(version, "v0.0.0") || str_has(version, "-00010101000000-");
}

static const char *package_dir(struct arena *arena, const char *module_dir, const char *module,
                               const char *import) {
	const char *rest = import + strlen(module);
	return *rest == '/' ? path_join(arena, module_dir, rest + 1) : module_dir;
}

/* A file that is left out and declares names others may use; a rule compares them with what the
 * compiler misses. */
static void state_excluded_file(struct walk *w, const struct modules_package *package) {
	FACTS_ADD(w->view->exam->facts, excluded, package->excluded_ev,
	          .path = package->excluded_file, .what = "file", .name = package->excluded_names,
	          .reason = modules_exclusion_reason(&package->why), .tag = package->why.tag,
	          .expression = package->why.expression, .line = package->why.line,
	          .file = package->excluded_file);
}

/* A package of the user's own modules: is it there, and does the build take any of its files? */
static void visit_own(struct walk *w, const struct need *need, const struct modules_file *main) {
	struct exam *exam = w->view->exam;
	const char *dir = package_dir(exam->arena, main->dir, main->mod.module, need->import);
	struct modules_package package = modules_package_read(&w->reader, dir, false);
	const char *nested = modules_local_between(w->view, main->dir, dir);
	if (need->open) {
		struct modules_site site = {.import = need->site, .dir = dir};
		modules_oddities_state(w->view, &package, &site);
	}
	if (nested) {
		state_mod_gap(w, need, "local", NULL, "", nested,
		              "the directory is a module of its own");
		return;
	}
	if (package.known && package.exists && package.included == 0 && package.excluded_file) {
		if (need->open) {
			FACTS_ADD(exam->facts, excluded, package.ev, .path = dir, .what = "package",
			          .import = need->import,
			          .reason = modules_exclusion_reason(&package.why),
			          .tag = package.why.tag, .expression = package.why.expression,
			          .line = package.why.line, .file = package.excluded_file);
		}
		return;
	}
	if (need->open && !need->by && package.excluded_file) {
		state_excluded_file(w, &package);
	}
	push(w, &package, NULL);
}

/* go.mod names every module this one requires, so none of its imports can lack a requirement. */
static bool requirements_listed(struct walk *w, const struct modules_root *root) {
	const struct modules_file *file = modules_root_gomod(w->graph, root);
	for (size_t i = 0; file->exists && i < file->mod.require_count; i++) {
		const char *path = file->mod.requires[i].path;
		if (!modules_graph_find(w->graph, path) && !modules_owner(w->view, path)) {
			return false;
		}
	}
	return file->exists;
}

/* A package of a required module whose files are there; false when that module has no such
 * package. */
static bool visit_root(struct walk *w, const struct need *need, struct modules_root *root) {
	const char *dir = package_dir(w->view->exam->arena, root->dir, root->path, need->import);
	if (modules_graph_complete(w->graph) && requirements_listed(w, root)) {
		/* Whatever it imports is there: one look at the directory will do. */
		if (world_stat(w->view->exam->world, dir).is_dir) {
			check_requirements(w, need, root);
			return true;
		}
		return false;
	}
	struct modules_package package = modules_package_read(&w->reader, dir, false);
	if (package.known && !package.exists) {
		return false;
	}
	check_requirements(w, need, root);
	push(w, &package, root);
	return true;
}

/* A dependency of this one requires a module that covers the import, and go.mod does not. */
static const struct gomod_require *required_by(struct walk *w, const struct need *need) {
	const struct gomod_require *best = NULL;
	if (!need->by) {
		return NULL;
	}
	const struct modules_file *file = modules_root_gomod(w->graph, need->by);
	for (size_t i = 0; file->exists && i < file->mod.require_count; i++) {
		const struct gomod_require *r = &file->mod.requires[i];
		if (modules_covers(r->path, need->import) &&
		    (!best || strlen(r->path) > strlen(best->path))) {
			best = r;
		}
	}
	return best;
}

/* A replace by a directory covers the import, and no requirement names its module. */
static bool is_only_replaced(const struct walk *w, const char *import) {
	for (size_t i = 0; i < w->view->main_count; i++) {
		const struct gomod *mod = &w->view->mains[i]->mod;
		for (size_t k = 0; k < mod->replace_count; k++) {
			if (str_empty(mod->replaces[k].new_version) &&
			    modules_covers(mod->replaces[k].old_path, import)) {
				return true;
			}
		}
	}
	return false;
}

/* Only the standard library has packages without a dot in their first element: no requirement could provide another one, and
 * the import is a slip of the user's. Source: go.dev/ref/mod, "Module paths". */
static bool may_be_required(const char *import) {
	return memchr(import, '.', strcspn(import, "/")) != NULL;
}

static void visit_unprovided(struct walk *w, const struct need *need, struct modules_root *wrong) {
	struct arena *arena = w->view->exam->arena;
	if (!wrong && !need->by && is_only_replaced(w, need->import)) {
		if (need->open && w->graph->sums_needed) { /* -mod=mod adds the requirement */
			state_mod_gap(w, need, "missing", NULL, "", "",
			              "its module is replaced and not required");
		}
		return;
	}
	bool beside = !wrong || is_placeholder(wrong->version);
	bool replaced = wrong && wrong->local;
	const char *local = replaced ? NULL : modules_local_provider(w->view, need->import, beside);
	if (local) {
		if (need->open) {
			state_mod_gap(
				w, need, "local", wrong, "", local,
				"a module of its own that neither go.work nor a replace names");
		}
	} else if (wrong) {
		bool empty = wrong->local && !modules_root_gomod(w->graph, wrong)->exists;
		if (need->open && !empty) {
			state_mod_gap(w, need, "absent_package", wrong, "", "",
			              arena_printf(arena, "%s %s has no package %s", wrong->path,
			                           wrong->version, need->import));
		}
	} else if (!need->by) {
		if (need->open && may_be_required(need->import) &&
		    !modules_other_case(w->view, need->site)) {
			state_mod_gap(w, need, "missing", NULL, "", "",
			              "no requirement provides this package");
		}
	} else if (goversion_compare(main_go(w), PRUNED_SINCE) >= 0 && !w->view->is_member) {
		const struct gomod_require *r = required_by(w, need);
		if (r) {
			state_mod_gap(w, need, "indirect", NULL,
			              arena_printf(arena, "%s %s", r->path, r->version), "",
			              arena_printf(arena, "only %s %s requires %s %s",
			                           need->by->path, need->by->version, r->path,
			                           r->version));
		}
	}
}

/* The first covering module that has the package decides, or that cannot be looked into. */
static void visit_required(struct walk *w, const struct need *need) {
	struct modules_root *without = NULL;
	struct modules_root *root = modules_graph_next(w->graph, need->import, NULL);
	for (; root; root = modules_graph_next(w->graph, need->import, root)) {
		bool present = modules_root_present(w->graph, root);
		root->reached = root->reached || need->open;
		if (present && need->open && modules_graph_mismatch(w->graph, root)) {
			modules_sum_gap(w->graph, root, "mismatch");
			return;
		}
		if (present && root->has_zip_sum && root->has_gomod_sum) {
			if (visit_root(w, need, root)) {
				return;
			}
			without = without ? without : root;
			continue;
		}
		bool beside = is_placeholder(root->version);
		if (!present && !root->local &&
		    modules_local_provider(w->view, need->import, beside)) {
			without = root;
			break;
		}
		if (!need->open) {
			return;
		}
		if (!root->has_zip_sum) {
			modules_sum_gap(w->graph, root, "zip");
		} else if (!root->has_gomod_sum) {
			modules_sum_gap(w->graph, root, "gomod");
		} else {
			modules_sum_absent(w->graph, root);
		}
		if (present) {
			visit_root(w, need, root);
		}
		return;
	}
	visit_unprovided(w, need, without);
}

static void visit(struct walk *w, const struct need *need) {
	const struct modules_file *owner = modules_owner(w->view, need->import);
	if (owner) {
		visit_own(w, need, owner);
	} else if (w->vendor->used) {
		if (!w->vendor->gaps && need->open && !need->by) {
			modules_vendor_import(w->view, w->vendor, need->import);
		}
	} else {
		visit_required(w, need);
	}
}

static void drain(struct walk *w) {
	while (w->first && !w->reader.cut) {
		struct need *need = w->first;
		w->first = need->next;
		w->last = w->first ? w->last : NULL;
		visit(w, need);
	}
}

/* As before there were modules: a file below GOPATH/src, with no go.mod above it, imports what lies
 * below GOPATH/src too (go help gopath; gopls gives such a folder a view of that kind). */
static bool in_gopath(const struct walk *w, const char *import) {
	const struct exam *exam = w->view->exam;
	struct slice list = slice_str(facts_govar_value(exam->facts, "GOPATH"));
	struct slice one;
	bool inside = false;
	bool found = false;
	if (streq(facts_govar_value(exam->facts, "GO111MODULE"), "on")) {
		return false;
	}
	while (slice_cut(&list, ':', &one)) {
		const char *src = path_join(exam->arena, arena_slicedup(exam->arena, one), "src");
		const char *dir = path_join(exam->arena, src, import);
		inside = inside || path_below(w->view->file_dir, src);
		found = found || world_stat(exam->world, dir).is_dir;
	}
	return inside && found;
}

static const char *class_of(struct walk *w, const char *import, const char **ret_module,
                            const char **ret_version) {
	*ret_module = "";
	*ret_version = "";
	if (is_standard(import)) {
		return "std";
	}
	const struct modules_file *owner = modules_owner(w->view, import);
	if (owner || import[0] == '.') {
		*ret_module = owner ? owner->mod.module : "";
		return "own";
	}
	const struct modules_root *root = modules_graph_next(w->graph, import, NULL);
	if (root) {
		*ret_module = root->path;
		*ret_version = root->version;
		return w->vendor->used ? "vendored" : root->local ? "replaced" : "required";
	}
	return w->view->main_count > 0 ? "unknown"
	       : in_gopath(w, import)  ? "own"
	                               : "nonstd_missing";
}

static void state_imports(struct walk *w, const struct modules_package *package) {
	for (const struct modules_import *i = package->imports; i; i = i->next) {
		if (!streq(i->file, w->view->open_file)) {
			continue;
		}
		const char *module = "";
		const char *version = "";
		const char *class = class_of(w, i->path, &module, &version);
		if (streq(class, "std")) {
			continue;
		}
		FACTS_ADD(w->view->exam->facts, file_import, i->ev, .path = i->path,
		          .file = i->file, .line = i->line, .class = class, .module = module,
		          .version = version);
	}
}

/* The other packages of the module count only for what stops the whole load. */
static void walk_others(struct walk *w) {
	struct exam *exam = w->view->exam;
	const struct modules_file *main = w->view->file;
	struct slice rest = modules_local_walk(exam, main->dir);
	struct slice line;
	const char *last = "";
	size_t dirs = 0;
	while (slice_line(&rest, &line) && dirs < OWN_DIRS_MAX && !w->reader.cut) {
		if (!slice_starts(line, "go ")) {
			continue;
		}
		const char *file =
			arena_strndup(exam->arena, line.data + 3, line.len - strlen("go "));
		const char *dir = path_parent(exam->arena, file);
		if (streq(dir, last) || streq(dir, w->view->file_dir) ||
		    modules_local_between(w->view, main->dir, dir)) {
			continue;
		}
		last = dir;
		dirs++;
		struct modules_package package = modules_package_read(&w->reader, dir, true);
		push(w, &package, NULL);
		drain(w);
	}
}

void modules_walk(struct modules_graph *graph, const struct modules_vendor *vendor) {
	struct exam *exam = graph->view->exam;
	struct walk w = {.graph = graph, .view = graph->view, .vendor = vendor, .open = true};
	if (!graph->view->open_file) {
		return;
	}
	w.seen = arena_array_of(exam->arena, const char *, SEEN_SLOTS);
	modules_reader_init(&w.reader, exam);
	struct modules_package package =
		modules_package_read(&w.reader, graph->view->file_dir, true);
	state_imports(&w, &package);
	modules_oddities_state(graph->view, &package,
	                       &(struct modules_site){.dir = graph->view->file_dir});
	if (package.excluded_file && !streq(package.excluded_file, graph->view->open_file)) {
		state_excluded_file(&w, &package);
	}
	if (graph->view->main_count == 0) {
		return;
	}
	if (graph->sums_needed) {
		modules_sums_duplicates(graph);
	}
	modules_sums_excluded(graph);
	push(&w, &package, NULL);
	drain(&w);
	if (graph->view->is_member && graph->sums_needed) {
		modules_sums_workspace(graph);
	}
	if (graph->view->file && !vendor->used && !graph->view->is_member && graph->count > 0 &&
	    graph->sums_needed) {
		w.open = false;
		push(&w, &package, NULL);
		drain(&w);
		walk_others(&w);
	}
}
