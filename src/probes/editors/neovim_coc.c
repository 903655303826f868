/* SPDX-License-Identifier: MIT */
#include "probes/editors/neovim_config.h"

#include "base/path.h"
#include "base/str.h"

struct coc {
	struct exam *exam;
	const struct jsonc_node *docs[2]; /* the user's, the workspace's: later wins */
	const char *files[2];
};

static bool names_go(const struct jsonc_node *server) {
	const struct jsonc_node *types = jsonc_get(server, "filetypes");
	bool is_list = types && types->type == JSONC_ARRAY;
	for (const struct jsonc_node *n = is_list ? types->first_child : NULL; n; n = n->next) {
		if (streq(jsonc_string(n), "go")) {
			return true;
		}
	}
	return false;
}

static struct config_value value_in(const struct coc *coc, size_t i,
                                    const struct jsonc_node *node) {
	return (struct config_value){.node = node,
	                             .file = coc->files[i],
	                             .layer = client_config_layer(coc->exam, coc->files[i])};
}

/* The server for Go under "languageserver", in the file that wins. */
static const struct jsonc_node *server_of(const struct coc *coc, size_t *ret_file) {
	for (size_t i = 2; i-- > 0;) {
		const struct jsonc_node *all = jsonc_get(coc->docs[i], "languageserver");
		bool is_object = all && all->type == JSONC_OBJECT;
		for (const struct jsonc_node *s = is_object ? all->first_child : NULL; s;
		     s = s->next) {
			if (!s->winner && names_go(s)) {
				*ret_file = i;
				return s;
			}
		}
	}
	return NULL;
}

/* What the extension coc-go is told: a key with dots. */
static struct config_value extension_value(const struct coc *coc, const char *key) {
	for (size_t i = 2; i-- > 0;) {
		const struct jsonc_node *node = jsonc_get(coc->docs[i], key);
		if (node) {
			return value_in(coc, i, node);
		}
	}
	return (struct config_value){.file = "", .layer = ""};
}

static void take_server(const struct coc *coc, size_t i, const struct jsonc_node *server,
                        struct client_config *c) {
	const struct jsonc_node *enabled = jsonc_get(server, "enable");
	c->command_at = value_in(coc, i, jsonc_get(server, "command"));
	c->args_at = value_in(coc, i, jsonc_get(server, "args"));
	c->env = value_in(coc, i, jsonc_get(server, "env"));
	c->options = value_in(coc, i, jsonc_get(server, "initializationOptions"));
	c->roots = client_config_words(coc->exam, jsonc_get(server, "rootPatterns"));
	if (enabled && enabled->type == JSONC_BOOL && !enabled->boolean) {
		c->off = value_in(coc, i, enabled);
	}
}

static void take_extension(const struct coc *coc, struct client_config *c) {
	struct config_value enabled = extension_value(coc, "go.enable");
	c->command_at = extension_value(coc, "go.goplsPath");
	c->args_at = extension_value(coc, "go.goplsArgs");
	c->env = extension_value(coc, "go.goplsEnv");
	c->options = extension_value(coc, "go.goplsOptions");
	if (enabled.node && enabled.node->type == JSONC_BOOL && !enabled.node->boolean) {
		c->off = enabled;
	}
}

struct client_config *neovim_coc_read(struct exam *exam, const char *dir) {
	struct coc coc = {.exam = exam};
	struct client_config *c = arena_new_of(exam->arena, struct client_config);
	size_t file = 0;
	coc.files[0] = path_join(exam->arena, dir, "coc-settings.json");
	coc.files[1] = path_join(exam->arena, exam->target->workspace, ".vim/coc-settings.json");
	for (size_t i = 0; i < 2; i++) {
		coc.docs[i] = client_config_read(exam, coc.files[i]);
	}
	const struct jsonc_node *server = server_of(&coc, &file);
	if (server) {
		take_server(&coc, file, server, c);
	} else {
		take_extension(&coc, c);
	}
	bool said = server || c->command_at.node || c->args_at.node || c->options.node ||
	            c->env.node || c->off.node;
	const char *command = jsonc_string(c->command_at.node);
	c->command = str_empty(command) ? NULL : command;
	c->args = client_config_words(exam, c->args_at.node);
	c->client_name = "coc.nvim";
	return said ? c : NULL;
}
