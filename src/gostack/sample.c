/* SPDX-License-Identifier: MIT */
#include "gostack/sample.h"

#include "base/clock.h"
#include "base/fd.h"
#include "gostack/bytes.h"

#include <errno.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PERIOD_NS  200000 /* of processor time of the thread */
#define DATA_BYTES ((size_t)64 * 1024)

/* Places in the order of their numbers, as the kernel writes them. */
#if defined(__x86_64__)
#define REGISTERS ((UINT64_C(1) << 7) | (UINT64_C(1) << 8) | (UINT64_C(1) << 22))
#define COUNT     3
#define PLACE_SP  0
#define PLACE_PC  1
#define PLACE_G   2
#define PLACE_LR  (-1)
#elif defined(__aarch64__)
#define REGISTERS                                                                                  \
	((UINT64_C(1) << 28) | (UINT64_C(1) << 30) | (UINT64_C(1) << 31) | (UINT64_C(1) << 32))
#define COUNT    4
#define PLACE_G  0
#define PLACE_LR 1
#define PLACE_SP 2
#define PLACE_PC 3
#else
#define REGISTERS 0
#define COUNT     0
#endif

#if COUNT > 0

struct ring {
	size_t page;
	char *map; /* a page of control, then DATA_BYTES */
};

static int open_event(uint64_t tid) {
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = PERIOD_NS,
		.sample_type = PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
		.wakeup_events = 1,
		.sample_regs_user = REGISTERS,
		.sample_stack_user = (uint32_t)SAMPLE_STACK_MAX,
	};
	if (tid == 0 || tid > INT_MAX) {
		return -ESRCH;
	}
	int fd = (int)syscall(SYS_perf_event_open, &attr, (pid_t)tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Out of a buffer that goes round. */
static void take(const struct ring *ring, uint64_t at, void *into, size_t len) {
	const char *data = ring->map + ring->page;
	size_t start = (size_t)(at % DATA_BYTES);
	size_t first = len < DATA_BYTES - start ? len : DATA_BYTES - start;
	memcpy(into, data + start, first);
	memcpy((char *)into + first, data, len - first);
}

static uint64_t take_u64(const struct ring *ring, uint64_t at) {
	uint64_t v = 0;
	take(ring, at, &v, sizeof(v));
	return v;
}

/* One record: which registers there are, they, the length of the stack, it, and how much is true. */
static bool read_sample(const struct ring *ring, uint64_t at, uint64_t end, void *into,
                        struct memory_registers *ret) {
	uint64_t registers = at + 8;
	uint64_t stack = registers + (uint64_t)COUNT * 8;
	if (end - at < 8 + (uint64_t)COUNT * 8 + 8 ||
	    take_u64(ring, at) != PERF_SAMPLE_REGS_ABI_64) {
		return false;
	}
	uint64_t size = take_u64(ring, stack);
	if (size == 0 || size > SAMPLE_STACK_MAX || end - stack < 8 + size + 8) {
		return false;
	}
	uint64_t used = take_u64(ring, stack + 8 + size);
	used = used < size ? used : size;
	take(ring, stack + 8, into, (size_t)used);
	*ret = (struct memory_registers){
		.sp = take_u64(ring, registers + PLACE_SP * 8),
		.pc = take_u64(ring, registers + PLACE_PC * 8),
		.g = take_u64(ring, registers + PLACE_G * 8),
		.lr = PLACE_LR >= 0 ? take_u64(ring, registers + (uint64_t)PLACE_LR * 8) : 0,
		.stack = slice_of(into, (size_t)used),
	};
	return used > 0;
}

static bool read_ring(const struct ring *ring, void *into, struct memory_registers *ret) {
	struct perf_event_mmap_page *control = (struct perf_event_mmap_page *)(void *)ring->map;
	uint64_t head = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = control->data_tail;
	while (head - tail >= sizeof(struct perf_event_header) && head - tail <= DATA_BYTES) {
		struct perf_event_header h;
		take(ring, tail, &h, sizeof(h));
		if (h.size < sizeof(h) || h.size > head - tail) {
			return false;
		}
		if (h.type == PERF_RECORD_SAMPLE &&
		    read_sample(ring, tail + sizeof(h), tail + h.size, into, ret)) {
			return true;
		}
		tail += h.size;
	}
	return false;
}

static int await_sample(int fd, const struct ring *ring, int64_t wait_ns, void *into,
                        struct memory_registers *ret) {
	int64_t until_ns = clock_now_ns() + wait_ns;
	if (ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0) {
		return -errno;
	}
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ns = until_ns - clock_now_ns();
		int left_ms = left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0;
		int ready = poll(&p, 1, left_ms);
		if (read_ring(ring, into, ret)) {
			return 0;
		}
		if (left_ns <= 0 || (p.revents & (POLLHUP | POLLERR)) != 0 ||
		    (ready < 0 && errno != EINTR)) {
			return -ETIMEDOUT;
		}
	}
}

int sample_thread(uint64_t tid, int64_t wait_ns, void *into, struct memory_registers *ret) {
	struct ring ring = {.page = (size_t)sysconf(_SC_PAGESIZE)};
	CLEANUP(fd_closep) int fd = open_event(tid);
	if (fd < 0) {
		return fd;
	}
	void *map = mmap(NULL, ring.page + DATA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		return -errno;
	}
	ring.map = map;
	int r = await_sample(fd, &ring, wait_ns, into, ret);
	munmap(map, ring.page + DATA_BYTES);
	return r;
}

#else

int sample_thread(uint64_t tid, int64_t wait_ns, void *into, struct memory_registers *ret) {
	(void)tid;
	(void)wait_ns;
	(void)into;
	(void)ret;
	return -EOPNOTSUPP;
}

#endif
