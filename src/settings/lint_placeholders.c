/* SPDX-License-Identifier: MIT
 * Placeholders. In settings.json nobody but the extension replaces any, and it knows five (golang/vscode-go
 * extension/src/utils/pathUtils.ts, resolvePath, and goEnv.ts); in launch.json and tasks.json the editor replaces many
 * (microsoft/vscode src/vs/workbench/services/configurationResolver/common/variableResolver.ts).
 */
#include "base/str.h"
#include "settings/lint.h"

#include <ctype.h>

static const char *const of_extension[] = {"workspaceFolder", "workspaceRoot",
                                           "workspaceFolderBasename", NULL};
static const char *const of_editor[] = {
	"workspaceFolder",
	"workspaceRoot",
	"workspaceFolderBasename",
	"workspaceRootFolderName",
	"userHome",
	"file",
	"fileWorkspaceFolder",
	"fileWorkspaceFolderBasename",
	"relativeFile",
	"relativeFileDirname",
	"fileBasename",
	"fileBasenameNoExtension",
	"fileExtname",
	"fileDirname",
	"fileDirnameBasename",
	"cwd",
	"lineNumber",
	"columnNumber",
	"selectedText",
	"execPath",
	"execInstallFolder",
	"defaultBuildTask",
	"pathSeparator",
	"/",
	NULL,
};

static const char *nearest(const char *const *names, const char *name) {
	const char *best = NULL;
	size_t limit = strlen(name) / 3 + 2;
	for (size_t i = 0; names[i]; i++) {
		size_t distance = str_distance(names[i], name);
		if (distance < limit) {
			best = names[i];
			limit = distance;
		}
	}
	return best;
}

static void check_env(struct lint *lint, const struct spot *spot, const struct jsonc_node *node,
                      const char *name) {
	if (!lint->env || envset_get(lint->env, name)) {
		return;
	}
	struct issue *issue =
		lint_add(lint, spot, node, ISSUE_NEVER_EXPANDS, SEV_WARNING,
	                 "${env:%s} in %s becomes nothing: the editor's environment has no %s",
	                 name, spot->key, name);
	issue->place = node->place;
}

static void check_setting(struct lint *lint, const struct spot *spot, const struct jsonc_node *node,
                          const char *name) {
	if (str_starts(name, "env:")) {
		check_env(lint, spot, node, name + 4);
		return;
	}
	if (str_in(name, of_extension)) {
		return;
	}
	const char *near = nearest(of_extension, name);
	struct issue *issue =
		lint_add(lint, spot, node, ISSUE_NEVER_EXPANDS, SEV_ERROR,
	                 "${%s} in %s stays as it is: in settings only ${workspaceFolder}, "
	                 "${workspaceFolderBasename}, ${env:NAME} and a leading ~ are replaced",
	                 name, spot->key);
	issue->place = node->place;
	if (near) {
		issue->instead = arena_printf(lint->arena, "${%s}", near);
	} else if (streq(name, "userHome")) {
		issue->instead = "${env:HOME}";
	}
}

/* "$HOME/go" and "%HOME%": a shell's words, which no shell sees. */
static void check_shell_words(struct lint *lint, const struct spot *spot,
                              const struct jsonc_node *node) {
	const char *text = node->string;
	for (const char *p = strchr(text, '$'); p; p = strchr(p + 1, '$')) {
		size_t len = 0;
		while (isalnum((unsigned char)p[1 + len]) || p[1 + len] == '_') {
			len++;
		}
		/* $ORIGIN and its kin are the linker's own. */
		bool linker = str_starts(p, "$ORIGIN") || str_starts(p, "$LIB") ||
		              str_starts(p, "$PLATFORM");
		bool begins = p == text || p[-1] == ':';
		if (len > 1 && begins && !linker && isupper((unsigned char)p[1])) {
			struct issue *issue =
				lint_add(lint, spot, node, ISSUE_NEVER_EXPANDS, SEV_ERROR,
			                 "$%.*s in %s stays as it is: no shell reads it", (int)len,
			                 p + 1, spot->key);
			issue->place = node->place;
			issue->instead = arena_printf(lint->arena, "${env:%.*s}", (int)len, p + 1);
			return;
		}
	}
}

