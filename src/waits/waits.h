/* SPDX-License-Identifier: MIT
 * What LOOK_WAITS saw, and what follows from it: who waits for whom, down to the one that waits for nobody.
 * Pure: text in, a chain out; the same on a live machine and on a case file.
 */
#ifndef WAITS_WAITS_H
#define WAITS_WAITS_H

#include "base/arena.h"
#include "base/str.h"

#define WAITS_LIST_MAX    4096 /* records of one kind that are taken */
#define WAITS_ENDS_MAX    8
#define WAITS_LINKS_MAX   16
#define WAITS_HOLDERS_MAX 8
#define WAITS_VARS_MAX    16
#define WAITS_CALLS_MAX   8
#define WAITS_INNER_MAX   8

struct wait_thread {
	int64_t pid, tid;
	const char *state; /* as in /proc/PID/stat */
	int64_t cpu_us;    /* of the time between the samples */
	const char *wchan; /* kernel function it sleeps in, "" unknown */
	const char *call;  /* system call, "" unknown or none that waits */
	const char *args;  /* six numbers, hexadecimal */
	bool still;        /* in the same call in both samples */
	int64_t rested_ms; /* since it last ran; -1 unknown */
	int64_t wakes_ms;  /* until its sleep ends by itself; INT64_MAX never, -1 unknown or none */
	const char *path;  /* the path of the call, "" unknown */
	const char *stack; /* of the kernel, innermost first; "" not readable */
};

struct wait_end {
	int64_t pid;
	int fd;
	char way; /* r, w or b */
};

struct wait_fd {
	int64_t pid, fd;
	const char *link;
	int64_t ino;
	int64_t flags;      /* of its fdinfo, in octal digits */
	int64_t mtime_ns;   /* of a pipe: when something was last written to it */
	int64_t pidfd;      /* whom it means */
	bool fifo;          /* a pipe with a name */
	int64_t connection; /* of /dev/fuse: which file system it serves, 0 unknown */
	struct wait_end ends[WAITS_ENDS_MAX]; /* other holders: of a pipe, of a socket's peer */
	size_t end_count;
};

struct wait_message {
	int64_t pid, fd;
	const char *name;
	int64_t bytes;
	int64_t skipped; /* bytes before it, of one that was begun to be read */
	bool partial;
};

struct wait_pipe {
	int64_t ino, unread, capacity;
};

struct wait_socket {
	int64_t ino;
	const char *kind;  /* unix tcp udp */
	const char *state; /* connected connecting listening other */
	int64_t unread, unsent, retransmits;
	int64_t peer, waits_at; /* inodes; 0 unknown */
	const char *local, *remote, *name;
	const char
		*peer_name; /* of a unix socket: what its other end is bound to, or waits to be */
	bool local_peer;    /* the other end is on this machine */
	int64_t received_bytes, acked_bytes, heard_ms, sent_ms, unacked; /* -1 unknown */
};

struct wait_lock {
	int64_t pid; /* who waits */
	const char *class;
	const char *place;
	const char *link;   /* the file */
	const char *fstype; /* of its file system, as mountinfo has it; "" unknown */
	int64_t holders[WAITS_HOLDERS_MAX];
	size_t holder_count;
};

struct wait_mount { /* of a file system that a process serves */
	const char *point;
	const char *source; /* as mountinfo has it: of some the directory they show */
	int64_t connection; /* its number, which the descriptors of its server carry */
};

struct wait_process {
	int64_t pid, ppid;
	const char *relation; /* target ancestor below holder peer tracer serves */
	const char *state, *comm, *editor, *exe, *cwd, *cmdline, *pidns;
	int64_t interval_us, io_calls, age_ms, cpu_ms, fds, fd_limit, uid, threads, tracer;
	int64_t group, session, terminal, foreground;
	int64_t start_ticks; /* proc_pid_stat(5), field 22; 0 unknown */
	int64_t own_pid;     /* its number in its own pid namespace; 0 unknown */
	int64_t rested_ms;   /* for so long no thread of it has run; -1 unknown */
	bool denied;         /* what it does may not be seen */
	const char *frozen;  /* the group that is frozen, "" none */
	const char *frozen_by;
	int64_t frozen_ms;
	const char *quota; /* the group with a limit of processor time */
	int64_t quota_us, period_us, periods, throttled;
	const char *pids_full, *memory_group;
	const char *starved; /* its memory group: out of memory, and nobody is killed; "" none */
	int64_t pids_max, pids_now, memory_full;
	const char *vars[WAITS_VARS_MAX];
	size_t var_count;
	const struct wait_thread *first_thread; /* its threads and descriptors lie side by side */
	size_t thread_count;
	const struct wait_fd *first_fd;
	size_t fd_count;
};

struct wait_call { /* a question of a server to its client, which has not been answered */
	int64_t pid, goroutine;
	const char *method;
	int64_t waited_ms; /* at least, by the runtime's word; -1 when it does not know yet */
};

