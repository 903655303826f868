/* SPDX-License-Identifier: MIT
 * When something is wrong: are the entries of the caches that the open file's packages come from
 * what was once put there, and where go.sum says another thing of them, who of the two is right? go itself looks at the size of an entry of the build cache and at no
 * more, and at nothing in the directory of a module. Hashed is only what go asks for: with
 * GODEBUG=gocachehash=1 it names every entry (cmd/go/internal/cache/hash.go).
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/infer.h"
#include "probes/go/go_run.h"
#include "probes/modules/modules_graph.h"
#include "probes/modules/sum_conflicts.h"

#define LIST_DEADLINE_NS (2000 * NS_PER_MS)
#define LIST_CAP_BYTES   ((size_t)8 << 20)
#define LOOK_BUDGET_NS   (400 * NS_PER_MS)
#define ARG_MAX_BYTES    ((size_t)12 * 1024)
#define IDS_MAX          ((size_t)4096)
#define GAPS_MAX         ((size_t)16)

struct gaps {
	struct exam *exam;
	struct modules_graph *modules; /* or NULL */
	struct sum_conflicts conflicts;
	const char *dirs; /* of the packages that are needed, each between LFs; "" */
	size_t stated;
};

static bool has_error(const struct exam *exam) {
	facts_each (diagnostic, d, exam->facts) {
		if (streq(d->severity, "error") && streq(d->path, exam->target->open_file)) {
			return true;
		}
	}
	return false;
}

static void state_gap(struct gaps *g, const char *cache, const char *kind, const char *path,
                      const struct modules_root *root, const char *zip, bool needed) {
	struct exam *exam = g->exam;
	if (g->stated++ >= GAPS_MAX) {
		return;
	}
	struct file_stat st = world_stat(exam->world, path);
	FACTS_ADD(exam->facts, cache_gap, st.ev, .cache = cache, .kind = kind, .path = path,
	          .module = root ? root->sum_path : "", .version = root ? root->sum_version : "",
	          .dir = root ? root->dir : "", .zip = zip, .needed = needed, .count = 1);
}

/* ---- what go asks for ---- */

static const char *go_debug(struct exam *exam) {
	const char *own = envset_get(&exam->target->server, "GODEBUG");
	return str_empty(own) ? "gocachehash=1"
	                      : arena_printf(exam->arena, "%s,gocachehash=1", own);
}

/* The packages' directories go to *ret_dirs; the words about entries are returned. */
static struct slice list_entries(struct exam *exam, const char **ret_dirs) {
	const struct target *t = exam->target;
	struct envset env;
	envset_copy(&env, &t->server);
	envset_set(&env, "GOPROXY", "off");
	envset_set(&env, "GODEBUG", go_debug(exam));
	const char *const argv[] = {t->server_go, "list",     "-e", "-deps", "-compiled",
	                            "-f",         "{{.Dir}}", ".",  NULL};
	struct run_result run =
		world_run(exam->world, &(struct run_spec){
					       .label = "go list entries",
					       .argv = argv,
					       .env = &env,
					       .cwd = path_parent(exam->arena, t->open_file),
					       .deadline_ns = LIST_DEADLINE_NS,
					       .cap_bytes = LIST_CAP_BYTES,
				       });
	*ret_dirs = arena_printf(exam->arena, "\n%.*s\n", (int)run.out.len,
	                         run.out.len ? run.out.data : "");
	return run.err;
}

/* ---- the build cache ---- */

static void check_entries(struct gaps *g, const char *arg) {
	const struct evidence *ev = world_look(g->exam->world, LOOK_GOCACHE, arg, LOOK_CAP_SMALL);
	struct slice rest = ev->bytes, line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		bool zeros = slice_starts(line, "zeros ");
		if (!zeros && !slice_starts(line, "altered ")) {
			continue;
		}
		size_t skip = zeros ? 6 : 8;
		state_gap(g, "GOCACHE", zeros ? "zeros" : "entry",
		          arena_strndup(g->exam->arena, line.data + skip, line.len - skip), NULL,
		          "", true);
	}
}

