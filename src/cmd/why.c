/* SPDX-License-Identifier: MIT
 * `dialtone why PID|--workspace DIR`: who waits for whom, now, without stopping anything.
 */
#include "base/clock.h"
#include "cmd/case.h"
#include "cmd/check_options.h"
#include "cmd/exam.h"
#include "cmd/failure.h"
#include "cmd/interrupt.h"
#include "cmd/output.h"
#include "cmd/why_exited.h"
#include "cmd/why_view.h"
#include "core/registry.h"
#include "probes/latency.h"
#include "probes/server/guards.h"
#include "probes/server/wait_calls.h"
#include "probes/server/wait_facts.h"
#include "probes/server/wait_trial.h"
#include "report/harmless.h"
#include "world/live.h"
#include "world/replay.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#define WHY_TIMEOUT_NS (5 * NS_PER_S)
#define SERVERS_MAX    8
#define EDITORS_MAX    3
#define TEXT_BYTES_MAX ((size_t)600)
/* Whoever asks, asks because it hangs: a wait that has lasted this long is none that just passes. */
#define SETTLED_MS 900

#define AT(member) offsetof(struct why_options, member)
static const struct option_spec why_specs[] = {
	{"workspace", 'w', "DIR", OPTION_TEXT, AT(workspace),
         "ask about the server that has DIR open"},
	{"json", 'j', NULL, OPTION_FLAG, AT(json), "for programs: the report with the key chain"},
	{"exited", 0, NULL, OPTION_FLAG, AT(exited),
         "what ended the last server; PID, if any, is its number or the editor's"},
	{"dot", 0, NULL, OPTION_FLAG, AT(dot), "the processes as a graph for dot(1)"},
	{"save", 0, "FILE", OPTION_TEXT, AT(save), "also record what was seen in a case file"},
	{"raw", 0, NULL, OPTION_FLAG, AT(raw), "with --save: keep home and user names"},
	{"from", 0, "FILE", OPTION_TEXT, AT(from), "ask a case file, not this machine"},
	{"color", 0, "WHEN", OPTION_TEXT, AT(color), "auto, always or never"},
	{0},
};
#undef AT

static const char prefix[] = "waits:"; /* of the evidence */

struct why {
	struct why_options options;
	struct arena *arena;
	struct interrupt interrupt;
	struct evidence_store store, recorded;
	struct facts facts;
	struct target target;
	struct exam exam;
	struct waits waits;
	struct wait_chain chain;
	const struct evidence *ev;
	int64_t pid, start_ns;
	bool of_check; /* the case file is one of check, with servers in it */
	struct why_other others[SERVERS_MAX];
	size_t other_count;
	bool late; /* a look did not end in time, so what was not seen may be there */
};

/* ---- whom it is about ---- */

static const struct evidence *look_for(struct why *y, enum look what, const char *arg, size_t cap) {
	const struct evidence *ev = world_look(y->exam.world, what, arg, cap);

	y->late = y->late || ev->state == EV_TIMED_OUT;
	return ev;
}

static bool look_once(struct why *y, const char *arg, struct waits *ret,
                      struct wait_chain *ret_chain, const struct evidence **ret_ev) {
	*ret_ev = look_for(y, LOOK_WAITS, arg, LOOK_CAP_MODULE);
	if (!evidence_has_bytes(*ret_ev) || !waits_parse(y->arena, (*ret_ev)->bytes, ret)) {
		return false;
	}
	*ret_chain = waits_chain(ret, SETTLED_MS);
	wait_calls_look(&y->exam, ret, ret_chain, SETTLED_MS);
	return true;
}

/* What a look at a process says; false when there is nothing. That it waits for nothing outside follows from what was
 * not seen, and between two children everything stands still for a moment: then a second look decides. */
static bool look_at(struct why *y, int64_t pid, struct waits *ret, struct wait_chain *ret_chain,
                    const struct evidence **ret_ev) {
	struct waits again;
	struct wait_chain chain;
	const struct evidence *ev;

	if (!look_once(y, arena_printf(y->arena, "%lld", (long long)pid), ret, ret_chain, ret_ev)) {
		return false;
	}
	if ((ret_chain->leaf.kind == WAIT_INSIDE || ret_chain->leaf.timer) &&
	    !waits_is_healthy(ret_chain) &&
	    look_once(y, arena_printf(y->arena, "%lld 2", (long long)pid), &again, &chain, &ev)) {
		*ret = again;
		*ret_chain = chain;
		*ret_ev = ev;
	}
	return true;
}

