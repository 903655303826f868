/* SPDX-License-Identifier: MIT
 * A side of a comparison: one environment, whose it is, and what follows from it. Collected by
 * probes/sides/sides, compared by report/compare. Strings live in the arena of the run.
 */
#ifndef CORE_SIDE_H
#define CORE_SIDE_H

#include "base/envset.h"

#include <stdbool.h>
#include <stdint.h>

#define SIDES_MAX     24
#define SIDE_GAPS_MAX 16

enum side_kind {
	SIDE_SELF,    /* dialtone's own: that of the terminal */
	SIDE_SHELL,   /* a fresh login shell */
	SIDE_DESKTOP, /* what programs started by a click get */
	SIDE_MANAGER, /* what the user's services get */
	SIDE_EDITOR,
	SIDE_SERVER,  /* a running language server or debug adapter */
	SIDE_LOADER,  /* direnv, mise: dialtone's own with what they load on top */
	SIDE_PROCESS, /* --against pid:N */
	SIDE_FILE,    /* --against file:F */
};

/* A program this side would run. */
struct side_tool {
	const char *name;       /* "go", "gopls", "dlv", "git", "gcc" */
	bool known;             /* we could look */
	const char *path;       /* as it is found; NULL: none is */
	const char *via;        /* "path", "alternate", "gobin", "gopath", "toolsgopath", "goroot",
	                      "default", "mason", "running" (the process itself), "hint" (a
	                      file's words) */
	const char *real;       /* links resolved, "" when unknown */
	const char *format;     /* of gofile/binary.h, "" when not looked at */
	const char *version;    /* from its build info: go1.26.8, v0.23.0; "" when it has none */
	const char *built_with; /* the Go version a Go program was built with, or "" */
	int64_t dev, ino;       /* 0 when unknown */
};
enum side_tool_index { TOOL_GO, TOOL_GOPLS, TOOL_DLV, TOOL_GIT, TOOL_GCC, TOOL_COUNT };

/* The effective value of a variable of go. */
struct side_govar {
	const char *name;
	const char *value;
	const char *origin; /* as in the fact govar: env settings goenv goroot default */
	const char *where;  /* "path:line", or "" */
};

struct side {
	enum side_kind kind;
	const char *id;     /* as --against takes it: self, shell, desktop, systemd, pid:N, file:F,
	                      direnv, mise */
	const char *label;  /* for people: "here", "login shell", "nvim 4242" */
	const char *what;   /* kind of editor, name of server or process, form of the file; "" */
	int64_t pid;        /* 0: no process */
	int64_t start_ns;   /* since the epoch, 0 when unknown */
	const char *source; /* of the evidence the environment comes from */
	bool known;         /* the environment could be read */
	const char *why;    /* one sentence why not; or a remark ("" none) */
	bool foreign;       /* of another machine: paths and defaults say nothing here */
	struct envset env;
	struct envset tools_env; /* env with what the editor's settings put over it */
	struct side_tool tools[TOOL_COUNT];
	const struct side_govar *govars;
	size_t govar_count;
	bool tmp_usable; /* TMPDIR, or /tmp: a directory we may write to */
	bool has_context;
	struct slice context; /* LOOK_CONTEXT */
	struct slice mounts;  /* LOOK_MOUNTS, only where the mount namespace differs from ours */
	const char *root;     /* "" or "/proc/PID/root": where its files are seen from here */
	const char *unit;     /* systemd unit file that starts it, or "" */
};

/* What could not be looked at. */
struct side_gap {
	const char *id; /* of a side */
	const char *because;
	const char *needs;
};

struct sides {
	struct side items[SIDES_MAX]; /* the first is what the others are compared with */
	size_t count;
	struct side_gap gaps[SIDE_GAPS_MAX];
	size_t gap_count;
};

/* The word for a kind: self, shell, desktop, manager, editor, server, loader, process, file. */
const char *side_kind_name(enum side_kind kind);
/* An editor of VS Code's family, whose Go extension finds tools and changes the environment. */
bool side_is_vscode(const struct side *side);
/* NULL when go has no such variable on this side. */
const struct side_govar *side_govar_find(const struct side *side, const char *name);
void sides_gap(struct sides *sides, const char *id, const char *because, const char *needs);

#endif
