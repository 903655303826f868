/* SPDX-License-Identifier: MIT
 * The server is late: does a go, git or ssh below it wait for a host that says nothing? go sets no
 * limit of time for that (cmd/go/internal/web, vcs), so neither does the editor.
 */
#include "probes/server/fetch_wait.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/infer.h"
#include "probes/modules/modules_graph.h"
#include "probes/modules/modules_view.h"
#include "probes/server/handshake.h"
#include "probes/server/lock_wait.h"

#include <fnmatch.h>

/* When it is asked, from the start of the server; a load from warm caches takes 200 ms. */
static const int64_t moments_ns[] = {1350 * NS_PER_MS, 2500 * NS_PER_MS};
#define REQUIRES_MAX   64
#define PATIENCE_MS    1000               /* a host far away answers within a second */
#define LOCK_MARGIN_NS (1500 * NS_PER_MS) /* left of the run's time */

/* ---- which requirement ---- */

/* module.MatchPrefixPatterns of golang.org/x/mod: globs for as many path elements as they have. */
static bool matches(struct exam *exam, const char *globs, const char *module) {
	struct slice rest = slice_str(globs);
	struct slice glob;

	while (slice_cut(&rest, ',', &glob)) {
		const char *pattern = arena_slicedup(exam->arena, slice_trim(glob));
		size_t slashes = 0, len = 0;

		for (const char *p = pattern; *p; p++) {
			slashes += *p == '/';
		}
		while (module[len] && !(module[len] == '/' && slashes-- == 0)) {
			len++;
		}
		if (*pattern &&
		    fnmatch(pattern, arena_strndup(exam->arena, module, len), FNM_PATHNAME) == 0) {
			return true;
		}
	}
	return false;
}

/* Why go asks the host of this module itself; NULL when a proxy comes first. */
static const char *why_direct(struct exam *exam, const char *module) {
	const char *private = facts_govar_value(exam->facts, "GOPRIVATE");
	const char *noproxy = facts_govar_value(exam->facts, "GONOPROXY");
	const char *proxy = facts_govar_value(exam->facts, "GOPROXY");

	if (!str_empty(noproxy) && matches(exam, noproxy, module)) {
		return arena_printf(exam->arena, "GONOPROXY=%s", noproxy);
	}
	if (str_empty(noproxy) && !str_empty(private) && matches(exam, private, module)) {
		return arena_printf(exam->arena, "GOPRIVATE=%s", private);
	}
	if (streq(proxy, "direct") || str_starts(proxy, "direct,") ||
	    str_starts(proxy, "direct|")) {
		return arena_printf(exam->arena, "GOPROXY=%s", proxy);
	}
	return NULL;
}

static const char *host_of(struct exam *exam, const char *module) {
	return arena_strndup(exam->arena, module, strcspn(module, "/"));
}

static bool is_in_url(const char *url, const char *module) {
	size_t len = strlen(module);

	len -= str_ends(module, ".git") ? 4 : 0;
	/* git asks for the root of the repository, which may be above the module. */
	const char *at = url ? strstr(url, "://") : NULL;
	const char *path = at ? at + 3 : NULL;
	size_t n = path ? strlen(path) : 0;

	return n > 0 && n <= len && strncmp(path, module, n) == 0;
}

/* Of this go.mod the first requirement that go asks its host for, and of which the module cache has not even the go.mod.
 * url: only one that it is of; or NULL. */
static const struct fact_mod_absent *required_by(struct exam *exam, const struct fact_gomod *g,
                                                 const char *url) {
	struct arena *a = exam->arena;
	const char *cache = facts_govar_value(exam->facts, "GOMODCACHE");
	const struct modules_file *file = modules_file_read(exam, path_parent(a, g->path));

	for (size_t i = 0;
	     file->exists && !str_empty(cache) && i < file->mod.require_count && i < REQUIRES_MAX;
	     i++) {
		const struct gomod_require *r = &file->mod.requires[i];

		if (!why_direct(exam, r->path) || (url && !is_in_url(url, r->path)) ||
		    gomod_replace_find(&file->mod, r->path, r->version)) {
			continue;
		}
		struct file_stat st =
			world_stat(exam->world, arena_printf(a, "%s/cache/download/%s/@v/%s.mod",
		                                             cache, modules_escape(a, r->path),
		                                             modules_escape(a, r->version)));

		if (st.known && !st.exists) {
			struct fact_mod_absent *m = arena_new_of(a, struct fact_mod_absent);

			m->module = r->path;
			m->version = r->version;
			m->gomod = g->path;
			m->line = r->line;
			return m;
		}
	}
	return NULL;
}

/* What the open file does not import, go loads with the workspace all the same. */
static const struct fact_mod_absent *required(struct exam *exam, const char *url) {
	facts_each (gomod, g, exam->facts) {
		const struct fact_mod_absent *m =
			STR_IN(g->role, "root", "file") ? required_by(exam, g, url) : NULL;

		if (m) {
			return m;
		}
	}
	return url ? required(exam, NULL) : NULL;
}

static const struct fact_mod_absent *requirement(struct exam *exam, const char *url) {
	const struct fact_mod_absent *first = NULL;

	facts_each (mod_absent, m, exam->facts) {
		if (url && is_in_url(url, m->module)) {
			return m;
		}
		if (!first && why_direct(exam, m->module)) {
			first = m;
		}
	}
	return first ? first : required(exam, url);
}

