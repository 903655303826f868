/* SPDX-License-Identifier: MIT
 * What is examined: filled stage by stage, read by later probes. Strings live in the arena of the
 * run; NULL = not known.
 */
#ifndef CORE_TARGET_H
#define CORE_TARGET_H

#include "base/envset.h"
#include "base/str.h"
#include "core/world.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct editor;
struct client_config;
struct vscode_install;

/* How the client answers workspace/configuration. */
enum configuration_reply {
	REPLY_OPTIONS, /* target.configuration for the section "gopls", null for another */
	REPLY_RESULT,  /* target.configuration, whatever was asked */
	REPLY_UNKNOWN, /* the error "method not found" */
};

/* What a trial gives the server in place of what the judged process has. */
struct server_terms {
	const char *cwd;                 /* NULL: as the editor does */
	struct limit_pair nofile, nproc; /* as in session_spec */
	const struct limit_pair *fatal;
	bool offline; /* nothing is fetched: GOPROXY=off */
};

/* What a recorded client gave its server, as its settings: JSON with command, args, env, options, settings. */
#define TARGET_RECORDED_CLIENT "the recording"
/* A script named go of which the recording shows that it did not hand on what it was given: lines path=, differs= (as in
 * the fact wrapper: splits, elsewhere, strips). */
#define TARGET_RECORDED_WRAPPER "the recorded wrapper"
/* What the server and its programs were refused while they were recorded, a line "ERRNO TIMES CALL PROGRAM PATH" for each
 * path (escapes of keyline_escape): no rights, no room, broken. */
#define TARGET_RECORDED_REFUSALS "the recorded refusals"

struct target {
	/* from the command line */
	const char *workspace;   /* absolute, cleaned, symlinks as the user wrote them */
	const char *file;        /* --file made absolute, or NULL */
	const char *environment; /* --environment: "self", "shell", "desktop", "pid:N", "file:F", or
	                            NULL: choose */
	const char *editor_name; /* --editor: a name of core/editor.h, or NULL: choose */
	/* The window in which the workspace is open, when it has several folders or a file of its
	 * own (probes/editors/vscode_window.h). */
	const char *window_file;           /* its .code-workspace, or NULL */
	const char *const *window_folders; /* all of them, absolute, ended by NULL; or NULL */
	const char *const *window_missing; /* those its file names that are not there; or NULL */
	bool trusted;                      /* --trust */
	bool no_server;                    /* --no-server */
	bool precautions;                  /* guard: what may run out is counted before it does */
	bool autopsy;                      /* why --exited: what ended the last server */
	const char *const *logs;           /* --logs, absolute, ended by NULL; or NULL */
	/* What worked here before (core/known_good.h). */
	const char *states_file; /* where it is kept; NULL: nobody asks */
	bool will_remember;      /* when all works now, that will be kept */
	bool tell_changes;       /* what changed since is asked for even when all works */
	int64_t since_ns;        /* since when, wall clock; 0: since it last worked */
	/* How the environment that is judged would be changed, "NAME=value" or "NAME", ended by NULL; or NULL: what a
	 * repair has brought about counts although only programs started anew have it. */
	const char *const *environment_change;
	/* A second look as if these were not set (cmd/behind.h), by whomever: names, or "NAME=value" for one that is
	 * set instead; ended by NULL; or NULL. */
	const char *const *unset;
	/* check --from-trace: bits of enum talk_feature (probes/server/dialogue.h) that the recorded client never asked for. */
	unsigned unasked;
	bool recorded; /* and there is a file TARGET_RECORDED_CLIENT: how the server was started */
	const struct server_terms *terms; /* of a trial (env --bisect), or NULL */

	/* probes/environment */
	struct envset own;             /* dialtone's own environment: normally the shell's */
	struct envset judged;          /* the one the editor (or whoever starts the server) has */
	const char *environment_label; /* for the report: "self", "pid:1234" … */
	pid_t editor_pid;              /* 0 when the judged environment is not that of a process */
	const char *home;              /* HOME of the judged environment, "" when undefined */
	const char *passwd_home; /* home directory of this user in /etc/passwd, else as home */

	/* probes/settings */
	const struct editor *editor;               /* core/editor.h */
	const struct client_config *editor_config; /* of editors whose configuration is data, or
	                                              NULL (probes/editors/client_config.h) */
	const struct vscode_install
		*install;   /* probes/editors/vscode_install.h; NULL: none found */
	bool install_known; /* it was looked for */

	/* probes/tools */
	const char *go_path;            /* the go the editor uses, or NULL */
	const char *server_go;          /* the go on the PATH of the server, or NULL */
	const char *gopls_path;         /* the chosen server, or NULL */
	const char *const *server_argv; /* argv[0] = gopls_path, then the flags, ended by NULL */
	const char *server_flags_error; /* why no argv could be made (a setting of the wrong type),
	                                   or NULL */
	struct envset launch;           /* environment that server_argv is started with */
	struct envset
		server; /* that of the server: the same, but for what a script in its place changes */
	const char
		*shield; /* a directory with copies of go.mod and go.sum that are used instead, or
	                       NULL (probes/modules/modules_shield.h) */
	const char *server_cwd;
	struct limit_pair nproc;  /* likewise, of processes and threads of this user */
	struct limit_pair nofile; /* of the server, when the judged process may have fewer files
	                             open than dialtone; else zeros */
	const struct limit_pair *fatal_limits; /* likewise, as in session_spec; NULL: dialtone's */
	const char *root; /* what the client gives as rootUri and its only folder; workspace
	                             unless the editor has a mind of its own; "": it gives none */
	const char *const *client_folders; /* ended by NULL; NULL: just root */
	const char *client_name;           /* clientInfo; NULL: dialtone */
	const char *client_initialize;     /* what the editor itself said in initialize, JSON; NULL:
	                                      it was not asked */
	const char *init_options;          /* strict JSON */
	const char *configuration;         /* strict JSON; NULL: as init_options */
	enum configuration_reply configuration_reply;
	bool no_configuration;    /* the client does not announce workspace/configuration */
	bool no_watched_files;    /* nor that it can be asked to watch files */
	const char *do_not_start; /* a sentence why the server must not or would not be started, or
	                             NULL */
	bool do_not_run_go;       /* the go found, or what its environment names, belongs to the
	                             workspace: not run without trust */

	/* probes/modules/source */
	const char *likely_file; /* the file chosen to stand for what is open, or NULL */
	const char *open_file;   /* the file that is opened in the server, or NULL */
};

/* Where the home of the judged environment is: HOME, else what /etc/passwd says. */
static inline const char *target_home(const struct target *t) {
	return str_empty(t->home) ? t->passwd_home : t->home;
}

#endif
