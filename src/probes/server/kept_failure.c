/* SPDX-License-Identifier: MIT
 * Does a running server still live with a failure whose cause is gone?
 *
 * gopls loads the workspace once; when a module could not be had, or a cache could not be used, it
 * keeps what came of that until a file it is told of changes. So: what a load needs and what came, or
 * was put right, after that server began, while go.mod and go.sum are older than it. Whether the load
 * did fail stands in its memory and nowhere else: a server that fetched the module itself has no such
 * words (measured with gopls v0.23.0).
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "probes/modules/modules_graph.h"

#include <stdlib.h>

#define MARGIN_NS   NS_PER_S
#define MODULES_MAX 8
#define WORDS_MAX   6

struct mend {
	const char *what, *path, *module, *version;
	int64_t at_ns;
	const char *words[WORDS_MAX + 1];
};

/* The module files are older than the server: what it loaded is what they say now. */
static bool files_are_older(struct exam *exam, int64_t start_ns) {
	const struct fact_open_file *file = facts_first(open_file, exam->facts);
	const char *dir =
		file && !str_empty(file->module_dir) ? file->module_dir : exam->target->workspace;
	static const char *const names[] = {"go.mod", "go.sum"};

	for (size_t i = 0; i < 2; i++) {
		struct file_stat st =
			world_stat(exam->world, path_join(exam->arena, dir, names[i]));

		if (st.exists && st.mtime_ns > start_ns) {
			return false;
		}
	}
	facts_each (gowork, w, exam->facts) {
		if (streq(w->role, "active") &&
		    world_stat(exam->world, w->path).mtime_ns > start_ns) {
			return false;
		}
	}
	return true;
}

static const char *remembered(struct exam *exam, int64_t pid, const struct mend *m,
                              const struct evidence **ret_ev) {
	struct strbuf arg;
	struct slice rest, line;

	strbuf_init(&arg, exam->arena);
	strbuf_printf(&arg, "%lld", (long long)pid);
	for (size_t i = 0; m->words[i]; i++) {
		strbuf_printf(&arg, "\x1f%s", m->words[i]);
	}
	const struct evidence *ev = world_look(exam->world, LOOK_HEAP, arg.data, LOOK_CAP_SMALL);

	*ret_ev = ev;
	rest = ev->bytes;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *text = arena_slicedup(exam->arena, line);
		const char *word = strchr(text, ' ');

		if (strtoll(text, NULL, 10) > 0 && word) {
			return word + 1;
		}
	}
	return "";
}

static void state(struct exam *exam, const struct fact_running_server *s, const struct mend *m) {
	const struct evidence *ev = NULL;
	const char *kept = remembered(exam, s->pid, m, &ev);

	FACTS_ADD(exam->facts, mended, ev, .pid = s->pid, .what = m->what, .path = m->path,
	          .module = m->module, .version = m->version, .at_ns = m->at_ns, .kept = kept,
	          .read = ev->state == EV_READ);
}

static void look_modules(struct exam *exam, const struct fact_running_server *s) {
	const char *cache = facts_govar_value(exam->facts, "GOMODCACHE");
	const char *seen[MODULES_MAX] = {0};
	size_t count = 0;

	facts_each (file_import, i, exam->facts) {
		bool known = str_empty(i->module) || str_empty(i->version);

		for (size_t k = 0; k < count; k++) {
			known = known || streq(seen[k], i->module);
		}
		if (known || !streq(i->class, "required") || count == MODULES_MAX ||
		    str_empty(cache)) {
			continue;
		}
		seen[count++] = i->module;
		const char *dir = path_join(exam->arena, cache,
		                            arena_printf(exam->arena, "%s@%s",
		                                         modules_escape(exam->arena, i->module),
		                                         modules_escape(exam->arena, i->version)));
		struct file_stat st = world_stat(exam->world, dir);

		if (st.is_dir && st.ctime_ns > s->start_ns + MARGIN_NS) {
			state(exam, s,
			      &(struct mend){
				      .what = "module",
				      .path = dir,
				      .module = i->module,
				      .version = i->version,
				      .at_ns = st.ctime_ns,
				      .words = {arena_printf(exam->arena, "could not import %s",
			                                     i->path),
			                        arena_printf(exam->arena, "provides package \"%s\"",
			                                     i->path),
			                        arena_printf(exam->arena, "provides package %s;",
			                                     i->path)},
			      });
		}
	}
}

static void look_place(struct exam *exam, const struct fact_running_server *s, const char *role) {
	const struct fact_place *p = facts_place(exam->facts, role);
	struct file_stat st = {0};

	if (p && p->path[0] == '/') {
		st = world_stat(exam->world, p->path);
	}
	/* A directory in daily use changes with what is put into it: then its words are not asked
	 * for either, unless it is one nobody else uses. */
	if (!st.is_dir || st.ctime_ns <= s->start_ns + MARGIN_NS) {
		return;
	}
	state(exam, s,
	      &(struct mend){
		      .what = streq(role, "GOCACHE") || streq(role, "GOMODCACHE") ? "cache"
	                                                                          : "directory",
		      .path = p->path,
		      .at_ns = st.ctime_ns,
		      .words = {arena_printf(exam->arena, "initialize build cache at %s", p->path),
	                        arena_printf(exam->arena, "%s: permission denied", p->path),
	                        arena_printf(exam->arena, "%s: no such file", p->path),
	                        arena_printf(exam->arena, "mkdir %s", p->path),
	                        "no space left on device", "could not create module cache"},
	      });
}

static bool is_other_matter(struct exam *exam, const struct fact_running_server *s) {
	facts_each (go_replaced, r, exam->facts) {
		if (r->pid == s->pid) {
			return true; /* bin-replaced-while-running */
		}
	}
	return s->other;
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	if (!facts_healthy(exam->facts)) {
		return 0;
	}
	facts_each (running_server, s, exam->facts) {
		if (!s->here || s->start_ns <= 0 || is_other_matter(exam, s) ||
		    (!streq(s->role, "server") && !streq(s->role, "daemon")) ||
		    !files_are_older(exam, s->start_ns)) {
			continue;
		}
		look_modules(exam, s);
		look_place(exam, s, "GOCACHE");
		look_place(exam, s, "GOMODCACHE");
		look_place(exam, s, "GOTMPDIR");
	}
	return 0;
}

const struct probe probe_kept_failure = {
	.id = "kept_failure",
	.title = "whether a running server still lives with a failure that is mended",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(mended),
	.look = look,
};