/* "HASH[KIND]: ID" is the end of each; the lines before it tell what went in. */
static void check_build_cache(struct gaps *g, struct slice said) {
	struct exam *exam = g->exam;
	const struct fact_govar *cache = facts_govar(exam->facts, "GOCACHE");
	struct slice line;
	struct strbuf arg;
	size_t ids = 0;
	if (!cache || cache->value[0] != '/') {
		return;
	}
	strbuf_init(&arg, exam->arena);
	while (slice_line(&said, &line) && ids < IDS_MAX) {
		const char *colon = line.len > 66 ? memchr(line.data, ':', line.len) : NULL;
		size_t at = colon ? (size_t)(colon + 2 - line.data) : 0;
		if (!slice_starts(line, "HASH[") || !colon || line.len - at != 64 ||
		    line.data[at] == '"') {
			continue;
		}
		if (arg.len > ARG_MAX_BYTES) {
			check_entries(g, arg.data);
			strbuf_init(&arg, exam->arena);
		}
		if (arg.len == 0) {
			strbuf_printf(&arg, "%s\n", cache->value);
		}
		strbuf_printf(&arg, "%.64s\n", line.data + at);
		ids++;
	}
	if (arg.len > 0) {
		check_entries(g, arg.data);
	}
}

/* ---- the module cache ---- */

static const char *escaped_name(struct exam *exam, const struct modules_root *root) {
	return arena_printf(exam->arena, "%s@%s", modules_escape(exam->arena, root->sum_path),
	                    modules_escape(exam->arena, root->sum_version));
}

/* A package of the root is among those that are needed, or nobody knows them. */
static bool is_needed(const struct gaps *g, const struct modules_root *root) {
	return root->reached ||
	       str_has(g->dirs, arena_printf(g->exam->arena, "\n%s\n", root->dir)) ||
	       str_has(g->dirs, arena_printf(g->exam->arena, "\n%s/", root->dir));
}

static bool dir_is_needed(const struct gaps *g, const struct modules_root *root, const char *path) {
	const char *dir = path_parent(g->exam->arena, path);
	bool listed = str_has(g->dirs, arena_printf(g->exam->arena, "\n%s", root->dir));
	return listed ? str_has(g->dirs, arena_printf(g->exam->arena, "\n%s\n", dir))
	              : root->reached;
}

/* hash: of the directory. True when that is the one in go.sum or the one that was downloaded. */
static bool state_sum(struct gaps *g, const struct modules_root *root, const char *want,
                      const char *hash) {
	const char *kept = modules_graph_ziphash(g->modules, root);
	bool right = streq(hash, want), as_fetched = kept && streq(hash, kept);
	if (right && kept && !as_fetched) {
		state_gap(g, "GOMODCACHE", "sum", root->dir, root, "ok", true);
	} else if (!right && as_fetched) {
		sum_conflicts_add(&g->conflicts, root, false, kept);
	}
	return right || as_fetched;
}

/* Lines of LOOK_MODULE into facts. */
static void state_module(struct gaps *g, const struct modules_root *root, const char *want,
                         struct slice said) {
	struct exam *exam = g->exam;
	const char *zip = "";
	bool dir = false, any = false;
	struct slice line, word;
	while (slice_line(&said, &line)) {
		struct slice rest = line;
		if (!slice_cut(&rest, ' ', &word)) {
			continue;
		}
		const char *value = arena_slicedup(exam->arena, rest);
		if (slice_eq(word, "dir")) {
			dir = streq(value, "ok");
			if (!dir && !streq(value, "absent")) {
				return;
			}
		} else if (slice_eq(word, "hash")) {
			if (state_sum(g, root, want, value)) {
				return;
			}
		} else if (slice_eq(word, "zip")) {
			zip = value;
		} else if (!slice_eq(word, "files")) {
			const char *path = path_join(exam->arena, root->dir, value);
			state_gap(g, "GOMODCACHE", arena_slicedup(exam->arena, word), path, root,
			          zip, dir_is_needed(g, root, path));
			any = true;
		}
	}
	if (!dir && (streq(zip, "broken"))) {
		const char *path = arena_printf(exam->arena, "%s/cache/download/%s/@v/%s.zip",
		                                g->modules->view->gomodcache,
		                                modules_escape(exam->arena, root->sum_path),
		                                modules_escape(exam->arena, root->sum_version));
		state_gap(g, "GOMODCACHE", "zip", path, root, zip, true);
	} else if (dir && !any && !streq(zip, "ok") && !str_empty(zip)) {
		state_gap(g, "GOMODCACHE", "differs", root->dir, root, zip, true);
	}
}

