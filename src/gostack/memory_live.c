/* SPDX-License-Identifier: MIT
 * A live process, read with process_vm_readv(2), or through /proc/PID/mem where that call is
 * refused. Both ask the kernel for the same right (PTRACE_MODE_ATTACH_FSCREDS, ptrace(2)), neither
 * stops anything. Sources: process_vm_readv(2), proc(5), getauxval(3); Documentation/admin-guide/LSM/Yama.rst.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "gofile/binary.h"
#include "gostack/bytes.h"
#include "gostack/memory.h"
#include "gostack/memory_rights.h"
#include "gostack/sample.h"
#include "wire/procmaps.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define BATCH_MAX      ((size_t)1024) /* IOV_MAX */
#define AUXV_MAX       ((size_t)4096)
#define MAPS_MAX       ((size_t)16 * 1024 * 1024)
#define ENVIRON_MAX    ((size_t)4 * 1024 * 1024)
#define THREAD_MAX     ((size_t)512)
#define SAMPLE_WAIT_NS (50 * NS_PER_MS)
#define EXE_BYTES_MAX  ((uint64_t)4 * 1024 * 1024 * 1024)

struct memory_live {
	int pid;
	int dir_fd; /* /proc/PID: does not answer for another process of the same number */
	int mem_fd; /* -1 until process_vm_readv is refused */
	bool by_file;
	void *mapped;
	size_t mapped_bytes;
	struct stat executable;
	char *sampled; /* SAMPLE_STACK_MAX; NULL: not asked for */
	int64_t sampling_ends_ns;
	int *refused;
};

/* ---- reading ---- */

static int read_by_file(struct memory_live *live, struct memory_part *parts, size_t count) {
	if (live->mem_fd < 0) {
		live->mem_fd = openat(live->dir_fd, "mem", O_RDONLY | O_CLOEXEC);
	}
	if (live->mem_fd < 0) {
		return -errno;
	}
	for (size_t i = 0; i < count; i++) {
		struct memory_part *p = &parts[i];
		while (p->got < p->len && p->address <= INT64_MAX - p->len) {
			ssize_t n = pread(live->mem_fd, (char *)p->into + p->got, p->len - p->got,
			                  (off_t)(p->address + p->got));
			if (n == 0 || (n < 0 && errno != EINTR)) {
				break;
			}
			p->got += n > 0 ? (size_t)n : 0;
		}
	}
	return 0;
}

/* The call stops at the first piece it cannot read whole: that one is skipped and the rest asked
 * for again. */
static int read_by_call(struct memory_live *live, struct memory_part *parts, size_t count) {
	struct iovec local[BATCH_MAX];
	struct iovec remote[BATCH_MAX];
	for (size_t i = 0; i < count; i++) {
		local[i] = (struct iovec){.iov_base = parts[i].into, .iov_len = parts[i].len};
		remote[i] = (struct iovec){.iov_base = (void *)(uintptr_t)parts[i].address,
		                           .iov_len = parts[i].len};
	}
	for (size_t next = 0; next < count;) {
		ssize_t n = process_vm_readv(live->pid, local + next, count - next, remote + next,
		                             count - next, 0);
		if (n < 0 && errno != EFAULT && errno != EINVAL && errno != EIO) {
			return -errno;
		}
		size_t left = n > 0 ? (size_t)n : 0;
		while (next < count && left >= parts[next].len) {
			left -= parts[next].len;
			parts[next].got = parts[next].len;
			next++;
		}
		if (next < count) {
			parts[next].got = left;
			next++;
		}
	}
	return 0;
}

static int live_read(struct memory *memory, struct memory_part *parts, size_t count) {
	struct memory_live *live = memory->state;
	if (count > BATCH_MAX) {
		return -EINVAL;
	}
	if (!live->by_file) {
		int r = read_by_call(live, parts, count);
		if (r != -EPERM && r != -ENOSYS) {
			return r;
		}
		live->by_file = true;
	}
	return read_by_file(live, parts, count);
}

