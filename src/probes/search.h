/* SPDX-License-Identifier: MIT
 * Where a tool is looked for, place by place, in the editor's order. Each place that matters
 * becomes a fact "tool".
 */
#ifndef PROBES_SEARCH_H
#define PROBES_SEARCH_H

#include "core/probe.h"

struct search {
	struct exam *exam;
	const char *tool;  /* "go" or "gopls" */
	const char *name;  /* file name looked for; differs from tool for a relative
	                      go.alternateTools value */
	int64_t order;     /* places looked at so far */
	const char *found; /* the first usable one, or NULL */
};

void search_begin(struct search *s, struct exam *exam, const char *tool);
/* One place by its full path. Places that are absent are stated only when `state_absent`. */
void search_file(struct search *s, const char *path, const char *via, bool state_absent);
/* A path that a setting names; states it in any case. */
void search_configured(struct search *s, const char *path, const struct fact_setting *setting);
/* <dir>/<name>; an empty or relative dir is skipped. */
void search_dir(struct search *s, const char *dir, const char *via, bool state_absent);
/* Each element of a PATH-like list; suffix ("" or "/bin") is put behind each. */
void search_list(struct search *s, const char *list, const char *suffix, const char *via);

/* Each directory on the PATH of env. */
void search_path(struct search *s, const struct envset *env);
/* The first usable one on the PATH of env, stated place by place; what lies elsewhere is stated
 * when there is none. NULL when there is none. */
const char *search_on_path(struct exam *exam, const char *tool, const struct envset *env);

/* Places where editors do not look but people install to; facts with via "elsewhere", never chosen.
 */
void search_elsewhere(struct search *s);

/* What a PATH that nobody knew of until now leads to, if that was not seen yet: via "elsewhere". */
void search_list_elsewhere(struct exam *exam, const char *tool, const char *list);

/* The first usable file of that name on a PATH-like list, or NULL; no facts. */
const char *search_path_only(struct exam *exam, const char *list, const char *name);
/* A path as it is, a name as the first usable one on the PATH of env; or NULL; no facts. */
const char *search_program(struct exam *exam, const char *program, const struct envset *env);
/* As search_path_only; *ret_known is false when a place before it could not be looked at. */
const char *search_path_known(struct exam *exam, const char *list, const char *name,
                              bool *ret_known);

#endif
