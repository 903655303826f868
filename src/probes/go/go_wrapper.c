/* SPDX-License-Identifier: MIT
 * When something is wrong and go is a script: does it hand on the arguments, the output and the
 * directory as they are? The same is asked of the go behind it.
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "probes/go/go_run.h"

#define DEADLINE_NS      (1500 * NS_PER_MS)
#define SCRIPT_CAP_BYTES ((size_t)16 * 1024)

/* What gopls asks, with a blank in an argument; nothing of the workspace has a say in it
 * (gopls/internal/cache/load.go and go/packages: GetSizesForArgsGolist). */
static struct run_result list_unsafe(struct exam *exam, const char *name, const char *go) {
	const struct target *t = exam->target;
	struct envset env;
	envset_copy(&env, &t->server);
	envset_set(&env, "GOTOOLCHAIN", "local");
	envset_set(&env, "GO111MODULE", "off");
	envset_set(&env, "GOENV", "off");
	envset_unset(&env, "GOFLAGS");
	const char *const argv[] = {go,   "list",   "-f", "{{context.GOARCH}} {{context.Compiler}}",
	                            "--", "unsafe", NULL};
	return go_run_state(exam, name, argv, &env, t->workspace, DEADLINE_NS);
}

/* The first line of a script that does not pass on "$@" as it is, or prints. */
static int64_t find_line(struct exam *exam, const char *path, const char *differs,
                         const char **ret_text) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, SCRIPT_CAP_BYTES);
	bool splits = streq(differs, "splits");
	bool chatter = streq(differs, "chatter");
	int64_t number = 0;
	struct slice rest = evidence_has_bytes(ev) ? ev->bytes : slice_of(NULL, 0);
	struct slice line;
	while (slice_line(&rest, &line)) {
		number++;
		line = slice_trim(line);
		if (line.len == 0 || line.data[0] == '#') {
			continue;
		}
		bool whole = slice_has(line, "\"$@\"") || slice_has(line, "\"${@}\"");
		bool args = slice_has(line, "$*") || slice_has(line, "$@") ||
		            slice_has(line, "${@}") || slice_has(line, "$1");
		bool prints = (slice_starts(line, "echo") || slice_starts(line, "printf") ||
		               slice_has(line, " echo ") || slice_has(line, "cat ")) &&
		              !slice_has(line, ">&2");
		bool redirects = slice_has(line, ">") && !slice_has(line, ">&2");
		if ((splits && args && !whole) || (chatter && prints) ||
		    (streq(differs, "silent") && redirects) ||
		    (streq(differs, "elsewhere") &&
		     (slice_starts(line, "cd ") || slice_has(line, " cd ")))) {
			*ret_text = arena_slicedup(exam->arena, line);
			return number;
		}
	}
	return 0;
}

static size_t lines_of(struct slice text) {
	struct slice line;
	size_t count = 0;
	while (slice_line(&text, &line)) {
		count += slice_trim(line).len > 0;
	}
	return count;
}

/* go run by the wrapper finds another go.mod than there is: it was started in another directory. */
static bool is_elsewhere(struct exam *exam, const char *go) {
	const struct target *t = exam->target;
	struct envset env;
	envset_copy(&env, &t->server);
	envset_set(&env, "GOTOOLCHAIN", "local");
	const char *const argv[] = {go, "env", "GOMOD", NULL};
	struct run_result run =
		go_run_state(exam, "GOMOD by the wrapper", argv, &env, t->workspace, DEADLINE_NS);
	const struct fact_gomod *root = NULL;
	facts_each (gomod, m, exam->facts) {
		root = !root && streq(m->role, "root") ? m : root;
	}
	if (!root || !run.started || run.exit_code != 0 || lines_of(run.out) != 1) {
		return false;
	}
	struct slice found = slice_trim(run.out);
	const char *real = world_stat(exam->world, root->path).real;
	return found.len > 0 && !slice_eq(found, root->path) && !slice_eq(found, real);
}

/* What came of the question that gopls asks first, and wants JSON for. */
static const char *how_it_answered(const struct fact_go_run *env) {
	const char *out = env ? env->out + strspn(env->out, " \t\r\n") : "{";
	if (env && env->timed_out) {
		return "hangs";
	}
	if (env && env->exit_code != 0) {
		return "fails";
	}
	return *out == '{' ? "" : *out == '\0' ? "silent" : "chatter";
}

/* What was seen of it while it was recorded; "" nothing. */
static const char *how_it_was_seen(struct exam *exam, const struct fact_shim *s) {
	const struct evidence *ev =
		world_look(exam->world, LOOK_FILE, TARGET_RECORDED_WRAPPER, LOOK_CAP_SMALL);
	const char *path = keyline_text(exam->arena, ev->bytes, "path");

	return evidence_has_bytes(ev) && streq(path, s->path)
	               ? keyline_text(exam->arena, ev->bytes, "differs")
	               : "";
}

static const char *how_it_differs(struct exam *exam, const struct fact_shim *s) {
	const struct fact_go_run *behind = facts_run(exam->facts, "behind the shim");
	const struct fact_go_run *version = facts_run(exam->facts, "version");
	if ((behind && behind->timed_out) || (version && version->timed_out)) {
		return "hangs";
	}
	if (exam->target->recorded && !behind) {
		const char *seen = how_it_was_seen(exam, s);
		return !str_empty(seen) ? seen : how_it_answered(facts_run(exam->facts, "env"));
	}
	if (!behind || !behind->started) {
		return "";
	}
	if (behind->exit_code != 0) {
		return "fails";
	}
	size_t lines = lines_of(slice_str(behind->out));
	if (lines != 2) {
		return lines == 0 ? "silent" : "chatter";
	}
	struct file_stat root = world_stat(exam->world, s->goroot);
	if (root.known && !root.exists) {
		return "far";
	}
	struct run_result by = list_unsafe(exam, "list by the wrapper", s->path);
	if (by.timed_out) {
		return "hangs";
	}
	if (by.started && (by.exit_code != 0 || lines_of(by.out) != 1)) {
		const char *direct = path_join(exam->arena, s->goroot, "bin/go");
		struct run_result itself = list_unsafe(exam, "list by go itself", direct);
		return itself.started && itself.exit_code == 0 ? "splits" : "";
	}
	return is_elsewhere(exam, s->path) ? "elsewhere" : "";
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	if (facts_healthy(exam->facts) || t->do_not_run_go) {
		return 0;
	}
	facts_each (shim, s, exam->facts) {
		if (!streq(s->tool, "go") || facts_first(wrapper, exam->facts)) {
			continue;
		}
		const char *differs = how_it_differs(exam, s);
		const struct fact_go_run *behind = facts_run(exam->facts, "behind the shim");
		bool error = streq(differs, "fails");
		struct slice rest = slice_str(!behind ? "" : error ? behind->err : behind->out);
		struct slice said = {0};
		while (slice_line(&rest, &said) && slice_trim(said).len == 0) {
		}
		const char *text = "";
		int64_t line = find_line(exam, s->path, differs, &text);
		FACTS_ADD(exam->facts, wrapper, s->base.ev, .path = s->path, .differs = differs,
		          .line = line, .text = text, .said = arena_slicedup(exam->arena, said));
	}
	return 0;
}

const struct probe probe_go_wrapper = {
	.id = "go_wrapper",
	.title = "whether a script named go hands everything on",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(wrapper),
	.look = look,
};
