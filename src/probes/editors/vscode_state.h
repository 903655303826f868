/* SPDX-License-Identifier: MIT
 * What a product of the VS Code family keeps beside its settings: which folders the user trusts,
 * which extensions are installed and switched on.
 *
 * Sources: microsoft/vscode src/vs/workbench/services/workspaces/common/workspaceTrust.ts
 * (content.trust.model.key), src/vs/platform/extensionManagement (extensions.json, .obsolete,
 * extensionsIdentifiers/disabled), src/vs/platform/workspaces/node/workspaces.ts
 * (workspaceStorage/ID/workspace.json).
 */
#ifndef PROBES_EDITORS_VSCODE_STATE_H
#define PROBES_EDITORS_VSCODE_STATE_H

#include "core/probe.h"

/* States folder_trust of each folder of the window. trust_setting: the JSON value of
 * VSCODE_TRUST_SETTING in force, or NULL. */
void vscode_trust_state(struct exam *exam, const char *trust_setting);
/* States the extensions that have to do with Go. */
void vscode_extensions_state(struct exam *exam);
/* The folder of workspaceStorage that belongs to the window, or NULL; *ret_known is false when that
 * could not be found out, and then it means nothing. */
const char *vscode_storage_dir(struct exam *exam, bool *ret_known);

#endif
