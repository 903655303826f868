/* SPDX-License-Identifier: MIT
 * A client, its server and a go of that, made of events without a kernel.
 */
#ifndef TESTS_UNIT_TESTIMONY_FIXTURE_H
#define TESTS_UNIT_TESTIMONY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/target.h"
#include "core/world.h"
#include "trace/call.h"
#include "trace/testimony.h"
#include "trace/timeline.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENT 100
#define SERVER 200
#define GO     300

struct play {
	struct arena *arena;
	struct testimony *testimony;
	int64_t now_ns;
};

static inline int setup(void **state) {
	struct arena *arena = arena_new();
	struct play *p = arena_new_of(arena, struct play);
	p->arena = arena;
	p->testimony = testimony_new(arena, 0);
	p->now_ns = NS_PER_S;
	*state = p;
	return 0;
}

static inline int teardown(void **state) {
	struct play *p = *state;
	testimony_free(p->testimony);
	arena_free(p->arena);
	return 0;
}

static inline void take(struct play *p, const struct event *e) {
	struct event_sink sink = testimony_sink(p->testimony);
	assert_int_equal(sink.take(sink.data, e), 0);
}

static inline struct payload text(enum payload_kind kind, int which, const char *s) {
	return (struct payload){kind, which, (uint32_t)strlen(s), slice_str(s)};
}

/* A call that takes so long and is over now. */
static inline void call(struct play *p, pid_t pid, const char *name, int64_t result, int64_t ns,
                        const uint64_t *args, const struct payload *payload) {
	struct event e = {.kind = EVENT_CALL,
	                  .arch = ARCH_X86_64,
	                  .start_ns = p->now_ns,
	                  .duration_ns = ns,
	                  .pid = pid,
	                  .tid = pid,
	                  .number = call_number(ARCH_X86_64, name),
	                  .result = result,
	                  .payloads = payload,
	                  .payload_count = payload != NULL};
	for (size_t i = 0; args && i < 3; i++) {
		e.args[i] = args[i];
	}
	assert_true(e.number >= 0);
	take(p, &e);
	p->now_ns += ns > 0 ? ns : NS_PER_MS;
}

static inline void open_path(struct play *p, pid_t pid, const char *path, int64_t result) {
	struct payload payload = text(PAYLOAD_STRING, 1, path);
	call(p, pid, "openat", result, NS_PER_MS, (uint64_t[]){(uint64_t)AT_FDCWD, 1, O_RDONLY},
	     &payload);
}

static inline void start(struct play *p, pid_t parent, pid_t pid, const char *exe, const char *argv,
                         size_t argv_len, const char *env, size_t env_len) {
	take(p, &(struct event){.kind = EVENT_FORK,
	                        .start_ns = p->now_ns,
	                        .pid = parent,
	                        .tid = parent,
	                        .child = pid,
	                        .child_pid = pid});
	p->now_ns += NS_PER_MS;
	const struct payload payloads[] = {
		text(PAYLOAD_STRING, 0, exe),
		{PAYLOAD_STRINGS, 1, (uint32_t)argv_len, slice_of(argv, argv_len)},
		{PAYLOAD_STRINGS, 2, (uint32_t)env_len, slice_of(env, env_len)},
	};
	take(p, &(struct event){.kind = EVENT_EXEC,
	                        .start_ns = p->now_ns,
	                        .pid = pid,
	                        .tid = pid,
	                        .payloads = payloads,
	                        .payload_count = 3});
	p->now_ns += NS_PER_MS;
}

#define BLOCK(literal) literal, sizeof(literal)

static inline void start_server(struct play *p) {
	start(p, CLIENT, SERVER, "/bin/gopls", BLOCK("gopls"), BLOCK("PATH=/a:/b\0HOME=/home/u"));
}

static inline void end(struct play *p, pid_t pid, int status) {
	take(p, &(struct event){.kind = EVENT_EXIT,
	                        .start_ns = p->now_ns,
	                        .pid = pid,
	                        .tid = pid,
	                        .status = status});
}

static inline void say(struct play *p, pid_t pid, int fd, const char *body) {
	const char *bytes =
		arena_printf(p->arena, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	struct payload payload = text(PAYLOAD_BYTES, 1, bytes);
	call(p, pid, fd == 0 ? "read" : "write", (int64_t)strlen(bytes), NS_PER_MS,
	     (uint64_t[]){(uint64_t)fd, 1, 4096}, &payload);
}

static inline void greet(struct play *p) {
	say(p, SERVER, 0,
	    "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"initialize\",\"params\":{\"rootUri\":"
	    "\"file:///work%20space\"}}");
	say(p, SERVER, 1, "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{}}");
}

static inline const struct evidence *given(struct play *p, const char *source,
                                           struct testimony_about *about) {
	struct evidence_store *store = arena_new_of(p->arena, struct evidence_store);
	evidence_store_init(store, p->arena);
	testimony_give(p->testimony, store, about);
	return evidence_find(store, source);
}

#endif
