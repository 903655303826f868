/* SPDX-License-Identifier: MIT
 * The login shell, started as login would start it.
 */
#include "base/path.h"
#include "base/str.h"
#include "probes/sides/side_tools.h"
#include "probes/sides/sides_work.h"

/* The line of this user in /etc/passwd: name, x, uid, gid, full name, home, shell. */
static bool passwd_line(struct sides_work *c, struct slice fields[7]) {
	const struct fact_target *t = facts_first(target, c->exam->facts);
	const struct evidence *ev =
		world_look(c->exam->world, LOOK_FILE, "/etc/passwd", LOOK_CAP_SETTINGS);
	struct slice rest = ev->bytes, line;
	while (t && evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		size_t count = 0;
		int64_t uid = -1;
		while (count < 7 && slice_cut(&line, ':', &fields[count])) {
			count++;
		}
		if (count == 7 && str_to_int64(arena_slicedup(c->arena, fields[2]), &uid) == 0 &&
		    uid == t->uid) {
			return true;
		}
	}
	return false;
}

/* What login gives a shell, when there is no session to take it from: login(1) and pam_env(8). */
static void login_env(struct sides_work *c, const struct slice *passwd, struct envset *env) {
	static const char *const kept[] = {"LANG", "LC_ALL", "TERM", "XDG_RUNTIME_DIR",
	                                   "HOME", "USER"};
	envset_init(env, c->arena);
	envset_set(env, "PATH", "/usr/local/bin:/usr/bin:/bin");
	const struct evidence *ev =
		world_look(c->exam->world, LOOK_FILE, "/etc/environment", LOOK_CAP_SETTINGS);
	if (evidence_has_bytes(ev)) {
		struct slice rest = ev->bytes, line, name;
		while (slice_line(&rest, &line)) {
			line = slice_trim(line);
			if (line.len == 0 || line.data[0] == '#' || !slice_cut(&line, '=', &name)) {
				continue;
			}
			if (line.len >= 2 && (line.data[0] == '"' || line.data[0] == '\'') &&
			    line.data[line.len - 1] == line.data[0]) {
				line = slice_of(line.data + 1, line.len - 2);
			}
			envset_set(env, arena_slicedup(c->arena, slice_trim(name)),
			           arena_slicedup(c->arena, line));
		}
	}
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		const char *value = envset_get(&c->exam->target->own, kept[i]);
		if (value) {
			envset_set(env, kept[i], value);
		}
	}
	if (passwd) {
		envset_set(env, "USER", arena_slicedup(c->arena, passwd[0]));
		envset_set(env, "LOGNAME", arena_slicedup(c->arena, passwd[0]));
		envset_set(env, "SHELL", arena_slicedup(c->arena, passwd[6]));
		/* A HOME of our own is somebody's wish (sudo -E, a test); start-up files of another
		 * home would answer another question. */
		if (!envset_get(env, "HOME")) {
			envset_set(env, "HOME", arena_slicedup(c->arena, passwd[5]));
		}
	}
	const char *own_shell = envset_get(&c->exam->target->own, "SHELL");
	if (!str_empty(own_shell)) {
		envset_set(env, "SHELL", own_shell);
	}
}

void sides_shell_begin(struct sides_work *c) {
	struct slice fields[7] = {{0}};
	bool known = passwd_line(c, fields);
	const struct evidence *desktop = sides_desktop(c);
	struct envset from;
	c->shell_side = sides_new(c, SIDE_SHELL, "shell", "login shell");
	if (!c->shell_side) {
		return;
	}
	login_env(c, known ? fields : NULL, &from);
	if (evidence_has_bytes(desktop)) {
		envset_add_block(&from, desktop->bytes);
	}
	shell_env_begin(c->exam, &from, known ? arena_slicedup(c->arena, fields[6]) : NULL,
	                &c->shell);
	c->shell_side->what = c->shell.shell ? path_base(c->shell.shell) : "";
}

void sides_shell_end(struct sides_work *c) {
	struct shell_env *shell = &c->shell;
	struct side *side = c->shell_side;
	if (!side) {
		return;
	}
	shell_env_end(c->exam, shell);
	side->source = shell->ev ? shell->ev->source : "";
	if (shell->why) {
		sides_unknown(c, side, shell->why, "");
		return;
	}
	side->known = true;
	envset_copy(&side->env, &shell->env);
	if (shell->timed_out || shell->exit_code != 0) {
		side->why = shell->timed_out
		                    ? "it did not end within 10 s: VS Code goes on without it"
		                    : arena_printf(c->arena,
		                                   "it ended with status %d: VS Code does not "
		                                   "accept that and goes on without it",
		                                   shell->exit_code);
	}
	side_tools_fill(c->exam, side);
}
