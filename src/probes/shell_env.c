/* SPDX-License-Identifier: MIT */
#include "probes/shell_env.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "probes/trust.h"

#define SHELL_CAP_BYTES  ((size_t)1024 * 1024)
#define SHELL_RESERVE_NS (300 * NS_PER_MS) /* for what comes after */
#define SHELL_MARK       "__dialtone_environment__"
#define SHELL_LABEL      "login shell"
#define RESOLVING        "VSCODE_RESOLVING_ENVIRONMENT"

/* What of the environment leads a shell to files it executes. */
static const char *const places[] = {"HOME", "ZDOTDIR", "BASH_ENV", "ENV", "XDG_CONFIG_HOME", NULL};

static const char *workspace_program(struct exam *exam, const char *shell,
                                     const struct envset *from) {
	const struct target *t = exam->target;
	if (t->trusted || str_empty(t->workspace)) {
		return NULL;
	}
	if (trust_inside(exam, shell)) {
		return arena_printf(exam->arena,
		                    "the shell '%s' belongs to the workspace and is not run "
		                    "without --trust",
		                    shell);
	}
	for (size_t i = 0; places[i]; i++) {
		const char *value = envset_get(from, places[i]);
		if (value && value[0] == '/' && trust_inside(exam, value)) {
			return arena_printf(
				exam->arena,
				"its start-up files belong to the workspace (%s is '%s') and are "
				"not run without --trust",
				places[i], value);
		}
	}
	return NULL;
}

/* fish makes its directories when they are missing. Whoever has none has nothing in them: it is told
 * of one that cannot be made, and what it says of that is put right in the answer. */
static const struct {
	const char *variable, *usual;
} fish_places[] = {{"XDG_CONFIG_HOME", ".config"}, {"XDG_DATA_HOME", ".local/share"}};
#define NOT_TO_BE_MADE "/proc/self/none"

static void spare_home(struct exam *exam, const char *shell, struct envset *env) {
	const char *home = envset_get(env, "HOME");
	for (size_t i = 0;
	     streq(path_base(shell), "fish") && i < sizeof(fish_places) / sizeof(*fish_places);
	     i++) {
		const char *set = envset_get(env, fish_places[i].variable);
		const char *base = !str_empty(set) ? set
		                                   : path_join(exam->arena, home ? home : "/",
		                                               fish_places[i].usual);
		if (!world_stat(exam->world, path_join(exam->arena, base, "fish")).exists) {
			envset_set(env, fish_places[i].variable, NOT_TO_BE_MADE);
		}
	}
}

static void put_right(struct envset *env, const struct envset *asked) {
	for (size_t i = 0; i < sizeof(fish_places) / sizeof(*fish_places); i++) {
		const char *name = fish_places[i].variable;
		if (streq(envset_get(env, name), NOT_TO_BE_MADE)) {
			const char *before = envset_get(asked, name);
			if (before) {
				envset_set(env, name, before);
			} else {
				envset_unset(env, name);
			}
		}
	}
}

static const char *const *shell_argv(struct exam *exam, const char *shell) {
	static const char script[] = "/usr/bin/printf %s " SHELL_MARK "; /usr/bin/env -0; "
				     "/usr/bin/printf %s " SHELL_MARK;
	static const char nu_script[] = "^/usr/bin/printf %s " SHELL_MARK "; ^/usr/bin/env -0; "
					"^/usr/bin/printf %s " SHELL_MARK;
	const char *name = path_base(shell);
	const char **argv = arena_array_of(exam->arena, const char *, 6);
	size_t n = 0;
	argv[n++] = shell;
	if (streq(name, "csh") || streq(name, "tcsh")) {
		argv[n++] = "-ic";
	} else {
		argv[n++] = "-i";
		argv[n++] = "-l";
		argv[n++] = "-c";
	}
	argv[n] = streq(name, "nu") ? nu_script : script;
	return argv;
}

/* Ten seconds as in VS Code, or what is left of the time that was given. */
static int64_t limit_ns(const struct exam *exam) {
	int64_t left_ns = exam->deadline_ns - world_now_ns(exam->world) - SHELL_RESERVE_NS;
	if (exam->deadline_ns == 0 || left_ns > SHELL_ENV_DEADLINE_NS) {
		return SHELL_ENV_DEADLINE_NS;
	}
	return left_ns > 0 ? left_ns : 0;
}

