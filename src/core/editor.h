/* SPDX-License-Identifier: MIT
 * An editor: where its configuration lies, and how it finds, configures and starts the language
 * server. One file src/probes/editors/x.c, ending in `const struct editor editor_x`. Like probes,
 * it looks through the world of the exam and nowhere else.
 */
#ifndef CORE_EDITOR_H
#define CORE_EDITOR_H

#include <stdbool.h>
#include <stddef.h>

struct exam;

struct editor {
	const char *name;         /* of --editor and the report: "vscode" */
	const char *title;        /* behind "as " in the report: "VS Code" */
	const char *const *kinds; /* of LOOK_EDITORS (core/look.def) that are this editor, ended by
	                             NULL; or NULL */
	/* When no editor runs and none is named, the configured one of the lowest order is taken.
	 * A running editor of a kind that nobody claims leaves the choice to this too. */
	unsigned order;
	/* Has this user, or the workspace, a configuration for it? NULL: never taken by itself. */
	bool (*configured)(struct exam *exam);
	/* States what its settings files say. Called once, for the editor that was chosen. May be
	 * NULL. */
	void (*read_settings)(struct exam *exam);
	/* Fills what the tools stage owes the target (core/target.h): go_path, gopls_path,
	 * server_argv, changes of the environment `server` (a copy of the judged one on entry),
	 * server_cwd, init_options, do_not_start, do_not_run_go; states govar and tool facts. */
	void (*arrange)(struct exam *exam);
	/* Once the open file is known: the root the client gives (target.root), a fact client. NULL:
	 * the workspace. */
	void (*locate)(struct exam *exam);
};

/* The editor of that name, or NULL; in registry_editors. */
const struct editor *editor_find(const char *name);
/* The editor that processes of this kind (LOOK_EDITORS) are, or NULL. */
const struct editor *editor_of_kind(const char *kind);
/* "emacs, helix, none, vscode": for messages. Written into a buffer of len bytes, cut there. */
void editor_names(char *buffer, size_t len);

#endif
