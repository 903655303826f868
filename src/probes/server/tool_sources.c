/* SPDX-License-Identifier: MIT
 * When something is wrong: which releases of gopls and dlv lie on this machine as source, so that they can be compiled
 * without a network. A GOPROXY that is a directory, and the module cache.
 */
#include "base/str.h"
#include "core/gopls_choice.h"
#include "core/probe.h"
#include "gofile/goplsrelease.h"
#include "gofile/semver.h"

#include <stdlib.h>

#define VERSIONS_MAX 32

struct place {
	const char *from;
	const char *root;
};

static int newer_first(const void *a, const void *b) {
	return semver_compare(*(const char *const *)b, *(const char *const *)a);
}

/* "f v0.23.0.zip": only what has its zip is there whole. */
static size_t read_versions(struct arena *arena, const struct evidence *ev, const char **versions) {
	struct slice rest = evidence_has_bytes(ev) ? ev->bytes : slice_str("");
	struct slice line;
	size_t count = 0;
	while (count < VERSIONS_MAX && slice_line(&rest, &line)) {
		if (line.len <= strlen("f v.zip") || !slice_starts(line, "f v")) {
			continue;
		}
		const char *name = arena_strndup(arena, line.data + 2, line.len - 2);
		const char *version = arena_strndup(arena, name, strlen(name) - strlen(".zip"));
		if (str_ends(name, ".zip") && semver_is_valid(version)) {
			versions[count++] = version;
		}
	}
	if (count == 0) {
		return 0;
	}
	qsort(versions, count, sizeof(*versions), newer_first);
	return count;
}

static void look_module(struct exam *exam, const struct place *place, const char *module) {
	const char **versions = arena_array_of(exam->arena, const char *, VERSIONS_MAX);
	const char *dir = arena_printf(exam->arena, "%s/%s/@v", place->root, module);
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	const char *go = gopls_local_go(exam->facts);
	bool gopls = streq(module, GOPLS_PACKAGE);
	size_t count = read_versions(exam->arena, ev, versions);
	for (size_t i = 0; i < count; i++) {
		FACTS_ADD(exam->facts, tool_source, ev, .module = module, .version = versions[i],
		          .from = place->from, .dir = place->root,
		          .builds = *go && (!gopls || gopls_release_compiles(go, versions[i])));
	}
}

static int look(struct exam *exam, struct err *err) {
	static const char *const modules[] = {GOPLS_PACKAGE, "github.com/go-delve/delve"};
	const char *folder = goproxy_folder(exam->arena, facts_govar_value(exam->facts, "GOPROXY"));
	const char *cache = facts_govar_value(exam->facts, "GOMODCACHE");
	const struct place places[] = {
		{"proxy", folder},
		{"cache",
	         cache[0] == '/' ? arena_printf(exam->arena, "%s/cache/download", cache) : NULL},
	};
	(void)err;
	if (facts_healthy(exam->facts)) {
		return 0;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		for (size_t k = 0; places[i].root && k < sizeof(modules) / sizeof(*modules); k++) {
			look_module(exam, &places[i], modules[k]);
		}
	}
	return 0;
}

const struct probe probe_tool_sources = {
	.id = "tool_sources",
	.title = "which tools could be compiled without a network",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(tool_source),
	.look = look,
};
