/* SPDX-License-Identifier: MIT
 * The logs of the editor that is judged and of the server: the newest files, from their ends. What
 * they say is history, and what is seen now counts more; only what cannot be seen otherwise may be
 * concluded from it.
 *
 * Sources: microsoft/vscode src/vs/platform/environment/common/environmentService.ts (logsHome),
 * src/vs/workbench/api/common/extHostOutput.ts; Neovim runtime/lua/vim/lsp/log.lua; helix
 * helix-loader (log_file); gopls usage of -logfile.
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/editor.h"
#include "probes/editors/vscode_install.h"
#include "probes/logs/log_read.h"

#include <time.h>

/* Neovim writes what a server says piece by piece, each with a head of its own: a traceback of gopls was 220 KiB there. */
#define NEOVIM_TAIL_CAP ((size_t)512 * 1024)
#define TAIL_CAP        ((size_t)64 * 1024) /* of each file: looking at logs must not be felt */
#define SESSIONS_MAX    2
#define WINDOWS_MAX     4 /* of one session */
#define FILES_MAX       8 /* of one window */
#define START_SLACK_NS  (5 * NS_PER_S)

/* ---- VS Code family ---- */

struct window {
	const char *session;
	struct log_file files[FILES_MAX];
	size_t count;
	bool mentions; /* the workspace, by its path */
};

/* The last max names of a directory that begin so; newest first when names are times. */
static size_t last_names(struct exam *exam, const char *dir, const char *prefix, size_t max,
                         const char **ret) {
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	const char *names[64];
	size_t count = 0;
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *name = line.len > 2 ? arena_slicedup(exam->arena, line) + 2 : "";
		if (str_starts(name, prefix)) {
			names[count++ % 64] = name;
		}
	}
	size_t given = 0;
	for (; given < max && given < count && given < 64; given++) {
		ret[given] = path_join(exam->arena, dir, names[(count - 1 - given) % 64]);
	}
	return given;
}

static void add_file(struct exam *exam, struct window *w, const char *path) {
	if (w->count >= FILES_MAX) {
		return;
	}
	const struct evidence *ev = world_look(exam->world, LOOK_TAIL, path, TAIL_CAP);
	if (!evidence_has_bytes(ev) || ev->bytes.len == 0) {
		return;
	}
	w->mentions = w->mentions || slice_has(ev->bytes, exam->target->workspace);
	w->files[w->count++] = (struct log_file){
		.source = "vscode",
		.path = path,
		.session = w->session,
		.ev = ev,
		.bytes = ev->bytes,
	};
}

static bool is_ours(const char *name) {
	return str_has(name, "gopls") || str_ends(name, "Go.log") || str_ends(name, "-Go.log");
}

static void add_dir(struct exam *exam, struct window *w, const char *dir, bool all) {
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *name = line.len > 2 ? arena_slicedup(exam->arena, line) + 2 : "";
		if (slice_starts(line, "f ") && str_ends(name, ".log") && (all || is_ours(name))) {
			add_file(exam, w, path_join(exam->arena, dir, name));
		}
	}
}

/* exthost.log, the Go extension's own channels, and its older ones among everybody's. */
static void read_host(struct exam *exam, struct window *w, const char *host) {
	const char *older[1];
	add_file(exam, w, path_join(exam->arena, host, "exthost.log"));
	add_file(exam, w, path_join(exam->arena, host, "remoteexthost.log"));
	add_dir(exam, w, path_join(exam->arena, host, "golang.go"), true);
	if (last_names(exam, host, "output_logging_", 1, older) > 0) {
		add_dir(exam, w, older[0], false);
	}
}

/* 20261121T110001, local time. */
static int64_t session_ns(const char *name) {
	struct tm tm = {.tm_isdst = -1};
	char *end = strptime(name, "%Y%m%dT%H%M%S", &tm);
	return end && *end == '\0' ? (int64_t)mktime(&tm) * NS_PER_S : 0;
}

/* Of several windows those count that speak of the workspace; a single one counts anyway. */
static void state_windows(struct exam *exam, struct window *windows, size_t count, bool current,
                          int64_t since_ns) {
	bool any = false;
	for (size_t i = 0; i < count; i++) {
		any = any || windows[i].mentions;
	}
	for (size_t i = 0; i < count; i++) {
		bool related = windows[i].mentions || (!any && count == 1);
		for (size_t k = 0; k < windows[i].count; k++) {
			struct log_file *f = &windows[i].files[k];
			f->is_current = current && related;
			f->since_ns = since_ns;
			log_read(exam, f);
		}
	}
}

