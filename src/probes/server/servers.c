/* SPDX-License-Identifier: MIT
 * The language servers that run already: whose they are, what they run, and what a new start would.
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/gopls_call.h"
#include "core/probe.h"
#include "gofile/binary.h"
#include "probes/server/limits.h"

/* The kernel counts a start in hundredths of a second, and installing takes its time. */
#define START_MARGIN_NS NS_PER_S

/* ---- what the same start would run now ---- */

static const char *first_on_path(struct exam *exam, int64_t pid, const char *name) {
	const struct evidence *ev =
		world_look(exam->world, LOOK_ENVIRON,
	                   arena_printf(exam->arena, "%lld", (long long)pid), LOOK_CAP_SETTINGS);
	struct envset env;
	struct slice rest, dir;

	envset_init(&env, exam->arena);
	if (evidence_has_bytes(ev)) {
		envset_add_block(&env, ev->bytes);
	}
	const char *path = envset_get(&env, "PATH");

	rest = slice_str(path ? path : "");
	while (slice_cut(&rest, ':', &dir)) {
		const char *file =
			arena_printf(exam->arena, "%.*s/%s", (int)dir.len, dir.data, name);
		struct file_stat st = world_stat(exam->world, file);

		if (st.is_file && st.can_exec) {
			return file;
		}
	}
	return NULL;
}

static const char *started_path(struct exam *exam, const struct gopls_call *call, int64_t pid,
                                const char *exe) {
	const char *path = call->program[0] == '/'      ? call->program
	                   : strchr(call->program, '/') ? exe
	                   : call->program[0] != '\0'   ? first_on_path(exam, pid, call->program)
	                                                : NULL;

	return path && world_stat(exam->world, path).exists ? path : NULL;
}

struct program {
	const char *path;
	bool other;
	const char *version, *go_version;
};

static struct program program_now(struct exam *exam, struct slice block,
                                  const struct gopls_call *call) {
	int64_t pid = keyline_number(exam->arena, block, "pid", 0);
	const char *exe = keyline_text(exam->arena, block, "exe");
	struct program now = {.path = started_path(exam, call, pid, exe)};

	if (!now.path) {
		return now;
	}
	struct file_stat st = world_stat(exam->world, now.path);
	bool same_file = st.dev == keyline_number(exam->arena, block, "dev", 0) &&
	                 st.ino == keyline_number(exam->arena, block, "ino", 0) &&
	                 keyline_number(exam->arena, block, "gone", 0) == 0;
	const struct evidence *ev = world_look(exam->world, LOOK_BINARY, now.path, LOOK_CAP_SMALL);

	if (!st.known || !evidence_has_bytes(ev)) {
		return now;
	}
	struct binary bin = binary_from_text(exam->arena, ev->bytes);

	now.version = bin.module_version;
	now.go_version = bin.go_version;
	/* A script in between starts something else; what it starts is not known. */
	now.other =
		!same_file && bin.kind == BINARY_ELF && bin.is_go &&
		(!streq(bin.module_version, keyline_text(exam->arena, block, "module_version")) ||
	         !streq(bin.go_version, keyline_text(exam->arena, block, "go_version")) ||
	         (int64_t)bin.size_bytes != keyline_number(exam->arena, block, "size", 0));
	return now;
}

/* ---- Go under a running server ---- */

/* Whether it was unpacked, installed, put there or linked to since: its inode changed then, whatever date its contents
 * carry. That of a file that was there before and is in a directory where nothing moved has another owner or mode now,
 * or another name elsewhere. */
static bool is_put_there(struct exam *exam, const struct file_stat *st, int64_t since_ns) {
	if (st->is_dir || st->link_ctime_ns > since_ns) {
		return st->link_ctime_ns >
		       since_ns; /* a directory changes with what is put into it */
	}
	if (st->ctime_ns <= since_ns || st->btime_ns == 0 || st->btime_ns > since_ns ||
	    str_empty(st->real)) {
		return st->ctime_ns > since_ns;
	}
	return world_stat(exam->world, path_parent(exam->arena, st->real)).mtime_ns > since_ns;
}

