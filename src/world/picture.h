/* SPDX-License-Identifier: MIT
 * The parts of LOOK_PICTURE (core/picture.h says what it writes). Every file of a process is read relative to its
 * directory of /proc, which stands for that process and no later one of the same number.
 */
#ifndef WORLD_PICTURE_H
#define WORLD_PICTURE_H

#include "core/picture.h"
#include "world/procfs.h"

#define PICTURE_TEXT_CAP ((size_t)1024 * 1024) /* of one file */

#define PICTURE_SPACES 4 /* mnt, net, pid, user */

/* A text that several processes have in common is written once. */
struct picture_shared {
	const char *kind;
	struct slice text;
};

struct picture_socket_of {
	uint64_t net; /* inode of the network namespace */
	uint64_t inode;
	int64_t pid;
};

struct picture_work {
	struct arena *arena;
	struct strbuf *out;
	int proc_fd;
	int64_t boot_ns;
	bool threads_seen;  /* it was noted that the calls of the process may not be seen */
	bool careful;       /* leave out what waits for the lock of a process's memory */
	uint64_t mounts_of; /* the namespace of which the mounts were read last */
	size_t mounts_id;
	uint64_t spaces_of[PICTURE_SPACES]; /* the same of namespaces */
	size_t spaces_id;
	char *buffer; /* what was read last; PICTURE_TEXT_CAP and a NUL */
	struct picture_shared *shared;
	size_t shared_count, shared_size;
	size_t first_id; /* numbers of shared texts begin behind it: two may write one picture */
	struct picture_socket_of *sockets;
	size_t socket_count, socket_size;
};

/* The process at hand. */
struct picture_subject {
	int64_t pid;
	int dir_fd;
	uint64_t net; /* inode of its network namespace, 0 unknown */
	uint64_t mnt; /* of mounts */
	int64_t threads, rss_bytes;
	struct strbuf unseen;
};

/* A file below the directory: its bytes until the next read. 0 or a positive errno; what is missing is noted under the
 * word, unless that is NULL. */
int picture_read(struct picture_work *work, struct picture_subject *process, const char *name,
                 const char *word, struct slice *ret);
/* Notes that it could not be seen. */
void picture_miss(struct picture_subject *process, const char *word);
/* Writes "KIND=ID", the number of a text that is written once at the end, and returns it. */
size_t picture_share(struct picture_work *work, const char *kind, struct slice text);

/* "record=process" and its end; nothing when it has gone. */
void picture_put_process(struct picture_work *work, int64_t pid);
void picture_put_descriptors(struct picture_work *work, struct picture_subject *process);
void picture_put_threads(struct picture_work *work, struct picture_subject *process);
/* What the control group does, from the text of /proc/PID/cgroup. */
void picture_put_cgroup(struct picture_work *work, struct slice text);
/* maps, smaps_rollup */
void picture_put_memory(struct picture_work *work, struct picture_subject *process);
/* Blocks of the sockets that were noted. 0, or the errno of sock_diag. */
int picture_put_sockets(struct picture_work *work);

#endif
