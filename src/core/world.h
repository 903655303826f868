/* SPDX-License-Identifier: MIT
 * The seam to the machine. Probes look through a struct world and never elsewhere, so the same
 * probe runs on a live machine (world/live) and on a recorded case (world/replay).
 *
 * Every look is answered once and kept in the evidence store under its source; asking again gives
 * the same evidence. Nothing here changes the machine, apart from running programs the caller
 * names.
 *
 * Live looks happen in a child process that is abandoned when it does not answer in time (a dead
 * NFS mount, a sick FUSE), and while the world waits for anything it keeps the started sessions
 * going.
 */
#ifndef CORE_WORLD_H
#define CORE_WORLD_H

#include "base/envset.h"
#include "base/err.h"
#include "core/evidence.h"

/* What can be looked at: core/look.def says what the argument is and what the answer looks like. */
enum look {
#define LOOK(kind_, function_, prefix_, suffix_, argument_) LOOK_##kind_,
#include "core/look.def"
#undef LOOK
};

#define LOOK_CAP_SETTINGS ((size_t)2 * 1024 * 1024) /* settings.json, startup files */
#define LOOK_CAP_MODULE                                                                            \
	((size_t)16 * 1024 * 1024) /* go.mod, go.sum, modules.txt; mod/zip allows 16 MiB */
#define LOOK_CAP_SOURCE ((size_t)4 * 1024 * 1024) /* one Go file */
#define LOOK_CAP_TAIL   ((size_t)256 * 1024)      /* the end of one log file */
#define LOOK_CAP_DIR    ((size_t)256 * 1024)
#define LOOK_CAP_SMALL  ((size_t)64 * 1024)

/* A program to run to its end. Its output is capped and it is killed with all its descendants at
 * the deadline. */
struct run_spec {
	const char *label;       /* evidence source "run:LABEL"; unique per different run */
	const char *const *argv; /* argv[0] is the path that is executed (execve, no PATH search, no
	                            shell fallback) */
	const struct envset *env;
	const char *cwd;
	int64_t deadline_ns; /* from now */
	size_t cap_bytes;    /* for each of stdout and stderr */
};

/* Result of a run, parsed from its evidence. */
struct run_result {
	const struct evidence *ev; /* EV_READ, EV_TIMED_OUT, or EV_FAILED when it could not be
	                              executed (error set) */
	bool started;
	int exit_code; /* -1 when ended by a signal or by us */
	int signal;    /* 0 when it exited */
	bool timed_out;
	int64_t ms;
	struct slice out;
	struct slice err;
};

/* One side of a conversation with a server; pure: it is told what happens and answers bytes. */
enum session_event {
	SESSION_STARTED, /* exec worked (bytes empty) */
	SESSION_FRAME,   /* one message body */
	SESSION_JUNK,    /* bytes on stdout that belong to no frame */
	SESSION_STDERR,  /* a chunk */
	SESSION_EXITED,  /* bytes = "exit N" or "signal N"; nothing follows */
	SESSION_FAILED,  /* could not be executed: bytes = "errno N"; nothing follows. "errno 0":
	                    from a case file in which no such session was recorded */
	SESSION_TICK,    /* time passed (bytes empty) */
};

struct dialogue;
struct world;

/* The world's side of a conversation; worlds put their own fields behind it. */
struct session {
	struct world *world;
	struct dialogue *dialogue;
	struct evidence *ev; /* "session:LABEL"; filled by world_session_stop */
	int64_t pid; /* an ancestor of the server and nothing else, for LOOK_TREE; 0: unknown */
};

struct dialogue {
	/* Called for each event with its time since the session's start. May call session_send, but
	 * must not look, run or wait. A STARTED or FAILED comes first. */
	void (*on_event)(struct dialogue *self, struct session *session, enum session_event event,
	                 struct slice bytes, int64_t at_ns);
	/* True when nothing more is to be learnt and the server may be stopped. */
	bool (*is_done)(const struct dialogue *self);
};

/* A resource limit, zeros when there is none to be set; -1 = unlimited. */
struct limit_pair {
	int64_t soft, hard;
};

/* The limits beside that of open files under which a server may die. */
enum fatal_limit {
	LIMIT_ADDRESS_SPACE, /* bytes, RLIMIT_AS */
	LIMIT_DATA,          /* bytes, RLIMIT_DATA */
	LIMIT_CPU,           /* seconds, RLIMIT_CPU */
	LIMIT_FILE_SIZE,     /* bytes, RLIMIT_FSIZE */
	LIMIT_FATAL_COUNT,
};

struct session_spec {
	const char *label;       /* evidence source "session:LABEL"; a second one of this label is
	                            "session:LABEL#2" */
	const char *const *argv; /* as in run_spec */
	const char *address;     /* instead of starting a program: connect to "tcp:HOST:PORT" or
	                            "unix:/path"; argv, env and cwd are not used. NULL: start */
	const struct envset *env;
	const char *cwd;
	struct dialogue *dialogue;      /* outlives the session */
	struct limit_pair nofile;       /* RLIMIT_NOFILE it gets; zeros: ours */
	struct limit_pair nproc;        /* RLIMIT_NPROC likewise */
	const struct limit_pair *fatal; /* LIMIT_FATAL_COUNT of them, likewise; NULL: ours */
};

