/* SPDX-License-Identifier: MIT
 * `dialtone settings --bisect`: which key breaks the server? In each trial some of the keys are taken out of the files.
 */
#include "base/str.h"
#include "cmd/bisect.h"
#include "cmd/failure.h"
#include "cmd/rehearse.h"
#include "cmd/settings.h"
#include "wire/jsonc_edit.h"

#include <stdlib.h>

#define DEPTH_MAX 3 /* "gopls", "build.env", "GOFLAGS" */

struct key {
	const struct layer *layer;
	const char *path[DEPTH_MAX +
	                 2]; /* with "settings" before it in a window's file; NULL-terminated */
	size_t line;
};

struct run {
	struct settings_view *view;
	struct arena *arena;
	struct element *elements;
	struct key *keys; /* of the same number */
	size_t count;
	struct condition condition;
	const char *remark;
};

/* ---- the keys ---- */

static bool is_ours(const char *key) {
	return str_starts(key, "go.") || str_starts(key, "gopls") || str_starts(key, "[go");
}

static unsigned weight_of(const char *name) {
	if (str_has(name, "toolsEnvVars.") || str_has(name, "build.env.")) {
		return variable_weight(strrchr(name, '.') + 1);
	}
	return STR_IN(name, "go.goroot", "go.gopath", "go.toolsGopath", "go.languageServerFlags",
	              "go.useLanguageServer", "go.buildFlags", "go.goplsOptions") ||
	                       str_has(name, "alternateTools") || str_has(name, "buildFlags") ||
	                       str_has(name, "directoryFilters")
	               ? 40
	       : str_starts(name, "gopls") ? 20
	                                   : 5;
}

static struct jsonc_edit without(struct run *run, struct slice text, const struct key *key,
                                 int *ret) {
	struct jsonc_edit edit = {.text = text};
	struct err err;

	*ret = jsonc_edit_unset(run->arena, text, key->path, &edit, &err);
	return edit;
}

static void add_key(struct run *run, const struct key *key, const char *name,
                    const struct jsonc_node *node) {
	int r;

	if (run->count == SUBSET_MAX) {
		return;
	}
	(void)without(run, key->layer->ev->bytes, key, &r);
	if (r < 0) {
		run->remark = arena_printf(run->arena, "%s was left as it is: %s", key->layer->file,
		                           "there is a mistake in it.");
		return;
	}
	run->keys[run->count] = *key;
	run->elements[run->count] = (struct element){.kind = ELEMENT_SETTING,
	                                             .name = name,
	                                             .bad = jsonc_to_json(run->arena, node),
	                                             .weight = weight_of(name),
	                                             .at = run->count,
	                                             .file = key->layer->file};
	run->count++;
}

/* Members of objects are keys of their own. */
static void add_members(struct run *run, struct key key, size_t depth, const char *name,
                        const struct jsonc_node *node, size_t most) {
	if (node->type != JSONC_OBJECT || !node->first_child || most == 0) {
		key.line = node->key_place.line;
		add_key(run, &key, name, node);
		return;
	}
	for (const struct jsonc_node *m = node->first_child; m; m = m->next) {
		if (!m->duplicate_of) {
			key.path[depth] = m->key;
			add_members(run, key, depth + 1,
			            arena_printf(run->arena, "%s.%s", name, m->key),
			            m->winner ? m->winner : m, most - 1);
		}
	}
}

static void find_keys(struct run *run) {
	const struct layers *layers = &run->view->layers;

	for (size_t i = 0; i < layers->count; i++) {
		const struct layer *l = &layers->items[i];
		size_t depth = l->kind == LAYER_WORKSPACE ? 1 : 0;

		if (!l->root || l->kind == LAYER_DEVCONTAINER ||
		    !layer_counts(layers, l, run->arena, &run->view->where)) {
			continue;
		}
		for (const struct jsonc_node *m = l->root->first_child; m; m = m->next) {
			struct key key = {.layer = l, .path = {"settings"}};

			if (is_ours(m->key) && !m->duplicate_of) {
				key.path[depth] = m->key;
				add_members(run, key, depth + 1, m->key, m->winner ? m->winner : m,
				            DEPTH_MAX - 1);
			}
		}
	}
}

