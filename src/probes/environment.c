/* SPDX-License-Identifier: MIT
 * Whose environment is judged, and what is in it.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/editor_comm.h"
#include "core/probe.h"
#include "probes/shell_env.h"
#include "wire/env_dump.h"

#include <errno.h>

/* Names worth a fact: what Go, its tools, the editors' remote parts and the network settings read.
 */
static bool matters(struct slice name) {
	static const char *const prefixes[] = {
		"GO",         "CGO_", "XDG_",    "VSCODE_", "SSH_",  "SSL_CERT_", "GIT_",
		"PKG_CONFIG", "LD_",  "DIRENV_", "SNAP",    "MISE_", "ASDF_"};
	static const char *const names[] = {
		"PATH",       "HOME",        "USER",         "LOGNAME",     "SHELL",
		"TMPDIR",     "TERM",        "LANG",         "CC",          "CXX",
		"HTTP_PROXY", "HTTPS_PROXY", "http_proxy",   "https_proxy", "NO_PROXY",
		"no_proxy",   "ALL_PROXY",   "all_proxy",    "DISPLAY",     "WAYLAND_DISPLAY",
		"container",  "FLATPAK_ID",  "IN_NIX_SHELL", "DEVENV_ROOT", "BASH_ENV",
	};
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		if (slice_starts(name, prefixes[i])) {
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (slice_eq(name, names[i])) {
			return true;
		}
	}
	return false;
}

static void state_vars(struct exam *exam, const char *scope, const struct envset *env,
                       const struct evidence *ev) {
	for (size_t i = 0; i < env->count; i++) {
		const char *value = NULL;
		struct slice name = envset_name(env, i, &value);
		if (matters(name)) {
			FACTS_ADD(exam->facts, var, ev, .scope = scope,
			          .name = arena_slicedup(exam->arena, name), .value = value);
		}
	}
}

static void state_process(struct exam *exam, const char *pid, const char *kind) {
	const struct evidence *ev = world_look(exam->world, LOOK_PROCESS, pid, LOOK_CAP_SMALL);
	if (!evidence_has_bytes(ev)) {
		return;
	}
	int64_t number = 0;
	int64_t start = 0;
	const char *text = keyline_get(exam->arena, ev->bytes, "start_wall_ns");
	if (str_to_int64(pid, &number) < 0 || !text || str_to_int64(text, &start) < 0) {
		return;
	}
	const char *comm = keyline_get(exam->arena, ev->bytes, "comm");
	const char *exe = keyline_get(exam->arena, ev->bytes, "exe");
	const char *cmdline = keyline_get(exam->arena, ev->bytes, "cmdline");
	if (!kind) {
		bool remote = str_has(exe, ".vscode-server") ||
		              str_has(cmdline, ".vscode-server") ||
		              envset_get(&exam->target->judged, "VSCODE_AGENT_FOLDER");
		bool node =
			!editor_of_comm(comm) && (streq(comm, "node") || str_starts(comm, "code") ||
		                                  str_starts(comm, "electron"));
		bool of_coder = str_has(exe, "/code-server") || str_has(cmdline, "/code-server");
		kind = of_coder && !remote    ? "code-server"
		       : remote               ? "vscode-remote"
		       : node                 ? "vscode"
		       : editor_of_comm(comm) ? editor_of_comm(comm)
		                              : "other";
	}
	FACTS_ADD(exam->facts, editor_process, ev, .pid = number, .start_ns = start, .comm = comm,
	          .exe = exe, .cmdline = cmdline, .kind = kind);
	exam->target->editor_pid = (pid_t)number;
}

static int from_pid(struct exam *exam, const char *pid, const char *kind,
                    const struct evidence **ret, struct err *err) {
	int64_t number = 0;
	if (str_to_int64(pid, &number) < 0 || number <= 0) {
		return err_set(err, -EINVAL,
		               "--environment pid:%s: expected the number of a process", pid);
	}
	const struct evidence *ev = world_look(exam->world, LOOK_ENVIRON, pid, LOOK_CAP_SETTINGS);
	if (ev->state == EV_ABSENT) {
		return err_set(err, -ESRCH, "--environment pid:%s: no such process", pid);
	}
	if (!evidence_has_bytes(ev)) {
		return err_set(err, -EACCES,
		               "--environment pid:%s: its environment cannot be read: %s", pid,
		               evidence_refusal(ev));
	}
	envset_add_block(&exam->target->judged, ev->bytes);
	state_process(exam, pid, kind);
	*ret = ev;
	return 0;
}

static int from_file(struct exam *exam, const char *path, const struct evidence **ret,
                     struct err *err) {
	const char *absolute = path_clean(exam->arena, path);
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, absolute, LOOK_CAP_SETTINGS);
	if (!evidence_has_bytes(ev)) {
		return err_set(err, -ENOENT, "--environment file:%s: cannot be read: %s", path,
		               evidence_refusal(ev));
	}
	struct env_dump dump = env_dump_parse(exam->arena, ev->bytes);
	envset_copy(&exam->target->judged, &dump.env);
	*ret = ev;
	return 0;
}

