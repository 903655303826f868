/* SPDX-License-Identifier: MIT
 * The program in the kernel while it is loaded. Everything of it hangs on descriptors of this
 * process: nothing is pinned, so that the kernel takes all of it away however this process ends.
 */
#ifndef TRACE_EBPF_SESSION_H
#define TRACE_EBPF_SESSION_H

#include "base/err.h"
#include "trace/backend.h"
#include "trace/ebpf/decode.h"
#include "trace/ebpf/library.h"
#include "trace/ebpf/record.h"

#include <stdbool.h>

#define SESSION_PROGRAMS 16

struct session {
	struct library library;
	struct bpf_object *object;
	struct bpf_link *links[SESSION_PROGRAMS];
	size_t link_count;
	struct ring_buffer *ring;
	struct ebpf_shared *shared;
	struct decoder decoder;
	int poll_fd;    /* epoll: wakes for records, and for stop_fd */
	int take_error; /* what the sink returned */
	int cpus;
	bool other_namespace;
	uint64_t lost, unread; /* told so far */
};

/* Loads the program: 0, or -errno with a sentence that says what is missing and how to allow it.
 * After an error there is nothing to close. */
int session_load(struct session *s, const struct trace_request *request,
                 const struct event_sink *sink, struct err *err);
/* From here on it records. */
int session_attach(struct session *s, struct err *err);
/* Takes a process in; false when it was. */
bool session_add(struct session *s, pid_t pid);
/* Takes a process out that ended without being noticed. */
void session_remove(struct session *s, pid_t pid);
/* How many processes are recorded. */
int64_t session_live(const struct session *s);

/* Hands in what there is; 0 or what the sink returned. */
int session_consume(struct session *s);
/* Waits until there is much to consume, the tree is gone, stop_fd is readable (true) or time is up. */
bool session_wait(struct session *s, int timeout_ms);
/* Says what was dropped since it was last asked. */
int session_tell_lost(struct session *s);
/* Ends the recording and hands in what is left, and the calls that have not returned. */
int session_detach(struct session *s);

void session_close(struct session *s);

#endif
