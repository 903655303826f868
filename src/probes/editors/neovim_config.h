/* SPDX-License-Identifier: MIT
 * What the files of a Neovim configuration say of gopls without being run: tables written out in Lua
 * for nvim-lspconfig, vim.lsp.config, vim.lsp.start or a plug-in manager, and the settings of coc.
 * What a function would make of them is not known; two places that contradict each other count as
 * none. Sources: neovim runtime/doc/lsp.txt (lsp-config, vim.lsp.ClientConfig), nvim-lspconfig
 * doc/configs.md, neoclide/coc.nvim data/schema.json (languageserver), josa42/coc-go package.json.
 */
#ifndef PROBES_EDITORS_NEOVIM_CONFIG_H
#define PROBES_EDITORS_NEOVIM_CONFIG_H

#include "probes/editors/client_config.h"

/* dir: of init.lua. NULL when nothing is said. */
struct client_config *neovim_lua_read(struct exam *exam, const char *dir);
struct client_config *neovim_coc_read(struct exam *exam, const char *dir);

#endif
