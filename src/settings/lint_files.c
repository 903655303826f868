/* SPDX-License-Identifier: MIT
 * The other files of the editor, as far as they concern Go.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/lore.h"
#include "settings/lint.h"

/* What every launch configuration may have. Source: microsoft/vscode
 * src/vs/workbench/contrib/debug/common/debugSchemas.ts and debugger.ts. */
static const char *const launch_common[] = {
	"name",
	"type",
	"request",
	"preLaunchTask",
	"postDebugTask",
	"presentation",
	"internalConsoleOptions",
	"debugServer",
	"serverReadyAction",
	"suppressMultipleSessionWarning",
	"linux",
	"osx",
	"windows",
	"$schema",
};

static enum severity severity_of(const char *word) {
	return streq(word, "error") ? SEV_ERROR : streq(word, "note") ? SEV_NOTE : SEV_WARNING;
}

static const struct jsonc_doc *read_text(struct lint *lint, struct world *world,
                                         struct spot *spot) {
	const struct evidence *ev = world_look(world, LOOK_FILE, spot->file, LOOK_CAP_SETTINGS);
	if (ev->state == EV_ABSENT) {
		return NULL;
	}
	if (!evidence_has_bytes(ev)) {
		lint_add(lint, spot, NULL, ISSUE_UNREADABLE, SEV_ERROR, "%s cannot be read (%s)",
		         spot->file, ev_state_name(ev->state));
		return NULL;
	}
	const struct jsonc_doc *doc = jsonc_parse(lint->arena, ev->bytes);
	lint_text(lint, spot, doc, true);
	return doc;
}

static bool is_text(const struct jsonc_node *object, const char *key, const char *value) {
	const char *text = jsonc_string(jsonc_get(object, key));
	return text && streq(text, value);
}

/* ---- launch.json ---- */

static bool is_common(const char *key) {
	for (size_t i = 0; i < sizeof(launch_common) / sizeof(*launch_common); i++) {
		if (streq(launch_common[i], key)) {
			return true;
		}
	}
	return false;
}

static bool report_attribute_lore(struct lint *lint, const struct spot *spot,
                                  const struct jsonc_node *m) {
	const struct lore *lore = lore_find(lint->arena, "launch", m->key);
	if (!lore || streq(lore->was, "internal")) {
		return lore != NULL;
	}
	bool never = streq(lore->was, "never");
	struct issue *issue = lint_add(
		lint, spot, m, never ? ISSUE_NEVER_EXISTED : ISSUE_DEPRECATED_KEY,
		severity_of(lore->severity), "%s %s; wanted: %s", spot->key,
		lore_history(lint->arena, lore, "an attribute of a Go launch configuration"),
		lore->wanted);
	issue->instead = lore->instead;
	return never;
}

static void check_attribute(struct lint *lint, const struct spot *spot, const struct jsonc_node *m,
                            const struct jsonc_node *known, const struct jsonc_node *others,
                            const char *request) {
	bool legacy = streq(m->key, "dlvLoadConfig");
	const struct jsonc_node *schema = jsonc_get(known, m->key);
	if ((legacy || !schema) && report_attribute_lore(lint, spot, m)) {
		return;
	}
	if (schema) {
		const char *gone = jsonc_string(jsonc_get(schema, "deprecationMessage"));
		if (gone) {
			lint_add(lint, spot, m, ISSUE_DEPRECATED_KEY, SEV_NOTE,
			         "%s is deprecated: %s", spot->key, gone);
		}
		lint_value(lint, spot, m, schema);
		return;
	}
	if (jsonc_get(others, m->key)) {
		lint_add(lint, spot, m, ISSUE_UNKNOWN_KEY, SEV_WARNING,
		         "%s has no effect with \"request\": \"%s\"", spot->key, request);
		return;
	}
	const char *near = schema_near_in(lint->arena, known, m->key);
	struct issue *issue =
		lint_add(lint, spot, m, ISSUE_UNKNOWN_KEY, SEV_WARNING,
	                 near ? "a Go launch configuration has no attribute %s; the nearest is %s"
	                      : "a Go launch configuration has no attribute %s",
	                 m->key, near);
	issue->instead = near ? arena_printf(lint->arena, "\"%s\"", near) : "";
}

