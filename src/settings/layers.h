/* SPDX-License-Identifier: MIT
 * Every file in which an editor of the VS Code family looks for settings, for all products at once.
 * Sources: microsoft/vscode src/vs/platform/userDataProfile (User/settings.json, User/profiles/NAME/settings.json),
 * src/vs/platform/environment (data folders), .devcontainer of containers.dev.
 */
#ifndef SETTINGS_LAYERS_H
#define SETTINGS_LAYERS_H

#include "core/world.h"
#include "wire/jsonc.h"

#define LAYERS_MAX 96

/* In the order of precedence: a later one overrides. */
enum layer_kind {
	LAYER_USER,
	LAYER_PROFILE,      /* in place of the user's settings while that profile is in use */
	LAYER_DEVCONTAINER, /* written into the remote machine's settings when the container is made */
	LAYER_REMOTE,
	LAYER_WORKSPACE, /* a .code-workspace file */
	LAYER_FOLDER,
};

struct layer {
	enum layer_kind kind;
	const char *product; /* "VS Code", "VSCodium" ...; "" for the files in the workspace */
	const char *file;
	const struct evidence *ev;
	const struct jsonc_doc *doc; /* NULL when there are no bytes */
	const struct jsonc_node
		*root; /* the object that holds the settings, NULL when there is none */
};

struct layers {
	struct layer items[LAYERS_MAX];
	size_t count;
};

struct layers_where {
	const char *home;      /* "" when unknown: then only the workspace is looked at */
	const char *config;    /* XDG_CONFIG_HOME, or NULL */
	const char *data;      /* XDG_DATA_HOME, or NULL */
	const char *portable;  /* VSCODE_PORTABLE, or NULL */
	const char *workspace; /* absolute */
	/* Of the product in use, when it is known: the user's (or its profile's) file, and that of the machine. Else
	 * NULL. */
	const char *user;
	const char *machine;
};

/* The layers that exist, whether or not they can be read, in the order of their precedence. */
void layers_read(struct layers *ret, struct arena *arena, struct world *world,
                 const struct layers_where *where);

/* "user", "profile", "remote", "workspace", "folder", "devcontainer". */
const char *layer_name(enum layer_kind kind);

/* The file `settings set` would write for a layer that may not exist yet: the user's file of the product in use (else
 * the one that exists, VS Code's before others; else VS Code's own), the folder's, or the only .code-workspace (NULL
 * when there is none or are several). */
const char *layers_file(const struct layers *layers, struct arena *arena,
                        const struct layers_where *where, enum layer_kind kind);

/* Does the value of `over` take the place of that of `under` when both are set? Not between products, nor between a
 * profile and the user's settings. */
bool layer_overrides(const struct layer *over, const struct layer *under);

/* Does the layer count for the product in use? Of several products, and of a user's file and its profiles, one does. */
bool layer_counts(const struct layers *layers, const struct layer *layer, struct arena *arena,
                  const struct layers_where *where);

/* The directories in which products keep their extensions, NULL-terminated, in the arena. */
const char *const *layers_extension_dirs(struct arena *arena, const char *home);

#endif
