/* SPDX-License-Identifier: MIT
 * `dialtone guard install|remove|status|run [DIR...]`: looks now and then, cheaply, whether something is about to break the
 * Go language server, and tells once.
 */
#include "cmd/guard.h"

#include "apply/journal.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/check_options.h"
#include "cmd/options.h"
#include "world/live.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVERY_DEFAULT 15
#define OPERANDS_MAX  ((size_t)32)

#define AT(member) offsetof(struct guard_options, member)
static const struct option_spec specs[] = {
	{"yes", 'y', NULL, OPTION_FLAG, AT(yes), "do it; without, install and remove only show"},
	{"every", 0, "MINUTES", OPTION_TEXT, AT(every),
         "install: 5, 6, 10, 12, 15 (the default), 20, 30 or 60"},
	{"scheduler", 0, "systemd|cron", OPTION_TEXT, AT(scheduler),
         "install: who starts it (else systemd before cron)"},
	{"quiet", 'q', NULL, OPTION_FLAG, AT(quiet), "run: print only what is new"},
	{"json", 'j', NULL, OPTION_FLAG, AT(json), "for programs: dialtone.guard/1"},
	{0},
};
#undef AT

static const char *const verbs[] = {"install", "remove", "status", "run", NULL};

static int parse_verb(const char *word, enum guard_verb *ret) {
	for (size_t i = 0; word && verbs[i]; i++) {
		if (streq(word, verbs[i])) {
			*ret = (enum guard_verb)i;
			return STATUS_HEALTHY;
		}
	}
	const char *near = word ? options_nearest(word, verbs) : NULL;
	output_complain("%s%s%s; guard takes install, remove, status or run%s%s%s",
	                word ? "there is no '" : "what is to be done?", word ? word : "",
	                word ? "'" : "", near ? "; did you mean '" : "", near ? near : "",
	                near ? "'?" : "");
	return STATUS_USAGE;
}

static int validate(struct guard *g) {
	const struct guard_options *o = g->options;
	bool changes = g->verb == GUARD_INSTALL || g->verb == GUARD_REMOVE;
	g->every_minutes = EVERY_DEFAULT;
	if ((o->every || o->scheduler) && g->verb != GUARD_INSTALL) {
		output_complain("option '%s' only goes with install",
		                o->every ? "--every" : "--scheduler");
		return STATUS_USAGE;
	}
	if ((o->yes && !changes) || (o->quiet && g->verb != GUARD_RUN)) {
		output_complain("option '%s' only goes with %s", o->quiet ? "--quiet" : "--yes",
		                o->quiet ? "run" : "install and remove");
		return STATUS_USAGE;
	}
	if (o->every && (str_to_int64(o->every, &g->every_minutes) < 0 ||
	                 !guard_minutes_valid(g->every_minutes))) {
		output_complain("option '--every': expected minutes that divide an hour, 5 to 60, "
		                "got '%s'",
		                o->every);
		return STATUS_USAGE;
	}
	if (o->scheduler && !STR_IN(o->scheduler, "systemd", "cron")) {
		output_complain("option '--scheduler': expected systemd or cron, got '%s'",
		                o->scheduler);
		return STATUS_USAGE;
	}
	return STATUS_HEALTHY;
}

/* ---- directories ---- */

static int find_dirs(struct guard *g, const char *const *operands, size_t count) {
	struct evidence_store store;
	struct err err;
	const char *const here[] = {"."};
	bool looks = g->verb == GUARD_INSTALL || g->verb == GUARD_RUN;
	if (!looks && count > 0) {
		output_complain("`dialtone guard %s` is about all of it and takes no DIR",
		                verbs[g->verb]);
		return STATUS_USAGE;
	}
	const char *const *names = count > 0 ? operands : here;
	size_t n = !looks ? 0 : count > 0 ? count : 1;
	const char **dirs = arena_array_of(g->arena, const char *, n + 1);
	g->dirs = dirs;
	if (!looks) {
		return STATUS_HEALTHY;
	}
	evidence_store_init(&store, g->arena);
	struct world *world = world_live_open(g->arena, &store, -1, &err);
	int status = world ? STATUS_HEALTHY : STATUS_UNKNOWN;
	for (size_t i = 0; status == STATUS_HEALTHY && i < n; i++) {
		if (user_path_absolute(g->arena, world, names[i], &dirs[i], &err) < 0) {
			status = STATUS_UNKNOWN;
			break;
		}
		struct file_stat st = world_stat(world, dirs[i]);
		if (st.known && !st.is_dir) {
			(void)err_set(&err, -ENOTDIR,
			              st.exists ? "'%s' is not a directory"
			                        : "there is no directory '%s'",
			              dirs[i]);
			status = g->verb == GUARD_INSTALL ? STATUS_USAGE : STATUS_UNKNOWN;
		}
	}
	world_close(world);
	if (status != STATUS_HEALTHY) {
		output_complain("%s", err.msg);
	}
	return status;
}

