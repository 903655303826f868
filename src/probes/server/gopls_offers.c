/* SPDX-License-Identifier: MIT
 * When there is no gopls: what would an installation bring, and did one begin? go leaves the module
 * it refused to build in the module cache; a GOPROXY of files can be read. Also the editors'
 * plug-ins that would have installed one.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/gopls_choice.h"
#include "core/probe.h"
#include "gofile/gomod.h"
#include "gofile/goversion.h"
#include "gofile/semver.h"

#define GOPLS "golang.org/x/tools/gopls"

/* The name of a toolchain in the module cache that is at least this new, or "". */
static const char *toolchain_for(struct exam *exam, const char *go) {
	const char *cache = facts_govar_value(exam->facts, "GOMODCACHE");
	const char *dir = arena_printf(exam->arena, "%s/golang.org", cache);
	const struct evidence *ev =
		cache[0] == '/' ? world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR) : NULL;
	struct slice rest = ev && evidence_has_bytes(ev) ? ev->bytes : slice_str("");
	struct slice line;
	static const char mark[] = "d toolchain@v0.0.1-";
	while (slice_line(&rest, &line)) {
		if (!slice_starts(line, mark)) {
			continue;
		}
		const char *name = arena_strndup(exam->arena, line.data + strlen(mark),
		                                 line.len - strlen(mark));
		const char *end = strstr(name, ".linux-");
		name = end ? arena_strndup(exam->arena, name, (size_t)(end - name)) : "";
		const char *version = goversion_of_toolchain(exam->arena, name);
		if (version && goversion_compare(version, go) >= 0) {
			return name;
		}
	}
	return "";
}

static void state_offer(struct exam *exam, const char *from, const char *version,
                        const char *path) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, LOOK_CAP_MODULE);
	if (!evidence_has_bytes(ev)) {
		return;
	}
	struct gomod mod = gomod_parse(exam->arena, ev->bytes);
	FACTS_ADD(exam->facts, gopls_offer, ev, .from = from, .version = version,
	          .go = mod.go_version, .path = path,
	          .toolchain = toolchain_for(exam, mod.go_version));
}

static bool is_newer(const char *version, const char *best) {
	return semver_is_valid(version) && (!best || semver_compare(version, best) > 0);
}

/* "v0.24.0.mod" and its like: what go asked the proxy for. */
static void look_cache(struct exam *exam, const char *cache) {
	const char *dir = arena_printf(exam->arena, "%s/cache/download/" GOPLS "/@v", cache);
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = evidence_has_bytes(ev) ? ev->bytes : slice_str("");
	struct slice line;
	const char *best = NULL;
	while (slice_line(&rest, &line)) {
		if (line.len > 6 && slice_starts(line, "f v")) {
			const char *name = arena_strndup(exam->arena, line.data + 2, line.len - 2);
			const char *version =
				arena_strndup(exam->arena, name, strlen(name) - strlen(".mod"));
			best = str_ends(name, ".mod") && is_newer(version, best) ? version : best;
		}
	}
	if (best) {
		state_offer(exam, "cache", best, arena_printf(exam->arena, "%s/%s.mod", dir, best));
	}
}

/* The first entry of GOPROXY decides what @latest is when it is a directory with a list. */
static void look_proxy(struct exam *exam, const char *proxy) {
	const char *first = arena_strndup(exam->arena, proxy, strcspn(proxy, ",|"));
	const char *root = goproxy_folder(exam->arena, first);
	if (!root) {
		return;
	}
	const char *dir = path_join(exam->arena, root, GOPLS "/@v");
	const struct evidence *ev = world_look(
		exam->world, LOOK_FILE, arena_printf(exam->arena, "%s/list", dir), LOOK_CAP_SMALL);
	struct slice rest = evidence_has_bytes(ev) ? ev->bytes : slice_str("");
	struct slice line;
	const char *best = NULL;
	while (slice_line(&rest, &line)) {
		const char *version = arena_slicedup(exam->arena, line);
		best = is_newer(version, best) && !strchr(version, '-') ? version : best;
	}
	if (best) {
		state_offer(exam, "proxy", best, arena_printf(exam->arena, "%s/%s.mod", dir, best));
	}
}

/* coc.nvim keeps its extensions and their data below one directory. */
static void look_installers(struct exam *exam) {
	const struct envset *env = &exam->target->judged;
	const char *config = envset_get(env, "XDG_CONFIG_HOME");
	const char *home = envset_get(env, "HOME");
	if (str_empty(config)) {
		config =
			home && home[0] == '/' ? arena_printf(exam->arena, "%s/.config", home) : "";
	}
	if (config[0] != '/') {
		return;
	}
	const char *root = arena_printf(exam->arena, "%s/coc/extensions", config);
	const char *path = arena_printf(exam->arena, "%s/node_modules/coc-go", root);
	struct file_stat st = world_stat(exam->world, path);
	if (!st.exists) {
		path = arena_printf(exam->arena, "%s/coc-go-data", root);
		st = world_stat(exam->world, path);
	}
	if (st.exists) {
		const char *dir = arena_printf(exam->arena, "%s/coc-go-data/bin", root);
		const char *program = arena_printf(exam->arena, "%s/gopls", dir);
		FACTS_ADD(exam->facts, installer, st.ev, .name = "coc-go", .path = path, .dir = dir,
		          .has_gopls = world_stat(exam->world, program).exists);
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const char *cache = facts_govar_value(exam->facts, "GOMODCACHE");
	if (exam->target->gopls_path) {
		return 0;
	}
	if (cache[0] == '/') {
		look_cache(exam, cache);
	}
	look_proxy(exam, facts_govar_value(exam->facts, "GOPROXY"));
	look_installers(exam);
	return 0;
}

const struct probe probe_gopls_offers = {
	.id = "gopls_offers",
	.title = "what an installation of the missing gopls would bring",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(gopls_offer) | FACT_BIT(installer),
	.look = look,
};