/* Of several that hang on the same thing one is told of. */
static void note_other(struct why *y, int64_t pid, const struct wait_chain *chain) {
	if (!waits_is_healthy(chain) && y->other_count < SERVERS_MAX) {
		y->others[y->other_count++] =
			(struct why_other){pid, chain->leaf.process->pid,
		                           waits_name(y->arena, chain->links[0].process)};
	}
}

/* Takes this one when it is the first, or the first that is not well. */
static void take_worse(struct why *y, int64_t pid, bool *found) {
	struct waits waits;
	struct wait_chain chain;
	const struct evidence *seen;

	if (!look_at(y, pid, &waits, &chain, &seen)) {
		return;
	}
	note_other(y, pid, &chain);
	if (!*found || (waits_is_healthy(&y->chain) && !waits_is_healthy(&chain))) {
		y->pid = pid;
		y->waits = waits;
		y->chain = chain;
		y->ev = seen;
	}
	*found = true;
}

/* Of the servers that have the workspace open, the first that is not well, else the first. */
static bool look_for_server(struct why *y) {
	const struct evidence *ev = look_for(y, LOOK_GOPLS, y->target.workspace, LOOK_CAP_SETTINGS);
	struct slice rest = ev->bytes;
	struct slice block;
	bool found = false;

	for (size_t i = 0;
	     evidence_has_bytes(ev) && i < SERVERS_MAX && keyline_block(&rest, &block); i++) {
		int64_t pid = 0;

		if (streq(keyline_text(y->arena, block, "here"), "1") &&
		    !strstr(keyline_text(y->arena, block, "cmdline"), "** telemetry **") &&
		    str_to_int64(keyline_text(y->arena, block, "pid"), &pid) == 0) {
			take_worse(y, pid, &found);
		}
	}
	return found;
}

/* No gopls yet: what the editors of the workspace have started in its place. */
static bool look_for_wrapper(struct why *y) {
	const struct evidence *ev = look_for(y, LOOK_EDITORS, y->target.workspace, LOOK_CAP_SMALL);
	struct slice rest = ev->bytes, line, word;
	bool found = false;

	for (size_t i = 0; evidence_has_bytes(ev) && i < EDITORS_MAX && slice_line(&rest, &line);
	     i++) {
		struct waits waits;
		struct wait_chain chain;
		const struct evidence *seen;
		const struct wait_process *wrapper =
			slice_cut(&line, ' ', &word) && look_once(y, arena_slicedup(y->arena, word),
		                                                  &waits, &chain, &seen)
				? waits_wrapper(&waits, false)
				: NULL;

		if (wrapper) {
			take_worse(y, wrapper->pid, &found);
		}
	}
	return found;
}

/* In a case file of check: the servers that ran for the workspace when it was written. */
static bool look_in_case(struct why *y) {
	bool found = false;

	for (size_t i = 0; i < y->recorded.count; i++) {
		const char *source = y->recorded.items[i]->source;
		int64_t pid;

		if (str_starts(source, prefix) &&
		    str_to_int64(source + strlen(prefix), &pid) == 0) {
			take_worse(y, pid, &found);
		}
	}
	return found;
}

/* In a case file of check: the last look at the server it started, below its warden. */
static bool look_at_trial(struct why *y) {
	for (size_t i = y->recorded.count; i-- > 0;) {
		const char *source = y->recorded.items[i]->source;
		struct slice rest = slice_str(source);
		struct slice pid;

		if (!str_starts(source, prefix) || !slice_cut(&rest, ' ', &pid) ||
		    (!slice_starts(rest, WAIT_TRIAL_LATE) &&
		     !slice_starts(rest, WAIT_TRIAL_LOCK)) ||
		    !look_once(y, source + strlen(prefix), &y->waits, &y->chain, &y->ev)) {
			continue;
		}
		y->waits.target = waits_child_of(&y->waits, y->waits.target);
		y->chain = waits_chain(&y->waits, SETTLED_MS);
		y->pid = y->waits.target;
		return true;
	}
	return false;
}

/* ---- the report ---- */

static const char *const wait_ids[] = {"cfg-client-no-configuration",
                                       "ipc-server-stopped",
                                       "ipc-server-waits-on-child",
                                       "ipc-editor-does-not-read",
                                       "fs-lock-held",
                                       "fs-nfs-lock-hang",
                                       "fs-slow-mount",
                                       "res-nofile",
                                       "res-nproc-pids",
                                       "ipc-remote-socket-stale-or-foreign",
                                       "sec-antivirus-edr",
                                       NULL};

