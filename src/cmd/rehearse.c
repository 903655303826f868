/* SPDX-License-Identifier: MIT
 */
#include "cmd/rehearse.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "core/editor.h"
#include "report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPORT_BYTES_MAX ((size_t)8 << 20)
#define ARGS_MAX         (2 * OPTION_LIST_MAX + 24)
#define END_NS           (200 * NS_PER_MS) /* kept back for what comes after the check inside */
#define AT_LEAST_NS      (500 * NS_PER_MS) /* a check in less time says nothing */

struct run {
	struct arena *arena;
	const struct rehearse_subject *subject;
	const struct rehearse_trial *trial;
	const char *environment; /* the judged environment is put into this file inside, or NULL */
	const char *args[ARGS_MAX];
	size_t arg_count;
};

/* ---- what is writable ---- */

struct writable {
	const char **paths; /* room for REHEARSAL_ROOTS_MAX and the NULL */
	size_t count;
};

static void add_path(struct writable *w, const char *path) {
	bool known = str_empty(path) || path[0] != '/';

	for (size_t i = 0; i < w->count && !known; i++) {
		known = streq(w->paths[i], path);
	}
	if (!known && w->count < REHEARSAL_ROOTS_MAX) {
		w->paths[w->count++] = path;
	}
}

/* What dialtone, go, gopls and the plan may write. Parts of HOME that are links into other places
 * are followed one by one. */
const char *const *rehearse_writable(struct arena *arena, const struct target *t,
                                     const struct facts *facts, const char *const *touches) {
	static const char *const of_home[] = {".cache", ".config", ".local/share", ".local/state",
	                                      "go"};
	static const char *const variables[] = {"TMPDIR",          "XDG_CACHE_HOME",
	                                        "XDG_CONFIG_HOME", "XDG_STATE_HOME",
	                                        "XDG_DATA_HOME",   "GOTMPDIR"};
	struct writable out = {
		.paths = arena_array_of(arena, const char *, REHEARSAL_ROOTS_MAX + 1)};

	add_path(&out, t->workspace);
	add_path(&out, t->root);
	for (const char *const *p = touches; p && *p; p++) {
		add_path(&out, *p);
	}
	add_path(&out, t->home);
	add_path(&out, envset_get(&t->own, "HOME"));
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
		add_path(&out, envset_get(&t->judged, variables[i]));
		add_path(&out, envset_get(&t->own, variables[i]));
	}
	facts_each (place, p, facts) {
		if (!streq(p->role, "GOROOT") && !streq(p->role, "GOTOOLDIR")) {
			add_path(&out, p->path);
			add_path(&out, p->link);
		}
	}
	for (size_t i = 0; i < sizeof of_home / sizeof *of_home; i++) {
		add_path(&out, path_join(arena, t->home, of_home[i]));
	}
	for (const char *const *p = t->window_folders; p && *p; p++) {
		add_path(&out, *p);
	}
	return out.paths;
}

/* ---- the command line inside ---- */

static void add_arg(struct run *run, const char *word) {
	run->args[run->arg_count++] = word;
}

static void add_option(struct run *run, const char *name, const char *value) {
	if (value) {
		add_arg(run, name);
		add_arg(run, value);
	}
}

/* The processes whose environment may be meant are not seen inside; what it is goes along in a
 * file. What a login shell makes of it can be asked again. */
static const char *environment_spec(struct run *run) {
	const char *label = run->subject->target->environment_label;
	bool changed = run->trial->environment && run->trial->environment[0];

	if (streq(label, "shell") ||
	    (!changed && (!label || streq(label, "self") || str_starts(label, "file:")))) {
		return label ? label : "self";
	}
	run->environment = arena_printf(run->arena, "/tmp/.dialtone-environment-%d", getpid());
	return arena_printf(run->arena, "file:%s", run->environment);
}

static void find_args(struct run *run, int64_t limit_ns) {
	const struct check_options *o = run->subject->options;
	const struct target *t = run->subject->target;

	add_arg(run, NULL); /* this program */
	add_arg(run, "check");
	add_arg(run, "--json");
	add_arg(run, "--no-remember");
	add_arg(run, "--once");
	add_option(run, "--environment", environment_spec(run));
	add_option(run, "--editor", t->editor ? t->editor->name : o->editor);
	add_option(run, "--file", t->file);
	add_option(run, "--timeout",
	           arena_printf(run->arena, "%.3f", (double)limit_ns / (double)NS_PER_S));
	if (t->trusted) {
		add_arg(run, "--trust");
	}
	if (t->no_server) {
		add_arg(run, "--no-server");
	}
	for (size_t i = 0; i < o->without.count; i++) {
		add_option(run, "--without", o->without.items[i]);
	}
	add_arg(run, "--");
	add_arg(run, t->window_file ? t->window_file : t->workspace);
}

