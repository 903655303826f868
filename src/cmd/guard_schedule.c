/* SPDX-License-Identifier: MIT
 * What can start the guard here: the user's systemd, or cron.
 * Sources: systemctl(1) --user speaks to $XDG_RUNTIME_DIR/systemd/private; systemd.unit(5), "User Unit Search Path";
 * crontab(1): `crontab -l` ends with status 1 and "no crontab for USER" where there is none.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/guard.h"
#include "core/world.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_NS      (10 * NS_PER_S)
#define TABLE_BYTES ((size_t)1024 * 1024)
#define TABLE_NAME  "guard.crontab.new"

const char *guard_by_name(enum guard_by by) {
	static const char *const names[] = {NULL, "systemd", "cron"};
	return names[by];
}

static const char *on_path(const struct guard *g, const char *name) {
	const char *path = envset_get(&g->own, "PATH");
	struct slice rest = slice_str(path ? path : "");
	struct slice dir;
	while (slice_cut(&rest, ':', &dir)) {
		struct stat st;
		const char *file = path_join(g->arena, arena_slicedup(g->arena, dir), name);
		if (file[0] == '/' && stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(file, X_OK) == 0) {
			return file;
		}
	}
	return NULL;
}

static bool is_there(const char *path) {
	struct stat st;
	return lstat(path, &st) == 0;
}

static struct run_result run(const struct guard *g, struct world *world, const char *label,
                             const char *const *argv) {
	const struct run_spec spec = {
		.label = label,
		.argv = argv,
		.env = &g->own,
		.cwd = "/",
		.deadline_ns = RUN_NS,
		.cap_bytes = TABLE_BYTES,
	};
	return world_run(world, &spec);
}

/* ---- systemd ---- */

static void find_units(const struct guard *g, struct guard_place *p) {
	const char *config = envset_get(&g->own, "XDG_CONFIG_HOME");
	const char *home = envset_get(&g->own, "HOME");
	const char *base = config && config[0] == '/' ? config
	                   : home && home[0] == '/'   ? path_join(g->arena, home, ".config")
	                                              : NULL;
	if (!base) {
		return;
	}
	p->unit_dir = path_clean(g->arena, path_join(g->arena, base, "systemd/user"));
	p->service = path_join(g->arena, p->unit_dir, GUARD_SERVICE);
	p->timer = path_join(g->arena, p->unit_dir, GUARD_TIMER);
	p->wanted = path_join(g->arena, p->unit_dir, "timers.target.wants/" GUARD_TIMER);
	p->units_there = is_there(p->service) || is_there(p->timer) || is_there(p->wanted);
}

static bool manager_answers(const struct guard *g, struct world *world) {
	const char *runtime = envset_get(&g->own, "XDG_RUNTIME_DIR");
	if (str_empty(runtime)) {
		return false;
	}
	const char *address = arena_printf(g->arena, "unix:%s/systemd/private", runtime);
	return world_look(world, LOOK_CONNECT, address, LOOK_CAP_SMALL)->state == EV_READ;
}

int guard_systemctl(struct guard *g, struct world *world, const struct guard_place *place,
                    const char *label, const char *const *words) {
	const char *argv[8] = {place->systemctl, "--user"};
	for (size_t i = 0; i < 5 && words[i]; i++) {
		argv[i + 2] = words[i];
	}
	struct run_result r = run(g, world, label, argv);
	return r.started && !r.timed_out ? r.exit_code : -1;
}

/* ---- cron ---- */

static void read_table(struct guard *g, struct world *world, const char *label,
                       struct guard_place *p) {
	const char *const argv[] = {p->crontab, "-l", NULL};
	struct run_result r = run(g, world, label, argv);
	bool ended = r.started && !r.timed_out && r.signal == 0;
	p->has_table = ended && r.exit_code == 0;
	p->table_read = p->has_table || (ended && slice_has(r.err, "no crontab"));
	p->table = p->has_table ? r.out : slice_of("", 0);
	/* One that is no text, or more than was taken down, is not ours to write anew. */
	if (memchr(p->table.data, '\0', p->table.len) || p->table.len >= TABLE_BYTES) {
		p->table_read = false;
	}
	p->cron = guard_cron_find(g->arena, p->table);
}

