/* SPDX-License-Identifier: MIT
 * Lint of hostile files: the same bytes as every file of the workspace that lint reads. It always ends, and every issue
 * has its place in the file.
 */
#include "settings/lint.h"
#include "world/replay.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void record(struct evidence_store *store, const char *source, struct slice bytes) {
	struct evidence *ev = evidence_add(store, source);
	ev->state = EV_READ;
	ev->bytes = bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static const char *const files[] = {
		"file:/w/.vscode/settings.json", "file:/w/.vscode/launch.json",
		"file:/w/.vscode/tasks.json",    "file:/w/.vscode/extensions.json",
		"file:/w/.devcontainer.json",    "file:/w/a.code-workspace",
	};
	struct arena *arena = arena_new();
	struct evidence_store store;
	struct evidence_store recorded;
	struct layers *layers = arena_new_of(arena, struct layers);
	struct layers_where where = {.home = "", .workspace = "/w"};
	struct schema schema;
	struct slice bytes = slice_of(arena_strndup(arena, (const char *)data, size), size);
	evidence_store_init(&store, arena);
	evidence_store_init(&recorded, arena);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		record(&recorded, files[i], bytes);
	}
	record(&recorded, "dir:/w", slice_str("f a.code-workspace\n"));
	struct world *world = world_replay_open(arena, &store, &recorded);
	schema_init(&schema, arena);
	layers_read(layers, arena, world, &where);
	struct lint lint = {.arena = arena,
	                    .issues = {.arena = arena},
	                    .schema = &schema,
	                    .layers = layers,
	                    .where = &where};
	lint_layers(&lint);
	lint_files(&lint, world);
	issues_sort(&lint.issues);
	for (const struct issue *i = lint.issues.first; i; i = i->next) {
		if (i->place.offset > size || i->place.length > size - i->place.offset ||
		    i->message[0] == '\0') {
			abort();
		}
	}
	world_close(world);
	arena_free(arena);
	return 0;
}