/* The most suspected first; keys stay beside their elements by `at`. */
static int by_weight(const void *a, const void *b) {
	const struct element *x = a, *y = b;

	if (x->weight != y->weight) {
		return x->weight > y->weight ? -1 : 1;
	}
	return x->at < y->at ? -1 : x->at > y->at;
}

/* ---- trials ---- */

/* Each file without those of its keys that are not in the set. */
static void give(void *context, const struct subset *set, struct trial_wish *ret) {
	struct run *run = context;
	const struct layers *layers = &run->view->layers;
	struct trial_file *files = arena_array_of(run->arena, struct trial_file, layers->count);

	for (size_t l = 0; l < layers->count; l++) {
		const struct layer *layer = &layers->items[l];
		struct slice text = layer->ev->bytes;
		bool changed = false;

		for (size_t i = 0; i < run->count; i++) {
			const struct key *key = &run->keys[run->elements[i].at];
			int r;

			if (key->layer == layer && !subset_has(set, i)) {
				text = without(run, text, key, &r).text;
				changed = true;
			}
		}
		if (changed) {
			files[ret->file_count++] =
				(struct trial_file){.path = layer->file, .bytes = text};
		}
	}
	ret->files = files;
	ret->condition = &run->condition;
}

static const char *origin(void *context, const struct element *e) {
	struct run *run = context;

	return arena_printf(run->arena, "%s line %zu", e->file, run->keys[e->at].line);
}

static const char *const *touched(struct run *run) {
	const struct layers *layers = &run->view->layers;
	const char **files = arena_array_of(run->arena, const char *, layers->count + 1);

	for (size_t i = 0; i < layers->count; i++) {
		files[i] = layers->items[i].file;
	}
	return files;
}

static int prepare(struct run *run, struct check_options *options, struct trial_subject *subject) {
	struct settings_view *view = run->view;
	struct examination *e = arena_new_of(run->arena, struct examination);

	*options = (struct check_options){.editor = "vscode", .trust = view->options->trust};
	int status = trial_look(run->arena, options, view->target.workspace, &run->condition.env,
	                        view->interrupt.fd, e);
	options->file = e->target.open_file;
	*subject = (struct trial_subject){
		.options = options,
		.dir = view->target.workspace,
		.interrupt_fd = view->interrupt.fd,
	};
	if (status == STATUS_HEALTHY) {
		subject->writable =
			rehearse_writable(run->arena, &e->target, &e->facts, touched(run));
	}
	return status;
}

int settings_bisect(struct settings_view *view, int64_t start_ns) {
	struct arena *arena = view->arena;
	struct run run = {.view = view,
	                  .arena = arena,
	                  .elements = arena_array_of(arena, struct element, SUBSET_MAX),
	                  .keys = arena_array_of(arena, struct key, SUBSET_MAX)};
	struct terminal terminal = terminal_find(view->options->color);
	struct progress progress = {.columns = terminal.columns};
	struct check_options options;
	struct bisect b = {.arena = arena,
	                   .what = "settings",
	                   .good_name = "without them",
	                   .bad_name = "with them",
	                   .good_id = "without",
	                   .bad_id = "with",
	                   .start_ns = start_ns,
	                   .deadline_ns = view->exam.deadline_ns,
	                   .give = give,
	                   .context = &run,
	                   .progress = terminal.progress ? &progress : NULL};
	struct strbuf out;

	run.condition.env = view->target.judged;
	find_keys(&run);
	qsort(run.elements, run.count, sizeof *run.elements, by_weight);
	int status = prepare(&run, &options, &b.subject);
	if (status != STATUS_HEALTHY) {
		return status;
	}
	b.elements = run.elements;
	b.count = run.count;
	b.remark = run.remark;
	bisect_run(&b);
	int stopped = failure_of_interrupt(&view->interrupt);
	if (stopped != STATUS_HEALTHY) {
		return stopped;
	}
	strbuf_init(&out, arena);
	if (view->options->json) {
		bisect_json(&out, &b, view->target.workspace, origin, &run);
	} else {
		bisect_text(&out, &b, terminal.utf8, view->options->verbose, origin, &run);
	}
	return output_write(&out, bisect_status(&b));
}
