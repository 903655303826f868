/* SPDX-License-Identifier: MIT
 * Counter-checks with the server itself, when something is wrong: does it answer without the user's
 * flags? Does a newer one, which lies behind it in the search order, do better?
 */
#include "base/clock.h"
#include "base/str.h"
#include "core/infer.h"
#include "gofile/semver.h"
#include "probes/scratch.h"
#include "probes/server/handshake.h"
#include "probes/server/limits.h"
#include "probes/server/server_flags.h"
#include "probes/server/server_health.h"
#include "probes/trust.h"

#define HELLO_DEADLINE_NS (800 * NS_PER_MS) /* an answer to initialize takes 50 ms */
#define OTHER_DEADLINE_NS (6 * NS_PER_S)
#define MARGIN_NS         (700 * NS_PER_MS) /* left of the run's time for stopping and judging */
#define NO_DRIVER         "gopls without driver"
#define MORE_TASKS        "gopls with more processes"
#define NO_LIMITS         "gopls without the editor's limits"
#define FLAGS_MAX         8 /* members that are left out one by one */

static int64_t time_left(const struct exam *exam, int64_t wanted_ns) {
	int64_t left = exam->deadline_ns - MARGIN_NS - world_now_ns(exam->world);
	return left < wanted_ns ? left : wanted_ns;
}

static bool has_ended(const struct talk *talk) {
	return talk->life == TALK_EXITED || talk->life == TALK_FAILED;
}

/* A dialogue begins with its talk's base. */
static bool has_said_hello(const struct dialogue *self) {
	const struct talk *talk = (const struct talk *)(const void *)self;
	return talk->answers[TALK_INITIALIZE].state > TALK_ASKED || talk->junk_bytes > 0 ||
	       has_ended(talk);
}

/* One more conversation, with these arguments. The state of talk is that before it was ended. */
static const struct evidence *converse(struct exam *exam, const char *label, struct talk *talk,
                                       const char *const *argv, struct limit_pair nofile,
                                       int64_t limit_ns, struct talk *ret_talk) {
	const struct target *t = exam->target;
	const char *scratch = NULL;
	struct envset env;
	envset_copy(&env, &t->launch);
	if (streq(label, NO_DRIVER)) {
		envset_set(&env, "GOPACKAGESDRIVER", "off");
	}
	if (server_flags_write(argv)) {
		scratch = scratch_make(exam->arena, envset_get(&t->own, "TMPDIR"));
	}
	struct limit_pair no_limit = {0};
	struct session *session = world_session_start(
		exam->world, &(struct session_spec){
				     .label = label,
				     .argv = server_flags_tame(exam->arena, argv, scratch),
				     .env = &env,
				     .cwd = t->server_cwd ? t->server_cwd : t->workspace,
				     .dialogue = &talk->base,
				     .nofile = nofile,
				     .nproc = streq(label, MORE_TASKS) ? no_limit : t->nproc,
				     .fatal = streq(label, NO_LIMITS) ? NULL : t->fatal_limits,
			     });
	world_session_wait(exam->world, session, world_now_ns(exam->world) + limit_ns);
	*ret_talk = *talk;
	const struct evidence *ev = world_session_stop(exam->world, session);
	scratch_remove(scratch);
	return ev;
}

/* ---- flags ---- */

/* Does the server answer with these arguments? */
static bool says_hello(struct exam *exam, const char *label, const char *const *argv,
                       const struct evidence **ret_ev) {
	struct talk_script script = exam->handshake->talk->script;
	script.file = NULL;
	script.text = (struct slice){0};
	struct talk *talk = talk_new(exam->arena, &script);
	struct talk seen;
	talk->base.is_done = has_said_hello;
	*ret_ev = converse(exam, label, talk, argv, exam->target->nofile,
	                   time_left(exam, HELLO_DEADLINE_NS), &seen);
	return seen.answers[TALK_INITIALIZE].state == TALK_OK && seen.junk_bytes == 0;
}

