/* SPDX-License-Identifier: MIT
 * Helix. Sources: helix-editor/helix book/src/languages.md; helix-loader config.rs
 * (user_lang_config: the workspace's .helix/languages.toml is merged over the user's, tables key by
 * key, lists of languages by name) and lib.rs (find_workspace); helix-lsp lib.rs
 * (find_lsp_workspace), client.rs (the whole `config` is initializationOptions; a question for the
 * section gopls is answered with its member of that name, else with null).
 */
#include "base/path.h"
#include "base/str.h"
#include "core/editor.h"
#include "probes/editors/client_config.h"

#define ROOTS_MAX 64

struct helix {
	struct exam *exam;
	const char *files[2]; /* the user's, the workspace's: later wins */
	const struct jsonc_node *docs[2];
};

/* The nearest directory with one of these, else the one Helix was started in. */
static const char *workspace_of(struct exam *exam) {
	static const char *const marks[] = {".git", ".svn", ".jj", ".helix"};
	const char *start = exam->target->workspace;
	for (const char *dir = start;; dir = path_parent(exam->arena, dir)) {
		for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
			if (client_config_exists(exam, path_join(exam->arena, dir, marks[i]))) {
				return dir;
			}
		}
		if (streq(dir, "/")) {
			return start;
		}
	}
}

static struct helix *helix_read(struct exam *exam) {
	struct helix *h = arena_new_of(exam->arena, struct helix);
	h->exam = exam;
	h->files[0] = client_config_path(exam, "helix/languages.toml");
	h->files[1] = path_join(exam->arena, workspace_of(exam), ".helix/languages.toml");
	for (size_t i = 0; i < 2; i++) {
		h->docs[i] = client_config_read(exam, h->files[i]);
	}
	return h;
}

static struct config_value value_in(const struct helix *h, size_t i,
                                    const struct jsonc_node *node) {
	return (struct config_value){.node = node,
	                             .file = h->files[i],
	                             .layer = client_config_layer(h->exam, h->files[i])};
}

/* language-server.gopls.KEY of the later file that has it. */
static struct config_value server_value(const struct helix *h, const char *key) {
	for (size_t i = 2; i-- > 0;) {
		const struct jsonc_node *node =
			jsonc_get_path(h->docs[i], "language-server", "gopls", key, NULL);
		if (node) {
			return value_in(h, i, node);
		}
	}
	return (struct config_value){.file = "", .layer = ""};
}

/* KEY of the [[language]] named go. */
static struct config_value language_value(const struct helix *h, const char *key) {
	for (size_t i = 2; i-- > 0;) {
		const struct jsonc_node *list = jsonc_get(h->docs[i], "language");
		bool is_list = list && list->type == JSONC_ARRAY;
		for (const struct jsonc_node *n = is_list ? list->first_child : NULL; n;
		     n = n->next) {
			const struct jsonc_node *node = jsonc_get(n, key);
			if (node && streq(jsonc_string(jsonc_get(n, "name")), "go")) {
				return value_in(h, i, node);
			}
		}
	}
	return (struct config_value){.file = "", .layer = ""};
}

/* language-servers holds "gopls" or { name = "gopls" }; without it, both defaults do. */
static bool wants_gopls(const struct jsonc_node *list) {
	for (const struct jsonc_node *n = list ? list->first_child : NULL; n; n = n->next) {
		if (streq(jsonc_string(n), "gopls") ||
		    streq(jsonc_string(jsonc_get(n, "name")), "gopls")) {
			return true;
		}
	}
	return !list || list->type != JSONC_ARRAY;
}

static struct client_config *config_of(struct exam *exam) {
	const struct helix *h = helix_read(exam);
	struct client_config *c = arena_new_of(exam->arena, struct client_config);
	struct config_value servers = language_value(h, "language-servers");
	c->command_at = server_value(h, "command");
	c->command = jsonc_string(c->command_at.node);
	c->args_at = server_value(h, "args");
	c->args = client_config_words(exam, c->args_at.node);
	c->env = server_value(h, "environment");
	c->options = server_value(h, "config");
	c->settings = c->options;
	c->settings.node = jsonc_get(c->options.node, "gopls");
	c->settings_are_options = true;
	c->roots = client_config_words(exam, language_value(h, "roots").node);
	c->client_name = "helix";
	if (!wants_gopls(servers.node)) {
		c->off = servers;
	}
	return c;
}

static bool configured(struct exam *exam) {
	return client_config_exists(exam, client_config_path(exam, "helix")) ||
	       client_config_exists(exam,
	                            path_join(exam->arena, exam->target->workspace, ".helix"));
}

static void read_settings(struct exam *exam) {
	client_config_take(exam, config_of(exam));
}

/* The topmost directory with a marker, from the file up to the workspace; else the workspace. */
static void locate(struct exam *exam) {
	static const char *const usual[] = {"go.work", "go.mod", NULL};
	const struct target *t = exam->target;
	const char *workspace = workspace_of(exam);
	const char *const *own = t->editor_config->roots;
	const char *const *markers = own ? own : usual;
	const char *root = workspace;
	const char *dir = t->open_file ? path_parent(exam->arena, t->open_file) : workspace;
	for (size_t i = 0; i < ROOTS_MAX && path_below(dir, workspace); i++) {
		for (const char *const *m = markers; *m; m++) {
			if (client_config_exists(exam, path_join(exam->arena, dir, *m))) {
				root = dir;
			}
		}
		if (streq(dir, workspace)) {
			break;
		}
		dir = path_parent(exam->arena, dir);
	}
	client_config_root(exam, root);
}

static const char *const kinds[] = {"helix", NULL};

const struct editor editor_helix = {
	.name = "helix",
	.title = "Helix",
	.kinds = kinds,
	.order = 40,
	.configured = configured,
	.read_settings = read_settings,
	.arrange = client_config_arrange,
	.locate = locate,
};
