/* SPDX-License-Identifier: MIT
 * Sources: bpf(2); ring_buffer in tools/lib/bpf/ringbuf.c; Documentation/bpf/ringbuf.rst.
 */
#include "trace/ebpf/session.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "trace/ebpf/allowed.h"
#include "trace/ebpf/object.h"
#include "trace/ebpf/plan.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define INIT_PID_NAMESPACE 0xEFFFFFFCu /* include/linux/proc_ns.h: PROC_PID_INIT_INO */
#define STOP_EVENT         1

static struct bpf_map *map_ending(struct session *s, const char *end) {
	struct bpf_map *map = NULL;

	while ((map = s->library.object_next_map(s->object, map)) != NULL) {
		if (str_ends(s->library.map_name(map), end)) {
			return map;
		}
	}
	return NULL;
}

static int map_fd(const struct session *s, const char *name) {
	return s->library.map_fd(s->library.object_map(s->object, name));
}

static int set_options(struct session *s, const struct trace_request *request) {
	struct ebpf_options options = {.stacks = request->stacks,
	                               .string_bytes = (__u32)request->string_bytes,
	                               .stdio_bytes = (__u32)request->stdio_bytes};
	struct bpf_map *map = map_ending(s, ".rodata.options");
	struct bpf_map *scratches = s->library.object_map(s->object, "scratches");
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != INIT_PID_NAMESPACE) {
		s->other_namespace = true;
		options.other_namespace = 1;
		options.namespace_inode = (__u32)st.st_ino;
		options.namespace_device = st.st_dev;
	}
	s->cpus = s->library.possible_cpus();
	if (!map || !scratches || s->cpus <= 0 ||
	    s->library.map_set_entries(scratches, (__u32)s->cpus) < 0) {
		return -EINVAL;
	}
	return s->library.map_set_value(map, &options, sizeof(options));
}

static int set_plans(struct session *s, const struct trace_request *request) {
	const struct plan_limits limits = {.string_bytes = request->string_bytes,
	                                   .data_bytes = request->data_bytes};
	size_t bytes = (size_t)EBPF_ARCHES * EBPF_NUMBERS * sizeof(struct ebpf_plan);
	struct ebpf_plan *plans =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd(s, "plans"), 0);

	if (plans == MAP_FAILED) {
		return -errno;
	}
	for (size_t key = 0; request->set && key < (size_t)EBPF_ARCHES * EBPF_NUMBERS; key++) {
		plan_make(request->set, &limits, (enum ebpf_width)(key / EBPF_NUMBERS),
		          (int)(key % EBPF_NUMBERS), &plans[key]);
	}
	munmap(plans, bytes);
	return 0;
}

static int on_record(void *context, void *data, size_t bytes) {
	struct session *s = context;

	s->take_error = decode_record(&s->decoder, slice_of(data, bytes));
	return s->take_error;
}

/* libbpf's own epoll tells of records that are there; ours only of the program's call to wake us. */
static int open_ring(struct session *s, int stop_fd) {
	int fd = map_fd(s, "ring");
	struct epoll_event records = {.events = EPOLLIN | EPOLLET};
	struct epoll_event stop = {.events = EPOLLIN, .data.u32 = STOP_EVENT};

	s->ring = s->library.ring_new(fd, on_record, s, NULL);
	if (!s->ring) {
		return -errno;
	}
	s->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->poll_fd < 0 || epoll_ctl(s->poll_fd, EPOLL_CTL_ADD, fd, &records) < 0 ||
	    (stop_fd >= 0 && epoll_ctl(s->poll_fd, EPOLL_CTL_ADD, stop_fd, &stop) < 0)) {
		return -errno;
	}
	return 0;
}

#define LOG_BYTES ((size_t)16 << 20) /* touched only when the kernel writes there */

