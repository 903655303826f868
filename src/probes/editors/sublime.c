/* SPDX-License-Identifier: MIT
 * Sublime Text with the package LSP. Sources: sublimelsp/LSP docs (client_configuration.md,
 * language_servers.md): Packages/User/LSP.sublime-settings has clients.NAME, the package LSP-gopls
 * its own Packages/User/LSP-gopls.sublime-settings, a project settings.LSP.NAME; later wins.
 * enabled, command (a list), env, initializationOptions, and settings whose dotted names are those
 * of nested objects. The root is the window's folder.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/editor.h"
#include "probes/editors/client_config.h"

#define LAYERS_MAX 8

struct layer {
	const struct jsonc_node *client;
	const char *file;
};

struct sublime {
	struct exam *exam;
	struct layer layers[LAYERS_MAX];
	size_t count;
};

static bool is_for_go(const struct jsonc_node *client) {
	return client->key && (str_has(client->key, "gopls") || streq(client->key, "golang"));
}

static void add(struct sublime *s, const struct jsonc_node *client, const char *file) {
	if (client && client->type == JSONC_OBJECT && s->count < LAYERS_MAX) {
		s->layers[s->count++] = (struct layer){.client = client, .file = file};
	}
}

static void add_clients(struct sublime *s, const struct jsonc_node *clients, const char *file) {
	bool is_object = clients && clients->type == JSONC_OBJECT;
	for (const struct jsonc_node *c = is_object ? clients->first_child : NULL; c; c = c->next) {
		if (is_for_go(c)) {
			add(s, c, file);
		}
	}
}

static void read_project(struct sublime *s) {
	struct exam *exam = s->exam;
	const char *dir = exam->target->workspace;
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *name = line.len > 2 ? arena_slicedup(exam->arena, line) + 2 : "";
		if (str_ends(name, ".sublime-project")) {
			const char *file = path_join(exam->arena, dir, name);
			add_clients(s,
			            jsonc_get_path(client_config_read(exam, file), "settings",
			                           "LSP", NULL),
			            file);
		}
	}
}

static struct sublime *sublime_read(struct exam *exam) {
	static const char *const dirs[] = {"sublime-text-3", "sublime-text"};
	struct sublime *s = arena_new_of(exam->arena, struct sublime);
	s->exam = exam;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		const char *user = client_config_path(
			exam, arena_printf(exam->arena, "%s/Packages/User", dirs[i]));
		const char *all = path_join(exam->arena, user, "LSP.sublime-settings");
		const char *own = path_join(exam->arena, user, "LSP-gopls.sublime-settings");
		add_clients(s, jsonc_get(client_config_read(exam, all), "clients"), all);
		add(s, client_config_read(exam, own), own);
	}
	read_project(s);
	return s;
}

static struct config_value value_of(const struct sublime *s, const char *key) {
	for (size_t i = s->count; i-- > 0;) {
		const struct jsonc_node *node = jsonc_get(s->layers[i].client, key);
		if (node) {
			return (struct config_value){
				.node = node,
				.file = s->layers[i].file,
				.layer = client_config_layer(s->exam, s->layers[i].file)};
		}
	}
	return (struct config_value){.file = "", .layer = ""};
}

/* What a question for the section gopls is answered with: "gopls.x": 1 and "gopls": {"x": 1} are
 * the same. */
static const struct jsonc_node *section(struct exam *exam, const struct jsonc_node *settings) {
	static const char prefix[] = "gopls.";
	const struct jsonc_node *whole = jsonc_get(settings, "gopls");
	bool is_object = settings && settings->type == JSONC_OBJECT;
	if (whole || !is_object) {
		return whole;
	}
	struct jsonc_node *made = arena_new_of(exam->arena, struct jsonc_node);
	struct jsonc_node **end = &made->first_child;
	*made = (struct jsonc_node){.type = JSONC_OBJECT, .string = ""};
	for (const struct jsonc_node *m = settings->first_child; m; m = m->next) {
		if (str_starts(m->key, prefix) && !m->winner) {
			struct jsonc_node *copy = arena_new_of(exam->arena, struct jsonc_node);
			*copy = *m;
			copy->key = m->key + strlen(prefix);
			copy->key_len = strlen(copy->key);
			copy->next = NULL;
			*end = copy;
			end = &copy->next;
			made->count++;
		}
	}
	return made->count > 0 ? made : NULL;
}

static struct client_config *config_of(struct exam *exam) {
	const struct sublime *s = sublime_read(exam);
	struct client_config *c = arena_new_of(exam->arena, struct client_config);
	struct config_value enabled = value_of(s, "enabled");
	c->command_at = value_of(s, "command");
	const char *const *words = client_config_words(exam, c->command_at.node);
	if (words && words[0]) {
		c->command = words[0];
		c->args_at = c->command_at;
		c->args = words + 1;
	}
	c->env = value_of(s, "env");
	c->options = value_of(s, "initializationOptions");
	c->settings = value_of(s, "settings");
	c->settings.node = section(exam, c->settings.node);
	c->client_name = "Sublime Text LSP";
	if (enabled.node && enabled.node->type == JSONC_BOOL && !enabled.node->boolean) {
		c->off = enabled;
	}
	return c;
}

static bool configured(struct exam *exam) {
	return client_config_exists(
		       exam, client_config_path(
				     exam, "sublime-text/Packages/User/LSP.sublime-settings")) ||
	       client_config_exists(
		       exam,
		       client_config_path(exam,
	                                  "sublime-text/Packages/User/LSP-gopls.sublime-settings"));
}

static void read_settings(struct exam *exam) {
	client_config_take(exam, config_of(exam));
}

static const char *const kinds[] = {"sublime", NULL};

const struct editor editor_sublime = {
	.name = "sublime",
	.title = "Sublime Text",
	.kinds = kinds,
	.order = 60,
	.configured = configured,
	.read_settings = read_settings,
	.arrange = client_config_arrange,
	.locate = client_config_locate,
};
