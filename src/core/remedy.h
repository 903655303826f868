/* SPDX-License-Identifier: MIT
 * Steps that several fixes take. Each adds to the plan, or makes it say why it is unable; none looks at anything.
 */
#ifndef CORE_REMEDY_H
#define CORE_REMEDY_H

#include "core/finding.h"
#include "core/plan.h"

/* "path:line" in two parts, in the arena; false when it is no such thing. */
bool remedy_where(struct arena *arena, const char *where, const char **ret_file, int64_t *ret_line);

/* A variable of the environment or of the go command: taken away (NULL), or given this value, where it is set now: in the
 * file of `go env -w`, in the settings, in the start-up file that sets it. One that has its default gets a value in the
 * file of `go env -w`. */
void remedy_variable(const struct facts *facts, struct plan *out, const char *name,
                     const char *value);
/* One that the env setting of gopls sets at where ("path:line"). */
void remedy_settings_variable(const struct facts *facts, struct plan *out, const char *name,
                              const char *where);
/* The words of GOFLAGS that begin with this are taken out, where it is set. */
void remedy_goflags(const struct facts *facts, struct plan *out, const char *beginning);
/* The entry (a string without escapes) goes out of the list that this setting is. */
void remedy_list_setting(const struct facts *facts, struct plan *out, const char *key,
                         const char *entry);
/* A build flag likewise; key "": of the list of build flags that has it. */
void remedy_flag_setting(const struct facts *facts, struct plan *out, const char *key,
                         const char *flag);
/* A variable that only environments hold: exported by the start-up file of the login shell. */
void remedy_export(const struct facts *facts, struct plan *out, const char *name,
                   const char *value);
/* Puts this in what the environment will be: "NAME=value" or "NAME" (see plan.h). */
void remedy_environment(struct plan *out, const char *word);

/* A fresh directory takes the place of a cache. away: it must lie on another file system than this cache does. */
void remedy_cache(const struct facts *facts, struct plan *out, const char *name, bool away);
/* The same for the directory of temporary files that go itself uses. */
void remedy_tmp(const struct facts *facts, struct plan *out);
/* A directory of this name in the home can be made and takes files: its path; NULL when not. */
const char *remedy_room(const struct facts *facts, const char *name, const char *not_on_mount);

/* `go` with these words (up to a NULL) in cwd, which may change what is announced. */
struct step *remedy_go(const struct facts *facts, struct plan *out, const char *cwd,
                       const char *const *words, const char *const *announces);
/* Where a step of remedy_go (or NULL) gets modules. here: what it needs is in the module cache, and it asks no network: what is
 * missing all the same makes it fail. Else it needs the network, unless GOPROXY is a directory. */
void remedy_fetch(const struct facts *facts, struct plan *out, struct step *step, bool here);
#define REMEDY_GO(facts, plan, cwd, announces, ...)                                                \
	remedy_go((facts), (plan), (cwd), (const char *const[]){__VA_ARGS__, NULL}, (announces))

/* Asks a process to end, or one that is stopped to go on. ticks: 0 when not known. */
void remedy_end(struct plan *out, int64_t pid, int64_t ticks, const char *who);
void remedy_go_on(struct plan *out, int64_t pid, int64_t ticks, const char *who);
/* The running server of this number is asked to end. */
void remedy_end_server(const struct facts *facts, struct plan *out, int64_t pid);

/* A limit that a line of a script or start-up file sets is lifted there. */
void remedy_limit(struct plan *out, const struct fact_limit_source *source);

/* This user, and the owner of something. */
bool remedy_is_own(const struct facts *facts, int64_t uid);
/* All below path is given to this user; needs root. */
void remedy_chown(const struct facts *facts, struct plan *out, const char *path);

#endif
