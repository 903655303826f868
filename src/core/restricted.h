/* SPDX-License-Identifier: MIT
 * Restricted Mode of the VS Code family, as probes and rules see it. Since v0.52.0 the Go extension is not activated at
 * all in a window that is not trusted; before, the settings listed here were not taken from the workspace.
 * Source: vscode-go package.json, capabilities.untrustedWorkspaces; CVE-2025-68120.
 */
#ifndef CORE_RESTRICTED_H
#define CORE_RESTRICTED_H

#include "core/facts.h"

/* The folder that puts the window into Restricted Mode, or NULL. */
const struct fact_folder_trust *restricted_by(const struct facts *facts);
/* The installed Go extension that is switched on, or NULL. */
const struct fact_extension *restricted_extension(const struct facts *facts);
/* That extension does not start in Restricted Mode. True when it is not known. */
bool restricted_starts_nothing(const struct facts *facts);
/* The setting, or the whole of the member key "go.alternateTools.gopls", is then not taken from the workspace. */
bool restricted_ignores(const char *key);

#endif
