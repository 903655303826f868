/* SPDX-License-Identifier: MIT
 * How old the server's program is beside the Go it drives and the module it reads.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "gofile/goplsrelease.h"
#include "gofile/goversion.h"

/* The go.mod whose go line holds for the open file. */
static const struct fact_gomod *gomod_of_file(struct exam *exam) {
	const struct fact_open_file *file = facts_first(open_file, exam->facts);
	const struct fact_gomod *root = NULL;
	facts_each (gomod, g, exam->facts) {
		if (file && streq(path_parent(exam->arena, g->path), file->module_dir)) {
			return g;
		}
		root = !root && streq(g->role, "root") ? g : root;
	}
	return root;
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct fact_tool *chosen = facts_chosen(exam->facts, "gopls");
	const struct fact_binary *b = chosen ? facts_binary(exam->facts, chosen->path) : NULL;
	const struct fact_toolchain *t = facts_first(toolchain, exam->facts);
	const char *built = b ? goversion_of_toolchain(exam->arena, b->go_version) : NULL;
	if (!b || !t || !built || str_empty(t->runs)) {
		return 0;
	}
	const struct gopls_release *release = gopls_release_of(b->version);
	const struct gopls_release *newest = gopls_release_for(t->runs);
	const struct fact_gomod *mod = gomod_of_file(exam);
	int minor = goversion_minor(t->runs);
	bool rebuilds = !release || ((release->built_by == 0 || minor <= release->built_by) &&
	                             goversion_compare(release->needs, t->runs) <= 0);
	FACTS_ADD(exam->facts, server_age, b->base.ev, .path = b->path, .version = b->version,
	          .built = built,
	          .knows = release ? arena_printf(exam->arena, "1.%d", release->knows) : "",
	          .reads = release ? release->reads : "", .runs = t->runs,
	          .language = mod ? mod->go : "", .gomod = mod ? mod->path : "",
	          .rebuilds = rebuilds, .newest = newest ? newest->last : "");
	return 0;
}

const struct probe probe_tools_age = {
	.id = "tools_age",
	.title = "how old the server is beside the Go it drives",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(server_age),
	.look = look,
};
