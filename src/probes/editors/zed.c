/* SPDX-License-Identifier: MIT
 * Zed. Sources: zed-industries/zed docs/src/configuring-zed.md (lsp, languages,
 * enable_language_server), docs/src/languages/go.md; crates/languages/src/go.rs: gopls is looked for
 * on the PATH of the project's environment, then among those Zed has installed itself
 * (languages/gopls/gopls_*); hints and placeholders are asked for unless settings say otherwise.
 * The root is that of the worktree: the opened folder.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/editor.h"
#include "probes/editors/client_config.h"
#include "probes/search.h"

#define FILES 3

struct zed {
	struct exam *exam;
	const char *files[FILES]; /* later wins */
	const struct jsonc_node *docs[FILES];
};

static struct zed *zed_read(struct exam *exam) {
	struct zed *z = arena_new_of(exam->arena, struct zed);
	z->exam = exam;
	z->files[0] = client_config_home(exam, ".var/app/dev.zed.Zed/config/zed/settings.json");
	z->files[1] = client_config_path(exam, "zed/settings.json");
	z->files[2] = path_join(exam->arena, exam->target->workspace, ".zed/settings.json");
	for (size_t i = 0; i < FILES; i++) {
		z->docs[i] = client_config_read(exam, z->files[i]);
	}
	return z;
}

/* a.b.c of the last file that has it; b and c may be NULL. */
static struct config_value value_of(const struct zed *z, const char *a, const char *b,
                                    const char *c, const char *d) {
	for (size_t i = FILES; i-- > 0;) {
		const struct jsonc_node *node = jsonc_get_path(z->docs[i], a, b, c, d, NULL);
		if (node) {
			return (struct config_value){
				.node = node,
				.file = z->files[i],
				.layer = client_config_layer(z->exam, z->files[i])};
		}
	}
	return (struct config_value){.file = "", .layer = ""};
}

static bool is_false(const struct jsonc_node *node) {
	return node && node->type == JSONC_BOOL && !node->boolean;
}

/* language_servers: a name is in, !name is out, "..." stands for the rest. */
static bool leaves_out(const struct jsonc_node *list) {
	bool rest = !list || list->type != JSONC_ARRAY;
	bool named = false;
	for (const struct jsonc_node *n = rest ? NULL : list->first_child; n; n = n->next) {
		if (streq(jsonc_string(n), "!gopls")) {
			return true;
		}
		rest = rest || streq(jsonc_string(n), "...");
		named = named || streq(jsonc_string(n), "gopls");
	}
	return !rest && !named;
}

static struct config_value off(const struct zed *z) {
	struct config_value of_go = value_of(z, "languages", "Go", "enable_language_server", NULL);
	struct config_value of_all = value_of(z, "enable_language_server", NULL, NULL, NULL);
	struct config_value list = value_of(z, "languages", "Go", "language_servers", NULL);
	struct config_value flag = of_go.node ? of_go : of_all;
	if (is_false(flag.node)) {
		return flag;
	}
	return leaves_out(list.node) ? list : (struct config_value){0};
}

/* The newest of those that Zed has put there itself. */
static const char *own_gopls(struct exam *exam) {
	const char *dir = client_config_home(exam, ".local/share/zed/languages/gopls");
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	const char *found = NULL;
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (slice_starts(line, "f gopls_")) {
			found = path_join(exam->arena, dir,
			                  arena_strndup(exam->arena, line.data + 2, line.len - 2));
		}
	}
	return found;
}

static struct client_config *config_of(struct exam *exam) {
	const struct zed *z = zed_read(exam);
	struct client_config *c = arena_new_of(exam->arena, struct client_config);
	const char *path = envset_get(&exam->target->judged, "PATH");
	c->command_at = value_of(z, "lsp", "gopls", "binary", "path");
	c->command = jsonc_string(c->command_at.node);
	if (!c->command && !search_path_only(exam, path ? path : "", "gopls")) {
		c->command = own_gopls(exam);
	}
	c->args_at = value_of(z, "lsp", "gopls", "binary", "arguments");
	c->args = client_config_words(exam, c->args_at.node);
	c->env = value_of(z, "lsp", "gopls", "binary", "env");
	c->options = value_of(z, "lsp", "gopls", "initialization_options", NULL);
	c->settings = value_of(z, "lsp", "gopls", "settings", NULL);
	c->settings.node = jsonc_get(c->settings.node, "gopls");
	c->client_name = "Zed";
	c->off = off(z);
	return c;
}

static bool configured(struct exam *exam) {
	return client_config_exists(exam, client_config_path(exam, "zed")) ||
	       client_config_exists(exam, path_join(exam->arena, exam->target->workspace, ".zed"));
}

static void read_settings(struct exam *exam) {
	client_config_take(exam, config_of(exam));
}

static const char *const kinds[] = {"zed", NULL};

const struct editor editor_zed = {
	.name = "zed",
	.title = "Zed",
	.kinds = kinds,
	.order = 50,
	.configured = configured,
	.read_settings = read_settings,
	.arrange = client_config_arrange,
	.locate = client_config_locate,
};