/* ---- inside ---- */

static void change_environment(struct envset *env, const char *const *changes) {
	for (; changes && *changes; changes++) {
		const char *equals = strchr(*changes, '=');
		size_t len = equals ? (size_t)(equals - *changes) : strlen(*changes);
		const char *name = arena_strndup(env->arena, *changes, len);

		if (equals) {
			envset_set(env, name, equals + 1);
		} else {
			envset_unset(env, name);
		}
	}
}

static int put_environment(const struct run *run) {
	struct envset changed;
	const struct envset *env = &changed;

	envset_init(&changed, run->arena);
	envset_copy(&changed, &run->subject->target->judged);
	change_environment(&changed, run->trial->environment);
	unlink(run->environment);
	CLEANUP(fd_closep)
	int fd = open(run->environment, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : 0;

	for (size_t i = 0; r == 0 && i < env->count; i++) {
		r = fd_write_all(fd, env->vars[i], strlen(env->vars[i]) + 1);
	}
	return r;
}

static int act(void *context, const struct rehearsal *inside, struct err *err) {
	const struct run *run = context;
	int r = run->environment ? put_environment(run) : 0;

	if (r < 0) {
		return err_set(err, r, "the environment cannot be taken along: %s", strerror(-r));
	}
	return run->trial->act ? run->trial->act(run->trial->context, inside, err) : 0;
}

static struct rehearsal_spec spec_of(struct run *run, int64_t limit_ns) {
	find_args(run, limit_ns);
	return (struct rehearsal_spec){
		.writable = rehearse_writable(run->arena, run->subject->target, run->subject->facts,
	                                      run->trial->touches),
		.act = act,
		.context = run,
		.argv = run->args,
		.argc = run->arg_count,
		.envp = environ,
		.cwd = "/",
		.nofile = run->subject->target->nofile,
		.nproc = run->subject->target->nproc,
		.output_cap = REPORT_BYTES_MAX,
		.deadline_ns = run->subject->deadline_ns,
		.interrupt_fd = run->subject->interrupt_fd,
	};
}

/* ---- what came of it ---- */

static const char *first_line(struct arena *arena, struct slice text) {
	struct slice line = {0};

	slice_line(&text, &line);
	return arena_slicedup(arena, line);
}

static const char *why_not_done(struct arena *arena, const struct rehearsal_outcome *o) {
	switch (o->error) {
	case EXDEV:
		return arena_printf(arena, "a step could not be done: %s%s", o->because,
		                    geteuid() == 0 ? ""
		                                   : "; in an ordinary user's rehearsal no "
		                                     "directory can be moved");
	case EOVERFLOW:
		return arena_printf(arena,
		                    "what belongs to another user or group cannot be changed in a "
		                    "rehearsal (%s)",
		                    o->because);
	case ENOSPC:
		return arena_printf(arena, "it writes more than a rehearsal may (%s)", o->because);
	default:
		return arena_printf(arena, "a step could not be done: %s", o->because);
	}
}

static void conclude(struct arena *arena, const struct rehearsal_outcome *o,
                     struct rehearsed *ret) {
	*ret = (struct rehearsed){.because = o->because, .handshake_ms = -1, .overhead_ms = -1};
	if (o->end == REHEARSAL_NOT_DONE) {
		ret->because = why_not_done(arena, o);
		/* What a rehearsal keeps from being written says nothing of what is outside. */
		ret->step_failed = o->error == EIO && !strcasestr(o->because, strerror(EROFS));
	}
	if (o->end != REHEARSAL_RAN) {
		return;
	}
	if (digest_parse(arena, o->out, &ret->report) < 0) {
		ret->because =
			arena_printf(arena, "the check inside gave no report: %s",
		                     o->err.len > 0           ? first_line(arena, o->err)
		                     : WIFSIGNALED(o->status) ? strsignal(WTERMSIG(o->status))
		                                              : "it said nothing");
		return;
	}
	ret->checked = true;
	ret->handshake_ms = ret->report.total_ms;
	ret->overhead_ms = (o->ended_ns - o->begun_ns) / NS_PER_MS - ret->handshake_ms;
}

/* Those by which people tell whether it works. */
static const char *const *telling(struct arena *arena, const char *const *names) {
	static const char *const known[] = {"definition", "stdlib_definition", "completion",
	                                    "diagnostics"};
	const char **some = arena_array_of(arena, const char *, sizeof known / sizeof *known + 1);
	size_t count = 0;

	for (size_t i = 0; names[i]; i++) {
		for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
			if (streq(names[i], known[k])) {
				some[count++] = names[i];
			}
		}
	}
	return count > 0 ? some : names;
}

