/* SPDX-License-Identifier: MIT */
#include "probes/editors/start.h"

#include "probes/trust.h"

void start_judge(struct exam *exam, const struct envset *env) {
	struct target *t = exam->target;
	const char *why = t->trusted ? NULL : trust_look_env(exam, env);
	if (!why && t->go_path && !t->trusted) {
		why = trust_look_tool(exam, "go", t->go_path);
	}
	t->do_not_run_go = why != NULL;
	t->do_not_start = why;
}

void start_with(struct exam *exam, const char *const *args) {
	size_t count = 0;
	while (args && args[count]) {
		count++;
	}
	const char **argv = arena_array_of(exam->arena, const char *, count + 2);
	argv[0] = exam->target->gopls_path;
	for (size_t i = 0; i < count; i++) {
		argv[i + 1] = args[i];
	}
	exam->target->server_argv = argv;
}
