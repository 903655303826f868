/* SPDX-License-Identifier: MIT
 * System calls: numbers by architecture (trace/numbers_*.def, made by tools/syscall-numbers from the
 * kernel's own headers), the shape of their arguments (trace/calls.def, after the manual pages and
 * the kernel's include/linux/syscalls.h), and sets of them.
 */
#ifndef TRACE_CALL_H
#define TRACE_CALL_H

#include "base/err.h"
#include "base/slice.h"
#include "trace/event.h"

#include <stdbool.h>

/* What an argument is. It says what a backend copies (IN when the call begins, OUT when it has
 * returned without an error) and how a reader prints it. */
enum arg_shape {
	ARG_NONE, /* there is no such argument */
	ARG_HEX,  /* a word of which nothing more is known */
	ARG_INT,
	ARG_SIZE,
	ARG_OFFSET,
	ARG_FD,
	ARG_AT_FD,        /* a directory's descriptor or AT_FDCWD */
	ARG_PATH,         /* IN: a path */
	ARG_STRING,       /* IN: another string */
	ARG_ARGV,         /* IN */
	ARG_ENVP,         /* IN */
	ARG_BUF_IN,       /* IN: bytes; their number is the next argument */
	ARG_BUF_OUT,      /* OUT: bytes; their number is the result */
	ARG_IOV_IN,       /* IN: struct iovec[], the next argument says how many */
	ARG_IOV_OUT,      /* OUT */
	ARG_MSG_IN,       /* IN: struct msghdr with its name and bytes */
	ARG_MSG_OUT,      /* OUT */
	ARG_SOCKADDR_IN,  /* IN: the next argument is its length */
	ARG_SOCKADDR_OUT, /* OUT: the next argument points at its length */
	ARG_TWO_FDS,      /* OUT: int[2] of pipe2 and socketpair */
	ARG_INT_OUT,      /* OUT: wait status and the like */
	ARG_STAT_OUT,     /* OUT: struct stat */
	ARG_TIMESPEC_IN,
	ARG_TIMESPEC_OUT,
	ARG_STRUCT_IN,  /* IN: as many bytes as calls.def says */
	ARG_STRUCT_OUT, /* OUT: likewise */
	ARG_LINK_OUT,   /* OUT: readlink's text; its length is the result */
	ARG_POINTER,    /* an address that is not followed */
	ARG_FLAGS,      /* a word whose bits have names: which, calls.def says (trace/flags.def) */
	ARG_ENUM,       /* a word whose values have names */
	ARG_MODE,       /* octal permissions */
	ARG_SIGNAL,
	ARG_PID,
	ARG_UID,
	ARG_FCNTL,      /* IN: struct flock when the command of fcntl is about locks; else a word */
	ARG_FUTEX_TIME, /* IN: struct timespec when the futex operation waits; else a word */
	ARG_STRUCTS_IN, /* IN: structures of so many bytes each; the next argument says how many */
	ARG_STRUCTS_OUT, /* OUT: likewise; the result says how many */
};

struct call_arg {
	enum arg_shape shape;
	const char *names; /* table of trace/flags.def for FLAGS and ENUM; NULL */
	size_t bytes;      /* of STRUCT_* and, each, of STRUCTS_* */
};

enum call_topic { /* bits; what --set names */
	          TOPIC_FILE = 1 << 0,
	          TOPIC_NET = 1 << 1,
	          TOPIC_PROCESS = 1 << 2,
	          TOPIC_LOCK = 1 << 3,
	          TOPIC_ANCHOR = 1 << 4,
	          TOPIC_DESC = 1 << 5, /* read, write, dup, poll …: on descriptors */
	          TOPIC_MEMORY = 1 << 6,
	          TOPIC_WAIT = 1 << 7, /* futex, epoll, nanosleep: waits, not errors */
};

struct call {
	const char *name;
	unsigned topics;
	struct call_arg args[6];
	bool returns_fd;
};

/* The call with that number, or NULL when the number is in no table of ours. A number without a row
 * in calls.def has its name and ARG_HEX arguments. */
const struct call *call_by_number(enum event_arch arch, int number);
/* The number of `name`, or -1 where arch has no such call. */
int call_number(enum event_arch arch, const char *name);
const char *arch_name(enum event_arch arch);
/* The architecture of a call by AUDIT_ARCH_* (linux/audit.h) and its number, which has a bit for x32. */
enum event_arch arch_of_audit(uint32_t audit, uint64_t number);

#define CALL_NUMBER_MAX 512 /* every number of every table is below */

/* Which calls are recorded, by name; the same on each architecture. */
struct call_set;
struct arena;

/* The seventeen calls most advice on tracing gopls names, and what it does not say. */
#define CALL_ANCHORS_SILENT                                                                        \
	"epoll_wait, connect, accept, sendto, recvfrom and statx: gopls on stdio and go "          \
	"use epoll_pwait, newfstatat, and read and write also on sockets"

/* Names of calls and of sets, by comma; "!" takes away: "anchors", "file,net", "openat,connect",
 * "all,!futex". The sets are anchors, file, desc, net, process, lock, memory, wait and all; one that
 * begins with "!" begins with all. -EINVAL with a sentence that has the word nobody knows. What is
 * returned is the arena's. */
int call_set_parse(struct arena *arena, const char *text, const struct call_set **ret_set,
                   struct err *err);
/* The same with what is named besides. */
int call_set_with(struct arena *arena, const struct call_set *set, const char *text,
                  const struct call_set **ret_set, struct err *err);
bool call_set_has(const struct call_set *set, enum event_arch arch, int number);

/* A set that has fcntl by a topic ("anchors", "desc", "lock"), not by its name, leaves out F_GETFL and
 * F_SETFL: Go asks for and sets O_NONBLOCK on everything it opens, which is half of all its calls and
 * never fails. call_set_is_quiet: is it so for this call? call_set_wants: is it recorded with these
 * arguments? */
bool call_set_is_quiet(const struct call_set *set, enum event_arch arch, int number);
bool call_set_wants(const struct call_set *set, enum event_arch arch, int number,
                    const uint64_t args[6]);

#endif