static void check_dlv_flags(struct lint *lint, const struct spot *spot,
                            const struct jsonc_node *flags) {
	const struct jsonc_node *f =
		flags && flags->type == JSONC_ARRAY ? flags->first_child : NULL;
	for (; f; f = f->next) {
		const char *text = jsonc_string(f);
		const char *name = text ? arena_strndup(lint->arena, text, strcspn(text, "=")) : "";
		const struct lore *lore = lore_find(lint->arena, "dlvflag", name);
		/* --only-same-user=false is the one form that does something. */
		if (!lore || (streq(lore->was, "default") && str_ends(text, "=false"))) {
			continue;
		}
		struct issue *issue =
			lint_add(lint, spot, f, ISSUE_BAD_FLAG, severity_of(lore->severity),
		                 "%s has no effect here; wanted: %s", text, lore->wanted);
		issue->place = f->place;
		issue->instead = lore->instead;
	}
}

static bool has_task(const struct jsonc_node *tasks, const char *label) {
	const struct jsonc_node *t = tasks ? tasks->first_child : NULL;
	for (; t; t = t->next) {
		if (is_text(t, "label", label) || is_text(t, "taskName", label)) {
			return true;
		}
	}
	return false;
}

/* Tasks of providers are called "go: build package", "npm: test"; those of the file by their label. */
static void check_task_name(struct lint *lint, const struct spot *spot,
                            const struct jsonc_node *configuration, const char *key,
                            const struct jsonc_node *tasks) {
	const struct jsonc_node *node = jsonc_get(configuration, key);
	const char *label = jsonc_string(node);
	if (!label || str_has(label, ": ") || str_has(label, "${") || has_task(tasks, label)) {
		return;
	}
	lint_add(lint, spot, node, ISSUE_BAD_REFERENCE, SEV_WARNING,
	         "%s names the task \"%s\", which tasks.json does not have", key, label);
}

static void check_configuration(struct lint *lint, const struct spot *file,
                                const struct jsonc_node *c, const struct jsonc_node *tasks,
                                const struct jsonc_node *inputs) {
	const char *request = jsonc_string(jsonc_get(c, "request"));
	bool attach = streq(request, "attach");
	struct spot spot = *file;
	const char *name = jsonc_string(jsonc_get(c, "name"));
	spot.key = name ? name : "configuration";
	if (!request || (!attach && !streq(request, "launch"))) {
		lint_add(lint, &spot, request ? jsonc_get(c, "request") : c, ISSUE_WRONG_VALUE,
		         SEV_ERROR, "\"request\" of \"%s\" must be \"launch\" or \"attach\"",
		         spot.key);
		return;
	}
	const struct jsonc_node *known = attach ? lint->schema->attach : lint->schema->launch;
	const struct jsonc_node *others = attach ? lint->schema->launch : lint->schema->attach;
	for (const struct jsonc_node *m = c->first_child; m; m = m->next) {
		if (!is_common(m->key) && !m->winner) {
			struct spot inner = *file;
			inner.key = m->key;
			check_attribute(lint, &inner, m, known, others, request);
		}
	}
	check_dlv_flags(lint, &spot, jsonc_get(c, "dlvFlags"));
	check_task_name(lint, &spot, c, "preLaunchTask", tasks);
	check_task_name(lint, &spot, c, "postDebugTask", tasks);
	lint_variables(lint, &spot, c, inputs);
}

static void lint_launch(struct lint *lint, const struct spot *spot, const struct jsonc_node *root,
                        const struct jsonc_node *tasks) {
	const struct jsonc_node *list = jsonc_get(root, "configurations");
	const struct jsonc_node *c = list ? list->first_child : NULL;
	for (; c; c = c->next) {
		if (is_text(c, "type", "go")) {
			check_configuration(lint, spot, c, tasks, jsonc_get(root, "inputs"));
		}
	}
}

/* ---- tasks.json ---- */

static bool runs_go(const struct jsonc_node *task) {
	const char *command = jsonc_string(jsonc_get(task, "command"));
	return is_text(task, "type", "go") || streq(command, "go") ||
	       str_starts(command ? command : "", "go ");
}

/* The extension brings one matcher, "$go". */
static void check_matcher(struct lint *lint, const struct spot *spot,
                          const struct jsonc_node *matcher) {
	if (!matcher) {
		return;
	}
	for (const struct jsonc_node *m = matcher->first_child; m; m = m->next) {
		check_matcher(lint, spot, m);
	}
	const char *text = jsonc_string(matcher);
	if (text && str_starts(text, "$go") && !streq(text, "$go")) {
		struct issue *issue = lint_add(
			lint, spot, matcher, ISSUE_BAD_REFERENCE, SEV_WARNING,
			"there is no problem matcher %s; the Go extension brings $go", text);
		issue->place = matcher->place;
		issue->instead = "\"$go\"";
	}
}

