/* SPDX-License-Identifier: MIT
 * `dialtone locks [PATH…]`: which locks are held and waited for, and which lock files are merely left over.
 */
#include "base/clock.h"
#include "base/path.h"
#include "cmd/check_options.h"
#include "cmd/failure.h"
#include "cmd/interrupt.h"
#include "cmd/locks_case.h"
#include "cmd/locks_git.h"
#include "cmd/locks_sockets.h"
#include "cmd/output.h"
#include "gofile/goenvfile.h"
#include "report/locks_view.h"
#include "world/live.h"
#include "world/replay.h"

#include <time.h>

#define PATHS_MAX     64
#define TIME_LIMIT_NS (20 * NS_PER_S)
#define AGAIN_NS      (150 * NS_PER_MS) /* a wait that is over by then is none to tell of */
#define CODE_DIRS     5

#define AT(member) offsetof(struct locks_options, member)
static const struct option_spec locks_specs[] = {
	{"all", 'a', NULL, OPTION_FLAG, AT(all), "also what other programs lock for themselves"},
	{"json", 'j', NULL, OPTION_FLAG, AT(json), "for programs: dialtone.locks/1"},
	{"verbose", 'v', NULL, OPTION_FLAG, AT(verbose), "every file that is left over"},
	{"save", 0, "FILE", OPTION_TEXT, AT(save), "also record all evidence in a case file"},
	{"raw", 0, NULL, OPTION_FLAG, AT(raw), "with --save: keep home and user names"},
	{"from", 0, "FILE", OPTION_TEXT, AT(from), "tell from a case file, not this machine"},
	{"color", 0, "WHEN", OPTION_TEXT, AT(color), "auto, always or never"},
	{0},
};
#undef AT

struct locks_run {
	struct locks_options *options;
	struct arena *arena;
	struct evidence_store store, recorded;
	struct world *world;
	struct interrupt interrupt;
	struct target target;
	const char *const *paths; /* absolute, or NULL */
	struct locks_view view;
};

/* ---- what lies about ---- */

static const char *modcache_of(struct locks_run *r) {
	const struct envset *env = &r->target.own;
	const char *file = goenv_user_file_path(r->arena, env);
	struct slice text = {0};

	if (file && file[0] == '/') {
		const struct evidence *ev =
			world_look(r->world, LOOK_FILE, file, GOENVFILE_MAX_BYTES);

		text = evidence_has_bytes(ev) ? ev->bytes : text;
	}
	struct goenv goenv = goenv_of(r->arena, env, text, (struct slice){0}, "", "linux", "amd64");
	const char *dir = goenv_get(&goenv, "GOMODCACHE").value;

	return dir[0] == '/' ? path_join(r->arena, dir, "cache") : NULL;
}

static int64_t number_behind(struct arena *arena, struct slice text, const char *word) {
	struct slice line;
	int64_t number;

	while (slice_line(&text, &line)) {
		if (slice_starts(line, word) &&
		    str_to_int64(arena_slicedup(arena, slice_of(line.data + strlen(word),
		                                                line.len - strlen(word))),
		                 &number) == 0) {
			return number;
		}
	}
	return 0;
}

/* Those of go: their being there means nothing. */
static void count_left_over(struct locks_run *r, const char *dir) {
	const struct evidence *ev = world_look(r->world, LOOK_LOCK_FILES, dir, LOOK_CAP_SETTINGS);

	if (!evidence_has_bytes(ev)) {
		return;
	}
	int64_t files = number_behind(r->arena, ev->bytes, "files ");

	for (const struct lock_row *row = r->view.rows; row; row = row->next) {
		files -= path_below(row->path, dir) && str_ends(row->path, "lock");
	}
	r->view.left_over_files += files > 0 ? (size_t)files : 0;
	r->view.left_over_dir = dir;
	r->view.left_over_cut = r->view.left_over_cut || ev->state == EV_TRUNCATED;
}

