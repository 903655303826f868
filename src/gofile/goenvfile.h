/* SPDX-License-Identifier: MIT
 * The settings of the go command as go itself finds them: environment, `go env -w` file,
 * $GOROOT/go.env, default. Source: cmd/go/internal/cfg/cfg.go, cmd/go/internal/cache/default.go,
 * os.UserConfigDir and UserCacheDir of Go 1.26.
 */
#ifndef GOFILE_GOENVFILE_H
#define GOFILE_GOENVFILE_H

#include "base/arena.h"
#include "base/envset.h"

#include <stdbool.h>

#define GOENVFILE_MAX_BYTES ((size_t)(256 * 1024))

struct goenvfile_entry {
	const char *key;
	const char *value; /* as go takes it: blanks, quotes and a CR at the end belong to it */
	int line;
};

struct goenvfile {
	struct goenvfile_entry *entries; /* in the order of the file; of one key the last counts */
	size_t count;
	int ignored_line; /* first line that is neither setting, comment nor blank: go skips it in
	                     silence; 0 when none */
	bool truncated;   /* longer than GOENVFILE_MAX_BYTES */
};

struct goenvfile goenvfile_parse(struct arena *arena, struct slice text);
/* The entry in force for key; NULL when there is none. */
const struct goenvfile_entry *goenvfile_find(const struct goenvfile *file, const char *key);

enum goenv_origin {
	GOENV_UNSET,       /* nothing sets it and we know no default */
	GOENV_ENVIRONMENT, /* a variable of the environment that is not empty */
	GOENV_USER_FILE,   /* the `go env -w` file */
	GOENV_GOROOT_FILE, /* $GOROOT/go.env */
	GOENV_DEFAULT,
};

struct goenv_value {
	const char *value; /* never NULL */
	enum goenv_origin origin;
	int line; /* of the file; 0 otherwise */
};

/* What is known; text that could not be read is an empty slice. */
struct goenv {
	struct arena *arena;
	const struct envset *env;
	struct goenvfile user;
	struct goenvfile goroot;
	const char *goroot_default; /* where the go binary lies: its directory's parent; "" when
	                               unknown */
	const char *goos;           /* of the go binary: "linux" */
	const char *goarch;         /* of the go binary: "amd64" */
};

struct goenv goenv_of(struct arena *arena, const struct envset *env, struct slice user_file,
                      struct slice goroot_file, const char *goroot_default, const char *goos,
                      const char *goarch);

/* Path of the `go env -w` file: $GOENV, or the default. NULL when GOENV=off, or when neither an
 * absolute XDG_CONFIG_HOME nor HOME say where it is. A relative GOENV is given as it stands. */
const char *goenv_user_file_path(struct arena *arena, const struct envset *env);

/* The directory whose go.env counts. As in go, GOROOT of the user's file comes before that of the
 * environment here. */
const char *goenv_goroot_dir(const struct goenv *env);

/* The effective value. Defaults are known for GOROOT, GOPATH, GOMODCACHE, GOCACHE, GOENV, GOOS,
 * GOARCH and GOTELEMETRYDIR. GOCACHE is "off" by default when there is no home: "build cache is
 * required, but could not be located". */
struct goenv_value goenv_get(const struct goenv *env, const char *name);

#endif