static void lint_tasks(struct lint *lint, const struct spot *file, const struct jsonc_node *root) {
	const struct jsonc_node *list = jsonc_get(root, "tasks");
	const struct jsonc_node *t = list ? list->first_child : NULL;
	for (; t; t = t->next) {
		struct spot spot = *file;
		const char *label = jsonc_string(jsonc_get(t, "label"));
		spot.key = label ? label : "task";
		check_matcher(lint, &spot, jsonc_get(t, "problemMatcher"));
		if (!runs_go(t)) {
			continue;
		}
		if (is_text(t, "type", "go") && !jsonc_get(t, "command")) {
			lint_add(lint, &spot, t, ISSUE_WRONG_VALUE, SEV_ERROR,
			         "the task \"%s\" of type go needs a \"command\", as \"build\" or "
			         "\"test\"",
			         spot.key);
		}
		lint_variables(lint, &spot, t, jsonc_get(root, "inputs"));
	}
}

/* ---- extensions.json ---- */

static void check_extension(struct lint *lint, const struct spot *spot,
                            const struct jsonc_node *node) {
	const char *id = jsonc_string(node);
	char *lower = arena_strdup(lint->arena, id ? id : "");
	for (char *p = lower; *p; p++) {
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	}
	const struct lore *lore = lore_find(lint->arena, "extension", lower);
	if (!lore) {
		return;
	}
	bool never = streq(lore->was, "never");
	struct issue *issue =
		lint_add(lint, spot, node, never ? ISSUE_NEVER_EXISTED : ISSUE_REMOVED_KEY,
	                 severity_of(lore->severity), "there is no extension %s %s; wanted: %s", id,
	                 never ? "and never was" : "any more", lore->wanted);
	issue->place = node->place;
	issue->instead = arena_printf(lint->arena, "\"%s\"", lore->instead);
}

static void lint_extensions(struct lint *lint, const struct spot *spot,
                            const struct jsonc_node *list, const struct jsonc_node *unwanted) {
	for (const struct jsonc_node *e = list ? list->first_child : NULL; e; e = e->next) {
		check_extension(lint, spot, e);
		const struct jsonc_node *u = unwanted ? unwanted->first_child : NULL;
		for (; u && streq(jsonc_string(e), "golang.go"); u = u->next) {
			if (streq(jsonc_string(u), "golang.go")) {
				lint_add(lint, spot, u, ISSUE_DUPLICATE_KEY, SEV_WARNING,
				         "golang.go is recommended (line %zu) and unwanted",
				         e->place.line);
			}
		}
	}
}

/* ---- devcontainer.json ---- */

/* containerEnv and remoteEnv know ${localEnv:X}, ${containerEnv:X} (remoteEnv only) and the workspace folders. Source:
 * containers.dev, devcontainer.json reference, variables. */
static void check_container_value(struct lint *lint, const struct spot *spot,
                                  const struct jsonc_node *node, bool remote) {
	static const char *const known[] = {"localEnv:", "localWorkspaceFolder",
	                                    "containerWorkspaceFolder", "devcontainerId"};
	const char *text = jsonc_string(node);
	for (const char *p = text ? strchr(text, '$') : NULL; p; p = strchr(p + 1, '$')) {
		bool braces = p[1] == '{';
		bool fine = !braces && (p[1] < 'A' || p[1] > 'Z');
		for (size_t i = 0; braces && i < sizeof(known) / sizeof(*known); i++) {
			fine = fine || str_starts(p + 2, known[i]);
		}
		fine = fine || (braces && remote && str_starts(p + 2, "containerEnv:"));
		if (fine) {
			continue;
		}
		size_t len = braces ? strcspn(p, "}") + 1 : strcspn(p, ":/ ");
		struct issue *issue = lint_add(lint, spot, node, ISSUE_NEVER_EXPANDS, SEV_ERROR,
		                               "%.*s in %s stays as it is", (int)len, p, spot->key);
		issue->place = node->place;
		issue->instead = !braces && remote
		                         ? arena_printf(lint->arena, "${containerEnv:%.*s}",
		                                        (int)len - 1, p + 1)
		                         : "";
		return;
	}
}

static void check_container_env(struct lint *lint, const struct spot *file,
                                const struct jsonc_node *root, const char *key) {
	const struct jsonc_node *env = jsonc_get(root, key);
	const struct jsonc_node *m = env && env->type == JSONC_OBJECT ? env->first_child : NULL;
	for (; m; m = m->next) {
		struct spot spot = *file;
		spot.key = arena_printf(lint->arena, "%s.%s", key, m->key);
		if (str_starts(m->key, "GO") || streq(m->key, "PATH") ||
		    str_starts(m->key, "CGO")) {
			check_container_value(lint, &spot, m, streq(key, "remoteEnv"));
		}
	}
}

