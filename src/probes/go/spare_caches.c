/* SPDX-License-Identifier: MIT
 * Counter-check: the build cache or the directory for temporary files looks unusable. Does go fail
 * over packages of the standard library, whatever the project is like, and does it work with
 * directories of our own instead? That separates a full disk from a wrong GOROOT: both say that a
 * package is not in std.
 *
 * When the standard library is all cached, the project's packages may not be: go keeps an index of
 * each directory whose files are older than two seconds in the build cache, and drops the package
 * when it cannot (cmd/go/internal/modindex, dirHash and openIndexPackage).
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/complaint.h"
#include "core/probe.h"
#include "core/storage.h"
#include "probes/go/go_run.h"
#include "probes/scratch.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEADLINE_NS     (2500 * NS_PER_MS)
#define ROOM_BYTES_MIN  ((int64_t)32 << 20)
#define ROOM_INODES_MIN 2000

struct spare {
	struct exam *exam;
	struct envset env;
	const char *dir; /* ours */
};

/* What go is asked does not depend on go.mod, GOFLAGS or cgo. */
static void make_env(struct spare *spare) {
	static const char *const kept[] = {"GOROOT", "GOPATH", "GOMODCACHE", "GOCACHE", "GOTMPDIR"};
	struct exam *exam = spare->exam;
	envset_copy(&spare->env, &exam->target->server);
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		const struct fact_govar *v = facts_govar(exam->facts, kept[i]);
		if (v && !str_empty(v->value) &&
		    (streq(kept[i], "GOCACHE") || !streq(v->origin, "default"))) {
			envset_set(&spare->env, kept[i], v->value);
		}
	}
	const char *toolchain = "local";
	facts_each (go_version, v, exam->facts) {
		if (streq(v->source, "switched") && str_starts(v->version, "go")) {
			toolchain = v->version;
		}
	}
	envset_set(&spare->env, "GOTOOLCHAIN", toolchain);
	envset_set(&spare->env, "GOENV", "off");
	envset_set(&spare->env, "GOFLAGS", "");
	envset_set(&spare->env, "GOWORK", "off");
	envset_set(&spare->env, "GO111MODULE", "off");
	envset_set(&spare->env, "CGO_ENABLED", "0");
}

static bool works(struct spare *spare, const char *name) {
	const struct target *t = spare->exam->target;
	/* -compiled makes go use its working directory as well, as the load of gopls does. */
	const char *const argv[] = {
		t->server_go,
		"list",
		"-e",
		"-deps",
		"-compiled",
		"-f",
		"{{if .Error}}{{.ImportPath}}\t{{.Error.Err}}{{\"\\n\"}}{{end}}",
		"fmt",
		"strings",
		"net/url",
		NULL};
	struct run_result run =
		go_run_state(spare->exam, name, argv, &spare->env, "/", DEADLINE_NS);
	return run.started && run.exit_code == 0 && slice_trim(run.out).len == 0;
}

/* How many packages go can load for the open file; the project's own settings count. */
static size_t loads(struct spare *spare, const char *name) {
	struct exam *exam = spare->exam;
	const char *const argv[] = {exam->target->server_go,
	                            "list",
	                            "-e",
	                            "-deps",
	                            "-f",
	                            "{{if not .Error}}{{.ImportPath}}{{\"\\n\"}}{{end}}",
	                            ".",
	                            NULL};
	const char *dir = path_parent(exam->arena, exam->target->open_file);
	struct run_result run = go_run_state(exam, name, argv, &spare->env, dir, DEADLINE_NS);
	struct slice line;
	size_t count = 0;
	while (slice_line(&run.out, &line)) {
		count++;
	}
	return count;
}

static bool try_with(struct spare *spare, const char *name, bool cache, bool tmp) {
	struct envset before;
	envset_copy(&before, &spare->env);
	if (cache) {
		envset_set(&spare->env, "GOCACHE",
		           path_join(spare->exam->arena, spare->dir, "cache"));
	}
	if (tmp) {
		envset_set(&spare->env, "TMPDIR", spare->dir);
		envset_set(&spare->env, "GOTMPDIR", spare->dir);
	}
	bool better = works(spare, arena_printf(spare->exam->arena, "std with %s", name));
	spare->env = before;
	return better;
}

static void state_trial(struct spare *spare, const char *what, const char *subject, bool better,
                        const char *detail) {
	const struct fact_go_run *last = NULL;
	facts_each (go_run, run, spare->exam->facts) {
		last = run;
	}
	FACTS_ADD(spare->exam->facts, trial, last ? last->base.ev : NULL, .what = what,
	          .subject = subject, .better = better, .detail = detail);
}

/* Another cache helps, and this one looks well. go tells why it cannot write there when it has compiled a
 * package of the caller's (a package without imports, so that nothing else can be wrong with it). */
