/* SPDX-License-Identifier: MIT
 * Starting a program so that nothing of it is left behind, whatever it does and however we end.
 *
 * Between us and the program stands a warden (warden.c): a small process that is the subreaper
 * (prctl(2), PR_SET_CHILD_SUBREAPER, Linux 3.4) of everything the program starts. It holds the
 * reading end of a control pipe; when that pipe ends, because we closed it or because we died, it
 * ends the program (SIGTERM, 50 ms, SIGKILL) and every descendant. What happens to the program
 * comes back through a report pipe; its end means that all of them are gone.
 */
#ifndef WORLD_SPAWN_H
#define WORLD_SPAWN_H

#include "base/slice.h"
#include "core/world.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum child_kind {
	CHILD_RUN,     /* stdin is /dev/null, stdout and stderr are pipes */
	CHILD_SESSION, /* all three are socketpairs, as Node's child_process makes them */
};

struct child_spec {
	enum child_kind kind;
	const char *const *argv; /* argv[0] is executed as it is: no PATH search, no shell for a
	                            script without "#!" */
	const char *address; /* instead of argv, envp and cwd: what to connect to (connect.h), or
	                        NULL */
	char *const *envp;
	const char *cwd;                /* NULL: ours */
	struct limit_pair nofile;       /* RLIMIT_NOFILE, zeros: ours */
	struct limit_pair nproc;        /* RLIMIT_NPROC likewise */
	const struct limit_pair *fatal; /* as in session_spec */
};

/* What the kernel still knew of a program when it had ended. */
struct last_words {
	int64_t peak_bytes; /* of resident memory: the most that it, or a child it waited for, had */
	int64_t cpu_ms;     /* its own */
	int64_t core_dumped;
	int64_t seccomp; /* 0 none, 1 strict, 2 filter, -1 unknown */
	/* the soft limits; -1 unlimited, -2 unknown */
	int64_t limit[LIMIT_FATAL_COUNT];
};

struct child {
	pid_t warden;   /* 0 when there is none */
	int control_fd; /* closing it ends the program */
	int report_fd;
	int in_fd; /* ours, non-blocking; -1 when closed or CHILD_RUN */
	int out_fd;
	int err_fd;

	int64_t start_ns; /* clock_now_ns() of child_start */
	bool started;     /* execve worked */
	int exec_error;   /* errno of chdir, fork or execve; 0 when it was started or we do not know
	                     yet */
	bool exited;      /* the program has ended: wait_status and exit_ns count */
	int wait_status;  /* as of waitpid(2) */
	struct last_words last; /* zeros until it has exited */
	int64_t exit_ns;
	bool gone; /* the program and its descendants are gone, nothing more will be reported */
};

/* Always leaves a child that can be polled and closed; when not even a warden could be had, it is
 * gone with exec_error set. */
void child_start(struct child *child, const struct child_spec *spec);
/* Reads what the warden has to say, without waiting. Call it when report_fd is readable. */
void child_read_report(struct child *child);
/* Asks for the end. The program is over once `gone` is set, within 1.1 s even if it cannot be
 * killed. */
void child_end(struct child *child);
/* Ends it, closes all descriptors; waits for the warden, which takes as long as child_end says. */
void child_close(struct child *child);

/* "end peak=N cpu_ms=N core=0|1 seccomp=N as=N data=N cpu=N fsize=N": a note for the transcript of
 * a session, into buf; returns its length. */
size_t child_last_text(const struct last_words *last, char buf[256]);

/* "exit N" or "signal N" of a wait status into buf; returns its length. */
size_t child_status_text(int wait_status, char buf[32]);

#endif
