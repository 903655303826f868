/* SPDX-License-Identifier: MIT
 */
#include "cmd/why_exited.h"

#include "base/clock.h"
#include "base/path.h"
#include "cmd/case.h"
#include "cmd/check_options.h"
#include "cmd/exam.h"
#include "cmd/exited_signals.h"
#include "cmd/exited_story.h"
#include "cmd/failure.h"
#include "cmd/interrupt.h"
#include "cmd/output.h"
#include "core/registry.h"
#include "report/json_writer.h"
#include "report/sheet.h"
#include "world/live.h"
#include "world/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define TIMEOUT_NS     (6 * NS_PER_S)
#define PROBES_MAX     64
#define TEXT_BYTES_MAX ((size_t)600)
#define LEFTOVERS_MAX  8

struct autopsy {
	struct why_options options;
	int64_t pid; /* that was asked about, 0 none */
	struct arena *arena;
	struct interrupt interrupt;
	struct evidence_store store, recorded;
	struct facts facts;
	struct target target;
	struct exam exam;
	struct exited_story story;
	const char *leftovers[LEFTOVERS_MAX];
	size_t leftover_count;
	bool runs_again;
	int64_t start_ns;
};

/* ---- looking ---- */

/* Everything about whose editor it is, and what remembers an end; no server and no go is started. */
static const struct probe *const *autopsy_probes(struct arena *arena) {
	static const char *const ids[] = {"tools",  "logs",  "servers", "memory_before",
	                                  "memory", "crash", "deaths"};
	const struct probe **list = arena_array_of(arena, const struct probe *, PROBES_MAX);
	size_t count = 0;

	for (size_t i = 0; registry_probes[i] && count + 1 < PROBES_MAX; i++) {
		const struct probe *p = registry_probes[i];
		bool wanted = streq(p->id, "environment") || streq(p->id, "settings");

		for (size_t k = 0; k < sizeof ids / sizeof *ids; k++) {
			wanted = wanted || streq(p->id, ids[k]);
		}
		if (wanted) {
			list[count++] = p;
		}
	}
	return list;
}

static void add_leftover(struct autopsy *a, const char *text) {
	if (a->leftover_count < LEFTOVERS_MAX) {
		a->leftovers[a->leftover_count++] = text;
	}
}

static void look_for_cores(struct autopsy *a) {
	const struct evidence *pattern = world_look(
		a->exam.world, LOOK_FILE, "/proc/sys/kernel/core_pattern", LOOK_CAP_SMALL);
	const struct evidence *ev =
		world_look(a->exam.world, LOOK_DIR, a->target.workspace, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;

	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (slice_eq(line, "f core") || slice_starts(line, "f core.")) {
			add_leftover(
				a, arena_printf(
					   a->arena,
					   "%s/%.*s may be a memory image of it, or of another "
					   "program",
					   a->target.workspace, (int)line.len - 2, line.data + 2));
		}
	}
	if (a->story.signal && evidence_has_bytes(pattern) && slice_starts(pattern->bytes, "|")) {
		add_leftover(
			a,
			arena_printf(a->arena,
		                     "memory images go to %s; `coredumpctl list gopls` may know",
		                     arena_slicedup(a->arena,
		                                    slice_trim(slice_of(pattern->bytes.data + 1,
		                                                        pattern->bytes.len - 1)))));
	}
}

static void look_for_leftovers(struct autopsy *a) {
	const struct fact_editor_process *p = facts_first(editor_process, &a->facts);

	facts_each (running_server, s, &a->facts) {
		bool orphan = s->ppid == 1 && !streq(s->role, "daemon");

		if (s->here && !orphan && !streq(s->role, "command")) {
			a->runs_again = true;
		}
		if (s->here && orphan) {
			add_leftover(
				a,
				arena_printf(a->arena,
			                     "gopls (process %lld) has lost its editor and still "
			                     "runs",
			                     (long long)s->pid));
		}
	}
	(void)p;
	look_for_cores(a);
}

/* ---- telling ---- */

static const char *when_text(struct autopsy *a, int64_t at_ns) {
	time_t seconds = (time_t)(at_ns / NS_PER_S);
	struct tm tm;
	char text[64];

	return at_ns > 0 && localtime_r(&seconds, &tm) &&
	                       strftime(text, sizeof text, "%F %T", &tm) > 0
	               ? arena_strdup(a->arena, text)
	               : NULL;
}

static const char *nothing_text(struct autopsy *a) {
	if (a->pid) {
		return arena_printf(
			a->arena,
			"No log, journal or kernel log of this machine tells of the end of "
			"process %lld.",
			(long long)a->pid);
	}
	return arena_printf(
		a->arena, "There is no trace of a gopls that ended in %s%s.", a->target.workspace,
		a->runs_again ? "; one runs there now (`dialtone why --workspace`)" : "");
}

