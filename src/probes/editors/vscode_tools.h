/* SPDX-License-Identifier: MIT
 * How the Go extension of VS Code turns settings into tools, environment and arguments.
 * Source: golang/vscode-go v0.57.2, extension/src/utils/pathUtils.ts, goEnv.ts, util.ts,
 * language/goLanguageServer.ts.
 */
#ifndef PROBES_EDITORS_VSCODE_TOOLS_H
#define PROBES_EDITORS_VSCODE_TOOLS_H

#include "core/probe.h"

#include <stdbool.h>

/* Is there a settings file of VS Code or one of its kin, of this user or in the workspace? */
bool vscode_configured(struct exam *exam);
/* Is code-server what this user used last? */
bool code_server_configured(struct exam *exam);
/* Does VS Code hear this setting in one of several folders of a window? */
bool vscode_is_of_folder(const char *key);
/* As arrange of core/editor.h. */
void vscode_arrange(struct exam *exam);

#define VSCODE_TRUST_SETTING "security.workspace.trust.enabled"
/* States every Go-related setting of every layer (setting, settings_error, go_flag_setting). */
void vscode_read_settings(struct exam *exam);

/* The string value of a setting in force, or NULL when unset, empty or no string. */
const char *vscode_text(struct exam *exam, const char *key);
/* The boolean value of a setting in force, or fallback. */
bool vscode_flag(struct exam *exam, const char *key, bool fallback);

/* ${workspaceFolder}, ${workspaceRoot}, ${workspaceFolderBasename}, ${env:X} and a leading ~; other
 * ${…} stay. */
const char *vscode_expand(struct exam *exam, const char *value);

/* Puts go.goroot over env, as the extension does for itself. */
void vscode_own_env(struct exam *exam, struct envset *env);

/* Puts go.toolsEnvVars, go.goroot and http.proxy over env, as the extension does for every tool it
 * runs. */
void vscode_tools_env(struct exam *exam, struct envset *env);

/* The arguments behind the program, NULL-terminated; NULL with a sentence when the setting is no
 * list of strings. */
const char *const *vscode_server_flags(struct exam *exam, const char **ret_error);

/* initializationOptions: the user's gopls keys and what follows from go.buildFlags and
 * go.buildTags. Strict JSON. */
const char *vscode_init_options(struct exam *exam);

#endif