#define WAITS_INNER_WRITES "write" /* for room where it writes */

/* What a Go program waits for inside of itself: of its goroutines the one that tells most. */
struct wait_inner {
	int64_t pid, goroutine;
	const char *reason; /* "sleep", "chan receive", "sync.Mutex.Lock" … */
	const char *
		function; /* of the program's own code, the innermost: "main.ask"; "" of WAITS_INNER_WRITES */
	const char *place; /* "/src/ask/main.go:19", "" unknown */
};

struct waits {
	struct arena *arena;
	int64_t target, now_ns, uid, unreadable, memory_full, io_full;
	bool cut;
	struct wait_process *processes;
	struct wait_thread *threads;
	struct wait_fd *fds;
	struct wait_message *messages;
	struct wait_pipe *pipes;
	struct wait_socket *sockets;
	struct wait_lock *locks;
	struct wait_mount *mounts;
	size_t process_count, thread_count, fd_count, message_count, pipe_count, socket_count,
		lock_count, mount_count;
	struct wait_call calls[WAITS_CALLS_MAX];
	size_t call_count;
	bool calls_hidden; /* they may not be seen */
	bool unanswered;   /* the target was asked for something, and has answered nothing of it */
	struct wait_inner inner[WAITS_INNER_MAX];
	size_t inner_count;
};

/* The text of LOOK_WAITS; what is of another form is left out. False when there is no process in it. */
bool waits_parse(struct arena *arena, struct slice text, struct waits *ret);

/* The text of LOOK_GOROUTINES of this process: what it has asked its client and waits for, but for what a person may
 * think over. */
void waits_take_goroutines(struct waits *w, int64_t pid, struct slice text);
/* The same of a program that is no server: which of its goroutines tells what it waits for. */
void waits_take_inner(struct waits *w, int64_t pid, struct slice text);
/* The same of a server: a goroutine of it that waits for a mutex, which at rest nobody will give back. */
void waits_take_locked(struct waits *w, int64_t pid, struct slice text);

const struct wait_process *waits_process(const struct waits *w, int64_t pid);
/* The first child of this process, which itself need not be there; the process when none is seen. */
int64_t waits_child_of(const struct waits *w, int64_t pid);
const struct wait_fd *waits_fd(const struct wait_process *p, int64_t fd);
const struct wait_socket *waits_socket(const struct waits *w, int64_t ino);
const struct wait_pipe *waits_pipe(const struct waits *w, int64_t ino);
/* The value of one of the variables that were kept, or "". */
const char *waits_var(const struct wait_process *p, const char *name);
/* Argument n of a thread's call. */
uint64_t waits_arg(const struct wait_thread *t, size_t n);
/* Word n of the command line, NULL behind the last. */
const char *waits_word(struct arena *arena, const struct wait_process *p, size_t n);

/* ---- the chain ---- */

enum wait_role { /* of a process, from its name and arguments */
	         ROLE_OTHER,
	         ROLE_EDITOR,
	         ROLE_SERVER,    /* gopls or another language server with its stdio to an editor */
	         ROLE_FORWARDER, /* gopls -remote */
	         ROLE_DAEMON,    /* gopls -listen, gopls serve with an address */
	         ROLE_DEBUGGER,  /* dlv */
	         ROLE_SIDE,      /* the telemetry child of gopls, dlv or go */
};

enum wait_kind {
	WAIT_IDLE,      /* for nothing but what its editor says next */
	WAIT_WORKS,     /* for nothing: it runs */
	WAIT_STOPPED,   /* state T */
	WAIT_TRACED,    /* held by a debugger */
	WAIT_FROZEN,    /* its cgroup */
	WAIT_THROTTLED, /* its cgroup has used up its processor time */
	WAIT_ENDED,     /* a zombie */
	WAIT_LOCK,      /* for a lock whose holder is not seen */
	WAIT_DISK,      /* for a file system */
	WAIT_FIFO,      /* for the other end of a named pipe */
	WAIT_PROMPT,    /* for somebody to type */
	WAIT_NET,       /* for an address */
	WAIT_DNS,       /* for a name server */
	WAIT_PEER,      /* for the other end of a local socket or pipe, which is not seen */
	WAIT_SLEEP,     /* for the time to pass */
	WAIT_READER,    /* for somebody to read what it wrote */
	WAIT_INSIDE,    /* for itself: nothing outside */
	WAIT_FILES,     /* it can open no more files */
	WAIT_PIDS,      /* its cgroup can have no more processes */
	WAIT_MEMORY,    /* for memory */
	WAIT_GUARD,     /* for a program that is asked before files are opened */
	WAIT_STALE,     /* it holds the socket of a server that is gone, and serves nobody */
	WAIT_HIDDEN,    /* may not be seen */
	WAIT_ANSWER, /* for nothing that is seen: its server has asked it something, and it has not answered */
};

