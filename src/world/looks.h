/* SPDX-License-Identifier: MIT
 * The looks themselves; they run in the child of look_server.h and may hang.
 * The forms of the answers are those of enum look in core/world.h.
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
/* As openat(2) and look_read_fd for a regular file. 0 or a positive errno: EISDIR, EINVAL for what
 * is neither file nor directory. */
int look_read_file(int dir_fd, const char *path, size_t cap, struct look_reply *reply);

/* mounts.c, walk.c, connect.c, gopls_processes.c, family.c, watches.c, state_db.c */
void look_mount(const struct look_request *request, struct look_reply *reply);
void look_walk(const struct look_request *request, struct look_reply *reply);
void look_walked(const struct look_request *request, struct look_reply *reply);
void look_owners(const struct look_request *request, struct look_reply *reply);
void look_state(const struct look_request *request, struct look_reply *reply);
void look_connect(const struct look_request *request, struct look_reply *reply);
void look_gopls(const struct looker *looker, const struct look_request *request,
                struct look_reply *reply);
void look_family(const struct looker *looker, const struct look_request *request,
                 struct look_reply *reply);
void look_watches(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply);

#endif
