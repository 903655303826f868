/* SPDX-License-Identifier: MIT
 * What the program in the kernel (trace/ebpf/trace.bpf.c) and the recorder say to each other: the
 * options and the table of what to copy, and the records that come back through the ring buffer.
 * Both sides are compiled for the same machine, so structures lie in memory as they are; what
 * follows a record's head is not aligned and is copied out.
 */
#ifndef TRACE_EBPF_RECORD_H
#define TRACE_EBPF_RECORD_H

#include <linux/types.h>

#define EBPF_RING_BYTES   (16u << 20)
#define EBPF_NUMBERS      1024 /* calls of one architecture; the highest of Linux 6.18 is 547 */
#define EBPF_ARCHES       3    /* native, 32-bit, x32 */
#define EBPF_KEEP         512  /* memory kept with a thread between begin and end of its call */
#define EBPF_COPY_MAX     32767
#define EBPF_MEMBER_WORDS 65536 /* a bit for each process id there can be: PID_MAX_LIMIT, 2^22 */
#define EBPF_STACK_DEPTH  64
#define EBPF_ARRAY_MAX    512 /* bytes of an array of structures */
#define EBPF_SEGMENTS     8   /* of a struct iovec[] */
#define EBPF_STRINGS      256 /* of argv or envp */

enum ebpf_width { EBPF_NATIVE, EBPF_COMPAT, EBPF_X32 };

/* How an argument is copied. IN when the call begins, OUT when it returned without an error. */
enum ebpf_copy {
	EBPF_COPY_NONE,
	EBPF_COPY_STRING_IN,    /* at most `bytes` */
	EBPF_COPY_STRINGS_IN,   /* argv, envp: at most `bytes` of all */
	EBPF_COPY_BYTES_IN,     /* as many as the next argument says, at most `bytes` */
	EBPF_COPY_ADDRESS_IN,   /* likewise, a 32-bit number */
	EBPF_COPY_FIXED_IN,     /* `bytes` */
	EBPF_COPY_ARRAY_IN,     /* so many of `bytes` each as the next argument says */
	EBPF_COPY_IOV_IN,       /* the next argument is their number; at most `bytes` */
	EBPF_COPY_MSG_IN,       /* struct msghdr: name, then bytes */
	EBPF_COPY_FIRST_OUT,    /* those below are OUT */
	EBPF_COPY_RESULT_OUT,   /* as many as the result says, at most `bytes` */
	EBPF_COPY_LINK_OUT,     /* likewise, a string */
	EBPF_COPY_FIXED_OUT,    /* `bytes` */
	EBPF_COPY_ARRAY_OUT,    /* so many of `bytes` each as the result says */
	EBPF_COPY_IOV_OUT,      /* as IOV_IN; as many as the result says */
	EBPF_COPY_MSG_OUT,      /* likewise */
	EBPF_COPY_SOCKADDR_OUT, /* the next argument points at their number */
};

struct ebpf_plan {
	__u8 wanted;
	__u8 copies_in;  /* there is an argument with an IN copy */
	__u8 copies_out; /* and with an OUT copy */
	__u8 copy[6];    /* enum ebpf_copy */
	__u8 guarded;    /* 1 + the argument that is memory only for some commands; 0 none */
	__u16 bytes[6];
	__u64 commands; /* those: bits of the second argument's lowest six bits */
	__u64 quiet; /* commands, below 64, with which the call is not recorded (call_set_is_quiet) */
};

struct ebpf_options {
	__u8 stacks;
	__u8 other_namespace; /* the recorder's process ids are not the kernel's own */
	__u32 string_bytes;
	__u32 stdio_bytes; /* of a buffer of descriptors 0 to 2, when that is more than the plan says */
	__u32 namespace_inode;
	__u64 namespace_device;
};

/* Memory that both write: mapped into the recorder. */
struct ebpf_shared {
	__u64 members[EBPF_MEMBER_WORDS]; /* processes whose calls are recorded */
	__s64 live;                       /* how many bits are set */
	__u64 waiting;                    /* the recorder sleeps and is to be woken */
};

enum ebpf_kind {
	EBPF_CALL,
	EBPF_PART, /* memory of a call that has begun, too much to be kept until it ends */
	EBPF_FORK,
	EBPF_EXEC,
	EBPF_EXIT,
	EBPF_SIGNAL,
	EBPF_STOP,
	EBPF_RESUME,
};

#define EBPF_ENDED  1 /* the call returned */
#define EBPF_PARTED 2 /* an EBPF_PART of the same thread and start_ns came before */

struct ebpf_record {
	__u8 kind;
	__u8 width;
	__u8 payloads; /* that follow */
	__u8 flags;
	__u32 pid;
	__u32 tid;
	__s32 number; /* of the call; else child, signal or wait status */
	__u64 start_ns;
	__u64 end_ns;
	__s64 result;      /* of the call; else the child's process or the signal's sender */
	__u64 args[6];     /* of a call; of a fork [0] is what it shares, as flags of clone(2) */
	__u32 stack_bytes; /* after the payloads */
	__u32 pad;
};

enum ebpf_is { EBPF_IS_BYTES, EBPF_IS_STRING, EBPF_IS_STRINGS, EBPF_IS_ADDRESS };

/* In front of each payload; its bytes follow. */
struct ebpf_payload {
	__u8 which;
	__u8 kind; /* enum ebpf_is */
	__u16 kept;
	__u32 full; /* at least so long it was */
};

/* Of a thread while it lives. */
struct ebpf_thread {
	__u64 start_ns;
	__u64 args[6];
	__s32 number;
	__u32 tid; /* when the call began: execve(2) may change it */
	__u32 pid;
	__u32 kept;
	__u8 active;
	__u8 width;
	__u8 payloads;
	__u8 flags;
	__u8 missed; /* arguments whose memory was not there yet: one bit each */
	__u8 pad[3];
	__u8 data[EBPF_KEEP];
};

enum ebpf_count { EBPF_COUNT_LOST, EBPF_COUNT_UNREAD, EBPF_COUNTS };

#endif
