/* SPDX-License-Identifier: MIT */
#include "probes/editors/client_config.h"

#include "base/path.h"
#include "base/str.h"
#include "core/editor.h"
#include "probes/editors/start.h"
#include "probes/go/govars.h"
#include "probes/search.h"
#include "probes/trust.h"
#include "wire/toml.h"

#define WORDS_MAX 64

/* ---- files ---- */

const char *client_config_home(struct exam *exam, const char *name) {
	return path_join(exam->arena, target_home(exam->target), name);
}

const char *client_config_path(struct exam *exam, const char *name) {
	const char *config = envset_get(&exam->target->judged, "XDG_CONFIG_HOME");
	return path_join(exam->arena,
	                 str_empty(config) ? client_config_home(exam, ".config") : config, name);
}

bool client_config_exists(struct exam *exam, const char *path) {
	return world_stat(exam->world, path).exists;
}

const char *client_config_layer(struct exam *exam, const char *file) {
	return trust_inside(exam, file) ? "folder" : "user";
}

/* A file may be read more than once. */
static void state_error(struct exam *exam, const char *file, const struct evidence *ev,
                        struct jsonc_place place, const char *text) {
	facts_each (settings_error, e, exam->facts) {
		if (streq(e->file, file)) {
			return;
		}
	}
	FACTS_ADD(exam->facts, settings_error, ev, .file = file, .line = (int64_t)place.line,
	          .column = (int64_t)place.column, .message = text);
}

const struct jsonc_node *client_config_read(struct exam *exam, const char *file) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, LOOK_CAP_SETTINGS);
	const struct jsonc_node *root = NULL;
	if (!evidence_has_bytes(ev)) {
		return NULL;
	}
	if (str_ends(file, ".toml")) {
		const struct toml_doc *doc = toml_parse(exam->arena, ev->bytes);
		root = doc->root;
		if (doc->error) {
			state_error(exam, file, ev, doc->place, doc->error);
		}
	} else {
		const struct jsonc_doc *doc = jsonc_parse(exam->arena, ev->bytes);
		root = doc->root;
		if (doc->errors_len > 0) {
			state_error(exam, file, ev, doc->errors[0].place, doc->errors[0].text);
		}
	}
	return root && root->type == JSONC_OBJECT ? root : NULL;
}

const char *const *client_config_words(struct exam *exam, const struct jsonc_node *node) {
	if (!node || node->type != JSONC_ARRAY) {
		return NULL;
	}
	const char **words = arena_array_of(exam->arena, const char *, WORDS_MAX + 1);
	size_t count = 0;
	for (const struct jsonc_node *n = node->first_child; n && count < WORDS_MAX; n = n->next) {
		words[count++] = jsonc_string(n) ? jsonc_string(n) : jsonc_to_json(exam->arena, n);
	}
	return words;
}

/* ---- settings of gopls ---- */

static void state_members(struct exam *exam, const struct config_value *value) {
	const struct jsonc_node *object = value->node;
	bool is_object = object && object->type == JSONC_OBJECT;
	for (const struct jsonc_node *m = is_object ? object->first_child : NULL; m; m = m->next) {
		if (!m->winner) {
			FACTS_ADD(
				exam->facts, setting,
				world_look(exam->world, LOOK_FILE, value->file, LOOK_CAP_SETTINGS),
				.key = arena_printf(exam->arena, "gopls.%s", m->key),
				.json = jsonc_to_json(exam->arena, m),
				.type = jsonc_type_name(m->type), .layer = value->layer,
				.file = value->file, .line = (int64_t)m->key_place.line,
				.effective = true);
		}
	}
}

/* The flags behind the command, as settings of their own. */
static void state_flags(struct exam *exam, const struct client_config *config) {
	const struct config_value *at = &config->args_at;
	const struct evidence *ev =
		at->node ? world_look(exam->world, LOOK_FILE, at->file, LOOK_CAP_SETTINGS) : NULL;
	for (int64_t i = 0; ev && config->args && config->args[i]; i++) {
		FACTS_ADD(exam->facts, go_flag_setting, ev, .value = config->args[i], .index = i,
		          .is_string = true, .file = at->file,
		          .line = (int64_t)at->node->key_place.line, .key = at->node->key);
	}
}

void client_config_take(struct exam *exam, const struct client_config *config) {
	exam->target->editor_config = config;
	if (!config) {
		return;
	}
	state_flags(exam, config);
	const struct jsonc_node *off = config->off.node;
	if (off) {
		FACTS_ADD(exam->facts, setting,
		          world_look(exam->world, LOOK_FILE, config->off.file, LOOK_CAP_SETTINGS),
		          .key = off->key, .json = jsonc_to_json(exam->arena, off),
		          .type = jsonc_type_name(off->type), .layer = config->off.layer,
		          .file = config->off.file, .line = (int64_t)off->key_place.line,
		          .effective = true);
	}
	state_members(exam, &config->options);
	if (!config->settings_are_options) {
		state_members(exam, &config->settings);
	}
}

/* ---- the target ---- */

/* As it is written, a path made whole. */
static const char *command_of(struct exam *exam, const struct client_config *config) {
	const char *command = config->command ? config->command : "gopls";
	if (command[0] == '~' && command[1] == '/') {
		command = client_config_home(exam, command + 2);
	}
	return strchr(command, '/')
	               ? path_clean(exam->arena,
	                            path_join(exam->arena, exam->target->workspace, command))
	               : command;
}

