/* SPDX-License-Identifier: MIT
 * Only what was proved to be damaged: one version of one module, unpacked again from the zip that is whole; one wrong
 * checksum. A build cache with damaged entries is left as it is, and another one begun.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static const char *download_dir(const struct facts *facts, struct arena *arena,
                                const struct fact_cache_gap *gap) {
	const struct fact_govar *cache = facts_govar(facts, "GOMODCACHE");
	/* Capital letters are escaped there: only the names without are certain. */
	for (const char *c = gap->module; *c; c++) {
		if (*c >= 'A' && *c <= 'Z') {
			return NULL;
		}
	}
	return cache && cache->value[0] == '/'
	               ? arena_printf(arena, "%s/cache/download/%s/@v", cache->value, gap->module)
	               : NULL;
}

/* here: the zip is in the cache, so that no network is needed. */
static void download(const struct facts *facts, struct plan *out, const struct fact_cache_gap *gap,
                     bool here) {
	struct arena *arena = out->arena;
	const char *module = arena_printf(arena, "%s@%s", gap->module, gap->version);
	const char *dir = download_dir(facts, arena, gap);
	const struct fact_target *t = facts_first(target, facts);
	const char *stem = dir ? arena_printf(arena, "%s/%s", dir, gap->version) : "";
	const char *const announces[] = {arena_printf(arena, "%s/", gap->dir),
	                                 dir ? arena_printf(arena, "%s.lock", stem) : NULL,
	                                 arena_printf(arena, "%s.info", stem),
	                                 arena_printf(arena, "%s.mod", stem),
	                                 arena_printf(arena, "%s.zip", stem),
	                                 arena_printf(arena, "%s.ziphash", stem),
	                                 NULL};
	struct step *step = MEND_RUN_GO(out, facts, t ? t->workspace : "/", announces, "mod",
	                                "download", module);
	mend_fetch(out, facts, step, here, true);
}

static void fetch_again(const struct facts *facts, struct plan *out,
                        const struct fact_cache_gap *gap) {
	out->why =
		arena_printf(out->arena,
	                     "%s is not what was downloaded, by the checksum in go.sum; only this "
	                     "version of %s is made again.",
	                     gap->path, gap->module);
	if (str_starts(gap->kind, "gomod-")) {
		const char *own = path_join(out->arena, gap->dir, "go.mod");
		const char *const argv[] = {
			"/bin/cp", "--remove-destination", "--preserve=mode", own, gap->path, NULL};
		const char *const announces[] = {gap->path, NULL};
		if (streq(gap->zip, "own")) {
			plan_run(out, "/", argv, announces);
			return;
		}
		if (!streq(gap->kind, "gomod-absent")) {
			plan_move(out, gap->path, NULL);
		}
		download(facts, out, gap, false);
	} else if (streq(gap->kind, "zip")) {
		plan_move(out, gap->path, NULL);
		download(facts, out, gap, false);
	} else if (streq(gap->kind, "sum")) {
		const char *dir = download_dir(facts, out->arena, gap);
		if (!dir) {
			plan_unable(out, "it is not known where the checksum is kept");
			return;
		}
		plan_remove(out, arena_printf(out->arena, "%s/%s.ziphash", dir, gap->version));
		download(facts, out, gap, true);
	} else {
		plan_move(out, gap->dir, NULL);
		download(facts, out, gap, streq(gap->zip, "ok"));
		out->keeps = "all other modules, and the altered one, which lies beside it";
	}
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_cache_gap *gap = finding_first(cache_gap, finding);
	if (!gap) {
		plan_unable(out, "it is not known what is damaged");
	} else if (streq(gap->cache, "GOCACHE")) {
		out->why = "Entries of the build cache are not what their names say; in a fresh "
			   "one go "
			   "makes anew what it needs.";
		mend_cache(out, facts, "GOCACHE", false);
	} else {
		fetch_again(facts, out, gap);
	}
}

const struct fix fix_fs_cache_corrupt = {
	.cause = "fs-cache-corrupt",
	.title = "put what is damaged aside and let go make it again",
	.plan = plan,
};
