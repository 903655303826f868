/* SPDX-License-Identifier: MIT
 * The looks themselves; they run in the child of look_server.h and may hang.
 * The forms of the answers are those of core/look.def.
 */
#ifndef WORLD_LOOKS_H
#define WORLD_LOOKS_H

#include "base/str.h"
#include "core/world.h"
#include "world/look_server.h"
#include "world/proc_scan.h"

#define WALK_ENTRIES_MAX   ((size_t)20000)
#define WALK_GO_FILES_MAX  200
#define TREE_ENTRIES_MAX   ((size_t)400000)
#define OWNERS_ENTRIES_MAX ((size_t)4000)
#define OWNERS_LISTED_MAX  20

struct looker {
	struct look_progress *progress;
	pid_t self;               /* the process that "self" means: the one that asks */
	uid_t uid;                /* effective */
	struct proc_names *names; /* of the last scan of all processes */
	char *verified_dir;       /* malloc'ed; the directory whose lookup went well last */
};

struct look_request {
	struct arena *arena; /* for this one look */
	enum look what;
	const char *arg;
	size_t cap;
	int64_t until_ns; /* when a walk has to come to its end */
};

struct look_reply {
	enum ev_state state;
	int error;
	struct strbuf bytes;
};

/* Fills *reply, whose bytes are initialised with request->arena. */
void look_answer(struct looker *looker, const struct look_request *request,
                 struct look_reply *reply);

/* For the parts of a look: state and error from a positive errno; bytes stay. */
void look_reply_errno(struct look_reply *reply, int error);
/* Reads fd into reply up to cap; EV_TRUNCATED when there is more. 0 or a positive errno. */
int look_read_fd(int fd, size_t cap, struct look_reply *reply);
/* A regular file, opened for reading, or -1 with *ret_error: EISDIR, EINVAL for what is neither file nor directory, or
 * why it cannot be opened. The caller closes it. */
int look_open_regular(int dir_fd, const char *path, int *ret_error);
/* As openat(2) and look_read_fd for a regular file. 0 or a positive errno: EISDIR, EINVAL for what
 * is neither file nor directory. */
int look_read_file(int dir_fd, const char *path, size_t cap, struct look_reply *reply);

enum look_argument { LOOK_ARGUMENT_PATH, LOOK_ARGUMENT_DIRECTORY, LOOK_ARGUMENT_OTHER };

/* What the argument of a look is (core/look.def). */
enum look_argument look_argument(enum look what);

/* The looks themselves, one for each line of core/look.def. */
#define LOOK(kind_, function_, prefix_, suffix_, argument_)                                        \
	void function_(const struct looker *looker, const struct look_request *request,            \
	               struct look_reply *reply);
#include "core/look.def"
#undef LOOK

#endif