/* Calls for each ${name} of a string. */
static void each_placeholder(struct lint *lint, const struct spot *spot,
                             const struct jsonc_node *node, const struct jsonc_node *inputs,
                             void (*check)(struct lint *, const struct spot *,
                                           const struct jsonc_node *, const struct jsonc_node *,
                                           const char *name)) {
	for (const char *p = strstr(node->string, "${"); p; p = strstr(p + 2, "${")) {
		const char *end = strchr(p, '}');
		if (!end) {
			return;
		}
		check(lint, spot, node, inputs,
		      arena_strndup(lint->arena, p + 2, (size_t)(end - p) - 2));
	}
}

static void check_setting_entry(struct lint *lint, const struct spot *spot,
                                const struct jsonc_node *node, const struct jsonc_node *inputs,
                                const char *name) {
	(void)inputs;
	check_setting(lint, spot, node, name);
}

void lint_placeholders(struct lint *lint, const struct spot *spot, const struct jsonc_node *value) {
	if (value->type == JSONC_STRING) {
		each_placeholder(lint, spot, value, NULL, check_setting_entry);
		check_shell_words(lint, spot, value);
		return;
	}
	for (const struct jsonc_node *m = value->first_child; m; m = m->next) {
		struct spot inner = m->key ? spot_member(lint, spot, m) : *spot;
		lint_placeholders(lint, &inner, m);
	}
}

static bool has_input(const struct jsonc_node *inputs, const char *id) {
	for (const struct jsonc_node *i = inputs ? inputs->first_child : NULL; i; i = i->next) {
		if (streq(jsonc_string(jsonc_get(i, "id")), id)) {
			return true;
		}
	}
	return false;
}

static void check_variable(struct lint *lint, const struct spot *spot,
                           const struct jsonc_node *node, const struct jsonc_node *inputs,
                           const char *name) {
	if (str_starts(name, "env:")) {
		check_env(lint, spot, node, name + 4);
		return;
	}
	if (str_starts(name, "input:") && !has_input(inputs, name + 6)) {
		struct issue *issue =
			lint_add(lint, spot, node, ISSUE_BAD_REFERENCE, SEV_ERROR,
		                 "%s asks for ${%s}, but the file has no such entry in \"inputs\"",
		                 spot->key, name);
		issue->place = node->place;
		return;
	}
	const char *bare = arena_strndup(lint->arena, name, strcspn(name, ":"));
	bool prefixed = strchr(name, ':') != NULL;
	if (str_in(bare, of_editor) ||
	    (prefixed && (streq(bare, "config") || streq(bare, "command") || streq(bare, "input") ||
	                  streq(bare, "extensionInstallFolder")))) {
		return;
	}
	const char *near = nearest(of_editor, bare);
	struct issue *issue =
		lint_add(lint, spot, node, ISSUE_NEVER_EXPANDS, SEV_ERROR,
	                 "the editor knows no variable ${%s} (in %s)", name, spot->key);
	issue->place = node->place;
	issue->instead = near ? arena_printf(lint->arena, "${%s}", near) : "";
}

void lint_variables(struct lint *lint, const struct spot *spot, const struct jsonc_node *value,
                    const struct jsonc_node *inputs) {
	if (value->type == JSONC_STRING) {
		each_placeholder(lint, spot, value, inputs, check_variable);
		return;
	}
	for (const struct jsonc_node *m = value->first_child; m; m = m->next) {
		struct spot inner = m->key ? spot_member(lint, spot, m) : *spot;
		lint_variables(lint, &inner, m, inputs);
	}
}
