/* SPDX-License-Identifier: MIT
 * No editor: the server as somebody starts it who only has a PATH.
 */
#include "base/str.h"
#include "core/editor.h"
#include "core/probe.h"
#include "probes/go/govars.h"
#include "probes/search.h"
#include "probes/trust.h"

static void arrange(struct exam *exam) {
	struct target *t = exam->target;
	t->go_path = search_on_path(exam, "go", &t->server);
	t->gopls_path = search_on_path(exam, "gopls", &t->server);
	govars_state(exam, &t->server, t->go_path);
	const char *why = t->trusted ? NULL : trust_look_env(exam, &t->server);
	if (!why && t->go_path && !t->trusted) {
		why = trust_look_tool(exam, "go", t->go_path);
	}
	t->do_not_run_go = why != NULL;
	t->do_not_start = why;
	const char **argv = arena_array_of(exam->arena, const char *, 2);
	argv[0] = t->gopls_path;
	t->server_argv = argv;
	t->init_options = "{}";
}

const struct editor editor_none = {
	.name = "none",
	.title = "no editor",
	.arrange = arrange,
};
