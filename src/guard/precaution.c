/* SPDX-License-Identifier: MIT */
#include "guard/precaution.h"

#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"
#include "gofile/goversion.h"

#define MIB ((int64_t)1024 * 1024)
#define GIB (MIB * 1024)

/* Percent in use from which on it is told, and below which it is over. */
#define DISK_PERCENT        95
#define DISK_PERCENT_OVER   93
#define BUDGET_PERCENT      90
#define BUDGET_PERCENT_OVER 85

/* A twentieth of a large disk is room for years. */
#define DISK_FREE_PLENTY    (10 * GIB)
#define DISK_INODES_PLENTY  200000
#define DISK_PLENTY_PERCENT 120 /* so much of it must be free before it is over */

#define ID_DISK    "disk-nearly-full"
#define ID_GOPLS   "gopls-replaced"
#define ID_GO      "go-past-gopls"
#define ID_INOTIFY "inotify-nearly-used"
#define ID_NOFILE  "nofile-nearly-used"

const char *const precaution_ids[] = {ID_DISK, ID_GOPLS, ID_GO, ID_INOTIFY, ID_NOFILE, NULL};

struct judge {
	const struct facts *facts;
	struct arena *arena;
	const char *dir;
	const struct precautions *known;
	struct precautions *out;
};

void precautions_init(struct precautions *list, struct arena *arena) {
	*list = (struct precautions){.arena = arena};
}

void precautions_add(struct precautions *list, const struct precaution *p) {
	struct arena *arena = list->arena;
	if (list->count == PRECAUTIONS_MAX) {
		return;
	}
	VEC_ROOM(arena, list->items, list->count, &list->slots);
	list->items[list->count++] = (struct precaution){
		.id = arena_strdup(arena, p->id),
		.cause = arena_strdup(arena, p->cause ? p->cause : ""),
		.key = arena_strdup(arena, p->key),
		.title = arena_strdup(arena, p->title),
		.fix = arena_strdup(arena, p->fix ? p->fix : ""),
		.since_ns = p->since_ns,
		.dir = arena_strdup(arena, p->dir ? p->dir : ""),
	};
}

const struct precaution *precautions_find(const struct precautions *list, const char *id,
                                          const char *key, const char *dir) {
	for (size_t i = 0; i < list->count; i++) {
		const struct precaution *p = &list->items[i];
		if (streq(p->id, id) && streq(p->key, key) && (!dir || streq(p->dir, dir))) {
			return p;
		}
	}
	return NULL;
}

static bool was_known(const struct judge *j, const char *id, const char *key) {
	return precautions_find(j->known, id, key, NULL) != NULL;
}

static void tell(const struct judge *j, struct precaution p) {
	p.dir = j->dir;
	if (!precautions_find(j->out, p.id, p.key, NULL)) {
		precautions_add(j->out, &p);
	}
}

/* used of total, in percent; 0 when the total says nothing. */
static int64_t percent(int64_t used, int64_t total) {
	return total > 0 && used > 0 ? (int64_t)((double)used * 100.0 / (double)total) : 0;
}

/* ---- disks ---- */

static bool lacks(int64_t free_units, int64_t total, int64_t plenty, bool known) {
	int64_t used = percent(total - free_units, total);
	int64_t from = known ? DISK_PERCENT_OVER : DISK_PERCENT;
	int64_t enough = known ? plenty / 100 * DISK_PLENTY_PERCENT : plenty;
	return total > 0 && used >= from && free_units < enough;
}

static const char *size_text(struct arena *arena, int64_t bytes) {
	return bytes < GIB ? arena_printf(arena, "%.0f MiB", (double)bytes / (double)MIB)
	                   : arena_printf(arena, "%.1f GiB", (double)bytes / (double)GIB);
}

static bool is_meant(const struct fact_place *p) {
	return STR_IN(p->role, "GOCACHE", "GOMODCACHE", "GOPLSCACHE", "TMPDIR", "GOTMPDIR", "HOME",
	              "workspace") &&
	       STR_IN(p->state, "ok", "absent") && !p->read_only && !str_empty(p->mount);
}

/* What else lies there that matters: "GOCACHE, HOME". */
static const char *roles_on(const struct judge *j, const char *mount) {
	const char *roles = "";
	facts_each (place, p, j->facts) {
		if (is_meant(p) && streq(p->mount, mount)) {
			roles = arena_printf(j->arena, "%s%s%s", roles, *roles ? ", " : "",
			                     p->role);
		}
	}
	return roles;
}

