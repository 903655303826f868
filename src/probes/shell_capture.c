/* SPDX-License-Identifier: MIT
 * The editor misses go or gopls although it asks a login shell for its environment: what does that
 * shell answer? Only then it is started, with the editor's environment, as the editor does. And
 * when one of the two is found nowhere and dialtone itself was not started in a terminal: does the
 * PATH of that shell lead to one?
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "probes/search.h"
#include "probes/shell_env.h"

#include <errno.h>

/* VS Code waits for 10 s; a shell that has not answered by now is the reason why nothing came. */
#define PATIENCE_NS (3 * NS_PER_S)

/* VS Code resolves no shell environment when it was started from one: VSCODE_CLI
 * (vs/platform/shell/node/shellEnv.ts). A remote server has its own way. */
static bool asks_a_shell(struct exam *exam) {
	const struct fact_editor_process *p = facts_first(editor_process, exam->facts);
	const struct target *t = exam->target;
	return p && streq(p->kind, "vscode") && !envset_get(&t->judged, "VSCODE_CLI") &&
	       !envset_get(&t->judged, "VSCODE_AGENT_FOLDER") && !streq(t->environment, "shell");
}

static bool is_of(const char *file, const char *shell) {
	const char *name = path_base(shell);
	if (str_has(name, "zsh")) {
		return str_has(file, "/.z");
	}
	if (str_has(name, "fish")) {
		return str_has(file, "fish");
	}
	return str_has(file, "bash") || str_ends(file, "profile");
}

static bool is_suspect(struct slice line, bool hangs) {
	static const char *const waits[] = {"sleep ", "read ",  "tmux",     "screen", "ssh-add",
	                                    "wait",   "until ", "exec ",    "while ", "ssh ",
	                                    "gpg",    "mount ", "keychain", NULL};
	static const char *const ends[] = {"exit",  "exec ",  "set -e", "set -o errexit",
	                                   "kill ", "logout", NULL};
	for (const char *const *word = hangs ? waits : ends; *word; word++) {
		if (slice_has(line, *word)) {
			return true;
		}
	}
	return false;
}

static const struct fact_startup_file *find_line(struct exam *exam, const char *shell, bool hangs,
                                                 int64_t *ret_line, const char **ret_text) {
	facts_each (startup_file, f, exam->facts) {
		if (!is_of(f->file, shell) || streq(f->kind, "project")) {
			continue;
		}
		const struct evidence *ev =
			world_look(exam->world, LOOK_FILE, f->file, LOOK_CAP_SETTINGS);
		struct slice rest = evidence_has_bytes(ev) ? ev->bytes : slice_of(NULL, 0);
		struct slice line;
		for (*ret_line = 1; slice_line(&rest, &line); ++*ret_line) {
			line = slice_trim(line);
			if (line.len > 0 && line.data[0] != '#' && is_suspect(line, hangs) &&
			    !str_starts(f->file, "/etc/")) {
				*ret_text = arena_slicedup(exam->arena, line);
				return f;
			}
		}
	}
	*ret_line = 0;
	return NULL;
}

/* Not in any place where it was looked for, which the PATH of a terminal is among. */
static bool is_nowhere(struct exam *exam, const char *tool) {
	facts_each (tool, t, exam->facts) {
		bool gone = streq(t->state, "absent") || streq(t->state, "dangling") ||
		            streq(t->state, "unreachable") || streq(t->state, "unknown");
		if (streq(t->tool, tool) && !gone) {
			return false;
		}
	}
	return !envset_get(&exam->target->own, "TERM");
}

static int look(struct exam *exam, struct err *err) {
	const struct target *t = exam->target;
	bool misses = !t->server_go || !t->gopls_path;
	bool asks = misses && asks_a_shell(exam);
	bool nowhere = is_nowhere(exam, "go") || is_nowhere(exam, "gopls");
	if (facts_healthy(exam->facts) || (!asks && !nowhere)) {
		return 0;
	}
	struct exam brief = *exam;
	int64_t end_ns = world_now_ns(exam->world) + PATIENCE_NS;
	if (exam->deadline_ns == 0 || exam->deadline_ns > end_ns) {
		brief.deadline_ns = end_ns;
	}
	struct shell_env shell;
	shell_env_begin(&brief, &t->judged, NULL, &shell);
	shell_env_end(&brief, &shell);
	if (!shell.ev || shell.ev->state == EV_NOT_RECORDED) {
		return 0;
	}
	if (shell.ev->state == EV_NOT_RECORDED || exam->world->interrupted) {
		return err_set(err, -ENODATA, "the login shell was not asked");
	}
	bool fails = shell.why || shell.exit_code != 0;
	const char *path = envset_get(&shell.env, "PATH");
	if (path) {
		search_list_elsewhere(exam, "go", path);
		search_list_elsewhere(exam, "gopls", path);
	}
	if (!asks) {
		return 0;
	}
	int64_t line = 0;
	const char *text = "";
	const struct fact_startup_file *file =
		fails || shell.timed_out
			? find_line(exam, shell.shell, shell.timed_out, &line, &text)
			: NULL;
	FACTS_ADD(exam->facts, shell_capture, shell.ev, .shell = shell.shell,
	          .state = shell.timed_out ? "hangs"
	                   : fails         ? "fails"
	                                   : "ok",
	          .exit_code = shell.exit_code, .ms = shell.ms, .said = shell.complaint,
	          .has_go = path && search_path_only(exam, path, "go"),
	          .file = file ? file->file : "", .line = line, .text = text);
	return 0;
}

const struct probe probe_shell_capture = {
	.id = "shell_capture",
	.title = "what the login shell answers the editor",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(shell_capture),
	.look = look,
};