static void read_session(struct exam *exam, const char *dir, bool current, int64_t since_ns) {
	struct window *windows = arena_array_of(exam->arena, struct window, WINDOWS_MAX);
	const char *names[WINDOWS_MAX];
	size_t n = last_names(exam, dir, "window", WINDOWS_MAX, names);
	bool remote = n == 0;
	n = remote ? last_names(exam, dir, "exthost", WINDOWS_MAX, names) : n;
	for (size_t i = 0; i < n; i++) {
		windows[i].session = names[i];
		read_host(exam, &windows[i],
		          remote ? names[i] : path_join(exam->arena, names[i], "exthost"));
	}
	state_windows(exam, windows, n, current, since_ns);
}

static void read_vscode(struct exam *exam) {
	const struct vscode_install *v = vscode_install(exam);
	const struct fact_editor_process *p = facts_first(editor_process, exam->facts);
	const char *sessions[SESSIONS_MAX];
	if (!v) {
		return;
	}
	const char *logs = path_join(exam->arena, v->data ? v->data : v->server, "logs");
	size_t n = last_names(exam, logs, "2", SESSIONS_MAX, sessions);
	/* The session of a running editor began before its extension host; one that began later is
	 * another program's. */
	int64_t before = p ? p->start_ns + START_SLACK_NS : INT64_MAX;
	bool found = false;
	for (size_t i = 0; i < n; i++) {
		bool current = !found && session_ns(path_base(sessions[i])) <= before;
		found = found || current;
		read_session(exam, sessions[i], current, p ? p->start_ns - START_SLACK_NS : 0);
	}
}

/* ---- the others ---- */

static const char *below(struct exam *exam, const char *variable, const char *standard,
                         const char *rest) {
	const struct target *t = exam->target;
	const char *home = target_home(t);
	const char *value = envset_get(&t->judged, variable);
	return str_empty(value) ? arena_printf(exam->arena, "%s/%s/%s", home, standard, rest)
	                        : path_join(exam->arena, value, rest);
}

static void read_file(struct exam *exam, const char *source, const char *path, int64_t since_ns,
                      bool current, size_t cap) {
	const struct evidence *ev = world_look(exam->world, LOOK_TAIL, path, cap);
	if (evidence_has_bytes(ev)) {
		log_read(exam, &(struct log_file){
				       .source = source,
				       .path = path,
				       .session = "",
				       .ev = ev,
				       .bytes = ev->bytes,
				       .since_ns = since_ns,
				       .is_current = current,
			       });
	}
}

static void read_editor(struct exam *exam) {
	const char *name = exam->target->editor ? exam->target->editor->name : "none";
	const struct fact_editor_process *p = facts_first(editor_process, exam->facts);
	int64_t since = p ? p->start_ns : 0;
	/* An autopsy may come when the editor has gone too: then all of them. */
	bool any = exam->target->autopsy && streq(name, "none");

	if (streq(name, "vscode") || streq(name, "code-server") || any) {
		read_vscode(exam);
	}
	if (streq(name, "neovim") || any) {
		/* In the cache directory up to v0.7. */
		read_file(exam, "neovim",
		          below(exam, "XDG_STATE_HOME", ".local/state", "nvim/lsp.log"), since,
		          p != NULL, NEOVIM_TAIL_CAP);
		read_file(exam, "neovim", below(exam, "XDG_CACHE_HOME", ".cache", "nvim/lsp.log"),
		          since, p != NULL, NEOVIM_TAIL_CAP);
	}
	if (streq(name, "helix") || any) {
		read_file(exam, "helix", below(exam, "XDG_CACHE_HOME", ".cache", "helix/helix.log"),
		          since, p != NULL, TAIL_CAP);
	}
}

/* gopls -logfile=F, of the arguments it would get and of the servers that run here. */
static void read_server_logs(struct exam *exam) {
	const struct target *t = exam->target;
	for (size_t i = 1; t->server_argv && t->server_argv[0] && t->server_argv[i]; i++) {
		const char *arg = t->server_argv[i];
		arg += str_starts(arg, "--") ? 1 : 0;
		if (str_starts(arg, "-logfile=/")) {
			read_file(exam, "gopls", arg + strlen("-logfile="), 0, false, TAIL_CAP);
		}
	}
	facts_each (running_server, s, exam->facts) {
		const char *tmp = envset_get(&t->judged, "TMPDIR");
		if (s->here && str_has(s->args, "-logfile=auto")) {
			read_file(exam, "gopls",
			          arena_printf(exam->arena, "%s/gopls-%s%lld.log",
			                       str_empty(tmp) ? "/tmp" : tmp,
			                       streq(s->role, "daemon") ? "daemon-" : "",
			                       (long long)s->pid),
			          s->start_ns, true, TAIL_CAP);
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const char *const *given = exam->target->logs;
	for (size_t i = 0; given && given[i]; i++) {
		read_file(exam, "given", given[i], 0, true, LOOK_CAP_TAIL);
	}
	read_editor(exam);
	read_server_logs(exam);
	return 0;
}

const struct probe probe_logs = {
	.id = "logs",
	.title = "what the logs of the editor and of the server say",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(log_event),
	.look = look,
};
