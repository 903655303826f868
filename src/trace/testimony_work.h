/* SPDX-License-Identifier: MIT
 * Between testimony.c (events, processes), testimony_paths.c (what was answered about paths),
 * testimony_talk.c (the conversation) and testimony_waits.c (the end).
 */
#ifndef TRACE_TESTIMONY_WORK_H
#define TRACE_TESTIMONY_WORK_H

#include "base/str.h"
#include "core/evidence.h"
#include "trace/dictionary.h"
#include "trace/episodes.h"
#include "trace/event.h"
#include "trace/rewind.h"
#include "trace/testimony.h"

#include <stdbool.h>
#include <sys/stat.h>

struct call;

/* A stretch of the bytes that went through a descriptor, with the time at which they came. */
struct flow_piece {
	int64_t at_ns;
	size_t begin; /* in the flow's bytes */
};

/* What a process read from or wrote to one of its first three descriptors. */
struct flow {
	struct strbuf bytes;
	struct flow_piece *pieces;
	size_t piece_count, piece_size;
	bool cut; /* more went through than was recorded */
};

/* What a process has confined itself by, or was made with; children have it too. */
struct walls {
	bool no_new_privs, mounts, network, user;
	bool landlock;
	int filters; /* of system calls */
};

#define TESTIMONY_LIMITS 6

struct told_limit {
	bool known;
	uint64_t soft, hard; /* as of getrlimit(2) */
};

/* A program in a process: exec begins a new one with the same pid. */
struct witness {
	pid_t pid, ppid;
	int64_t start_ns;
	int64_t fork_ns;       /* when its process was made, 0 unknown */
	int64_t first_read_ns; /* when it first asked for input, 0 never */
	const char *exe;
	const char *cwd;        /* "" unknown */
	struct slice argv, env; /* strings, each with its NUL */
	bool has_env;
	int64_t uid, gid; /* what it made itself by a call, -1: as who recorded */
	struct walls walls;
	const char *group; /* the directory of the control group it went into, NULL none */
	struct told_limit
		limits[TESTIMONY_LIMITS]; /* the first it was told of; testimony_limits.c */
	struct told_limit inherited[TESTIMONY_LIMITS],
		set[TESTIMONY_LIMITS]; /* by whom it came from; by itself */
	bool is_new;                   /* exec was seen: it has not inherited its program */
	bool ended, replaced;
	int status;
	int64_t stopped_ns; /* when a process that is none of its own sent it a signal that ends; 0 never */
	int64_t halted_ns, resumed_ns; /* job control: when it last began and ended, 0 never */
	int64_t end_ns;
	const char *outputs[3]; /* files that 1 and 2 were when it began, NULL: none or not known */
	struct flow *flows[3];  /* 1 and 2 are shared by all that write into the same pipe */
	int exec_error;         /* errno of the execve that came to nothing, 0 it was started */
	int64_t replaced_ns;    /* when its process became another program */
	struct witness *parent;
};

/* A message of the server's conversation, in either direction. */
struct testimony_message {
	int64_t at_ns;
	bool from_client;
	const char *name; /* "initialize", "answer to initialize", "window/logMessage" */
	const char *text; /* what it says to people, "" */
	size_t bytes;
};

/* A thread in a call that never returned. */
struct pending_call {
	pid_t pid, tid;
	const char *call;
	uint64_t args[6];
	int64_t start_ns;
	const char *path; /* of the call or of its descriptor, "" unknown */
};

/* What a path was last asked for in one way, and how often it was answered so. */
struct path_call {
	pid_t pid;
	const char *program; /* base name, at the first of them */
	const char *call;    /* NULL: never */
	int error;           /* 0: it worked */
	int64_t at_ns;       /* the first */
	uint64_t times;
	bool of_client; /* by who recorded itself, not by the server or what that started */
};

struct seen_path {
	const char *path;
	int64_t at_ns;
	bool has_stat, is_dir, is_file, was_read, was_listed;
	struct stat st;
	bool interpreter_gone; /* it was there, and execve(2) did not find what it names */
	int absent_error, read_error, write_error,
		exec_error; /* errno of the last failure, 0 none */
	const char *link;
	struct strbuf entries; /* of a directory that was listed: LOOK_DIR's lines, in its order */
	bool listed_whole, listed_broken;
	struct strbuf content;
	bool content_whole, content_broken;
	struct path_call refused, worked;
};

