/* SPDX-License-Identifier: MIT
 * Which running editors of this user have a workspace open, and the desktop they were started from.
 *
 * A process of the effective uid counts as an editor
 *  - by its name (comm): see core/editor_comm.h; an agent comes after every other;
 *  - as an extension host of VS Code and its kin: a node or Electron process with
 * `--type=extensionHost`, `bootstrap-fork` or an extensionHost entry point among its arguments, or
 * with one of the variables that VS Code gives its extension hosts and takes away from terminals
 * (src/vs/base/common/processes.ts, sanitizeProcessEnvironment): VSCODE_PID, VSCODE_CWD,
 * VSCODE_IPC_HOOK_EXTHOST, VSCODE_ESM_ENTRYPOINT, VSCODE_AMD_ENTRYPOINT,
 * VSCODE_HANDLES_UNCAUGHT_ERRORS. A node server in the workspace has none of them. Children of an
 * extension host inherit them and do not count beside it. It is "vscode-remote" when its program or
 * an argument lies below .vscode-server, .cursor-server, .vscodium-server, .windsurf-server or
 * code-server, or VSCODE_AGENT_FOLDER is set.
 *
 * It has the workspace open when its working directory is the workspace or below it, an argument
 * (path or file URI) is, VSCODE_CWD is, or it is the parent of a gopls whose working directory is.
 * Windows of one VS Code share their working directory and VSCODE_CWD: one for which only these
 * speak comes last when another's gopls works in the workspace, or its own works elsewhere.
 *
 * The environment of the desktop is that of the shell that starts programs (gnome-shell,
 * plasmashell, …), else of the session manager, else of a window manager.
 */
#ifndef WORLD_EDITORS_H
#define WORLD_EDITORS_H

#include "world/looks.h"

/* The kind a process of this name would be of if it were an editor, as in LOOK_EDITORS ("vscode" for
 * any node); NULL for none. */
const char *editor_kind_of_comm(const char *comm);

#endif
