/* SPDX-License-Identifier: MIT
 * A recording of as many events as are asked for, made without a kernel: a gopls of fourteen threads that waits, looks at files
 * and reads them, and every 4,000 events a `go list` of its, with an environment, locks and a life of its own. A few things
 * happen seldom, so that one can ask for them: a connect, an EACCES late, a lost stretch. Always the same for a number.
 *
 *   bench-recording FILE EVENTS
 */
#include "base/str.h"
#include "trace/call.h"
#include "trace/store.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#define SERVER       ((pid_t)4000)
#define THREADS      14
#define CHILD_EVERY  4000 /* events */
#define CHILD_EVENTS 900
#define SELDOM       400000
#define STEP_NS      3300
#define FDS          24 /* in turn, from FIRST_FD on */
#define FIRST_FD     8
#define FILES        5000
#define PATH_BYTES   128

struct maker {
	struct event_sink sink;
	uint64_t seed;
	int64_t now_ns;
	size_t made;
	int numbers[8]; /* of the calls below */
	pid_t child;    /* 0: none runs */
	size_t child_left;
	int next_fd;
	int code;
};

enum made_call { FUTEX, EPOLL_PWAIT, READ, OPENAT, NEWFSTATAT, CLOSE, FLOCK, CONNECT };

static const char *const names[] = {"futex",      "epoll_pwait", "read",  "openat",
                                    "newfstatat", "close",       "flock", "connect"};

static uint64_t roll(struct maker *m) {
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 7;
	m->seed ^= m->seed << 17;
	return m->seed;
}

static void tell(struct maker *m, struct event *e, pid_t pid, pid_t tid) {
	e->pid = pid;
	e->tid = tid;
	m->now_ns += STEP_NS;
	/* Told when it ends, as the backends do. */
	e->start_ns = m->now_ns - (e->kind == EVENT_CALL ? e->duration_ns : 0);
	m->made++;
	if (m->code == 0) {
		m->code = m->sink.take(m->sink.data, e);
	}
}

static struct payload text_payload(int which, const char *text) {
	return (struct payload){.kind = PAYLOAD_STRING,
	                        .which = which,
	                        .full_bytes = (uint32_t)strlen(text),
	                        .bytes = slice_str(text)};
}

static struct payload strings_payload(int which, struct slice strings) {
	return (struct payload){.kind = PAYLOAD_STRINGS,
	                        .which = which,
	                        .full_bytes = (uint32_t)strings.len,
	                        .bytes = strings};
}

/* ---- calls ---- */

static void about_file(struct maker *m, struct event *e, uint64_t r, int open_fd) {
	char path[PATH_BYTES], stat_bytes[sizeof(struct stat)] = {0};
	struct payload payloads[2];
	unsigned file = (unsigned)(r >> 20) % FILES;

	snprintf(path, sizeof(path), "/home/lena/go/pkg/mod/example.com/module%u@v1.%u.0/file%u.go",
	         file % 60, file % 7, file);
	e->args[0] = (uint64_t)AT_FDCWD;
	e->args[1] = 0xc000100000 + (r >> 24) % 4096 * 16;
	e->args[2] = open_fd >= 0 ? O_CLOEXEC : 0xc000400000 + (r >> 34) % 256 * 144;
	payloads[0] = text_payload(1, path);
	e->payloads = payloads;
	e->payload_count = 1;
	e->result = r % 5 == 0 ? -ENOENT : open_fd >= 0 ? open_fd : 0;
	if (e->result == 0) {
		memcpy(stat_bytes, &file, sizeof(file));
		payloads[e->payload_count++] =
			(struct payload){.kind = PAYLOAD_BYTES,
		                         .which = 2,
		                         .full_bytes = sizeof(stat_bytes),
		                         .bytes = slice_of(stat_bytes, sizeof(stat_bytes))};
	}
	if (m->made % SELDOM == SELDOM * 3 / 4) {
		payloads[0] = text_payload(1, "/home/lena/.cache/go-build/3f/owned-by-root-d");
		e->result = -EACCES;
	}
	pid_t pid = m->child > 0 ? m->child : SERVER;
	tell(m, e, pid, pid + (pid_t)(r >> 8) % THREADS);
}

static enum made_call pick(uint64_t r) {
	unsigned of_100 = (unsigned)((r >> 40) % 100);

	return of_100 < 30   ? FUTEX
	       : of_100 < 45 ? EPOLL_PWAIT
	       : of_100 < 65 ? READ
	       : of_100 < 77 ? OPENAT
	       : of_100 < 90 ? NEWFSTATAT
	                     : CLOSE;
}

