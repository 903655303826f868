/* SPDX-License-Identifier: MIT */
#include "probes/modules/sum_conflicts.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"

#define GIT_DEADLINE_NS (2000 * NS_PER_MS)
#define STATED_MAX      ((size_t)16)

static bool is_about(const struct gosum_entry *e, const struct modules_root *root, bool is_gomod) {
	return e->is_gomod == is_gomod && slice_starts(e->hash, "h1:") &&
	       slice_eq(e->path, root->sum_path) && slice_eq(e->version, root->sum_version);
}

static bool has_line(const struct gosum *sum, const struct modules_root *root, bool is_gomod,
                     struct slice hash) {
	for (size_t i = 0; i < sum->count; i++) {
		if (is_about(&sum->entries[i], root, is_gomod) &&
		    slice_compare(sum->entries[i].hash, hash) == 0) {
			return true;
		}
	}
	return false;
}

/* ---- the third who may know ---- */

/* As the last commit has this go.sum. Nothing that the repository's own configuration names is run: see
 * fixes/mod_gosum_or_gomod_stale.c. */
static const struct gosum *committed(struct sum_conflicts *c, size_t index) {
	struct exam *exam = c->graph->view->exam;
	const char *path = c->graph->sum_paths[index];
	struct envset env;
	if (c->asked[index]) {
		return &c->committed[index];
	}
	c->asked[index] = true;
	envset_copy(&env, &exam->target->server);
	envset_set(&env, "GIT_ALLOW_PROTOCOL", "none");
	envset_set(&env, "GIT_OPTIONAL_LOCKS", "0");
	const char *const argv[] = {
		"/usr/bin/git",
		"-c",
		"core.hooksPath=/dev/null",
		"-c",
		"core.fsmonitor=false",
		"cat-file",
		"blob",
		arena_printf(exam->arena, "HEAD:./%s", path_base(path)),
		NULL,
	};
	struct run_result run = world_run(
		exam->world, &(struct run_spec){
				     .label = arena_printf(exam->arena, "git HEAD %s", path),
				     .argv = argv,
				     .env = &env,
				     .cwd = path_parent(exam->arena, path),
				     .deadline_ns = GIT_DEADLINE_NS,
				     .cap_bytes = LOOK_CAP_MODULE,
			     });
	if (run.started && !run.timed_out && run.exit_code == 0) {
		c->committed[index] = gosum_parse(exam->arena, run.out);
	}
	return &c->committed[index];
}

/* What the checksum database answered once, of this module and this kind; an empty slice when it is not kept. */
static struct slice answered(const struct sum_conflicts *c, const struct modules_root *root,
                             bool is_gomod) {
	struct exam *exam = c->graph->view->exam;
	/* A key may stand behind the name, and an address behind both: go help environment. */
	const char *name = facts_govar_value(exam->facts, "GOSUMDB");
	size_t len = strcspn(name, "+ ");
	const char *path = arena_printf(exam->arena, "%s/cache/download/sumdb/%.*s/lookup/%s@%s",
	                                c->graph->view->gomodcache, (int)len, name,
	                                modules_escape(exam->arena, root->sum_path),
	                                modules_escape(exam->arena, root->sum_version));
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, LOOK_CAP_SMALL);
	struct slice text = evidence_has_bytes(ev) ? ev->bytes : slice_of(NULL, 0), line;
	/* A number, lines as in go.sum, an empty line, the signed head of the tree. */
	const char *end = text.len > 0 ? memmem(text.data, text.len, "\n\n", 2) : NULL;
	if (!end || !slice_line(&text, &line)) {
		return slice_of(NULL, 0);
	}
	struct gosum sum =
		gosum_parse(exam->arena, slice_of(text.data, (size_t)(end + 1 - text.data)));
	for (size_t i = 0; i < sum.count; i++) {
		if (is_about(&sum.entries[i], root, is_gomod)) {
			return sum.entries[i].hash;
		}
	}
	return slice_of(NULL, 0);
}

/* ---- the lines ---- */

static void state(struct sum_conflicts *c, size_t index, const struct gosum_entry *e,
                  const struct modules_root *root, const char *cached, bool also) {
	struct exam *exam = c->graph->view->exam;
	struct slice database = answered(c, root, e->is_gomod), kept = slice_str(cached);
	const char *witness = "", *against = "";
	if (c->stated++ >= STATED_MAX) {
		return;
	}
	if (database.len > 0) {
		witness = slice_compare(database, kept) == 0 ? "database" : "";
		against = slice_compare(database, e->hash) == 0 ? "database" : "";
	} else {
		const struct gosum *last = committed(c, index);
		bool kept_there = has_line(last, root, e->is_gomod, kept);
		bool line_there = has_line(last, root, e->is_gomod, e->hash);
		witness = kept_there && !line_there ? "git" : "";
		against = line_there && !kept_there ? "git" : "";
	}
	const char *path = c->graph->sum_paths[index];
	size_t len = (size_t)(e->hash.data + e->hash.len - e->path.data);
	FACTS_ADD(exam->facts, gosum_conflict,
	          world_look(exam->world, LOOK_FILE, path, LOOK_CAP_MODULE), .gosum = path,
	          .line = e->line, .text = arena_strndup(exam->arena, e->path.data, len),
	          .module = root->sum_path, .version = root->sum_version, .is_gomod = e->is_gomod,
	          .hash = arena_slicedup(exam->arena, e->hash), .cached = cached, .also = also,
	          .witness = witness, .against = against);
}

/* go takes the lines of a file in their order and stops at the first that differs; in a workspace any file may have the
 * right one (cmd/go/internal/modfetch/fetch.go, haveModSumLocked). */
void sum_conflicts_add(struct sum_conflicts *c, const struct modules_root *root, bool is_gomod,
                       const char *cached) {
	struct slice kept = slice_str(cached);
	for (size_t s = 0; root && c->graph && s < c->graph->sum_count; s++) {
		if (c->graph->view->is_member &&
		    has_line(&c->graph->sums[s], root, is_gomod, kept)) {
			return;
		}
	}
	for (size_t s = 0; root && c->graph && s < c->graph->sum_count; s++) {
		const struct gosum *sum = &c->graph->sums[s];
		bool also = has_line(sum, root, is_gomod, kept);
		for (size_t i = 0; i < sum->count; i++) {
			const struct gosum_entry *e = &sum->entries[i];
			if (!is_about(e, root, is_gomod)) {
				continue;
			}
			if (slice_compare(e->hash, kept) == 0) {
				break;
			}
			state(c, s, e, root, cached, also);
			also = true; /* the first gets the right one */
		}
	}
}
