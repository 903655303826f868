/* SPDX-License-Identifier: MIT
 * What clients log of a server's stderr: quoted pieces, as large as a read happened to return, so that
 * a line of the server, and any word in it, may be spread over several lines of the log.
 *
 *   [ERROR][2026-11-21 11:00:01] .../rpc.lua:734<tab>"rpc"<tab>"gopls"<tab>"stderr"<tab>"pan"   Neovim
 *   2026-11-21T11:00:01.1 helix_lsp::transport [ERROR] gopls err <- "panic: …\n"               helix
 *
 * Neovim quotes with vim.inspect (runtime/lua/vim/inspect.lua: ' instead of " around what has a "),
 * helix as Rust's {:?} does.
 */
#ifndef WIRE_LOGPIECES_H
#define WIRE_LOGPIECES_H

#include "base/slice.h"
#include "base/str.h"

struct log_piece {
	struct slice stream; /* of which server, as the client names it */
	struct slice quoted; /* between the quotes */
};

/* Is this line of a log such a piece? */
bool log_piece_of(struct slice line, struct log_piece *ret);
/* Appends what the server wrote. Never more bytes than are quoted. */
void log_piece_words(struct strbuf *out, const struct log_piece *piece);
/* Does the line tell of a client or a server that begins? What was unfinished before stays so. */
bool log_piece_begins_anew(struct slice line);

/* What the server wrote from the first line of its own on that begins on line `from` (counted from 1)
 * of the log or behind it. Where that line of the log is a piece, the pieces of the same server are
 * joined and all else is left out; elsewhere lines are taken as they are, without the stamps VS Code
 * puts in front of a traceback. In the arena. */
struct slice log_server_words(struct arena *arena, struct slice log, int64_t from);

#endif