static void make_call(struct maker *m) {
	uint64_t r = roll(m);
	enum made_call call = pick(r);
	struct event e = {.kind = EVENT_CALL,
	                  .arch = ARCH_X86_64,
	                  .number = m->numbers[call],
	                  .duration_ns = (int64_t)(roll(m) % 20000)};
	pid_t pid = m->child > 0 ? m->child : SERVER, tid = pid + (pid_t)(r >> 8) % THREADS;

	switch (call) {
	case OPENAT:
		m->next_fd = (m->next_fd + 1) % FDS;
		about_file(m, &e, r, FIRST_FD + m->next_fd);
		return;
	case NEWFSTATAT:
		about_file(m, &e, r, -1);
		return;
	case CLOSE:
		e.args[0] = (uint64_t)(FIRST_FD + m->next_fd);
		break;
	case READ:
		e.args[0] = FIRST_FD + (r >> 12) % FDS;
		e.args[1] = 0xc000200000 + (r >> 20) % 64 * 4096;
		e.args[2] = 4096;
		e.result = (int64_t)(r >> 30) % 4096;
		break;
	default:
		e.args[0] = call == FUTEX ? 0xc000080148 + (r >> 20) % 16 * 0x500 : 4;
		e.args[1] = 128 + (r >> 33) % 2;
		e.result = call == FUTEX && r % 7 == 0 ? -EAGAIN : 0;
		e.duration_ns = (int64_t)(r % 1000 == 0 ? 5000000000 + r % 100000 : r % 500000);
	}
	tell(m, &e, pid, tid);
}

/* ---- a life ---- */

static struct slice environment(char text[2048]) {
	size_t len = 0;

	for (int i = 0; i < 30; i++) {
		len += (size_t)snprintf(text + len, 2048 - len, "VARIABLE_%d=%d-%s", i, i * 7919,
		                        "/home/lena/go/bin") +
		       1;
	}
	return slice_of(text, len);
}

static void start_child(struct maker *m) {
	static const char argv[] = "go\0list\0-json\0./...";
	char text[2048];
	struct payload payloads[3] = {text_payload(0, "/usr/local/go/bin/go"),
	                              strings_payload(1, slice_of(argv, sizeof(argv))),
	                              strings_payload(2, environment(text))};
	struct event fork = {.kind = EVENT_FORK};
	struct event exec = {.kind = EVENT_EXEC, .payloads = payloads, .payload_count = 3};
	struct event lock = {.kind = EVENT_CALL,
	                     .number = m->numbers[FLOCK],
	                     .args = {FIRST_FD, LOCK_EX},
	                     .duration_ns = 40000};

	m->child = SERVER + 100 + (pid_t)(m->made / CHILD_EVERY * 20);
	m->child_left = CHILD_EVENTS;
	fork.child = fork.child_pid = m->child;
	tell(m, &fork, SERVER, SERVER + 3);
	tell(m, &exec, m->child, m->child);
	tell(m, &lock, m->child, m->child);
}

static void end_child(struct maker *m) {
	struct event end = {.kind = EVENT_EXIT};

	tell(m, &end, m->child, m->child);
	m->child = 0;
}

static void make_seldom(struct maker *m) {
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
	struct payload name = {.kind = PAYLOAD_BYTES,
	                       .which = 1,
	                       .full_bytes = sizeof(to),
	                       .bytes = slice_of((const char *)&to, sizeof(to))};
	struct event connect = {.kind = EVENT_CALL,
	                        .number = m->numbers[CONNECT],
	                        .args = {FIRST_FD, 0xc000300000, sizeof(to)},
	                        .duration_ns = 5000000,
	                        .result = -ECONNREFUSED,
	                        .payloads = &name,
	                        .payload_count = 1};
	struct event signal = {.kind = EVENT_SIGNAL, .status = 23, .sender = SERVER};
	struct event lost = {.kind = EVENT_LOST, .lost = 17};

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	tell(m, &connect, SERVER, SERVER + 2);
	tell(m, &signal, SERVER, SERVER + 1);
	tell(m, &lost, SERVER, SERVER);
}

static void make_state(struct maker *m) {
	char text[2048];
	struct payload payloads[] = {
		{PAYLOAD_FILE, STATE_EXE, 10, slice_str("/bin/gopls")},
		{PAYLOAD_FILE, STATE_CWD, 10, slice_str("/home/lena")},
		{PAYLOAD_FILE, STATE_STAT, 60,
	         slice_str("4000 (gopls) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 14 0")},
		{PAYLOAD_FILE, STATE_ENVIRON, 0, environment(text)},
		{PAYLOAD_FD_PATH, 0, 9, slice_str("/dev/null")},
		{PAYLOAD_FD_PATH, 4, 21, slice_str("anon_inode:[eventpoll]")},
	};
	struct event state = {.kind = EVENT_STATE, .payloads = payloads, .payload_count = 6};

	tell(m, &state, SERVER, SERVER);
}

static void make_all(struct maker *m, size_t events) {
	make_state(m);
	while (m->made < events && m->code == 0) {
		if (m->child == 0 && m->made % CHILD_EVERY == CHILD_EVERY / 2) {
			start_child(m);
		} else if (m->child > 0 && m->child_left-- == 0) {
			end_child(m);
		} else if (m->made % SELDOM == SELDOM / 2) {
			make_seldom(m);
		} else {
			make_call(m);
		}
	}
}

int main(int argc, char **argv) {
	static const struct store_about about = {
		.backend = "made", .command = "gopls", .set = "all"};
	struct store *store = NULL;
	struct err err = {0};
	struct maker m = {.seed = 7, .now_ns = 1000000000000};
	size_t events = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (events == 0) {
		fputs("usage: bench-recording FILE EVENTS\n", stderr);
		return 2;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		m.numbers[i] = call_number(ARCH_X86_64, names[i]);
	}
	if (store_create(argv[1], &about, &store, &err) == 0) {
		m.sink = store_sink(store);
		make_all(&m, events);
		(void)store_finish(store, NULL, &err);
	}
	if (err.code < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	return 0;
}
