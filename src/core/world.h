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

/* What can be looked at. The answer's bytes are text in the form given here; `arg` is an absolute
 * path unless said. Values in "key=value" lines have newlines and backslashes escaped as \n and \\.
 */
enum look {
	LOOK_FILE,  /* regular file only (a FIFO, device or directory gives EV_FAILED): its bytes up
	               to cap */
	LOOK_STAT,  /* follows links. key=value lines: type(file|dir|fifo|socket|char|block|other)
	               mode(octal) uid gid size mtime_ns ctime_ns link_ctime_ns(of the link itself,
	               when arg is one) dev ino nlink read write exec (0|1: access(2) as the
	               effective user) real(path with links resolved) */
	LOOK_LINK,  /* readlink(2) of arg */
	LOOK_DIR,   /* a line per entry: "f name", "d name", "l name", "o name"; sorted; cap bounds
	               the bytes */
	LOOK_MOUNT, /* the filesystem of arg or of its nearest existing parent: nearest mount fstype
	               source ro noexec (0|1) block_bytes free_blocks free_blocks_root total_blocks
	               free_inodes total_inodes. free_blocks is what an ordinary user may use;
	               total_inodes 0 = no limit */
	LOOK_BINARY,  /* what kind of program file arg is: the text of gofile/binary.h */
	LOOK_WALK,    /* bounded walk below arg: lines "mod PATH", "work PATH", "vendor PATH"
	                 (vendor/modules.txt), "go PATH" (at most 200), "denied PATH" (directory
	                 that cannot be listed), then "entries N". Hidden, "_*", vendor, node_modules
	                 and testdata directories are not entered. EV_TRUNCATED when a bound cut it */
	LOOK_OWNERS,  /* bounded walk below arg, depth 3: lines "KIND UID MODE R W PATH" (KIND f|d)
	                 of the first 20 entries that the effective user cannot read, or
	                 (directories) cannot write, then "entries N" */
	LOOK_ENVIRON, /* arg = "self" or a pid: NUL-separated environment */
	LOOK_PROCESS, /* arg = "self" or a pid: pid ppid uid start_wall_ns comm exe cwd state
	                 cmdline (arguments separated by \x1f) */
	LOOK_EDITORS, /* arg = workspace: a line "PID KIND" (KIND
	                 vscode|vscode-remote|code-server|neovim|emacs|helix|zed|sublime|kakoune|agent|
	                 other) for each running editor
	                 process of this user that has the workspace open, likeliest first; see
	                 world/procfs.h for how that is decided */
	LOOK_DESKTOP, /* arg unused "": environment (NUL-separated) of the user's desktop session:
	                 that of a process of the session manager of this uid; EV_ABSENT when none
	                 runs */
	LOOK_TAIL,    /* regular file only: its last bytes up to cap, beginning with a whole line;
	                 EV_TRUNCATED when there is more before them */
	LOOK_STATE,   /* arg = "PATH?KEY": the value of KEY in the table ItemTable (key, value) of
	                 the SQLite database PATH, as VS Code keeps its state. No bytes: the key is
	                 not there. EV_TRUNCATED when changes beside it (-wal) were not seen. Error
	                 ENOSYS: no SQLite library; EBADMSG: no such database. Nothing is written
	                 and nothing locked */
	LOOK_CONNECT, /* arg = "tcp:HOST:PORT" or "unix:/path": connects and closes. EV_READ =
	                 accepted; else error = ECONNREFUSED, ENOENT, ETIMEDOUT …; bytes empty */
	LOOK_CONTEXT, /* arg = "self" or a pid: what a process is confined by, key=value; see
	                 world/context.h. What may not be read is left out */
	LOOK_MOUNTS,  /* arg = "self" or a pid: a line "READ_ONLY FSTYPE SOURCE ROOT POINT" (0|1
	                 first) for each of its mounts; blanks in a field are \040, as in mountinfo */
	LOOK_SERVERS, /* arg = workspace: a line "PID PPID INSIDE NAME" for each language server or
	                 debug adapter of this user, most recent first; INSIDE 1: its working
	                 directory is the workspace or below. See world/servers.h */
	LOOK_MANAGER, /* arg unused "": "PID" of the process whose environment is that of the user's
	                 services: a child of the user's service manager, else the manager itself;
	                 see world/servers.h */
	LOOK_GOPLS,   /* arg = workspace: a block of key=value lines, ended by an empty line, for
	                 each gopls of this user that is not ours: pid ppid start_wall_ns state
	                 here (0|1: its directory is the workspace or below) cwd exe gone (0|1: its
	                 file is deleted) dev ino size (of the file it runs) module_version
	                 go_version editor_pid editor_kind (the nearest ancestor that looks like
	                 one) fds (how many descriptors) cmdline. Ordered by pid */
	LOOK_FAMILY, /* arg = any word, another one for each look: a block of key=value lines, ended
	                 by an empty line, for each TCP socket of a process below dialtone: pid ppid
	                 comm age_ms (of the process) address port (of the other end) state
	                 (connecting|connected) received (bytes so far, -1 = unknown) cmdline */
	LOOK_WATCHES, /* arg = directory: a line "PID COMM" for each editor, language server or
	                 watcher of this user with an inotify watch on it; then "looked N" (such
	                 processes), "denied N" (of them, those that could not be looked at) */
	LOOK_TREE,   /* arg = "PID N": the descendants of PID as they are now; N only tells one look
	              from the next. A line each: "pid ppid cpu_ms rss_bytes peak_bytes comm";
	              cpu_ms counts its own time and that of the children it has waited for */
	LOOK_WALKED, /* what `go list ./...` walks below arg, counted within bounds: names that begin
	              with . or _, testdata and other modules are left out, links not followed. Lines
	              "dirs N", "entries N", "largest N NAME" (the directory directly below with most
	              entries). EV_TRUNCATED when a bound cut it */
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
	int64_t pid; /* an ancestor of the server and nothing else, for LOOK_TREE; 0 from a case
	                file */
};