static const char *const *argv_without(struct exam *exam, size_t left_out) {
	const char *const *argv = exam->target->server_argv;
	size_t count = 0;
	while (argv[count]) {
		count++;
	}
	const char **copy = arena_array_of(exam->arena, const char *, count + 1);
	size_t out = 0;
	for (size_t i = 0; i < count; i++) {
		if (i != left_out) {
			copy[out++] = argv[i];
		}
	}
	return copy;
}

static void find_guilty_flag(struct exam *exam) {
	const char *const *argv = exam->target->server_argv;
	for (size_t i = 1; argv[1] && argv[2] && i <= FLAGS_MAX && argv[i]; i++) {
		if (time_left(exam, HELLO_DEADLINE_NS) < HELLO_DEADLINE_NS) {
			return;
		}
		const struct evidence *ev = NULL;
		const char *label = arena_printf(exam->arena, "gopls without %s", argv[i]);
		bool better = says_hello(exam, label, argv_without(exam, i), &ev);
		FACTS_ADD(exam->facts, trial, ev, .what = "without flag", .subject = argv[i],
		          .better = better);
		if (better) {
			return;
		}
	}
}

static void try_flags(struct exam *exam) {
	const struct fact_server *server = facts_first(server, exam->facts);
	const char *const *argv = exam->target->server_argv;
	bool mute =
		server && (streq(server->state, "exited") || streq(server->state, "signaled") ||
	                   streq(server->state, "silent") || streq(server->state, "stopped_by_us"));
	if (!mute || !argv[1] || time_left(exam, HELLO_DEADLINE_NS) <= 0) {
		return;
	}
	facts_each (remote, r, exam->facts) {
		if (!r->reachable) {
			return; /* its daemon is missed, which says enough */
		}
	}
	facts_each (daemon_place, p, exam->facts) {
		if (!streq(p->state, "ok") && !p->reachable) {
			return;
		}
	}
	const char *const bare[] = {argv[0], NULL};
	const struct evidence *ev = NULL;
	/* It was not waited for: perhaps it was only slow. */
	if (streq(server->state, "stopped_by_us") &&
	    says_hello(exam, "gopls with its flags", argv, &ev)) {
		return;
	}
	bool better = says_hello(exam, "gopls without flags", bare, &ev);
	FACTS_ADD(exam->facts, trial, ev, .what = "without flags", .subject = server->args,
	          .better = better);
	if (better) {
		find_guilty_flag(exam);
	}
}

/* ---- another gopls ---- */

static const char *version_of(struct exam *exam, const char *path) {
	const struct fact_binary *b = facts_binary(exam->facts, path);
	return b ? b->version : "";
}

/* The newest of those behind the chosen one, if it is newer than that. */
static const struct fact_tool *newer_one(struct exam *exam) {
	const struct fact_tool *chosen = facts_chosen(exam->facts, "gopls");
	const char *best_version = chosen ? version_of(exam, chosen->path) : "";
	const struct fact_tool *best = NULL;
	facts_each (tool, t, exam->facts) {
		if (!chosen || t->chosen || !streq(t->tool, "gopls") || !streq(t->state, "ok") ||
		    (!str_empty(t->real) && streq(t->real, chosen->real))) {
			continue;
		}
		const char *version = version_of(exam, t->path);
		bool safe = exam->target->trusted || !trust_inside(exam, t->path);
		if (safe && semver_compare(version, best_version) > 0) {
			best = t;
			best_version = version;
		}
	}
	return best;
}

/* Errors in the open file, as the first server saw them. */
static size_t errors_before(struct exam *exam, const char **ret_text) {
	size_t count = 0;
	facts_each (diagnostic, d, exam->facts) {
		if (streq(d->severity, "error") && streq(d->path, exam->target->open_file)) {
			*ret_text = count++ == 0 ? d->text : *ret_text;
		}
	}
	return count;
}

static size_t errors_of(const struct talk *talk) {
	size_t count = 0;
	for (const struct talk_complaint *c = talk->complaints; c; c = c->next) {
		count += !c->stale && streq(c->severity, "error") &&
		         streq(c->path, talk->script.file);
	}
	return count;
}

static int rank_of(const char *state) {
	return streq(state, "healthy") ? 2 : streq(state, "degraded") ? 1 : 0;
}