static void check_modules(struct gaps *g) {
	struct exam *exam = g->exam;
	int64_t until = world_now_ns(g->exam->world) + LOOK_BUDGET_NS;
	for (size_t i = 0; i < g->modules->count && world_now_ns(g->exam->world) < until; i++) {
		const struct modules_root *root = &g->modules->roots[i];
		const char *want = modules_graph_sum(g->modules, root, false);
		if (root->local || str_empty(root->dir) || str_empty(want) || !is_needed(g, root)) {
			continue;
		}
		const char *arg =
			arena_printf(exam->arena, "%s\n%s\n%s", g->modules->view->gomodcache,
		                     escaped_name(exam, root), want);
		const struct evidence *ev =
			world_look(exam->world, LOOK_MODULE, arg, LOOK_CAP_SMALL);
		if (evidence_has_bytes(ev)) {
			state_module(g, root, want, ev->bytes);
		}
	}
}

static const struct modules_root *root_named(const struct gaps *g, const char *escaped) {
	for (size_t i = 0; i < g->modules->count; i++) {
		const struct modules_root *root = &g->modules->roots[i];
		if (!root->local && streq(escaped_name(g->exam, root), escaped)) {
			return root;
		}
	}
	return NULL;
}

static void state_gomods(struct gaps *g, const char *arg) {
	struct exam *exam = g->exam;
	const struct evidence *ev = world_look(exam->world, LOOK_GOMODS, arg, LOOK_CAP_SMALL);
	struct slice said = ev->bytes, line, kind, name, own, hash;
	while (evidence_has_bytes(ev) && slice_line(&said, &line)) {
		if (!slice_cut(&line, ' ', &kind) || !slice_cut(&line, ' ', &name) ||
		    !slice_cut(&line, ' ', &own)) {
			continue;
		}
		if (line.len > 0 && line.data[0] != '/' && slice_cut(&line, ' ', &hash) &&
		    slice_eq(kind, "differs")) {
			sum_conflicts_add(&g->conflicts,
			                  root_named(g, arena_slicedup(exam->arena, name)), true,
			                  arena_slicedup(exam->arena, hash));
		}
		state_gap(g, "GOMODCACHE",
		          arena_printf(exam->arena, "gomod-%.*s", (int)kind.len, kind.data),
		          arena_slicedup(exam->arena, line),
		          root_named(g, arena_slicedup(exam->arena, name)),
		          slice_eq(own, "1") ? "own" : "", true);
	}
}

/* go reads the go.mod of every module that is required. */
static void check_gomods(struct gaps *g) {
	struct exam *exam = g->exam;
	struct strbuf arg;
	strbuf_init(&arg, exam->arena);
	for (size_t i = 0; i < g->modules->count; i++) {
		const struct modules_root *root = &g->modules->roots[i];
		if (root->local || str_empty(root->dir)) {
			continue;
		}
		if (arg.len > ARG_MAX_BYTES) {
			state_gomods(g, arg.data);
			strbuf_init(&arg, exam->arena);
		}
		if (arg.len == 0) {
			strbuf_printf(&arg, "%s\n", g->modules->view->gomodcache);
		}
		strbuf_printf(&arg, "%s %s\n", escaped_name(exam, root),
		              modules_graph_sum(g->modules, root, true));
	}
	if (arg.len > 0) {
		state_gomods(g, arg.data);
	}
}

static bool sums_differ(const struct exam *exam) {
	facts_each (gosum_gap, gap, exam->facts) {
		if (streq(gap->kind, "mismatch")) {
			return true;
		}
	}
	return false;
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	const struct fact_server *s = facts_first(server, exam->facts);
	bool spoke = s && (streq(s->state, "answered") || streq(s->state, "stopped_by_us"));
	if (!t->open_file || !spoke || (facts_healthy(exam->facts) && !has_error(exam))) {
		return 0;
	}
	struct gaps g = {.exam = exam, .modules = exam->modules, .dirs = ""};
	g.conflicts = (struct sum_conflicts){.graph = g.modules};
	if (g.modules && str_empty(g.modules->view->gomodcache)) {
		g.modules = NULL;
	}
	if (g.modules) {
		check_gomods(&g);
	}
	/* With a cause that is certain a question to go would only cost time. */
	bool certain = !sums_differ(exam) && infer_is_certain(exam->rules, exam->facts);
	struct slice said = {0};
	if (!certain && t->server_go && !t->do_not_run_go) {
		said = list_entries(exam, &g.dirs);
	}
	if (g.modules) {
		check_modules(&g);
	}
	if (!facts_healthy(exam->facts)) {
		check_build_cache(&g, said);
	}
	return 0;
}

const struct probe probe_cache_gaps = {
	.id = "cache_gaps",
	.title = "whether the entries of the caches that are needed are as they once were",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(cache_gap) | FACT_BIT(gosum_conflict),
	.look = look,
};
