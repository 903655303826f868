/* SPDX-License-Identifier: MIT
 * The parts of LOOK_WAITS: what a process tree and those it depends on wait for, seen from outside.
 * Nothing is attached to, signalled or written; the parts that need another process's right to be
 * traced (kernel function, system call) are left out when the kernel refuses them.
 *
 * The answer is blocks of key=value lines, each begun by "record=KIND" and ended by an empty line;
 * src/waits/waits.h says what the keys mean.
 *
 * Sources: proc(5) with its /proc/PID/task/TID/{stat,wchan,syscall,schedstat,stack,children},
 * fdinfo, locks; those of world/sockets.h; the freezer, cpu and pids files of
 * Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst (frozen_usec of cgroup.stat.local: 6.18).
 */
#ifndef WORLD_WAITS_H
#define WORLD_WAITS_H

#include "world/procfs.h"
#include "world/sockets.h"

#define WAITS_PROCESSES_MAX  320
#define WAITS_TREE_MAX       224 /* of them, below the one that is asked about */
#define WAITS_PROCESSORS_MAX 1024
#define WAITS_GROUPS_MAX     32
#define WAITS_FDS_MAX        512 /* of one process, that are described */
#define WAITS_THREADS_MAX    128
#define WAITS_HOLDERS_MAX    ((size_t)200000)
#define WAITS_FIFOS_MAX      8
#define WAITS_FIFO_ENDS_MAX  64
#define WAITS_TERMINALS_MAX  8
#define WAITS_TEXT_CAP       ((size_t)64 * 1024)
#define WAITS_LOCKS_CAP      ((size_t)1024 * 1024)

struct waits_thread {
	int64_t tid;
	uint64_t cpu_ns;
	const char *call; /* name of the system call it is in, or "" */
	uint64_t args[6];
	int64_t rested_ms; /* since it last ran; -1 unknown */
};

/* Why a process is looked at. */
enum waits_relation {
	WAITS_TARGET,
	WAITS_ANCESTOR,
	WAITS_BELOW,  /* of the target */
	WAITS_HOLDER, /* of a lock one of them waits for */
	WAITS_PEER,   /* holds the other end of a pipe or socket */
	WAITS_TRACER,
	WAITS_SERVES, /* a file system one of them waits for */
};

struct waits_process {
	int64_t pid;
	enum waits_relation relation;
	bool denied; /* what it does may not be seen */
	struct proc_stat ps;
	int64_t seen_ns; /* when the first sample was taken */
	uint64_t io_calls;
	struct waits_thread threads[WAITS_THREADS_MAX];
	size_t thread_count;
};

/* An open end of a pipe or socket somewhere on the machine. */
struct waits_holder {
	uint64_t ino;
	int64_t pid;
	int fd;
	bool is_pipe;
};

/* A named pipe that somebody in the list reads or writes. */
struct waits_fifo {
	const char *path;
	uint64_t ino;
};

/* A pseudoterminal that somebody in the list writes to or reads, and who has its master. */
struct waits_terminal {
	int64_t pid, index;
	int fd, master_fd;
	int64_t master_pid; /* 0 not seen */
};

/* A socket of our network namespace, and who is at its other end. */
struct waits_socket {
	const struct unix_socket *local; /* NULL: inet */
	const struct inet_socket *inet;
	uint64_t peer;     /* inode of the other end, 0 unknown */
	uint64_t waits_at; /* inode of the listener that has not accepted it, 0 none */
};

/* What the groups named by a text of /proc/PID/cgroup do. */
struct waits_group {
	const char *key;
	const char *answer;
};

struct waits {
	struct arena *arena;
	const struct looker *looker;
	struct strbuf *out;
	int proc_fd;
	int64_t boot_ns;
	struct waits_process *list[WAITS_PROCESSES_MAX];
	size_t count;
	struct waits_holder *holders; /* in order of ino */
	size_t holder_count, holder_size;
	bool holders_cut;
	struct waits_fifo fifos[WAITS_FIFOS_MAX];
	struct waits_holder fifo_ends[WAITS_FIFO_ENDS_MAX];
	size_t fifo_count, fifo_end_count;
	struct waits_terminal terminals[WAITS_TERMINALS_MAX];
	size_t terminal_count, terminals_of; /* so many of the list have been asked for theirs */
	bool all_holders;   /* everybody has been looked at, not only our own processes */
	int64_t unreadable; /* processes whose descriptors may not be seen */
	struct sockets sockets;
	struct slice locks;  /* /proc/locks */
	struct slice mounts; /* our mountinfo, when it has been needed */
	struct waits_group groups[WAITS_GROUPS_MAX];
	size_t group_count;
	int64_t until_ns;
	bool pipes_tell_time;
	double clocks[WAITS_PROCESSORS_MAX]; /* of each processor, 0 not yet asked, -1 unknown */
	int64_t clocks_ns[WAITS_PROCESSORS_MAX]; /* when it was asked */
};