/* ---- one that waits ---- */

/* "https://HOST[:PORT]/…" among the words; or what ssh is called with, "[USER@]HOST". */
static const char *host_in(struct exam *exam, const char *comm, struct slice cmdline,
                           const char **ret_url) {
	struct slice rest = cmdline;
	struct slice word;
	bool is_ssh = streq(comm, "ssh"), value = false;

	for (size_t i = 0; slice_cut(&rest, '\x1f', &word); i++) {
		const char *text = arena_slicedup(exam->arena, word);
		const char *at = strstr(text, "://");

		if (at) {
			const char *host = at + 3;
			const char *user = memchr(host, '@', strcspn(host, "/"));

			host = user ? user + 1 : host;
			*ret_url = text;
			return arena_strndup(exam->arena, host, strcspn(host, "/:"));
		}
		if (is_ssh && i > 0 && !value && text[0] != '-') {
			const char *user = strchr(text, '@');

			return user ? user + 1 : text;
		}
		/* ssh(1): options that take a value. */
		value = is_ssh && text[0] == '-' && text[1] && !text[2] &&
		        strchr("BbcDEeFIiJLlmOopQRSWw", text[1]);
	}
	return NULL;
}

/* ssh for git, hg or svn, and not for a helper of the user's: by the program it shall run there. */
static bool serves_vcs(const char *words) {
	static const char *const programs[] = {"git-upload-pack", "serve --stdio", "svnserve"};

	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		if (str_has(words, programs[i])) {
			return true;
		}
	}
	return false;
}

bool fetch_wait_state(struct exam *exam, const struct evidence *ev,
                      const struct fetch_waiter *waiter) {
	const char *comm = waiter->comm, *url = NULL;
	const char *host = host_in(exam, comm, slice_str(waiter->cmdline), &url);
	bool is_vcs = host && (str_starts(comm, "git") || str_starts(comm, "hg") ||
	                       str_starts(comm, "svn") ||
	                       (streq(comm, "ssh") && serves_vcs(waiter->cmdline)));
	const struct fact_mod_absent *m = requirement(exam, is_vcs ? url : NULL);

	if (waiter->received > 0 || waiter->age_ms < PATIENCE_MS || !m ||
	    (!is_vcs && !streq(comm, "go"))) {
		return false; /* without a requirement it may be anybody's git: a version manager's, a driver's */
	}
	FACTS_ADD(exam->facts, fetch_wait, ev, .pid = waiter->pid, .program = comm,
	          .host = is_vcs ? host : host_of(exam, m->module), .address = waiter->address,
	          .port = waiter->port, .state = waiter->state, .age_ms = waiter->age_ms,
	          .url = url, .module = m->module, .version = m->version, .gomod = m->gomod,
	          .line = m->line, .why = why_direct(exam, m->module));
	return true;
}

static void state_wait(struct exam *exam, const struct evidence *ev, struct slice block) {
	(void)fetch_wait_state(
		exam, ev,
		&(struct fetch_waiter){
			.pid = keyline_number(exam->arena, block, "pid", 0),
			.comm = keyline_text(exam->arena, block, "comm"),
			.cmdline = keyline_text(exam->arena, block, "cmdline"),
			.address = keyline_text(exam->arena, block, "address"),
			.port = keyline_number(exam->arena, block, "port", 0),
			.state = keyline_text(exam->arena, block, "state"),
			.received = keyline_number(exam->arena, block, "received", 0),
			.age_ms = keyline_number(exam->arena, block, "age_ms", 0),
		});
}

static void look_family(struct exam *exam, size_t turn) {
	const struct evidence *ev =
		world_look(exam->world, LOOK_FAMILY, arena_printf(exam->arena, "%zu", turn + 1),
	                   LOOK_CAP_SETTINGS);
	struct slice rest = ev->bytes;
	struct slice block;

	while (evidence_has_bytes(ev) && keyline_block(&rest, &block)) {
		state_wait(exam, ev, block);
	}
}

static int look(struct exam *exam, struct err *err) {
	struct handshake *h = exam->handshake;

	(void)err;
	if (!h || !h->session) {
		return 0;
	}
	for (size_t i = 0; i < sizeof moments_ns / sizeof *moments_ns; i++) {
		int64_t until = h->start_ns + moments_ns[i];

		/* In a recording the end is known from the start, so that a wait is certain before its reason is asked for. */
		bool certain =
			!exam->target->recorded && infer_is_certain(exam->rules, exam->facts);

		if (certain || until >= exam->deadline_ns) {
			return 0;
		}
		world_session_wait(exam->world, h->session, until);
		if (h->talk->base.is_done(&h->talk->base) || h->talk->life > TALK_ALIVE) {
			return 0;
		}
		look_family(exam, i);
		if (!facts_first(lock_wait, exam->facts)) {
			lock_wait_watch(exam, exam->deadline_ns - LOCK_MARGIN_NS);
		}
	}
	return 0;
}

const struct probe probe_fetch_wait = {
	.id = "fetch_wait",
	.title = "whether something below a late server waits for a host",
	.stage = STAGE_ANSWER,
	.yields = FACT_BIT(fetch_wait),
	.look = look,
};
