/* SPDX-License-Identifier: MIT
 * What a gopls was started for, from its arguments. Source: gopls internal/cmd; "** telemetry **" is the argument
 * of its side process (golang.org/x/telemetry/start.go). And the socket of its daemon.
 */
#ifndef CORE_GOPLS_CALL_H
#define CORE_GOPLS_CALL_H

#include "base/arena.h"

#define GOPLS_CALL_WORDS_MAX 64

struct gopls_call {
	const char *program; /* argv[0], "" without arguments */
	const char *
		role; /* server, forwarder, daemon, mcp, command; NULL: the telemetry side process */
	const char *remote; /* the value of -remote or -listen, "" without */
	const char *words;  /* the arguments, with blanks between them; NULL for the side process */
};

/* cmdline: arguments with \x1f between them. */
struct gopls_call gopls_call_read(struct arena *arena, struct slice cmdline);

#define GOPLS_SOCKET_HASH_DIGITS 6

/* Where `-remote=auto` looks for the daemon. Source: golang/tools gopls/internal/lsprpc/autostart_posix.go: the
 * directory is $XDG_RUNTIME_DIR or os.TempDir(), the name PROGRAM-HASH-daemon.USER[-ID] with six hex digits of the
 * SHA-256 of what `go tool buildid PROGRAM` prints, or of the path itself when that fails. */
struct gopls_socket {
	const char *dir;
	const char *origin; /* XDG_RUNTIME_DIR, TMPDIR or "default" */
	const char *user;   /* $USER, else "shared" */
	const char *tail;   /* "-daemon.USER[-ID]" */
};

/* The values of the variables, NULL when not set; address: that of -remote ("auto", "auto;ID"). */
struct gopls_socket gopls_socket_place(struct arena *arena, const char *runtime_dir,
                                       const char *tmpdir, const char *user, const char *address);
/* hash: at least six hex digits; program: its base name is used. */
const char *gopls_socket_path(struct arena *arena, const struct gopls_socket *place,
                              const char *program, const char *hash);

#endif
