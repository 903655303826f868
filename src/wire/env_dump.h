/* SPDX-License-Identifier: MIT
 * An environment somebody wrote down, in whatever form: `env -0` (or /proc/PID/environ), `env`,
 * `export -p` and `declare -x` of a shell, or one of these inside the log of a CI job.
 *
 * Plain `env` does not quote: a line that is no NAME=value goes on with the value before it. In a
 * log it does so only when another variable follows, since what the next command says comes behind
 * the last one. Of a log with several steps the one with the most variables counts. GitHub Actions:
 * time stamps, "##[group]", the block "env:" of a step (its NAME: value lines count as variables);
 * GitLab: time stamps with a stream ("00O"), section_start and section_end, "$ command" lines.
 * Sources: bash(1) declare -p, POSIX export -p and its quoting, zshbuiltins(1); the logs as GitHub's
 * and GitLab's runners write them (actions/runner, ExecutionContext; gitlab-runner,
 * helpers/timestamps).
 */
#ifndef WIRE_ENV_DUMP_H
#define WIRE_ENV_DUMP_H

#include "base/envset.h"

#include <stdbool.h>

#define ENV_DUMP_VARS_MAX  ((size_t)4096)
#define ENV_DUMP_VALUE_MAX ((size_t)(128 * 1024)) /* MAX_ARG_STRLEN of Linux */

enum env_dump_form { ENV_DUMP_NUL, ENV_DUMP_PLAIN, ENV_DUMP_SHELL };

struct env_dump {
	struct envset env; /* empty when the text is no environment */
	enum env_dump_form form;
	bool is_log;
	bool cut; /* more variables, or longer values, than are taken */
};

struct env_dump env_dump_parse(struct arena *arena, struct slice text);

/* "nul", "plain", "shell". */
const char *env_dump_form_name(enum env_dump_form form);

/* The lines of a CI log without time stamps, colours and markers; steps are parted by lines of one
 * form feed. *ret_is_log false: text is no log and comes back as it is. */
struct slice env_dump_unlog(struct arena *arena, struct slice text, bool *ret_is_log);

#endif
