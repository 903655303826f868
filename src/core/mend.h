/* SPDX-License-Identifier: MIT
 * Steps that several fixes take: a variable away or to another value in the place that decides about it now, a line for
 * the next session, a setting of the user's, another directory for a cache, a program of go's, a process asked to end. Each
 * adds to the plan, or makes it say why it is unable (plan->unable); where that has an answer it is false. None looks at
 * anything.
 */
#ifndef CORE_MEND_H
#define CORE_MEND_H

#include "core/finding.h"
#include "core/plan.h"

/* "path:line" in two parts, in the arena; false when it is no such thing. */
bool mend_where(struct arena *arena, const char *where, const char **ret_file, int64_t *ret_line);

/* ---- variables and settings (mend.c) ---- */

/* The value (NULL: none any more) where the variable is set now: a key of the settings, the file of `go env -w`, the
 * lines of start-up files, the script that stands for go. A value that only the environment of a running process has is
 * out of reach, unless the editor is VS Code: then its settings are put over it. Adds to plan->environment and plan->then what only a new session gets. */
bool mend_variable(struct plan *plan, const struct facts *facts, const struct fact_govar *var,
                   const char *value);
/* The same of that name, which may have no govar (TMPDIR, XDG_CACHE_HOME). One of go's that nobody sets gets its value in
 * the file of `go env -w`. */
bool mend_name(struct plan *plan, const struct facts *facts, const char *name, const char *value);
/* The words of GOFLAGS that begin with this are taken out, where it is set. */
bool mend_goflags(struct plan *plan, const struct facts *facts, const char *beginning);

/* The file of `go env -w`; NULL when there is none (GOENV=off), or it is not known. */
const char *mend_goenv_file(const struct facts *facts);

/* A line in the file of the user that a login shell reads: export NAME=VALUE. */
bool mend_export(struct plan *plan, const struct facts *facts, const char *name, const char *value);
/* The same that puts directories (with ':' between) behind those of PATH, or in front of them. */
bool mend_path(struct plan *plan, const struct facts *facts, const char *dirs, bool in_front);

/* Is that file written as data, so that a member of it can be changed alone (STEP_MEMBER)? */
bool mend_is_data(const char *file);
/* The setting where it stands, json: its new value, or NULL to take it away. False for an editor whose settings are
 * neither those of VS Code nor data in another file. */
bool mend_setting(struct plan *plan, const struct facts *facts, const struct fact_setting *setting,
                  const char *json);
/* A member of the user's own settings of the VS Code family, keys: parts with '/' between; false for another editor. */
bool mend_user_setting(struct plan *plan, const struct facts *facts, const char *keys,
                       const char *json);
/* The entry (a string without escapes) goes out of the list that this setting is. */
bool mend_list(struct plan *plan, const struct facts *facts, const char *key, const char *entry);
/* A build flag likewise; key "": of the list of build flags that has it. */
bool mend_build_flag(struct plan *plan, const struct facts *facts, const char *key,
                     const char *flag);

/* Adds to plan->environment: "NAME=value", or "NAME" for one taken away. */
void mend_environment(struct plan *plan, const char *word);
/* What becomes of a new session only, as a sentence for plan->then. */
const char *mend_restart(const struct facts *facts);
/* The editor follows the rules of VS Code; so it does when nobody says which one it is. */
bool mend_is_vscode(const struct facts *facts);

/* ---- places (mend_place.c) ---- */

/* A fresh directory takes the place of a cache. away: it must lie on another file system than this cache does. */
bool mend_cache(struct plan *plan, const struct facts *facts, const char *role, bool away);
/* The same for the directory of temporary files that go itself uses. */
bool mend_tmp(struct plan *plan, const struct facts *facts);
/* A directory of this name in the home can be made and takes files: its path; NULL when not. */
const char *mend_room(const struct facts *facts, const char *name, const char *not_on_mount);
/* Is that uid this user's? */
bool mend_is_own(const struct facts *facts, int64_t uid);
/* All below path is given to this user; needs root. */
bool mend_chown(struct plan *plan, const struct facts *facts, const char *path);
/* A copy of this gopls in a place in the home in which the editor looks as well, and where none lies yet. */
bool mend_copy(struct plan *plan, const struct facts *facts, const char *path);
/* A limit that a line of a script or start-up file sets is lifted there; source: NULL when no such line is known. */
bool mend_limit(struct plan *plan, const struct fact_limit_source *source);

/* ---- programs and processes (mend_run.c) ---- */

/* The go command that is found, or NULL. */
const struct fact_tool *mend_go(const struct facts *facts);
/* It is run with these words (up to a NULL) in cwd, and may change what is announced. NULL: unable. */
struct step *mend_run_go(struct plan *plan, const struct facts *facts, const char *cwd,
                         const char *const *words, const char *const *announces);
#define MEND_RUN_GO(plan, facts, cwd, announces, ...)                                              \
	mend_run_go((plan), (facts), (cwd), (const char *const[]){__VA_ARGS__, NULL}, (announces))
/* Where a step of mend_run_go (or NULL) gets modules. here: what it needs is held to be in the module cache, and it is
 * kept away from the network: what is missing all the same makes it fail. Else it needs the network, unless GOPROXY is a
 * directory; then only who is asked for checksums may be missing. summed: go.sum has them. */
void mend_fetch(struct plan *plan, const struct facts *facts, struct step *step, bool here,
                bool summed);
/* `go install package@version` that makes path (absolute). version: "v0.20.0" or "latest"; a release that lies on this
 * machine as source (tool_source) and that the Go at hand compiles is taken for it, else it needs the network. */
bool mend_install(struct plan *plan, const struct facts *facts, const char *package,
                  const char *version, const char *path);
/* Another gopls of this machine that runs is linked in the place of this one; where there is none it is installed anew. what: what is wrong with it, after its path. Unable for another program than gopls. */
void mend_gopls(struct plan *plan, const struct facts *facts, const struct fact_binary *binary,
                const char *what);
/* mend_install of gopls where go puts programs of this user. */
void mend_gopls_missing(struct plan *plan, const struct facts *facts, const char *version);
/* `go mod edit` or `go work edit` with this flag on the file, by a go that stays the one it is. */
bool mend_go_edit(struct plan *plan, const struct facts *facts, const char *file, const char *flag);

/* Asks a process to end, or one that is stopped to go on. ticks: 0 when not known; who: for people. */
bool mend_end(struct plan *plan, int64_t pid, int64_t ticks, const char *who);
bool mend_go_on(struct plan *plan, int64_t pid, int64_t ticks, const char *who);
/* The running server of this number is asked to end. */
bool mend_end_server(struct plan *plan, const struct facts *facts, int64_t pid);

#endif
