/* SPDX-License-Identifier: MIT
 */
#include "cmd/bisect_trial.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "core/registry.h"
#include "pin/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARGIN_NS      NS_PER_S       /* what server_answer keeps back of the time of a run */
#define END_NS         (6 * NS_PER_S) /* for all else, on a busy machine */
#define HURT_MAX       240
#define REPORT_CAP     ((size_t)64 * 1024)
#define FEATURE_PREFIX "feature."

struct job {
	const struct trial_subject *subject;
	const struct trial_wish *wish;
};

/* ---- inside ---- */

static const char *const trial_ids[] = {"environment",  "settings",      "tools", "source",
                                        "server_start", "server_answer", NULL};
static const char *const look_ids[] = {"environment", "settings", "tools",
                                       "source",      "places",   NULL};

static const struct probe *const *probes_of(struct arena *arena, const char *const *ids) {
	size_t n = 0, count = 0;

	while (registry_probes[n]) {
		n++;
	}
	const struct probe **probes = arena_array_of(arena, const struct probe *, n + 1);
	for (size_t i = 0; i < n; i++) {
		if (str_in(registry_probes[i]->id, ids)) {
			probes[count++] = registry_probes[i];
		}
	}
	return probes;
}

const char *const *trial_environment(struct arena *arena, const struct envset *env) {
	size_t own = 0, count = 0;

	while (environ[own]) {
		own++;
	}
	const char **changes = arena_array_of(arena, const char *, own + env->count + 1);
	for (size_t i = 0; i < own; i++) {
		const char *name = arena_strndup(arena, environ[i], strcspn(environ[i], "="));
		if (!envset_get(env, name)) {
			changes[count++] = name;
		}
	}
	for (size_t i = 0; i < env->count; i++) {
		changes[count++] = env->vars[i];
	}
	return changes;
}

