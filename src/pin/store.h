/* SPDX-License-Identifier: MIT
 * Where versions lie and what says which one counts: $XDG_DATA_HOME/dialtone (~/.local/share/dialtone by default).
 *
 *   versions/TOOL/VERSION/   programs, go.sum, SHA256SUMS, PIN; comes to be by one rename and is never written again
 *   current/TOOL             link: ../versions/TOOL/VERSION; the switch is one rename of it
 *   previous/TOOL            link: what current/TOOL said before
 *   bin/PROGRAM              link: ../current/TOOL/PROGRAM; the directory that belongs on PATH
 *   tmp/NAME/                work in progress; the file `lock` in it is held by who works there
 */
#ifndef PIN_STORE_H
#define PIN_STORE_H

#include "pin/tool.h"

#define STORE_SUMS   "SHA256SUMS"
#define STORE_GOSUM  "go.sum"
#define STORE_RECORD "PIN"

/* NULL when neither XDG_DATA_HOME nor HOME says where. */
const char *store_root(struct arena *arena);

const char *store_version_dir(struct arena *arena, const char *root, const struct pin_tool *tool,
                              const char *version);
const char *store_current(struct arena *arena, const char *root, const struct pin_tool *tool);
const char *store_previous(struct arena *arena, const char *root, const struct pin_tool *tool);
/* bin/gofmt for the program bin/gofmt, and what that link says. */
const char *store_shim(struct arena *arena, const char *root, const char *program);
const char *store_shim_target(struct arena *arena, const struct pin_tool *tool,
                              const char *program);
/* What current/TOOL and previous/TOOL say of a version, and back: NULL when the text is not of that form. */
const char *store_target(struct arena *arena, const struct pin_tool *tool, const char *version);
const char *store_version_of_target(struct arena *arena, const struct pin_tool *tool,
                                    const char *target);

/* What a link says; NULL when there is none. */
const char *store_link(struct arena *arena, const char *path);
/* The version that current/TOOL or previous/TOOL names, or NULL. */
const char *store_linked(struct arena *arena, const char *link, const struct pin_tool *tool);

/* Versions that are there, newest first; NULL-terminated. */
const char *const *store_versions(struct arena *arena, const char *root,
                                  const struct pin_tool *tool);

/* A new directory below tmp/, with its lock held as long as *ret_lock is open. Directories whose owner died are removed
 * on the way. NULL with a sentence. */
const char *store_scratch(struct arena *arena, const char *root, int *ret_lock, struct err *err);

/* Makes a directory and its parents, mode 0755. 0 or -errno. */
int store_make_path(struct arena *arena, const char *dir);

/* dir, below tmp/, becomes that of the version in one rename; what stood there before is in dir then. All is on the disk
 * before and after it. -errno with a sentence: nothing has changed then. */
int store_publish(struct arena *arena, const char *root, const struct pin_spec *spec,
                  const char *dir, struct err *err);

#endif