/* What a kind of world does. ev comes with its source and time, state EV_FAILED and no bytes. */
struct world_ops {
	void (*look)(struct world *w, enum look what, const char *arg, size_t cap,
	             struct evidence *ev);
	void (*run)(struct world *w, const struct run_spec *spec, struct evidence *ev);
	/* NULL: runs are answered at once, or cannot be started ahead. */
	void (*run_ahead)(struct world *w, const struct run_spec *spec);
	/* source: that of the evidence the session will be */
	struct session *(*session_start)(struct world *w, const struct session_spec *spec,
	                                 const char *source);
	void (*session_send)(struct session *s, struct slice frame_body);
	void (*session_wait)(struct world *w, struct session *s, int64_t deadline_ns);
	void (*session_stop)(struct world *w, struct session *s, struct evidence *ev);
	void (*close)(struct world *w);
};

struct world {
	const struct world_ops *ops;
	struct evidence_store *store;
	struct arena *arena;
	int64_t start_ns; /* clock_now_ns() at the start of the run; evidence times count from here
	                   */
	int64_t told_ns; /* of a replay: how far its time has come, as clock_now_ns(); 0: the clock tells */
	int64_t look_limit_ns; /* how long one look may take */
	/* Called now and then while the world waits, or NULL. Must not look, run or wait. */
	void (*on_wait)(void *context);
	void *wait_context;
	bool interrupted; /* the user wants an end: from now on every wait returns at once, looks
	                     and runs give EV_TIMED_OUT with EINTR */
};

/* The time, as clock_now_ns(). In a replay it is that of what was last answered or waited for: whoever decides by a time
 * takes it from here, and decides the same on another day and another machine. Deadlines of waits count in it. */
int64_t world_now_ns(const struct world *w);
/* Whether all that is seen was recorded. */
bool world_is_replay(const struct world *w);
/* The wall's clock, as clock_wall_ns(), at such a time. */
int64_t world_wall_ns(const struct world *w, int64_t now_ns);

/* Looks, or gives what was already seen (the cap of the first look counts). Never NULL. */
const struct evidence *world_look(struct world *w, enum look what, const char *arg, size_t cap);
/* Looks anew each time: the argument is arg with 1, 2, 3 ... behind it, by turns. For looks whose argument may end in a
 * word that only tells one from the next. Never NULL. */
const struct evidence *world_look_anew(struct world *w, enum look what, const char *arg,
                                       size_t cap);

/* Runs to the end, or gives what the run of this label said. */
struct run_result world_run(struct world *w, const struct run_spec *spec);
/* Starts the program now, so that it works while the world looks at other things; world_run with
 * the same label then waits for its end, at most until the deadline counted from here. A few at a
 * time; one too many starts when it is asked for. */
void world_run_ahead(struct world *w, const struct run_spec *spec);

/* Starts a server; its events reach the dialogue from now on whenever the world waits (each look,
 * run or session_wait). Never NULL; a failed exec is an event. */
struct session *world_session_start(struct world *w, const struct session_spec *spec);
/* Sends one message (the header is added). Ignored after the end. */
void session_send(struct session *s, struct slice body);
/* Until the dialogue is done, the server ended, or deadline_ns (world_now_ns) has come. */
void world_session_wait(struct world *w, struct session *s, int64_t deadline_ns);
/* Ends the server and all its descendants (SIGTERM, then SIGKILL), reaps, writes the transcript
 * (wire/transcript.h) into the evidence "session:LABEL". The session is gone afterwards. */
const struct evidence *world_session_stop(struct world *w, struct session *s);

/* Ends what is still running and frees what the world holds; the store stays with its owner. */
void world_close(struct world *w);

/* LOOK_STAT parsed. exists is false for EV_ABSENT; `known` is false when we could not look. */
struct file_stat {
	const struct evidence *ev;
	bool known, exists, is_file, is_dir;
	unsigned mode;
	int64_t uid, gid, size, mtime_ns, dev, ino;
	int64_t ctime_ns; /* the latest of its own and link_ctime_ns; 0 when unknown */
	int64_t btime_ns; /* when the file was made (statx(2)); 0 when unknown, or it is none */
	int64_t link_ctime_ns; /* that of the link by which it is named; 0 when it is none */
	bool can_read, can_write, can_exec;
	const char *type; /* as in LOOK_STAT, "" when it does not exist */
	const char *real; /* "" when unknown */
};
struct file_stat world_stat(struct world *w, const char *path);

/* LOOK_MOUNT parsed; known is false when we could not look. */
struct mount_stat {
	const struct evidence *ev;
	bool known, read_only, noexec;
	bool bound_ro; /* only this mount is read-only, its file system is not */
	const char *nearest, *mount, *fstype;
	int64_t free_bytes, total_bytes, free_inodes, total_inodes;
};
struct mount_stat world_mount(struct world *w, const char *path);

/* The value of KEY in "key=value" lines, unescaped, or NULL. */
const char *keyline_get(struct arena *arena, struct slice text, const char *key);
/* The same; "" when it is not there. */
const char *keyline_text(struct arena *arena, struct slice text, const char *key);
/* The same as a number; otherwise when it is not there or none. */
int64_t keyline_number(struct arena *arena, struct slice text, const char *key, int64_t otherwise);
/* Cuts the lines up to the next empty one off *rest, with their last line break and without the empty line. False at
 * the end. */
bool keyline_block(struct slice *rest, struct slice *ret);
/* Appends "key=value\n" with the escapes of this format. */
struct strbuf;
void keyline_put(struct strbuf *out, const char *key, const char *value);

/* value with those escapes, for formats with a path at the end of a line. */
const char *keyline_escape(struct arena *arena, const char *value);

#endif
