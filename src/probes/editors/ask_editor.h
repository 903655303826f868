/* SPDX-License-Identifier: MIT
 * What an editor whose configuration is a program would give its server: the editor itself is run,
 * with its own files, in a scratch machine where every gopls is a witness (cmd/witness.h). Only
 * with --trust: an editor runs what its configuration says.
 */
#ifndef PROBES_EDITORS_ASK_EDITOR_H
#define PROBES_EDITORS_ASK_EDITOR_H

#include "core/probe.h"

#define ASKED_CLIENTS_MAX 4

struct client_config;
struct jsonc_node;

struct ask_spec {
	const char *name;              /* of the editor, for the label and sentences */
	const char *title;             /* "Neovim" */
	const char *const *programs;   /* names looked for on PATH, ended by NULL */
	const char *const *args;       /* before the file, ended by NULL */
	const char *const *args_after; /* behind it, or NULL */
	bool pty;                      /* it needs a terminal */
	int seconds;                   /* it may take */
};

struct asked_client {
	const char *const *argv; /* argv[0] absolute, ended by NULL */
	const char *cwd;
	const struct jsonc_node *env; /* what it changes: name to string or null */
	const char *root;             /* a path; "" when it gives none */
	const char *initialize;       /* its whole parameters, JSON; "" */
	const char *name;             /* of clientInfo, or "" */
	const char *init_options;
	const char *settings; /* of workspace/didChangeConfiguration, or "" */
	/* of workspace/configuration: result, error, silent, unannounced; "" when it never came to
	 * that */
	const char *reply;
	const char *answer; /* the result as it came, or the code of the error */
	bool watches_files;
};

struct asked {
	size_t count; /* of clients of the first file; 0 with why_not */
	struct asked_client clients[ASKED_CLIENTS_MAX];
	const char *why_not; /* a sentence */
};

/* Asks, takes the first client over into the target (server_argv, server, server_cwd, root,
 * init_options, configuration …), states a fact client for each. False with ret->why_not and the
 * fact refused when it was not asked or said nothing. */
bool ask_editor(struct exam *exam, const struct ask_spec *spec, struct asked *ret);

/* gopls as that editor finds it, and everything else that arrange owes (core/editor.h), once
 * server_argv is known; or with `gopls` looked for on PATH when asked is NULL. written: what its files say, or NULL. */
void ask_editor_arrange(struct exam *exam, const struct asked_client *client,
                        const struct client_config *written);

/* All that arrange owes: as the editor said when asked, else as its configuration reads (read_fn
 * may be NULL, and may find none), else a gopls on PATH. */
void ask_editor_or_read(struct exam *exam, const struct ask_spec *spec,
                        struct client_config *(*read_fn)(struct exam *exam));

/* For an editor that could not be asked: root from the markers, each looked for in the open file's
 * directory and all above before the next one; with none, the file's directory or else the
 * workspace. States the fact client with from "plain". */
void ask_editor_plain_root(struct exam *exam, const char *const *markers, bool or_file_dir);

#endif
