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

static int64_t number_in(struct exam *exam, struct slice block, const char *key) {
	const char *text = keyline_get(exam->arena, block, key);
	int64_t number = 0;

	return text && str_to_int64(text, &number) == 0 ? number : 0;
}

static const char *text_in(struct exam *exam, struct slice block, const char *key) {
	const char *text = keyline_get(exam->arena, block, key);

	return text ? text : "";
}

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
	int64_t pid = number_in(exam, block, "pid");
	const char *exe = text_in(exam, block, "exe");
	struct program now = {.path = started_path(exam, call, pid, exe)};

	if (!now.path) {
		return now;
	}
	struct file_stat st = world_stat(exam->world, now.path);
	bool same_file = st.dev == number_in(exam, block, "dev") &&
	                 st.ino == number_in(exam, block, "ino") &&
	                 number_in(exam, block, "gone") == 0;
	const struct evidence *ev = world_look(exam->world, LOOK_BINARY, now.path, LOOK_CAP_SMALL);

	if (!st.known || !evidence_has_bytes(ev)) {
		return now;
	}
	struct binary bin = binary_from_text(exam->arena, ev->bytes);

	now.version = bin.module_version;
	now.go_version = bin.go_version;
	/* A script in between starts something else; what it starts is not known. */
	now.other = !same_file && bin.kind == BINARY_ELF && bin.is_go &&
	            (!streq(bin.module_version, text_in(exam, block, "module_version")) ||
	             !streq(bin.go_version, text_in(exam, block, "go_version")) ||
	             (int64_t)bin.size_bytes != number_in(exam, block, "size"));
	return now;
}

/* ---- Go under a running server ---- */

/* What was unpacked, installed or linked to since: its inode changed then, whatever date its
 * contents carry. */
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
		/* A directory changes with whatever is put into it. */
		int64_t ctime_ns = st.is_dir ? st.link_ctime_ns : st.ctime_ns;

		if (st.exists && start_ns > 0 && ctime_ns > start_ns + START_MARGIN_NS) {
			const struct fact_go_version *v = facts_first(go_version, exam->facts);

			FACTS_ADD(exam->facts, go_replaced, st.ev, .pid = pid,
			          .path = root && paths[i] == version ? root->value : paths[i],
			          .ctime_ns = ctime_ns, .version = v ? v->version : "");
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
	const char *cmdline = text_in(exam, block, "cmdline");
	struct gopls_call call = gopls_call_read(exam->arena, slice_str(cmdline));
	int64_t pid = number_in(exam, block, "pid");
	int64_t editor_pid = number_in(exam, block, "editor_pid");
	const char *pid_text = arena_printf(exam->arena, "%lld", (long long)pid);
	bool here = number_in(exam, block, "here") != 0 ||
	            (editor_pid > 0 && editor_pid == exam->target->editor_pid);

	if (!call.role || pid <= 0) {
		return;
	}
	struct program now = here || streq(call.role, "daemon") ? program_now(exam, block, &call)
	                                                        : (struct program){0};

	FACTS_ADD(exam->facts, running_server, ev, .role = call.role, .pid = pid,
	          .ppid = number_in(exam, block, "ppid"), .editor_pid = editor_pid,
	          .editor_kind = text_in(exam, block, "editor_kind"), .here = here,
	          .cwd = text_in(exam, block, "cwd"), .exe = text_in(exam, block, "exe"),
	          .gone = number_in(exam, block, "gone") != 0,
	          .version = text_in(exam, block, "module_version"),
	          .go_version = text_in(exam, block, "go_version"), .path = now.path,
	          .other = now.other, .path_version = now.version,
	          .path_go_version = now.go_version, .args = call.words, .remote = call.remote,
	          .start_ns = number_in(exam, block, "start_wall_ns"),
	          .state = text_in(exam, block, "state"), .fds = number_in(exam, block, "fds"));
	if (here) {
		state_limit(exam, "server", pid_text, pid);
		state_go_replaced(exam, pid, number_in(exam, block, "start_wall_ns"));
	}
}

static int look(struct exam *exam, struct err *err) {
	const struct evidence *ev =
		world_look(exam->world, LOOK_GOPLS, exam->target->workspace, LOOK_CAP_SETTINGS);
	struct slice rest = ev->bytes;

	(void)err;
	while (evidence_has_bytes(ev) && rest.len > 0) {
		const char *end = memmem(rest.data, rest.len, "\n\n", 2);
		size_t len = end ? (size_t)(end - rest.data) + 1 : rest.len;

		state_server(exam, ev, slice_of(rest.data, len));
		rest = slice_of(rest.data + len + (end ? 1 : 0), rest.len - len - (end ? 1 : 0));
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