static char live_thread_state(struct memory *memory, uint64_t tid) {
	struct memory_live *live = memory->state;
	char path[64];
	char text[THREAD_MAX];
	snprintf(path, sizeof(path), "task/%llu/stat", (unsigned long long)tid);
	CLEANUP(fd_closep) int fd = openat(live->dir_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (n <= 0) {
		return '\0';
	}
	text[n] = '\0';
	const char *end = strrchr(text, ')');
	return end && end[1] == ' ' ? end[2] : '\0';
}

/* ---- what /proc says ---- */

/* A whole file of /proc/PID, at most cap bytes; data NULL when it cannot be read (errno says why). */
static struct slice slurp(struct arena *arena, int dir_fd, const char *name, size_t cap) {
	CLEANUP(fd_closep) int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	struct slice all = {0};
	size_t room = 0;
	char *data = NULL;
	while (fd >= 0 && all.len < cap) {
		if (all.len == room) {
			size_t bigger = room > 0 ? room * 2 : 16 * 1024;
			char *copy = arena_alloc(arena, bigger);
			memcpy(copy, data ? data : "", all.len);
			data = copy;
			room = bigger;
		}
		ssize_t n = read(fd, data + all.len, room - all.len);
		if (n < 0) {
			return (struct slice){0};
		}
		if (n == 0) {
			break;
		}
		all = slice_of(data, all.len + (size_t)n);
	}
	return fd < 0 ? all : slice_of(data ? data : "", all.len);
}

static int read_auxv(struct arena *arena, struct memory *memory, int dir_fd) {
	struct slice auxv = slurp(arena, dir_fd, "auxv", AUXV_MAX);
	if (!auxv.data) {
		return -errno;
	}
	for (uint64_t at = 0; bytes_have(auxv, at, 16); at += 16) {
		uint64_t value = bytes_get_u64(auxv.data + at + 8);
		switch (bytes_get_u64(auxv.data + at)) {
		case AT_PHDR:
			memory->program_headers = value;
			break;
		case AT_ENTRY:
			memory->entry = value;
			break;
		default:
			break;
		}
	}
	return 0;
}

static bool mapping_parse(struct arena *arena, struct slice line, struct memory_mapping *ret) {
	struct procmap map;

	if (!procmap_parse(line, &map)) {
		return false;
	}
	*ret = (struct memory_mapping){
		.start = map.start,
		.end = map.end,
		.offset = map.offset,
		.readable = map.readable,
		.writable = map.writable,
		.executable = map.executable,
		.path = arena_slicedup(arena, map.path),
	};
	return true;
}

static void read_mappings(struct arena *arena, struct memory *memory, int dir_fd) {
	struct slice rest = slurp(arena, dir_fd, "maps", MAPS_MAX);
	size_t lines = 0;
	for (size_t i = 0; i < rest.len; i++) {
		lines += rest.data[i] == '\n';
	}
	lines = lines < MEMORY_MAPPINGS_MAX ? lines : MEMORY_MAPPINGS_MAX;
	struct memory_mapping *all = arena_array_of(arena, struct memory_mapping, lines);
	struct slice line;
	while (memory->mapping_count < lines && slice_line(&rest, &line)) {
		memory->mapping_count +=
			mapping_parse(arena, line, &all[memory->mapping_count]) ? 1 : 0;
	}
	memory->mappings = all;
}

static void read_godebug(struct arena *arena, struct memory *memory, int dir_fd) {
	struct slice rest = slurp(arena, dir_fd, "environ", ENVIRON_MAX);
	struct slice entry;
	while (slice_cut(&rest, '\0', &entry)) {
		if (slice_starts(entry, "GODEBUG=")) {
			memory->godebug = arena_slicedup(
				arena, bytes_sub(entry, strlen("GODEBUG="), entry.len));
		}
	}
}

static int map_executable(struct arena *arena, struct memory *memory, struct memory_live *live) {
	CLEANUP(fd_closep) int fd = openat(live->dir_fd, "exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &live->executable) < 0) {
		return -errno;
	}
	uint64_t size = (uint64_t)live->executable.st_size;
	if (size == 0 || size > EXE_BYTES_MAX) {
		return -ENOEXEC;
	}
	void *p = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED) {
		return -ENOEXEC;
	}
	live->mapped = p;
	live->mapped_bytes = (size_t)size;
	memory->executable = slice_of(p, (size_t)size);
	struct binary bin = binary_read(arena, fd);
	const char *setting = binary_setting_find(&bin, "DefaultGODEBUG");
	memory->go_version = bin.go_version;
	memory->default_godebug = setting ? setting : "";
	return 0;
}

