/* SPDX-License-Identifier: MIT
 * Events as a busy go would cause them, made without a kernel.
 */
#ifndef TESTS_UNIT_TRACE_FIXTURE_H
#define TESTS_UNIT_TRACE_FIXTURE_H

#include "trace/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_READ   0 /* x86-64, arch/x86/entry/syscalls/syscall_64.tbl */
#define CALL_FUTEX  202
#define CALL_OPENAT 257

struct made_event {
	struct event event;
	struct payload payload;
	char path[96];
};

static inline uint64_t made_random(uint64_t *seed) {
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* The i-th of an endless run: opens (a third of them in vain), reads, futexes of 8 threads. */
static inline void make_event(struct made_event *m, size_t i, uint64_t *seed) {
	uint64_t r = made_random(seed);
	int number = r % 10 < 3 ? CALL_OPENAT : r % 10 < 7 ? CALL_READ : CALL_FUTEX;

	memset(&m->event, 0, sizeof(m->event));
	m->event.kind = EVENT_CALL;
	m->event.arch = ARCH_X86_64;
	m->event.start_ns = 1000000000000 + (int64_t)i * 3300 + (int64_t)(r >> 8) % 1000;
	m->event.duration_ns = (int64_t)(made_random(seed) % 20000);
	m->event.pid = 4000 + (pid_t)(r >> 16) % 3;
	m->event.tid = m->event.pid + (pid_t)(r >> 24) % 8;
	m->event.number = number;
	if (number == CALL_OPENAT) {
		snprintf(m->path, sizeof(m->path),
		         "/home/lena/go/pkg/mod/example.com/mod%u@v1.%u.0/file%u.go",
		         (unsigned)(r >> 32) % 40, (unsigned)(r >> 40) % 5,
		         (unsigned)(r >> 48) % 60);
		m->event.args[0] = (uint64_t)-100;
		m->event.args[1] = 0xc000100000 + (r >> 20) % 4096 * 16;
		m->event.args[2] = 0x80000;
		m->event.result = r % 30 < 10 ? -2 : 5 + (int64_t)(r >> 12) % 20;
		m->payload = (struct payload){.kind = PAYLOAD_STRING,
		                              .which = 1,
		                              .full_bytes = (uint32_t)strlen(m->path),
		                              .bytes = slice_str(m->path)};
		m->event.payloads = &m->payload;
		m->event.payload_count = 1;
	} else if (number == CALL_READ) {
		m->event.args[0] = 5 + (r >> 12) % 20;
		m->event.args[1] = 0xc000200000 + (r >> 20) % 64 * 4096;
		m->event.args[2] = 4096;
		m->event.result = (int64_t)(r >> 30) % 4096;
	} else {
		m->event.args[0] = 0xc000080148 + (r >> 20) % 16 * 0x500;
		m->event.args[1] = 128 + (r >> 33) % 2;
		m->event.result = r % 7 == 0 ? -11 : 0;
	}
}

#endif