/* What went through a descriptor since it was opened. */
struct descriptor_use {
	pid_t pid;
	int fd;
	const char *path;   /* of what was opened, NULL none */
	int64_t offset;     /* how far it was read in a row, -1 unknown */
	const char *remote; /* "192.0.2.1:443" or a socket's path, of a connect; NULL none */
	bool is_inet, connecting;
	int64_t connected_ns, sent_ns, heard_ns, received_bytes; /* 0 never */
};

#define REFUSALS_MAX 64

struct refused_connect {
	const char *source; /* as of LOOK_CONNECT */
	int error;
	int64_t at_ns;
};

#define LOCK_HOLDERS_MAX 8

/* A lock that somebody had at that time (flock(2)). */
struct held_lock {
	int64_t at_ns;
	const char *path;
	pid_t holders[LOCK_HOLDERS_MAX]; /* who have its open file description */
	size_t holder_count;
};

/* By kind, process, error and place; see episodes.c. */
struct episode_book {
	struct dictionary ids;
	struct episode *items;
	size_t count, size;
};

struct testimony_pace;

struct testimony {
	struct arena *arena;
	int64_t wall_offset_ns, first_ns, last_ns;
	uint64_t lost;
	struct witness **witnesses;
	size_t witness_count, witness_size;
	struct witness **attempts; /* programs that could not be started: exec_error says why */
	size_t attempt_count, attempt_size;
	const struct witness *searcher; /* who looked for a gopls that is not there, NULL nobody */
	bool found_gopls;               /* and there is one */
	int64_t asof_ns;        /* when the server was stopped, else when the recording ended */
	struct witness *latest; /* whose event was the last; the newest of its pid */
	const char *init_options, *configuration; /* JSON that the client gave, NULL none */
	struct dictionary pipe_ids;               /* pipes into which programs write their output */
	struct flow **pipes;
	size_t pipe_count, pipe_size;
	struct dictionary path_ids;
	struct dictionary dir_ids; /* directories above the first `dirs_of` paths */
	size_t dirs_of;
	struct seen_path *paths;
	size_t path_count, path_size;
	struct rewind *rewind; /* before the event that is being taken */
	struct dictionary fd_ids;
	struct descriptor_use *fds;
	size_t fd_count, fd_size;
	struct refused_connect refused[REFUSALS_MAX];
	size_t refused_count;
	struct pending_call *pending;
	size_t pending_count, pending_size;
	struct dictionary pace_ids;   /* directories, as in paces */
	struct testimony_pace *paces; /* testimony_pace.c */
	size_t pace_count, pace_size;
	struct held_lock *held; /* as often as one was ended by another: until then they had them */
	size_t held_count, held_size;
	int64_t kill_ns; /* when a recorded process first sent SIGKILL, 0 never */
	struct witness *server;
	struct testimony_message *messages; /* filled by testimony_give_talk */
	size_t message_count, message_size;
	struct episode_book episodes;
};

/* The program that runs in the process now; made when nothing was known of it. */
struct witness *testimony_witness(struct testimony *t, pid_t pid);
/* The process itself or one that descends from it. */
bool testimony_is_below(const struct witness *w, pid_t pid);
/* The nearest process above that is another one, NULL. */
const struct witness *testimony_above(const struct witness *w);
/* The gopls that was spoken with, else the first that was started; NULL. */
struct witness *testimony_server(struct testimony *t);
/* An element of a block of strings, "" beyond its end. */
const char *testimony_string(struct testimony *t, struct slice block, size_t n);

/* The absolute path a call means by argument `at`, or NULL. */
const char *testimony_path(struct testimony *t, const struct event *e, const struct call *call,
                           int at);
