/* SPDX-License-Identifier: MIT
 * Can changes of files be watched for? One more watch is asked for and given back; when the kernel
 * refuses, or when an editor that should watch does not, everybody's are counted.
 */
#include "base/ascii.h"
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"

#include <stdlib.h>

#define MCP_MAX 4

static int64_t number_in(struct exam *exam, const struct evidence *ev, const char *key) {
	return evidence_has_bytes(ev) ? keyline_number(exam->arena, ev->bytes, key, -1) : -1;
}

static const struct evidence *ask(struct exam *exam, const char *arg) {
	return world_look(exam->world, LOOK_INOTIFY, arg, LOOK_CAP_SMALL);
}

/* ---- the editor ---- */

/* gopls v0.22 and later watches by itself when it is told to. */
static bool watches_itself(const struct facts *facts) {
	const struct fact_setting *s = facts_setting(facts, "gopls.fileWatcher");

	s = s ? s : facts_setting(facts, "gopls.build.fileWatcher");
	return s && str_has(s->json, "fsnotify");
}

static int64_t count_dirs(struct exam *exam) {
	const struct evidence *ev =
		world_look(exam->world, LOOK_WALKED, exam->target->workspace, LOOK_CAP_SMALL);
	struct slice rest = ev->bytes;
	struct slice line;

	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (slice_starts(line, "dirs ")) {
			return strtoll(arena_slicedup(exam->arena, line) + 5, NULL, 10);
		}
	}
	return -1;
}

/* True when an editor runs here that watches nothing. */
static bool state_watching(struct exam *exam, bool exhausted) {
	const struct fact_editor_process *p = facts_first(editor_process, exam->facts);
	bool own = watches_itself(exam->facts);

	if (!p && !own && !exhausted) {
		return false;
	}
	const struct evidence *ev =
		world_look(exam->world, LOOK_WATCHES, exam->target->workspace, LOOK_CAP_SMALL);
	struct slice rest = ev->bytes;
	struct slice line;
	bool watched = false, denied = !evidence_has_bytes(ev);

	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		watched = watched || (line.len > 0 && ascii_is_digit(line.data[0]));
		denied = denied || (slice_starts(line, "denied ") && !slice_eq(line, "denied 0"));
	}
	bool blind = p && !watched && !denied;

	FACTS_ADD(exam->facts, watching, ev, .pid = p ? p->pid : 0, .kind = p ? p->kind : "",
	          .watched = watched, .denied = denied, .own = own,
	          .dirs = blind && !exhausted ? count_dirs(exam) : -1);
	return blind;
}

/* ---- the budget ---- */

static void state_budget(struct exam *exam, const struct evidence *tried,
                         const struct evidence *counted, const char *what) {
	const char *const key = arena_printf(exam->arena, "max_%s", what);
	const char *const user_key = arena_printf(exam->arena, "user_%s", what);
	bool watches = streq(what, "watches");
	int64_t limit = number_in(exam, tried, key);
	int64_t user_limit = number_in(exam, tried, user_key);
	bool in_namespace = user_limit >= 0 && (limit < 0 || user_limit < limit);
	int64_t error = number_in(exam, tried, watches ? "watch_errno" : "instance_errno");
	const char *most = counted && evidence_has_bytes(counted)
	                           ? keyline_get(exam->arena, counted->bytes, "held")
	                           : NULL;
	char *rest = NULL;
	int64_t held = most ? strtoll(most, &rest, 10) : 0;
	int64_t instances = rest ? strtoll(rest, &rest, 10) : 0;
	int64_t pid = rest ? strtoll(rest, &rest, 10) : 0;

	FACTS_ADD(exam->facts, watch_budget, tried, .what = what,
	          .limit = in_namespace ? user_limit : limit,
	          .where = arena_printf(
			  exam->arena,
			  in_namespace ? "user.max_inotify_%s" : "fs.inotify.max_user_%s", what),
	          .used = counted ? number_in(exam, counted,
	                                      arena_printf(exam->arena, "used_%s", what))
	                          : -1,
	          .exhausted = error > 0, .pid = pid, .comm = rest && *rest == ' ' ? rest + 1 : "",
	          .held = watches ? held : instances);
}

/* ---- gopls mcp ---- */

static void state_mcp(struct exam *exam) {
	const char *home = exam->target->home;
	size_t count = 0;

	facts_each (running_server, s, exam->facts) {
		if (!streq(s->role, "mcp") || count++ >= MCP_MAX) {
			continue;
		}
		const struct evidence *ev =
			ask(exam, arena_printf(exam->arena, "%lld", (long long)s->pid));
		bool above = !str_empty(s->cwd) && home && path_below(home, s->cwd);

		FACTS_ADD(exam->facts, mcp_watch, ev, .pid = s->pid, .cwd = s->cwd,
		          .version = s->version, .home = above,
		          .watches = number_in(exam, ev, "watches"), .fds = s->fds);
	}
}

static int look(struct exam *exam, struct err *err) {
	const struct evidence *tried = ask(exam, "try");
	bool exhausted = number_in(exam, tried, "watch_errno") > 0 ||
	                 number_in(exam, tried, "instance_errno") > 0;

	(void)err;
	state_mcp(exam);
	bool blind = state_watching(exam, exhausted);
	bool wanted = exhausted || blind || exam->target->precautions;
	const struct evidence *counted = wanted ? ask(exam, "count") : NULL;

	if (wanted) {
		state_budget(exam, tried, counted, "watches");
		state_budget(exam, tried, counted, "instances");
	}
	return 0;
}

const struct probe probe_watch_budget = {
	.id = "watch_budget",
	.title = "whether changes of files can be watched for",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(watch_budget) | FACT_BIT(watching) | FACT_BIT(mcp_watch),
	.look = look,
};
