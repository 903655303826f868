/* SPDX-License-Identifier: MIT
 * The environment of a login shell, asked for as VS Code asks when it was not started from a
 * terminal: `$SHELL -i -l -c COMMAND` (csh: -ic) with VSCODE_RESOLVING_ENVIRONMENT=1, no terminal, no
 * input, ten seconds; an exit status other than 0 counts as no answer there.
 * Source: microsoft/vscode, src/vs/platform/shell/node/shellEnv.ts, src/vs/base/node/shell.ts.
 *
 * The command prints the environment between two marks, with programs named by their full path:
 * banners before and behind, aliases and functions of the user do not get in. A shell, or a place
 * of its start-up files, that belongs to the workspace is not run without trust.
 */
#ifndef PROBES_SHELL_ENV_H
#define PROBES_SHELL_ENV_H

#include "core/probe.h"

#define SHELL_ENV_DEADLINE_NS ((int64_t)10 * 1000000000)

struct shell_env {
	const char *shell; /* its path; NULL when neither SHELL nor /etc/passwd names one */
	const char *const *argv;
	int64_t limit_ns;          /* how long it may take */
	struct envset asked;       /* what the editor would start it with */
	struct envset from;        /* what it is started with: the same, but for places that a shell
	                              would make */
	const struct evidence *ev; /* of the run; NULL when it was not run */
	struct envset env;         /* what it said; empty when `why` says why not */
	const char *why;           /* one sentence, or NULL */
	int exit_code;             /* -1: did not exit */
	bool timed_out;            /* the answer may have come before: VS Code does not take it */
	int64_t ms;
	const char *complaint; /* last line on stderr that says something, "" when none */
};

/* Starts the shell with `from`; it runs while others look. passwd_shell: the one of /etc/passwd, or
 * NULL. At most once per run of dialtone. */
void shell_env_begin(struct exam *exam, const struct envset *from, const char *passwd_shell,
                     struct shell_env *ret);
/* Waits for its end, at most ten seconds from the beginning. */
void shell_env_end(struct exam *exam, struct shell_env *shell);

/* What stands between the marks in what a shell printed; false when there is none. */
bool shell_env_extract(struct envset *env, struct slice out);

#endif