/* ---- opening ---- */

static int fill(struct arena *arena, struct memory *memory, struct memory_live *live,
                struct err *err) {
	int r = map_executable(arena, memory, live);
	if (r == -ENOENT) {
		return err_set(err, -ENOENT,
		               "process %d runs no file: it has ended, or is part of the kernel",
		               live->pid);
	}
	if (r == -ENOEXEC) {
		return err_set(err, r, "the executable of process %d cannot be mapped", live->pid);
	}
	if (r == 0) {
		r = read_auxv(arena, memory, live->dir_fd);
	}
	if (r == 0) {
		char byte = 0;
		r = memory_get(memory, memory->program_headers, &byte, 1);
		r = r == -EFAULT ? 0 : r;
	}
	if (r == -ESRCH || r == -ENOENT) {
		return err_set(err, -ESRCH, "process %d ended while it was looked at", live->pid);
	}
	if (r < 0) {
		return memory_rights_explain(live->dir_fd, live->pid, r, err);
	}
	read_mappings(arena, memory, live->dir_fd);
	read_godebug(arena, memory, live->dir_fd);
	memory->now_ns = clock_now_ns();
	return 0;
}

int memory_live_open(struct arena *arena, int pid, struct memory **ret, struct err *err) {
	struct memory *memory = arena_new_of(arena, struct memory);
	struct memory_live *live = arena_new_of(arena, struct memory_live);
	char path[32];
	snprintf(path, sizeof(path), "/proc/%d", pid);
	*live = (struct memory_live){.pid = pid, .dir_fd = -1, .mem_fd = -1};
	memory->read = live_read;
	memory->thread_state = live_thread_state;
	memory->state = live;
	memory->go_version = memory->default_godebug = memory->godebug = "";
	live->dir_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (live->dir_fd < 0) {
		return err_set(err, -ESRCH, "there is no process %d", pid);
	}
	int r = fill(arena, memory, live, err);
	if (r < 0) {
		memory_live_close(memory);
		return r;
	}
	*ret = memory;
	return 0;
}

static int live_registers(struct memory *memory, uint64_t tid, struct memory_registers *ret) {
	struct memory_live *live = memory->state;
	/* One that waits for a processor, or for anything else, will hardly be met. */
	if (*live->refused < 0 || live_thread_state(memory, tid) != 'R' ||
	    clock_now_ns() > live->sampling_ends_ns) {
		return -ENODATA;
	}
	int r = sample_thread(tid, SAMPLE_WAIT_NS, live->sampled, ret);
	if (r < 0 && r != -ETIMEDOUT && r != -ESRCH) {
		*live->refused = r;
	}
	return r;
}

void memory_live_sample(struct arena *arena, struct memory *memory, int *ret_refused) {
	struct memory_live *live = memory->state;
	*ret_refused = 0;
	live->refused = ret_refused;
	live->sampled = arena_alloc(arena, SAMPLE_STACK_MAX);
	live->sampling_ends_ns = clock_now_ns() + SAMPLING_MAX_NS;
	memory->registers = live_registers;
}

bool memory_live_is_there(struct memory *memory) {
	const struct memory_live *live = memory->state;
	struct stat now;
	return fstatat(live->dir_fd, "exe", &now, 0) == 0 &&
	       now.st_dev == live->executable.st_dev && now.st_ino == live->executable.st_ino;
}

void memory_live_close(struct memory *memory) {
	struct memory_live *live = memory->state;
	if (live->mapped) {
		munmap(live->mapped, live->mapped_bytes);
		live->mapped = NULL;
	}
	fd_closep(&live->dir_fd);
	fd_closep(&live->mem_fd);
	live->dir_fd = live->mem_fd = -1;
}
