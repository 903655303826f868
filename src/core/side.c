/* SPDX-License-Identifier: MIT */
#include "core/side.h"

#include "base/str.h"

const char *side_kind_name(enum side_kind kind) {
	static const char *const names[] = {
		[SIDE_SELF] = "self",       [SIDE_SHELL] = "shell",     [SIDE_DESKTOP] = "desktop",
		[SIDE_MANAGER] = "manager", [SIDE_EDITOR] = "editor",   [SIDE_SERVER] = "server",
		[SIDE_LOADER] = "loader",   [SIDE_PROCESS] = "process", [SIDE_FILE] = "file",
	};
	return names[kind];
}

bool side_is_vscode(const struct side *side) {
	return side->kind == SIDE_EDITOR &&
	       (str_starts(side->what, "vscode") || streq(side->what, "code-server"));
}

const struct side_govar *side_govar_find(const struct side *side, const char *name) {
	for (size_t i = 0; i < side->govar_count; i++) {
		if (streq(side->govars[i].name, name)) {
			return &side->govars[i];
		}
	}
	return NULL;
}

void sides_gap(struct sides *sides, const char *id, const char *because, const char *needs) {
	if (sides->gap_count < SIDE_GAPS_MAX) {
		sides->gaps[sides->gap_count++] =
			(struct side_gap){.id = id, .because = because, .needs = needs};
	}
}
