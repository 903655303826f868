/* SPDX-License-Identifier: MIT
 * A child that looks for us, so that a look that hangs in the kernel (dead NFS, a FUSE whose server
 * does not answer) costs a deadline and not the run. One question at a time.
 */
#ifndef WORLD_LOOK_SERVER_H
#define WORLD_LOOK_SERVER_H

#include "core/world.h"

#include <sys/types.h>

#define LOOK_ABANDONED_MAX                                                                         \
	32 /* as many children may hang; after that every look times out at once */

/* Shared with the child: how far into the path it has come. */
struct look_progress {
	volatile uint32_t
		reached_len; /* length of the part of arg that is being looked up; 0: none yet */
};

struct look_server {
	struct arena *arena;
	pid_t pid; /* 0 when there is none */
	int fd;    /* ours of the socketpair, -1 when there is no child */
	struct look_progress *progress;

	pid_t abandoned[LOOK_ABANDONED_MAX];
	size_t abandoned_count;
	const char **hanging; /* paths below which nothing answers */
	size_t hanging_count;
	size_t hanging_size;

	/* The question under way. */
	bool busy;
	enum look what;
	const char *arg;
	struct evidence *ev;
	char header[16];
	size_t header_len;
	char *bytes;
	size_t bytes_len;  /* announced */
	size_t bytes_have; /* of them arrived */
};

/* Forks the child. 0 or negative errno. */
int look_server_open(struct look_server *server, struct arena *arena);
/* Asks; the answer comes with look_server_receive. False when it was answered at once (a path known
 * to hang, no child to be had): then ev is filled. limit_ns tells the child when a walk or a
 * connect has to come to an end by itself. */
bool look_server_ask(struct look_server *server, enum look what, const char *arg, size_t cap,
                     int64_t limit_ns, struct evidence *ev);
/* When fd is readable: takes what came; `busy` is false once the answer is complete. */
void look_server_receive(struct look_server *server);
/* True when the child is not waiting for anything but the processor: it will answer. */
bool look_server_is_running(const struct look_server *server);
/* Gives the question up: kills the child without waiting for it, remembers the place, starts
 * another child. */
void look_server_abandon(struct look_server *server);
void look_server_close(struct look_server *server);

#endif
