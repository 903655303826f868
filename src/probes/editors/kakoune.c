/* SPDX-License-Identifier: MIT
 * Kakoune with kakoune-lsp (kak-lsp). Its settings are TOML: up to version 17 in
 * kak-lsp/kak-lsp.toml, [language_server.gopls] or, before 15, [language.go]; since then in the
 * option lsp_servers, which kakrc sets. kakrc is a program: with --trust Kakoune is asked itself.
 * Source: kakoune-lsp README.asciidoc, kak-lsp.toml, src/project_root.rs (the nearest directory with
 * one of the roots, in the order of the roots).
 */
#include "base/path.h"
#include "base/str.h"
#include "core/editor.h"
#include "probes/editors/ask_editor.h"
#include "probes/editors/client_config.h"
#include "probes/search.h"

static const char *config_file(struct exam *exam) {
	return client_config_path(exam, "kak-lsp/kak-lsp.toml");
}

static struct client_config *config_of(struct exam *exam) {
	const char *file = config_file(exam);
	const struct jsonc_node *doc = client_config_read(exam, file);
	const struct jsonc_node *server = jsonc_get_path(doc, "language_server", "gopls", NULL);
	const struct jsonc_node *language = jsonc_get_path(doc, "language", "go", NULL);
	const struct jsonc_node *from = server ? server : language;
	if (!from) {
		return NULL;
	}
	struct client_config *c = arena_new_of(exam->arena, struct client_config);
	struct config_value at = {.file = file, .layer = client_config_layer(exam, file)};
	const struct jsonc_node *settings = jsonc_get_path(from, "settings", "gopls", NULL);
	c->command_at = c->env = c->options = c->settings = at;
	c->command_at.node = jsonc_get(from, "command");
	c->command = jsonc_string(c->command_at.node);
	c->args_at = at;
	c->args_at.node = jsonc_get(from, "args");
	c->args = client_config_words(exam, c->args_at.node);
	c->env.node = jsonc_get(from, "envs");
	c->options.node = settings ? settings : jsonc_get(from, "initialization_options");
	c->settings.node = settings;
	c->settings_are_options = settings != NULL;
	c->roots = client_config_words(
		exam,
		jsonc_get(from, server && !jsonc_get(from, "roots") ? "root_globs" : "roots"));
	c->client_name = "kak-lsp";
	return c;
}

static bool configured(struct exam *exam) {
	return client_config_exists(exam, config_file(exam));
}

static void read_settings(struct exam *exam) {
	client_config_take(exam, config_of(exam));
}

static const char *const programs[] = {"kak", NULL};
static const char *const args[] = {NULL};
static const struct ask_spec ask = {
	.name = "kakoune",
	.title = "Kakoune",
	.programs = programs,
	.args = args,
	.pty = true,
	.seconds = 8,
};

static void arrange(struct exam *exam) {
	if (exam->target->editor_config) {
		client_config_arrange(exam);
		return;
	}
	const char *path = envset_get(&exam->target->judged, "PATH");
	path = path ? path : "";
	/* Without it Kakoune has no client, and would only be waited for. */
	if (exam->target->trusted && !search_path_only(exam, path, "kak-lsp") &&
	    !search_path_only(exam, path, "kakoune-lsp")) {
		facts_refuse(exam->facts, FACT_client, "neither kak-lsp nor kakoune-lsp was found",
		             "kakoune-lsp on the PATH of the editor");
		ask_editor_arrange(exam, NULL, NULL);
		return;
	}
	ask_editor_or_read(exam, &ask, NULL);
}

static void locate(struct exam *exam) {
	static const char *const usual[] = {"go.mod", ".git", ".hg", NULL};
	const struct target *t = exam->target;
	const struct client_config *c = t->editor_config;
	if (facts_first(client, exam->facts)) {
		return;
	}
	ask_editor_plain_root(exam, c && c->roots ? c->roots : usual, true);
}

static const char *const kinds[] = {"kakoune", NULL};

const struct editor editor_kakoune = {
	.name = "kakoune",
	.title = "Kakoune",
	.kinds = kinds,
	.order = 70,
	.configured = configured,
	.read_settings = read_settings,
	.arrange = arrange,
	.locate = locate,
};