/* ---- where things are ---- */

static int make_path(struct arena *arena, const char *dir) {
	struct stat st;
	if (stat(dir, &st) == 0) {
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	}
	int r = streq(dir, "/") ? 0 : make_path(arena, path_parent(arena, dir));
	return r == 0 && mkdir(dir, 0700) < 0 && errno != EEXIST ? -errno : r;
}

/* What a session's own programs get and cron does not say. */
static void find_session(struct guard *g) {
	struct stat st;
	const char *dir = arena_printf(g->arena, "/run/user/%u", (unsigned)geteuid());
	if (str_empty(envset_get(&g->own, "XDG_RUNTIME_DIR")) && stat(dir, &st) == 0 &&
	    st.st_uid == geteuid()) {
		envset_set(&g->own, "XDG_RUNTIME_DIR", dir);
	}
}

static int find_places(struct guard *g) {
	bool changes = g->verb == GUARD_INSTALL || g->verb == GUARD_REMOVE;
	int failed = changes ? STATUS_NOT_FIXED : STATUS_UNKNOWN;
	for (char **var = environ; *var; var++) {
		envset_add_block(&g->own, slice_of(*var, strlen(*var) + 1));
	}
	find_session(g);
	g->state_dir = journal_dir(g->arena);
	if (!g->state_dir) {
		output_complain(
			"neither HOME nor XDG_STATE_HOME says where the guard may keep what "
			"it knows");
		return failed;
	}
	bool writes = g->verb == GUARD_RUN || (changes && g->options->yes);
	int r = writes ? make_path(g->arena, g->state_dir) : 0;
	if (r < 0) {
		output_complain("cannot make '%s': %s", g->state_dir, strerror(-r));
		return failed;
	}
	return STATUS_HEALTHY;
}

static int work(struct guard *g) {
	switch (g->verb) {
	case GUARD_INSTALL:
		return guard_install(g);
	case GUARD_REMOVE:
		return guard_remove(g);
	case GUARD_STATUS:
		return guard_status(g);
	case GUARD_RUN:
		break;
	}
	return guard_run(g);
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	struct guard g = {.options = options,
	                  .interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1}};
	int status = parse_verb(operand_count > 0 ? operands[0] : NULL, &g.verb);
	status = status == STATUS_HEALTHY ? validate(&g) : status;
	if (status != STATUS_HEALTHY) {
		return status;
	}
	g.arena = arena_new();
	envset_init(&g.own, g.arena);
	g.terminal = terminal_find(NULL);
	status = find_dirs(&g, operands + 1, operand_count - 1);
	status = status == STATUS_HEALTHY ? find_places(&g) : status;
	if (status == STATUS_HEALTHY) {
		interrupt_open(&g.interrupt, INT64_MAX);
		status = work(&g);
		interrupt_close(&g.interrupt);
	}
	arena_free(g.arena);
	return status;
}

const struct command command_guard = {
	.name = "guard",
	.synopsis = "[VERB] [DIR]",
	.summary = "Tell once when something is about to break",
	.options = specs,
	.options_size = sizeof(struct guard_options),
	.notes = "install   a timer of your systemd, or a line for cron, that runs `guard run`\n"
		 "          for each DIR; shown first, done with --yes\n"
		 "remove    takes away exactly what install wrote\n"
		 "status    what is installed, when it looked last, which precautions are true\n"
		 "run       look now: no server is started\n"
		 "\n"
		 "Exit status: 0 no precaution (or done), 1 a precaution is true, 2 usage, 3 it\n"
		 "could not look, 4 not installed or not removed.\n",
	.max_operands = OPERANDS_MAX + 1,
	.run = run,
};