static void ask_why(struct spare *spare) {
	const char *dir = path_join(spare->exam->arena, spare->dir, "why");
	const char *file = path_join(spare->exam->arena, dir, "why.go");
	int fd = mkdir(dir, 0700) == 0 ? open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
	                               : -1;
	const char *const argv[] = {
		spare->exam->target->server_go,       "list", "-e", "-export", "-f",
		"{{if .Error}}{{.Error.Err}}{{end}}", file,   NULL};
	if (fd < 0) {
		return;
	}
	dprintf(fd, "package why\n");
	close(fd);
	go_run_state(spare->exam, STORAGE_RUN_WHY, argv, &spare->env, dir, DEADLINE_NS);
}

static void try_spares(struct spare *spare, bool cache_odd, bool tmp_odd) {
	bool cache = cache_odd && try_with(spare, STORAGE_TRIAL_CACHE, true, false);
	bool tmp = !cache && tmp_odd && try_with(spare, STORAGE_TRIAL_TMP, false, true);
	bool both = !cache && !tmp && cache_odd && tmp_odd &&
	            try_with(spare, "other GOCACHE and TMPDIR", true, true);
	const char *detail = both ? "only both together help" : "";
	if (cache_odd) {
		state_trial(spare, STORAGE_TRIAL_CACHE, "GOCACHE", cache || both, detail);
	}
	if (tmp_odd) {
		state_trial(spare, STORAGE_TRIAL_TMP, "TMPDIR", tmp || both, detail);
	}
}

/* The network is switched off, since this is only about what is here. */
static void try_own_packages(struct spare *spare) {
	envset_copy(&spare->env, &spare->exam->target->server);
	envset_set(&spare->env, "GOPROXY", "off");
	size_t own = loads(spare, STORAGE_RUN_OWN);
	envset_set(&spare->env, "GOCACHE", path_join(spare->exam->arena, spare->dir, "cache"));
	bool better = loads(spare, STORAGE_RUN_OWN " with " STORAGE_TRIAL_CACHE) > own;
	state_trial(spare, STORAGE_TRIAL_CACHE, "GOCACHE", better, "the packages of the open file");
}

static bool has_room(struct exam *exam, const char *dir) {
	struct mount_stat m = world_mount(exam->world, dir);
	return m.known && m.free_bytes >= ROOM_BYTES_MIN &&
	       (m.total_inodes == 0 || m.free_inodes >= ROOM_INODES_MIN);
}

/* The full disk may be the very one that scratch is made on by habit. */
static const char *roomy_parent(struct exam *exam) {
	static const char *const parents[] = {"/dev/shm", "/tmp", "/var/tmp"};
	for (size_t i = 0; i < sizeof(parents) / sizeof(*parents); i++) {
		if (has_room(exam, parents[i])) {
			return parents[i];
		}
	}
	return NULL;
}

/* go drops a package that it cannot keep an index of in its cache, and says that it is not in std; the Go
 * installation has it. */
static bool cache_is_suspect(const struct facts *facts) {
	const struct fact_goroot *root = facts_first(goroot, facts);
	return root && root->complete && complaint_find(facts, " is not in std").fact;
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	bool looks_odd = storage_is_odd(exam->facts, "GOCACHE");
	bool cache_odd = looks_odd || cache_is_suspect(exam->facts);
	bool tmp_odd =
		storage_is_odd(exam->facts, "TMPDIR") || storage_is_odd(exam->facts, "GOTMPDIR");
	/* In a recording of calls nobody tried. */
	if (facts_healthy(exam->facts) || !t->server_go || t->do_not_run_go || t->recorded ||
	    (!cache_odd && !tmp_odd)) {
		return 0;
	}
	struct spare spare = {.exam = exam};
	make_env(&spare);
	bool std_works = works(&spare, STORAGE_RUN_STD);
	if (std_works && (!looks_odd || !t->open_file)) {
		return 0;
	}
	spare.dir = scratch_make(exam->arena, roomy_parent(exam));
	/* Asked about the parent, whose name does not change from run to run. */
	if (spare.dir && has_room(exam, path_parent(exam->arena, spare.dir))) {
		if (std_works) {
			try_own_packages(&spare);
		} else {
			try_spares(&spare, cache_odd, tmp_odd);
			const struct fact_trial *helped =
				facts_trial(exam->facts, STORAGE_TRIAL_CACHE);
			if (!looks_odd && helped && helped->better) {
				ask_why(&spare);
			}
		}
	}
	scratch_remove(spare.dir);
	return 0;
}

const struct probe probe_spare_caches = {
	.id = "spare_caches",
	.title = "whether go works with other caches when its own look unusable",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(trial),
	.look = look,
};