int guard_crontab_write(struct guard *g, struct world *world, const struct guard_place *place,
                        const char *text, bool gone, struct err *err) {
	const char *file = path_join(g->arena, g->state_dir, TABLE_NAME);
	const char *const set[] = {place->crontab, file, NULL};
	const char *const remove[] = {place->crontab, "-r", NULL};
	int r = gone ? 0 : file_replace(file, slice_str(text), err);
	if (r < 0) {
		return r;
	}
	struct run_result done = run(g, world, "crontab", gone ? remove : set);
	(void)unlink(file);
	if (!done.started || done.timed_out || done.exit_code != 0) {
		struct slice line = {0};
		struct slice rest = done.err;
		(void)slice_line(&rest, &line);
		return err_set(err, -EIO, "crontab did not take it: %.*s", (int)line.len,
		               line.data ? line.data : "");
	}
	return guard_crontab_check(g, world, place, "crontab after", text, gone, err);
}

int guard_crontab_check(struct guard *g, struct world *world, const struct guard_place *place,
                        const char *label, const char *text, bool gone, struct err *err) {
	struct guard_place after = *place;
	read_table(g, world, label, &after);
	if (!after.table_read || after.has_table == gone ||
	    (!gone && !slice_eq(after.table, text))) {
		return err_set(err, -EIO, "crontab took it and now says something else");
	}
	return 0;
}

/* ---- which ---- */

static void choose(const struct guard *g, struct guard_place *p) {
	const char *wanted = g->options->scheduler;
	bool systemd = p->manager && p->systemctl && p->unit_dir;
	bool cron = p->crontab && p->table_read;
	if (systemd && (!wanted || streq(wanted, "systemd"))) {
		p->by = BY_SYSTEMD;
	} else if (cron && (!wanted || streq(wanted, "cron"))) {
		p->by = BY_CRON;
	} else {
		const char *no_cron =
			p->crontab ? "`crontab -l` gives no crontab" : "there is no crontab";
		p->because = streq(wanted, "systemd") ? "the user's systemd does not answer"
		             : streq(wanted, "cron")
		                     ? no_cron
		                     : arena_printf(g->arena,
		                                    "the user's systemd does not answer, and %s",
		                                    no_cron);
	}
}

void guard_place_find(struct guard *g, struct world *world, struct guard_place *ret) {
	*ret = (struct guard_place){.systemctl = on_path(g, "systemctl"),
	                            .crontab = on_path(g, "crontab"),
	                            .table = slice_of("", 0)};
	find_units(g, ret);
	ret->manager = ret->systemctl && manager_answers(g, world);
	if (ret->crontab) {
		read_table(g, world, "crontab before", ret);
	}
	choose(g, ret);
}

/* ---- the job ---- */

/* Directories of PATH that are there, each once: what a line for cron can hold is little. */
static const char *path_of(const struct guard *g) {
	const char *path = envset_get(&g->own, "PATH");
	struct slice rest = slice_str(path ? path : "");
	struct slice dir;
	const char *out = "";
	while (slice_cut(&rest, ':', &dir)) {
		struct stat st;
		const char *name = arena_slicedup(g->arena, dir);
		const char *marked = arena_printf(g->arena, ":%s:", name);
		bool again = str_has(arena_printf(g->arena, ":%s:", out), marked);
		if (name[0] == '/' && !again && stat(name, &st) == 0 && S_ISDIR(st.st_mode)) {
			out = arena_printf(g->arena, "%s%s%s", out, *out ? ":" : "", name);
		}
	}
	return out;
}

/* As it was started: a link to the newest version stays one. */
static const char *own_program(const struct guard *g) {
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n <= 0) {
		return "dialtone";
	}
	exe[n] = '\0';
	return arena_strdup(g->arena, exe);
}

struct guard_job guard_job_of(struct guard *g, const struct guard_place *place) {
	static const char *const names[] = {
		"GOROOT",         "GOPATH",          "GOBIN",         "GOCACHE", "GOMODCACHE",
		"GOENV",          "GOTOOLCHAIN",     "GOPLSCACHE",    "TMPDIR",  "GOTMPDIR",
		"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"};
	const size_t count = sizeof(names) / sizeof(*names);
	const char **env = arena_array_of(g->arena, const char *, count + 2);
	size_t n = 0;
	env[n++] = arena_printf(g->arena, "PATH=%s", path_of(g));
	for (size_t i = 0; i < count; i++) {
		const char *value = envset_get(&g->own, names[i]);
		if (!str_empty(value)) {
			env[n++] = arena_printf(g->arena, "%s=%s", names[i], value);
		}
	}
	return (struct guard_job){.program = own_program(g),
	                          .dirs = g->dirs,
	                          .env = env,
	                          .unit_dir = place->unit_dir,
	                          .every_minutes = g->every_minutes};
}
