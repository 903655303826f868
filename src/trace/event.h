/* SPDX-License-Identifier: MIT
 * The event model of the telescope: what happened to one thread, as the kernel tells it. Three
 * backends (trace/backend.h) hand in the same events; they record and do not understand. Names,
 * decoded flags, descriptors' paths and sentences are made later, by readers of the store, out of
 * the numbers and the copied memory kept here.
 *
 * Times are CLOCK_MONOTONIC nanoseconds. Process ids are those of the recorder's pid namespace.
 */
#ifndef TRACE_EVENT_H
#define TRACE_EVENT_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum event_kind {
	EVENT_CALL, /* a system call, told when it returned (or never will) */
	EVENT_FORK, /* pid/tid made `child`: a process or, with the same pid, a thread */
	EVENT_EXEC, /* a new program runs in pid; tid is the thread that asked, now the leader. As payloads
	                 what the backend has: which 0 the file's path, 1 argv, 2 envp; what is missing a
	                 reader takes from the execve that returns after it */
	EVENT_EXIT,   /* a thread ended; for the last of a process `status` is its wait status */
	EVENT_SIGNAL, /* `status` is the signal that was delivered, `sender` who sent it */
	EVENT_STOP,   /* a group stop (SIGSTOP and kin) began; `status` the signal */
	EVENT_RESUME, /* and ended */
	EVENT_STATE,  /* what /proc said of a process at start_ns, when recording began for it */
	EVENT_LOST,   /* `lost` events before this one were dropped; why is in the payload */
	EVENT_MAPPED, /* what of files is mapped executable in pid (trace/mapped.h): all of it, as
	                 lines of /proc/PID/maps in a PAYLOAD_FILE; told with stacks only */
	EVENT_KINDS,  /* how many there are */
};

/* Which table `number` belongs to. A 64-bit kernel also takes calls of 32-bit programs. */
enum event_arch {
	ARCH_X86_64,
	ARCH_I386,
	ARCH_X32,
	ARCH_AARCH64,
	ARCH_ARM,
};

/* Memory copied from the thread: what an argument (or, for SOURCE_STATE, a /proc file) held. */
enum payload_kind {
	PAYLOAD_STRING,  /* a path or another NUL-terminated string, without its NUL */
	PAYLOAD_STRINGS, /* argv or envp: strings, each with its NUL */
	PAYLOAD_BYTES,   /* a buffer, an iovec's bytes in a row, a structure as it lies in memory */
	PAYLOAD_FD_PATH, /* what /proc/PID/fd/N pointed at, in EVENT_STATE; `which` is N */
	PAYLOAD_FILE, /* of EVENT_STATE: bytes of /proc/PID/<name>; `which` is an enum state_file */
	PAYLOAD_ADDRESS, /* the name in a struct msghdr; its bytes are a PAYLOAD_BYTES of their own */
	PAYLOAD_WORDS,   /* a sentence of the recorder's own, for EVENT_LOST */
	PAYLOAD_FD_INFO, /* how /proc/PID/fdinfo/N begins, in EVENT_STATE; `which` is N */
};

enum state_file {
	STATE_CMDLINE,
	STATE_ENVIRON,
	STATE_CWD,
	STATE_EXE,
	STATE_STAT,
	STATE_CGROUP,
	STATE_MAPS, /* of EVENT_MAPPED */
};

struct payload {
	enum payload_kind kind;
	int which;           /* argument 0..5 of the call, or see above */
	uint32_t full_bytes; /* how long it was; more than bytes.len when it was cut */
	struct slice bytes;  /* owned by who handed the event in, valid during the call only */
};

#define EVENT_PAYLOADS  8 /* of a call; EVENT_STATE has as many as it needs */
#define EVENT_STACK_MAX 64
#define EVENT_NO_DURATION                                                                          \
	(-1) /* the call never returned: the thread ended in it, or recording did */

struct event {
	enum event_kind kind;
	enum event_arch arch;
	int64_t start_ns;
	int64_t duration_ns; /* of a call; EVENT_NO_DURATION */
	pid_t pid;           /* thread group */
	pid_t tid;
	int number; /* of the call, in arch's table */
	uint64_t args
		[6]; /* as passed, registers' width; of EVENT_FORK args[0] is clone's flags, 0 when
	                     not known (fork and vfork share neither files nor cwd) */
	int64_t result;  /* value, or -errno; undefined without a duration */
	pid_t child;     /* EVENT_FORK: the new task's id */
	pid_t child_pid; /* EVENT_FORK: its thread group: pid when it is a thread, child when it is a
	                     process; 0 not known */
	pid_t sender;    /* EVENT_SIGNAL; 0 the kernel, -1 not known */
	int status;      /* EVENT_EXIT, EVENT_SIGNAL, EVENT_STOP */
	uint64_t lost;   /* EVENT_LOST */
	int injected;    /* this result was ours (trace/inject.h), not the kernel's: 1 */
	int unseen;      /* 1: the backend sees calls begin only (notify); result and duration are
	                    not known, though the call returned: duration_ns is EVENT_NO_DURATION */
	const struct payload *payloads;
	size_t payload_count;
	const uint64_t *stack; /* user return addresses, innermost first; NULL when not asked for */
	size_t stack_depth;
};

/* A call that returned an error: the kernel's results from -4095 to -1 (include/linux/err.h). */
static inline bool event_failed(const struct event *e) {
	return e->kind == EVENT_CALL && e->duration_ns >= 0 && e->result < 0 && e->result >= -4095;
}

/* The first payload for that argument, or NULL. */
static inline const struct payload *event_payload(const struct event *e, enum payload_kind kind,
                                                  int which) {
	for (size_t i = 0; i < e->payload_count; i++) {
		if (e->payloads[i].kind == kind && e->payloads[i].which == which) {
			return &e->payloads[i];
		}
	}
	return NULL;
}

/* Copies the structure that an argument points to; false when it was not recorded as a whole. */
static inline bool event_struct(const struct event *e, int which, void *ret, size_t bytes) {
	const struct payload *p = event_payload(e, PAYLOAD_BYTES, which);
	if (!p || p->bytes.len < bytes) {
		return false;
	}
	memcpy(ret, p->bytes.data, bytes);
	return true;
}

/* Where events go: the store, a text writer, a test. Called from one thread, in the order in which
 * events ended; start_ns need not grow. -errno ends the recording with that error. */
struct event_sink {
	void *data;
	int (*take)(void *data, const struct event *event);
};

#endif
