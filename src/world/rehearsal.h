/* SPDX-License-Identifier: MIT
 * A rehearsal: something is done to this machine and a program is run on what came of it, in a view (world/view.h) with
 * processes of its own (pid_namespaces(7)), of which nothing is left afterwards, however it ends. Chosen directories are
 * copy-on-write in memory, /tmp too; all else is read-only; /dev/shm and the runtime directory are empty; the network is
 * as it is unless it is to be kept out. Other processes are neither seen nor reached.
 *
 * What is not as outside, and so cannot be rehearsed: a file system that is full or slow (what is written is in memory),
 * locks and sockets that processes outside have, other processes. To an ordinary user files of others belong to the user
 * `nobody` (one number is all he may map), and a directory cannot be moved (overlayfs: option userxattr excludes
 * redirect_dir).
 */
#ifndef WORLD_REHEARSAL_H
#define WORLD_REHEARSAL_H

#include "base/arena.h"
#include "base/err.h"
#include "core/world.h"

#include <stdbool.h>
#include <stdint.h>

#define REHEARSAL_BYTES                                                                            \
	((size_t)1 << 30) /* that may be written, at most; less where memory is short */
#define REHEARSAL_ROOTS_MAX 48

/* What is so inside; for act. */
struct rehearsal {
	bool own_processes; /* else those outside can be seen and reached, as in a container that lets nobody mount
	                       /proc: signals must not be sent */
	bool own_network;
};

struct rehearsal_spec {
	/* Absolute, NULL-terminated; what is not there yet is made below what is. */
	const char *const *writable;
	size_t cap_bytes; /* 0: REHEARSAL_BYTES */
	bool no_network;  /* not even a loopback that is up */
	/* Done first, in a process of its own: what it changes in memory is not seen by the caller. 0, or negative
	 * errno with a sentence: then nothing is run. NULL: nothing is done. */
	int (*act)(void *context, const struct rehearsal *inside, struct err *err);
	void *context;
	/* In place of a program: done in a process of its own, which ends with what it returns. */
	int (*main)(void *context);
	const char *const *argv; /* argv[0]: NULL for this very program */
	size_t argc;
	char *const *envp;
	const char *cwd;
	struct limit_pair nofile; /* RLIMIT_NOFILE, zeros: ours */
	struct limit_pair nproc;
	size_t output_cap;   /* of standard output; what comes after that ends it */
	int64_t deadline_ns; /* clock_now_ns() */
	int interrupt_fd;    /* readable: it shall end; -1 */
};

enum rehearsal_end {
	REHEARSAL_RAN,         /* the program has ended: status and out */
	REHEARSAL_REFUSED,     /* there is no such view here: because */
	REHEARSAL_NOT_DONE,    /* act failed: because, error */
	REHEARSAL_TIMED_OUT,   /* before the program had ended */
	REHEARSAL_INTERRUPTED, /* likewise */
};

struct rehearsal_outcome {
	enum rehearsal_end end;
	const char *because; /* a sentence, lower case, no full stop; "" when it ran */
	int error;           /* positive errno behind it, or 0 */
	struct rehearsal inside;
	int status;         /* as of waitpid(2) */
	struct slice out;   /* of the program */
	struct slice err;   /* its first words on standard error */
	bool cut;           /* it said more than output_cap */
	int64_t begun_ns;   /* clock_now_ns() */
	int64_t entered_ns; /* the view was ready; 0: never */
	int64_t acted_ns;   /* act was done */
	int64_t ended_ns;   /* all of it is gone */
};

#define REHEARSALS_MAX 4

/* Runs up to REHEARSALS_MAX of them side by side, each in a view of its own, and waits for all. Always leaves outcomes;
 * their strings live in the arena. */
void rehearsals_run(struct arena *arena, const struct rehearsal_spec *specs,
                    struct rehearsal_outcome *outcomes, size_t count);

#endif