static int put_file(struct arena *arena, const struct trial_file *file) {
	if (file->link) {
		int r = store_make_path(arena, path_parent(arena, file->path));
		(void)unlink(file->path);
		return r < 0 ? r : symlink(file->link, file->path) < 0 ? -errno : 0;
	}
	CLEANUP(fd_closep) int fd = open(file->path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	return fd < 0 ? -errno : fd_write_all(fd, file->bytes.data, file->bytes.len);
}

static struct server_terms terms_of(struct arena *arena, const struct condition *c) {
	struct server_terms terms = {.offline = true};

	if (!c) {
		return terms;
	}
	terms.cwd = c->cwd;
	if (c->confined) {
		struct limit_pair *fatal =
			arena_array_of(arena, struct limit_pair, LIMIT_FATAL_COUNT);

		fatal[LIMIT_ADDRESS_SPACE] = c->limits[CONDITION_AS];
		fatal[LIMIT_DATA] = c->limits[CONDITION_DATA];
		fatal[LIMIT_CPU] = c->limits[CONDITION_CPU];
		fatal[LIMIT_FILE_SIZE] = c->limits[CONDITION_FSIZE];
		terms.nofile = c->limits[CONDITION_NOFILE];
		terms.nproc = c->limits[CONDITION_NPROC];
		terms.fatal = fatal;
	}
	return terms;
}

static void say(struct examination *e, int64_t start_ns) {
	const struct fact_health *health = facts_first(health, &e->facts);
	const struct fact_server *server = facts_first(server, &e->facts);
	bool late = server && streq(server->state, "silent");
	struct strbuf out;

	strbuf_init(&out, e->arena);
	keyline_put(&out, "state", health ? health->state : "unknown");
	keyline_put(&out, "hurt", health ? health->hurt : "");
	facts_each (feature, f, &e->facts) {
		keyline_put(&out, arena_printf(e->arena, FEATURE_PREFIX "%s", f->name), f->state);
		late = late || streq(f->state, "timeout");
	}
	keyline_put(&out, "late", late ? "1" : "0");
	keyline_put(&out, "ms",
	            arena_printf(e->arena, "%lld",
	                         (long long)((clock_now_ns() - start_ns) / NS_PER_MS)));
	(void)fd_write_all(STDOUT_FILENO, out.data, out.len);
}

/* In a process of its own, in the view. */
static int perform(void *context) {
	const struct job *job = context;
	const struct trial_wish *wish = job->wish;
	struct arena *arena = arena_new();
	struct check_options options = *job->subject->options;
	struct server_terms terms = terms_of(arena, wish->condition);
	int64_t start_ns = clock_now_ns();

	for (size_t i = 0; i < wish->file_count; i++) {
		if (put_file(arena, &wish->files[i]) < 0) {
			fprintf(stderr, "%s cannot be changed for the trial\n",
			        wish->files[i].path);
			return STATUS_UNKNOWN;
		}
	}
	if (wish->condition && wish->condition->confined) {
		umask(wish->condition->umask);
	}
	options.environment = "self";
	options.timeout = arena_printf(arena, "%.3f",
	                               (double)(wish->limit_ns + MARGIN_NS) / (double)NS_PER_S);
	struct examination e = {
		.arena = arena,
		.options = &options,
		.dir = job->subject->dir,
		.environment =
			wish->condition ? trial_environment(arena, &wish->condition->env) : NULL,
		.interrupt_fd = -1,
		.probes = probes_of(arena, trial_ids),
		.terms = &terms,
		.only_look = true,
	};
	int status = examination_run(&e);
	if (status == STATUS_HEALTHY) {
		say(&e, start_ns);
	}
	return status;
}

/* ---- outside ---- */

int trial_look(struct arena *arena, const struct check_options *options, const char *dir,
               const struct envset *env, int interrupt_fd, struct examination *ret) {
	struct check_options *as_self = arena_new_of(arena, struct check_options);

	*as_self = *options;
	as_self->environment = "self";
	*ret = (struct examination){
		.arena = arena,
		.options = as_self,
		.dir = dir,
		.environment = trial_environment(arena, env),
		.interrupt_fd = interrupt_fd,
		.probes = probes_of(arena, look_ids),
		.only_look = true,
	};
	return examination_run(ret);
}

static void conclude(struct arena *arena, const struct rehearsal_outcome *o,
                     struct trial_outcome *ret) {
	const char *state = keyline_get(arena, o->out, "state");
	struct slice rest = o->out, line, key, words = o->err;

	*ret = (struct trial_outcome){.end = TRIAL_NOT_MADE,
	                              .because = o->because,
	                              .state = "unknown",
	                              .hurt = "",
	                              .ms = (o->ended_ns - o->begun_ns) / NS_PER_MS};
	ret->late = o->end == REHEARSAL_TIMED_OUT;
	if (o->end == REHEARSAL_INTERRUPTED) {
		ret->end = TRIAL_INTERRUPTED;
		return;
	}
	if (o->end != REHEARSAL_RAN || !state) {
		slice_line(&words, &line);
		if (o->end == REHEARSAL_RAN) {
			ret->because =
				o->err.len > 0 ? arena_slicedup(arena, line) : "it said nothing";
		}
		return;
	}
	ret->end = TRIAL_SAID;
	ret->state = state;
	ret->hurt = keyline_text(arena, o->out, "hurt");
	ret->late = keyline_number(arena, o->out, "late", 0) == 1;
	while (ret->feature_count < TRIAL_FEATURES_MAX && slice_line(&rest, &line)) {
		if (slice_starts(line, FEATURE_PREFIX) && slice_cut(&line, '=', &key)) {
			size_t skip = strlen(FEATURE_PREFIX);

			ret->features[ret->feature_count++] = (struct trial_feature){
				.name = arena_strndup(arena, key.data + skip, key.len - skip),
				.state = arena_slicedup(arena, line)};
		}
	}
}

void trials_run(struct arena *arena, const struct trial_subject *subject,
                const struct trial_wish *wishes, size_t count, struct trial_outcome *ret) {
	struct job jobs[REHEARSALS_MAX] = {0};
	struct rehearsal_spec specs[REHEARSALS_MAX] = {0};
	struct rehearsal_outcome outcomes[REHEARSALS_MAX] = {0};

	count = count < REHEARSALS_MAX ? count : REHEARSALS_MAX;
	for (size_t i = 0; i < count; i++) {
		jobs[i] = (struct job){.subject = subject, .wish = &wishes[i]};
		specs[i] = (struct rehearsal_spec){
			.writable = subject->writable,
			.main = perform,
			.context = &jobs[i],
			.cwd = "/",
			.output_cap = REPORT_CAP,
			.deadline_ns = clock_now_ns() + wishes[i].limit_ns + MARGIN_NS + END_NS,
			.interrupt_fd = subject->interrupt_fd,
		};
	}
	rehearsals_run(arena, specs, outcomes, count);
	for (size_t i = 0; i < count; i++) {
		conclude(arena, &outcomes[i], &ret[i]);
	}
}

/* ---- what it means ---- */

static int rank_of(const char *state) {
	return streq(state, "healthy") ? 2 : streq(state, "degraded") ? 1 : 0;
}

static bool answers(const struct trial_outcome *trial, const char *feature) {
	for (size_t i = 0; i < trial->feature_count; i++) {
		if (streq(trial->features[i].name, feature)) {
			return streq(trial->features[i].state, "ok");
		}
	}
	return false;
}

enum trial trial_judge(const struct trial_outcome *good, const struct trial_outcome *trial) {
	if (trial->end != TRIAL_SAID || streq(trial->state, "unknown")) {
		return TRIAL_UNRESOLVED;
	}
	if (rank_of(trial->state) < rank_of(good->state)) {
		return TRIAL_BAD;
	}
	for (size_t i = 0; i < good->feature_count; i++) {
		const char *name = good->features[i].name;
		if (answers(good, name) && !answers(trial, name)) {
			return TRIAL_BAD;
		}
	}
	return TRIAL_GOOD;
}

const char *trial_hurt(struct arena *arena, const struct trial_outcome *o) {
	struct slice text = slice_trim(slice_str(o->end == TRIAL_SAID ? o->hurt : o->because));
	struct strbuf out;

	strbuf_init(&out, arena);
	for (size_t i = 0; i < text.len && out.len < HURT_MAX; i++) {
		char c = text.data[i] == '\n' || text.data[i] == '\t' ? ' ' : text.data[i];
		if (c != ' ' || (out.len > 0 && out.data[out.len - 1] != ' ')) {
			strbuf_add_char(&out, c);
		}
	}
	return out.data;
}

size_t trial_answered(const struct trial_outcome *trial, size_t *ret_asked) {
	size_t answered = 0;

	*ret_asked = 0;
	for (size_t i = 0; i < trial->feature_count; i++) {
		answered += streq(trial->features[i].state, "ok");
		*ret_asked += !streq(trial->features[i].state, "skipped");
	}
	return answered;
}
