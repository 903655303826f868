/* SPDX-License-Identifier: MIT
 * Names above the packages that go takes for something else. `go list DIR/...`, with which gopls loads
 * a module, treats every "..." in DIR as a wildcard and then finds nothing (go help packages); a line
 * break in a directory's name makes it no package (cmd/go/internal/load, "invalid package directory").
 */
#include "base/path.h"
#include "base/str.h"
#include "probes/modules/modules_view.h"

static int look(struct exam *exam, struct err *err) {
	struct modules_view view;
	(void)err;
	modules_view_init(&view, exam);
	const char *root = view.file && !view.modules_off ? view.file->dir : view.workspace;
	const char *what = strpbrk(root, "\n\r") ? "newline" : str_has(root, "...") ? "dots" : NULL;
	if (!what) {
		return 0;
	}
	/* Up to and with the directory whose name it is. */
	const char *at = streq(what, "dots") ? strstr(root, "...") : strpbrk(root, "\n\r");
	size_t n = (size_t)(at - root) + strcspn(at, "/");
	FACTS_ADD(exam->facts, odd_path, world_stat(exam->world, root).ev,
	          .path = arena_strndup(exam->arena, root, n), .what = what,
	          .name = path_base(arena_strndup(exam->arena, root, n)), .file = root);
	return 0;
}

const struct probe probe_odd_root = {
	.id = "odd_root",
	.title = "whether the name of a directory above is a pattern for go, or no name",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(odd_path),
	.look = look,
};