struct dialogue {
	/* Called for each event with its time since the session's start. May call session_send, but
	 * must not look, run or wait. A STARTED or FAILED comes first. */
	void (*on_event)(struct dialogue *self, struct session *session, enum session_event event,
	                 struct slice bytes, int64_t at_ns);
	/* True when nothing more is to be learnt and the server may be stopped. */
	bool (*is_done)(const struct dialogue *self);
};

/* A resource limit, zeros when there is none to be set. */
struct limit_pair {
	int64_t soft, hard;
};

struct session_spec {
	const char *label;       /* evidence source "session:LABEL"; a second one of this label is
	                            "session:LABEL#2" */
	const char *const *argv; /* as in run_spec */
	const char *address;     /* instead of starting a program: connect to "tcp:HOST:PORT" or
	                            "unix:/path"; argv, env and cwd are not used. NULL: start */
	const struct envset *env;
	const char *cwd;
	struct dialogue *dialogue; /* outlives the session */
	struct limit_pair nofile;  /* RLIMIT_NOFILE it gets; zeros: ours */
};

/* What a kind of world does. ev comes with its source and time, state EV_FAILED and no bytes. */
struct world_ops {
	void (*look)(struct world *w, enum look what, const char *arg, size_t cap,
	             struct evidence *ev);
	void (*run)(struct world *w, const struct run_spec *spec, struct evidence *ev);
	/* NULL: runs are answered at once, or cannot be started ahead. */
	void (*run_ahead)(struct world *w, const struct run_spec *spec);
	struct session *(*session_start)(struct world *w, const struct session_spec *spec);
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
	int64_t look_limit_ns; /* how long one look may take */
	/* Called now and then while the world waits, or NULL. Must not look, run or wait. */
	void (*on_wait)(void *context);
	void *wait_context;
	bool interrupted; /* the user wants an end: from now on every wait returns at once, looks
	                     and runs give EV_TIMED_OUT with EINTR */
};

/* Looks, or gives what was already seen (the cap of the first look counts). Never NULL. Source:
 * "file:ARG", "stat:ARG", "link:ARG", "dir:ARG", "mount:ARG", "binary:ARG", "walk:ARG",
 * "owners:ARG", "proc:PID/environ", "proc:PID", "editors:ARG", "desktop:", "connect:ARG",
 * "proc:PID/context", "proc:PID/mounts", "servers:ARG", "manager:",
 * "gopls:ARG", "family:ARG", "watches:ARG", "tail:ARG", "state:ARG", "tree:ARG". */
const struct evidence *world_look(struct world *w, enum look what, const char *arg, size_t cap);

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
/* Until the dialogue is done, the server ended, or deadline_ns (clock_now_ns) has come. */
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
	int64_t ctime_ns;      /* the latest of its own and link_ctime_ns; 0 when unknown */
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
	const char *nearest, *mount, *fstype;
	int64_t free_bytes, total_bytes, free_inodes, total_inodes;
};
struct mount_stat world_mount(struct world *w, const char *path);

/* The value of KEY in "key=value" lines, unescaped, or NULL. */
const char *keyline_get(struct arena *arena, struct slice text, const char *key);
/* Appends "key=value\n" with the escapes of this format. */
struct strbuf;
void keyline_put(struct strbuf *out, const char *key, const char *value);

/* value with those escapes, for formats with a path at the end of a line. */
const char *keyline_escape(struct arena *arena, const char *value);

#endif