static void lint_devcontainer(struct lint *lint, const struct spot *file,
                              const struct jsonc_node *root) {
	static const char *const old[] = {"settings", "extensions"};
	for (size_t i = 0; i < 2; i++) {
		const struct jsonc_node *node = jsonc_get(root, old[i]);
		struct spot spot = *file;
		spot.key = old[i];
		if (node) {
			struct issue *issue = lint_add(
				lint, &spot, node, ISSUE_DEPRECATED_KEY, SEV_WARNING,
				"\"%s\" at the top of devcontainer.json is deprecated", old[i]);
			issue->instead = arena_printf(
				lint->arena, "\"customizations\": {\"vscode\": {\"%s\": %s}}",
				old[i], node->type == JSONC_ARRAY ? "[]" : "{}");
		}
	}
	const struct jsonc_node *vscode = jsonc_get_path(root, "customizations", "vscode", NULL);
	const struct jsonc_node *list = jsonc_get(vscode, "extensions");
	lint_extensions(lint, file, list ? list : jsonc_get(root, "extensions"), NULL);
	check_container_env(lint, file, root, "remoteEnv");
	check_container_env(lint, file, root, "containerEnv");
}

/* ---- all of them ---- */

static void never_read(struct lint *lint, struct world *world, const char *file, const char *why,
                       const char *instead) {
	struct spot spot = {.file = file, .layer = ""};
	if (world_stat(world, file).is_file) {
		struct issue *issue =
			lint_add(lint, &spot, NULL, ISSUE_FILE_NEVER_READ, SEV_NOTE, "%s", why);
		issue->instead = instead;
	}
}

static void lint_code_workspaces(struct lint *lint) {
	for (size_t i = 0; i < lint->layers->count; i++) {
		const struct layer *layer = &lint->layers->items[i];
		if (!layer->doc) {
			continue;
		}
		struct spot spot = {.file = layer->file, .layer = layer_name(layer->kind)};
		const struct jsonc_node *root = layer->doc->root;
		if (layer->kind == LAYER_WORKSPACE) {
			const struct jsonc_node *tasks = jsonc_get(root, "tasks");
			const struct jsonc_node *e = jsonc_get(root, "extensions");
			lint_launch(lint, &spot, jsonc_get(root, "launch"),
			            jsonc_get(tasks, "tasks"));
			lint_tasks(lint, &spot, tasks);
			lint_extensions(lint, &spot, jsonc_get(e, "recommendations"),
			                jsonc_get(e, "unwantedRecommendations"));
		} else if (layer->kind == LAYER_DEVCONTAINER) {
			lint_devcontainer(lint, &spot, root);
		}
	}
}

void lint_files(struct lint *lint, struct world *world) {
	struct arena *arena = lint->arena;
	const char *dir = path_join(arena, lint->where->workspace, ".vscode");
	struct spot tasks = {.file = path_join(arena, dir, "tasks.json"), .layer = "tasks.json"};
	struct spot launch = {.file = path_join(arena, dir, "launch.json"), .layer = "launch.json"};
	struct spot ext = {.file = path_join(arena, dir, "extensions.json"),
	                   .layer = "extensions.json"};
	const struct jsonc_doc *doc = read_text(lint, world, &tasks);
	const struct jsonc_node *list = doc ? jsonc_get(doc->root, "tasks") : NULL;
	if (doc) {
		lint_tasks(lint, &tasks, doc->root);
	}
	doc = read_text(lint, world, &launch);
	if (doc) {
		lint_launch(lint, &launch, doc->root, list);
	}
	doc = read_text(lint, world, &ext);
	if (doc) {
		lint_extensions(lint, &ext, jsonc_get(doc->root, "recommendations"),
		                jsonc_get(doc->root, "unwantedRecommendations"));
	}
	lint_code_workspaces(lint);
	never_read(lint, world, path_join(arena, dir, "task.json"),
	           "the editor reads tasks.json, never task.json", "rename it to tasks.json");
	const char *home = lint->where->home;
	if (!str_empty(home) && !streq(home, lint->where->workspace)) {
		never_read(
			lint, world, path_join(arena, home, ".vscode/settings.json"),
			"only read when the home directory itself is opened: the user settings lie "
			"elsewhere",
			layers_file(lint->layers, arena, lint->where, LAYER_USER));
	}
}
