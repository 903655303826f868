/* SPDX-License-Identifier: MIT
 * What `dialtone check` can be told, and what of it makes no sense.
 */
#ifndef CMD_CHECK_OPTIONS_H
#define CMD_CHECK_OPTIONS_H

#include "base/err.h"
#include "core/command.h"
#include "core/target.h"
#include "core/world.h"

struct check_options {
	const char *editor;
	const char *environment;
	const char *file;
	bool json;
	const char *html;
	const char *save;
	const char *from;
	const char *from_trace;
	bool trace;             /* record the examination as well, and compare */
	const char *save_trace; /* keep that recording: implies trace */
	/* Not options (cmd/traced.h): where our recorder listens, and its answer; 0: nobody records. */
	int traced_fd, traced_memory;
	bool raw;
	bool trust;
	bool no_server;
	struct option_list without;
	struct option_list logs;
	bool list_probes;
	struct option_list fail_on; /* cmd/fail_on.h */
	bool quiet;
	bool prove;
	bool no_remember;
	bool once; /* no second look (cmd/behind.h) */
	const char *timeout;
	bool verbose;
	const char *color;
};

#define CHECK_TIMEOUT_DEFAULT       "20"
#define CHECK_TIMEOUT_DEFAULT_PROVE "60"
#define STATUS_SIGNAL_BASE          128 /* plus the number of the signal that ended us, as shells say it */

/* The options of a struct type that holds struct check_options as its member `check` and is about the same target. */
#define CHECK_AT(type, member) (offsetof(type, check) + offsetof(struct check_options, member))
#define CHECK_TARGET_SPECS(type)                                                                   \
	{"file",                                                                                   \
	 'f',                                                                                      \
	 "F",                                                                                      \
	 OPTION_TEXT,                                                                              \
	 CHECK_AT(type, file),                                                                     \
	 "the file you have open (else one is chosen)"},                                           \
		{"editor",                                                                         \
	         'e',                                                                              \
	         "NAME",                                                                           \
	         OPTION_TEXT,                                                                      \
	         CHECK_AT(type, editor),                                                           \
	         "whose rules count: vscode, neovim, emacs ... none"},                             \
		{"environment",                                                                    \
	         'E',                                                                              \
	         "SPEC",                                                                           \
	         OPTION_TEXT,                                                                      \
	         CHECK_AT(type, environment),                                                      \
	         "self, shell, desktop, pid:N or file:F (of env -0)"},                             \
	{                                                                                          \
		"json", 'j', NULL, OPTION_FLAG, CHECK_AT(type, json), "for programs"               \
	}
#define CHECK_HOW_SPECS(type)                                                                      \
	{"trust", 0, NULL, OPTION_FLAG, CHECK_AT(type, trust), "run what the workspace names"}, {  \
		"color", 0, "WHEN", OPTION_TEXT, CHECK_AT(type, color), "auto, always or never"    \
	}

extern const struct option_spec check_option_specs[];
extern const struct command command_check; /* cmd/check.c; read again when a case file is opened */

/* 0, or -EINVAL with a sentence that names the option, its value and what was expected. Looks at
 * nothing. */
int check_options_validate(struct arena *arena, const struct check_options *options,
                           size_t operand_count, struct err *err);

/* The examination is to be recorded. */
bool check_options_trace(const struct check_options *options);

/* The machine is not looked at: a file says what was seen. */
bool check_options_replay(const struct check_options *options);

/* "0.5", "20" in nanoseconds; at most a day. 0 or -EINVAL. */
int seconds_parse(const char *text, int64_t *ret_ns);

/* A path as the user wrote it, relative to the working directory as the user sees it: PWD when that
 * leads to the same place. -errno with a sentence when there is no working directory. */
int user_path_absolute(struct arena *arena, struct world *world, const char *path, const char **ret,
                       struct err *err);

/* What the command line says about the target. dir: the operand or NULL. The working directory is
 * taken from PWD when that names it, so that symlinks stay as the user wrote them. -errno with a
 * sentence when there is no working directory to begin a relative path with. */
int check_target_fill(struct arena *arena, struct world *world, const struct check_options *options,
                      const char *dir, struct target *ret, struct err *err);

#endif
