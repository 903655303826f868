/* SPDX-License-Identifier: MIT
 * No editor: the server as somebody starts it who only has a PATH.
 */
#include "base/str.h"
#include "core/editor.h"
#include "core/probe.h"
#include "probes/editors/start.h"
#include "probes/go/govars.h"
#include "probes/search.h"

static void arrange(struct exam *exam) {
	struct target *t = exam->target;
	t->go_path = search_on_path(exam, "go", &t->server);
	govars_state(exam, &t->server, t->go_path);
	t->gopls_path = search_on_path(exam, "gopls", &t->server); /* elsewhere: where GOBIN says */
	start_judge(exam, &t->server);
	start_with(exam, NULL);
	t->init_options = "{}";
}

const struct editor editor_none = {
	.name = "none",
	.title = "no editor",
	.arrange = arrange,
};