/* The login shell of this user, as /etc/passwd has it. */
static const char *passwd_field(struct exam *exam, int64_t uid, size_t field) {
	const struct evidence *ev =
		world_look(exam->world, LOOK_FILE, "/etc/passwd", LOOK_CAP_SETTINGS);
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		struct slice part;
		struct slice fields[7] = {{0}};
		size_t count = 0;
		while (count < 7 && slice_cut(&line, ':', &part)) {
			fields[count++] = part;
		}
		int64_t number = -1;
		if (count == 7 &&
		    str_to_int64(arena_slicedup(exam->arena, fields[2]), &number) == 0 &&
		    number == uid) {
			return arena_slicedup(exam->arena, fields[field]);
		}
	}
	return NULL;
}

static int64_t own_uid(struct exam *exam) {
	const struct evidence *ev = world_look(exam->world, LOOK_PROCESS, "self", LOOK_CAP_SMALL);
	const char *text =
		evidence_has_bytes(ev) ? keyline_get(exam->arena, ev->bytes, "uid") : NULL;
	int64_t uid = -1;
	return text && str_to_int64(text, &uid) == 0 ? uid : -1;
}

static int from_shell(struct exam *exam, const struct evidence **ret, struct err *err) {
	struct shell_env shell;
	shell_env_begin(exam, &exam->target->own, passwd_field(exam, own_uid(exam), 6), &shell);
	shell_env_end(exam, &shell);
	if (shell.why) {
		return err_set(err, shell.shell ? -EIO : -ENOENT, "--environment shell: %s",
		               shell.why);
	}
	envset_copy(&exam->target->judged, &shell.env);
	*ret = shell.ev;
	return 0;
}

static int from_desktop(struct exam *exam, const struct evidence **ret, struct err *err) {
	const struct evidence *ev = world_look(exam->world, LOOK_DESKTOP, "", LOOK_CAP_SETTINGS);
	if (!evidence_has_bytes(ev)) {
		return err_set(err, -ENOENT,
		               "--environment desktop: no desktop session of this user was found");
	}
	envset_add_block(&exam->target->judged, ev->bytes);
	*ret = ev;
	return 0;
}

/* The editor that has this directory open, if one runs. */
static bool choose_of(struct exam *exam, const char *dir, const struct evidence **ret,
                      struct err *err) {
	const struct evidence *ev = world_look(exam->world, LOOK_EDITORS, dir, LOOK_CAP_SMALL);
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		struct slice pid;
		if (slice_cut(&line, ' ', &pid) &&
		    from_pid(exam, arena_slicedup(exam->arena, pid),
		             arena_slicedup(exam->arena, line), ret, err) == 0) {
			exam->target->environment_label =
				arena_printf(exam->arena, "pid:%.*s", (int)pid.len, pid.data);
			return true;
		}
	}
	return false;
}

/* The editor that has the workspace open, or another folder of its window; else dialtone's own
 * environment. */
static int choose(struct exam *exam, const struct evidence *own, const struct evidence **ret,
                  struct err *err) {
	struct target *t = exam->target;
	if (choose_of(exam, t->workspace, ret, err)) {
		return 0;
	}
	for (size_t i = 0; t->window_folders && t->window_folders[i]; i++) {
		if (choose_of(exam, t->window_folders[i], ret, err)) {
			return 0;
		}
	}
	envset_copy(&t->judged, &t->own);
	t->environment_label = "self";
	*ret = own;
	return 0;
}

static int look(struct exam *exam, struct err *err) {
	struct target *t = exam->target;
	const struct evidence *own =
		world_look(exam->world, LOOK_ENVIRON, "self", LOOK_CAP_SETTINGS);
	envset_init(&t->own, exam->arena);
	envset_init(&t->judged, exam->arena);
	envset_add_block(&t->own, own->bytes);
	state_vars(exam, "own", &t->own, own);
	int64_t uid = own_uid(exam);
	const char *own_home = envset_get(&t->own, "HOME");
	t->home = own_home ? own_home : "";

	const struct evidence *judged = own;
	const char *spec = t->environment;
	int r = 0;
	t->environment_label = spec;
	if (!spec) {
		r = choose(exam, own, &judged, err);
	} else if (str_starts(spec, "pid:")) {
		r = from_pid(exam, spec + 4, NULL, &judged, err);
	} else if (str_starts(spec, "file:")) {
		r = from_file(exam, spec + 5, &judged, err);
	} else if (streq(spec, "shell")) {
		r = from_shell(exam, &judged, err);
	} else if (streq(spec, "desktop")) {
		r = from_desktop(exam, &judged, err);
	} else {
		envset_copy(&t->judged, &t->own);
	}
	if (r < 0) {
		return r;
	}
	envset_change(&t->judged, t->environment_change);
	envset_change(&t->judged, t->unset);
	state_vars(exam, "judged", &t->judged, judged);
	const char *home = envset_get(&t->judged, "HOME");
	t->home = home ? home : "";
	const char *entry = passwd_field(exam, uid, 5);
	t->passwd_home = entry ? entry : t->home;
	const char *user = passwd_field(exam, uid, 0);
	FACTS_ADD(exam->facts, target, judged, .workspace = t->workspace,
	          .environment = t->environment_label, .home = t->home, .user = user, .uid = uid,
	          .trusted = t->trusted);
	return 0;
}

const struct probe probe_environment = {
	.id = "environment",
	.title = "the environment that is judged and dialtone's own",
	.stage = STAGE_ENVIRONMENT,
	.yields = FACT_BIT(var) | FACT_BIT(target) | FACT_BIT(editor_process),
	.required = true,
	.look = look,
};