static void state_go_replaced(struct exam *exam, int64_t pid, int64_t start_ns) {
	const struct fact_tool *go = facts_chosen(exam->facts, "server-go");
	const struct fact_govar *root = facts_govar(exam->facts, "GOROOT");
	const char *bin = go ? path_parent(exam->arena, go->path) : NULL;
	const char *version = root && !str_empty(root->value)
	                              ? path_join(exam->arena, root->value, "VERSION")
	                              : "";
	const char *paths[] = {go ? go->path : "", bin ? bin : "",
	                       bin ? path_parent(exam->arena, bin) : "", version};

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct file_stat st = {0};

		if (paths[i][0] == '/') {
			st = world_stat(exam->world, paths[i]);
		}
		if (st.exists && start_ns > 0 &&
		    is_put_there(exam, &st, start_ns + START_MARGIN_NS)) {
			const struct fact_go_version *v = facts_first(go_version, exam->facts);

			FACTS_ADD(exam->facts, go_replaced, st.ev, .pid = pid,
			          .path = root && paths[i] == version ? root->value : paths[i],
			          .ctime_ns = st.is_dir ? st.link_ctime_ns : st.ctime_ns,
			          .version = v ? v->version : "");
			return;
		}
	}
}

/* ---- one of them ---- */

static void state_limit(struct exam *exam, const char *scope, const char *pid_text, int64_t pid) {
	struct limit_pair limit;
	const struct evidence *ev;

	if (limits_nofile(exam, pid_text, &limit, &ev)) {
		FACTS_ADD(exam->facts, limit, ev, .scope = scope, .pid = pid, .name = "open_files",
		          .soft = limit.soft, .hard = limit.hard);
	}
}

static void state_server(struct exam *exam, const struct evidence *ev, struct slice block) {
	const char *cmdline = keyline_text(exam->arena, block, "cmdline");
	struct gopls_call call = gopls_call_read(exam->arena, slice_str(cmdline));
	int64_t pid = keyline_number(exam->arena, block, "pid", 0);
	int64_t editor_pid = keyline_number(exam->arena, block, "editor_pid", 0);
	const char *pid_text = arena_printf(exam->arena, "%lld", (long long)pid);
	bool here = keyline_number(exam->arena, block, "here", 0) != 0 ||
	            (editor_pid > 0 && editor_pid == exam->target->editor_pid);

	if (!call.role || pid <= 0) {
		return;
	}
	struct program now = here || streq(call.role, "daemon") ? program_now(exam, block, &call)
	                                                        : (struct program){0};

	FACTS_ADD(exam->facts, running_server, ev, .role = call.role, .pid = pid,
	          .ppid = keyline_number(exam->arena, block, "ppid", 0), .editor_pid = editor_pid,
	          .editor_kind = keyline_text(exam->arena, block, "editor_kind"), .here = here,
	          .cwd = keyline_text(exam->arena, block, "cwd"),
	          .exe = keyline_text(exam->arena, block, "exe"),
	          .gone = keyline_number(exam->arena, block, "gone", 0) != 0,
	          .version = keyline_text(exam->arena, block, "module_version"),
	          .go_version = keyline_text(exam->arena, block, "go_version"), .path = now.path,
	          .other = now.other, .path_version = now.version,
	          .path_go_version = now.go_version, .args = call.words, .remote = call.remote,
	          .start_ns = keyline_number(exam->arena, block, "start_wall_ns", 0),
	          .start_ticks = keyline_number(exam->arena, block, "start_ticks", 0),
	          .state = keyline_text(exam->arena, block, "state"),
	          .fds = keyline_number(exam->arena, block, "fds", 0));
	if (here) {
		state_limit(exam, "server", pid_text, pid);
		state_go_replaced(exam, pid,
		                  keyline_number(exam->arena, block, "start_wall_ns", 0));
	}
}

static int look(struct exam *exam, struct err *err) {
	const struct evidence *ev =
		world_look(exam->world, LOOK_GOPLS, exam->target->workspace, LOOK_CAP_SETTINGS);
	struct slice rest = ev->bytes;
	struct slice block;

	(void)err;
	while (evidence_has_bytes(ev) && keyline_block(&rest, &block)) {
		state_server(exam, ev, block);
	}
	state_limit(exam, "own", "self", 0);
	limits_state_fatal(exam, "own", "self", 0);
	if (exam->target->editor_pid > 0) {
		state_limit(exam, "judged",
		            arena_printf(exam->arena, "%d", (int)exam->target->editor_pid),
		            exam->target->editor_pid);
		limits_state_fatal(exam, "judged",
		                   arena_printf(exam->arena, "%d", (int)exam->target->editor_pid),
		                   exam->target->editor_pid);
	}
	if (ev->state != EV_NOT_RECORDED && !evidence_has_bytes(ev)) {
		facts_refuse(exam->facts, FACT_running_server,
		             "the running processes could not be looked at", "a mounted /proc");
	}
	return 0;
}

const struct probe probe_servers = {
	.id = "servers",
	.title = "the language servers that run already",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(running_server) | FACT_BIT(limit) | FACT_BIT(go_replaced),
	.look = look,
};