static bool has_time(const struct exam *exam) {
	return time_left(exam, OTHER_DEADLINE_NS) >= NS_PER_S;
}

/* One whole conversation: how well is the server then? */
static struct health try_whole(struct exam *exam, const char *label, struct talk_script script,
                               const char *const *argv, struct limit_pair nofile,
                               struct talk *ret_seen, const struct evidence **ret_ev) {
	struct talk *talk = talk_new(exam->arena, &script);

	*ret_ev = converse(exam, label, talk, argv, nofile, time_left(exam, OTHER_DEADLINE_NS),
	                   ret_seen);
	bool all = ret_seen->base.is_done(&ret_seen->base);

	return server_health(exam->arena, ret_seen, all ? TALK_END_SAID_ALL : TALK_END_DEADLINE);
}

static int rank_before(const struct exam *exam) {
	const struct fact_health *health = facts_first(health, exam->facts);

	return rank_of(health ? health->state : "");
}

/* The same server with one thing taken away. */
static void try_relieved(struct exam *exam, const char *label, const char *what,
                         const char *subject, struct talk_script script, struct limit_pair nofile) {
	struct talk seen;
	const struct evidence *ev;
	struct health now =
		try_whole(exam, label, script, exam->target->server_argv, nofile, &seen, &ev);

	FACTS_ADD(exam->facts, trial, ev, .what = what, .subject = subject,
	          .better = rank_of(now.state) > rank_before(exam), .detail = now.hurt);
}

static void try_other(struct exam *exam) {
	const struct fact_health *health = facts_first(health, exam->facts);
	const char *text = "";
	size_t errors = exam->target->open_file ? errors_before(exam, &text) : 0;
	bool hurt = health && !streq(health->state, "healthy") && !streq(health->state, "unknown");
	const struct fact_tool *other = hurt || errors > 0 ? newer_one(exam) : NULL;
	if (!other || infer_is_certain(exam->rules, exam->facts) || !has_time(exam)) {
		return;
	}
	size_t count = 0;
	while (exam->target->server_argv[count]) {
		count++;
	}
	const char **argv = arena_array_of(exam->arena, const char *, count + 1);
	memcpy(argv, exam->target->server_argv, count * sizeof(*argv));
	argv[0] = other->path;
	struct talk seen;
	const struct evidence *ev;
	struct health now = try_whole(exam, "other gopls", exam->handshake->talk->script, argv,
	                              exam->target->nofile, &seen, &ev);
	int before = rank_before(exam);
	bool better = rank_of(now.state) > before ||
	              (rank_of(now.state) == before && errors_of(&seen) < errors);
	const char *detail =
		errors > 0 ? arena_printf(exam->arena, "only the older one says: %s", text) : "";
	FACTS_ADD(exam->facts, trial, ev, .what = "other gopls", .subject = other->path,
	          .better = better, .detail = better ? detail : now.hurt);
}

/* ---- the first message ---- */

static const char plain_words[] = "{\"processId\":null,\"rootUri\":null,\"capabilities\":{}}";

/* What a client says in initialize: does the server take it? Without a bad frame on either side an
 * error is about the words. */
static void try_words(struct exam *exam, const char *what, const char *words) {
	struct talk_script script = exam->handshake->talk->script;
	script.file = NULL;
	script.text = (struct slice){0};
	script.initialize = words;
	struct talk *talk = talk_new(exam->arena, &script);
	struct talk seen;
	talk->base.is_done = has_said_hello;
	const struct evidence *ev =
		converse(exam, what, talk, exam->target->server_argv, exam->target->nofile,
	                 time_left(exam, HELLO_DEADLINE_NS), &seen);
	const struct talk_answer *answer = &seen.answers[TALK_INITIALIZE];
	if (answer->state > TALK_ASKED) {
		FACTS_ADD(exam->facts, trial, ev, .what = what, .subject = exam->target->gopls_path,
		          .better = answer->state == TALK_OK, .detail = answer->detail);
	}
}