/* Where the end of a process is told of and we may not read; NULL: nowhere. */
static const char *unseen(const struct autopsy *a) {
	for (size_t i = 0; i < a->store.count; i++) {
		if (str_starts(a->store.items[i]->source, "kernel-log:") &&
		    a->store.items[i]->state == EV_DENIED) {
			return "the kernel's log, which tells whom it ended for want of memory: "
			       "CAP_SYSLOG (sudo) would show it";
		}
	}
	return NULL;
}

static void put_unseen(struct sheet *s, const struct autopsy *a) {
	if (unseen(a)) {
		sheet_prose(s, 0, 2, 0, arena_printf(a->arena, "Not seen: %s.", unseen(a)));
	}
}

static void put_text(struct autopsy *a, struct strbuf *out, const struct report_style *style) {
	struct sheet s = {.out = out, .style = style};
	const struct exited_story *y = &a->story;
	const char *when = when_text(a, y->at_ns);

	if (!y->kind) {
		sheet_prose(&s, 0, 0, 0, nothing_text(a));
		put_unseen(&s, a);
		return;
	}
	sheet_ink(&s, streq(y->kind, "asked") ? INK_GREEN : INK_RED, y->answer);
	strbuf_add(out, "\n\n");
	if (when) {
		strbuf_add(out, "  -  ");
		sheet_prose(&s, 5, 5, 0, arena_printf(a->arena, "when: %s", when));
	}
	if (y->signal) {
		strbuf_add(out, "  -  ");
		sheet_prose(&s, 5, 5, 0,
		            arena_printf(a->arena, "signal: %s, sent by: %s",
		                         exited_signal_name(a->arena, y->signal),
		                         str_empty(y->sender) ? "unknown" : y->sender));
	}
	for (size_t i = 0; i < y->proof_count; i++) {
		strbuf_add(out, "  -  ");
		sheet_prose(&s, 5, 5, 0, y->proof[i]);
	}
	for (size_t i = 0; i < a->leftover_count; i++) {
		strbuf_add(out, "  -  left over: ");
		sheet_prose(&s, 16, 5, 0, a->leftovers[i]);
	}
	if (a->runs_again) {
		strbuf_add(out, "  -  ");
		sheet_prose(&s, 5, 5, 0, "another one runs in its place now");
	}
	if (!str_empty(y->fix_title)) {
		strbuf_add_char(out, '\n');
		sheet_prose(&s, 0, 0, 0,
		            arena_printf(a->arena, "%s%s", y->fix_title,
		                         str_empty(y->fix_command) ? "." : ":"));
		if (!str_empty(y->fix_command)) {
			sheet_command(&s, 4, y->fix_command);
		}
	}
	if (!str_empty(y->unknown)) {
		strbuf_add_char(out, '\n');
		sheet_prose(&s, 0, 0, 0, arena_printf(a->arena, "Not known: %s.", y->unknown));
	}
	put_unseen(&s, a);
}

static void put_list(struct json *j, const char *key, const char *const *items, size_t count) {
	json_open_member(j, key, '[');
	for (size_t i = 0; i < count; i++) {
		json_element(j);
		json_string(j, items[i], TEXT_BYTES_MAX);
	}
	json_close(j, ']');
}

static void put_known(struct json *j, const char *key, bool known, int64_t number) {
	if (known) {
		json_put_number(j, key, number);
	} else {
		json_put(j, key, NULL);
	}
}

static void put_exited(struct json *j, const void *context) {
	const struct autopsy *a = context;
	const struct exited_story *y = &a->story;

	json_newline(j, 1);
	json_open_member(j, "exited", '{');
	json_put(j, "kind", y->kind);
	json_put(j, "text", y->kind ? y->answer : NULL);
	put_known(j, "pid", y->pid, y->pid);
	put_known(j, "signal", y->signal, y->signal);
	put_known(j, "exit_code", y->exit_code >= 0, y->exit_code);
	put_known(j, "at_ms", y->at_ns > 0, y->at_ns / NS_PER_MS);
	json_put_or_null(j, "sender", y->sender);
	json_put_or_null(j, "unknown", y->unknown);
	json_put_bool(j, "certain", y->certain);
	json_put_bool(j, "runs_again", a->runs_again);
	put_list(j, "proof", y->proof, y->proof_count);
	put_list(j, "left_over", a->leftovers, a->leftover_count);
	json_put(j, "not_seen", unseen(a));
	json_put_or_null(j, "fix", y->fix_title);
	json_put_or_null(j, "command", y->fix_command);
	json_close(j, '}');
}

static const char *const autopsy_ids[] = {"res-oom-killed", "bug-gopls-panic",
                                          "bin-missing-interpreter-libc", NULL};

