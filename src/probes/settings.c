/* SPDX-License-Identifier: MIT
 * Which editor is meant, and what its settings say.
 */
#include "base/str.h"
#include "core/editor.h"
#include "core/probe.h"
#include "core/registry.h"

static const struct editor *editor_configured(struct exam *exam) {
	const struct editor *best = NULL;
	for (size_t i = 0; registry_editors[i]; i++) {
		const struct editor *e = registry_editors[i];
		if (e->configured && (!best || e->order < best->order) && e->configured(exam)) {
			best = e;
		}
	}
	return best;
}

/* The one that is named, else that which runs, else one that is configured. */
static const struct editor *choose(struct exam *exam) {
	const struct editor *none = editor_find("none");
	const char *name = exam->target->editor_name;
	const struct fact_editor_process *p = facts_first(editor_process, exam->facts);
	const struct editor *found = NULL;
	if (name) {
		found = editor_find(name);
	} else if (p && !streq(p->kind, "other")) {
		found = editor_of_kind(p->kind);
	} else {
		found = editor_configured(exam);
	}
	return found ? found : none;
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	struct target *t = exam->target;
	t->editor = choose(exam);
	FACTS_ADD(exam->facts, editor, NULL, .name = t->editor->name);
	if (t->editor->read_settings) {
		t->editor->read_settings(exam);
	}
	return 0;
}

const struct probe probe_settings = {
	.id = "settings",
	.title = "which editor is meant, and all layers of its settings",
	.stage = STAGE_SETTINGS,
	.yields = FACT_BIT(setting) | FACT_BIT(settings_error) | FACT_BIT(go_flag_setting) |
                  FACT_BIT(editor) | FACT_BIT(install) | FACT_BIT(extension) |
                  FACT_BIT(folder_trust),
	.look = look,
};
