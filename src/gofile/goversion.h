/* SPDX-License-Identifier: MIT
 * Versions of Go itself: their order, what `go version` says, and which toolchain a go.mod makes go
 * run. Source: Go 1.26 internal/gover, cmd/go/internal/gover, cmd/go/internal/toolchain/select.go;
 * go.dev/doc/toolchain.
 */
#ifndef GOFILE_GOVERSION_H
#define GOFILE_GOVERSION_H

#include "base/arena.h"

#include <stdbool.h>

/* Versions are without "go": "1.22" (a language version), "1.22rc1", "1.22.0". */
bool goversion_is_valid(const char *version);
/* True for "1.22": names a language, and no release once >= 1.21. */
bool goversion_is_lang(const char *version);
/* <0, 0, >0 in the order 1.22 < 1.22rc1 < 1.22.0; an invalid version (also NULL) is less than any
 * other. Before 1.21 the first release has no ".0": 1.20 equals 1.20.0. */
int goversion_compare(const char *a, const char *b);
/* The second number: 26 for "1.26.8" and "go1.26.8"; -1 when invalid or not 1.x. */
int goversion_minor(const char *version);

/* The version in a toolchain name: "1.26.5" for "go1.26.5" and "go1.26.5-X:nodwarf5"; NULL when it
 * names none. */
const char *goversion_of_toolchain(struct arena *arena, const char *name);

/* What `go version`, `go env GOVERSION` or a GOROOT's VERSION file says. */
struct goversion_output {
	const char *version; /* "1.26.8"; "1.28" for "devel go1.28-abc" */
	const char *name;    /* the word as printed: "go1.26.5-X:nodwarf5" */
	const char *goos;    /* "" when not printed */
	const char *goarch;  /* "" when not printed */
	bool devel;          /* a development build */
	bool suffixed; /* the word has more than the version: a distributor's or experiment's suffix
	                */
};

#define GOVERSION_OUTPUT_MAX_BYTES ((size_t)4096)

/* False when the text names no Go version. Looks at the first line that does, within the cap. */
bool goversion_parse_output(struct arena *arena, struct slice text, struct goversion_output *ret);

enum goswitch_kind {
	GOSWITCH_NONE,          /* the local toolchain does the work */
	GOSWITCH_LOCAL_TOO_OLD, /* go stops: "go.mod requires go >= …" */
	GOSWITCH_NEEDS,         /* go looks for another toolchain in PATH, then downloads it unless
	                           path_only */
	GOSWITCH_INVALID,       /* go stops: GOTOOLCHAIN or the toolchain line is no good */
};

enum goswitch_source {
	GOSWITCH_FROM_NOTHING,
	GOSWITCH_FROM_SETTING,        /* GOTOOLCHAIN */
	GOSWITCH_FROM_GO_LINE,        /* go line */
	GOSWITCH_FROM_TOOLCHAIN_LINE, /* toolchain line */
};

struct goswitch {
	enum goswitch_kind kind;
	enum goswitch_source source; /* what decided */
	const char *toolchain;       /* NEEDS: its name ("go1.27.0"); else "" */
	const char
		*required; /* the go line's version when it is newer than what will run, else "" */
	bool path_only;    /* NEEDS: only PATH is searched, nothing is downloaded */
	bool then_too_old; /* NEEDS: that toolchain will refuse the go line */
};

/* What go with this local version does for a main module (or workspace) with these lines.
 * local: "1.26.8" or "go1.26.8-suffix". go_line, toolchain_line: as in the file, NULL or "" when
 * absent. gotoolchain: the effective setting (environment, go env file, $GOROOT/go.env); "" makes
 * no switch, as in go. */
struct goswitch goversion_switch(struct arena *arena, const char *local, const char *go_line,
                                 const char *toolchain_line, const char *gotoolchain);

#endif