const char *testimony_fd_path(struct testimony *t, pid_t pid, int fd);
struct descriptor_use *testimony_descriptor(struct testimony *t, pid_t pid, int fd);
/* A place that was named without being asked about: the address of a socket. */
void testimony_name(struct testimony *t, const char *path, int64_t at_ns);
/* The program that runs this script, NULL: it is none, or nobody read it. */
const char *testimony_interpreter(struct testimony *t, const char *path);
void testimony_see_path(struct testimony *t, const struct event *e, const struct call *call);
void testimony_give_paths(struct testimony *t, struct evidence_store *store);

/* How quickly names were found. */
void testimony_see_pace(struct testimony *t, const struct event *e, const struct call *call);
void testimony_give_pace(struct testimony *t, struct evidence_store *store);

/* Notes the answer to a call about the path. */
void testimony_note_call(struct testimony *t, const struct event *e, const struct call *call,
                         struct seen_path *seen);
const char *testimony_program(struct testimony *t, pid_t pid);

/* What stands for the process above the server that a session is known by (core/world.h). */
int64_t testimony_session_pid(const struct witness *server);
struct flow *testimony_flow_new(struct testimony *t);
/* At its exec: what is written into the same pipe before and after it, and by others, is one output. */
void testimony_share_flows(struct testimony *t, struct witness *w);
/* The environment of the client, and what it gave the server besides. */
void testimony_give_start(struct testimony *t, struct evidence_store *store);
void testimony_hear(struct testimony *t, const struct event *e, const struct call *call);
void testimony_give_talk(struct testimony *t, struct evidence_store *store,
                         struct testimony_about *about);
/* A go that the server started; programs that go starts itself are no questions of the server. */
bool testimony_is_asked(struct testimony *t, const struct witness *w);
void testimony_give_runs(struct testimony *t, struct evidence_store *store);
/* What it said of the package of this file. */
void testimony_give_packages(struct testimony *t, struct evidence_store *store, const char *file);
/* What a script named go did with what it was given (core/target.h). */
void testimony_give_wrapper(struct testimony *t, struct evidence_store *store);
/* Where a connect goes: "192.0.2.1:443", or the path of a socket; NULL. */
const char *testimony_address(struct testimony *t, const struct event *e);
/* connect, close, and what is read and written on sockets. */
void testimony_see_socket(struct testimony *t, const struct event *e, const struct call *call);
/* What the kernel refused to the server and its programs (core/target.h). */
void testimony_give_refusals(struct testimony *t, struct evidence_store *store);
void testimony_give_waits(struct testimony *t, struct evidence_store *store);
void testimony_see_limits(struct testimony *t, const struct event *e, const struct call *call);
void testimony_inherit_limits(struct witness *w, const struct witness *from);
void testimony_give_limits(struct testimony *t, struct evidence_store *store);
void testimony_see_group(struct testimony *t, const struct event *e, const struct call *call);
/* A signal that came, and one that a process sent: who has what it wants ends its server. */
void testimony_see_signal(struct testimony *t, const struct event *e);
void testimony_mark_stop(struct testimony *t, struct witness *w, int64_t at_ns);
/* SIGSTOP and kin, and the end of it. */
void testimony_see_halt(struct testimony *t, const struct event *e);
bool testimony_is_halted(const struct testimony *t, const struct witness *w);
/* When the server was stopped: the time everything is told of. */
void testimony_find_stop(struct testimony *t);
/* Who had the lock on this file then: NULL nobody that was recorded. */
const struct held_lock *testimony_lock_on(struct testimony *t, const char *path);
void testimony_see_kill(struct testimony *t, const struct event *e, const struct call *call);
/* prctl, seccomp and unshare; and the flags a process is made with. */
void testimony_see_walls(struct testimony *t, const struct event *e, const struct call *call);
void testimony_walls_of_clone(struct witness *w, uint64_t flags);
void testimony_give_walls(struct testimony *t, struct evidence_store *store);

/* Adds evidence with these bytes at that time; nothing when there is such evidence already. */
void testimony_put(struct testimony *t, struct evidence_store *store, const char *source,
                   int64_t at_ns, struct slice bytes);
void testimony_put_error(struct testimony *t, struct evidence_store *store, const char *source,
                         int64_t at_ns, int error);

#endif