static void judge_disks(const struct judge *j) {
	facts_each (place, p, j->facts) {
		if (!is_meant(p)) {
			continue;
		}
		bool known = was_known(j, ID_DISK, p->mount);
		bool bytes = lacks(p->free_bytes, p->total_bytes, DISK_FREE_PLENTY, known);
		bool inodes = lacks(p->free_inodes, p->total_inodes, DISK_INODES_PLENTY, known);
		if (!bytes && !inodes) {
			continue;
		}
		int64_t used = bytes ? percent(p->total_bytes - p->free_bytes, p->total_bytes)
		                     : percent(p->total_inodes - p->free_inodes, p->total_inodes);
		const char *left =
			bytes ? arena_printf(j->arena, "%s of %s are free",
		                             size_text(j->arena, p->free_bytes),
		                             size_text(j->arena, p->total_bytes))
			      : arena_printf(j->arena, "%lld of %lld inodes are free",
		                             (long long)p->free_inodes, (long long)p->total_inodes);
		tell(j, (struct precaution){
				.id = ID_DISK,
				.cause = "fs-disk-full-gocache",
				.key = p->mount,
				.title = arena_printf(
					j->arena, "the file system %s is %lld %% full (%s): %s",
					p->mount, (long long)used, roles_on(j, p->mount), left),
				.fix = arena_printf(
					j->arena,
					"du -xh --max-depth=2 %s 2>/dev/null | sort -h | tail "
					"-n 20",
					str_shell_quote(j->arena, p->mount)),
			});
	}
}

/* ---- programs that were replaced ---- */

static const char *who(struct arena *arena, int64_t pid, int64_t start_ns) {
	return arena_printf(arena, "%lld %lld", (long long)pid, (long long)start_ns);
}

static bool is_of_editor(const struct fact_running_server *s) {
	return s->here && STR_IN(s->role, "server", "forwarder", "daemon");
}

static const char *version_text(struct arena *arena, const char *version, const char *go) {
	const char *name = str_empty(version) ? "an unknown version" : version;
	return str_empty(go) ? name : arena_printf(arena, "%s, %s", name, go);
}

static const char *restart(const struct judge *j, const struct fact_running_server *s) {
	return arena_printf(j->arena, "kill %lld # the editor starts the new one",
	                    (long long)s->pid);
}

static void judge_gopls(const struct judge *j, const struct fact_running_server *s) {
	bool other = !str_empty(s->path) && s->other;
	bool lost = str_empty(s->path) && s->gone;
	if (!other && !lost) {
		return;
	}
	const char *what =
		lost ? arena_printf(j->arena, "%s is deleted and nothing took its place", s->exe)
		     : arena_printf(j->arena, "%s is now %s", s->path,
	                            version_text(j->arena, s->path_version, s->path_go_version));
	tell(j, (struct precaution){
			.id = ID_GOPLS,
			.cause = "bin-replaced-while-running",
			.key = who(j->arena, s->pid, s->start_ns),
			.title = arena_printf(
				j->arena,
				"gopls was replaced under a running server: process %lld still is "
				"%s, and %s",
				(long long)s->pid,
				version_text(j->arena, s->version, s->go_version), what),
			.fix = restart(j, s),
		});
}

static void judge_go_below(const struct judge *j, const struct fact_running_server *s) {
	facts_each (go_replaced, g, j->facts) {
		if (g->pid != s->pid) {
			continue;
		}
		tell(j, (struct precaution){
				.id = ID_GOPLS,
				.cause = "bin-replaced-while-running",
				.key = arena_printf(j->arena, "%s go",
		                                    who(j->arena, s->pid, s->start_ns)),
				.title = arena_printf(
					j->arena,
					"Go was replaced under a running server: %s%s%s was put "
					"there after gopls (process %lld) began",
					g->path, str_empty(g->version) ? "" : ", now ", g->version,
					(long long)s->pid),
				.fix = restart(j, s),
			});
	}
}

/* ---- Go past gopls ---- */

/* A go line that is newer than what gopls was compiled with asks for a language it does not know; a Go that is newer than
 * the release brings a library it may not read. */
static void judge_age(const struct judge *j) {
	facts_each (server_age, a, j->facts) {
		bool language = goversion_minor(a->language) > goversion_minor(a->built);
		int knows = goversion_minor(a->knows);
		bool runs = knows > 0 && goversion_minor(a->runs) > knows;
		if (!language && !runs) {
			continue;
		}
		const char *name = version_text(j->arena, a->version, "");
		bool again = !runs && a->rebuilds && str_starts(a->version, "v") &&
		             !str_has(a->version, "-");
		const char *version = again ? a->version : a->newest;
		const char *dir = str_shell_quote(j->arena, path_parent(j->arena, a->path));
		tell(j,
		     (struct precaution){
			     .id = ID_GO,
			     .cause = "tc-gopls-built-with-older-go",
			     .key = arena_printf(j->arena, "%s %s %s", a->path, a->version,
		                                 language ? a->language : a->runs),
			     .title = language ? arena_printf(j->arena,
		                                              "Go has gone past gopls: %s (%s) was "
		                                              "compiled with Go %s, and %s asks "
		                                              "for Go %s",
		                                              a->path, name, a->built, a->gomod,
		                                              a->language)
		                               : arena_printf(
							 j->arena,
							 "Go has gone past gopls: %s (%s) knows Go "
							 "up to %s, and Go %s does the work",
							 a->path, name, a->knows, a->runs),
			     .fix = arena_printf(j->arena,
		                                 "GOBIN=%s go install golang.org/x/tools/gopls@%s",
		                                 dir, str_empty(version) ? "latest" : version),
		     });
	}
}

