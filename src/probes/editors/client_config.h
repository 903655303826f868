/* SPDX-License-Identifier: MIT
 * What the configuration files of an editor or agent say about its Go server, whichever they are:
 * the shared half of the editors whose configuration is data.
 */
#ifndef PROBES_EDITORS_CLIENT_CONFIG_H
#define PROBES_EDITORS_CLIENT_CONFIG_H

#include "core/probe.h"
#include "wire/jsonc.h"

#define CLIENT_OWN_ENV_MAX 6

/* One value and the file it stands in; node NULL: not set. */
struct config_value {
	const struct jsonc_node *node;
	const char *file;
	const char *layer; /* user, or folder: it came with the workspace */
};

struct client_config {
	const char *command;            /* a path or a name; NULL: gopls */
	struct config_value command_at; /* where it is said */
	struct config_value args_at;    /* where they stand, a list; the command may be its first */
	const char *const *args;        /* ended by NULL, or NULL */
	struct config_value env;        /* an object of strings */
	/* Likewise what the editor gives itself and all it starts, file by file; env comes after it. */
	struct config_value own_env[CLIENT_OWN_ENV_MAX];
	struct config_value options;  /* initializationOptions, an object */
	struct config_value settings; /* the answer for the section gopls */
	bool settings_are_options;    /* one object is both */
	const char *client_name;
	const char *const *roots; /* markers of a root, ended by NULL, or NULL: usual ones */
	struct config_value off;  /* the setting that leaves gopls out: the editor starts none */
};

/* The file read as JSON with comments or, when its name ends in .toml, as TOML; NULL when it is not
 * there or holds no object. A file that cannot be read as meant is stated (settings_error). */
const struct jsonc_node *client_config_read(struct exam *exam, const char *file);
/* DIR/name: $XDG_CONFIG_HOME or ~/.config of the judged environment. */
const char *client_config_path(struct exam *exam, const char *name);
const char *client_config_home(struct exam *exam, const char *name);
bool client_config_exists(struct exam *exam, const char *path);

/* The strings of an array, ended by NULL; NULL when node is none. */
const char *const *client_config_words(struct exam *exam, const struct jsonc_node *node);
/* "folder" when the file came with the workspace, else "user". */
const char *client_config_layer(struct exam *exam, const char *file);

/* Makes it the target's editor_config; states the members of options and settings as settings
 * gopls.KEY, and the one that is off. NULL: there is none. */
void client_config_take(struct exam *exam, const struct client_config *config);

/* States of what it gives to the server what the server has, so that what is set is known for where it is set. */
void client_config_state_env(struct exam *exam, const struct client_config *config);
/* The rest is about the target's editor_config, which must be there. */

/* All that arrange owes (core/editor.h). A command of a workspace file is not run without trust
 * unless it is a gopls that lies elsewhere. */
void client_config_arrange(struct exam *exam);
/* States the fact client with from "config" and this root, and makes it the target's. */
void client_config_root(struct exam *exam, const char *root);
/* The same with the workspace as root: all that locate owes. */
void client_config_locate(struct exam *exam);

#endif
