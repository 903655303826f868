/* SPDX-License-Identifier: MIT
 * Steps that several fixes take: a variable away or to another value in the place that decides about it now, a line for
 * the next session, a setting of the user's, a program installed anew. Where nothing local can be done the plan says
 * so (plan->unable) and the answer is false.
 */
#ifndef CORE_MEND_H
#define CORE_MEND_H

#include "core/finding.h"
#include "core/plan.h"

/* The value (NULL: none any more) where the variable is set now: a key of the settings, the file of `go env -w`, the
 * lines of start-up files, the script that stands for go. A value that only the environment of a running process has is
 * out of reach. Adds to plan->environment and plan->then what only a new session gets. */
bool mend_variable(struct plan *plan, const struct facts *facts, const struct fact_govar *var,
                   const char *value);
/* The same of that name, which may have no govar (TMPDIR, XDG_CACHE_HOME). */
bool mend_name(struct plan *plan, const struct facts *facts, const char *name, const char *value);

/* The file of `go env -w`; NULL when there is none (GOENV=off), or it is not known. */
const char *mend_goenv_file(const struct facts *facts);

/* A line in the file of the user that a login shell reads: export NAME=VALUE. */
bool mend_export(struct plan *plan, const struct facts *facts, const char *name, const char *value);
/* The same that puts directories (with ':' between) behind those of PATH, or in front of them. */
bool mend_path(struct plan *plan, const struct facts *facts, const char *dirs, bool in_front);

/* The setting where it stands, json: its new value, or NULL to take it away. False for an editor whose settings are
 * not those of VS Code: where a key lies in its file is not known here. */
bool mend_setting(struct plan *plan, const struct facts *facts, const struct fact_setting *setting,
                  const char *json);
/* A member of the user's own settings of the VS Code family, keys: parts with '/' between; false for another editor. */
bool mend_user_setting(struct plan *plan, const struct facts *facts, const char *keys,
                       const char *json);
/* `go install package` that makes path (absolute), by the go that is found; needs the network. */
bool mend_install(struct plan *plan, const struct facts *facts, const char *package,
                  const char *path);

/* `go mod edit` or `go work edit` with this flag on the file, by the go that is found, which stays the one it is. */
bool mend_go_edit(struct plan *plan, const struct facts *facts, const char *file, const char *flag);
/* The go command that is found, or NULL. */
const struct fact_tool *mend_go(const struct facts *facts);

/* Adds to plan->environment: "NAME=value", or "NAME" for one taken away. */
void mend_environment(struct plan *plan, const char *word);
/* What becomes of a new session only, as a sentence for plan->then. */
const char *mend_restart(const struct facts *facts);
/* The editor follows the rules of VS Code; so it does when nobody says which one it is. */
bool mend_is_vscode(const struct facts *facts);

#endif
