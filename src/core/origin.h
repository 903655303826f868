/* SPDX-License-Identifier: MIT
 * Where the value of a variable comes from, in words, and how to take it away there.
 */
#ifndef CORE_ORIGIN_H
#define CORE_ORIGIN_H

#include "core/finding.h"

/* The last place in the start-up files that sets NAME to this value (NULL: to any), or NULL. */
const struct fact_startup *origin_startup(const struct facts *facts, const char *name,
                                          const char *value);

/* "in ~/.config/go/env line 3", "in settings.json line 12 (go.toolsEnvVars)", "in the environment,
 * set by
 * ~/.profile line 7", "in the environment of process 4242", "in the environment". In the arena of
 * facts. */
const char *origin_words(const struct facts *facts, const struct fact_govar *var);

/* The key of the settings that gives the variable to the server ("go.toolsEnvVars.GOFLAGS", "go.goroot",
 * "gopls.build.env": a member of that). */
const char *origin_setting_key(const struct facts *facts, const char *name);

/* Cites the variable as the judged environment has it; nothing when it is not set there. */
void origin_cite_judged(const struct facts *facts, struct finding *finding, const char *name);

/* Adds the fix that takes the variable away where it is set, cites what proves the place. */
void origin_fix(const struct facts *facts, struct findings *out, struct finding *finding,
                const struct fact_govar *var);

/* A go that works but lies where the server's PATH does not lead: the best of them, or NULL. NULL
 * as well when the server finds a go, or when its PATH leads to one that cannot be executed (that
 * is another cause). */
const struct fact_tool *origin_go_off_path(const struct facts *facts);
/* A place of an installation of Go (…/go/bin/go, …/go1.26/bin/go) which this user may not look into: it is
 * on PATH because Go is there. */
bool origin_is_hidden_go(const struct facts *facts, const struct fact_tool *tool);
/* A gopls that works and lies where the editor does not look: one this machine can run first; NULL
 * when there is none or the editor finds one. */
const struct fact_tool *origin_gopls_elsewhere(const struct facts *facts);
/* A gopls that works and lies in a directory which a start-up file adds to PATH, when the editor
 * finds none; or NULL. */
const struct fact_tool *origin_gopls_off_path(const struct facts *facts);
/* The start-up line that puts the directory of this tool on PATH, the latest one, or NULL. */
const struct fact_startup *origin_path_line(const struct facts *facts,
                                            const struct fact_tool *tool);
/* Something that is wrong now and would not be if the server had this value of the variable: the
 * fact that shows it, or NULL. */
const struct fact *origin_need(const struct facts *facts, const char *name, const char *value);
/* The file of the user that a login shell reads, as a shell takes it: "~/.profile". */
const char *origin_login_file(const struct facts *facts);
/* The code that this value of GOOS, GOARCH or CGO_ENABLED leaves out of the build, or NULL. */
const struct fact *origin_excluded(const struct facts *facts, const char *name, const char *value);
/* A file or package that is only left out because a tag in these GOFLAGS is set (//go:build !tag), or NULL. */
const struct fact *origin_tag_harm(const struct facts *facts, const char *flags);
/* What a wrong value of this variable can bring about, to be the explains of a finding about it (finding.h): a
 * stored GOROOT has nothing to do with a line that go.sum lacks. */
const char *const *origin_explains(const char *name, const char *value);
/* The judged environment is that of a remote editor (VS Code's server and its kin). */
bool origin_is_remote(const struct facts *facts);

/* The variable of the environment the server gets, seen as a govar: a variable go itself does not
 * know (TMPDIR, HOME). */
struct fact_govar origin_of_var(const struct facts *facts, const char *name);

#endif