/* libbpf asks for the verifier's log only after a refusal (bpf_object_load_prog). */
static int load_program(struct session *s, const struct trace_request *request, char *log,
                        struct err *err) {
	const struct bpf_object_open_opts open = {.sz = sizeof(open),
	                                          .object_name = "dialtone",
	                                          .kernel_log_buf = log,
	                                          .kernel_log_size = log ? LOG_BYTES : 0};

	s->object = s->library.object_open(ebpf_object, ebpf_object_bytes, &open);
	if (!s->object) {
		return err_set(err, -errno, "the program for the kernel cannot be read: %s",
		               strerror(errno));
	}
	int r = set_options(s, request);
	r = r < 0 ? r : s->library.object_load(s->object);
	return r < 0 ? allowed_explain(r, log ? log : "", err) : 0;
}

static int load(struct session *s, const struct trace_request *request, struct err *err) {
	char *log = calloc(1, LOG_BYTES);
	int r = load_program(s, request, log, err);

	free(log);
	if (r < 0) {
		return r;
	}
	struct bpf_map *bss = map_ending(s, ".bss");
	s->shared = bss ? mmap(NULL, sizeof(*s->shared), PROT_READ | PROT_WRITE, MAP_SHARED,
	                       s->library.map_fd(bss), 0)
	                : MAP_FAILED;
	if (s->shared == MAP_FAILED) {
		s->shared = NULL;
		return err_set(err, -ENOTSUP,
		               "the kernel's memory cannot be shared with the recorder");
	}
	r = set_plans(s, request);
	r = r < 0 ? r : open_ring(s, request->stop_fd);
	return r < 0 ? err_set(err, r, "the recording's buffers cannot be set up: %s", strerror(-r))
	             : 0;
}

int session_load(struct session *s, const struct trace_request *request,
                 const struct event_sink *sink, struct err *err) {
	*s = (struct session){.poll_fd = -1, .decoder.sink = sink};
	int r = library_open(&s->library, err);

	if (r == 0) {
		r = load(s, request, err);
	}
	if (r < 0) {
		session_close(s);
	}
	return r;
}

int session_attach(struct session *s, struct err *err) {
	struct bpf_program *program = NULL;

	while ((program = s->library.object_next_program(s->object, program)) != NULL) {
		struct bpf_link *link =
			s->link_count < SESSION_PROGRAMS ? s->library.attach(program) : NULL;
		if (!link) {
			return err_set(err, -errno, "the kernel does not attach '%s': %s",
			               s->library.program_name(program), strerror(errno));
		}
		s->links[s->link_count++] = link;
	}
	return 0;
}

/* ---- the tree ---- */

/* The mapped words are changed by the kernel as well, so both sides use atomic operations. */
static _Atomic uint64_t *word_of(const struct session *s, pid_t pid) {
	return (_Atomic uint64_t *)&s->shared->members[(size_t)pid / 64 % EBPF_MEMBER_WORDS];
}

bool session_add(struct session *s, pid_t pid) {
	uint64_t bit = (uint64_t)1 << (pid & 63);

	if (s->other_namespace) {
		__u32 key = (__u32)pid;
		__u8 yes = 1;
		return s->library.update(map_fd(s, "seeds"), &key, &yes, BPF_NOEXIST) == 0;
	}
	if (atomic_fetch_or(word_of(s, pid), bit) & bit) {
		return false;
	}
	atomic_fetch_add((_Atomic int64_t *)&s->shared->live, 1);
	return true;
}

void session_remove(struct session *s, pid_t pid) {
	uint64_t bit = (uint64_t)1 << (pid & 63);

	if (!s->other_namespace && atomic_fetch_and(word_of(s, pid), ~bit) & bit) {
		atomic_fetch_sub((_Atomic int64_t *)&s->shared->live, 1);
	}
}

int64_t session_live(const struct session *s) {
	return atomic_load((_Atomic int64_t *)&s->shared->live);
}

/* ---- records ---- */