/* ---- budgets ---- */

static bool is_near(int64_t used, int64_t limit, bool known) {
	return limit > 0 && used >= 0 &&
	       percent(used, limit) >= (known ? BUDGET_PERCENT_OVER : BUDGET_PERCENT);
}

static void judge_inotify(const struct judge *j) {
	facts_each (watch_budget, b, j->facts) {
		const struct precaution *old =
			precautions_find(j->known, ID_INOTIFY, b->what, NULL);
		if (!b->exhausted && !is_near(b->used, b->limit, old != NULL)) {
			continue;
		}
		const char *most = b->pid > 0 && b->held > 0
		                           ? arena_printf(j->arena, "; most by %s (process %lld)",
		                                          b->comm, (long long)b->pid)
		                           : "";
		const char *much =
			b->exhausted || b->used < 0
				? arena_printf(j->arena, "no inotify %s is left", b->what)
				: arena_printf(j->arena, "%lld inotify %s are in use",
		                               (long long)b->used, b->what);
		tell(j, (struct precaution){
				.id = ID_INOTIFY,
				.cause = "res-inotify",
				.key = b->what,
				.title = arena_printf(j->arena,
		                                      "%s, and %s lets this user have %lld%s", much,
		                                      b->where, (long long)b->limit, most),
				.fix = arena_printf(
					j->arena,
					"echo %s=%lld | sudo tee /etc/sysctl.d/60-inotify.conf && "
					"sudo sysctl -p /etc/sysctl.d/60-inotify.conf",
					b->where, (long long)b->limit * 2),
			});
	}
}

static void judge_files(const struct judge *j, const struct fact_running_server *s) {
	facts_each (limit, l, j->facts) {
		const char *key = who(j->arena, s->pid, s->start_ns);
		if (!streq(l->scope, "server") || !streq(l->name, "open_files") ||
		    l->pid != s->pid || !is_near(s->fds, l->soft, was_known(j, ID_NOFILE, key))) {
			continue;
		}
		tell(j,
		     (struct precaution){
			     .id = ID_NOFILE,
			     .cause = "res-nofile",
			     .key = key,
			     .title = arena_printf(
				     j->arena,
				     "gopls (process %lld) has %lld files open and may have %lld "
				     "(RLIMIT_NOFILE)",
				     (long long)s->pid, (long long)s->fds, (long long)l->soft),
			     .fix = arena_printf(j->arena, "dialtone ps --leaks %lld",
		                                 (long long)s->pid),
		     });
	}
}

/* ---- what could not be seen ---- */

static bool is_refused(const struct facts *facts, enum fact_kind kind) {
	return facts->coverage[kind].refused;
}

static bool is_unsure(const struct judge *j, const char *id) {
	const struct facts *f = j->facts;
	return streq(id, ID_DISK)      ? is_refused(f, FACT_place)
	       : streq(id, ID_GO)      ? is_refused(f, FACT_server_age)
	       : streq(id, ID_INOTIFY) ? is_refused(f, FACT_watch_budget)
	       : streq(id, ID_NOFILE)
	               ? is_refused(f, FACT_limit) || is_refused(f, FACT_running_server)
	               : is_refused(f, FACT_running_server) || is_refused(f, FACT_go_replaced);
}

static void keep_unsure(const struct judge *j) {
	for (size_t i = 0; i < j->known->count; i++) {
		const struct precaution *p = &j->known->items[i];
		if (streq(p->dir, j->dir) && is_unsure(j, p->id)) {
			tell(j, *p);
		}
	}
}

void precautions_judge(const struct facts *facts, const char *dir, const struct precautions *known,
                       struct precautions *ret) {
	const struct judge j = {
		.facts = facts, .arena = ret->arena, .dir = dir, .known = known, .out = ret};
	judge_disks(&j);
	facts_each (running_server, s, facts) {
		if (is_of_editor(s)) {
			judge_gopls(&j, s);
			judge_go_below(&j, s);
			judge_files(&j, s);
		}
	}
	judge_age(&j);
	judge_inotify(&j);
	keep_unsure(&j);
}