static int show(struct why *y) {
	struct strbuf out;
	struct terminal terminal = terminal_find(y->options.color);
	const struct wait_leaf *l = &y->chain.leaf;

	wait_facts_state(&y->facts, y->ev, "asked", &y->waits, &y->chain);
	const char *place = waits_is_healthy(&y->chain)
	                            ? NULL
	                            : wait_facts_place(&y->facts, &y->waits, &y->chain);

	if (place) {
		(void)latency_stuck(&y->exam, "waited", place, y->ev, 0, true);
	}
	if (l->kind == WAIT_GUARD) {
		guards_state(&y->exam);
	}
	bool hidden = l->kind == WAIT_HIDDEN;
	FACTS_ADD(&y->facts, health, y->ev,
	          .state = hidden                        ? "unknown"
	                   : waits_is_healthy(&y->chain) ? "healthy"
	                                                 : "broken",
	          .hurt = waits_is_healthy(&y->chain) ? "" : waits_sentence(y->arena, &y->chain));
	struct diagnosis diagnosis =
		infer(rules_named(y->arena, registry_rules, wait_ids), &y->facts);
	const struct why_view view = {y->arena, &y->waits, &y->chain, y->others, y->other_count};
	struct report report = {
		.target = &y->target,
		.facts = &y->facts,
		.diagnosis = &diagnosis,
		.put_more = why_view_json,
		.more = &view,
		.timings = report_timings_since(y->start_ns),
	};
	struct report_style style = {
		.colour = terminal.colour, .utf8 = terminal.utf8, .columns = terminal.columns};

	strbuf_init(&out, y->arena);
	if (y->options.json) {
		report_json(&out, &report);
	} else if (y->options.dot) {
		strbuf_add(&out, harmless_lines(y->arena, waits_dot(y->arena, &y->waits, &y->chain),
		                                terminal.utf8));
	} else {
		why_view_text(&out, &view, &style);
	}
	return output_write(&out, report_status(&report));
}

/* ---- case files ---- */

static int save(struct why *y, struct err *err) {
	const char *home = getenv("HOME");
	const char *const args[] = {
		command_why.name,
		"--",
		arena_printf(y->arena, "%lld", (long long)y->pid),
		NULL,
	};
	struct case_wish wish = {
		.path = y->options.save,
		.raw = y->options.raw,
		.home = home ? home : "",
		.args = args,
	};

	return case_save(y->arena, &wish, &y->store, err);
}

static bool has_server(const struct evidence_store *recorded) {
	for (size_t i = 0; i < recorded->count; i++) {
		if (str_starts(recorded->items[i]->source, prefix)) {
			return true;
		}
	}
	return false;
}

static int open_case(struct why *y, struct err *err) {
	struct parsed_options parsed;
	struct err why = {0};
	int r = case_open(y->arena, y->options.from, &command_why, &y->recorded, &parsed, err);

	if (r == -EBADMSG && has_server(&y->recorded)) {
		y->of_check = true;
		return 0;
	}
	if (r < 0) {
		return r;
	}
	if (((const struct why_options *)parsed.options)->exited) {
		return err_set(err, -EBADMSG,
		               "%s: it was recorded with --exited; use `dialtone why --exited "
		               "--from`",
		               y->options.from);
	}
	if (parsed.operand_count != 1 || str_to_int64(parsed.operands[0], &y->pid) < 0) {
		return case_senseless(y->options.from, &why, err);
	}
	return 0;
}

/* ---- from the command line to the answer ---- */

static int explain_nothing(struct why *y) {
	if (y->of_check) {
		output_complain("%s: no server that waits was seen when it was written",
		                y->options.from);
	} else if (y->late && y->options.workspace) {
		output_complain("looking for the gopls that has '%s' open did not end in time",
		                y->target.workspace);
		return STATUS_UNKNOWN;
	} else if (y->late) {
		output_complain("looking at process %lld did not end in time", (long long)y->pid);
		return STATUS_UNKNOWN;
	} else if (y->options.workspace) {
		output_complain(
			"no gopls of this user has '%s' open, and no editor that has waits for one "
			"to start; `dialtone check` starts one of "
			"its own",
			y->target.workspace);
	} else {
		output_complain("there is no process %lld", (long long)y->pid);
	}
	return STATUS_USAGE;
}

