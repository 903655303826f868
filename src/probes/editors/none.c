/* SPDX-License-Identifier: MIT
 * No editor: the server as somebody starts it who only has a PATH; or, of a recording, as the client
 * started it that was recorded (TARGET_RECORDED_CLIENT).
 */
#include "base/path.h"
#include "base/str.h"
#include "core/editor.h"
#include "core/probe.h"
#include "probes/editors/client_config.h"
#include "probes/editors/start.h"
#include "probes/go/govars.h"
#include "probes/search.h"

/* Is this what a search by name would find, or would have to? A program elsewhere that was started by its path was found:
 * where another search would look for it is no question then. */
static bool is_found_by_name(struct exam *exam, const char *command) {
	const char *path = envset_get(&exam->target->judged, "PATH");
	const char *home = target_home(exam->target);
	const char *gopath = envset_get(&exam->target->judged, "GOPATH");
	const char *found = search_path_only(exam, path ? path : "", "gopls");
	gopath = str_empty(gopath) ? path_join(exam->arena, home, "go") : gopath;
	return (found && streq(found, command)) ||
	       (streq(command, path_join(exam->arena, gopath, "bin/gopls")) &&
	        !world_stat(exam->world, command).can_exec);
}

static struct config_value value_of(const struct jsonc_node *root, const char *key) {
	return (struct config_value){
		.node = jsonc_get(root, key), .file = TARGET_RECORDED_CLIENT, .layer = "user"};
}

static void read_settings(struct exam *exam) {
	const struct jsonc_node *root =
		exam->target->recorded ? client_config_read(exam, TARGET_RECORDED_CLIENT) : NULL;
	if (!root) {
		return;
	}
	struct client_config *c = arena_new_of(exam->arena, struct client_config);
	const char *command = jsonc_string(jsonc_get(root, "command"));
	c->command_at = value_of(root, "command");
	c->command = command && is_found_by_name(exam, command) ? NULL : command;
	c->args_at = value_of(root, "args");
	c->args = client_config_words(exam, c->args_at.node);
	c->env = value_of(root, "env");
	c->options = value_of(root, "options");
	c->settings = value_of(root, "settings");
	c->settings_are_options = c->options.node && c->settings.node &&
	                          streq(jsonc_to_json(exam->arena, c->options.node),
	                                jsonc_to_json(exam->arena, c->settings.node));
	client_config_take(exam, c);
}

static void arrange(struct exam *exam) {
	struct target *t = exam->target;
	if (t->editor_config) {
		client_config_arrange(exam);
		return;
	}
	t->go_path = search_on_path(exam, "go", &t->server);
	govars_state(exam, &t->server, t->go_path, search_program(exam, "gopls", &t->server));
	t->gopls_path = search_on_path(exam, "gopls", &t->server); /* elsewhere: where GOBIN says */
	start_judge(exam, &t->server);
	start_with(exam, NULL);
	t->init_options = "{}";
}

const struct editor editor_none = {
	.name = "none",
	.title = "no editor",
	.read_settings = read_settings,
	.arrange = arrange,
};
