/* SPDX-License-Identifier: MIT
 * Neovim. Its configuration is a program: with --trust it is run and asked; without it, or when it
 * starts nothing, what is written out in its files counts, and else the rules of the usual set-up:
 * gopls from the PATH of the editor, and the root that the gopls configuration of nvim-lspconfig
 * takes (lsp/gopls.lua: the nearest go.work, else go.mod, else .git).
 */
#include "base/path.h"
#include "base/str.h"
#include "core/editor.h"
#include "probes/editors/ask_editor.h"
#include "probes/editors/neovim_config.h"

static const char *config_dir(struct exam *exam) {
	return client_config_path(exam, "nvim");
}

static bool configured(struct exam *exam) {
	const char *dir = config_dir(exam);
	return client_config_exists(exam, path_join(exam->arena, dir, "init.lua")) ||
	       client_config_exists(exam, path_join(exam->arena, dir, "init.vim"));
}

/* A file is opened, and what waits for a user interface is told that there is one. */
static const char *const programs[] = {"nvim", NULL};
static const char *const args[] = {
	"--headless",
	"-n",
	"-i",
	"NONE",
	"-c",
	"silent! doautocmd <nomodeline> UIEnter | silent! doautocmd <nomodeline> User VeryLazy",
	NULL};
static const struct ask_spec ask = {
	.name = "neovim",
	.title = "Neovim",
	.programs = programs,
	.args = args,
	.seconds = 8,
};

static struct client_config *config_of(struct exam *exam) {
	struct client_config *c = neovim_coc_read(exam, config_dir(exam));
	return c ? c : neovim_lua_read(exam, config_dir(exam));
}

static void arrange(struct exam *exam) {
	ask_editor_or_read(exam, &ask, config_of);
}

static void locate(struct exam *exam) {
	static const char *const markers[] = {"go.work", "go.mod", ".git", NULL};
	const struct client_config *config = exam->target->editor_config;
	const struct fact_client *c = facts_first(client, exam->facts);
	if (!c) {
		ask_editor_plain_root(exam, config && config->roots ? config->roots : markers,
		                      false);
	}
}

static const char *const kinds[] = {"neovim", NULL};

const struct editor editor_neovim = {
	.name = "neovim",
	.title = "Neovim",
	.kinds = kinds,
	.order = 20,
	.configured = configured,
	.arrange = arrange,
	.locate = locate,
};
