/* SPDX-License-Identifier: MIT
 * A window of several folders: what a .code-workspace file says, and which GOPATH the Go extension
 * computes for each folder of it.
 * Source: microsoft/vscode src/vs/platform/workspaces/common/workspaces.ts (toWorkspaceFolders);
 * vscode-go extension/src/util.ts (getCurrentGoPath, getInferredGopath),
 * language/goLanguageServer.ts (allFoldersHaveSameGopath).
 */
#ifndef PROBES_EDITORS_VSCODE_WINDOW_H
#define PROBES_EDITORS_VSCODE_WINDOW_H

#include "core/probe.h"

#define WINDOW_FOLDERS_MAX 32

struct vscode_window {
	const char *file;           /* absolute */
	const char *const *folders; /* absolute, those that are there, each once; ended by NULL */
	size_t count;
	const char *const *missing; /* those it names that are not there (absolute), or lie on
	                               another machine (as written); ended by NULL */
};

/* What the file says. False when it cannot be read or names no folder that is there. */
bool vscode_window_read(struct arena *arena, struct world *world, const char *file,
                        struct vscode_window *ret);
/* The .code-workspace in dir, when there is just one; else NULL. */
const char *vscode_window_in(struct arena *arena, struct world *world, const char *dir);

/* States window_folder of each folder of the window, with its GOPATH. A sentence when the extension
 * would start no server because they differ, else NULL. */
const char *vscode_window_state(struct exam *exam);

#endif
