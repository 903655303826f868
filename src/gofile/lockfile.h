/* SPDX-License-Identifier: MIT
 * Which files the go command, gopls, an editor, git and the package manager lock, and what each stands for.
 *
 * Sources: go1.18 to go1.27 cmd/go/internal/modfetch (cache.go lockVersion and SideLock, fetch.go, sumdb.go, codehost/codehost.go
 * WorkDir, codehost/git.go), modload (modfile.go, init.go), cache/cache.go Trim, clean/clean.go; all of them flock(2)
 * (lockedfile/internal/filelock/filelock_unix.go). gopls: internal/telemetry prompt (prompt/telemetry.lock, created with
 * O_EXCL). VS Code: code.lock in the user data directory, created with the pid in it; its sockets (ipc.net.ts). git: lockfile.h, NAME.lock created
 * with O_EXCL. dpkg and apt: fcntl(2) on lock, lock-frontend.
 */
#ifndef GOFILE_LOCKFILE_H
#define GOFILE_LOCKFILE_H

#include "base/arena.h"

#include <stdbool.h>

enum lockfile_kind {
	LOCKFILE_OTHER,
	LOCKFILE_VERSION,   /* one version of a module: it is downloaded and unpacked under it */
	LOCKFILE_TOOLCHAIN, /* the same of a Go toolchain */
	LOCKFILE_LIST,      /* what is known of the versions of a module, or a hash of one */
	LOCKFILE_MODCACHE,  /* the whole module cache, for the sake of old versions of go */
	LOCKFILE_VCS,       /* a repository that is fetched directly */
	LOCKFILE_SUMDB,     /* what is known of the checksum database */
	LOCKFILE_PROJECT,   /* go.mod, go.sum, go.work, go.work.sum themselves */
	LOCKFILE_BUILD,     /* trim.txt and testexpire.txt of the build cache */
	LOCKFILE_GOPLS,     /* whether the user has been asked about telemetry */
	LOCKFILE_EDITOR,    /* one VS Code for each user data directory */
	LOCKFILE_GIT,       /* exists as long as git writes the file it is named after */
	LOCKFILE_PACKAGES,  /* dpkg and apt */
};

struct lockfile {
	enum lockfile_kind kind;
	const char *name;    /* one word for the kind: "version", "toolchain" … */
	const char *what;    /* what is locked, in words: "module rsc.io/quote v1.5.2" */
	const char *module;  /* of VERSION and LIST, as written in go.mod; else "" */
	const char *version; /* of VERSION; TOOLCHAIN: "go1.27.3"; else "" */
	bool by_existence;   /* it is the file that locks, not a lock on it */
};

/* From the path alone; never fails (LOCKFILE_OTHER). Texts are in the arena and never NULL. */
struct lockfile lockfile_of(struct arena *arena, const char *path);

#endif