/* "idle", "works", "stopped" … */
const char *wait_kind_name(enum wait_kind kind);

/* So long a sleep has to have lasted to count for more than a pause. */
#define WAITS_SLEEP_MS 2500

/* How one waits for the next. */
enum wait_how {
	HOW_CHILD,  /* for its child to end or to write */
	HOW_LOCK,   /* for a lock the other has */
	HOW_PIPE,   /* for the other end of a pipe */
	HOW_SOCKET, /* for the other end of a socket */
	HOW_DAEMON, /* a forwarder for its daemon */
	HOW_WRITE,  /* for the other to read */
	HOW_FILES,  /* for the server of a file system */
	HOW_SERVER, /* an editor for its server */
	HOW_EDITOR, /* a server for its editor */
	HOW_TRACER, /* one that is traced for its tracer */
};
const char *wait_how_name(enum wait_how how);

struct wait_link {
	const struct wait_process *process;
	enum wait_how how; /* it waits for the next one; of the last nothing */
	const char *proof; /* "thread 4246 is in waitid", … */
	const char *on;    /* the file of a lock, the address of a socket, or "" */
};

struct wait_leaf {
	enum wait_kind kind;
	const struct wait_process *process;
	const char *on;     /* the file, address, group, terminal: "" none */
	const char *detail; /* the sentence's end, with values */
	const char *proof;
	int64_t since_ms; /* how long it has waited at least; -1 unknown */
	bool unread;      /* INSIDE: something was sent to it that it does not read */
	bool timer; /* SLEEP: it waits for nothing outside, and for its next timer, which may be for anything */
	bool settled; /* not just passing: certain whatever its age, or it has lasted */
	bool proven;  /* INSIDE: that it does nothing has been seen for seconds, not at one moment;
	                SLEEP: that it is long, or one of many */
};

/* Bytes that a process has not read or others have not read of it. */
struct wait_unread {
	const struct wait_process *process;
	bool incoming; /* in its stdin, else what it wrote */
	int64_t bytes;
	int64_t age_ms;                      /* -1 unknown */
	const struct wait_message *messages; /* they lie side by side */
	size_t message_count;
};

struct wait_chain {
	struct wait_link links[WAITS_LINKS_MAX];
	size_t link_count; /* the last is the leaf's process */
	struct wait_leaf leaf;
	struct wait_unread unread[2];
	size_t unread_count;
	const struct wait_process *server; /* the first of the chain that is one, or NULL */
	const struct wait_process
		*tracer; /* of the target, when somebody watches it and lets it run */
};

/* From the target on. settled_ms: how long a wait that could pass has to last to be no passing one. */
struct wait_chain waits_chain(const struct waits *w, int64_t settled_ms);

enum wait_role waits_role(struct arena *arena, const struct wait_process *p);
/* A language server or debugger, or one that hands on to it. */
bool waits_serves(enum wait_role role);
/* The name of a unix socket it is connected to, of which no process is seen; NULL none. */
const char *waits_unseen_peer(const struct waits *w, const struct wait_process *p);
/* The target is an editor: its child that stands where a language server should be, and has not started one yet: the
 * editor has both of its streams, and what was sent to it begins with initialize, it is called after gopls, or, where
 * that may not be read, something was sent. NULL none. sure: only one
 * that gopls is among the words of, or that the editor has sent `initialize` to. */
const struct wait_process *waits_wrapper(const struct waits *w, bool sure);
/* True when nothing is wrong: it idles, works, or waits for what has only begun. */
bool waits_is_healthy(const struct wait_chain *chain);

/* ---- words ---- */

/* "gopls (pid 4242)", "go list -e (pid 4250)". */
const char *waits_name(struct arena *arena, const struct wait_process *p);
/* The file of the script that a shell or another interpreter runs, or NULL. */
const char *waits_script(struct arena *arena, const struct wait_process *p);
const char *waits_duration(struct arena *arena, int64_t ms);
/* The answer in one sentence. */
const char *waits_sentence(struct arena *arena, const struct wait_chain *chain);
/* What a link is, with its proof: one line. */
const char *waits_link_line(struct arena *arena, const struct wait_chain *chain, size_t i);
/* "`initialize` (4,812 bytes) has been unread in gopls's stdin for 37 s". */
const char *waits_unread_line(struct arena *arena, const struct wait_unread *u);

struct wait_cure {
	const char *title;
	const char *command; /* "" when there is none */
	bool disruptive;
};
/* Up to two, gentlest first; returns how many. */
size_t waits_cures(struct arena *arena, const struct wait_chain *chain, struct wait_cure ret[2]);

/* The whole as a graph for dot(1). */
const char *waits_dot(struct arena *arena, const struct waits *w, const struct wait_chain *chain);

#endif