int session_consume(struct session *s) {
	(void)s->library.ring_consume(s->ring);
	return s->take_error;
}

bool session_wait(struct session *s, int timeout_ms) {
	struct epoll_event events[2];

	atomic_store((_Atomic uint64_t *)&s->shared->waiting, 1);
	int n = epoll_wait(s->poll_fd, events, 2, timeout_ms);
	atomic_store((_Atomic uint64_t *)&s->shared->waiting, 0);
	for (int i = 0; i < n; i++) {
		if (events[i].data.u32 == STOP_EVENT) {
			return true;
		}
	}
	return false;
}

static uint64_t count_of(struct session *s, __u32 what) {
	uint64_t *by_cpu = calloc((size_t)s->cpus, sizeof(*by_cpu)), sum = 0;

	if (by_cpu && s->library.lookup(map_fd(s, "counts"), &what, by_cpu) == 0) {
		for (int i = 0; i < s->cpus; i++) {
			sum += by_cpu[i];
		}
	}
	free(by_cpu);
	return sum;
}

/* A program that is interrupted by itself is not run a second time; the kernel counts (Linux 5.12). */
static uint64_t count_missed(struct session *s) {
	struct bpf_program *program = NULL;
	uint64_t sum = 0;

	while ((program = s->library.object_next_program(s->object, program)) != NULL) {
		struct bpf_prog_info info = {0};
		__u32 bytes = sizeof(info);

		if (s->library.info(s->library.program_fd(program), &info, &bytes) == 0) {
			sum += info.recursion_misses;
		}
	}
	return sum;
}

int session_tell_lost(struct session *s) {
	static const char words[] = "the buffer between the kernel and the recorder was full";
	uint64_t lost = count_of(s, EBPF_COUNT_LOST) + count_missed(s) + s->decoder.parts_lost;
	const struct payload why = {.kind = PAYLOAD_WORDS,
	                            .full_bytes = sizeof(words) - 1,
	                            .bytes = slice_of(words, sizeof(words) - 1)};
	const struct event e = {.kind = EVENT_LOST,
	                        .start_ns = clock_now_ns(),
	                        .duration_ns = EVENT_NO_DURATION,
	                        .lost = lost - s->lost,
	                        .payloads = &why,
	                        .payload_count = 1};

	s->unread = count_of(s, EBPF_COUNT_UNREAD);
	if (lost == s->lost) {
		return 0;
	}
	s->lost = lost;
	s->decoder.events++;
	return s->decoder.sink->take(s->decoder.sink->data, &e);
}

/* Threads that are in a call. Only now, when nothing changes any more, is the table walked. */
static int tell_unfinished(struct session *s) {
	int fd = map_fd(s, "threads"), r = 0;
	uint64_t key, *last = NULL, next;

	while (r == 0 && s->library.next_key(fd, last, &next) == 0) {
		struct ebpf_thread thread;

		if (s->library.lookup(fd, &next, &thread) == 0) {
			r = decode_thread(&s->decoder, &thread);
		}
		key = next;
		last = &key;
	}
	return r;
}

static void unlink_all(struct session *s) {
	while (s->link_count > 0) {
		(void)s->library.link_destroy(s->links[--s->link_count]);
	}
}

int session_detach(struct session *s) {
	unlink_all(s);
	int r = s->take_error < 0 ? s->take_error : session_consume(s);

	r = r < 0 ? r : tell_unfinished(s);
	return r < 0 ? r : session_tell_lost(s);
}

void session_close(struct session *s) {
	if (s->library.handle) {
		unlink_all(s);
		s->library.ring_free(s->ring);
		if (s->shared) {
			munmap(s->shared, sizeof(*s->shared));
		}
		s->library.object_close(s->object);
	}
	fd_closep(&s->poll_fd);
	decode_free(&s->decoder);
	library_close(&s->library);
	*s = (struct session){.poll_fd = -1};
}
