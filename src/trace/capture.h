/* SPDX-License-Identifier: MIT
 * What the arguments of a system call point at, copied out of a thread that waits in it. Pure but
 * for the reader it is given; every length comes from the traced program and is believed by nobody.
 */
#ifndef TRACE_CAPTURE_H
#define TRACE_CAPTURE_H

#include "trace/call.h"
#include "trace/event.h"

/* Where memory is read. Returns how many bytes could be had from address on, which may be fewer than
 * asked for, or negative errno. */
struct capture_source {
	ssize_t (*read)(void *data, uint64_t address, void *to, size_t bytes);
	void *data;
};

struct capture_limits {
	size_t string_bytes; /* of a path or string */
	size_t data_bytes;   /* of a buffer; 0: buffers are not copied at all */
	size_t stdio_bytes;  /* the same for descriptors 0, 1 and 2, if that is more */
};

#define CAPTURE_STRINGS_MAX  ((size_t)64 * 1024) /* of argv or envp, with all their NULs */
#define CAPTURE_STRUCT_MAX   ((size_t)512)
#define CAPTURE_IOVEC_MAX    ((size_t)64)
#define CAPTURE_SOCKADDR_MAX ((size_t)128) /* sizeof(struct sockaddr_storage) */

struct capture_piece {
	enum payload_kind kind;
	int which;
	uint32_t full_bytes;
	size_t offset, len; /* in bytes */
};

/* Of one call, from its begin to its end; zeros are an empty one. */
struct capture {
	struct capture_piece pieces[EVENT_PAYLOADS];
	size_t count;
	char *bytes;
	size_t used, size;
	uint64_t unread; /* pointers that were not NULL and could not be followed; never reset */
};

/* What goes in, when the call begins; forgets what was there before. */
void capture_enter(struct capture *capture, const struct capture_source *source,
                   const struct capture_limits *limits, enum event_arch arch,
                   const struct call *call, const uint64_t args[6]);
/* What comes out, once it has returned `result`, not an error. */
void capture_exit(struct capture *capture, const struct capture_source *source,
                  const struct capture_limits *limits, enum event_arch arch,
                  const struct call *call, const uint64_t args[6], int64_t result);

/* The payloads of the event; they point into capture. Returns their number. */
size_t capture_payloads(const struct capture *capture, struct payload payloads[EVENT_PAYLOADS]);

void capture_forget(struct capture *capture); /* empties; gives back what was large */
void capture_free(struct capture *capture);

#endif