static const char *joined(struct arena *arena, const char *const *names) {
	struct strbuf out;

	strbuf_init(&out, arena);
	for (size_t i = 0; names[i]; i++) {
		strbuf_add(&out, i == 0 ? "" : names[i + 1] ? ", " : " and ");
		strbuf_add(&out, feature_in_words(names[i]));
	}
	return out.data;
}

static const struct digest_finding *finds_error(const struct digest *report) {
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct digest_finding *f = &report->findings[i];

		if (!f->symptom && streq(f->severity, "error")) {
			return f;
		}
	}
	return NULL;
}

static const char *still_wrong(struct arena *arena, const struct rehearsed *r) {
	const struct digest_finding *f = finds_error(&r->report);

	if (f) {
		return arena_printf(arena, "%s (%s)", f->title, f->id);
	}
	const char *const *hurt = digest_hurt(arena, &r->report);
	return hurt[0] ? arena_printf(arena, "still no answer to %s", joined(arena, hurt)) : "";
}

void rehearse_judge(struct arena *arena, const struct rehearse_trial *trial,
                    const struct digest *before, struct rehearsed *ret) {
	bool hidden = trial->id && before && !digest_find(before, trial->id, trial->subject);
	enum change change = trial->id ? digest_compare(before ? before : &ret->report,
	                                                &ret->report, trial->id, trial->subject)
	                               : CHANGE_CURED;

	if (!ret->checked) {
		return;
	}
	ret->because = "";
	ret->result = REHEARSE_NOT_RUN;
	if (streq(ret->report.verdict, "unknown")) {
		ret->because = "the check inside came to no verdict";
		return;
	}
	if (hidden) {
		ret->because = "what is wrong does not show in a rehearsal";
		return;
	}
	switch (change) {
	case CHANGE_CURED:
		ret->result = REHEARSE_PASSED;
		break;
	case CHANGE_PART:
		ret->result = REHEARSE_PASSED;
		ret->because = still_wrong(arena, ret);
		break;
	case CHANGE_NONE:
		/* Something else may be in the way as well; then it is found. */
		ret->because = still_wrong(arena, ret);
		ret->result =
			before && !finds_error(&ret->report) ? REHEARSE_FAILED : REHEARSE_PASSED;
		break;
	case CHANGE_STILL:
		ret->result = REHEARSE_FAILED;
		ret->because = arena_printf(arena, "%s is still found", trial->id);
		break;
	case CHANGE_WORSE:
		ret->result = REHEARSE_FAILED;
		ret->because = arena_printf(arena, "no answer any more to %s",
		                            joined(arena, digest_hurt(arena, &ret->report)));
		break;
	}
}

void rehearse(struct arena *arena, const struct rehearse_subject *subject,
              const struct rehearse_trial *trials, size_t count, const struct digest *before,
              struct rehearsed *ret) {
	struct run *runs = arena_array_of(arena, struct run, count);
	struct rehearsal_spec specs[REHEARSALS_MAX];
	struct rehearsal_outcome outcomes[REHEARSALS_MAX];
	int64_t left_ns = subject->deadline_ns - clock_now_ns() - END_NS;

	count = count < REHEARSALS_MAX ? count : REHEARSALS_MAX;
	for (size_t i = 0; i < count; i++) {
		runs[i] = (struct run){.arena = arena, .subject = subject, .trial = &trials[i]};
		specs[i] = spec_of(&runs[i], left_ns);
		ret[i] = (struct rehearsed){.because = "there is no time left for it",
		                            .handshake_ms = -1,
		                            .overhead_ms = -1};
	}
	if (left_ns < AT_LEAST_NS) {
		return;
	}
	rehearsals_run(arena, specs, outcomes, count);
	for (size_t i = 0; i < count; i++) {
		conclude(arena, &outcomes[i], &ret[i]);
		rehearse_judge(arena, &trials[i], before, &ret[i]);
	}
}

const char *rehearse_result_name(enum rehearse_result result) {
	static const char *const names[] = {
		[REHEARSE_NOT_RUN] = "not_run",
		[REHEARSE_PASSED] = "passed",
		[REHEARSE_FAILED] = "failed",
	};
	return names[result];
}

const char *rehearse_in_words(struct arena *arena, const struct rehearsed *r) {
	const char *const *answered = digest_answered(arena, &r->report);
	const char *rest = *r->because ? arena_printf(arena, "; what remains: %s", r->because) : "";

	switch (r->result) {
	case REHEARSE_NOT_RUN:
		return arena_printf(arena, "not rehearsed, because %s", r->because);
	case REHEARSE_FAILED:
		return arena_printf(arena, "failed: %s", r->because);
	case REHEARSE_PASSED:
		break;
	}
	return answered[0] ? arena_printf(arena, "passed, %s answer in %.1f s%s",
	                                  joined(arena, telling(arena, answered)),
	                                  (double)r->handshake_ms / 1000.0, rest)
	                   : arena_printf(arena, "passed%s", rest);
}