/* A file with the pid of its owner in it. */
static void look_at_pid_file(struct locks_run *r, const char *path) {
	struct file_stat st = world_stat(r->world, path);
	int64_t pid = 0;

	if (!st.exists || !st.is_file) {
		return;
	}
	const struct evidence *ev = world_look(r->world, LOOK_FILE, path, LOOK_CAP_SMALL);

	if (evidence_has_bytes(ev)) {
		(void)str_to_int64(arena_slicedup(r->arena, slice_trim(ev->bytes)), &pid);
	}
	const struct evidence *owner =
		pid > 0 ? world_look(r->world, LOOK_PROCESS,
	                             arena_printf(r->arena, "%lld", (long long)pid), LOOK_CAP_SMALL)
			: NULL;

	locks_view_existing(&r->view, path, st.mtime_ns, pid, owner && owner->state == EV_READ,
	                    false);
}

static void look_at_home(struct locks_run *r) {
	static const char *const products[CODE_DIRS] = {"Code", "Code - Insiders", "VSCodium",
	                                                "Code - OSS", "Cursor"};
	const char *home = envset_get(&r->target.own, "HOME");
	const char *config = envset_get(&r->target.own, "XDG_CONFIG_HOME");
	const char *data[CODE_DIRS + 1] = {NULL};

	if (str_empty(config) || config[0] != '/') {
		if (str_empty(home) || home[0] != '/') {
			return;
		}
		config = path_join(r->arena, home, ".config");
	}
	for (size_t i = 0; i < CODE_DIRS; i++) {
		data[i] = arena_printf(r->arena, "%s/%s", config, products[i]);
		look_at_pid_file(r, path_join(r->arena, data[i], "code.lock"));
	}
	locks_sockets(r->world, &r->view, &r->target.own, data);
	const char *prompt = path_join(r->arena, config, "gopls/prompt/telemetry.lock");
	struct file_stat st = world_stat(r->world, prompt);

	if (st.exists) {
		locks_view_existing(&r->view, prompt, st.mtime_ns, 0, false, false);
	}
}

static void look_at_path(struct locks_run *r, const char *path) {
	struct file_stat st = world_stat(r->world, path);

	if (st.is_dir) {
		count_left_over(r, path);
		locks_git(r->world, &r->view, path_join(r->arena, path, ".git"));
	} else if (st.exists) {
		locks_view_existing(&r->view, path, st.mtime_ns, 0, false, false);
	}
}

static void look_about(struct locks_run *r) {
	for (size_t i = 0; r->paths && r->paths[i]; i++) {
		look_at_path(r, r->paths[i]);
	}
	if (!r->paths) {
		const char *cache = modcache_of(r);

		if (cache) {
			count_left_over(r, cache);
		}
		locks_git(r->world, &r->view, path_join(r->arena, r->target.workspace, ".git"));
		look_at_home(r);
	}
}

/* ---- the run ---- */

static struct locks look(struct locks_run *r, const char *arg) {
	const struct evidence *ev = world_look(r->world, LOOK_LOCKS, arg, LOOK_CAP_SETTINGS);
	struct locks locks = locks_parse(r->arena, ev->bytes);

	locks.table = evidence_has_bytes(ev) ? locks.table : "absent";
	return locks;
}

static bool is_waited_for(const struct locks *locks) {
	for (const struct lock *l = locks->first; l; l = l->next) {
		if (l->waits) {
			return true;
		}
	}
	return false;
}

static void pause_ns(struct locks_run *r, int64_t ns) {
	struct timespec left = {.tv_nsec = ns};

	if (!r->options->from) {
		nanosleep(&left, NULL);
	}
}

static void look_at_all(struct locks_run *r) {
	struct locks locks = look(r, "all");

	/* Locks come and go within milliseconds: only what lasts is told of. */
	if (is_waited_for(&locks)) {
		pause_ns(r, AGAIN_NS);
		locks = look(r, "all again");
	}
	locks_view_init(&r->view, r->arena, locks, r->paths, r->options->all,
	                world_wall_ns(r->world, world_now_ns(r->world)));
	look_about(r);
	locks_view_plan(&r->view);
}

static int show(struct locks_run *r) {
	struct terminal terminal = terminal_find(r->options->color);
	struct report_style style = {.verbose = r->options->verbose,
	                             .colour = terminal.colour,
	                             .utf8 = terminal.utf8,
	                             .columns = terminal.columns};
	struct strbuf out;
	int status = !streq(r->view.locks.table, "read")       ? STATUS_UNKNOWN
	             : r->view.waited + r->view.in_the_way > 0 ? STATUS_FOUND
	                                                       : STATUS_HEALTHY;

	strbuf_init(&out, r->arena);
	if (r->options->json) {
		locks_json(&out, &r->view);
	} else {
		locks_text(&out, &r->view, &style);
	}
	return output_write(&out, status);
}