static int answer(struct why *y) {
	struct err err;
	bool found;

	if (y->options.workspace && !y->options.from) {
		if (user_path_absolute(y->arena, y->exam.world, y->options.workspace,
		                       &y->target.workspace, &err) < 0) {
			output_complain("%s", err.msg);
			return STATUS_UNKNOWN;
		}
		found = look_for_server(y) || look_for_wrapper(y);
	} else if (y->of_check) {
		found = look_in_case(y) || look_at_trial(y);
	} else {
		found = look_at(y, y->pid, &y->waits, &y->chain, &y->ev);
	}
	if (!found) {
		return explain_nothing(y);
	}
	const struct wait_process *p =
		y->chain.server ? y->chain.server : y->chain.links[0].process;

	if (!y->target.workspace) {
		y->target.workspace = str_empty(p->cwd) ? "/" : p->cwd;
	}
	y->target.environment_label = arena_printf(y->arena, "pid:%lld", (long long)p->pid);
	y->target.editor_pid = 0;
	y->target.gopls_path = y->chain.server && !str_empty(p->exe) ? p->exe : NULL;
	int status = show(y);

	if (y->options.save && save(y, &err) < 0) {
		output_complain("the case was not saved: %s", err.msg);
		return STATUS_UNKNOWN;
	}
	return status;
}

static int run_in(struct why *y) {
	struct err err;
	int status = STATUS_UNKNOWN;

	exam_init(&y->exam, y->arena, &y->facts, &y->target);
	evidence_store_init(&y->store, y->arena);
	if (y->options.from) {
		evidence_store_init(&y->recorded, y->arena);
		int r = open_case(y, &err);

		if (r < 0) {
			return failure_of_file(&err, r);
		}
		y->exam.world = world_replay_open(y->arena, &y->store, &y->recorded);
	} else {
		interrupt_open(&y->interrupt, y->start_ns + WHY_TIMEOUT_NS);
		y->exam.world = world_live_open(y->arena, &y->store, y->interrupt.fd, &err);
	}
	if (y->exam.world) {
		status = answer(y);
	} else {
		output_complain("%s", err.msg);
	}
	world_close(y->exam.world);
	interrupt_close(&y->interrupt);
	return status;
}

static int run_exited(const struct why_options *o, const char *const *operands,
                      size_t operand_count) {
	int64_t pid = 0;

	if (o->dot || (o->raw && !o->save) ||
	    (o->from && (o->save || o->workspace || operand_count > 0))) {
		output_complain("'--exited' goes with no --dot, '--raw' only with '--save', "
		                "'--from' with no PID, --workspace or --save");
		return STATUS_USAGE;
	}
	if (operand_count > 0 &&
	    (str_to_int64(operands[0], &pid) < 0 || pid <= 0 || pid > INT32_MAX)) {
		output_complain("expected the number of a process, got '%s'", operands[0]);
		return STATUS_USAGE;
	}
	return why_exited(o, pid);
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	struct why y = {
		.options = *(const struct why_options *)options,
		.interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1},
		.start_ns = clock_now_ns(),
	};
	const struct why_options *o = &y.options;

	if (!color_is_valid(o->color)) {
		return STATUS_USAGE;
	}
	if (o->exited) {
		return run_exited(o, operands, operand_count);
	}
	if ((operand_count > 0) + (o->workspace != NULL) + (o->from != NULL) != 1) {
		output_complain("expected one of PID, --workspace DIR and --from FILE");
		return STATUS_USAGE;
	}
	if (operand_count > 0 &&
	    (str_to_int64(operands[0], &y.pid) < 0 || y.pid <= 0 || y.pid > INT32_MAX)) {
		output_complain("expected the number of a process, got '%s'", operands[0]);
		return STATUS_USAGE;
	}
	if ((o->raw && !o->save) || (o->from && o->save) || (o->json && o->dot)) {
		output_complain(
			"'--raw' only goes with '--save', '--save' not with '--from', '--dot' "
			"not with '--json'");
		return STATUS_USAGE;
	}
	y.arena = arena_new();
	int status = run_in(&y);

	arena_free(y.arena);
	return status;
}

const struct command command_why = {
	.name = "why",
	.synopsis = "PID",
	.summary = "Tell what a running process waits for",
	.options = why_specs,
	.options_size = sizeof(struct why_options),
	.notes = "PID is a language server, a go, an editor, a debugger or any other process. "
		 "Nothing "
		 "is\nattached to, signalled or changed. Status: 0 it is well, 1 it waits for what "
		 "does not\ncome, 3 it may not be looked into.\n",
	.max_operands = 1,
	.run = run,
};
