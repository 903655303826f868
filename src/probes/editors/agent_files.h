/* SPDX-License-Identifier: MIT
 * The files in which coding agents keep their language servers.
 *
 * Claude Code (code.claude.com/docs, plug-in reference): ~/.claude/settings.json and the
 * workspace's .claude/settings.json and settings.local.json say in enabledPlugins which plug-ins
 * ("NAME@MARKETPLACE") are on; ~/.claude/plugins/installed_plugins.json says where each is
 * installed; there .claude-plugin/plugin.json has lspServers (an object, or the path of a file), and
 * .lsp.json is read as well: server name to {command, args, env, initializationOptions, settings,
 * extensionToLanguage}. CLAUDE_CONFIG_DIR takes the place of ~/.claude. The entry in the
 * marketplace's own list does not count: an installed plug-in without either file registers
 * nothing (anthropics/claude-code, thread 93474).
 *
 * opencode (opencode.ai/docs/lsp): opencode.json or .jsonc in ~/.config/opencode and the workspace;
 * lsp is false, true, or server name to {command: [], extensions: [], env, initialization,
 * disabled}; its own gopls needs no entry.
 *
 * Crush (charmbracelet/crush, README): crush.json or .crush.json in the workspace, crush/crush.json
 * in ~/.config; lsp is name to {command, args, env, filetypes, init_options, options, disabled}.
 */
#ifndef PROBES_EDITORS_AGENT_FILES_H
#define PROBES_EDITORS_AGENT_FILES_H

#include "probes/editors/client_config.h"

/* Has this user, or the workspace, files in which one of them is set up for Go or not? */
bool agent_files_exist(struct exam *exam);

/* States a fact wiring for each entry that is meant for Go, or one "none"; what is wired, or an
 * empty configuration. Never NULL. */
const struct client_config *agent_files_read(struct exam *exam);

#endif