/* The server lives and refuses our greeting, or that of the editor that was asked. */
static void try_greetings(struct exam *exam) {
	const struct fact_feature *opening = facts_feature(exam->facts, "initialize");
	const char *own = exam->target->client_initialize;
	bool refused = opening && streq(opening->state, "failed");
	if (!opening || (!refused && !streq(opening->state, "ok")) ||
	    time_left(exam, HELLO_DEADLINE_NS) <= 0) {
		return;
	}
	if (own) {
		try_words(exam, "initialize of the editor", own);
	}
	const struct fact_trial *trial = facts_trial(exam->facts, "initialize of the editor");
	if (refused || (trial && !trial->better)) {
		try_words(exam, "plain initialize", plain_words);
	}
}

/* ---- limits ---- */

static void try_more_files(struct exam *exam) {
	int64_t hard = exam->target->nofile.hard;

	if (hard != 0 && facts_hurt(exam->facts) && limits_complained(exam->facts) &&
	    has_time(exam)) {
		try_relieved(exam, "gopls with more open files", "more open files",
		             arena_printf(exam->arena, "%lld", (long long)hard),
		             exam->handshake->talk->script, (struct limit_pair){0});
	}
}

static void try_more_tasks(struct exam *exam) {
	const struct limit_pair *nproc = &exam->target->nproc;

	if (nproc->hard != 0 && facts_hurt(exam->facts) &&
	    limits_complained_of_tasks(exam->facts) && has_time(exam)) {
		try_relieved(exam, MORE_TASKS, "more processes",
		             arena_printf(exam->arena, "%lld", (long long)nproc->soft),
		             exam->handshake->talk->script, exam->target->nofile);
	}
}

/* The editor's limits on memory, processor time or the size of files: is it well without them? */
static void try_without_limits(struct exam *exam) {
	if (exam->target->fatal_limits && facts_hurt(exam->facts) && has_time(exam)) {
		try_relieved(exam, NO_LIMITS, "without limits", "", exam->handshake->talk->script,
		             exam->target->nofile);
	}
}

/* ---- the packages driver ---- */

/* gopls' own env setting would go before the environment. */
static void without_driver_setting(struct exam *exam, struct talk_script *script) {
	const struct fact_packages_driver *d = facts_first(packages_driver, exam->facts);
	if (d && streq(d->from, "gopls")) {
		script->init_options = "{\"env\":{\"GOPACKAGESDRIVER\":\"off\"}}";
		script->configuration = NULL;
		script->configuration_reply = REPLY_OPTIONS;
	}
}

/* Asked by us it failed at once: there is nothing to compare. */
static bool cannot_answer(const struct exam *exam) {
	const struct fact_go_run *run = facts_run(exam->facts, "packages driver");
	return run && run->started && !run->timed_out &&
	       (run->exit_code != 0 || slice_trim(slice_str(run->out)).len == 0);
}

/* Does the server do better when it asks go for packages? */
static void try_driver(struct exam *exam) {
	const struct fact_health *health = facts_first(health, exam->facts);
	const struct fact_packages_driver *d = facts_first(packages_driver, exam->facts);
	/* Another certain cause cut the conversation short: then only what was said counts. */
	bool cut = infer_is_certain(exam->rules, exam->facts);
	if (!d || !facts_hurt(exam->facts) || !exam->target->server_argv ||
	    !streq(d->state, "ok") || cannot_answer(exam) ||
	    (cut && !str_starts(health->hurt, "load-failed")) || !has_time(exam)) {
		return;
	}
	struct talk_script script = exam->handshake->talk->script;
	without_driver_setting(exam, &script);
	try_relieved(exam, NO_DRIVER, "without GOPACKAGESDRIVER", d->path, script,
	             exam->target->nofile);
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	if (!exam->handshake || !exam->handshake->talk) {
		return 0;
	}
	try_greetings(exam);
	try_driver(exam);
	try_flags(exam);
	try_more_files(exam);
	try_more_tasks(exam);
	try_without_limits(exam);
	try_other(exam);
	return 0;
}

const struct probe probe_server_trials = {
	.id = "server_trials",
	.title = "counter-checks with the server when something is wrong",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(trial),
	.look = look,
};