/* NULL when it is not in the list. */
struct waits_process *waits_find(const struct waits *w, int64_t pid);
/* Adds a process with its first sample; what is there already stays as it is. NULL: it has gone, or
 * the list is full. */
struct waits_process *waits_add(struct waits *w, int64_t pid, enum waits_relation relation);
/* And all below it. */
void waits_add_tree(struct waits *w, int64_t pid, enum waits_relation relation);
/* Those above it, up to the server and its editor; without these, its parent alone. */
void waits_add_ancestors(struct waits *w, int64_t pid);
/* "record=process" and its threads, with the second sample. */
void waits_put_process(struct waits *w, struct waits_process *p);

/* The path a call is about, or that of the unix socket it connects to, from the memory of its process; NULL when it has
 * none or that may not be read. */
const char *waits_path_of(struct waits *w, int64_t pid, const struct waits_thread *t);

/* waits_sleep.c: the time until its call ends by itself; INT64_MAX never, -1 unknown or no sleep. */
int64_t waits_wakes_ms(int64_t pid, const struct waits_thread *t);

/* The name of a system call of this machine, "" for one that hardly ever waits. */
const char *waits_call_name(int64_t number);
/* The process that holds it as a debugger, 0 for none; -1: a recorder that traces us as well (trace --check, strace -f) holds
 * nobody up: it stops everything at each call for a moment. */
int64_t waits_tracer_of(const struct waits *w, int64_t pid);
/* Is a thread of it in a call (reading, writing, connecting) on this descriptor? */
bool waits_in_call_on(const struct waits_process *p, int fd);
/* Or may it wait for it without a call? What a server has opened for its log: Go waits for room there by its poller. */
bool waits_may_wait_on(const struct waits_process *p, int fd);

/* waits_ends.c: who has which pipe and socket open, and what lies in them. */
void waits_find_holders(struct waits *w, int64_t target);
void waits_find_all_holders(struct waits *w);
/* 'r', 'w' or 'b'; 0 when it has been closed. */
char waits_way_of(const struct waits *w, const struct waits_holder *h);
const struct waits_holder *waits_holder_of(const struct waits *w, uint64_t ino,
                                           const struct waits_holder *after);
void waits_put_descriptors(struct waits *w, const struct waits_process *p);
/* "record=message" for each message of a language server or debugger that lies unread in the pipe or
 * socket open as fd of the process: its name and length, nothing of what it says. Copies with tee(2) or
 * MSG_PEEK, so that nothing is taken out. */
void waits_put_messages(struct waits *w, int64_t pid, int fd, uint64_t ino, bool is_pipe);

/* waits_sockets.c: false when there is none, or it is not connected and does not listen. */
bool waits_socket_of(const struct waits *w, uint64_t ino, struct waits_socket *ret);
void waits_put_socket(struct waits *w, const struct waits_socket *s);

/* waits_fifos.c: adds those who have a named pipe open that somebody in the list is in a call on; true when there are
 * any. The number of the named pipe that a descriptor is, false for anything else. */
bool waits_find_fifos(struct waits *w);
bool waits_fifo_of(const struct waits *w, int64_t pid, int fd, uint64_t *ret_ino);

/* waits_terminals.c: adds those who have the masters of terminals that somebody in the list is in a call on; true when
 * there are any. */
bool waits_find_terminals(struct waits *w);
/* "end=PID FD b" of the master, of the terminal that is this descriptor. */
void waits_put_master(struct waits *w, int64_t pid, int fd);

/* waits_cgroup.c: what the groups of a process do to it: keys of "record=process". */
void waits_put_cgroup(struct waits *w, int64_t pid);

/* waits_fuse.c: does a thread of it wait for a file system that a process serves? */
bool waits_on_fuse(struct waits *w, const struct waits_process *p);
/* Adds those that serve one; "record=mount". */
void waits_find_file_servers(struct waits *w);
/* waits_locks.c: adds holders of locks that somebody in the list waits for; "record=lock". */
void waits_find_locks(struct waits *w);
void waits_put_locks(struct waits *w);

#endif