static int save(struct locks_run *r, int status) {
	const char *home = envset_get(&r->target.own, "HOME");
	struct err err = {0};

	if (r->options->save && locks_case_save(r->arena, r->options, r->paths, r->target.workspace,
	                                        home ? home : "", &r->store, &err) < 0) {
		output_complain("the case was not saved: %s", err.msg);
		return STATUS_UNKNOWN;
	}
	return status;
}

static int paths_of(struct locks_run *r, const char *const *operands, size_t count) {
	const char **paths = arena_array_of(r->arena, const char *, count + 1);
	struct err err = {0};

	for (size_t i = 0; i < count; i++) {
		if (user_path_absolute(r->arena, r->world, operands[i], &paths[i], &err) < 0) {
			output_complain("%s", err.msg);
			return STATUS_UNKNOWN;
		}
		struct file_stat st = world_stat(r->world, paths[i]);

		if (st.known && !st.exists) {
			output_complain("there is no '%s'", operands[i]);
			return STATUS_USAGE;
		}
		/* Locks are known by the path the kernel has. */
		paths[i] = str_empty(st.real) ? paths[i] : st.real;
	}
	r->paths = count > 0 ? paths : NULL;
	return STATUS_HEALTHY;
}

static int look_and_show(struct locks_run *r, const char *const *operands, size_t count) {
	struct check_options as_check = {.environment = "self"};
	struct err err = {0};

	if (check_target_fill(r->arena, r->world, &as_check, NULL, &r->target, &err) < 0) {
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	const struct evidence *own = world_look(r->world, LOOK_ENVIRON, "self", LOOK_CAP_SETTINGS);

	envset_init(&r->target.own, r->arena);
	envset_add_block(&r->target.own, own->bytes);
	int status = r->options->from ? STATUS_HEALTHY : paths_of(r, operands, count);

	if (status != STATUS_HEALTHY) {
		return status;
	}
	look_at_all(r);
	int stopped = failure_of_interrupt(&r->interrupt);
	if (stopped != STATUS_HEALTHY) {
		return stopped;
	}
	return save(r, show(r));
}

static int run_in(struct arena *arena, struct locks_options *options, const char *const *operands,
                  size_t count) {
	struct locks_run r = {
		.options = options,
		.arena = arena,
		.interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1},
	};
	struct err err = {0};
	int code = 0, status = STATUS_UNKNOWN;

	evidence_store_init(&r.store, arena);
	interrupt_open(&r.interrupt, clock_now_ns() + TIME_LIMIT_NS);
	if (options->from) {
		evidence_store_init(&r.recorded, arena);
		code = locks_case_open(arena, &r.recorded, options, &r.paths, &err);
		r.world = code == 0 ? world_replay_open(arena, &r.store, &r.recorded) : NULL;
	} else {
		r.world = world_live_open(arena, &r.store, r.interrupt.fd, &err);
	}
	if (r.world) {
		status = look_and_show(&r, operands, count);
	} else {
		status = failure_of_file(&err, code);
	}
	world_close(r.world);
	interrupt_close(&r.interrupt);
	return status;
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	struct locks_options o = *(const struct locks_options *)options;

	if (!color_is_valid(o.color)) {
		return STATUS_USAGE;
	}
	if (o.from && (operand_count > 0 || o.save || o.all)) {
		output_complain("'--from' goes with no PATH, --save or --all: the case file says "
		                "what was looked at");
		return STATUS_USAGE;
	}
	if (o.raw && !o.save) {
		output_complain("option '--raw' only goes with '--save'");
		return STATUS_USAGE;
	}
	struct arena *arena = arena_new();
	int status = run_in(arena, &o, operands, operand_count);

	arena_free(arena);
	return status;
}

const struct command command_locks = {
	.name = "locks",
	.synopsis = "[PATH...]",
	.summary = "Tell who holds which lock, and who waits",
	.options = locks_specs,
	.options_size = sizeof(struct locks_options),
	.notes = "Without PATH: the locks of go, gopls, git, VS Code and the package manager.\n"
		 "Status: 0 nobody waits, 1 somebody waits or a left-over file is in the way,\n"
		 "3 locks cannot be seen here. Nothing is changed.\n",
	.max_operands = PATHS_MAX,
	.run = run,
};