static const char *find_command(struct exam *exam, const struct client_config *config) {
	struct search s;
	const char *command = command_of(exam, config);
	search_begin(&s, exam, "gopls");
	if (strchr(command, '/')) {
		const struct config_value *at = &config->command_at;
		const struct fact_setting named = {
			.key = at->node && at->node->key ? at->node->key : "command",
			.type = at->node ? jsonc_type_name(at->node->type) : "",
			.file = at->file ? at->file : "",
			.line = at->node ? (int64_t)at->node->place.line : 0};
		search_configured(&s, command, &named);
		if (!s.found) {
			search_elsewhere(&s); /* what it could be told to take instead */
		}
		return s.found;
	}
	s.name = command;
	search_path(&s, &exam->target->server);
	if (!s.found && streq(command, "gopls")) {
		search_elsewhere(&s);
	}
	return s.found;
}

/* A program that a file of the workspace names, other than by the name gopls. */
static const char *refuse_command(struct exam *exam, const struct client_config *config) {
	const struct target *t = exam->target;
	const struct config_value *at = &config->command_at;
	if (t->trusted || !config->command || !streq(at->layer, "folder") ||
	    streq(config->command, "gopls") || !t->gopls_path) {
		return NULL;
	}
	FACTS_ADD(exam->facts, setting_program, NULL, .key = "command", .program = t->gopls_path,
	          .file = at->file, .line = at->node ? (int64_t)at->node->place.line : 0,
	          .inside = true);
	return arena_printf(exam->arena, "%s would run %s, and that file comes with the workspace",
	                    at->file, t->gopls_path);
}

/* A variable's name and value are the key and the text of a member; of another type its JSON is taken. */
static const char *env_text(struct exam *exam, const struct jsonc_node *m) {
	const char *text = jsonc_string(m);
	return text ? text : jsonc_to_json(exam->arena, m);
}

static const struct jsonc_node *env_first(const struct config_value *env) {
	bool is_object = env->node && env->node->type == JSONC_OBJECT;
	return is_object ? env->node->first_child : NULL;
}

static void state_env(struct exam *exam, const struct config_value *env) {
	for (const struct jsonc_node *m = env_first(env); m; m = m->next) {
		const char *has = envset_get(&exam->target->server, m->key);
		if (!has || !streq(has, env_text(exam, m))) {
			continue;
		}
		/* What a workspace file sets is known for what it is (probes/trust.h). */
		FACTS_ADD(exam->facts, setting, NULL,
		          .key = arena_printf(exam->arena, "go.toolsEnvVars.%s", m->key),
		          .json = jsonc_to_json(exam->arena, m), .type = jsonc_type_name(m->type),
		          .layer = env->layer, .file = env->file,
		          .line = (int64_t)m->key_place.line, .effective = true);
	}
}

void client_config_state_env(struct exam *exam, const struct client_config *config) {
	for (size_t i = 0; i < CLIENT_OWN_ENV_MAX; i++) {
		state_env(exam, &config->own_env[i]);
	}
	state_env(exam, &config->env);
}

static void set_env(struct exam *exam, const struct config_value *env) {
	for (const struct jsonc_node *m = env_first(env); m; m = m->next) {
		envset_set(&exam->target->server, m->key, env_text(exam, m));
	}
}

static void apply_env(struct exam *exam, const struct client_config *config) {
	for (size_t i = 0; i < CLIENT_OWN_ENV_MAX; i++) {
		set_env(exam, &config->own_env[i]);
	}
	set_env(exam, &config->env);
	client_config_state_env(exam, config);
}

static void take_options(struct exam *exam, const struct client_config *config) {
	struct target *t = exam->target;
	const struct jsonc_node *options = config->options.node;
	const struct jsonc_node *settings = config->settings.node;
	t->init_options = options && options->type == JSONC_OBJECT
	                          ? jsonc_to_json(exam->arena, options)
	                          : "{}";
	t->configuration = settings ? jsonc_to_json(exam->arena, settings) : "null";
	t->client_name = config->client_name;
}

void client_config_arrange(struct exam *exam) {
	struct target *t = exam->target;
	const struct client_config *config = t->editor_config;
	apply_env(exam, config);
	take_options(exam, config);
	t->go_path = search_on_path(exam, "go", &t->server);
	govars_gopls_env(exam, &t->server);
	govars_state(exam, &t->server, t->go_path,
	             search_program(exam, command_of(exam, config), &t->server));
	t->gopls_path = find_command(exam, config); /* elsewhere is also where GOBIN says */
	start_judge(exam, &t->server);
	if (!t->do_not_start) {
		t->do_not_start = refuse_command(exam, config);
	}
	if (!t->do_not_start && config->off.node) {
		t->do_not_start = arena_printf(
			exam->arena, "%s in %s line %zu: the editor starts no gopls",
			config->off.node->key, config->off.file, config->off.node->key_place.line);
	}
	start_with(exam, config->args);
}

void client_config_root(struct exam *exam, const char *root) {
	struct target *t = exam->target;
	const struct client_config *config = t->editor_config;
	struct file_stat st = world_stat(exam->world, root);
	struct strbuf command;
	strbuf_init(&command, exam->arena);
	for (size_t i = 0; t->server_argv && t->server_argv[i]; i++) {
		strbuf_printf(&command, "%s%s", i > 0 ? " " : "",
		              str_shell_quote(exam->arena, t->server_argv[i]));
	}
	t->root = root;
	FACTS_ADD(exam->facts, client, st.ev, .editor = t->editor->name, .from = "config",
	          .number = 1, .command = command.data, .cwd = t->server_cwd, .root = root,
	          .root_state = st.is_dir   ? "ok"
	                        : st.exists ? "not_dir"
	                                    : "absent",
	          .name = config->client_name, .fits = true, .options = t->init_options,
	          .file = config->command_at.file,
	          .line = config->command_at.node ? (int64_t)config->command_at.node->place.line
	                                          : 0);
}

void client_config_locate(struct exam *exam) {
	client_config_root(exam, exam->target->workspace);
}