static int show(struct autopsy *a) {
	struct terminal terminal = terminal_find(a->options.color);
	struct report_style style = {
		.colour = terminal.colour, .utf8 = terminal.utf8, .columns = terminal.columns};
	bool bad = a->story.kind && !streq(a->story.kind, "asked");
	struct strbuf out;

	FACTS_ADD(&a->facts, health, NULL,
	          .state = !a->story.kind  ? "unknown"
	                   : !bad          ? "healthy"
	                   : a->runs_again ? "degraded"
	                                   : "broken",
	          .hurt = bad ? a->story.answer : "");
	struct diagnosis diagnosis =
		infer(rules_named(a->arena, registry_rules, autopsy_ids), &a->facts);
	struct report report = {
		.target = &a->target,
		.facts = &a->facts,
		.diagnosis = &diagnosis,
		.put_more = put_exited,
		.more = a,
		.timings = report_timings_since(a->start_ns),
	};

	strbuf_init(&out, a->arena);
	if (a->options.json) {
		report_json(&out, &report);
	} else {
		put_text(a, &out, &style);
	}
	return output_write(&out, !a->story.kind ? STATUS_UNKNOWN : bad ? 1 : 0);
}

/* ---- from the options to the answer ---- */

/* A number is that of the editor when such a process runs, else that of the server. */
static bool set_target(struct autopsy *a, struct err *err) {
	const char *pid = arena_printf(a->arena, "%lld", (long long)a->pid);
	bool lives = a->pid > 0 && evidence_has_bytes(world_look(a->exam.world, LOOK_PROCESS, pid,
	                                                         LOOK_CAP_SMALL));

	a->target.autopsy = true;
	a->target.no_server = true;
	a->target.environment = lives ? arena_printf(a->arena, "pid:%s", pid) : NULL;
	return user_path_absolute(a->arena, a->exam.world,
	                          a->options.workspace ? a->options.workspace : ".",
	                          &a->target.workspace, err) == 0;
}

static int run_in(struct autopsy *a) {
	struct exam_plan plan = {.probes = autopsy_probes(a->arena), .limit = "6"};
	struct err err;

	if (!set_target(a, &err) || exam_run(&a->exam, &plan, &err) < 0) {
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	a->story = exited_story(&a->facts, a->target.environment ? 0 : a->pid);
	look_for_leftovers(a);
	return show(a);
}

/* ---- case files ---- */

static int save(struct autopsy *a, struct err *err) {
	const char *home = getenv("HOME");
	const char *args[6] = {command_why.name, "--exited",
	                       arena_printf(a->arena, "--workspace=%s", a->target.workspace)};
	struct case_wish wish = {.path = a->options.save,
	                         .raw = a->options.raw,
	                         .home = home ? home : "",
	                         .args = args};

	if (a->pid > 0) {
		args[3] = "--";
		args[4] = arena_printf(a->arena, "%lld", (long long)a->pid);
	}
	return case_save(a->arena, &wish, &a->store, err);
}

static int open_case(struct autopsy *a, struct err *err) {
	struct parsed_options parsed;
	struct err why = {0};
	int r = case_open(a->arena, a->options.from, &command_why, &a->recorded, &parsed, err);
	const struct why_options *o = r < 0 ? NULL : parsed.options;

	if (r < 0) {
		return r;
	}
	if (!o->exited || !o->workspace || o->workspace[0] != '/' ||
	    (parsed.operand_count > 0 && str_to_int64(parsed.operands[0], &a->pid) < 0)) {
		return o->exited ? case_senseless(a->options.from, &why, err)
		                 : err_set(err, -EBADMSG,
		                           "%s: it was recorded without --exited; use `dialtone "
		                           "why --from`",
		                           a->options.from);
	}
	a->options.workspace = o->workspace;
	return 0;
}

static int open_world(struct autopsy *a, struct err *err) {
	int r = 0;

	if (a->options.from) {
		evidence_store_init(&a->recorded, a->arena);
		r = open_case(a, err);
		a->exam.world = r < 0 ? NULL : world_replay_open(a->arena, &a->store, &a->recorded);
	} else {
		a->exam.world = world_live_open(a->arena, &a->store, a->interrupt.fd, err);
	}
	return r;
}

int why_exited(const struct why_options *options, int64_t pid) {
	struct autopsy a = {
		.options = *options,
		.pid = pid,
		.arena = arena_new(),
		.interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1},
		.start_ns = clock_now_ns(),
	};
	struct err err = {0};
	int status = STATUS_UNKNOWN;

	exam_init(&a.exam, a.arena, &a.facts, &a.target);
	evidence_store_init(&a.store, a.arena);
	a.exam.deadline_ns = a.start_ns + TIMEOUT_NS;
	interrupt_open(&a.interrupt, a.exam.deadline_ns);
	int r = open_world(&a, &err);

	if (a.exam.world) {
		status = run_in(&a);
		if (options->save && save(&a, &err) < 0) {
			output_complain("the case was not saved: %s", err.msg);
			status = STATUS_UNKNOWN;
		}
		world_close(a.exam.world);
	} else {
		status = failure_of_file(&err, r);
	}
	interrupt_close(&a.interrupt);
	arena_free(a.arena);
	return status;
}