static struct run_spec spec_of(struct exam *exam, const struct shell_env *shell) {
	const char *home = envset_get(&shell->from, "HOME");
	bool usable = !str_empty(home) && world_stat(exam->world, home).is_dir;
	return (struct run_spec){
		.label = SHELL_LABEL,
		.argv = shell->argv,
		.env = &shell->from,
		.cwd = usable ? home : "/",
		.deadline_ns = shell->limit_ns,
		.cap_bytes = SHELL_CAP_BYTES,
	};
}

void shell_env_begin(struct exam *exam, const struct envset *from, const char *passwd_shell,
                     struct shell_env *ret) {
	const char *shell = envset_get(from, "SHELL");
	*ret = (struct shell_env){.exit_code = -1, .complaint = ""};
	envset_copy(&ret->from, from);
	envset_init(&ret->env, exam->arena);
	shell = str_empty(shell) ? passwd_shell : shell;
	if (str_empty(shell)) {
		ret->why = "neither SHELL nor /etc/passwd names a shell";
		return;
	}
	ret->shell = streq(shell, "/bin/false") ? "/bin/bash" : shell;
	ret->why = workspace_program(exam, ret->shell, from);
	if (ret->why) {
		return;
	}
	envset_set(&ret->from, RESOLVING, "1");
	envset_copy(&ret->asked, &ret->from);
	spare_home(exam, ret->shell, &ret->from);
	ret->argv = shell_argv(exam, ret->shell);
	ret->limit_ns = limit_ns(exam);
	struct run_spec spec = spec_of(exam, ret);
	world_run_ahead(exam->world, &spec);
}

bool shell_env_extract(struct envset *env, struct slice out) {
	size_t mark = strlen(SHELL_MARK);
	const char *begin = out.len > 0 ? memmem(out.data, out.len, SHELL_MARK, mark) : NULL;
	if (!begin) {
		return false;
	}
	begin += mark;
	size_t left = out.len - (size_t)(begin - out.data);
	const char *end = memmem(begin, left, SHELL_MARK, mark);
	struct slice block = slice_of(begin, end ? (size_t)(end - begin) : left);
	/* What a DEBUG trap says between the commands stands before the first name. */
	const char *equals = block.len > 0 ? memchr(block.data, '=', block.len) : NULL;
	if (!equals) {
		return false;
	}
	const char *line = memrchr(block.data, '\n', (size_t)(equals - block.data));
	if (line) {
		line++;
		block = slice_of(line, block.len - (size_t)(line - block.data));
	}
	envset_add_block(env, block);
	envset_unset(env, RESOLVING);
	return true;
}

static const char *last_complaint(struct arena *arena, struct slice err) {
	struct slice line, last = slice_of("", 0);
	while (slice_line(&err, &line)) {
		line = slice_trim(line);
		/* bash says this of itself when it has no terminal. */
		bool own = slice_has(line, "cannot set terminal process group") ||
		           slice_has(line, "no job control in this shell");
		if (line.len > 0 && !own) {
			last = line;
		}
	}
	return arena_slicedup(arena, last);
}

static const char *failure(struct arena *arena, const struct shell_env *shell,
                           const struct run_result *run) {
	const char *said = str_empty(shell->complaint)
	                           ? ""
	                           : arena_printf(arena, "; it said: %s", shell->complaint);
	if (!run->started && !run->timed_out) {
		return arena_printf(arena, "'%s' cannot be run: %s", shell->shell,
		                    strerror(run->ev->error));
	}
	if (run->timed_out) {
		return arena_printf(arena, "'%s -i -l' gave no environment: no end within 10 s%s",
		                    shell->shell, said);
	}
	if (run->signal > 0) {
		return arena_printf(arena, "'%s -i -l' gave no environment: ended by signal %d%s",
		                    shell->shell, run->signal, said);
	}
	return arena_printf(arena,
	                    "'%s -i -l' gave no environment: its start-up files ended it with "
	                    "status %d%s",
	                    shell->shell, run->exit_code, said);
}

void shell_env_end(struct exam *exam, struct shell_env *shell) {
	if (shell->why) {
		return;
	}
	struct run_spec spec = spec_of(exam, shell);
	struct run_result run = world_run(exam->world, &spec);
	shell->ev = run.ev;
	shell->exit_code = run.exit_code;
	shell->timed_out = run.timed_out;
	shell->ms = run.ms;
	shell->complaint = last_complaint(exam->arena, run.err);
	if (!shell_env_extract(&shell->env, run.out)) {
		shell->why = failure(exam->arena, shell, &run);
	}
	put_right(&shell->env, &shell->asked);
}
